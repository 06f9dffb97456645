package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/parsers"
)

// The units that find the claims of acknowledgements: those of the batch, and those of earlier batches whose claims came only now.
const (
	ackNew  = "acks/"
	ackLate = "acks-of-claims/"
	ackSets = "acks-of-files"
)

const acksPerShard = 2_000

// ingestAcks appends the acknowledgements of a set, or the TA1s of a file.
func (env *Env) ingestAcks(w *write, c chunkOf, items parsers.Items) error {
	for it, err := range items {
		if err != nil {
			return fmt.Errorf("%s: %w", c.file.Name, err)
		}
		if a, ok := it.Document.(claim.Ack); ok {
			env.addAck(w, &a, it.Sighting)
		}
	}
	return nil
}

func (env *Env) ingestTA1s(w *write, f *received) {
	for i := range f.Layout.TA1s {
		a := f.Layout.TA1s[i].Ack()
		env.addAck(w, &a, claim.Sighting{File: f.SHA, Ordinal: i + 1})
	}
}

func (env *Env) addAck(w *write, a *claim.Ack, at claim.Sighting) {
	rejected := a.Verdict == claim.AckRejected
	w.addCounted(ledger.Acks, func(t *Tally, fresh bool) {
		t.Acks += one(fresh)
		t.AckRejected += one(fresh && rejected)
		t.DuplicateAcks += one(!fresh)
	}, ledger.AckRow(a, env.Batch.No, at))
}

// ackUnits are the units of the acks step.
func (env *Env) ackUnits(ctx context.Context, ingested Tally) ([]string, error) {
	keys := prefixed(ackNew, ingested.Acks, acksPerShard)
	if ingested.Claims == 0 {
		return keys, nil
	}
	old, err := env.any(ctx, ledger.Query{Table: ledger.Acks, Where: []ledger.Cond{env.before()}})
	if err != nil || !old {
		return keys, err
	}
	return append(append(keys, prefixed(ackLate, ingested.Claims, claimsPerShard)...), ackSets), nil
}

// before is the condition that a row is of an earlier batch.
func (env *Env) before() ledger.Cond {
	return ledger.Cond{Column: "batch", Op: ledger.Below, Values: []ledger.Value{ledger.Int(env.Batch.No)}}
}

// readyAcks gives what finds the claims of acknowledgements.
func (env *Env) readyAcks(ctx context.Context) (maker, error) {
	sent, err := env.sentSets(ctx)
	return func(ctx context.Context, key string) (*write, error) {
		w := &write{unit: env.unit("match", key)}
		if shard, ok := strings.CutPrefix(key, ackNew); ok {
			return w, env.answerNew(ctx, w, shard, sent)
		}
		if shard, ok := strings.CutPrefix(key, ackLate); ok {
			return w, env.answerLate(ctx, w, shard)
		}
		return w, env.answerSets(ctx, w, sent)
	}, err
}

// answerNew finds the claims of the acknowledgements that came in this batch.
func (env *Env) answerNew(ctx context.Context, w *write, shard string, sent map[string][]sentSet) error {
	where, err := conds("id", shard)
	if err != nil {
		return err
	}
	var acks []*claim.Ack
	for a, err := range ledger.ReadAcks(ctx, env.Store, append(where, ledger.OfBatch(env.Batch.No))...) {
		if err != nil {
			return err
		}
		acks = append(acks, a)
	}
	return env.answer(ctx, w, acks, sent, nil)
}

// answerLate finds, for the claims that are new, the answers that came before them.
func (env *Env) answerLate(ctx context.Context, w *write, shard string) error {
	where, err := conds("id", shard)
	if err != nil {
		return err
	}
	var controls []string
	norm := ledger.Claims.At("control_norm")
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: append(where, ledger.OfBatch(env.Batch.No)), Only: []string{"control_norm"}}) {
		if err != nil {
			return err
		}
		controls = append(controls, row[norm].Text())
	}
	var acks []*claim.Ack
	for part := range ledger.Portions(controls) {
		for a, err := range ledger.ReadAcks(ctx, env.Store, ledger.Named("control_norm", part...), env.before()) {
			if err != nil {
				return err
			}
			acks = append(acks, a)
		}
	}
	s, err := shardOf(shard)
	if err != nil {
		return err
	}
	return env.answer(ctx, w, acks, nil, func(id claim.ID) bool { p := prefixOf(id); return s.from <= p && p < s.to })
}

// answerSets finds, for the files of this batch, the acknowledgements of their sets and interchanges that came before them.
func (env *Env) answerSets(ctx context.Context, w *write, sent map[string][]sentSet) error {
	var keys []string
	for _, list := range sent {
		for _, s := range list {
			if s.batch == env.Batch.No {
				keys = append(keys, s.keys()...)
			}
		}
	}
	slices.Sort(keys)
	var acks []*claim.Ack
	for part := range ledger.Portions(slices.Compact(keys)) {
		for a, err := range ledger.ReadAcks(ctx, env.Store, ledger.Named("answers", part...), env.before()) {
			if err != nil {
				return err
			}
			acks = append(acks, a)
		}
	}
	return env.answer(ctx, w, acks, sent, nil)
}

// answer appends which claims acknowledgements speak of. Of those that were told before only new ones count; only, where it is not nil,
// says of which claims.
func (env *Env) answer(ctx context.Context, w *write, acks []*claim.Ack, sent map[string][]sentSet, only func(claim.ID) bool) error {
	var controls []string
	for i := range acks {
		if acks[i].Kind == claim.AckClaim {
			controls = append(controls, claim.NormalControl(acks[i].Control))
		}
	}
	byControl := map[string][]claimRow{}
	for part := range ledger.Portions(controls) {
		for row, err := range env.claimRows(ctx, ledger.Named("control_norm", part...)) {
			if err != nil {
				return err
			}
			byControl[row.norm] = append(byControl[row.norm], row)
		}
	}
	for i := range acks {
		a := acks[i]
		if a.Kind == claim.AckClaim {
			if c, ok := answered(a, byControl[claim.NormalControl(a.Control)]); ok && (only == nil || only(c.id)) {
				env.addAnswered(w, a, c.id)
			}
			continue
		}
		for _, s := range sent[a.Answers()] {
			if !s.answers(a) {
				continue
			}
			for row, err := range env.claimRows(ctx, ledger.OfBatch(s.batch), ledger.Cond{Column: "file", Op: ledger.In, Values: []ledger.Value{ledger.Digest(s.file)}},
				ledger.Cond{Column: "set", Op: ledger.In, Values: []ledger.Value{ledger.Int(int64(s.set))}}) {
				if err != nil {
					return err
				}
				env.addAnswered(w, a, row.id)
			}
		}
	}
	return nil
}

func (env *Env) addAnswered(w *write, a *claim.Ack, of claim.ID) {
	w.addCounted(ledger.Answered, func(t *Tally, fresh bool) { t.Answered += one(fresh) }, ledger.AnsweredRow(a, of, env.Batch.No))
}

// answered is the claim that an answer to one speaks of: it bears the control number, and agrees in charge and billing provider where the
// answer names them. Of several versions it is the last that was made before the answer; ok is false where there is none.
func answered(a *claim.Ack, of []claimRow) (best claimRow, ok bool) {
	for _, c := range of {
		switch {
		case a.Amount != nil && *a.Amount != c.charge, a.Billing != "" && c.npi != "" && a.Billing != c.npi:
			continue
		case a.Date.Known() && c.created.Known() && c.created > a.Date:
			continue
		}
		if !ok || cmp.Or(cmp.Compare(c.created, best.created), c.id.Compare(best.id)) > 0 {
			best, ok = c, true
		}
	}
	return best, ok
}

// sentSet is a set of claims as it was sent, and where it lies.
type sentSet struct {
	batch                                      int64
	file                                       claim.Digest
	set                                        int
	sender, receiver, interchange, group, name string
}

// keys are what acknowledgements may call it.
func (s *sentSet) keys() []string {
	return []string{strings.TrimLeft(s.interchange, "0"), s.group + "/", s.group + "/" + s.name}
}

// answers reports whether an acknowledgement came back on the way that the set went.
func (s *sentSet) answers(a *claim.Ack) bool { return s.sender == a.Receiver && s.receiver == a.Sender }

// sentSets lists the sets of claims by what acknowledgements may call them.
func (env *Env) sentSets(ctx context.Context) (map[string][]sentSet, error) {
	out := map[string][]sentSet{}
	kinds := ledger.Named("kind", string(parsers.Professional), string(parsers.Institutional), string(parsers.Dental), string(parsers.Mixed))
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{kinds}}) {
		if err != nil {
			return nil, err
		}
		var f received
		if err := json.Unmarshal(row[6].Bytes(), &f); err != nil {
			return nil, fmt.Errorf("file %s: %w", row[1].Text(), err)
		}
		if f.Layout == nil || f.DuplicateOf != "" {
			continue
		}
		for i := range f.Layout.Sets {
			t := &f.Layout.Sets[i]
			if t.Claims == 0 || t.Interchange < 1 || t.Interchange > len(f.Layout.Interchanges) {
				continue
			}
			s := sentSet{row[0].Int(), f.SHA, t.Ordinal, t.Sender, t.Receiver, f.Layout.Interchanges[t.Interchange-1].Control, t.GroupControl, t.Control}
			for _, key := range s.keys() {
				out[key] = append(out[key], s)
			}
		}
	}
	return out, nil
}

// claimRow is what is asked of a claim without its document.
type claimRow struct {
	id                        claim.ID
	control, norm, payer, npi string
	charge                    money.Cents
	created, serviceTo        civil.Date
	batch                     int64
	file                      claim.Digest
	set                       int
}

// claimRows gives the claims whose rows meet the conditions, in ID order.
func (env *Env) claimRows(ctx context.Context, where ...ledger.Cond) iter.Seq2[claimRow, error] {
	t := ledger.Claims
	only := []string{"batch", "control", "control_norm", "payer", "billing_npi", "charge", "created", "service_to", "file", "set"}
	return func(yield func(claimRow, error) bool) {
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: t, Where: where, Only: only}) {
			if err != nil {
				yield(claimRow{}, err)
				return
			}
			c := claimRow{row[0].ID(), row[t.At("control")].Text(), row[t.At("control_norm")].Text(), row[t.At("payer")].Text(), row[t.At("billing_npi")].Text(),
				row[t.At("charge")].Cents(), row[t.At("created")].Date(), row[t.At("service_to")].Date(), row[t.At("batch")].Int(), row[t.At("file")].Digest(), int(row[t.At("set")].Int())}
			if !yield(c, nil) {
				return
			}
		}
	}
}
