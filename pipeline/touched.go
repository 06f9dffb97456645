package pipeline

import (
	"context"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
)

// touched gives the claims of a shard whose standing may have changed in this batch: a remit came to
// them or left them, their assessment is new and they have remits, a version of them is new, or somebody asked for it.
func (g *settling) touched(ctx context.Context, shard string) ([]claim.ID, error) {
	env := g.env
	var out []claim.ID
	for _, q := range []struct {
		table  *ledger.Table
		column string
	}{{ledger.Matches, "claim"}, {ledger.Matches, "was"}, {ledger.Assessments, "claim"}} {
		where, err := conds(q.column, shard)
		if err != nil {
			return nil, err
		}
		at := q.table.At(q.column)
		var some []claim.ID
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: q.table, Where: append(where, ledger.OfBatch(env.Batch.No)), Only: []string{q.column}}) {
			if err != nil {
				return nil, err
			}
			some = append(some, row[at].ID())
		}
		if q.table == ledger.Assessments {
			slices.SortFunc(out, claim.ID.Compare)
			some = slices.DeleteFunc(some, func(id claim.ID) bool { // touched already, whatever came before
				_, found := slices.BinarySearchFunc(out, id, claim.ID.Compare)
				return found
			})
			if some, err = g.remitted(ctx, some); err != nil {
				return nil, err
			}
		}
		out = append(out, some...)
	}
	versions, err := g.versionsTouched(ctx, shard)
	if err != nil {
		return nil, err
	}
	out = append(out, versions...)
	s, err := shardOf(shard)
	if err != nil {
		return nil, err
	}
	for _, id := range g.again {
		if p := prefixOf(id); s.from <= p && p < s.to {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, claim.ID.Compare)
	return slices.Compact(out), nil
}

// remitted keeps the claims that have, or had, a remit.
func (g *settling) remitted(ctx context.Context, claims []claim.ID) ([]claim.ID, error) {
	if !g.matches {
		return nil, nil
	}
	env := g.env
	var out []claim.ID
	at := ledger.Matches.At("claim")
	for part := range ledger.Portions(claims) {
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Matches, Where: []ledger.Cond{ledger.OneOf("claim", part...)}, Only: []string{"claim"}}) {
			if err != nil {
				return nil, err
			}
			out = append(out, row[at].ID())
		}
	}
	return out, nil
}

// any reports whether a query has a row.
func (env *Env) any(ctx context.Context, q ledger.Query) (bool, error) {
	rows, err := env.Store.Sums(ctx, q, nil, nil)
	return err == nil && len(rows) > 0 && rows[0][0].Int() > 0, err
}

// versionsTouched gives, of the claims of this batch in the shard, those that are a version of another
// claim: replacements and voids, and the claims whose control number one of these bears.
func (g *settling) versionsTouched(ctx context.Context, shard string) ([]claim.ID, error) {
	if !g.replacements {
		return nil, nil
	}
	env := g.env
	where, err := conds("id", shard)
	if err != nil {
		return nil, err
	}
	byControl := map[string][]claim.ID{}
	var controls []string
	norm := ledger.Claims.At("control_norm")
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: append(where, ledger.OfBatch(env.Batch.No)), Only: []string{"control_norm"}}) {
		if err != nil {
			return nil, err
		}
		n := row[norm].Text()
		byControl[n] = append(byControl[n], row[0].ID())
		controls = append(controls, n)
	}
	slices.Sort(controls)
	var out []claim.ID
	at := ledger.Claims.At("replaces")
	for part := range ledger.Portions(slices.Compact(controls)) {
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.Named("replaces", part...)}, Only: []string{"replaces"}}) {
			if err != nil {
				return nil, err
			}
			out = append(out, byControl[row[at].Text()]...)
		}
	}
	return out, nil
}
