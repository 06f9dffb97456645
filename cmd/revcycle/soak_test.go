package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"revcycle/fixtures/synth"
)

// soaking passes a test over unless REVCYCLE_SOAK says how long to soak.
func soaking(t *testing.T) {
	t.Helper()
	if os.Getenv("REVCYCLE_SOAK") == "" {
		t.Skip("REVCYCLE_SOAK is not set: make soak runs this")
	}
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

// Twenty simulations of other seeds are found to the cent, claim by claim.
func TestSoakTwentySeeds(t *testing.T) {
	soaking(t)
	var took time.Duration
	for seed := range uint64(20) {
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
	t.Logf("soak: 20 seeds of 2,000 claims: the dollars of every claim and payment, and every gap, found; %s a night", (took / 20).Round(time.Millisecond))
}

// Twenty thousand claims with 1 worker and with 8 leave the same bytes, and the truth is found.
func TestSoakTwentyThousandClaims(t *testing.T) {
	soaking(t)
	o := synth.Defaults()
	o.Seed, o.Claims, o.Days = 77, 20_000, 20
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
	t.Logf("soak: 20,000 claims: the same bytes with 1 worker (%s) and 8 (%s); extracts %d MB", alone.Round(time.Millisecond), together.Round(time.Millisecond), size>>20)
}
