package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"revcycle/fixtures/synth"
)

// atSize is the full size of a property where REVCYCLE_SOAK asks for it (make soak), else its smallest.
func atSize(smallest, full int) int {
	if os.Getenv("REVCYCLE_SOAK") == "" {
		return smallest
	}
	return full
}

// found runs a simulation's night and wants its truth: totals, files, claims, payments, gaps.
func (p place) found(o synth.Options, args ...string) (took time.Duration) {
	p.Helper()
	if _, err := synth.WriteAll(p.dir, o); err != nil {
		p.Fatal(err)
	}
	truth, err := synth.ReadTruth(p.dir)
	if err != nil {
		p.Fatal(err)
	}
	start := time.Now()
	sum := p.night(simulatedAsOf, 3, args...)
	took = time.Since(start)
	p.findsTotals(sum, truth)
	p.findsFiles(sum, truth)
	p.findsClaims(truth)
	p.findsPayments(truth)
	p.findsGaps(simulatedAsOf, truth)
	p.paymentsTie()
	p.verified()
	return took
}

// Simulations of other seeds are found to the cent, claim by claim.
func TestSoakSeeds(t *testing.T) {
	seeds := atSize(2, 20)
	var took time.Duration
	for seed := range uint64(seeds) {
		p := newPlace(t, "full")
		o := synth.Defaults()
		o.Seed, o.Claims = 1000+seed, 2_000
		took += p.found(o)
		if t.Failed() {
			t.Fatalf("seed %d", o.Seed)
		}
		if err := os.RemoveAll(p.dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("soak: %d seeds of 2,000 claims: the dollars of every claim and payment, and every gap, found; %s a night", seeds, (took / time.Duration(seeds)).Round(time.Millisecond))
}

// A large simulation with 1 worker and with 8 leaves the same bytes, and the truth is found.
func TestSoakWorkers(t *testing.T) {
	o := synth.Defaults()
	o.Seed, o.Claims, o.Days = 77, atSize(2_000, 20_000), 20
	one, eight := newPlace(t, "full"), newPlace(t, "full")
	alone := one.found(o, "--workers", "1")
	together := eight.found(o, "--workers", "8")
	if a, b := one.digest(simulatedAsOf), eight.digest(simulatedAsOf); a != b {
		t.Errorf("the nights differ:\n%s", lineDiff(b, a))
	}
	size := one.bytesIn("extracts")
	if _, err := os.Stat(filepath.Join(one.dir, "ledger.db")); err != nil {
		t.Fatal(err)
	}
	t.Logf("soak: %d claims: the same bytes with 1 worker (%s) and 8 (%s); extracts %d MB", o.Claims, alone.Round(time.Millisecond), together.Round(time.Millisecond), size>>20)
}
