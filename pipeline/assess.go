package pipeline

import (
	"context"
	"fmt"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/rules"
)

// claimsPerShard is about how many claims a unit of assess or reconcile works on.
const claimsPerShard = 4_000

// shard is a range of IDs, by their first two bytes: a unit of work whose key says what it covers.
type shard struct{ from, to uint32 } // to is not included; 0x10000 is the end

// shards cuts the IDs into about n/size ranges of equal width. IDs are hashes, so they fill alike.
func shards(n, size int) []string {
	parts := 1
	for parts < 1<<12 && parts*size < n {
		parts *= 2
	}
	keys := make([]string, parts)
	for i := range keys {
		keys[i] = fmt.Sprintf("%04x-%04x", i*(1<<16)/parts, (i+1)*(1<<16)/parts-1)
	}
	return keys
}

// conds are the conditions that a column lies in the shard of a key that shards made.
func conds(column, key string) ([]ledger.Cond, error) {
	var s shard
	if _, err := fmt.Sscanf(key, "%04x-%04x", &s.from, &s.to); err != nil {
		return nil, fmt.Errorf("unit %q: %w", key, err)
	}
	s.to++
	at := func(n uint32) ledger.Value {
		var id claim.ID
		id[0], id[1], id[15] = byte(n>>8), byte(n), 1 // never the zero ID, which is null
		if n > 0 {
			id[15] = 0
		}
		return ledger.ID(id)
	}
	out := []ledger.Cond{{Column: column, Op: ledger.AtLeast, Values: []ledger.Value{at(s.from)}}}
	if s.to < 1<<16 {
		out = append(out, ledger.Cond{Column: column, Op: ledger.Below, Values: []ledger.Value{at(s.to)}})
	}
	return out, nil
}

// assessStage gives every claim of the batch its opinion, and renews those that went stale: a payer's
// slice changed while the claim is open, or a new claim came into the history that the opinion read.
func (env *Env) assessStage(ctx context.Context) (Tally, error) {
	ingested, err := env.tallyOf(ctx, "ingest")
	if err != nil {
		return Tally{}, err
	}
	keys := shards(ingested.Claims, claimsPerShard)
	if ingested.Claims == 0 {
		keys = nil
	}
	stale, err := env.staleShards(ctx)
	if err != nil {
		return Tally{}, err
	}
	return env.work(ctx, "assess", append(keys, stale...), env.assessShard)
}

func (env *Env) assessShard(ctx context.Context, key string) (*write, error) {
	w := &write{unit: env.unit("assess", key)}
	if rest, ok := cutStale(key); ok {
		return w, env.reassess(ctx, w, rest)
	}
	where, err := conds("id", key)
	if err != nil {
		return nil, err
	}
	var fresh []claim.Claim
	for c, err := range ledger.ReadClaims(ctx, env.Store, append(where, ledger.OfBatch(env.Batch.No))...) {
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, c)
	}
	return w, env.assess(ctx, w, fresh, true)
}

// assess appends the opinions of some claims to w. With kin, the opinions of earlier claims whose
// history the new ones join are renewed too.
func (env *Env) assess(ctx context.Context, w *write, claims []claim.Claim, kin bool) error {
	history, err := env.history(ctx, claims)
	if err != nil {
		return err
	}
	mine := make(map[claim.ID]bool, len(claims))
	for i := range claims {
		mine[claims[i].ID] = true
	}
	var older []claim.Claim
	for i := range claims {
		c := &claims[i]
		prior := history[rules.KeyOf(c)]
		env.opine(w, c, prior, nil)
		for j := range prior {
			if o := &prior[j]; kin && !mine[o.ID] {
				mine[o.ID] = true
				older = append(older, *o)
			}
		}
	}
	return env.renew(ctx, w, older, history)
}

// renew appends new opinions of claims whose current one is stale: its slice or what it read has changed.
func (env *Env) renew(ctx context.Context, w *write, older []claim.Claim, history map[rules.Key][]claim.Claim) error {
	if len(older) == 0 {
		return nil
	}
	slices.SortFunc(older, func(a, b claim.Claim) int { return a.ID.Compare(b.ID) })
	ids := make([]claim.ID, len(older))
	for i := range older {
		ids[i] = older[i].ID
	}
	current, err := ledger.CurrentAssessments(ctx, env.Store, ids)
	if err != nil {
		return err
	}
	for i := range older {
		c := &older[i]
		was, ok := current[c.ID]
		if !ok || was.Batch == env.Batch.No {
			continue // a claim of this batch: its own unit assesses it
		}
		env.opine(w, c, history[rules.KeyOf(c)], &was.Is)
	}
	return nil
}

// opine appends the opinion of a claim, unless it is the one it had.
func (env *Env) opine(w *write, c *claim.Claim, kin []claim.Claim, was *rules.Assessment) {
	payer := env.payerOf(c)
	var prior []claim.Claim
	if env.Book.NeedsHistory(payer) {
		prior = others(c, kin)
	}
	a := env.Book.Assess(c, payer, prior)
	if was != nil && was.Slice == a.Slice && was.Read == a.Read {
		return
	}
	w.add(ledger.Assessments, ledger.AssessmentRow(&a, env.Batch.No))
	w.add(ledger.Findings, ledger.FindingRows(&a, env.Batch.No)...)
	w.tally.Assessed++
	w.tally.Findings += len(a.Findings)
	if expected, ok := a.Expected(); ok {
		w.tally.Expected += expected
	} else {
		w.tally.Unpriced++
	}
}

// others is a claim's history without the claim itself.
func others(c *claim.Claim, kin []claim.Claim) []claim.Claim {
	out := make([]claim.Claim, 0, len(kin))
	for i := range kin {
		if kin[i].ID != c.ID {
			out = append(out, kin[i])
		}
	}
	return out
}

// payerOf is the payer whose slice judges the claim: the master's, else the ID it came with.
func (env *Env) payerOf(c *claim.Claim) string {
	from, _ := c.Service()
	payer, _, _ := env.Party.Payer("837", c.Payer.ID, from)
	return payer
}

// history gives, for the claims whose payer's rules look back, every claim of the same patient and
// billing provider: ordered by service date, then ID, as rules.History promises. Only claims that are
// not at hand are read.
func (env *Env) history(ctx context.Context, claims []claim.Claim) (map[rules.Key][]claim.Claim, error) {
	want := map[rules.Key]bool{}
	atHand := make(map[claim.ID]*claim.Claim, len(claims))
	var patients []claim.ID
	for i := range claims {
		c := &claims[i]
		atHand[c.ID] = c
		k := rules.KeyOf(c)
		if k.Patient.Known() && !want[k] && env.Book.NeedsHistory(env.payerOf(c)) {
			want[k] = true
			patients = append(patients, k.Patient)
		}
	}
	out := make(map[rules.Key][]claim.Claim, len(want))
	keep := func(c *claim.Claim) {
		if k := rules.KeyOf(c); want[k] && c.Use != claim.Reporting {
			out[k] = append(out[k], *c)
		}
	}
	var missing []claim.ID
	for part := range ledger.Portions(patients) {
		rows, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.OneOf("patient", part...)}}, []string{"patient", "id"}, nil)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if c := atHand[r[1].ID()]; c != nil {
				keep(c)
			} else {
				missing = append(missing, r[1].ID())
			}
		}
	}
	for part := range ledger.Portions(missing) {
		for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("id", part...)) {
			if err != nil {
				return nil, err
			}
			keep(&c)
		}
	}
	for _, kin := range out {
		slices.SortFunc(kin, byService)
	}
	return out, nil
}

func byService(a, b claim.Claim) int {
	af, _ := a.Service()
	bf, _ := b.Service()
	if af != bf {
		return int(af - bf)
	}
	return a.ID.Compare(b.ID)
}
