package extract

import (
	"cmp"
	"context"
	"slices"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/reconcile"
)

func sortSettled(ss []settled) {
	slices.SortFunc(ss, func(a, b settled) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.First, b.First), cmp.Compare(a.Payer, b.Payer))
	})
}

// remitted is a remit of a claim that posts.
type remitted struct {
	id     claim.ID
	date   civil.Date
	denied money.Cents
	drg    string
}

// joinRemits adds when the claim was first and last answered, what was refused at first, and the DRG paid.
func (b *builder) joinRemits(ctx context.Context, ids []claim.ID, at map[claim.ID]*claimed) error {
	owners, err := b.remitsOf(ctx, ids)
	if err != nil || len(owners) == 0 {
		return err
	}
	judged, err := b.judged(ctx, keys(owners))
	if err != nil {
		return err
	}
	found := map[claim.ID][]remitted{}
	var counted, stays []claim.ID
	for id, owner := range owners {
		if j, ok := judged[id]; !ok || !j.posts || j.state == string(reconcile.Reversed) {
			continue
		}
		if at[owner].claim.Kind == claim.Institutional {
			stays = append(stays, id)
		} else {
			counted = append(counted, id)
		}
	}
	date := ledger.Remits.At("date")
	for part := range ledger.Portions(counted) {
		for row, err := range b.columns(ctx, ledger.Remits, []string{"date"}, ledger.OneOf("id", part...)) {
			if err != nil {
				return err
			}
			id := row[0].ID()
			found[owners[id]] = append(found[owners[id]], remitted{id: id, date: row[date].Date(), denied: judged[id].denied})
		}
	}
	if err := b.drgs(ctx, stays, func(id claim.ID, date civil.Date, drg string) {
		found[owners[id]] = append(found[owners[id]], remitted{id: id, date: date, denied: judged[id].denied, drg: drg})
	}); err != nil {
		return err
	}
	for owner, rs := range found {
		slices.SortFunc(rs, func(a, c remitted) int { return cmp.Or(cmp.Compare(a.date, c.date), a.id.Compare(c.id)) })
		x := at[owner]
		x.firstRemit, x.lastRemit, x.firstDenied = rs[0].date, rs[len(rs)-1].date, &rs[0].denied
		for _, r := range rs {
			x.drgPaid = cmp.Or(r.drg, x.drgPaid)
		}
	}
	return nil
}

// drgs reads the date and the paid DRG of some remits, which only the document holds.
func (b *builder) drgs(ctx context.Context, remits []claim.ID, use func(id claim.ID, date civil.Date, drg string)) error {
	doc, date := ledger.Remits.At("doc"), ledger.Remits.At("date")
	for part := range ledger.Portions(remits) {
		for row, err := range b.columns(ctx, ledger.Remits, []string{"date", "doc"}, ledger.OneOf("id", part...)) {
			if err != nil {
				return err
			}
			var full claim.Remit
			if err := ledger.Unmarshal(row[doc].Text(), &full); err != nil {
				return err
			}
			use(row[0].ID(), row[date].Date(), full.DRG)
		}
	}
	return nil
}

// remitsOf gives the remits that are matched to some claims now, with the claim of each.
func (b *builder) remitsOf(ctx context.Context, claims []claim.ID) (map[claim.ID]claim.ID, error) {
	current, err := ledger.MatchesOn(ctx, b.store, claims)
	if err != nil {
		return nil, err
	}
	out := make(map[claim.ID]claim.ID, len(current))
	for i := range current {
		out[current[i].Is.Remit] = current[i].Is.Claim
	}
	return out, nil
}

// judgement is the current opinion of a remit seen alone.
type judgement struct {
	claim, reverses, reversedBy                  claim.ID
	state, rule                                  string
	contractual, denied, patient, other, pending money.Cents
	posts                                        bool
}

// judged gives the current opinion of each of some remits that have one.
func (b *builder) judged(ctx context.Context, remits []claim.ID) (map[claim.ID]judgement, error) {
	t := ledger.Adjudged
	owner, state, rule, reverses, by := t.At("claim"), t.At("state"), t.At("rule"), t.At("reverses"), t.At("reversed_by")
	contractual, denied, patient, other, pending, posts := t.At("contractual"), t.At("denied"), t.At("patient"), t.At("other"), t.At("pending"), t.At("posts")
	out := make(map[claim.ID]judgement, len(remits))
	for part := range ledger.Portions(remits) {
		for row, err := range b.rows(ctx, t, ledger.OneOf("remit", part...)) {
			if err != nil {
				return nil, err
			}
			out[row[0].ID()] = judgement{ // oldest first: the last one stays
				claim: row[owner].ID(), reverses: row[reverses].ID(), reversedBy: row[by].ID(), state: row[state].Text(), rule: row[rule].Text(),
				contractual: row[contractual].Cents(), denied: row[denied].Cents(), patient: row[patient].Cents(), other: row[other].Cents(),
				pending: row[pending].Cents(), posts: row[posts].Bool(),
			}
		}
	}
	return out, nil
}

// keys gives the keys of a map in order of their bytes.
func keys[V any](m map[claim.ID]V) []claim.ID {
	out := make([]claim.ID, 0, len(m))
	for id := range m {
		out = append(out, id)
	}
	slices.SortFunc(out, claim.ID.Compare)
	return out
}
