package parsers

import (
	"slices"

	"revcycle/money"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
	"revcycle/parsers/x835"
)

func (s *scanner) openSet(seg *x12.Segment) {
	s.lookUp()
	e := &s.env
	kind := kindOf(e.Set.Kind, e.Set.Guide)
	f := FormatOf(kind, nil)
	s.set = &Set{Ordinal: e.Set.Ordinal, Interchange: e.Interchange.Ordinal, Group: e.Group.Ordinal, Kind: kind, Guide: e.Set.Guide, Control: e.Set.Control,
		GroupKind: e.Group.Kind, GroupSender: e.Group.Sender, GroupControl: e.Group.Control, Usage: e.Interchange.Usage, Sender: e.Interchange.Sender, Receiver: e.Interchange.Receiver,
		From: seg.Byte, Refused: f.Refusal}
	if kind == Remittance && x835.Guide(e.Set.Guide) == nil {
		s.set.Refused = "the set names no guide that is read: wanted X221"
	}
	if s.unclear > 0 && s.unclear == e.Interchange.Ordinal {
		s.set.Refused = "the delimiters of its interchange cannot be told apart: its ISA needs four different ones"
	}
	s.kinds[kind] = true
	if s.set.Held = s.ahead.of(s.set); e.Interchange.Ordinal == 0 {
		s.set.Held = x12.CodeNoISA + ": the set stands in no interchange"
	}
	for i := range s.ahead.tolerated {
		if f := &s.ahead.tolerated[i]; concerns(f, s.set) {
			s.set.tolerate(s.policy.Agreement(f))
		}
	}
	s.pieces.begin(seg, s.isa, s.gs)
	s.hl.begin(kind)
	s.judges = s.policies != nil && !f.Ack // an acknowledgement says what can be read of it
	s.verdicts.begin(seg, kind == Remittance)
	if s.moved = 0; kind == Remittance {
		s.tally.Begin(seg)
	}
	if p := s.policy; p != nil && p.Usage != "" && p.Usage != s.set.Usage {
		s.fault(s.env.Stamp(s.inSet(x12.Fault{SNIP: 7, Code: CodePartnerUsage, Severity: x12.Reject, Segment: "ISA", Element: "ISA15", Ordinal: s.isa.Ordinal, Byte: s.isa.From,
			Message: "the interchange is marked " + usages[s.set.Usage] + ", and its partner's agreement takes " + usages[p.Usage] + " only"})))
	}
	s.check(seg)
}

// usages are the names of ISA15.
var usages = map[string]string{"P": "production", "T": "test", "": "neither test nor production"}

// body takes a segment from ST to SE, these not included but the SE.
func (s *scanner) body(seg *x12.Segment) {
	if s.set == nil {
		return
	}
	if s.checker != nil {
		s.checker.Take(seg)
	}
	switch s.set.Kind {
	case Remittance:
		if seg.Is("CLP") {
			s.remit(seg)
		}
		s.tally.Feed(seg)
	case Professional, Institutional, Dental, Claims:
		s.claimSegment(seg)
	default:
		if seg.Is("HL") {
			s.hl.take(seg)
		}
	}
	if s.judges {
		s.verdicts.segment(seg, s.policy)
	}
}

// claimSegment takes a segment of an 837.
func (s *scanner) claimSegment(seg *x12.Segment) {
	id := seg.ID()
	switch {
	case len(id) == 2 && id[0] == 'H' && id[1] == 'L':
		s.hl.take(seg)
		s.pieces.level(seg)
	case len(id) == 3 && id[0] == 'C' && id[1] == 'L' && id[2] == 'M':
		s.pieces.claim(seg)
		s.set.Claims++
		s.layout.Claims++
		if c, err := money.Parse(seg.Elem(2)); err == nil {
			s.set.Charge += c
			s.layout.Charge += c
		}
	}
}

// remit counts a CLP.
func (s *scanner) remit(seg *x12.Segment) {
	s.set.Remits++
	s.layout.Remits++
	charge, chargeErr := money.Parse(seg.Elem(3))
	paid, paidErr := money.Parse(seg.Elem(4))
	if s.policy != nil && slices.Contains(s.policy.Readings, snip.PositiveReversal) && positive(string(seg.Elem(2)), paid, charge) {
		s.moved -= 2 * paid
		charge, paid = -charge, -paid
	}
	if chargeErr == nil {
		s.set.Charge += charge
		s.layout.Charge += charge
	}
	if paidErr == nil {
		s.set.Paid += paid
		s.layout.Paid += paid
	}
}

// check begins to check the set by its guide.
func (s *scanner) check(st *x12.Segment) {
	if s.checker = nil; !s.deep && s.policies == nil {
		return
	}
	g := guideOf(s.set)
	if g == nil {
		return
	}
	if s.checkers[g] == nil {
		s.checkers[g] = snip.MustNew(g)
	}
	s.checker = s.checkers[g]
	if s.policy != nil {
		s.checker.Sets = s.policy.Sets
	}
	for _, name := range snip.SetsOf(g) {
		if !slices.Contains(s.checker.Sets.Names(), name) && !slices.Contains(s.unchecked, name) {
			s.unchecked = append(s.unchecked, name)
		}
	}
	same := s.checker.Version(s.set.Guide)
	s.checker.Report = func(f x12.Fault) {
		// What the guide of another version says is no matter of this set: its syntax, its sums and its codes are.
		if same || f.SNIP == 1 || f.SNIP == 3 || f.SNIP == 5 || f.Code == x12.CodeAmount {
			s.fault(s.env.Stamp(s.inSet(f)))
		}
	}
	s.checker.Take(st)
}
