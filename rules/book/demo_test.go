package book

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The demo's own truth, made by the seeded generator, which knows nothing of this package: the sample rule
// book must price every claim of the inbox to it, and foretell what went out against alpha's rules only.
func TestSampleBookPricesTheDemoToItsTruth(t *testing.T) {
	b := sampleBook(t)
	demo := filepath.Join("..", "..", "fixtures", "demo")
	text, err := os.ReadFile(filepath.Join(demo, "want", "claims.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, l := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var c struct{ Control, Expected string }
		if err := json.Unmarshal([]byte(l), &c); err != nil {
			t.Fatal(err)
		}
		want[c.Control] = c.Expected
	}
	names, err := filepath.Glob(filepath.Join(demo, "inbox", "837*.837"))
	if err != nil || len(names) == 0 {
		t.Fatalf("got %d files, %v", len(names), err)
	}
	priced := 0
	fired := map[string]int{}
	for _, name := range names {
		for _, c := range claimsOf(t, name) {
			if want[c.Control] == "" {
				continue // it stands in the torn file, of which no claim is taken
			}
			a := b.Assess(&c, c.Payer.ID, nil)
			for _, f := range a.Findings {
				fired[string(f.Rule)]++
			}
			if got, ok := a.Expected(); !ok || got.String() != want[c.Control] {
				t.Errorf("%s of payer %s, frequency %s: got %s %s, want %s", c.Control, c.Payer.ID, c.Frequency, got, a.Unpriced(), want[c.Control])
			}
			priced++
		}
	}
	if priced < len(want) {
		t.Errorf("priced %d claims, want at least %d", priced, len(want))
	}
	for _, rule := range []string{"ALPHA-AUTH", "ALPHA-THERAPY", "ALPHA-UNITS"} {
		if fired[rule] == 0 {
			t.Errorf("%s never fired, though claims went out against it", rule)
		}
		delete(fired, rule)
	}
	if len(fired) > 0 {
		t.Errorf("fired on sound claims: %v", fired)
	}
}
