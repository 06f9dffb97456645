package mem_test

import (
	"testing"

	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/ledger/storetest"
)

func TestStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) ledger.Store { return mem.New() })
}
