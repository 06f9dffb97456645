package pipeline

import (
	"context"
	"slices"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// standingOf reads all that settling some claims needs.
func (env *Env) standingOf(ctx context.Context, claims []claim.ID) (*standing, error) {
	st := &standing{
		claims: map[claim.ID]*claim.Claim{}, version: map[claim.ID]reconcile.Version{}, remits: map[claim.ID][]reconcile.Adjudged{},
		entries: map[claim.ID][]ledger.PostedEntry{}, judged: map[claim.ID]ledger.Row{}, settled: map[claim.ID][]ledger.Row{},
		denials: map[claim.ID][]ledger.Row{},
	}
	if err := env.readVersions(ctx, st, claims); err != nil {
		return nil, err
	}
	var err error
	if st.opinions, err = ledger.CurrentAssessments(ctx, env.Store, claims); err != nil {
		return nil, err
	}
	if err := env.readAdjudged(ctx, st, claims); err != nil {
		return nil, err
	}
	for e, err := range ledger.ReadEntries(ctx, env.Store, ledger.OneOf("claim", claims...)) {
		if err != nil {
			return nil, err
		}
		st.entries[e.Claim] = append(st.entries[e.Claim], e)
	}
	for _, t := range []struct {
		table *ledger.Table
		into  map[claim.ID][]ledger.Row
	}{{ledger.Settlements, st.settled}, {ledger.Denials, st.denials}} {
		rows, err := ledger.Latest(ctx, env.Store, t.table, ledger.OneOf("claim", claims...))
		if err != nil {
			return nil, err
		}
		at := t.table.At("claim")
		for _, row := range rows {
			id := row[at].ID()
			t.into[id] = append(t.into[id], row)
		}
	}
	return st, nil
}

// readVersions reads the claims and every other claim that bears one of their control numbers, and
// orders their versions.
func (env *Env) readVersions(ctx context.Context, st *standing, claims []claim.ID) error {
	var controls []string
	for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("id", claims...)) {
		if err != nil {
			return err
		}
		st.claims[c.ID] = c
		controls = append(controls, claim.NormalControl(c.Control))
	}
	slices.Sort(controls)
	var all []reconcile.Candidate
	var family []claim.ID
	for part := range ledger.Portions(slices.Compact(controls)) {
		some, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.Named("control_norm", part...)}, Only: []string{}}))
		if err != nil {
			return err
		}
		family = append(family, some...)
	}
	others := slices.DeleteFunc(slices.Clone(family), func(id claim.ID) bool { return st.claims[id] != nil })
	for part := range ledger.Portions(others) {
		for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("id", part...)) {
			if err != nil {
				return err
			}
			st.claims[c.ID] = c // for its date, as the version that superseded another
		}
	}
	for _, id := range family {
		all = append(all, reconcile.Candidate{Claim: st.claims[id]})
	}
	if len(all) > len(claims) || len(controls) < len(claims) {
		known, err := env.payerControls(ctx, family)
		if err != nil {
			return err
		}
		for i := range all {
			all[i].PayerControls = known[all[i].Claim.ID]
		}
	}
	for _, v := range reconcile.Versions(all) {
		st.version[v.Claim] = v
	}
	return nil
}

// createdOf is the date on which a version that superseded another was made; unknown where there is none.
func (st *standing) createdOf(id claim.ID) civil.Date {
	if c := st.claims[id]; c != nil {
		return c.Created
	}
	return 0
}

// readAdjudged reads the remits that stand on the claims, with their payments and matches.
func (env *Env) readAdjudged(ctx context.Context, st *standing, claims []claim.ID) error {
	current, err := ledger.MatchesOn(ctx, env.Store, claims)
	if err != nil {
		return err
	}
	all := make([]claim.ID, len(current))
	for i := range current {
		all[i] = current[i].Is.Remit
	}
	remits, err := env.askedOf(ctx, all) // in the order of IDs, as current
	if err != nil {
		return err
	}
	for i := range remits {
		r, m := &remits[i], current[i].Is
		st.remits[m.Claim] = append(st.remits[m.Claim], reconcile.Adjudged{Remit: r.remit, Payment: r.payment, Match: m})
	}
	for part := range ledger.Portions(all) {
		rows, err := ledger.Latest(ctx, env.Store, ledger.Adjudged, ledger.OneOf("remit", part...))
		if err != nil {
			return err
		}
		for _, row := range rows {
			st.judged[row[0].ID()] = row
		}
	}
	return nil
}
