package pipeline

import (
	"cmp"
	"context"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// outcome tells what came of a claim: settlements, denials, entries, and where the money stands.
func (t *teller) outcome(ctx context.Context, s *Story, st *standing) error {
	s.Settlements, s.Denials, s.Entries = []StorySettlement{}, []DenialItem{}, []StoryEntry{}
	var last reconcile.Settlement
	for _, row := range st.settled[s.Claim] {
		x, err := ledger.SettlementOf(row)
		if err != nil {
			return err
		}
		if len(x.Remits) == 0 {
			continue // its remits have left the claim
		}
		s.Settlements = append(s.Settlements, settlementOf(&x, row[ledger.Settlements.At("payer")].Text()))
		if x.Seq >= last.Seq && len(x.Remits) > 0 {
			last = x
		}
	}
	slices.SortFunc(s.Settlements, func(a, b StorySettlement) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, row := range st.denials[s.Claim] {
		d := ledger.DenialOf(row)
		s.Denials = append(s.Denials, itemOf(&d))
	}
	if err := t.nameClaims(ctx, s.Denials); err != nil {
		return err
	}
	var p ledger.Position
	for _, e := range s.inPostingOrder(st.entries[s.Claim]) {
		out := StoryEntry{Entry: e.ID, Batch: t.batches[e.Batch].ID, Posting: e.Posting, Effective: e.Effective, Cause: e.Cause, Remit: e.Remit,
			Reverses: e.Reverses, Reason: e.Reason, Moves: []StoryMove{}}
		for _, m := range e.Moves {
			p.Add(m)
			out.Moves = append(out.Moves, StoryMove{string(m.Debit), string(m.Credit), m.Amount})
		}
		s.Entries = append(s.Entries, out)
	}
	s.Position = StoryPosition{p.Charge, p.Paid, p.Contractual, p.Other, p.Payer, p.Patient, p.Holds()}
	s.Awaited = t.awaited(st, st.claims[s.Claim], &last)
	if len(s.Awaited) > 0 {
		s.Awaited[0].Amount = max(0, min(last.Net.PatientShare, p.Payer)) // of a version that was superseded nothing waits
	}
	return nil
}

// awaited lists the payers that are still to answer after the last settlement: those that the claim names
// behind it, else the one that it was sent on to.
func (t *teller) awaited(st *standing, c *claim.Claim, last *reconcile.Settlement) []StoryAwaited {
	out := []StoryAwaited{}
	if last.Seq == 0 || !awaitsNext(c, last) {
		return out
	}
	from, _ := c.Service()
	add := func(seq int, sent claim.Payer) {
		id, _, _ := t.Party.Payer("837", sent.ID, from)
		name := t.payerName(id, from)
		if name == id && sent.Name != "" {
			name = sent.Name + " (" + id + ")"
		}
		out = append(out, StoryAwaited{Seq: seq, Payer: id, Name: name})
	}
	for i := range c.Other {
		if place := payerPlace(c.Other[i].Order); place > last.Seq && c.Other[i].Paid == nil {
			add(place, c.Other[i].Payer)
		}
	}
	for _, x := range reconcile.InOrder(st.remits[c.ID]) {
		if next := x.Remit.Crossover; len(out) == 0 && (next.ID != "" || next.Name != "") && slices.Contains(last.Effective, x.Remit.ID) {
			add(last.Seq+1, next)
		}
	}
	if len(out) == 0 {
		out = append(out, StoryAwaited{Seq: last.Seq + 1, Name: "the payer that it was sent on to"})
	}
	slices.SortStableFunc(out, func(a, b StoryAwaited) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

// inPostingOrder sorts entries as a reader follows them: by batch, the bill first, then remits in their
// order, an entry that takes another back before the one that stands in its place.
func (s *Story) inPostingOrder(entries []ledger.PostedEntry) []ledger.PostedEntry {
	place := func(e *ledger.PostedEntry) int {
		if !e.Remit.Known() {
			return -1
		}
		return slices.IndexFunc(s.Remits, func(r StoryRemit) bool { return r.Remit == e.Remit })
	}
	back := func(e *ledger.PostedEntry) int {
		if e.Reverses.Known() {
			return 0
		}
		return 1
	}
	out := slices.Clone(entries)
	slices.SortFunc(out, func(a, b ledger.PostedEntry) int {
		return cmp.Or(cmp.Compare(a.Batch, b.Batch), cmp.Compare(place(&a), place(&b)), cmp.Compare(back(&a), back(&b)), cmp.Compare(a.Effective, b.Effective), a.ID.Compare(b.ID))
	})
	return out
}

func settlementOf(x *reconcile.Settlement, payer string) StorySettlement {
	n := &x.Net
	out := StorySettlement{
		Seq: x.Seq, Payer: payer, State: string(x.State), Charge: n.Charge, Paid: n.Paid, Contractual: n.Contractual, Denied: n.Denied,
		Patient: n.PatientShare, Other: n.Other.Total(), Pending: n.Pending, Allowed: x.Allowed, Expected: x.Expected,
		Underpaid: x.Underpaid, Overpaid: x.Overpaid, LeftOut: []StoryLeftOut{}, Lines: []StorySettledLine{},
	}
	for _, l := range x.Suspended {
		out.LeftOut = append(out.LeftOut, StoryLeftOut{l.Remit, string(l.Why)})
	}
	for i := range x.Lines {
		l := &x.Lines[i]
		out.Lines = append(out.Lines, StorySettledLine{l.Line, l.Split.Charge, l.Split.Paid, l.Split.Contractual, l.Split.Denied, l.Split.PatientShare,
			l.Split.Other.Total(), l.Allowed, l.Expected})
	}
	return out
}

// remit gives the remit of a story by its ID; nil where it has none of it.
func (s *Story) remit(id claim.ID) *StoryRemit {
	for i := range s.Remits {
		if s.Remits[i].Remit == id {
			return &s.Remits[i]
		}
	}
	return nil
}
