package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"revcycle/fixtures/synth"
	"revcycle/money"
	"revcycle/pipeline"
)

// columns reads a table with tabs and gives the chosen columns of each row, sorted.
func columns(t testing.TB, text string, names ...string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	header := strings.Split(lines[0], "\t")
	var out []string
	for _, l := range lines[1:] {
		cells := strings.Split(l, "\t")
		var row []string
		for _, name := range names {
			i := slices.Index(header, name)
			if i < 0 || i >= len(cells) {
				t.Fatalf("no column %s in %q", name, l)
			}
			row = append(row, cells[i])
		}
		out = append(out, strings.Join(row, " "))
	}
	slices.Sort(out)
	return out
}

// differ tells of the rows that only one side has.
func differ(t testing.TB, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return
	}
	count := map[string]int{}
	for _, g := range got {
		count[g]++
	}
	for _, w := range want {
		count[w]--
	}
	shown := 0
	for _, row := range slices.Sorted(maps.Keys(count)) {
		if n := count[row]; n != 0 && shown < 40 {
			shown++
			t.Errorf("%s: %+d %s", what, n, row)
		}
	}
}

var remitColumns = []string{"file", "clp01", "clp02", "clp07", "match_rule", "state", "charge", "paid", "contractual", "denied", "patient_share", "other"}

// newGolden is a workspace with the rule book of the golden remits.
func newGolden(t testing.TB) place {
	p := newPlace(t, "full")
	for _, err := range []error{
		os.RemoveAll(filepath.Join(p.dir, "rulebook")),
		os.CopyFS(filepath.Join(p.dir, "rulebook"), os.DirFS(goldenCase+"/rulebook")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// remits is `export REMITS`, the duplicates of G17 left out where their order is not the files'.
func (p place) remits(without string) []string {
	p.Helper()
	e := revcycle(p, "export", "REMITS", "--tsv", "-C", p.dir)
	if e.code != 0 {
		p.Fatalf("export: exit %d: %s", e.code, e.err)
	}
	return withoutPrefix(columns(p, e.out, remitColumns...), without)
}

func withoutPrefix(rows []string, prefix string) []string {
	if prefix == "" {
		return rows
	}
	return slices.DeleteFunc(rows, func(r string) bool { return strings.HasPrefix(r, prefix) })
}

var paymentColumns = []string{"trace_number", "payer_tin", "method", "payment_amount", "payment_date", "claims_total", "plb_total"}

func (p place) payments() []string {
	p.Helper()
	var out []string
	for _, row := range p.table("fact_payment") {
		var cells []string
		for _, c := range paymentColumns {
			cells = append(cells, row[c])
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

// wantPayments is expected_payments.tsv without what was delivered again: a payment is in the ledger once.
func wantPayments(t testing.TB) []string {
	text := string(place{TB: t}.read(goldenCase + "/want/expected_payments.tsv"))
	var out []string
	for _, row := range columns(t, text, "trn02", "trn03", "method", "bpr02", "bpr16", "sum_clp04", "sum_plb") {
		c := strings.Fields(row)
		c[4] = c[4][:4] + "-" + c[4][4:6] + "-" + c[4][6:]
		out = append(out, strings.Join(c, " "))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// The hand-made remittances through the program as shipped, in one night: what `export REMITS` prints
// and what fact_payment holds are the expected tables.
func TestGoldenRemitsThroughTheProgram(t *testing.T) {
	p := newGolden(t)
	p.drop(goldenCase + "/in/*")
	sum := p.night("2025-04-01", 3)
	for _, f := range sum.Files {
		if want := f.Name == "g18_one_bad_transaction.835"; want != (f.State == "partial") {
			t.Errorf("%s: %s %s", f.Name, f.State, f.Reason)
		}
	}
	text := string(p.read(goldenCase + "/want/expected_claim_remits.tsv"))
	differ(t, "export REMITS", p.remits(""), columns(t, text, remitColumns...))
	differ(t, "fact_payment", p.payments(), wantPayments(t))
	p.paymentsTie()
	p.verified()
	if again := p.night("2025-04-01", 0); again.Counts.Files != 0 || again.Batch != sum.Batch {
		t.Errorf("a second run made batch %s with %d files", again.Batch, again.Counts.Files)
	}
}

// A file a night, remits before their claims: the last night thinks what one night over all would.
func TestGoldenRemitsAFileANightThroughTheProgram(t *testing.T) {
	p := newGolden(t)
	files, err := filepath.Glob(goldenCase + "/in/*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	for _, f := range files {
		p.drop(f)
		code := 0
		if strings.Contains(f, "g18") {
			code = 3
		}
		p.night("2025-04-01", code)
	}
	text := string(p.read(goldenCase + "/want/expected_claim_remits.tsv"))
	differ(t, "export REMITS", p.remits("g17"), withoutPrefix(columns(t, text, remitColumns...), "g17"))
	differ(t, "fact_payment", p.payments(), wantPayments(t))
	p.paymentsTie()
	p.verified()
}

// paymentsTie proves of each payment: BPR02 = what reached claims − PLB + what is unapplied.
func (p place) paymentsTie() {
	p.Helper()
	for _, row := range p.table("fact_payment") {
		amount, posted, plb, left := p.cents(row["payment_amount"]), p.cents(row["posted_total"]), p.cents(row["plb_total"]), p.cents(row["unapplied"])
		if amount != posted-plb+left {
			p.Errorf("payment %s: %s is not %s − %s + %s", row["trace_number"], amount, posted, plb, left)
		}
	}
}

func (p place) cents(s string) money.Cents {
	p.Helper()
	c, err := money.Parse([]byte(s))
	if err != nil {
		p.Fatal(err)
	}
	return c
}

const demo = "../../fixtures/demo"

// The demo's night finds the demo's truth: claim by claim, payment by payment, gap by gap.
func TestTheDemosTruthIsFoundThroughTheProgram(t *testing.T) {
	truth, err := synth.ReadTruth(demo)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t, "full")
	if err := os.CopyFS(filepath.Join(p.dir, "masters-of-demo"), os.DirFS(demo+"/masters")); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.RemoveAll(filepath.Join(p.dir, "masters")),
		os.Rename(filepath.Join(p.dir, "masters-of-demo"), filepath.Join(p.dir, "masters")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	p.drop(demo + "/inbox/*")
	sum := p.night("2025-03-31", 3)
	p.findsTotals(sum, truth)
	p.findsFiles(sum, truth)
	p.findsClaims(truth)
	p.findsPayments(truth)
	p.findsGaps("2025-03-31", truth)
	p.paymentsTie()
	p.verified()
}

func (p place) findsTotals(sum pipeline.Summary, truth synth.Truth) {
	p.Helper()
	w, c, m := truth.Totals, sum.Counts, sum.Totals
	for _, x := range []struct {
		name      string
		got, want any
	}{
		{"claims", c.Claims, w.Claims}, {"lines", c.Lines, w.Lines}, {"encounters", c.Encounters, w.Encounters}, {"payments", c.Payments, w.Payments},
		{"remits", c.Remits, w.Remits}, {"orphans", c.OrphanRemits, truth.Injected.Orphans}, {"resent", c.DuplicatePayments, truth.Injected.ResentPayments},
		{"charged", m.Charged, w.Charge}, {"expected", m.Expected, w.Expected}, {"paid", m.Paid, w.Paid}, {"contractual", m.Contractual, w.Contractual},
		{"denied", m.Denied, w.Denied}, {"other", m.Other, w.Other}, {"unapplied", m.Unapplied, w.Unapplied},
		{"provider adjustments", m.ProviderAdjustments, w.ProviderAdjustments},
		{"gaps", c.Gaps, len(truth.Gaps)},
	} {
		if fmt.Sprint(x.got) != fmt.Sprint(x.want) {
			p.Errorf("%s: got %v want %v", x.name, x.got, x.want)
		}
	}
	status := pipeline.Summary{}
	p.decode(revcycle(p, "status", "-C", p.dir, "--json", "--as-of", sum.AsOf.String()).out, &status)
	if status.Totals.Charged != w.Charge || status.Totals.Paid != w.Paid || status.Totals.Denied != w.Denied || status.Totals.Unapplied != w.Unapplied {
		p.Errorf("status: %+v", status.Totals)
	}
}

func (p place) findsFiles(sum pipeline.Summary, truth synth.Truth) {
	p.Helper()
	states := map[string]string{"sound": "ingested", "duplicate": "duplicate", "resent": "ingested", "torn": "quarantined"}
	var got, want []string
	for _, f := range sum.Files {
		got = append(got, f.Name+" "+f.State)
	}
	for _, f := range truth.Files {
		want = append(want, f.Name+" "+states[f.State])
	}
	differ(p, "files", got, want)
}

// findsClaims compares fact_claim with the truth of each claim, and fact_claim_payer with what each of
// its payers said: the headline state and the net of its remits.
func (p place) findsClaims(truth synth.Truth) {
	p.Helper()
	var got, want, gotPayers, wantPayers []string
	control := map[string]string{}
	for _, r := range p.table("fact_claim") {
		control[r["claim_id"]] = r["patient_control_number"]
		got = append(got, strings.Join([]string{r["patient_control_number"], r["total_charge"], r["expected_allowed"], r["paid"],
			r["contractual"], r["denied"], r["other_adj"]}, " "))
	}
	for _, r := range p.table("fact_claim_payer") {
		if r["payment_state"] == "" {
			continue // it has not answered
		}
		gotPayers = append(gotPayers, strings.Join([]string{control[r["claim_id"]], r["payer_seq"], r["payment_state"], r["paid"], r["contractual"],
			r["denied"], r["patient_resp"], r["other_adj"]}, " "))
	}
	for _, c := range truth.Claims {
		want = append(want, fmt.Sprintf("%s %s %s %s %s %s %s", c.Control, c.Charge, c.Expected, c.Paid, c.Contract, c.Denied, c.Other))
		for i, a := range c.Answers {
			wantPayers = append(wantPayers, fmt.Sprintf("%s %d %s %s %s %s %s %s", c.Control, i+1, a.State, a.Paid, a.Contract, a.Denied, a.Patient, a.Other))
		}
	}
	differ(p, "fact_claim", got, want)
	differ(p, "fact_claim_payer", gotPayers, wantPayers)
}

func (p place) findsPayments(truth synth.Truth) {
	p.Helper()
	var want []string
	for _, x := range truth.Payments {
		want = append(want, fmt.Sprintf("%s %s %s %s %s %s %s", x.Trace, x.TIN, x.Method, x.Amount, x.Date, x.Paid, x.PLB))
	}
	differ(p, "fact_payment", p.payments(), want)
}

func (p place) findsGaps(asOf string, truth synth.Truth) {
	p.Helper()
	var list []pipeline.Gap
	p.decode(revcycle(p, "gaps", "--json", "-C", p.dir, "--as-of", asOf).out, &list)
	var got, want []string
	for _, g := range list {
		got = append(got, fmt.Sprintf("%s %s %s %s", g.Number, g.Facility, g.Served, g.Cost))
	}
	for _, g := range truth.Gaps {
		want = append(want, fmt.Sprintf("%s %s %s %s", g.Encounter, g.Facility, g.Date, g.Cost))
	}
	differ(p, "gaps", got, want)
}

// synthea is what the export of an independent generator must come to; the sums in EXPECTED.json were
// made twice, by other programs.
type synthea struct {
	Rows       map[string]int                  `json:"rows"`
	Encounters map[string]string               `json:"encounters"`
	Ledger     map[string]struct{ Sum string } `json:"ledger"`
	Lost       struct {
		Left    int    `json:"claims_left"`
		Gaps    int    `json:"encounters_without_any_claim"`
		Cost    string `json:"their_total_claim_cost"`
		Charges string `json:"charges_left"`
	} `json:"scenario_A_claims_starting_0_or_1_lost"`
}

// Visits and claims of a Synthea export, whole: every visit has its claim. With the claims lost whose
// ID begins with 0 or 1, their visits are gaps, with their dollars.
func TestSyntheaVisitsWithoutClaimsAreGaps(t *testing.T) {
	dir := shared(t, "data/encounters/synthea_jj")
	read := func(name string) string { return string(place{TB: t}.read(filepath.Join(dir, name))) }
	var want synthea
	if err := json.Unmarshal([]byte(read("EXPECTED.json")), &want); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name          string
		lost, orphans bool
		claims, gaps  int
		charges, cost string
	}{
		{"whole", false, false, want.Rows["claims"], 0, want.Ledger["CHARGE"].Sum, "0.00"},
		{"claims lost, their lines stay", true, true, want.Lost.Left, want.Lost.Gaps, want.Lost.Charges, want.Lost.Cost},
		{"claims lost with their lines", true, false, want.Lost.Left, want.Lost.Gaps, want.Lost.Charges, want.Lost.Cost},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t, "operations")
			claims, lines := read("claims.csv"), read("claims_transactions.csv")
			if c.lost {
				claims = withoutRows(claims, 0)
			}
			if c.lost && !c.orphans {
				lines = withoutRows(lines, 1)
			}
			p.put("encounters.csv", []byte(read("encounters.csv")))
			p.put("claims.csv", []byte(claims))
			p.put("claims_transactions.csv", []byte(lines))
			sum := p.night("2025-03-31", 0)
			got := fmt.Sprintf("%d visits, %d claims of %s, %d gaps of %s", sum.Counts.Encounters, sum.Counts.Claims, sum.Totals.Charged, sum.Counts.Gaps, sum.Totals.Gaps)
			if w := fmt.Sprintf("%d visits, %d claims of %s, %d gaps of %s", want.Rows["encounters"], c.claims, c.charges, c.gaps, c.cost); got != w {
				t.Errorf("run: got %s want %s", got, w)
			}
			var cost money.Cents
			visits := p.table("fact_encounter")
			for _, v := range visits {
				cost += p.cents(cmp.Or(v["cost"], "0"))
			}
			if len(visits) != want.Rows["encounters"] || cost.String() != want.Encounters["total_claim_cost"] {
				t.Errorf("fact_encounter: %d rows of %s, want %d of %s", len(visits), cost, want.Rows["encounters"], want.Encounters["total_claim_cost"])
			}
			var list []pipeline.Gap
			p.decode(revcycle(t, "gaps", "--json", "-C", p.dir, "--as-of", "2025-03-31").out, &list)
			cost = 0
			for _, g := range list {
				cost += *g.Cost
			}
			if len(list) != c.gaps || cost.String() != c.cost {
				t.Errorf("gaps: %d of %s, want %d of %s", len(list), cost, c.gaps, c.cost)
			}
			var status pipeline.Summary
			p.decode(revcycle(t, "status", "--json", "-C", p.dir, "--as-of", "2025-03-31").out, &status)
			if status.Counts.Claims != c.claims || status.Counts.Encounters != want.Rows["encounters"] || status.Totals.Charged.String() != c.charges {
				t.Errorf("status: %+v %s", status.Counts, status.Totals.Charged)
			}
		})
	}
}

// withoutRows drops the rows whose column n begins with 0 or 1.
func withoutRows(csv string, n int) string {
	var out strings.Builder
	for i, line := range strings.SplitAfter(csv, "\n") {
		cells := strings.SplitN(line, ",", n+2)
		if i > 0 && len(cells) > n && (strings.HasPrefix(cells[n], "0") || strings.HasPrefix(cells[n], "1")) {
			continue
		}
		out.WriteString(line)
	}
	return out.String()
}
