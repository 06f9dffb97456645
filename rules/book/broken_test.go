package book

import (
	"strings"
	"testing"
	"testing/fstest"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/rules"
)

const soundTwo = `payer: "2"
name: Two
contracts:
  - id: C2
    from: 2025-01-01
    cite: agreement
    terms:
      - {id: t, method: percent_of_charge, params: {percent: 50}, cite: clause 1}
`

// twoPayers is a book of payer 1, who uses the table fees, and payer 2, who does not.
func twoPayers(table string) fstest.MapFS {
	m := files(soundContract, table)
	m["payers/two.yaml"] = &fstest.MapFile{Data: []byte(soundTwo)}
	return m
}

func load(t *testing.T, m fstest.MapFS) *Book {
	t.Helper()
	b, err := Load(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func visitTo(payer string) *claim.Claim {
	text := claimText{Lines: []proofLine{{Procedure: "99213", Charge: 10000}}}
	c, err := text.claim(payer, civil.Of(2025, 3, 1), 0)
	if err != nil {
		panic(err)
	}
	return &c
}

// Whatever is wrong in what one payer uses, its claims are held with the sentence, and the other payer's slice and
// prices are those of the sound book.
func TestWhatIsWrongBreaksOnlyThePayersThatUseIt(t *testing.T) {
	sound := load(t, twoPayers(soundTable))
	for _, c := range []struct {
		name, file, old, new, want string
	}{
		{"table", "tables/fees.csv", "92.47", "$92.47", "held: tables/fees.csv: line 5: "},
		{"overlap in a table", "tables/fees.csv", "2025-12-31", "2026-01-01", "held: tables/fees.csv: lines 5 and 6"},
		{"missing table", "payers/one.yaml", "table: fees", "table: fee", "held: payers/one.yaml: contract C1: term t: "},
		{"syntax", "payers/one.yaml", "contracts:", "contracts: [", "held: payers/one.yaml: yaml: line "},
		{"word", "payers/one.yaml", "terms:", "trems:", "held: payers/one.yaml: line 6: "},
	} {
		m := twoPayers(soundTable)
		m[c.file] = &fstest.MapFile{Data: []byte(strings.Replace(string(m[c.file].Data), c.old, c.new, 1))}
		b := load(t, m)
		a := b.Assess(visitTo("1"), "1", nil)
		if _, priced := a.Expected(); priced || a.Held != rules.HeldRuleBook || !strings.HasPrefix(a.Unpriced(), c.want) || strings.Contains(a.Unpriced(), "\n") {
			t.Errorf("%s: got %+v, want it held: %q", c.name, a, c.want)
		}
		if b.Slice("1") == sound.Slice("1") || b.Slice("1") != load(t, m).Slice("1") {
			t.Errorf("%s: the slice must change with the fault and stay while it stays", c.name)
		}
		if b.Slice("2") != sound.Slice("2") || b.Slice("none") != sound.Slice("none") {
			t.Errorf("%s: it moved the slice of a payer that does not use it", c.name)
		}
		two := b.Assess(visitTo("2"), "2", nil)
		if got, ok := two.Expected(); !ok || got != 5000 {
			t.Errorf("%s: payer 2: got %s %t, want 50.00", c.name, got, ok)
		}
		if _, err := Check(m); err == nil {
			t.Errorf("%s: Check took it", c.name)
		}
	}
}

// A rule for every payer that is wrong holds every claim: half its rules would pass what the others stop.
func TestAFaultInTheRulesForEveryPayerBreaksAll(t *testing.T) {
	m := twoPayers(soundTable)
	m["payers/_all.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(strings.Replace(soundRule, `"1"`, `"*"`, 1), "charge_sum", "charge_sun", 1))}
	b := load(t, m)
	for _, payer := range []string{"1", "2", "none"} {
		if a := b.Assess(visitTo(payer), payer, nil); a.Held == "" || !strings.Contains(a.Unpriced(), "payers/_all.yaml") {
			t.Errorf("payer %s: got %+v", payer, a)
		}
	}
	if a := b.Assess(&claim.Claim{Frequency: "8"}, "1", nil); a.Held != "" {
		t.Error("a void is owed nothing whatever the book says, and was held")
	}
}

func TestAFileThatDoesNotSayWhoseItIsRefusesTheBook(t *testing.T) {
	m := twoPayers(soundTable)
	m["payers/two.yaml"] = &fstest.MapFile{Data: []byte("name: [\n")}
	if _, err := Load(m); err == nil || !strings.Contains(err.Error(), "payers/two.yaml") {
		t.Errorf("got %v: nobody knows whose claims to hold", err)
	}
}

// A proof that does not hold takes out its payer, and no other.
func TestProvenBreaksThePayerWhoseProofDoesNotHold(t *testing.T) {
	m := twoPayers(soundTable)
	if b := load(t, m); b.Proven() != b {
		t.Error("a proven book is another one")
	}
	m["payers/two.yaml"] = &fstest.MapFile{Data: []byte(soundTwo + `    prices:
      - {name: a visit, claim: {lines: [{procedure: "99213", charge: 100}]}, expected: 60.00}
`)}
	raw := load(t, m)
	b := raw.Proven()
	if a := b.Assess(visitTo("2"), "2", nil); a.Held == "" || !strings.Contains(a.Unpriced(), "payers/two.yaml: C2: a visit: wanted 60.00, got 50.00") {
		t.Errorf("got %+v", a)
	}
	if b.Slice("1") != raw.Slice("1") || b.Slice("2") == raw.Slice("2") || b.Edition() == raw.Edition() {
		t.Error("slices: payer 1 must keep its own, payer 2 must not")
	}
	if _, held := raw.Broken("2"); held {
		t.Error("Proven changed the book that it was asked of")
	}
}
