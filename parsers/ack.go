package parsers

import (
	"errors"
	"fmt"
	"io"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
	"revcycle/parsers/x277ca"
	"revcycle/parsers/x999"
)

// TA1 is an acknowledgement of an interchange that stood in a file.
type TA1 struct {
	x999.TA1
	Sender, Receiver string // ISA06 and ISA08 of the interchange it came in
	Made             string // ISA09 of that interchange: TA102 is the date of the one that it answers
}

// MaxTA1 bounds those that are kept of one file.
const MaxTA1 = 10_000

// isAckKind reports whether the sets of a kind are acknowledgements of what was sent.
func isAckKind(k Kind) bool { return FormatOf(k, nil).Ack }

// Ack is a TA1 as a noun.
func (t *TA1) Ack() claim.Ack {
	a := claim.Ack{Kind: claim.AckInterchange, Sender: t.Sender, Receiver: t.Receiver, Interchange: t.Control, Verdict: claim.AckAccepted, Statuses: []string{t.Note}}
	if t.Verdict == x999.Rejected {
		a.Verdict = claim.AckRejected
	}
	a.Date, _ = civil.Parse8([]byte("20" + t.Made))
	a.ID = claim.AckID(&a)
	return a
}

// readAcks gives the acknowledgements of a set: one for each claim of a 277CA, one for each set that a 999 or 997 answers.
func readAcks(t *Set, c set.Chunk, r io.ReaderAt, digest claim.Digest) Items {
	return func(yield func(Item, error) bool) {
		src := set.NewSource(r, c)
		in := x12.NewReader(src)
		a := acks{set: t, at: claim.Sighting{File: digest, Set: t.Ordinal}}
		for {
			s, err := in.Read()
			if err == io.EOF {
				break
			}
			if bad, ok := errors.AsType[*x12.SyntaxError](err); ok && !bad.Fatal {
				continue // the scan has told of it
			}
			if err != nil {
				yield(Item{}, err)
				return
			}
			if !a.take(s, yield) {
				return
			}
		}
		a.end(yield)
	}
}

// acks reads the segments of one set.
type acks struct {
	set    *Set
	at     claim.Sighting
	day    civil.Date // of the interchange
	claims x277ca.Reader
	sets   x999.Reader
}

func (a *acks) take(s *x12.Segment, yield func(Item, error) bool) bool {
	if s.Is("ISA") {
		a.day, _ = civil.Parse8(append([]byte("20"), s.Elem(9)...))
		return true
	}
	if a.set.Kind != ClaimAck {
		a.sets.Take(s)
		return true
	}
	a.claims.Take(s)
	for _, c := range a.claims.Claims() {
		if !a.emit(a.claimAck(&c), yield) {
			return false
		}
	}
	return true
}

// end gives what a 999 said of each set, and what is left of a 277CA that broke off.
func (a *acks) end(yield func(Item, error) bool) {
	if a.set.Kind == ClaimAck {
		return
	}
	answer := a.sets.Answer()
	if len(answer.Sets) == 0 { // the group as a whole
		answer.Sets = []x999.SetAnswer{{Verdict: answer.Verdict, Errors: answer.Errors}}
	}
	for i := range answer.Sets {
		t := &answer.Sets[i]
		out := a.ack(claim.AckSet)
		out.Group, out.Set, out.Verdict, out.Date = answer.Control, t.Control, claim.AckAccepted, a.day
		if t.Verdict != x999.Accepted && t.Verdict != x999.WithErrors {
			out.Verdict = claim.AckRejected
		}
		out.Statuses = setStatuses(t)
		if !a.emit(out, yield) {
			return
		}
	}
}

// setStatuses are the errors of a set, each with its place.
func setStatuses(t *x999.SetAnswer) []string {
	var out []string
	for _, e := range t.Segments {
		where, in := fmt.Sprintf("segment %d %s", e.Position, e.ID), ": "
		if e.Loop != "" {
			in = " in " + e.Loop + ": "
		}
		if len(e.Elements) == 0 {
			out = append(out, where+in+e.Code)
		}
		for _, x := range e.Elements {
			out = append(out, fmt.Sprintf("%s%02d%s%s", where, x.Element, in, x.Code))
		}
	}
	for _, e := range t.Errors {
		out = append(out, "set: "+e)
	}
	return out
}

func (a *acks) claimAck(c *x277ca.Claim) claim.Ack {
	out := a.ack(claim.AckClaim)
	out.Reference, out.Control, out.Billing = a.claims.Reference, c.Control, c.Billing
	out.From, out.To, out.PayerControl, out.Clearinghouse, out.Date = c.From, c.To, c.PayerControl, c.Clearinghouse, c.Date
	if !out.Date.Known() {
		out.Date = a.day
	}
	if c.AmountKnown {
		out.Amount = &c.Amount
	}
	out.Verdict = verdictOf(c)
	for _, s := range c.Statuses {
		out.Statuses = append(out.Statuses, s.String())
	}
	for _, l := range c.Lines {
		line := claim.AckLine{Control: l.Control}
		for _, s := range l.Statuses {
			line.Statuses = append(line.Statuses, s.String())
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// verdictOf is what the statuses of a claim come to: rejected where one of them says so, else the furthest it has come.
func verdictOf(c *x277ca.Claim) claim.AckVerdict {
	if c.Refused() {
		return claim.AckRejected
	}
	out := claim.AckReceived
	for _, s := range c.Statuses {
		switch s.Category {
		case "A2":
			return claim.AckAccepted
		case "A0", "A5":
			out = claim.AckForwarded
		}
	}
	return out
}

func (a *acks) ack(kind claim.AckKind) claim.Ack {
	return claim.Ack{Kind: kind, Sender: a.set.Sender, Receiver: a.set.Receiver}
}

func (a *acks) emit(out claim.Ack, yield func(Item, error) bool) bool {
	out.ID = claim.AckID(&out)
	a.at.Ordinal++
	return yield(Item{Document: out, Sighting: a.at}, nil)
}
