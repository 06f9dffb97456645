package pipeline

import (
	"context"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/denial"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/reconcile"
	"revcycle/rules"
)

// settling is the settle step: what is the same for all its shards.
type settling struct {
	env          *Env
	matches      bool       // any remit ever had a match
	replacements bool       // any claim ever replaced another
	again        []claim.ID // settled again because somebody asked for it, in ID order
}

// readySettle gives what settles a shard.
func (env *Env) readySettle(ctx context.Context) (maker, error) {
	g, err := env.settling(ctx)
	if err != nil {
		return nil, err
	}
	return g.settleShard, nil
}

func (env *Env) settling(ctx context.Context) (*settling, error) {
	g := &settling{env: env}
	var err error
	if g.matches, err = env.any(ctx, ledger.Query{Table: ledger.Matches}); err != nil {
		return nil, err
	}
	if g.again, err = env.settleAgain(ctx); err != nil {
		return nil, err
	}
	g.replacements, err = env.any(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{{Column: "replaces", Op: ledger.NotNull}}})
	return g, err
}

// standing is all that settling some claims reads.
type standing struct {
	claims   map[claim.ID]*claim.Claim
	version  map[claim.ID]reconcile.Version
	opinions map[claim.ID]ledger.Dated[rules.Assessment]
	remits   map[claim.ID][]reconcile.Adjudged // matched to the claim, sound
	entries  map[claim.ID][]ledger.PostedEntry // of the claim, in the order they were posted
	judged   map[claim.ID]ledger.Row           // current rows of Adjudged, by remit
	settled  map[claim.ID][]ledger.Row         // current rows of Settlements, by claim
	denials  map[claim.ID][]ledger.Row         // current rows of Denials, by claim
}

// settleShard settles the touched claims of a shard and posts what changed.
func (g *settling) settleShard(ctx context.Context, key string) (*write, error) {
	env := g.env
	w := &write{unit: env.unit("settle", key)}
	touched, err := g.touched(ctx, key)
	if err != nil {
		return nil, err
	}
	for part := range ledger.Portions(touched) {
		st, err := env.standingOf(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, id := range part {
			env.settle(w, st, id)
		}
	}
	return w, nil
}

func (env *Env) policy() reconcile.Policy {
	return reconcile.Policy{Tolerance: env.Workspace.Config.Tolerance}
}

// settle makes a claim's settlements, remits seen alone, denials and entries, and appends those that
// say something new.
func (env *Env) settle(w *write, st *standing, id claim.ID) {
	c, refs := st.claims[id], st.remits[id]
	if c == nil {
		return
	}
	var a *rules.Assessment
	if d, ok := st.opinions[id]; ok {
		a = &d.Is
	}
	policy := env.policy()
	settlements := reconcile.Settle(c, a, refs, policy)
	lones := alone(c, a, refs, policy)
	terms := termsOf(c, settlements, lones)
	reversedBy := map[claim.ID]claim.ID{}
	for _, l := range lones {
		if l.Reverses.Known() {
			reversedBy[l.Reverses] = l.Remit
		}
	}
	for i := range lones {
		l := &lones[i]
		_, posts := terms[l.Remit]
		row := ledger.AdjudgedRow(l, reversedBy[l.Remit], posts, env.Batch.No)
		if was, ok := st.judged[l.Remit]; !ok || !ledger.SameOpinion(ledger.Adjudged, was, row) {
			w.add(ledger.Adjudged, row)
		}
	}
	env.recordSettlements(w, st, c, settlements)
	env.recordDenials(w, st, c, a, settlements)
	env.post(w, st, c, refs, terms)
}

// alone reads each remit of a claim by itself.
func alone(c *claim.Claim, a *rules.Assessment, refs []reconcile.Adjudged, policy reconcile.Policy) []reconcile.Lone {
	pairs := map[claim.ID]reconcile.Pair{}
	for _, p := range reconcile.PairReversals(refs) {
		pairs[p.Reversal] = p
	}
	byID := map[claim.ID]*claim.Remit{}
	for _, x := range refs {
		byID[x.Remit.ID] = x.Remit
	}
	out := make([]reconcile.Lone, 0, len(refs))
	for _, x := range reconcile.InOrder(refs) {
		p := pairs[x.Remit.ID]
		out = append(out, reconcile.Alone(x, c, a, p, byID[p.Original], policy))
	}
	return out
}

// termsOf says what each remit posts to the claim. A remit that does not count (an unpaired reversal,
// a repetition) posts nothing: its money stays unapplied. The patient's share is the patient's only
// after the last payer; until then it stays in the payers' receivable. What a later payer calls
// contractual posts only as far as the earlier ones left something to cut.
func termsOf(c *claim.Claim, settlements []reconcile.Settlement, lones []reconcile.Lone) map[claim.ID]ledger.Terms {
	byID := make(map[claim.ID]*reconcile.Lone, len(lones))
	for i := range lones {
		byID[lones[i].Remit] = &lones[i]
	}
	out := map[claim.ID]ledger.Terms{}
	left := c.Charge
	for i := range settlements {
		s := &settlements[i]
		last := i == len(settlements)-1 && !awaitsNext(c, s)
		for _, id := range s.Effective {
			t := terms(&byID[id].Judged.Split, last)
			if i > 0 {
				t.Contractual = min(t.Contractual, max(0, left-t.Paid-t.Patient))
			}
			out[id] = t
			left -= t.Paid + t.Contractual + t.Regulatory + t.Capitated + t.Withheld + t.Other
		}
		for _, p := range s.Pairs {
			if p.Rule == "" {
				continue
			}
			if o, ok := byID[p.Original]; ok {
				t := terms(&o.Judged.Split, last)
				out[p.Original], out[p.Reversal] = t, negated(t)
			}
		}
	}
	return out
}

// awaitsNext reports whether another payer is still to answer: the claim was sent on, or it names a
// payer that comes after this one.
func awaitsNext(c *claim.Claim, s *reconcile.Settlement) bool {
	if s.Crossover && !s.CrossoverFailed {
		return true
	}
	for _, o := range c.Other {
		if after := payerPlace(o.Order); after > s.Seq && after > payerPlace(c.PayerOrder) && o.Paid == nil {
			return true
		}
	}
	return false
}

// payerPlace is SBR01 as a number: P 1, S 2, T 3, A to H 4 to 11; 0 for unknown.
func payerPlace(order string) int {
	switch {
	case order == "P":
		return 1
	case order == "S":
		return 2
	case order == "T":
		return 3
	case len(order) == 1 && order[0] >= 'A' && order[0] <= 'H':
		return int(order[0]-'A') + 4
	}
	return 0
}

// terms sorts a remit's split into what posts.
func terms(s *denial.Split, patient bool) ledger.Terms {
	t := ledger.Terms{
		Paid: s.Paid, Contractual: s.Contractual, Capitated: s.Other.Of(denial.Capitation), Withheld: s.Other.Of(denial.Withhold),
		Regulatory: s.Other.Of(denial.Sequester) + s.Other.Of(denial.Regulatory),
	}
	if patient {
		t.Patient = s.PatientShare
	}
	for account, amount := range s.Other.All() {
		switch account {
		case denial.Capitation, denial.Withhold, denial.Sequester, denial.Regulatory:
		default:
			if account.Posts() {
				t.Other += amount
			}
		}
	}
	return t
}

func negated(t ledger.Terms) ledger.Terms {
	return ledger.Terms{Paid: -t.Paid, Contractual: -t.Contractual, Patient: -t.Patient, Regulatory: -t.Regulatory, Capitated: -t.Capitated,
		Withheld: -t.Withheld, Other: -t.Other}
}

func (env *Env) recordSettlements(w *write, st *standing, c *claim.Claim, settlements []reconcile.Settlement) {
	now := map[string]bool{}
	defer func() { env.withdraw(w, st.settled[c.ID], now) }()
	for i := range settlements {
		s := &settlements[i]
		row := ledger.SettlementRow(s, env.payerOfRemits(s, st.remits[c.ID]), env.Batch.No)
		now[row[1].Text()] = true
		same := slices.ContainsFunc(st.settled[c.ID], func(was ledger.Row) bool { return ledger.SameOpinion(ledger.Settlements, was, row) })
		if !same {
			w.add(ledger.Settlements, row)
			w.tally.Settled++
		}
	}
}

// withdraw says of the payers whose remits have all left the claim that it no longer stands settled with them.
func (env *Env) withdraw(w *write, settled []ledger.Row, now map[string]bool) {
	for _, was := range settled {
		if now[was[1].Text()] {
			continue
		}
		none := reconcile.Settlement{Claim: was[0].ID(), Seq: int(was[3].Int())}
		row := ledger.SettlementRow(&none, was[1].Text(), env.Batch.No)
		if !ledger.SameOpinion(ledger.Settlements, was, row) {
			w.add(ledger.Settlements, row)
			w.tally.Settled++
		}
	}
}

// payerOfRemits is who paid a settlement's remits: the payer that the masters know under the payment's
// TRN03, else under its own identifier, else that identifier as it came. It is the name that extracts give
// the payment, too.
func (env *Env) payerOfRemits(s *reconcile.Settlement, refs []reconcile.Adjudged) string {
	for _, x := range reconcile.InOrder(refs) {
		p := x.Payment
		if reconcile.PayerKey(p) != s.Payer {
			continue
		}
		if payer, _, mapped := env.Party.Payer("TRN03", p.PayerTIN, p.Date); mapped {
			return payer
		}
		if p.Payer.ID != "" {
			payer, _, _ := env.Party.Payer("835", p.Payer.ID, p.Date)
			return payer
		}
		break
	}
	return s.Payer
}

// recordDenials opens, renews and closes the claim's denial episodes.
func (env *Env) recordDenials(w *write, st *standing, c *claim.Claim, a *rules.Assessment, settlements []reconcile.Settlement) {
	now := map[claim.ID]bool{}
	was := map[claim.ID]ledger.Denial{}
	for _, row := range st.denials[c.ID] {
		d := ledger.DenialOf(row)
		was[d.ID] = d
	}
	var paid money.Cents
	for i := range settlements {
		s := &settlements[i]
		paid += s.Net.Paid
		for _, e := range s.Episodes {
			root := c.ID
			if v, ok := st.version[c.ID]; ok {
				root = v.Root
			}
			e.ID = denial.EpisodeID(root, e.Line, e.Payer, e.Category, e.Kind)
			e.Payer = env.payerOfRemits(s, st.remits[c.ID])
			d := ledger.Denial{Episode: e, First: s.First, Status: "open", ForetoldBy: foretold(a, &e)}
			if e.Closed {
				d.Status, d.Outcome = "closed", "bundled into a paid line"
			}
			now[e.ID] = true
			before, known := was[e.ID]
			if known {
				d.First = before.First
			}
			env.recordDenial(w, d, before, known)
		}
	}
	for _, row := range st.denials[c.ID] {
		d := ledger.DenialOf(row)
		if !now[d.ID] && d.Status == "open" {
			closed := d
			closed.Status, closed.Outcome, closed.Denied = "closed", "taken back", d.Denied
			if paid > 0 {
				closed.Outcome, closed.Recovered = "overturned", min(d.Denied, paid)
			}
			env.recordDenial(w, closed, d, true)
		}
	}
}

func (env *Env) recordDenial(w *write, d, was ledger.Denial, known bool) {
	row := ledger.DenialRow(&d, env.Batch.No)
	if known && ledger.SameOpinion(ledger.Denials, ledger.DenialRow(&was, was.Batch), row) {
		return
	}
	w.add(ledger.Denials, row)
	if !known && d.Status == "open" {
		w.tally.Denials++
	}
}

// foretold is the rule whose finding on the same line, or on the claim, named the CARC that came.
func foretold(a *rules.Assessment, e *denial.Episode) string {
	if a == nil {
		return ""
	}
	for _, f := range a.Findings {
		if f.Deny.CARC != "" && strings.EqualFold(f.Deny.CARC, e.CARC) && (f.Line == 0 || e.Line == 0 || f.Line == e.Line) {
			return string(f.Rule)
		}
	}
	return ""
}
