package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

// shardOf is the shard of a key that shards made.
func shardOf(key string) (s shard, err error) {
	if _, err := fmt.Sscanf(key, "%04x-%04x", &s.from, &s.to); err != nil {
		return s, fmt.Errorf("unit %q: %w", key, err)
	}
	s.to++
	return s, nil
}

// conds are the conditions that a column lies in the shard of a key.
func conds(column, key string) ([]ledger.Cond, error) {
	s, err := shardOf(key)
	if err != nil {
		return nil, err
	}
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
	again, err := env.againKeys(ctx)
	if err != nil {
		return Tally{}, err
	}
	env.arrived.settle(env.Batch.No, ingested.Claims)
	defer func() { env.arrived = nil }()
	return env.do(ctx, "assess", units(slices.Concat(keys, stale, again)))
}

func (env *Env) assessShard(ctx context.Context, key string) (*write, error) {
	w := &write{unit: env.unit("assess", key)}
	if rest, ok := cutStale(key); ok {
		return w, env.reassess(ctx, w, rest)
	}
	if rest, ok := strings.CutPrefix(key, againPrefix); ok {
		return w, env.assessAgain(ctx, w, rest)
	}
	fresh, err := env.newClaims(ctx, key)
	if err != nil {
		return nil, err
	}
	return w, env.assess(ctx, w, fresh)
}

// newClaims gives the batch's claims of a shard in ID order.
func (env *Env) newClaims(ctx context.Context, key string) ([]*claim.Claim, error) {
	s, err := shardOf(key)
	if err != nil {
		return nil, err
	}
	fresh, kept, err := env.arrived.within(s)
	if kept || err != nil {
		return fresh, err
	}
	where, err := conds("id", key)
	if err != nil {
		return nil, err
	}
	for c, err := range ledger.ReadClaims(ctx, env.Store, append(where, ledger.OfBatch(env.Batch.No))...) {
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, c)
	}
	return fresh, nil
}

// judged is a claim with what is asked of it again and again.
type judged struct {
	*claim.Claim
	payer     string    // whose slice judges it
	looksBack bool      // the payer's rules read history
	belongs   rules.Key // its history
}

// judgedOf looks up the claims' payers and histories.
func (env *Env) judgedOf(claims []*claim.Claim) []judged {
	out := make([]judged, len(claims))
	for i := range claims {
		c := claims[i]
		payer := env.payerOf(c)
		out[i] = judged{c, payer, env.Book.NeedsHistory(payer), rules.KeyOf(c)}
	}
	return out
}

// kin are the claims of each history, those that are looked back on, in order of service date, then ID.
type kin map[rules.Key][]*claim.Claim

// assess appends the opinions of the batch's new claims to w, and renews those of earlier claims whose history they join.
func (env *Env) assess(ctx context.Context, w *write, claims []*claim.Claim) error {
	all := env.judgedOf(claims)
	history, err := env.history(ctx, all)
	if err != nil {
		return err
	}
	mine := make(map[claim.ID]bool, len(claims))
	for i := range claims {
		mine[claims[i].ID] = true
	}
	var older []*claim.Claim
	for i := range all {
		env.opine(w, &all[i], history, nil)
		for _, o := range history[all[i].belongs] {
			if !mine[o.ID] {
				mine[o.ID] = true
				older = append(older, o)
			}
		}
	}
	return env.renew(ctx, w, older, history)
}

// renew appends new opinions of claims whose current one is stale: its slice or what it read has changed.
func (env *Env) renew(ctx context.Context, w *write, older []*claim.Claim, history kin) error {
	if len(older) == 0 {
		return nil
	}
	slices.SortFunc(older, func(a, b *claim.Claim) int { return a.ID.Compare(b.ID) })
	ids := make([]claim.ID, len(older))
	for i := range older {
		ids[i] = older[i].ID
	}
	current, err := ledger.CurrentAssessments(ctx, env.Store, ids)
	if err != nil {
		return err
	}
	for _, c := range env.judgedOf(older) {
		was, ok := current[c.ID]
		if !ok || was.Batch == env.Batch.No {
			continue // a claim of this batch: its own unit assesses it
		}
		env.opine(w, &c, history, &was.Is)
	}
	return nil
}

// opine appends the opinion of a claim, unless it is the one it had.
func (env *Env) opine(w *write, c *judged, history kin, was *rules.Assessment) {
	var prior []claim.Claim
	if c.looksBack {
		prior = others(c.ID, history[c.belongs])
	}
	a := env.judge(c, prior)
	if was != nil && (was.Slice == a.Slice && was.Read == a.Read && was.Held == a.Held || a.Held != "" && was.Held == "") {
		return // that a claim cannot be judged today takes no earlier opinion's place
	}
	w.add(ledger.Assessments, ledger.AssessmentRow(&a, env.Batch.No))
	w.add(ledger.Findings, ledger.FindingRows(&a, env.Batch.No)...)
	w.tally.Assessed++
	w.tally.Findings += len(a.Findings)
	if a.Held != "" {
		w.tally.Held++
	}
	if expected, ok := a.Expected(); ok {
		w.tally.Expected += expected
	} else {
		w.tally.Unpriced++
	}
}

// others is a claim's history without the claim itself.
func others(id claim.ID, all []*claim.Claim) []claim.Claim {
	var out []claim.Claim
	for _, c := range all {
		if c.ID != id {
			out = append(out, *c)
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
// billing provider, as rules.History promises. Only claims that are not at hand are read.
func (env *Env) history(ctx context.Context, claims []judged) (kin, error) {
	out := kin{}
	var patients []claim.ID
	for i := range claims {
		c := &claims[i]
		if _, asked := out[c.belongs]; c.looksBack && c.belongs.Patient.Known() && !asked {
			out[c.belongs] = nil
			patients = append(patients, c.belongs.Patient)
		}
	}
	keep := func(k rules.Key, c *claim.Claim) {
		if all, asked := out[k]; asked && c.Use != claim.Reporting {
			out[k] = append(all, c)
		}
	}
	atHand := make(map[claim.ID]bool, len(claims))
	for i := range claims {
		atHand[claims[i].ID] = true
		keep(claims[i].belongs, claims[i].Claim)
	}
	slices.SortFunc(patients, claim.ID.Compare)
	missing, err := env.missingOf(ctx, slices.Compact(patients), atHand) // who was billed by two providers is one patient
	if err != nil {
		return nil, err
	}
	kept, missing, err := env.arrived.of(missing)
	if err != nil {
		return nil, err
	}
	for i := range kept {
		keep(rules.KeyOf(kept[i]), kept[i])
	}
	for part := range ledger.Portions(missing) {
		for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("id", part...)) {
			if err != nil {
				return nil, err
			}
			keep(rules.KeyOf(c), c)
		}
	}
	for _, all := range out {
		slices.SortFunc(all, byService)
	}
	return out, nil
}

// missingOf gives the IDs of the claims of some patients, without those that are at hand.
func (env *Env) missingOf(ctx context.Context, patients []claim.ID, atHand map[claim.ID]bool) ([]claim.ID, error) {
	var missing []claim.ID
	for part := range ledger.Portions(patients) {
		q := ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{ledger.OneOf("patient", part...)}, Only: []string{}}
		for row, err := range env.Store.Rows(ctx, q) {
			if err != nil {
				return nil, err
			}
			if id := row[0].ID(); !atHand[id] {
				missing = append(missing, id)
			}
		}
	}
	return missing, nil
}

func byService(a, b *claim.Claim) int {
	af, _ := a.Service()
	bf, _ := b.Service()
	if af != bf {
		return int(af - bf)
	}
	return a.ID.Compare(b.ID)
}
