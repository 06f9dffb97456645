package pipeline

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/denial"
	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/reconcile"
	"revcycle/rules"
)

// ErrNoBatch is wrapped where no batch of a name has ended.
var ErrNoBatch = errors.New("no such batch has ended: revcycle batches lists them")

// ErrNoClaim is wrapped where nothing in the ledger bears the number that explain was asked for.
var ErrNoClaim = errors.New("no claim and no remit bears this number")

// Explain tells the whole life of each claim that bears a number: a claim's ID, or six and more of its
// first digits, the ID of a remit or denial of it, a patient control number as sent or in another
// form, or a pseudonym of one. Versions of one bill come oldest first. Remits that stand on no claim are
// told with the claims that bear their number, and where there is none by a story of their own.
func (env *Env) Explain(ctx context.Context, number string) ([]Story, error) {
	ids, err := env.claimsOf(ctx, number)
	if err != nil {
		return nil, err
	}
	t := teller{Env: env}
	if err := t.prepare(ctx); err != nil {
		return nil, err
	}
	var out []Story
	for _, id := range ids {
		s, err := t.tell(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b Story) int { return cmp.Compare(a.Bill.Created, b.Bill.Created) })
	if len(out) > 0 {
		return out, nil
	}
	stray, err := t.strays(ctx, number)
	if err != nil {
		return nil, err
	}
	if len(stray.Remits) > 0 {
		out = append(out, stray)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("explain: %w; give a claim's ID or its patient control number (CLM01)", ErrNoClaim)
	}
	return out, nil
}

// claimsOf finds the claims that a number names.
func (env *Env) claimsOf(ctx context.Context, number string) ([]claim.ID, error) {
	for _, find := range []func(context.Context, string) ([]claim.ID, error){env.byID, env.byControl, env.byFirstDigits, env.byPseudonym} {
		if ids, err := find(ctx, number); err != nil || len(ids) > 0 {
			return ids, err
		}
	}
	return nil, nil
}

func (env *Env) byID(ctx context.Context, number string) ([]claim.ID, error) {
	id, err := claim.ParseID(number)
	if err != nil || !id.Known() {
		return nil, nil // no ID: it may be a control number
	}
	if found, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.OneOf("id", id)}})); err != nil || len(found) > 0 {
		return found, err
	}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Denials, Where: []ledger.Cond{ledger.OneOf("id", id)}}) {
		if err != nil {
			return nil, err
		}
		return []claim.ID{row[2].ID()}, nil
	}
	matches, err := ledger.CurrentMatches(ctx, env.Store, []claim.ID{id})
	if m, ok := matches[id]; err == nil && ok && m.Is.State == reconcile.Matched {
		return []claim.ID{m.Is.Claim}, nil
	}
	for r, err := range ledger.ReadRemits(ctx, env.Store, ledger.OneOf("id", id)) {
		if err != nil {
			return nil, err
		}
		return env.byControl(ctx, r.Control)
	}
	return nil, err
}

func (env *Env) byControl(ctx context.Context, number string) ([]claim.ID, error) {
	norm, control := claim.NormalControl(number), ledger.Claims.At("control")
	if norm == "" {
		return nil, nil
	}
	var exact, alike []claim.ID
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.Named("control_norm", norm)}}) {
		if err != nil {
			return nil, err
		}
		alike = append(alike, row[0].ID())
		if row[control].Text() == number {
			exact = append(exact, row[0].ID())
		}
	}
	if len(exact) > 0 {
		return exact, nil
	}
	return alike, nil
}

// byFirstDigits finds the claims whose ID begins with some digits.
func (env *Env) byFirstDigits(ctx context.Context, number string) ([]claim.ID, error) {
	if len(number) < 6 || len(number) >= 32 {
		return nil, nil
	}
	low, err1 := hex.DecodeString(number + strings.Repeat("0", 32-len(number)))
	high, err2 := hex.DecodeString(number + strings.Repeat("f", 32-len(number)))
	if err1 != nil || err2 != nil {
		return nil, nil // no digits of an ID
	}
	return ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Limit: 20, Where: []ledger.Cond{
		{Column: "id", Op: ledger.AtLeast, Values: []ledger.Value{ledger.ID(claim.ID(low))}},
		{Column: "id", Op: ledger.Below, Values: []ledger.Value{ledger.ID(claim.ID(high))}},
	}}))
}

// byPseudonym looks a pseudonym of the extracts up: it takes the key, and reads every claim.
func (env *Env) byPseudonym(ctx context.Context, number string) ([]claim.ID, error) {
	keyID, sum, ok := strings.Cut(number, ":")
	if !ok || len(keyID) != 8 || len(sum) != 64 {
		return nil, nil
	}
	key, err := env.pseudonymKey()
	if err != nil || key == nil {
		return nil, err
	}
	control := ledger.Claims.At("control")
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims}) {
		if err != nil {
			return nil, err
		}
		p, err := extract.Pseudonym(key, "control", row[control].Text())
		if err != nil {
			return nil, err
		}
		if p == number {
			return []claim.ID{row[0].ID()}, nil
		}
	}
	return nil, nil
}

// teller tells stories with what all of them need.
type teller struct {
	*Env
	batches  map[int64]BatchRow
	files    map[claim.Digest]string // the name under which a file came first
	accepted map[claim.ID]bool       // payments that do not tie and were released
}

func (t *teller) prepare(ctx context.Context) error {
	all, err := Batches(ctx, t.Store)
	if err != nil {
		return err
	}
	if t.accepted, err = t.Env.accepted(ctx); err != nil {
		return err
	}
	t.batches, t.files = map[int64]BatchRow{}, map[claim.Digest]string{}
	for _, b := range all {
		t.batches[b.No] = b
	}
	again := ledger.Files.At("duplicate_of")
	for row, err := range t.Store.Rows(ctx, ledger.Query{Table: ledger.Files}) {
		if err != nil {
			return err
		}
		if _, known := t.files[row[2].Digest()]; !known && row[again].Text() == "" {
			t.files[row[2].Digest()] = row[1].Text()
		}
	}
	return nil
}

// tell gathers the story of one claim.
func (t *teller) tell(ctx context.Context, id claim.ID) (Story, error) {
	st, err := t.standingOf(ctx, []claim.ID{id})
	if err != nil {
		return Story{}, err
	}
	c := st.claims[id]
	if c == nil {
		return Story{}, fmt.Errorf("explain: claim %s: %w", id, ErrNoClaim)
	}
	s := Story{Claim: id, Control: c.Control, Bill: t.bill(c), Versions: versionsOf(st, id), Lines: linesOf(c), Acks: []StoryAck{}, Remits: []StoryRemit{}, Apart: []StoryRemit{}}
	for row, err := range t.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.OneOf("id", id)}}) {
		if err != nil {
			return s, err
		}
		file := ledger.Claims.At("file")
		sha := row[file].Digest()
		s.Seen = &StorySighting{t.batches[row[1].Int()].ID, t.files[sha], sha, int(row[file+1].Int()), int(row[file+2].Int())}
	}
	said, err := t.acksOf(ctx, []claim.ID{id})
	if err != nil {
		return s, err
	}
	for _, a := range said[id] {
		s.Acks = append(s.Acks, StoryAck{a.Kind, a.Sender, a.Date, a.Verdict, a.Reasons(), a.PayerControl})
	}
	if err := t.opinions(ctx, &s); err != nil {
		return s, err
	}
	for _, x := range reconcile.InOrder(st.remits[id]) {
		r, err := t.remit(ctx, x, st.judged[x.Remit.ID])
		if err != nil {
			return s, err
		}
		s.Remits = append(s.Remits, r)
	}
	if s.Apart, err = t.unmatched(ctx, ledger.Named("control_norm", claim.NormalControl(c.Control))); err != nil {
		return s, err
	}
	if err := t.outcome(ctx, &s, st); err != nil {
		return s, err
	}
	return s, t.decisions(ctx, &s)
}

func (t *teller) bill(c *claim.Claim) *StoryBill {
	from, to := c.Service()
	b := &StoryBill{Kind: string(c.Kind), Use: string(c.Use), Frequency: c.Frequency, PayerSent: c.Payer.ID, Order: c.PayerOrder,
		BillingNPI: string(c.Billing.NPI), From: from, To: to, Created: c.Created, Encounter: c.Encounter, Charge: c.Charge, Tolerated: c.Tolerated}
	b.Payer, _, b.Mapped = t.Party.Payer("837", c.Payer.ID, from)
	b.PayerName = t.Book.PayerName(b.Payer)
	if p, ok := t.Party.PayerByID(b.Payer, from); ok && p.Name != "" {
		b.PayerName = p.Name
	}
	b.Facility, _ = t.Party.Facility(c.Billing.NPI, c.Billing.TaxID, from)
	if last, cite, ok := t.Book.FilingDeadline(b.Payer, max(from, to)); ok {
		b.FileBy, b.FileCite = last, cite.String()
	}
	return b
}

func versionsOf(st *standing, id claim.ID) []StoryVersion {
	root := st.version[id].Root
	out := []StoryVersion{}
	for other, v := range st.version {
		if c := st.claims[other]; c != nil && v.Root == root {
			out = append(out, StoryVersion{other, v.Number, c.Frequency, c.Created, c.Charge, string(v.State), other == id})
		}
	}
	slices.SortFunc(out, func(a, b StoryVersion) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

func linesOf(c *claim.Claim) []StoryLine {
	out := []StoryLine{}
	for i := range c.Lines {
		l := &c.Lines[i]
		units := ""
		if l.Unit != "" {
			units = l.Units.String()
		}
		out = append(out, StoryLine{l.Number, l.Control, l.Revenue, l.Procedure.Code, ledger.Modifiers(l.Procedure), units, l.Charge, l.From, l.To})
	}
	return out
}

func (t *teller) opinions(ctx context.Context, s *Story) error {
	all, err := ledger.AssessmentHistory(ctx, t.Store, s.Claim)
	if err != nil {
		return err
	}
	s.Opinions = []StoryOpinion{}
	for i := range all {
		a := &all[i].Is
		b := t.batches[all[i].Batch]
		o := StoryOpinion{Batch: b.ID, AsOf: b.AsOf, Current: i == len(all)-1, Edition: b.Edition, Payer: a.Payer, Slice: a.Slice, Findings: []StoryFinding{}, Quotes: []StoryQuote{}}
		if i > 0 {
			o.Why = t.whyJudged(&b, &all[i-1].Is, a)
		}
		if sum, ok := a.Expected(); ok {
			o.Expected = &sum
		} else {
			o.Unpriced = a.Unpriced()
		}
		for _, f := range a.Findings {
			o.Findings = append(o.Findings, findingOf(f))
		}
		for _, q := range a.Quotes {
			o.Quotes = append(o.Quotes, quoteOf(q))
		}
		s.Opinions = append(s.Opinions, o)
	}
	return nil
}

// whyJudged says why a claim that had an opinion was judged again.
func (t *teller) whyJudged(b *BatchRow, before, now *rules.Assessment) string {
	switch {
	case !b.Scope.Nothing():
		return "again of batch " + t.batches[b.Parent].ID + ", because: " + b.Reason
	case before.Slice != now.Slice:
		return "the rule book has changed for its payer"
	case before.Read != now.Read:
		return "the claims of its patient that it is judged beside have changed"
	}
	return "it was held before"
}

func findingOf(f rules.Finding) StoryFinding {
	out := StoryFinding{Rule: string(f.Rule), Line: f.Line, Severity: string(f.Severity), Message: f.Message, Cites: []string{},
		Foretold: strings.TrimSpace(f.Deny.Group + " " + f.Deny.CARC)}
	for _, c := range f.Cites {
		out.Cites = append(out.Cites, c.String())
	}
	return out
}

func quoteOf(q rules.Quote) StoryQuote {
	out := StoryQuote{Line: q.Line, Packaged: q.Packaged, Unpriced: q.Unpriced, Contract: q.Contract, Method: q.Method, Steps: []StoryStep{}}
	if q.Priced() {
		out.Allowed = &q.Allowed
	}
	for _, s := range q.Steps {
		out.Steps = append(out.Steps, StoryStep{s.Label, s.Value, s.Cite.String()})
	}
	return out
}

// remit tells of one remit; judged is how it reads alone, nil where that is not recorded.
func (t *teller) remit(ctx context.Context, x reconcile.Adjudged, judged ledger.Row) (StoryRemit, error) {
	r, p, m := x.Remit, x.Payment, &x.Match
	out := StoryRemit{Remit: r.ID, Control: r.Control, Payment: r.Payment, Trace: p.Trace, Date: p.Date, PayerName: p.Payer.Name, PayerTIN: p.PayerTIN,
		PaymentAmount: p.Amount, Status: r.Status, PayerControl: r.PayerControl, Charge: r.Charge, Paid: r.Paid, PatientDue: r.PatientDue,
		MatchRule: m.RuleText(), MatchState: string(m.State), Flags: []string{}, Lines: []StoryMatch{}, Adjustments: adjustmentsOf(r), Tolerated: r.Tolerated}
	if st, ok := denial.Default().Status(r.Status); ok {
		out.Meaning = st.Meaning
	}
	for _, f := range m.Flags {
		out.Flags = append(out.Flags, string(f))
	}
	for _, l := range m.Lines {
		out.Lines = append(out.Lines, StoryMatch{l.RemitLine, l.ClaimLine, l.Rule, string(l.Flag)})
	}
	if j := judged; j != nil {
		out.State, out.Reverses, out.ReversedBy = j[3].Text(), j[5].ID(), j[6].ID()
		out.Contractual, out.Denied, out.Patient, out.Other, out.Pending = j[7].Cents(), j[8].Cents(), j[9].Cents(), j[10].Cents(), j[11].Cents()
		out.Posts = j[12].Bool()
		out.MatchRule = cmp.Or(j[4].Text(), out.MatchRule)
	}
	for row, err := range t.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{ledger.OneOf("id", r.ID)}}) {
		if err != nil {
			return out, err
		}
		out.Batch, out.Held = t.batches[row[1].Int()].ID, row[ledger.Remits.At("held")].Text()
		if t.accepted[r.Payment] {
			out.Held = ledger.HeldFor(&claim.Payment{}, r)
		}
	}
	for row, err := range t.Store.Rows(ctx, ledger.Query{Table: ledger.Payments, Where: []ledger.Cond{ledger.OneOf("id", r.Payment)}}) {
		if err != nil {
			return out, err
		}
		out.File = t.files[row[ledger.Payments.At("file")].Digest()]
	}
	return out, nil
}

func adjustmentsOf(r *claim.Remit) []StoryAdjustment {
	out := []StoryAdjustment{}
	add := func(line int, as []claim.Adjustment, remarks []string) {
		for _, a := range as {
			out = append(out, StoryAdjustment{line, a.Group, a.Reason, denial.Default().Meaning(a.Reason), a.Amount, append([]string{}, remarks...)})
		}
	}
	add(0, r.Adjustments, r.Remarks)
	for i := range r.Lines {
		add(r.Lines[i].Number, r.Lines[i].Adjustments, r.Lines[i].Remarks)
	}
	return out
}
