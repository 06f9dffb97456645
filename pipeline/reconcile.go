package pipeline

import (
	"context"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// reconcileStage matches the remits, then settles and posts the claims that they and the new
// assessments touch. Each step starts when the one before is whole, so that what is matched does not
// depend on which unit came first.
func (env *Env) reconcileStage(ctx context.Context) (Tally, error) {
	ingested, err := env.tallyOf(ctx, "ingest")
	if err != nil {
		return Tally{}, err
	}
	acks, err := env.ackUnits(ctx, ingested)
	if err != nil {
		return Tally{}, err
	}
	if _, err := env.do(ctx, "acks", units(acks)); err != nil {
		return Tally{}, err
	}
	matched, err := env.matchSteps(ctx, ingested)
	if err != nil {
		return Tally{}, err
	}
	assessed, err := env.tallyOf(ctx, "assess")
	if err != nil {
		return Tally{}, err
	}
	asked, err := env.settleAgain(ctx)
	if err != nil {
		return Tally{}, err
	}
	var keys []string
	if work := max(ingested.Claims+ingested.Remits, assessed.Assessed, matched.Matched+matched.Orphans, len(asked)); work > 0 {
		keys = shards(work, remitsPerShard)
	}
	settled, err := env.do(ctx, "settle", units(keys))
	if err != nil {
		return Tally{}, err
	}
	matched.Add(settled)
	return matched, nil
}

// matchSteps runs the steps of matching in their order. Its units are those of one stage, "match".
func (env *Env) matchSteps(ctx context.Context, ingested Tally) (Tally, error) {
	sure := prefixed(matchSure, ingested.Remits, remitsPerShard)
	first, err := env.do(ctx, "match", units(sure))
	if err != nil {
		return Tally{}, err
	}
	var rest []string
	if first.Left > 0 {
		rest = prefixed(matchRest, ingested.Remits, remitsPerShard)
	}
	if _, err := env.do(ctx, "match-rest", units(rest)); err != nil {
		return Tally{}, err
	}
	before := ledger.Cond{Column: "batch", Op: ledger.Below, Values: []ledger.Value{ledger.Int(env.Batch.No)}}
	old, err := env.any(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{before}})
	if err != nil {
		return Tally{}, err
	}
	var again []string
	if old {
		waiting, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Matches, Where: []ledger.Cond{before, {Column: "retry", Op: ledger.NotNull}}}, nil, nil)
		if err != nil {
			return Tally{}, err
		}
		if len(waiting) > 0 {
			again = prefixed(matchRetry, int(waiting[0][0].Int()), remitsPerShard)
		}
		again = append(again, prefixed(matchClaims, ingested.Claims, claimsPerShard)...)
		decided, err := env.decidedRemits(ctx)
		if err != nil {
			return Tally{}, err
		}
		asked, err := env.matchAgainKeys(ctx)
		if err != nil {
			return Tally{}, err
		}
		again = slices.Concat(again, prefixed(matchDecided, decided, remitsPerShard), asked)
	}
	return env.do(ctx, "match-again", units(again))
}

func prefixed(prefix string, n, size int) []string {
	if n == 0 {
		return nil
	}
	keys := shards(n, size)
	for i := range keys {
		keys[i] = prefix + keys[i]
	}
	return keys
}

// hold records a remit that may not post: it does not balance, or its set does not.
func (env *Env) hold(w *write, a *asked) {
	w.add(ledger.Matches, ledger.MatchRow(&reconcile.MatchResult{Remit: a.remit.ID, Rule: "-", State: reconcile.Held}, nil, env.Batch.No))
	env.judgeAlone(w, a, reconcile.Held)
}

// judgeAlone records how a remit that stands on no claim reads by itself.
func (env *Env) judgeAlone(w *write, a *asked, state reconcile.MatchState) {
	x := reconcile.Adjudged{Remit: a.remit, Payment: a.payment, Match: reconcile.MatchResult{Remit: a.remit.ID, Rule: "C5", State: state}}
	l := reconcile.Alone(x, nil, nil, reconcile.Pair{}, nil, env.policy())
	w.add(ledger.Adjudged, ledger.AdjudgedRow(&l, claim.ID{}, false, env.Batch.No))
}
