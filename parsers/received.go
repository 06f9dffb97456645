package parsers

import (
	"io"
	"strconv"

	"revcycle/money"
	"revcycle/parsers/set"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
	"revcycle/parsers/x999"
)

// Received is what an answer to a file needs to know of it: its envelopes, and in each what was wrong.
type Received struct {
	Interchanges []ReceivedInterchange
	Cut          bool // there were more than MaxReceivedFaults faults; the later ones are not listed
}

// ReceivedInterchange is an ISA that came.
type ReceivedInterchange struct {
	x12.Interchange
	Groups []ReceivedGroup
	Faults []x12.Fault
}

// ReceivedGroup is a GS that came.
type ReceivedGroup struct {
	x12.Group
	Included int // GE01, -1 where it has none
	Sets     []ReceivedSet
	Faults   []x12.Fault
}

// ReceivedSet is an ST that came.
type ReceivedSet struct {
	x999.Received
	Kind    Kind
	Claims  int
	Charge  money.Cents // Σ CLM02 that can be read
	Context []set.Span  // its ISA and its GS
	Own     set.Span
	Wrapped bool
}

// MaxReceivedFaults bounds the faults that are kept to answer a file.
const MaxReceivedFaults = 100_000

// Receive reads a file to its end and gives what an answer to it needs, with the faults as the policy judges them. An error is
// a source that failed or a file that is no X12.
func Receive(r io.Reader, policy *snip.Policy) (Received, error) {
	s := newScanner(r, true)
	c := &collector{s: s, policy: policy}
	s.sink = c.fault
	s.envelope = c.envelope
	s.closed = c.ended
	err := s.run()
	if err == nil && s.env.Interchange.Ordinal == 0 {
		for _, f := range s.layout.Faults {
			if f.Code == x12.CodeNotX12 {
				err = &x12.SyntaxError{Code: f.Code, Message: f.Message}
			}
		}
	}
	return c.out, err
}

// collector gathers what a scan finds, by envelope.
type collector struct {
	s      *scanner
	policy *snip.Policy
	out    Received
	kept   int
	set    x12.Set
	// waiting are faults of the set that is open, and of an envelope that is noticed before the scan says that it opened.
	waiting []x12.Fault
}

// envelope takes what a segment did to the envelopes.
func (c *collector) envelope(e x12.Event, s *x12.Segment) {
	switch e {
	case x12.OpenInterchange:
		i := c.s.env.Interchange
		early := c.take(func(f x12.Fault) bool { return f.Set == 0 && f.Group == 0 && f.Interchange <= i.Ordinal })
		c.out.Interchanges = append(c.out.Interchanges, ReceivedInterchange{Interchange: i, Faults: early})
	case x12.OpenGroup:
		if i := c.interchange(); i != nil {
			g := c.s.env.Group
			i.Groups = append(i.Groups, ReceivedGroup{Group: g, Included: -1, Faults: c.take(func(f x12.Fault) bool { return f.Set == 0 && f.Group == g.Ordinal })})
		}
	case x12.CloseGroup:
		if g := c.group(); g != nil {
			if n, err := strconv.Atoi(string(s.Elem(1))); err == nil {
				g.Included = n
			}
		}
	case x12.OpenSet:
		c.set = c.s.env.Set
	}
}

// take gives the waiting faults of which something is true, and forgets them.
func (c *collector) take(of func(x12.Fault) bool) []x12.Fault {
	var out []x12.Fault
	rest := c.waiting[:0]
	for _, f := range c.waiting {
		if of(f) {
			out = append(out, f)
		} else {
			rest = append(rest, f)
		}
	}
	c.waiting = rest
	return out
}

func (c *collector) interchange() *ReceivedInterchange {
	if n := len(c.out.Interchanges); n > 0 {
		return &c.out.Interchanges[n-1]
	}
	return nil
}

func (c *collector) group() *ReceivedGroup {
	if i := c.interchange(); i != nil && len(i.Groups) > 0 {
		return &i.Groups[len(i.Groups)-1]
	}
	return nil
}

// fault takes a fault; the scan has given it its place.
func (c *collector) fault(f x12.Fault) {
	if c.kept++; c.kept > MaxReceivedFaults {
		c.out.Cut = true
		return
	}
	f = c.policy.Judge(f)
	i, g := c.interchange(), c.group()
	switch {
	case f.Set == 0 && f.Group > 0 && g != nil && g.Ordinal == f.Group:
		g.Faults = append(g.Faults, f)
	case f.Set == 0 && f.Group == 0 && i != nil && f.Interchange <= i.Ordinal:
		i.Faults = append(i.Faults, f)
	default:
		c.waiting = append(c.waiting, f)
	}
}

// ended takes a set that has ended.
func (c *collector) ended(t *Set) {
	faults := c.take(func(f x12.Fault) bool { return f.Set == t.Ordinal })
	g := c.group()
	if g == nil || g.Ordinal != t.Group || c.set.Ordinal != t.Ordinal {
		return
	}
	g.Sets = append(g.Sets, ReceivedSet{
		Received: x999.Received{Set: c.set, Unread: guideOf(t) == nil && !known(t.Kind), Faults: faults},
		Kind:     t.Kind, Claims: t.Claims, Charge: t.Charge,
		Context: []set.Span{c.s.isa, c.s.gs},
		Own:     set.Span{From: t.From, To: t.To, Ordinal: c.set.Segment, Segments: t.Segments},
		Wrapped: c.s.wrapped,
	})
}

// known reports whether a set of a kind is checked as far as its envelope at least.
func known(k Kind) bool {
	for _, f := range formats {
		if f.Kind == k {
			return k != Claims && k != Unknown
		}
	}
	return false
}
