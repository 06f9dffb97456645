package book

import (
	"testing"
)

// Every proof of the sample must hold: a wrong check, method or number shows here first.
func TestSampleProves(t *testing.T) {
	b, err := Load(Sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range b.Prove() {
		t.Error(f)
	}
	if got := len(b.Proofs()); got < 40 {
		t.Errorf("got %d proofs, want at least 40", got)
	}
}
