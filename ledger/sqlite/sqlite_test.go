package sqlite_test

import (
	"path/filepath"
	"testing"

	"revcycle/ledger"
	"revcycle/ledger/sqlite"
	"revcycle/ledger/storetest"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) ledger.Store { return open(t, filepath.Join(t.TempDir(), "ledger.db")) })
}

// The same with ranges that let go of their snapshot after each few rows.
func TestStoreKeepsTheContractInLongRanges(t *testing.T) {
	storetest.Run(t, func(t *testing.T) ledger.Store {
		s := open(t, filepath.Join(t.TempDir(), "ledger.db"))
		s.RowsPerSnapshot(3)
		return s
	})
}

func TestWhatWasDoneIsThereAfterOpeningAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	storetest.Durable(t,
		func(t *testing.T) ledger.Store { return open(t, path) },
		func(t *testing.T, s ledger.Store) ledger.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, path)
		})
}
