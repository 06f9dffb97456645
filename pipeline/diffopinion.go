package pipeline

import (
	"cmp"
	"context"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// thought is what an opinion's row says, without its document.
type thought struct {
	batch    int64
	payer    string
	expected ledger.Value
	unpriced string
	contract string
	findings int64
}

func (t *thought) known() bool { return t.batch > 0 }

func (t *thought) amount() money.Cents {
	if t.expected.Null() {
		return 0
	}
	return t.expected.Cents()
}

// rethought is a claim with the opinion as of one batch and as of another.
type rethought struct {
	claim         claim.ID
	before, after thought
}

// opinionDiff goes through the opinions of every claim, oldest first.
type opinionDiff struct {
	store     ledger.Store
	from, to  int64
	changes   *Changes
	payers    map[string]*PayerMove
	contracts map[[2]string]*ContractMove
	rules     map[[2]string]*RuleMove
	waiting   []rethought // judged in between: their findings are yet to be read
}

func newOpinionDiff(s ledger.Store, from, to int64) *opinionDiff {
	return &opinionDiff{store: s, from: from, to: to, payers: map[string]*PayerMove{}, contracts: map[[2]string]*ContractMove{}, rules: map[[2]string]*RuleMove{}}
}

// waitingBound is how many claims wait for their findings at once.
const waitingBound = 2_000

// read fills in all that is about opinions.
func (d *opinionDiff) read(ctx context.Context, c *Changes) error {
	d.changes = c
	t := ledger.Assessments
	payer, expected, unpriced := t.At("payer"), t.At("expected"), t.At("unpriced")
	contract, findings := t.At("contract"), t.At("findings")
	var at rethought
	q := ledger.Query{Table: t, Only: []string{"payer", "expected", "unpriced", "contract", "findings"}}
	for row, err := range d.store.Rows(ctx, q) {
		if err != nil {
			return err
		}
		if id := row[0].ID(); id != at.claim {
			d.take(at)
			at = rethought{claim: id}
		}
		if row[1].Int() > d.to {
			continue
		}
		at.after = thought{row[1].Int(), row[payer].Text(), row[expected], row[unpriced].Text(), row[contract].Text(), row[findings].Int()}
		if row[1].Int() <= d.from {
			at.before = at.after
		}
		if len(d.waiting) >= waitingBound {
			if err := d.flush(ctx); err != nil {
				return err
			}
		}
	}
	d.take(at)
	if err := d.flush(ctx); err != nil {
		return err
	}
	return d.end(ctx)
}

// take counts a claim's opinions; of one that was judged in between the findings decide whether it moved.
func (d *opinionDiff) take(r rethought) {
	if !r.after.known() {
		return
	}
	if r.before.known() {
		d.payer(r.before.payer).before(&r.before)
		d.changes.Expected.before(&r.before)
	}
	p := d.payer(r.after.payer)
	p.Claims++
	p.after(&r.after)
	d.changes.Expected.after(&r.after)
	if r.after.batch > d.from {
		d.changes.Judged++
		d.waiting = append(d.waiting, r)
	}
}

func (d *opinionDiff) payer(id string) *PayerMove {
	if d.payers[id] == nil {
		d.payers[id] = &PayerMove{Payer: id}
	}
	return d.payers[id]
}

func (m *Movement) before(t *thought) {
	m.Before += t.amount()
	m.Difference -= t.amount()
	if t.expected.Null() {
		m.UnpricedBefore++
	}
}

func (m *Movement) after(t *thought) {
	m.After += t.amount()
	m.Difference += t.amount()
	if t.expected.Null() {
		m.UnpricedAfter++
	}
}

// flush decides of the claims that wait whether they moved.
func (d *opinionDiff) flush(ctx context.Context) error {
	var ids []claim.ID
	for i := range d.waiting {
		if r := &d.waiting[i]; r.before.findings+r.after.findings > 0 {
			ids = append(ids, r.claim)
		}
	}
	type opinion struct {
		claim claim.ID
		batch int64
	}
	said := map[opinion][]found{}
	rule, line := ledger.Findings.At("rule"), ledger.Findings.At("line_no")
	for part := range ledger.Portions(ids) {
		q := ledger.Query{Table: ledger.Findings, Where: []ledger.Cond{ledger.OneOf("claim", part...)}, Only: []string{"rule", "line_no"}}
		for row, err := range d.store.Rows(ctx, q) {
			if err != nil {
				return err
			}
			at := opinion{row[0].ID(), row[1].Int()}
			said[at] = append(said[at], found{row[rule].Text(), row[line].Int()})
		}
	}
	for i := range d.waiting {
		r := &d.waiting[i]
		lost, gained := apart(said[opinion{r.claim, r.before.batch}], said[opinion{r.claim, r.after.batch}])
		d.moved(r, gained, lost)
	}
	d.waiting = d.waiting[:0]
	return nil
}

// found is a finding: its rule and line.
type found struct {
	rule string
	line int64
}

// apart gives the findings that only one of two opinions has.
func apart(before, after []found) (lost, gained []found) {
	rest := slices.Clone(before)
	for _, f := range after {
		if i := slices.Index(rest, f); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		} else {
			gained = append(gained, f)
		}
	}
	return rest, gained
}

// moved counts a claim that says something else than before, or that came.
func (d *opinionDiff) moved(r *rethought, gained, lost []found) {
	a, b := &r.before, &r.after
	same := a.expected == b.expected && a.contract == b.contract && a.unpriced == b.unpriced && a.payer == b.payer && len(gained)+len(lost) == 0
	switch {
	case !a.known():
		d.changes.Came++
		d.payer(b.payer).Came++
	case same:
		return
	default:
		d.changes.Moved++
		d.payer(b.payer).Moved++
		d.contract(a).before(a)
	}
	d.contract(b).after(b)
	d.contract(b).Claims++
	for _, f := range gained {
		d.rule(b.payer, f.rule).Gained++
	}
	for _, f := range lost {
		d.rule(a.payer, f.rule).Lost++
	}
	if a.known() {
		d.list(r, gained, lost)
	}
}

func (d *opinionDiff) contract(t *thought) *ContractMove {
	key := [2]string{t.payer, t.contract}
	if d.contracts[key] == nil {
		d.contracts[key] = &ContractMove{Payer: t.payer, Contract: t.contract}
	}
	return d.contracts[key]
}

func (d *opinionDiff) rule(payer, id string) *RuleMove {
	key := [2]string{payer, id}
	if d.rules[key] == nil {
		d.rules[key] = &RuleMove{Payer: payer, Rule: id}
	}
	return d.rules[key]
}

// list keeps the claims that moved most.
func (d *opinionDiff) list(r *rethought, gained, lost []found) {
	m := ClaimMove{Claim: r.claim, Payer: r.after.payer, Before: r.before.expected.CentsPtr(), After: r.after.expected.CentsPtr(),
		Difference: r.after.amount() - r.before.amount(), Gained: rulesOf(gained), Lost: rulesOf(lost), Why: r.after.unpriced}
	if !r.after.expected.Null() {
		m.Why = ""
	}
	all := &d.changes.Claims
	*all = append(*all, m)
	if len(*all) >= 4*movesShown {
		d.cut()
	}
}

func (d *opinionDiff) cut() {
	all := d.changes.Claims
	slices.SortFunc(all, func(a, b ClaimMove) int {
		return cmp.Or(cmp.Compare(b.Difference.Abs(), a.Difference.Abs()), a.Claim.Compare(b.Claim))
	})
	d.changes.Claims = all[:min(len(all), movesShown)]
}

func rulesOf(list []found) []string {
	out := []string{}
	for _, f := range list {
		out = append(out, f.rule)
	}
	slices.Sort(out)
	return out
}

// end sorts what was counted, and names the claims that are listed.
func (d *opinionDiff) end(ctx context.Context) error {
	c := d.changes
	d.cut()
	c.Payers, c.Terms, c.Rules = []PayerMove{}, []ContractMove{}, []RuleMove{}
	for _, p := range d.payers {
		c.Payers = append(c.Payers, *p)
	}
	slices.SortFunc(c.Payers, func(a, b PayerMove) int { return cmp.Compare(a.Payer, b.Payer) })
	for _, k := range d.contracts {
		c.Terms = append(c.Terms, *k)
	}
	slices.SortFunc(c.Terms, func(a, b ContractMove) int {
		return cmp.Or(cmp.Compare(a.Payer, b.Payer), cmp.Compare(a.Contract, b.Contract))
	})
	for _, r := range d.rules {
		c.Rules = append(c.Rules, *r)
	}
	slices.SortFunc(c.Rules, func(a, b RuleMove) int { return cmp.Or(cmp.Compare(a.Payer, b.Payer), cmp.Compare(a.Rule, b.Rule)) })
	if c.Claims == nil {
		c.Claims = []ClaimMove{}
	}
	at := map[claim.ID]*ClaimMove{}
	var ids []claim.ID
	for i := range c.Claims {
		at[c.Claims[i].Claim] = &c.Claims[i]
		ids = append(ids, c.Claims[i].Claim)
	}
	if len(ids) == 0 {
		return nil
	}
	control, charge := ledger.Claims.At("control"), ledger.Claims.At("charge")
	for row, err := range d.store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.OneOf("id", ids...)}, Only: []string{"control", "charge"}}) {
		if err != nil {
			return err
		}
		at[row[0].ID()].Control, at[row[0].ID()].Charge = row[control].Text(), row[charge].Cents()
	}
	return nil
}
