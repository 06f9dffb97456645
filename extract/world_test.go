package extract

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/denial"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/money"
	"revcycle/reconcile"
	"revcycle/rules"
)

// world is a ledger made by hand: rows of one batch at a time, appended in the order they are given or backwards.
type world struct {
	t     *testing.T
	store ledger.Store
	n     int
	rows  []tableRow
}

type tableRow struct {
	table *ledger.Table
	row   ledger.Row
}

func newWorld(t *testing.T) *world { return &world{t: t, store: mem.New()} }

func (w *world) add(table *ledger.Table, rows ...ledger.Row) {
	for _, r := range rows {
		w.rows = append(w.rows, tableRow{table, r})
	}
}

// commit appends what was added; backwards turns the order round.
func (w *world) commit(backwards bool) {
	w.t.Helper()
	if backwards {
		slices.Reverse(w.rows)
	}
	w.n++
	_, err := w.store.Do(context.Background(), ledger.Unit{Batch: int64(w.n), Stage: "test", Key: "all"}, func(tx ledger.Tx) error {
		for _, r := range w.rows {
			if _, err := tx.Append(r.table, r.row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.rows = nil
}

func (w *world) batch(n int64, id string, asOf civil.Date) {
	w.add(ledger.Batches, ledger.Row{ledger.Int(n), ledger.Text(id), ledger.Date(asOf), ledger.Digest(claim.Digest{}), {}, {}, {}, {}, {}, {}})
}

func (w *world) claim(c *claim.Claim, batch int64, asOf civil.Date) {
	w.add(ledger.Claims, ledger.ClaimRow(c, batch, claim.Sighting{}))
	w.add(ledger.Lines, ledger.LineRows(c)...)
	if e, ok := ledger.Bill(c); ok {
		w.add(ledger.Postings, ledger.EntryRows(&e, batch, asOf)...)
	}
}

func (w *world) assess(a *rules.Assessment, batch int64) {
	w.add(ledger.Assessments, ledger.AssessmentRow(a, batch))
	w.add(ledger.Findings, ledger.FindingRows(a, batch)...)
}

func (w *world) payment(p *claim.Payment, batch int64, asOf civil.Date) {
	w.add(ledger.Payments, ledger.PaymentRow(p, batch, claim.Sighting{}))
	w.add(ledger.Adjustments, ledger.ProviderAdjustmentRows(p, batch)...)
	if e, ok := ledger.PostPayment(p); ok {
		w.add(ledger.Postings, ledger.EntryRows(&e, batch, asOf)...)
	}
}

// answer adds a remit that is matched to a claim and posts.
func (w *world) answer(r *claim.Remit, p *claim.Payment, to claim.ID, terms ledger.Terms, split denial.Split, state reconcile.State, batch int64, asOf civil.Date) {
	m := reconcile.MatchResult{Remit: r.ID, Claim: to, Rule: "C1", State: reconcile.Matched}
	for i := range r.Lines {
		m.Lines = append(m.Lines, reconcile.LineMatch{RemitLine: i + 1, ClaimLine: i + 1, Rule: "L1"})
	}
	w.add(ledger.Remits, ledger.RemitRow(r, batch, p.Date, ""))
	w.add(ledger.Adjustments, ledger.AdjustmentRows(r, batch)...)
	w.add(ledger.Matches, ledger.MatchRow(&m, nil, batch))
	lone := reconcile.Lone{Remit: r.ID, Claim: to, RuleText: m.RuleText(), Posts: true, Judged: denial.Judged{Split: split}}
	lone.State = state
	w.add(ledger.Adjudged, ledger.AdjudgedRow(&lone, claim.ID{}, true, batch))
	if e, ok := ledger.PostRemit(r, to, p.Date, terms, 0); ok {
		w.add(ledger.Postings, ledger.EntryRows(&e, batch, asOf)...)
	}
}

var (
	asOf1 = civil.Of(2025, 4, 1)
	asOf2 = civil.Of(2025, 4, 2)
)

func amount(c money.Cents) *money.Cents { return &c }

// The claims of the first night, by hand:
//
//	A  200.00 of 10 January, expected 100.00; Medicare pays 78.40, 100.00 contractual, 1.60 sequestration, 20.00 the patient's
//	B  350.00 of 3 February, unpriced; refused whole (CO-197)
//	C   90.00 of 11 January, an encounter report: no receivable
//	D   50.00 of 5 March, billed and not answered
func claims() (a, b, c, d claim.Claim) {
	make := func(name string, charge money.Cents, day civil.Date) claim.Claim {
		x := claim.Claim{ID: claim.IDOf("test", name), Kind: claim.Professional, Use: claim.Chargeable, Control: "CTRL-" + name, Charge: charge, Facility: "11",
			Frequency: "1", PayerOrder: "P", Created: day.AddDays(2), StatementFrom: day, StatementTo: day, Account: "ACCT-" + name,
			Payer: claim.Payer{ID: "60054"}, Billing: claim.Provider{NPI: "1234567893", TaxID: "123456789"},
			Patient: claim.NewPerson(claim.PersonFields{Last: "SECRETNAME", First: "X", MemberID: "MEMBER" + name})}
		x.Lines = []claim.Line{{Number: 1, Control: "L-" + name, Charge: charge, Unit: "UN", Units: money.Whole(1), From: day, To: day,
			Procedure: claim.Procedure{Qualifier: "HC", Code: "G0001", Modifiers: [4]string{"25"}}}}
		return x
	}
	a, b = make("A", 20000, civil.Of(2025, 1, 10)), make("B", 35000, civil.Of(2025, 2, 3))
	c, d = make("C", 9000, civil.Of(2025, 1, 11)), make("D", 5000, civil.Of(2025, 3, 5))
	c.Use = claim.Reporting
	return a, b, c, d
}

func night1(t *testing.T, backwards bool) *world {
	w := newWorld(t)
	w.night1()
	w.commit(backwards)
	return w
}

func (w *world) night1() {
	a, b, c, d := claims()
	w.batch(1, "2025-04-01-001", asOf1)
	for _, x := range []*claim.Claim{&a, &b, &c, &d} {
		w.claim(x, 1, asOf1)
	}
	w.assess(&rules.Assessment{Claim: a.ID, Quotes: []rules.Quote{{Line: 1, Allowed: 10000, Contract: "K1"}},
		Findings: []rules.Finding{{Rule: "ACME-UNITS", Line: 1, Severity: rules.Risk, Message: "too many units", Deny: rules.Deny{CARC: "151"}}}}, 1)
	w.assess(&rules.Assessment{Claim: b.ID, Quotes: []rules.Quote{{Line: 1, Unpriced: "no rate for the code"}}}, 1)
	p := claim.Payment{ID: claim.IDOf("test", "P"), Trace: "TRN1", PayerTIN: "1990000111", Payer: claim.Payer{ID: "60054", Name: "ACME"}, Method: "ACH",
		Amount: 7840, Date: civil.Of(2025, 3, 3), ClaimsTotal: 7840, Payee: claim.Provider{NPI: "1234567893"}}
	w.payment(&p, 1, asOf1)
	ra := claim.Remit{ID: claim.RemitID(p.ID, 1), Payment: p.ID, Ordinal: 1, Control: a.Control, Status: "1", Charge: 20000, Paid: 7840, PayerControl: "ICN1",
		Lines: []claim.RemitLine{{Number: 1, Charge: 20000, Paid: 7840, Units: money.Whole(1), Procedure: a.Lines[0].Procedure, Control: "L-A",
			Adjustments: []claim.Adjustment{{Group: "CO", Reason: "45", Amount: 10000}, {Group: "CO", Reason: "253", Amount: 160}, {Group: "PR", Reason: "2", Amount: 2000}}}}}
	sa := denial.Split{Charge: 20000, Paid: 7840, Contractual: 10000, PatientShare: 2000}
	sa.Other[2] = 160 // sequestration
	w.answer(&ra, &p, a.ID, ledger.Terms{Paid: 7840, Contractual: 10000, Patient: 2000, Regulatory: 160}, sa, reconcile.Paid, 1, asOf1)
	rb := claim.Remit{ID: claim.RemitID(p.ID, 2), Payment: p.ID, Ordinal: 2, Control: b.Control, Status: "4", Charge: 35000, PayerControl: "ICN2",
		Lines: []claim.RemitLine{{Number: 1, Charge: 35000, Units: money.Whole(1), Procedure: b.Lines[0].Procedure, Control: "L-B",
			Adjustments: []claim.Adjustment{{Group: "CO", Reason: "197", Amount: 35000}}, Remarks: []string{"N54"}}}}
	sb := denial.Split{Charge: 35000, Denied: 35000}
	w.answer(&rb, &p, b.ID, ledger.Terms{}, sb, reconcile.FullyDenied, 1, asOf1)
	w.settle(&a, ra.ID, sa, 10000, amount(10000), reconcile.Standing{State: reconcile.Paid}, 1)
	w.settle(&b, rb.ID, sb, 0, nil, reconcile.Standing{State: reconcile.FullyDenied, HasDenial: true}, 1)
	e := denial.Episode{ID: denial.EpisodeID(b.ID, 1, "1990000111", "AUTHORIZATION", denial.Refusal), Claim: b.ID, Line: 1, Payer: "1990000111", Kind: denial.Refusal,
		Category: "AUTHORIZATION", Group: "CO", CARC: "197", RARC: "N54", Denied: 35000}
	w.add(ledger.Denials, ledger.DenialRow(&ledger.Denial{Episode: e, First: p.Date, Status: "open"}, 1))
	visit := func(name string, to civil.Date) *claim.Encounter {
		return &claim.Encounter{ID: claim.IDOf("visit", name), Source: "host", Number: name, Facility: "MAIN", From: to, To: to, Cost: amount(7500), ClaimsDue: true}
	}
	w.add(ledger.Encounters, ledger.EncounterRow(visit("CTRL-A", civil.Of(2025, 1, 10)), 1), ledger.EncounterRow(visit("V-GAP", civil.Of(2025, 2, 20)), 1),
		ledger.EncounterRow(visit("V-NEW", civil.Of(2025, 3, 27)), 1))
}

func (w *world) settle(c *claim.Claim, remit claim.ID, net denial.Split, allowed money.Cents, expected *money.Cents, st reconcile.Standing, batch int64) {
	s := reconcile.Settlement{Claim: c.ID, Payer: "1990000111", Seq: 1, Standing: st, Remits: []claim.ID{remit}, Net: net, Allowed: allowed, Expected: expected,
		Lines: []reconcile.SettledLine{{Line: 1, Split: net, Allowed: allowed, Expected: expected, Rules: []string{"L1"}}}}
	w.add(ledger.Settlements, ledger.SettlementRow(&s, "1990000111", batch))
}

// night2 brings one more claim, of 20 March.
func (w *world) night2() {
	_, _, _, e := claims()
	e.ID, e.Control, e.Charge, e.StatementFrom, e.StatementTo = claim.IDOf("test", "E"), "CTRL-E", 1234, civil.Of(2025, 3, 20), civil.Of(2025, 3, 20)
	e.Lines[0].Charge = 1234
	w.batch(2, "2025-04-02-001", asOf2)
	w.claim(&e, 2, asOf2)
	w.commit(false)
}

func (w *world) env(dir string) Env {
	return Env{Store: w.store, Dir: dir, Batch: Batch{1, "2025-04-01-001"}, AsOf: asOf1, Profile: Operations, BillHold: 5, Workers: 2, Edition: "sha256:test",
		Inputs: []Input{{Name: "b.835"}, {Name: "a.837"}}}
}

func (w *world) env2(dir string) Env {
	e := w.env(dir)
	e.Batch, e.AsOf = Batch{2, "2025-04-02-001"}, asOf2
	return e
}

func (w *world) publish(e Env) Manifest {
	w.t.Helper()
	m, err := Publish(context.Background(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// tree is every file below a folder with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameTree(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, content := range want {
		switch g, ok := got[name]; {
		case !ok:
			t.Errorf("%s: %s is missing", what, name)
		case g != content:
			t.Errorf("%s: %s differs", what, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s should not be there", what, name)
		}
	}
}

// current reads a table of current/.
func current[T any](t *testing.T, dir, table string) []T {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, currentDir, table, "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", table, len(files), err)
	}
	var out []T
	for _, f := range files {
		if err := readRows(f, func(r *T) error { out = append(out, *r); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
