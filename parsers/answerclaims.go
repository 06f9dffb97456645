package parsers

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
	"revcycle/parsers/x277ca"
)

// claims writes the 277CA of one set: a first reading counts what is taken and refused, for the totals stand at the top; a second
// one writes.
func (a *answering) claims(t ReceivedSet, g x12.Group) error {
	var total x277ca.Set
	count := func(_, _ x277ca.Party, c x277ca.Claim) {
		if c.Refused() {
			total.Refused++
			total.RefusedAmount += c.Amount
		} else {
			total.Accepted++
			total.AcceptedAmount += c.Amount
		}
	}
	head, err := a.read(t, count)
	if err != nil {
		return err
	}
	total.Submitter, total.Reference = head.submitter, head.reference
	total.Source = a.Source
	if total.Source.Last == "" {
		total.Source = x277ca.Party{Type: "2", Last: head.receiver.Last, Qualifier: "PI", ID: g.Receiver}
	}
	total.Received, total.Answered, total.Time = a.Arrived, a.Date, a.Time
	if !total.Received.Known() {
		total.Received = a.Date
	}
	control := a.control()
	total.Number = control
	out := x277ca.Begin(a.w, control, total)
	var provider x277ca.Party
	opened := false
	if _, err := a.read(t, func(billing, patient x277ca.Party, c x277ca.Claim) {
		if !opened || billing != provider {
			out.Provider(billing)
			provider, opened = billing, true
		}
		out.Claim(patient, c)
	}); err != nil {
		return err
	}
	a.done.Claims += total.Accepted + total.Refused
	a.done.Refused += total.Refused
	return out.End()
}

// claimHead is what a 277CA says of the set it answers.
type claimHead struct {
	submitter, receiver x277ca.Party
	reference           string // BHT03
}

// claimReader walks the claims of a set and puts each fault to the claims it concerns.
type claimReader struct {
	head   claimHead
	faults []x12.Fault // of type 3 to 7 that reject, by place
	next   int
	level  [4][]x277ca.Status // of the set, 2000A, 2000B, 2000C: faults above the claim
	depth  int
	claim  *x277ca.Claim
	done   func(billing, patient x277ca.Party, c x277ca.Claim)

	billing, subscriber, patient x277ca.Party
	inClaim, other               bool
}

// read walks a set and calls done for each claim, in order.
func (a *answering) read(t ReceivedSet, done func(billing, patient x277ca.Party, c x277ca.Claim)) (claimHead, error) {
	c := claimReader{done: done}
	for _, f := range t.Faults {
		if f.SNIP > 2 && f.Severity == x12.Reject {
			c.faults = append(c.faults, f)
		}
	}
	slices.SortStableFunc(c.faults, func(x, y x12.Fault) int { return cmp.Compare(x.Ordinal, y.Ordinal) })
	src := set.NewSource(a.r, set.Chunk{Context: t.Context, Own: t.Own, Wrapped: t.Wrapped})
	r := x12.NewReader(src)
	before := src.Context()
	for {
		s, err := r.Read()
		if err == io.EOF {
			break
		}
		if bad, ok := errors.AsType[*x12.SyntaxError](err); ok && !bad.Fatal {
			continue
		}
		if err != nil {
			return c.head, err
		}
		if s.Ordinal > before {
			c.take(s, t.Own.Ordinal+s.Ordinal-before-1)
		}
	}
	c.end()
	return c.head, nil
}

// take takes a segment of the set, with its ordinal in the file.
func (c *claimReader) take(s *x12.Segment, ordinal int) {
	text := func(i int) string { return string(s.Elem(i)) }
	switch string(s.ID()) {
	case "BHT":
		c.head.reference = text(3)
	case "HL":
		c.hl(text(3))
	case "CLM":
		c.end()
		c.inClaim, c.other = true, false
		c.claim = &x277ca.Claim{Control: text(1)}
		c.claim.Amount, _ = money.Parse(s.Elem(2))
		if string(s.Comp(5, 2)) == "A" {
			c.claim.BillType = string(s.Comp(5, 1)) + string(s.Comp(5, 3))
		}
	case "SBR":
		c.other = c.inClaim
	case "NM1":
		c.name(s, text(1))
	case "DTP":
		if c.inClaim && (text(1) == "472" || text(1) == "434") {
			c.dates(text(3))
		}
	}
	for ; c.next < len(c.faults) && c.faults[c.next].Ordinal <= ordinal; c.next++ {
		status := x277ca.StatusOf(c.faults[c.next])
		if c.claim != nil {
			c.claim.Statuses = add(c.claim.Statuses, status)
		} else {
			c.level[c.depth] = add(c.level[c.depth], status)
		}
	}
}

// add appends a status once.
func add(list []x277ca.Status, s x277ca.Status) []x277ca.Status {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// hl opens a level.
func (c *claimReader) hl(code string) {
	c.end()
	c.depth = map[string]int{"20": 1, "22": 2, "23": 3}[code]
	for i := max(c.depth, 1); i < len(c.level); i++ {
		c.level[i] = nil
	}
	c.inClaim = false
	switch code {
	case "20":
		c.billing, c.subscriber, c.patient = x277ca.Party{}, x277ca.Party{}, x277ca.Party{}
	case "22":
		c.subscriber, c.patient = x277ca.Party{}, x277ca.Party{}
	case "23":
		c.patient = x277ca.Party{}
	}
}

// name takes an NM1 above the claim.
func (c *claimReader) name(s *x12.Segment, code string) {
	if c.inClaim {
		return
	}
	switch p := x277ca.PartyOf(s); code {
	case "41":
		c.head.submitter = p
	case "40":
		c.head.receiver = p
	case "85":
		c.billing = p
	case "IL":
		c.subscriber = p
	case "QC":
		c.patient = p
	}
}

// dates widens the claim's span of service by a DTP03.
func (c *claimReader) dates(e string) {
	if len(e) < 8 || c.other && c.claim == nil {
		return
	}
	from, err1 := civil.Parse8([]byte(e[:8]))
	to, err2 := civil.Parse8([]byte(e[len(e)-8:]))
	if err1 != nil || err2 != nil {
		return
	}
	if !c.claim.From.Known() || from < c.claim.From {
		c.claim.From = from
	}
	if to > c.claim.To {
		c.claim.To = to
	}
}

// end gives the claim at hand.
func (c *claimReader) end() {
	if c.claim == nil {
		return
	}
	own := c.claim
	c.claim = nil
	for _, above := range c.level {
		for _, s := range above {
			own.Statuses = add(own.Statuses, s)
		}
	}
	if len(own.Statuses) == 0 {
		own.Statuses = []x277ca.Status{x277ca.Taken}
	}
	patient := c.patient
	if patient == (x277ca.Party{}) {
		patient = c.subscriber
	}
	if patient.ID == "" && c.subscriber.ID != "" {
		patient.Qualifier, patient.ID = c.subscriber.Qualifier, c.subscriber.ID
	}
	c.done(c.billing, patient, *own)
}
