package pipeline

import (
	"context"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
)

// StoryDecision is what a person decided about a remit of the claim, or about its payment.
type StoryDecision struct {
	Decision string   `json:"decision"` // unmatch, undo; release, drop
	Remit    claim.ID `json:"remit_id"`
	Payment  claim.ID `json:"payment_id"` // of a release or drop
	Claim    claim.ID `json:"claim_id"`   // on which the remit shall not stand
	Reason   string   `json:"reason"`
	At       string   `json:"at"`
	Actor    string   `json:"actor"`
	TakenBy  string   `json:"taken_by"` // the batch that took it up; "" where the next run does
}

// decisions tells what people decided about the claim's remits and their payments, and about remits that stood on it.
func (t *teller) decisions(ctx context.Context, s *Story) error {
	s.Decisions = []StoryDecision{}
	byNo := map[int64]string{}
	for no, b := range t.batches {
		byNo[no] = b.ID
	}
	remits, payments := map[string]bool{}, map[string]bool{}
	for _, r := range slices.Concat(s.Remits, s.Apart) {
		remits[r.Remit.String()], payments[r.Payment.String()] = true, true
	}
	for d, err := range ledger.ReadDecisions(ctx, t.Store) {
		if err != nil {
			return err
		}
		x := StoryDecision{Decision: d.Verdict, Reason: d.Reason, At: d.At, Actor: d.Actor, TakenBy: byNo[d.After+1]}
		subject, bad := claim.ParseID(d.Subject)
		switch {
		case bad != nil: // of a unit that is no document
			continue
		case d.Kind == ledger.OfMatch && (remits[d.Subject] || d.Object == s.Claim.String()):
			if x.Claim, err = claim.ParseID(d.Object); err != nil {
				return err
			}
			x.Remit = subject
		case d.Kind == ledger.OfQuarantine && payments[d.Subject]:
			x.Payment = subject
		default:
			continue
		}
		s.Decisions = append(s.Decisions, x)
	}
	return nil
}

// decided prints what people decided.
func (s *Story) decided(p *page) {
	if len(s.Decisions) == 0 {
		return
	}
	p.line("")
	p.line("DECISIONS")
	for _, d := range s.Decisions {
		p.line("  %s", d.text(s.Claim))
		p.line("    %s, on %s: %s", d.Actor, d.At, d.Reason)
	}
}

func (d *StoryDecision) text(here claim.ID) string {
	on := "claim " + d.Claim.String()
	if d.Claim == here {
		on = "this claim"
	}
	taken := "; the next run takes it up"
	if d.TakenBy != "" {
		taken = ", since batch " + d.TakenBy
	}
	switch d.Decision {
	case ledger.Unmatch:
		return "remit " + d.Remit.String() + " shall not stand on " + on + taken
	case ledger.Undo:
		return "remit " + d.Remit.String() + " may stand on " + on + " again" + taken
	case ledger.Release:
		return "payment " + d.Payment.String() + " was released though it does not tie" + taken
	}
	return "payment " + d.Payment.String() + " was dropped: its claims stay held"
}
