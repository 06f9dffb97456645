package book

import (
	"strings"
	"testing"
	"testing/fstest"
)

const soundRule = `payer: "1"
name: One
rules:
  - id: R1
    title: a title
    check: charge_sum
    from: 2025-01-01
    cite: policy 1
    proofs:
      - {name: off, fires: true, claim: {charge: 1, lines: [{procedure: "99213", charge: 2}]}}
      - {name: ties, fires: false, claim: {lines: [{procedure: "99213", charge: 2}]}}
`

const soundTable = "# kind: fee\n# release: 1\n# source: test\ncode,amount,from,to\n99213,92.47,2025-01-01,2025-12-31\n99213,95.00,2026-01-01,\n"

const soundContract = `payer: "1"
contracts:
  - id: C1
    from: 2025-01-01
    cite: agreement
    terms:
      - {id: t, method: fee_schedule, params: {table: fees}, cite: clause 1}
`

func files(payer, table string) fstest.MapFS {
	m := fstest.MapFS{"payers/one.yaml": {Data: []byte(payer)}}
	if table != "" {
		m["tables/fees.csv"] = &fstest.MapFile{Data: []byte(table)}
	}
	return m
}

// Each fault must be refused with its file, its place, and what to do: a rule book that loads half is worse
// than none.
func TestLoadRefusesAndSaysWhatToDo(t *testing.T) {
	if _, err := Check(files(soundRule, soundTable)); err != nil {
		t.Fatalf("a sound book: %v", err)
	}
	if _, err := Check(files(soundContract, soundTable)); err != nil {
		t.Fatalf("a sound contract: %v", err)
	}
	for _, c := range []struct {
		name, payer, table string
		old, new           string // replaced in payer, or in table where payer does not hold it
		want               []string
	}{
		{"misspelt key", soundRule, "", "title: a title", "titel: a title", []string{"payers/one.yaml", "line 5", `"titel"`, `did you mean "title"?`}},
		{"misspelt key in a proof", soundRule, "", "{charge: 1,", "{chrage: 1,", []string{"line 10", `did you mean "charge"?`}},
		{"key twice", soundRule, "", "    cite: policy 1", "    cite: policy 1\n    cite: policy 2", []string{"line 9", "stands twice"}},
		{"misspelt check", soundRule, "", "charge_sum", "charge_sun", []string{"rule R1", `did you mean "charge_sum"?`}},
		{"unknown parameter", soundRule, "", "check: charge_sum", "check: charge_sum\n    params: {cents: 1}", []string{"rule R1", "line 7", "cents"}},
		{"misspelt parameter", soundRule, "", "check: charge_sum", "check: timely_filing\n    params: {day: 90}", []string{"rule R1", `did you mean "days"?`}},
		{"no citation", soundRule, "", "cite: policy 1", "severity: hold", []string{"rule R1", "cites nothing"}},
		{"no date", soundRule, "", "    from: 2025-01-01\n", "", []string{"rule R1", "no from date"}},
		{"impossible date", soundRule, "", "2025-01-01", "2025-02-30", []string{"no such day"}},
		{"no proof that fires", soundRule, "", "fires: true", "fires: false", []string{"rule R1", "two proofs"}},
		{"no proof that rests", soundRule, "", "fires: false", "fires: true", []string{"rule R1", "two proofs"}},
		{"severity", soundRule, "", "cite: policy 1", "cite: policy 1\n    severity: hard", []string{"rule R1", `"hard"`}},
		{"field", soundRule, "", "check: charge_sum", "when: {procedur: 99213}", []string{"rule R1", "line 6", `did you mean "procedure"?`}},
		{"operator", soundRule, "", "check: charge_sum", "when: {units: {above: 4}}", []string{"units is a number", `"above"`}},
		{"number", soundRule, "", "check: charge_sum", "when: {units: {more: four}}", []string{"units is a number", "four"}},
		{"code set", soundRule, "", "check: charge_sum", "when: {procedure: '@EM'}", []string{"code set", "EM"}},
		{"line field beside a check", soundRule, "", "check: charge_sum", "check: charge_sum\n    when: {units: 4}", []string{"about the claim"}},
		{"anchor", soundRule, "", "cite: policy 1", "cite: &a policy 1\n    title: *a", []string{"twice"}},
		{"gap between versions", soundRule + strings.NewReplacer("payer: \"1\"\nname: One\nrules:\n", "", "2025-01-01", "2026-02-01").Replace(soundRule), "",
			"    from: 2025-01-01\n", "    from: 2025-01-01\n    to: 2025-12-31\n", []string{"rule R1", "2026-01-01 to 2026-01-31"}},
		{"overlap of versions", soundRule + strings.NewReplacer("payer: \"1\"\nname: One\nrules:\n", "", "2025-01-01", "2026-01-01").Replace(soundRule), "",
			"    from: 2025-01-01\n", "    from: 2025-01-01\n    to: 2026-01-01\n", []string{"rule R1", "two versions"}},
		{"contract without citation", soundContract, soundTable, "cite: agreement", "title: x", []string{"contract C1", "cites nothing"}},
		{"misspelt method", soundContract, soundTable, "fee_schedule", "fee_shedule", []string{"contract C1: term t", `did you mean "fee_schedule"?`}},
		{"table that is not there", soundContract, soundTable, "table: fees", "table: fee", []string{"tables/fee.csv", `did you mean "fees"?`}},
		{"a float in disguise", soundContract, soundTable, "table: fees", "table: fees, percent: 1e2", []string{"not a decimal number"}},
		{"table kind", soundContract, soundTable, "# kind: fee", "# kind: fees", []string{"tables/fees.csv", `did you mean "fee"?`}},
		{"table overlap", soundContract, soundTable, "2025-12-31", "2026-01-01", []string{"tables/fees.csv", "lines 5 and 6"}},
		{"table without a date", soundContract, soundTable, "99213,92.47,2025-01-01", "99213,92.47,", []string{"tables/fees.csv", "from"}},
		{"table amount", soundContract, soundTable, "92.47", "$92.47", []string{"tables/fees.csv", "line 5", "amount"}},
		{"table column", soundContract, soundTable, "code,amount", "code,amuont", []string{"line 4", `did you mean "amount"?`}},
		{"table row too short", soundContract, soundTable, "99213,95.00,2026-01-01,", "99213,95.00", []string{"line 6"}},
	} {
		payer, table := c.payer, c.table
		if strings.Contains(payer, c.old) {
			payer = strings.Replace(payer, c.old, c.new, 1)
			if strings.HasPrefix(c.name, "no proof that rests") {
				payer = strings.ReplaceAll(payer, c.old, c.new)
			}
		} else if strings.Contains(table, c.old) {
			table = strings.Replace(table, c.old, c.new, 1)
		} else {
			t.Fatalf("%s: %q stands nowhere", c.name, c.old)
		}
		b, err := Check(files(payer, table))
		if err == nil || b != nil {
			t.Errorf("%s: loaded", c.name)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: got %q, want it to say %q", c.name, err, w)
			}
		}
	}
}

func TestLoadReportsEveryFaultAtOnce(t *testing.T) {
	bad := strings.Replace(strings.Replace(soundRule, "cite: policy 1", "severity: hard", 1), "charge_sum", "nothing", 1)
	_, err := Check(files(bad, strings.Replace(soundTable, "92.47", "x", 1)))
	for _, w := range []string{"cites nothing", "hard", "no check", "tables/fees.csv"} {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("got %v, want it to say %q too", err, w)
		}
	}
}

func TestLoadRefusesTwoFilesOfOnePayerAndOneIDInTwo(t *testing.T) {
	m := files(soundRule, "")
	m["payers/two.yaml"] = m["payers/one.yaml"]
	if _, err := Check(m); err == nil || !strings.Contains(err.Error(), "one payer, one file") {
		t.Errorf("got %v", err)
	}
	m["payers/two.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(soundRule, `"1"`, `"2"`, 1))}
	if _, err := Check(m); err == nil || !strings.Contains(err.Error(), "rule R1: stands in payers/one.yaml too") {
		t.Errorf("got %v", err)
	}
}

// A proof that does not hold must be seen, or proofs prove nothing.
func TestProveFindsTheProofThatDoesNotHold(t *testing.T) {
	b, err := Check(files(strings.Replace(soundRule, "{charge: 1, ", "{", 1), ""))
	if err != nil {
		t.Fatal(err)
	}
	got := b.Prove()
	if len(got) != 1 || got[0].Name != "off" || !strings.Contains(got[0].String(), "wanted the rule fires, got the rule does not fire") {
		t.Errorf("got %v", got)
	}
}

func TestCheckTableDescribes(t *testing.T) {
	got, err := CheckTable("fees.csv", strings.NewReader(soundTable))
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "fees" || got.Kind != "fee" || got.Release != "1" || got.Rows != 2 || got.From.String() != "2025-01-01" || got.To.Known() {
		t.Errorf("got %+v", got)
	}
}

func TestSliceChangesWithWhatThePayerUsesAndNothingElse(t *testing.T) {
	m := files(soundContract, soundTable)
	m["payers/two.yaml"] = &fstest.MapFile{Data: []byte("payer: \"2\"\nname: Two\n")}
	load := func() *Book {
		b, err := Check(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	before := load()
	m["tables/fees.csv"] = &fstest.MapFile{Data: []byte(strings.Replace(soundTable, "95.00", "95.01", 1))}
	m["tables/unused.csv"] = &fstest.MapFile{Data: []byte(soundTable)}
	after := load()
	if before.Slice("1") == after.Slice("1") {
		t.Error("a changed rate left the slice of the payer that uses it")
	}
	if before.Slice("2") != after.Slice("2") || before.Slice("none") != after.Slice("none") {
		t.Error("a changed rate moved the slice of a payer that does not use it")
	}
	if before.Edition() == after.Edition() || after.Edition() != load().Edition() {
		t.Error("an edition must change with a slice and with nothing else")
	}
	m["payers/_all.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(soundRule, `"1"`, `"*"`, 1))}
	all := load()
	for _, p := range []string{"1", "2", "none"} {
		if all.Slice(p) == after.Slice(p) {
			t.Errorf("payer %s: a rule for every payer left its slice", p)
		}
	}
}
