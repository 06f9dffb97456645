package pipeline

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/workspace"
)

//go:embed report.html
var reportText string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{"dollars": dollars, "thousands": thousands}).Parse(reportText))

// filesInReport bounds the files that a report lists; those that were not simply taken come first.
const filesInReport = 60

// Morning is what a report shows beside the summary. It holds nothing of a patient.
type Morning struct {
	Payers     []PayerMoney
	Gaps       []FacilityGaps
	Quarantine []HeldUnit // of the batch, as far as they wait still
}

// PayerMoney is what a batch moved on the claims of one payer: Charged = Paid + Adjusted + Open.
type PayerMoney struct {
	Name     string
	Claims   int // billed in the batch
	Charged  money.Cents
	Expected money.Cents // allowed by contract, of the opinions of the batch that have a price
	Paid     money.Cents
	Adjusted money.Cents
	Open     money.Cents // change of what payer and patient owe
}

// FacilityGaps sums the visits of a facility that no claim bills.
type FacilityGaps struct {
	Facility string
	Visits   int
	Oldest   int         // days since the oldest
	Cost     money.Cents // of those whose cost is known
}

// Report writes the morning's page: one HTML file that needs nothing else. An error is w's.
func Report(w io.Writer, sum Summary, m Morning) error {
	type amount struct {
		What   string
		Amount money.Cents
	}
	type count struct {
		What string
		N    int
	}
	type bar struct {
		DeniedCategory
		Width int
	}
	t, c := &sum.Totals, &sum.Counts
	page := struct {
		Morning
		Sum       Summary
		Edition   string
		Dollars   []amount
		Counts    []count
		Denied    []bar
		Files     []FileSummary
		MoreFiles int
		AllPayers PayerMoney
	}{Morning: m, Sum: sum, Edition: strings.TrimPrefix(sum.Edition, "sha256:")}
	page.Edition = page.Edition[:min(12, len(page.Edition))]
	page.Dollars = []amount{{"charged", t.Charged}, {"expected (allowed)", t.Expected}, {"paid", t.Paid}, {"contractual", t.Contractual}, {"patient share", t.Patient},
		{"other adjustments", t.Other}, {"denied", t.Denied}, {"open", t.Open}, {"provider adjustments (PLB)", t.ProviderAdjustments},
		{"unapplied", t.Unapplied}, {"visits without a claim", t.Gaps}}
	page.Counts = []count{{"files", c.Files}, {"claims", c.Claims}, {"claims seen before", c.DuplicateClaims}, {"visits", c.Encounters}, {"payments", c.Payments},
		{"payments seen before", c.DuplicatePayments}, {"remits on a claim", c.MatchedRemits}, {"remits on no claim", c.OrphanRemits}, {"remits held", c.HeldRemits},
		{"findings", c.Findings}, {"claims without a price", c.Unpriced}, {"rejected parts", c.Rejects}}
	var most money.Cents = 1
	for _, d := range sum.DeniedBy {
		most = max(most, d.AtRisk)
	}
	for _, d := range sum.DeniedBy {
		page.Denied = append(page.Denied, bar{d, int(d.AtRisk * 160 / most)})
	}
	for _, p := range m.Payers {
		page.AllPayers.add(p)
	}
	page.Files = slices.Clone(sum.Files)
	slices.SortStableFunc(page.Files, func(a, b FileSummary) int { return cmp.Compare(simply(a), simply(b)) })
	if n := len(page.Files) - filesInReport; n > 0 {
		page.Files, page.MoreFiles = page.Files[:filesInReport], n
	}
	return reportPage.Execute(w, page)
}

// simply is 1 for a file that was taken without trouble.
func simply(f FileSummary) int {
	if f.State == "ingested" {
		return 1
	}
	return 0
}

func (p *PayerMoney) add(o PayerMoney) {
	p.Claims += o.Claims
	p.Charged += o.Charged
	p.Expected += o.Expected
	p.Paid += o.Paid
	p.Adjusted += o.Adjusted
	p.Open += o.Open
}

// ReportPath is where the report of a batch lies.
func (env *Env) ReportPath(batch string) string {
	return filepath.Join(env.Workspace.ReportsDir(), batch+".html")
}

// WriteReport writes a batch's report, whole or not at all, and gives its path. The batch is one that
// has ended; "" is the last.
func (env *Env) WriteReport(ctx context.Context, batch string) (string, error) {
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return "", err
	}
	for _, b := range slices.Backward(all) {
		if b.ID != batch && batch != "" || b.Open {
			continue
		}
		sum, ok, err := summaryOf(ctx, env.Store, b.No)
		if err != nil || !ok {
			return "", err
		}
		env.Batch = b.Batch
		return env.ReportPath(b.ID), env.writeReport(ctx, sum)
	}
	return "", fmt.Errorf("report: %w", ErrNoBatch)
}

// writeReport writes the report of the batch that env works on.
func (env *Env) writeReport(ctx context.Context, sum Summary) error {
	m, err := env.morning(ctx)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var page bytes.Buffer
	if err := Report(&page, sum, m); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := workspace.WriteFile(env.ReportPath(sum.Batch), page.Bytes()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// morning gathers what the report shows beside the summary.
func (env *Env) morning(ctx context.Context) (m Morning, err error) {
	if m.Payers, err = env.payerMoney(ctx); err != nil {
		return m, err
	}
	gaps, err := env.gapsNow(ctx)
	if err != nil {
		return m, err
	}
	m.Gaps = byFacility(gaps)
	held, err := env.Held(ctx)
	m.Quarantine = slices.DeleteFunc(held, func(u HeldUnit) bool { return u.Batch != env.Batch.ID })
	return m, err
}

func byFacility(gaps []Gap) []FacilityGaps {
	at := map[string]int{}
	var out []FacilityGaps
	for _, g := range gaps {
		i, ok := at[g.Facility]
		if !ok {
			i = len(out)
			at[g.Facility] = i
			out = append(out, FacilityGaps{Facility: g.Facility})
		}
		f := &out[i]
		f.Visits++
		f.Oldest = max(f.Oldest, g.Days)
		if g.Cost != nil {
			f.Cost += *g.Cost
		}
	}
	slices.SortFunc(out, func(a, b FacilityGaps) int {
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(a.Facility, b.Facility))
	})
	return out
}

// payerMoney sums what the batch moved on claims by the payer of the claim, the most charged first.
func (env *Env) payerMoney(ctx context.Context) ([]PayerMoney, error) {
	by := map[string]*PayerMoney{}
	of := func(payer string, on civil.Date) *PayerMoney {
		id, _, _ := env.Party.Payer("837", payer, on)
		if by[id] == nil {
			by[id] = &PayerMoney{Name: cmp.Or(env.payerName(id, on), "not named")}
		}
		return by[id]
	}
	mine := []ledger.Cond{ledger.OfBatch(env.Batch.No)}
	claims, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Claims, Where: mine}, []string{"payer", "service_from"}, nil)
	if err != nil {
		return nil, err
	}
	for _, row := range claims {
		of(row[0].Text(), row[1].Date()).Claims += int(row[2].Int())
	}
	if err := env.eachMoved(ctx, func(payer string, on civil.Date, p ledger.Position) {
		of(payer, on).add(PayerMoney{Charged: p.Charge, Paid: p.Paid, Adjusted: p.Contractual + p.Other, Open: p.Payer + p.Patient})
	}); err != nil {
		return nil, err
	}
	sums, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Assessments, Where: mine}, []string{"payer"}, []string{"expected"})
	if err != nil {
		return nil, err
	}
	for _, row := range sums {
		of(row[0].Text(), env.Batch.AsOf).Expected += row[2].Cents()
	}
	out := make([]PayerMoney, 0, len(by))
	for _, p := range by {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b PayerMoney) int {
		return cmp.Or(cmp.Compare(b.Charged, a.Charged), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// movedAtOnce bounds the claims whose moves are held in memory.
const movedAtOnce = ledger.MaxIn

// eachMoved tells what the batch moved on each claim, with the payer and the first day of service of the claim. A
// claim may come more than once, with a part of what was moved.
func (env *Env) eachMoved(ctx context.Context, tell func(payer string, on civil.Date, p ledger.Position)) error {
	moved := map[claim.ID]ledger.Position{}
	payer, from := ledger.Claims.At("payer"), ledger.Claims.At("service_from")
	flush := func() error {
		ids := slices.SortedFunc(maps.Keys(moved), claim.ID.Compare)
		for part := range ledger.Portions(ids) {
			for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.OneOf("id", part...)},
				Only: []string{"payer", "service_from"}}) {
				if err != nil {
					return err
				}
				tell(row[payer].Text(), row[from].Date(), moved[row[0].ID()])
			}
		}
		clear(moved)
		return nil
	}
	t := ledger.Postings
	owner, debit, credit, amount := t.At("claim"), t.At("debit"), t.At("credit"), t.At("amount")
	onClaims := []ledger.Cond{ledger.OfBatch(env.Batch.No), {Column: "claim", Op: ledger.NotNull}}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: t, Where: onClaims, Only: []string{"claim", "debit", "credit", "amount"}}) {
		if err != nil {
			return err
		}
		p := moved[row[owner].ID()]
		p.Add(ledger.Move{Debit: ledger.Account(row[debit].Text()), Credit: ledger.Account(row[credit].Text()), Amount: row[amount].Cents()})
		if moved[row[owner].ID()] = p; len(moved) < movedAtOnce {
			continue
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return flush()
}

// payerName is a payer's ID with the name that masters or rule book give it.
func (env *Env) payerName(id string, on civil.Date) string {
	name := env.Book.PayerName(id)
	if p, ok := env.Party.PayerByID(id, on); ok && p.Name != "" {
		name = p.Name
	}
	if name == id {
		return id
	}
	return name + " (" + id + ")"
}
