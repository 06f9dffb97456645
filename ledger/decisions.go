package ledger

import (
	"context"
	"fmt"
	"iter"

	"revcycle/claim"
)

// The kinds of what people decide.
const (
	OfQuarantine  = "quarantine" // whether what is held is taken up again: release, drop
	OfMatch       = "match"      // which claim a remit shall not stand on: unmatch, undo
	OfPublication = "publish"    // which batch's extracts are current: rollback
	OfSending     = "send"       // whether a claim goes out again: prepare, release, confirm, drop
)

// The verdicts, by kind.
const (
	Release  = "release"
	Drop     = "drop"
	Unmatch  = "unmatch"
	Undo     = "undo"
	Rollback = "rollback"
	Prepare  = "prepare"
	Confirm  = "confirm"
)

// Decision is what a person decided. Of decisions with one kind, subject and, where it is of a match, object the latest counts.
type Decision struct {
	Seq     int64
	After   int64  // number of the batch that was the last one then: the next batch takes the decision up; of a rollback the last published
	Kind    string // OfQuarantine, OfMatch, OfPublication
	Verdict string
	Subject string // ID of the held unit or payment; of the remit; of the batch; ISA13 of what is sent
	Object  string // ID of the claim that the remit shall not stand on; of the batch whose extracts were current; what is sent: claim, frequency, payer's number, condition
	Reason  string // in the person's words
	At      string // when, UTC
	Actor   string // who, by the operating system or the database
}

// Row is the decision as a row of Decisions.
func (d *Decision) Row() Row {
	return Row{Int(d.Seq), Int(d.After), Text(d.Kind), Text(d.Verdict), Text(d.Subject), Text(d.Object), Text(d.Reason), Text(d.At), Text(d.Actor)}
}

// ReadDecisions gives the decisions whose rows meet the conditions, the oldest first.
func ReadDecisions(ctx context.Context, s Store, where ...Cond) iter.Seq2[Decision, error] {
	return func(yield func(Decision, error) bool) {
		for r, err := range s.Rows(ctx, Query{Table: Decisions, Where: where}) {
			var d Decision
			if err == nil {
				d = Decision{r[0].Int(), r[1].Int(), r[2].Text(), r[3].Text(), r[4].Text(), r[5].Text(), r[6].Text(), r[7].Text(), r[8].Text()}
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// Standing gives, of the decisions of one kind that were made before a batch began, the one that counts for each subject and,
// of matches, object; the oldest first.
func Standing(ctx context.Context, s Store, kind string, batch int64) ([]Decision, error) {
	last := map[about]int64{}
	var all []Decision
	for d, err := range ReadDecisions(ctx, s, Named("kind", kind), Cond{Column: "after", Op: Below, Values: []Value{Int(batch)}}) {
		if err != nil {
			return nil, fmt.Errorf("decisions: %w", err)
		}
		all = append(all, d)
		last[d.about()] = d.Seq
	}
	out := all[:0]
	for _, d := range all {
		if last[d.about()] == d.Seq {
			out = append(out, d)
		}
	}
	return out, nil
}

// about is what a later decision must be about to stand in the place of an earlier one.
type about struct{ subject, object string }

func (d *Decision) about() about {
	a := about{subject: d.Subject}
	if d.Kind == OfMatch {
		a.object = d.Object
	}
	return a
}

// Accepted gives the payments that do not tie and whose claims a person released before a batch began: those of their claims
// that balance may post.
func Accepted(ctx context.Context, s Store, batch int64) (map[claim.ID]bool, error) {
	all, err := Standing(ctx, s, OfQuarantine, batch)
	if err != nil {
		return nil, err
	}
	out := map[claim.ID]bool{}
	for _, d := range all {
		if id, err := claim.ParseID(d.Subject); err == nil && d.Verdict == Release { // other units are no documents
			out[id] = true
		}
	}
	return out, nil
}

// HeldFor says why a remit of a payment may not post, "" where it may.
func HeldFor(p *claim.Payment, r *claim.Remit) string {
	if p.Held != "" {
		return p.Held
	}
	if off := r.Imbalance(); off != 0 {
		return "CLAIM_UNBALANCED: charge, adjustments and payment are off by " + off.Abs().String()
	}
	return ""
}
