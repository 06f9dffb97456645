package extract

import (
	"context"
	"fmt"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// joinVersions gives each claim of a block its place among the versions of its bill. Most claims are the
// only one of their control number, so the store is asked first how many share it.
func (b *builder) joinVersions(ctx context.Context, ids []claim.ID, at map[claim.ID]*claimed) error {
	controls := map[string]bool{}
	var numbers []string // payer control numbers that replacements name
	for _, id := range ids {
		c := at[id].claim
		controls[claim.NormalControl(c.Control)] = true
		if f8 := c.Reference("F8"); c.Replaces() && f8 != "" {
			numbers = append(numbers, f8)
		}
	}
	shared, err := b.shared(ctx, sorted(controls))
	if err != nil {
		return err
	}
	known, more, err := b.ownersOf(ctx, numbers)
	if err != nil {
		return err
	}
	family := map[claim.ID]*claim.Claim{}
	load := func(where ledger.Cond) error {
		for c, err := range ledger.ReadClaims(ctx, b.store, append(b.until(), where)...) {
			if err != nil {
				return err
			}
			family[c.ID] = c
		}
		return nil
	}
	for part := range ledger.Portions(shared) {
		if err := load(ledger.Named("control_norm", part...)); err != nil {
			return err
		}
	}
	for part := range ledger.Portions(more) {
		if err := load(ledger.OneOf("id", part...)); err != nil {
			return err
		}
	}
	for i := range numbers {
		for _, id := range ids {
			if at[id].claim.Reference("F8") == numbers[i] {
				family[id] = at[id].claim
			}
		}
	}
	for _, v := range versionsOf(family, known) {
		if x, ok := at[v.Claim]; ok {
			x.root, x.version = v.Root, whole(v.Number)
		}
	}
	return nil
}

// versionsOf groups a family by control number first, since grouping compares every two claims.
func versionsOf(family map[claim.ID]*claim.Claim, known map[claim.ID][]string) []reconcile.Version {
	groups := map[string][]reconcile.Candidate{}
	var crossing []reconcile.Candidate // tied by a payer control number, whatever their own
	for _, id := range keys(family) {
		c := family[id]
		candidate := reconcile.Candidate{Claim: c, PayerControls: known[id]}
		if len(known[id]) > 0 || c.Replaces() && c.Reference("F8") != "" {
			crossing = append(crossing, candidate)
			continue
		}
		k := claim.NormalControl(c.Control)
		groups[k] = append(groups[k], candidate)
	}
	if len(crossing) > 0 {
		for i := range crossing {
			k := claim.NormalControl(crossing[i].Claim.Control)
			crossing = append(crossing, groups[k]...)
			delete(groups, k)
		}
	}
	out := reconcile.Versions(crossing)
	for _, k := range sortedKeys(groups) {
		out = append(out, reconcile.Versions(groups[k])...)
	}
	return out
}

// shared gives those of some control numbers that more than one claim bears.
func (b *builder) shared(ctx context.Context, controls []string) ([]string, error) {
	var out []string
	for part := range ledger.Portions(controls) {
		counts, err := b.store.Sums(ctx, ledger.Query{Table: ledger.Claims, Where: append(b.until(), ledger.Named("control_norm", part...))}, []string{"control_norm"}, nil)
		if err != nil {
			return nil, fmt.Errorf("count claims of one control number: %w", err)
		}
		for _, row := range counts {
			if row[1].Int() > 1 {
				out = append(out, row[0].Text())
			}
		}
	}
	return out, nil
}

// ownersOf gives the claims that remits with one of the payer's control numbers are matched to, with these numbers.
func (b *builder) ownersOf(ctx context.Context, numbers []string) (known map[claim.ID][]string, owners []claim.ID, err error) {
	if len(numbers) == 0 {
		return nil, nil, nil
	}
	number := ledger.Remits.At("payer_control")
	remits := map[claim.ID]string{}
	for part := range ledger.Portions(numbers) {
		for row, err := range b.columns(ctx, ledger.Remits, []string{"payer_control"}, ledger.Named("payer_control", part...)) {
			if err != nil {
				return nil, nil, err
			}
			remits[row[0].ID()] = row[number].Text()
		}
	}
	matches, err := ledger.CurrentMatches(ctx, b.store, keys(remits))
	if err != nil {
		return nil, nil, err
	}
	known = map[claim.ID][]string{}
	for _, id := range keys(matches) {
		if m := matches[id].Is; m.State == reconcile.Matched {
			known[m.Claim] = appendNew(known[m.Claim], remits[id])
		}
	}
	return known, keys(known), nil
}

func sorted(set map[string]bool) []string { return sortedKeys(set) }

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
