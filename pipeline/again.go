package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// The units of what a batch was asked to do again: "again/BATCH/FILE#SHARD" where files were named, else "again/#SHARD",
// judge claims; "again/remits/SHARD" and "again/claims/SHARD" match remits.
const (
	againPrefix = "again/"
	againRemits = "again/remits/"
	againClaims = "again/claims/"
)

// againKeys are the units that judge the scope's claims again: by file where the scope names files, so that a unit's key
// says which.
func (env *Env) againKeys(ctx context.Context) ([]string, error) {
	s := &env.Batch.Scope
	if s.Nothing() || !s.judges() || s.Failed && len(s.Files) == 0 {
		return nil, nil
	}
	if len(s.Files) == 0 {
		n, err := env.scopeCount(ctx)
		return prefixed(againPrefix+"#", n, claimsPerShard), err
	}
	files, err := env.filesAgain(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range files {
		sums, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Claims, Where: f.conds()}, nil, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, prefixed(againPrefix+f.batch+"/"+f.name+"#", int(sums[0][0].Int()), claimsPerShard)...)
	}
	return out, nil
}

// fileAgain is a file of the scope as one of its batches took it.
type fileAgain struct {
	fileName
	at sightedIn
}

func (f *fileAgain) conds() []ledger.Cond {
	return []ledger.Cond{ledger.OfBatch(f.at.batch), {Column: "file", Op: ledger.In, Values: []ledger.Value{ledger.Digest(f.at.sha)}}}
}

// filesAgain lists the scope's files, by batch and name.
func (env *Env) filesAgain(ctx context.Context) ([]fileAgain, error) {
	s := &env.Batch.Scope
	names, err := env.fileNames(ctx)
	if err != nil {
		return nil, err
	}
	var out []fileAgain
	for at, name := range names {
		if at.batch != env.Batch.No && slices.Contains(s.Files, at.sha) && (len(s.Batches) == 0 || slices.Contains(s.Batches, at.batch)) {
			out = append(out, fileAgain{name, at})
		}
	}
	slices.SortFunc(out, func(a, b fileAgain) int { return strings.Compare(a.batch+"/"+a.name, b.batch+"/"+b.name) })
	return out, nil
}

// assessAgain judges again what a unit's key names: it renews the opinions that the rule book no longer has.
func (env *Env) assessAgain(ctx context.Context, w *write, key string) error {
	i := strings.LastIndexByte(key, '#')
	if i < 0 {
		return fmt.Errorf("unit %q: no shard", key)
	}
	where, err := conds("id", key[i+1:])
	if err != nil {
		return err
	}
	if named := key[:i]; named != "" {
		files, err := env.filesAgain(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(files, func(f fileAgain) bool { return f.batch+"/"+f.name == named })
		if at < 0 {
			return fmt.Errorf("unit %q: batch %s does no such file again", key, env.Batch.ID)
		}
		where = append(where, files[at].conds()...)
	}
	some, err := env.scopeClaims(ctx, where...)
	if err != nil {
		return err
	}
	return env.judgeAgain(ctx, w, some)
}

// scopeCount is how many claims the scope has, or some more.
func (env *Env) scopeCount(ctx context.Context) (int, error) {
	s := &env.Batch.Scope
	if len(s.Claims)+len(s.Payments) > 0 {
		some, err := env.scopeClaims(ctx)
		return len(some), err
	}
	sums, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Claims, Where: append(s.conds(), s.ofFiles()...)}, nil, nil)
	if err != nil {
		return 0, err
	}
	return int(sums[0][0].Int()), nil
}

// scopeClaims gives the claims of the scope that meet some more conditions, in ID order.
func (env *Env) scopeClaims(ctx context.Context, where ...ledger.Cond) ([]claim.ID, error) {
	s := &env.Batch.Scope
	where = slices.Concat(where, s.conds(), s.ofFiles())
	ask := func(more ...ledger.Cond) ([]claim.ID, error) {
		return ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: append(slices.Clone(where), more...), Only: []string{}}))
	}
	var out []claim.ID
	if len(s.Claims)+len(s.Payments) == 0 {
		var err error
		if out, err = ask(); err != nil {
			return nil, err
		}
	} else {
		list, err := env.scopeList(ctx)
		if err != nil {
			return nil, err
		}
		for part := range ledger.Portions(list) {
			some, err := ask(ledger.OneOf("id", part...))
			if err != nil {
				return nil, err
			}
			out = append(out, some...)
		}
	}
	if !s.Failed {
		return out, nil
	}
	return env.heldOf(ctx, out)
}

// scopeList gives the claims that the scope names, by themselves and by payments, in ID order.
func (env *Env) scopeList(ctx context.Context) ([]claim.ID, error) {
	s := &env.Batch.Scope
	list := slices.Clone(s.Claims)
	if len(s.Payments) > 0 {
		var remits []claim.ID
		for part := range ledger.Portions(s.Payments) {
			some, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{ledger.OneOf("payment", part...)}, Only: []string{}}))
			if err != nil {
				return nil, err
			}
			remits = append(remits, some...)
		}
		paid, err := env.standOn(ctx, remits)
		if err != nil {
			return nil, err
		}
		if len(s.Claims) == 0 {
			list = paid
		} else {
			list = slices.DeleteFunc(list, func(id claim.ID) bool { return !slices.Contains(paid, id) })
		}
	}
	slices.SortFunc(list, claim.ID.Compare)
	return slices.Compact(list), nil
}

// standOn gives the claims on which some remits stand now, in ID order.
func (env *Env) standOn(ctx context.Context, remits []claim.ID) ([]claim.ID, error) {
	current, err := ledger.CurrentMatches(ctx, env.Store, remits)
	if err != nil {
		return nil, err
	}
	var out []claim.ID
	for _, m := range current {
		if m.Is.State == reconcile.Matched {
			out = append(out, m.Is.Claim)
		}
	}
	slices.SortFunc(out, claim.ID.Compare)
	return slices.Compact(out), nil
}

// heldOf keeps those of some claims whose current opinion is that they are held.
func (env *Env) heldOf(ctx context.Context, claims []claim.ID) ([]claim.ID, error) {
	held := ledger.Assessments.At("held")
	var out []claim.ID
	for part := range ledger.Portions(claims) {
		now := map[claim.ID]bool{}
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Assessments, Where: []ledger.Cond{ledger.OneOf("claim", part...)}, Only: []string{"held"}}) {
			if err != nil {
				return nil, err
			}
			now[row[0].ID()] = !row[held].Null()
		}
		for _, id := range part {
			if now[id] {
				out = append(out, id)
			}
		}
	}
	return out, nil
}

// matchAgainKeys are the units that match the scope's remits again.
func (env *Env) matchAgainKeys(ctx context.Context) ([]string, error) {
	s := &env.Batch.Scope
	if s.Stage != "reconcile" {
		return nil, nil
	}
	var out []string
	if len(s.Claims) == 0 {
		remits, err := env.scopeRemits(ctx)
		if err != nil {
			return nil, err
		}
		out = prefixed(againRemits, len(remits), remitsPerShard)
	}
	if len(s.Payments) > 0 {
		return out, nil
	}
	n, err := env.scopeCount(ctx)
	return append(out, prefixed(againClaims, n, claimsPerShard)...), err
}

// remitsAgain gives the remits that a unit of matching takes up again, for the claims or the remits of its shard.
func (env *Env) remitsAgain(ctx context.Context, key string) ([]claim.ID, error) {
	if shard, ok := strings.CutPrefix(key, againRemits); ok {
		where, err := conds("id", shard)
		if err != nil {
			return nil, err
		}
		return env.scopeRemits(ctx, where...)
	}
	where, err := conds("id", strings.TrimPrefix(key, againClaims))
	if err != nil {
		return nil, err
	}
	claims, err := env.scopeClaims(ctx, where...)
	if err != nil {
		return nil, err
	}
	return env.remitsFor(ctx, claims)
}

// remitsFor gives the remits that stand on some claims, and those that bear their control numbers, in ID order.
func (env *Env) remitsFor(ctx context.Context, claims []claim.ID) ([]claim.ID, error) {
	on, err := env.remitsOn(ctx, slices.Clone(claims))
	if err != nil {
		return nil, err
	}
	var out []claim.ID
	for _, some := range on {
		out = append(out, some...)
	}
	norm := ledger.Claims.At("control_norm")
	for part := range ledger.Portions(claims) {
		var controls []string
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.OneOf("id", part...)}, Only: []string{"control_norm"}}) {
			if err != nil {
				return nil, err
			}
			controls = append(controls, row[norm].Text())
		}
		some, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{ledger.Named("control_norm", controls...)}, Only: []string{}}))
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, claim.ID.Compare)
	return slices.Compact(out), nil
}

// scopeRemits gives the remits that the scope's batches, files or payments brought and that meet some more conditions.
func (env *Env) scopeRemits(ctx context.Context, where ...ledger.Cond) ([]claim.ID, error) {
	s := &env.Batch.Scope
	where = append(slices.Clone(where), s.conds()...)
	payments := s.Payments
	if len(s.Files) > 0 {
		of, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Payments, Where: s.ofFiles(), Only: []string{}}))
		if err != nil {
			return nil, err
		}
		if len(payments) > 0 {
			of = slices.DeleteFunc(of, func(id claim.ID) bool { return !slices.Contains(payments, id) })
		}
		payments = of
	} else if len(payments) == 0 {
		return ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: where, Only: []string{}}))
	}
	var out []claim.ID
	for part := range ledger.Portions(payments) {
		some, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: append(slices.Clone(where), ledger.OneOf("payment", part...)), Only: []string{}}))
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, claim.ID.Compare)
	return out, nil
}

// settleAgain gives the claims that are settled again whether or not a match or an opinion of them is new, in ID order.
func (env *Env) settleAgain(ctx context.Context) ([]claim.ID, error) {
	s := &env.Batch.Scope
	if s.Stage != "reconcile" {
		return nil, nil
	}
	var out []claim.ID
	if len(s.Claims) == 0 {
		remits, err := env.scopeRemits(ctx)
		if err != nil {
			return nil, err
		}
		if out, err = env.standOn(ctx, remits); err != nil {
			return nil, err
		}
	}
	if len(s.Payments) == 0 {
		claims, err := env.scopeClaims(ctx)
		if err != nil {
			return nil, err
		}
		on, err := env.remitsOn(ctx, claims)
		if err != nil {
			return nil, err
		}
		for id := range on {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, claim.ID.Compare)
	return slices.Compact(out), nil
}
