package book

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/x837"
	"revcycle/rules"
)

var golden = filepath.Join("..", "..", "fixtures", "remits-golden")

func mustLoad(t testing.TB, folder string) *Book {
	t.Helper()
	b, err := Load(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func claimsOf(t testing.TB, name string) []claim.Claim {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []claim.Claim
	for item, err := range x837.Read(f, claim.Digest{}) {
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := item.Document.(claim.Claim); ok {
			out = append(out, c)
		}
	}
	return out
}

func tsv(t *testing.T, name string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.Comma = '\t'
	all, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, h := range all[0] {
			row[h] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func cents(t *testing.T, s string) money.Cents {
	t.Helper()
	c, err := money.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The golden remits' own expectations: every claim and every line brings its expected allowed amount.
func TestGoldenClaimsPriceToTheirExpectations(t *testing.T) {
	b := mustLoad(t, filepath.Join(golden, "rulebook"))
	for _, f := range b.Prove() {
		t.Error(f)
	}
	wantClaim, wantLine := map[string]string{}, map[string]string{}
	for _, r := range tsv(t, filepath.Join(golden, "want", "claims.tsv")) {
		wantClaim[r["clm01"]] = r["expected_allowed"]
	}
	for _, r := range tsv(t, filepath.Join(golden, "want", "claim_lines.tsv")) {
		wantLine[r["line_ctl"]] = r["expected_allowed"]
	}
	seen := 0
	for _, name := range []string{"submitted.837p", "submitted.837i"} {
		for _, c := range claimsOf(t, filepath.Join(golden, "in", name)) {
			seen++
			a := b.Assess(&c, c.Payer.ID, nil)
			got, ok := a.Expected()
			if want := cents(t, wantClaim[c.Control]); !ok || got != want {
				t.Errorf("%s: got %s (%s), want %s", c.Control, got, a.Unpriced(), want)
			}
			for _, l := range c.Lines {
				q, _ := a.Quote(l.Number)
				if want := wantLine[l.Control]; want == "" {
					if !q.Packaged {
						t.Errorf("%s: want a packaged line", l.Control)
					}
				} else if !q.Priced() || q.Allowed != cents(t, want) {
					t.Errorf("%s: got %s %s, want %s", l.Control, q.Allowed, q.Unpriced, want)
				}
			}
			for _, f := range a.Findings {
				if c.Control != "G02A" || f.Rule != "ALPHA-AUTH" || f.Line != 2 {
					t.Errorf("%s: unexpected finding %s on line %d: %s", c.Control, f.Rule, f.Line, f.Message)
				}
			}
			if c.Control == "G02A" && len(a.Findings) != 1 {
				t.Errorf("G02A: got %d findings, want the missing authorization that the payer refused", len(a.Findings))
			}
		}
	}
	if seen != len(wantClaim) {
		t.Errorf("got %d claims, want %d", seen, len(wantClaim))
	}
}

func visit(t testing.TB, text claimText, payer string, n int) claim.Claim {
	t.Helper()
	c, err := text.claim(payer, civil.Of(2025, 3, 3), n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sampleBook(t testing.TB) *Book {
	t.Helper()
	b, err := Load(Sample())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFindingsComeByLineThenRule(t *testing.T) {
	b := sampleBook(t)
	c := visit(t, claimText{Lines: []proofLine{
		{Procedure: "97110", Charge: 55_00, Units: whole(5), Pointers: []uint8{9}}, {Procedure: "70553", Charge: 1}, {Procedure: "97140", Charge: 1},
	}, BillingNPI: "1234567890"}, "12345", 0)
	a := b.Assess(&c, "12345", nil)
	var got []string
	for _, f := range a.Findings {
		got = append(got, fmt.Sprint(f.Line, " ", f.Rule))
	}
	want := "0 ALL-NPI, 1 ALL-POINTERS, 1 ALPHA-THERAPY, 1 ALPHA-UNITS, 2 ALPHA-AUTH, 3 ALPHA-THERAPY"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func whole(n int64) *money.Exact { x := money.Whole(n); return &x }

// An opinion is a function of claim, slice and history; the order of arrival and the number of goroutines are not in it.
func TestAssessIsPureAndSafeForConcurrentUse(t *testing.T) {
	b := sampleBook(t)
	prior := []claim.Claim{visit(t, claimText{Control: "A", Lines: []proofLine{{Procedure: "99213", Charge: 150_00}}}, "12345", 0)}
	c := visit(t, claimText{Control: "B", Lines: []proofLine{{Procedure: "99213", Charge: 150_00}, {Procedure: "29881", Charge: 1}, {Procedure: "20610", Charge: 1}}}, "12345", 1)
	want := b.Assess(&c, "12345", prior)
	if len(want.Findings) != 3 || want.Read == (claim.Digest{}) {
		t.Fatalf("got %d findings, want a duplicate, its units and a pair, and a digest of what was read", len(want.Findings))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := b.Assess(&c, "12345", prior); !reflect.DeepEqual(got, want) {
					t.Error("two assessments of one claim differ")
					return
				}
			}
		})
	}
	wg.Wait()
	if got := b.Assess(&c, "12345", append(prior, c)); !reflect.DeepEqual(got, want) {
		t.Error("the claim itself among its prior claims changed the opinion")
	}
	if got := b.Assess(&c, "12345", nil); got.Read != (claim.Digest{}) {
		t.Error("a digest of nothing read is not zero")
	}
}

func TestVoidAndEncounterReportOweNothing(t *testing.T) {
	b := sampleBook(t)
	for _, text := range []claimText{{Frequency: "8"}, {Use: "RP"}} {
		text.Lines = []proofLine{{Procedure: "99213", Charge: 150_00}}
		c := visit(t, text, "12345", 0)
		a := b.Assess(&c, "12345", nil)
		if got, ok := a.Expected(); !ok || got != 0 {
			t.Errorf("got %s %t, want a price of 0.00", got, ok)
		}
	}
}

func TestPayerWithoutAFileHasTheCommonRulesAndNoPrice(t *testing.T) {
	b := sampleBook(t)
	c := visit(t, claimText{BillingNPI: "1234567890", Lines: []proofLine{{Procedure: "99213", Charge: 150_00}}}, "99999", 0)
	a := b.Assess(&c, "99999", nil)
	if len(a.Findings) != 1 || a.Findings[0].Rule != "ALL-NPI" {
		t.Errorf("got findings %v, want ALL-NPI", a.Findings)
	}
	if _, ok := a.Expected(); ok || len(a.Quotes) != 0 {
		t.Error("a payer without a contract has a price")
	}
}

// A claim over a change of contract: each line by the version of its own day; a line that no version covers has no price.
func TestEachLineByTheContractOfItsDay(t *testing.T) {
	two := strings.Replace(soundContract, "    from: 2025-01-01", "    from: 2025-01-01\n    to: 2025-06-30", 1) + strings.Replace(
		strings.TrimPrefix(soundContract, "payer: \"1\"\ncontracts:\n"), "2025-01-01", "2025-07-01", 1)
	two = two[:len(two)-len("params: {table: fees}, cite: clause 1}\n")] + "params: {table: fees, percent: 200}, cite: clause 1}\n"
	b, err := Load(files(two, soundTable))
	if err != nil {
		t.Fatal(err)
	}
	line := func(m, d int) proofLine {
		return proofLine{Procedure: "99213", Charge: 500_00, From: civil.Of(2025, m, d)}
	}
	c := visit(t, claimText{Lines: []proofLine{line(6, 30), line(7, 1)}}, "1", 0)
	a := b.Assess(&c, "1", nil)
	if got, ok := a.Expected(); !ok || got != 92_47+184_94 {
		t.Errorf("got %s %t, want 92.47 + 184.94", got, ok)
	}
	c.Lines[0].From = civil.Of(2024, 12, 31)
	a = b.Assess(&c, "1", nil)
	if _, ok := a.Expected(); ok || !strings.Contains(a.Unpriced(), "2024-12-31") {
		t.Errorf("got %q, want no price for the line before the contract", a.Unpriced())
	}
}

// The lesser of price and charges at the level of the claim: 92.47 + 92.47 against 100.00 + 50.00.
func TestLesserOfTheClaim(t *testing.T) {
	for _, c := range []struct {
		scope string
		want  money.Cents
	}{{"none", 184_94}, {"line", 92_47 + 50_00}, {"claim", 150_00}} {
		b, err := Load(files(strings.Replace(soundContract, "cite: agreement", "cite: agreement\n    lesser_of: "+c.scope, 1), soundTable))
		if err != nil {
			t.Fatal(err)
		}
		cl := visit(t, claimText{Lines: []proofLine{{Procedure: "99213", Charge: 100_00}, {Procedure: "99213", Charge: 50_00}}}, "1", 0)
		a := b.Assess(&cl, "1", nil)
		if got, ok := a.Expected(); !ok || got != c.want {
			t.Errorf("lesser of %s: got %s %t, want %s", c.scope, got, ok, c.want)
		}
	}
}

// A term outside the lesser-of is paid in full: min(92.47, 50.00) + 100.00 x 200 % = 250.00.
func TestCarvedOutTermsStandOutsideTheLesserOf(t *testing.T) {
	text := strings.Replace(soundContract, "    terms:\n", "    lesser_of: claim\n    terms:\n      - {id: drugs, when: {procedure: 'J*'}, method: percent_of_charge, params: {percent: 200}, lesser_of: none, cite: clause 0}\n", 1)
	b, err := Load(files(text, soundTable))
	if err != nil {
		t.Fatal(err)
	}
	c := visit(t, claimText{Lines: []proofLine{{Procedure: "99213", Charge: 50_00}, {Procedure: "J1000", Charge: 100_00}}}, "1", 0)
	a := b.Assess(&c, "1", nil)
	if got, ok := a.Expected(); !ok || got != 250_00 {
		t.Errorf("got %s %t, want 250.00", got, ok)
	}
	if q, _ := a.Quote(1); q.Allowed != 92_47 || q.Contract != "C1" || q.Method != "fee_schedule" {
		t.Errorf("got line quote %+v", q)
	}
}

// A case rate is the whole claim's price; what is paid beside it is added, and a missing price beside it is missed.
func TestCaseRateWithALineBesideIt(t *testing.T) {
	b := sampleBook(t)
	stay := claimText{Kind: "I", Facility: "11", Lines: []proofLine{
		{Revenue: "0120", Units: whole(3), Charge: 9000_00}, {Revenue: "0278", Charge: 1000_00}, {Revenue: "0250", Charge: 300_00},
	}}
	c := visit(t, stay, "12345", 0)
	a := b.Assess(&c, "12345", nil)
	if got, ok := a.Expected(); !ok || got != 2*2400_00+1850_00+400_00 {
		t.Errorf("got %s %t, want 2 x 2400 + 1850 + 40 %% of 1000", got, ok)
	}
	if q, _ := a.Quote(2); q.Allowed != 400_00 || q.Packaged {
		t.Errorf("got %+v for the implant, want 400.00 of its own", q)
	}
	if q, _ := a.Quote(3); !q.Packaged || q.Method != "per_diem" {
		t.Errorf("got %+v for the pharmacy, want packaged", q)
	}
}

// A rule that is indexed by its codes fires once a line, also where several of its codes stand on a claim.
func TestIndexedRuleFiresOnceALine(t *testing.T) {
	text := strings.NewReplacer("check: charge_sum", "when: {procedure: [A1, A2], units: {more: 1}}",
		"{charge: 1, lines: [{procedure: \"99213\", charge: 2}]}", "{lines: [{procedure: A1, units: 2}]}").Replace(soundRule)
	b, err := Load(files(text, ""))
	if err != nil {
		t.Fatal(err)
	}
	if f := b.Prove(); len(f) > 0 {
		t.Error(f)
	}
	c := visit(t, claimText{Lines: []proofLine{{Procedure: "A1", Units: whole(2)}, {Procedure: "A2", Units: whole(2)}, {Procedure: "A1", Units: whole(3)}, {Procedure: "A1"}}}, "1", 0)
	var got []int
	for _, f := range b.Assess(&c, "1", nil).Findings {
		got = append(got, f.Line)
	}
	if !reflect.DeepEqual(got, []int{1, 2, 3}) {
		t.Errorf("fired on lines %v, want 1, 2, 3", got)
	}
}

func TestARuleThatBreaksHoldsTheClaim(t *testing.T) {
	r := boundRule{Rule: rules.Rule{ID: "BROKEN", Check: func(*rules.Pass) { panic("x") }}}
	var out []rules.Finding
	r.run(rules.NewPass(&claim.Claim{}, &r.Rule, nil, &out), &out)
	if len(out) != 1 || out[0].Severity != rules.Hold {
		t.Errorf("got %v, want one finding that holds the claim", out)
	}
}

func TestFilingDeadline(t *testing.T) {
	b := sampleBook(t)
	for _, c := range []struct{ payer, want string }{{"12345", "2025-07-05"}, {"00099", "2026-01-06"}, {"99999", ""}} {
		last, _, ok := b.FilingDeadline(c.payer, civil.Of(2025, 1, 6))
		if ok != (c.want != "") || last.String() != c.want {
			t.Errorf("payer %s: got %s %t, want %s", c.payer, last, ok, c.want)
		}
	}
}

// What an assessment costs; a claim of two lines that nothing is wrong with.
func BenchmarkAssess(bench *testing.B) {
	b := sampleBook(bench)
	c := visit(bench, claimText{Lines: []proofLine{{Procedure: "99213", Charge: 150_00}, {Procedure: "36415", Charge: 12_00}}}, "12345", 0)
	bench.ReportAllocs()
	for bench.Loop() {
		b.Assess(&c, "12345", nil)
	}
	bench.ReportMetric(float64(bench.N)/bench.Elapsed().Seconds(), "claims/s")
}
