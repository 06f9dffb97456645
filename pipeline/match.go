package pipeline

import (
	"context"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// remitsPerShard is about how many remits a unit of matching or settling works on.
const remitsPerShard = 1_000

// The units of the match step, in their order: what the control number decides, then what needs the
// whole of the first part (payer numbers known from other remits, persons), and last year's remits
// whose candidates changed.
const (
	matchSure   = "match/"
	matchRest   = "rest/"
	matchRetry  = "retry/"
	matchClaims = "claims/"
	// and remits that people decided about
	matchDecided = "decided/"
)

// asked is a remit with its payment.
type asked struct {
	remit   *claim.Remit
	payment *claim.Payment
	held    string
}

// matchSureShard matches those remits of the batch whose control number decides.
func (env *Env) matchSureShard(ctx context.Context, key string) (*write, error) {
	w := &write{unit: env.unit("match", key)}
	remits, err := env.remitsOfBatch(ctx, strings.TrimPrefix(key, matchSure))
	if err != nil {
		return nil, err
	}
	candidates, err := env.candidatesByControl(ctx, remits)
	if err != nil {
		return nil, err
	}
	not, err := env.notOn(ctx)
	if err != nil {
		return nil, err
	}
	for i := range remits {
		a := &remits[i]
		if a.held != "" {
			env.hold(w, a)
			continue
		}
		m := env.matcher().Match(a.remit, a.payment, without(candidates[claim.NormalControl(a.remit.Control)], not[a.remit.ID]))
		if m.State == reconcile.Matched && m.Rule == "C1" {
			env.recordMatch(w, &m, nil)
		} else {
			w.tally.Left++
		}
	}
	return w, nil
}

// matchRestShard matches what the control number left over, with every candidate there is.
func (env *Env) matchRestShard(ctx context.Context, key string) (*write, error) {
	w := &write{unit: env.unit("match", key)}
	where, err := conds("id", strings.TrimPrefix(key, matchRest))
	if err != nil {
		return nil, err
	}
	came, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: append(where, ledger.OfBatch(env.Batch.No)), Only: []string{}}))
	if err != nil {
		return nil, err
	}
	done := map[claim.ID]bool{}
	for part := range ledger.Portions(came) {
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Matches, Where: []ledger.Cond{ledger.OneOf("remit", part...)}, Only: []string{}}) {
			if err != nil {
				return nil, err
			}
			done[row[0].ID()] = true
		}
	}
	left, err := env.askedOf(ctx, slices.DeleteFunc(came, func(id claim.ID) bool { return done[id] }))
	if err != nil {
		return nil, err
	}
	return w, env.rematch(ctx, w, left)
}

// matchAgainShard looks again at remits of earlier batches: those that stand on no claim (they are
// tried every night), or those whose control number a new claim bears.
func (env *Env) matchAgainShard(ctx context.Context, key string) (*write, error) {
	w := &write{unit: env.unit("match", key)}
	var ids []claim.ID
	var err error
	if shard, ok := strings.CutPrefix(key, matchRetry); ok {
		ids, err = env.waiting(ctx, shard)
	} else if shard, ok := strings.CutPrefix(key, matchDecided); ok {
		ids, err = env.decidedShard(ctx, shard)
	} else if strings.HasPrefix(key, againPrefix) {
		ids, err = env.remitsAgain(ctx, key)
	} else {
		ids, err = env.remitsOfNewClaims(ctx, strings.TrimPrefix(key, matchClaims))
	}
	if err != nil {
		return nil, err
	}
	remits, err := env.askedOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	return w, env.rematch(ctx, w, remits)
}

// rematch matches remits with every candidate and records what is new or has changed.
func (env *Env) rematch(ctx context.Context, w *write, remits []asked) error {
	if len(remits) == 0 {
		return nil
	}
	candidates, err := env.allCandidates(ctx, remits)
	if err != nil {
		return err
	}
	ids := make([]claim.ID, len(remits))
	for i := range remits {
		ids[i] = remits[i].remit.ID
	}
	before, err := ledger.CurrentMatches(ctx, env.Store, ids)
	if err != nil {
		return err
	}
	not, err := env.notOn(ctx)
	if err != nil {
		return err
	}
	for i := range remits {
		a := &remits[i]
		if a.held != "" {
			continue
		}
		m := env.matcher().Match(a.remit, a.payment, without(candidates[a.remit.ID], not[a.remit.ID]))
		was, known := before[a.remit.ID]
		if known && was.Is.Claim == m.Claim && was.Is.State == m.State && was.Is.RuleText() == m.RuleText() {
			continue
		}
		if known {
			env.recordMatch(w, &m, &was.Is)
		} else {
			env.recordMatch(w, &m, nil)
		}
		if m.State != reconcile.Matched {
			env.judgeAlone(w, a, m.State)
		}
	}
	return nil
}

func (env *Env) recordMatch(w *write, m, was *reconcile.MatchResult) {
	w.addCounted(ledger.Matches, func(t *Tally, fresh bool) {
		if m.State == reconcile.Matched {
			t.Matched += one(fresh)
		} else {
			t.Orphans += one(fresh)
		}
	}, ledger.MatchRow(m, was, env.Batch.No))
}

func (env *Env) matcher() reconcile.Matcher { return reconcile.Matcher{} }

// remitsOfBatch gives a shard of the batch's remits with their payments.
func (env *Env) remitsOfBatch(ctx context.Context, shard string) ([]asked, error) {
	where, err := conds("id", shard)
	if err != nil {
		return nil, err
	}
	return env.askedWhere(ctx, append(where, ledger.OfBatch(env.Batch.No))...)
}

func (env *Env) askedOf(ctx context.Context, ids []claim.ID) ([]asked, error) {
	var out []asked
	for part := range ledger.Portions(ids) {
		some, err := env.askedWhere(ctx, ledger.OneOf("id", part...))
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

func (env *Env) askedWhere(ctx context.Context, where ...ledger.Cond) ([]asked, error) {
	out := make([]asked, 0, remitsPerShard)
	var payments []claim.ID
	seen := map[claim.ID]bool{}
	accepted, err := env.accepted(ctx)
	if err != nil {
		return nil, err
	}
	for h, err := range ledger.ReadHeldRemits(ctx, env.Store, where...) {
		if err != nil {
			return nil, err
		}
		if accepted[h.Remit.Payment] {
			h.Accept()
		}
		out = append(out, asked{remit: h.Remit, held: h.Held})
		if !seen[h.Remit.Payment] {
			seen[h.Remit.Payment] = true
			payments = append(payments, h.Remit.Payment)
		}
	}
	byID, err := env.paymentsOf(ctx, payments)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].payment = byID[out[i].remit.Payment]; accepted[out[i].remit.Payment] && out[i].payment != nil {
			out[i].payment.Held = ""
		}
	}
	return out, nil
}

func (env *Env) paymentsOf(ctx context.Context, ids []claim.ID) (map[claim.ID]*claim.Payment, error) {
	out := make(map[claim.ID]*claim.Payment, len(ids))
	for part := range ledger.Portions(ids) {
		for p, err := range ledger.ReadPayments(ctx, env.Store, ledger.OneOf("id", part...)) {
			if err != nil {
				return nil, err
			}
			out[p.ID] = p
		}
	}
	return out, nil
}

// waiting gives the remits of earlier batches whose current match is none that posts.
func (env *Env) waiting(ctx context.Context, shard string) ([]claim.ID, error) {
	where, err := conds("remit", shard)
	if err != nil {
		return nil, err
	}
	where = append(where, ledger.Cond{Column: "retry", Op: ledger.NotNull}, ledger.Cond{Column: "batch", Op: ledger.Below, Values: []ledger.Value{ledger.Int(env.Batch.No)}})
	return ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Matches, Where: where, Only: []string{}}))
}

// remitsOfNewClaims gives the remits of earlier batches that bear the control number of a claim of this one.
func (env *Env) remitsOfNewClaims(ctx context.Context, shard string) ([]claim.ID, error) {
	where, err := conds("id", shard)
	if err != nil {
		return nil, err
	}
	var controls []string
	norm := ledger.Claims.At("control_norm")
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: append(where, ledger.OfBatch(env.Batch.No)), Only: []string{"control_norm"}}) {
		if err != nil {
			return nil, err
		}
		controls = append(controls, row[norm].Text())
	}
	var out []claim.ID
	for part := range ledger.Portions(controls) {
		some, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{ledger.Named("control_norm", part...),
			{Column: "batch", Op: ledger.Below, Values: []ledger.Value{ledger.Int(env.Batch.No)}}}, Only: []string{}}))
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}
