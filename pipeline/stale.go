package pipeline

import (
	"context"
	"strings"

	"revcycle/claim"
	"revcycle/ledger"
)

// stalePrefix marks the units that renew opinions of earlier batches.
const stalePrefix = "stale/"

func cutStale(key string) (string, bool) { return strings.CutPrefix(key, stalePrefix) }

// staleShards gives the units that look through the claims of earlier batches: none where every
// payer's slice is the one that the run before had, and none for a rerun, which judges what it was asked for.
func (env *Env) staleShards(ctx context.Context) ([]string, error) {
	if !env.Batch.Scope.Nothing() {
		return nil, nil
	}
	changed, err := env.slicesChanged(ctx)
	if err != nil || !changed {
		return nil, err
	}
	sums, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Claims}, nil, nil)
	if err != nil || len(sums) == 0 {
		return nil, err
	}
	keys := shards(int(sums[0][0].Int()), claimsPerShard)
	for i := range keys {
		keys[i] = stalePrefix + keys[i]
	}
	return keys, nil
}

// slicesChanged reports whether a payer's slice differs from the one of the last run before this.
func (env *Env) slicesChanged(ctx context.Context) (bool, error) {
	last := map[int64]map[string]claim.Digest{}
	var newest int64
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return false, err
	}
	inPart := map[int64]bool{} // what a rerun judged again was not all that is open
	for _, b := range all {
		inPart[b.No] = !b.Scope.Nothing()
	}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Slices}) {
		if err != nil {
			return false, err
		}
		n := row[0].Int()
		if n == env.Batch.No && env.Batch.Open || inPart[n] {
			continue
		}
		if last[n] == nil {
			last[n] = map[string]claim.Digest{}
		}
		last[n][row[1].Text()] = row[2].Digest()
		newest = max(newest, n)
	}
	if newest == 0 {
		return false, nil
	}
	now := env.slices()
	if len(now) != len(last[newest]) {
		return true, nil
	}
	for payer, digest := range now {
		if last[newest][payer] != digest {
			return true, nil
		}
	}
	return false, nil
}

// slices gives the slice of each payer of the rule book; "" is the one of payers that have no file.
func (env *Env) slices() map[string]claim.Digest {
	out := map[string]claim.Digest{"*": env.Book.Slice("")}
	for _, p := range env.Book.Payers() {
		out[p] = env.Book.Slice(p)
	}
	return out
}

// reassess renews the opinions of a shard's claims whose slice has changed: of those that are open, and of those that
// were held and so never had one.
func (env *Env) reassess(ctx context.Context, w *write, key string) error {
	where, err := conds("claim", key)
	if err != nil {
		return err
	}
	type opinion struct{ stale, held bool }
	current := map[claim.ID]opinion{}
	held := ledger.Assessments.At("held")
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Assessments, Where: where}) {
		if err != nil {
			return err
		}
		current[row[0].ID()] = opinion{row[1].Int() != env.Batch.No && row[3].Digest() != env.Book.Slice(row[2].Text()), !row[held].Null()}
	}
	var again, judged []claim.ID
	for id, is := range current {
		switch {
		case is.stale && is.held:
			again = append(again, id)
		case is.stale:
			judged = append(judged, id)
		}
	}
	open, err := env.openOf(ctx, judged)
	if err != nil {
		return err
	}
	return env.judgeAgain(ctx, w, append(again, open...))
}

// judgeAgain renews the opinions of some claims that are in the ledger.
func (env *Env) judgeAgain(ctx context.Context, w *write, some []claim.ID) error {
	var claims []*claim.Claim
	for ids := range ledger.Portions(some) {
		for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("id", ids...)) {
			if err != nil {
				return err
			}
			w.tally.Again++
			w.tally.AgainCharge += c.Charge
			claims = append(claims, c)
		}
	}
	history, err := env.history(ctx, env.judgedOf(claims))
	if err != nil {
		return err
	}
	return env.renew(ctx, w, claims, history)
}

// openOf keeps the claims that the payer or the patient still owes something on.
func (env *Env) openOf(ctx context.Context, ids []claim.ID) ([]claim.ID, error) {
	var open []claim.ID
	for part := range ledger.Portions(ids) {
		positions, err := ledger.Positions(ctx, env.Store, part)
		if err != nil {
			return nil, err
		}
		for _, id := range part {
			if p := positions[id]; p.Payer != 0 || p.Patient != 0 {
				open = append(open, id)
			}
		}
	}
	return open, nil
}
