package pipeline

import (
	"context"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/reconcile"
)

func (env *Env) verifyPayments(ctx context.Context) ([]*Invariant, error) {
	var open int64 // a batch that is not done has not matched everything yet
	if last, ok, err := lastBatch(ctx, env.Store); err != nil {
		return nil, err
	} else if ok && last.Open {
		open = last.No
	}
	return env.verifyShards(ctx, ledger.Remits, remitsPerShard, func(ctx context.Context, key string) ([]*Invariant, error) {
		return env.verifyPaymentShard(ctx, key, open)
	})
}

// cash is what the journal holds of one payment.
type cash struct {
	transit, provider, unapplied, posted money.Cents
	remits                               map[claim.ID]posted
}

// posted is what of a remit stands on claims.
type posted struct {
	paid money.Cents
	on   map[claim.ID]money.Cents // every account of the claim, by claim
}

func (c *cash) add(e *ledger.PostedEntry) {
	for _, m := range e.Moves {
		c.side(e, m.Debit, m.Amount)
		c.side(e, m.Credit, -m.Amount)
	}
}

func (c *cash) side(e *ledger.PostedEntry, a ledger.Account, amount money.Cents) {
	switch {
	case a == ledger.CashInTransit:
		c.transit += amount
	case a == ledger.Unapplied:
		c.unapplied -= amount
		if e.Claim.Known() {
			c.posted += amount
		}
	case strings.HasPrefix(string(a), "clearing:"):
		c.provider += amount
	}
	if !e.Remit.Known() {
		return
	}
	r, ok := c.remits[e.Remit]
	if !ok {
		r.on = map[claim.ID]money.Cents{}
	}
	if a == ledger.Unapplied {
		r.paid += amount
	}
	if a == ledger.PayerAR {
		r.on[e.Claim] += amount
	}
	c.remits[e.Remit] = r
}

// verifyPaymentShard holds what is posted of each payment and of each of its remits to what they say.
func (env *Env) verifyPaymentShard(ctx context.Context, key string, open int64) ([]*Invariant, error) {
	tie := invariant("each payment: amount = posted - provider adjustments + unapplied")
	known := invariant("each entry of a payment stands on a payment of the ledger")
	v := &remitChecks{open: open,
		matched: invariant("each remit has a match, and a claim that is there"),
		once:    invariant("each remit that counts is posted once, on the claim it answers, and no other is"),
		sound:   invariant("each remit that is posted balances"),
	}
	where, err := conds("id", key)
	if err != nil {
		return nil, err
	}
	byID := map[claim.ID]*cash{}
	var ids []claim.ID
	rows := map[claim.ID]ledger.Row{}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Payments, Where: where}) {
		if err != nil {
			return nil, err
		}
		id := row[0].ID()
		ids, byID[id], rows[id] = append(ids, id), &cash{remits: map[claim.ID]posted{}}, slices.Clone(row)
	}
	entries, err := conds("payment", key)
	if err != nil {
		return nil, err
	}
	for e, err := range ledger.ReadEntries(ctx, env.Store, entries...) {
		if err != nil {
			return nil, err
		}
		known.Checked++
		if c := byID[e.Payment]; c != nil {
			c.add(&e)
		} else {
			known.fault("entry %s: payment %s is not there", e.ID, e.Payment)
		}
	}
	for part := range ledger.Portions(ids) {
		if err := env.verifyRemits(ctx, v, part, byID); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		c, row := byID[id], rows[id]
		amount, provider := row[ledger.Payments.At("amount")].Cents(), row[ledger.Payments.At("plb_total")].Cents()
		tie.Checked++
		if c.transit != amount || c.provider != provider || amount != c.posted-c.provider+c.unapplied {
			tie.fault("payment %s: %s announced, %s in transit; %s posted - %s adjusted + %s unapplied", id, amount, c.transit, c.posted, c.provider, c.unapplied)
		}
	}
	return []*Invariant{known, tie, v.matched, v.once, v.sound}, nil
}

// remitChecks is what is asked of each remit.
type remitChecks struct {
	matched, once, sound *Invariant
	open                 int64 // the batch that is not done
}

func (env *Env) verifyRemits(ctx context.Context, v *remitChecks, payments []claim.ID, byID map[claim.ID]*cash) error {
	var remits []claim.ID
	all := map[claim.ID]ledger.HeldRemit{}
	accepted, err := env.accepted(ctx)
	if err != nil {
		return err
	}
	for h, err := range ledger.ReadHeldRemits(ctx, env.Store, ledger.OneOf("payment", payments...)) {
		if err != nil {
			return err
		}
		if accepted[h.Remit.Payment] {
			h.Accept()
		}
		remits = append(remits, h.Remit.ID)
		all[h.Remit.ID] = h
	}
	matches, err := ledger.CurrentMatches(ctx, env.Store, remits)
	if err != nil {
		return err
	}
	posts := map[claim.ID]bool{}
	at := ledger.Adjudged.At("posts")
	var claims []claim.ID
	for part := range ledger.Portions(remits) {
		rows, err := ledger.Latest(ctx, env.Store, ledger.Adjudged, ledger.OneOf("remit", part...))
		if err != nil {
			return err
		}
		for _, row := range rows {
			posts[row[0].ID()] = row[at].Bool()
		}
	}
	for _, m := range matches {
		if m.Is.Claim.Known() {
			claims = append(claims, m.Is.Claim)
		}
	}
	there, err := env.idsOf(ctx, ledger.Claims, claims)
	if err != nil {
		return err
	}
	for _, id := range remits {
		h, m := all[id], matches[id]
		v.matched.Checked++
		v.once.Checked++
		switch {
		case m.Is.State == "" && h.Batch != v.open:
			v.matched.fault("remit %s has no match", id)
		case m.Is.Claim.Known() && !there[m.Is.Claim]:
			v.matched.fault("remit %s stands on claim %s, which is not there", id, m.Is.Claim)
		}
		v.posted(&h, m.Is, posts[id], byID[h.Remit.Payment].remits[id])
	}
	return nil
}

// posted holds what is posted of a remit to what it says and where it belongs.
func (v *remitChecks) posted(h *ledger.HeldRemit, m reconcile.MatchResult, posts bool, p posted) {
	r := h.Remit
	want := money.Cents(0)
	if posts {
		want = r.Paid
		v.sound.Checked++
		if h.Held != "" || r.Imbalance() != 0 {
			v.sound.fault("remit %s is posted and is off by %s", r.ID, r.Imbalance())
		}
		if m.State != reconcile.Matched {
			v.once.fault("remit %s is posted, and its match is %s", r.ID, m.State)
		}
	}
	if p.paid != want {
		v.once.fault("remit %s: %s posted, not %s", r.ID, p.paid, want)
	}
	for on, net := range p.on {
		if net != 0 && on != m.Claim {
			v.once.fault("remit %s: %s stands on claim %s, which it does not answer", r.ID, net, on)
		}
	}
}

// idsOf gives those of some IDs that a table has.
func (env *Env) idsOf(ctx context.Context, t *ledger.Table, list []claim.ID) (map[claim.ID]bool, error) {
	slices.SortFunc(list, claim.ID.Compare)
	out := map[claim.ID]bool{}
	for part := range ledger.Portions(slices.Compact(list)) {
		found, err := ids(env.Store.Rows(ctx, ledger.Query{Table: t, Where: []ledger.Cond{ledger.OneOf("id", part...)}}))
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			out[id] = true
		}
	}
	return out, nil
}
