package x837

import (
	"revcycle/claim"
	"revcycle/parsers/set"
)

// other is what is collected of the other payer at hand.
type other struct {
	open      bool
	o         claim.OtherPayer
	who       claim.PersonFields
	kept      set.Gather[claim.KeptSegment]
	cas       set.Gather[claim.Adjustment]
	remarks   set.Gather[string]
	providers set.Gather[claim.Provider]
}

// takeOther takes a segment of 2320 and the loops below it.
func (b *builder) takeOther(s set.Segment) {
	o := &b.other
	if place(s.Place) == otherCoverage && s.ID() == "SBR" {
		b.closeOther()
		o.open = true
	}
	if !o.open {
		b.p.counts.Settle(s, set.None, &b.kept)
		return
	}
	h := set.None
	switch place(s.Place) {
	case otherCoverage:
		h = b.coordination(s)
	case otherInsured:
		h = s.Person(&o.who)
	case otherPayer:
		h = b.otherPayer(s)
	case otherProvider:
		h = b.provider(s, &o.providers)
	}
	b.p.counts.Settle(s, h, &o.kept)
}

// closeOther adds the other payer at hand to the claim.
func (b *builder) closeOther() {
	o := &b.other
	if !o.open {
		return
	}
	o.o.Subscriber = claim.NewPerson(o.who)
	o.o.Adjustments, o.o.Remarks, o.o.Providers, o.o.Kept = o.cas.Take(), o.remarks.Take(), o.providers.Take(), o.kept.Take()
	b.others.Add(o.o)
	o.o, o.who, o.open = claim.OtherPayer{}, claim.PersonFields{}, false
}

// coordination takes a segment of 2320 itself.
func (b *builder) coordination(s set.Segment) set.Held {
	o := &b.other
	switch s.ID() {
	case "SBR": // SBR*S*01*GROUP******CI
		o.o.Order, o.o.Relationship, o.o.Group, o.o.FilingCode = s.Elem(1), s.Elem(2), s.Elem(3), s.Elem(9)
		return s.All(set.E1 | set.E2 | set.E3 | set.E9)
	case "CAS":
		s.Adjustments(&o.cas)
		return set.Whole
	case "AMT": // AMT*D*411
		switch s.Elem(1) {
		case "D":
			o.o.Paid = s.Maybe(2)
		case "EAF":
			o.o.Remaining = s.Maybe(2)
		case "A8":
			o.o.NonCovered = s.Maybe(2)
		default:
			return set.None
		}
		return s.All(set.E1 | set.E2)
	case "MOA": // MOA***MA15*N211
		s.Remarks(&o.remarks, 3, 4, 5, 6, 7)
		return s.All(set.E3 | set.E4 | set.E5 | set.E6 | set.E7)
	case "MIA":
		s.Remarks(&o.remarks, 5, 20, 21, 22, 23)
		return s.All(set.E5 | set.E20 | set.E21 | set.E22 | set.E23)
	case "DMG": // 4010
		return s.Person(&o.who)
	}
	return set.None
}

// otherPayer takes a segment of 2330B.
func (b *builder) otherPayer(s set.Segment) set.Held {
	o := &b.other.o
	switch s.ID() {
	case "NM1":
		return s.Payer(&o.Payer)
	case "REF":
		if s.Elem(1) != "F8" {
			return set.None
		}
		o.PayerControl = s.Elem(2)
		return s.All(set.E1 | set.E2)
	case "DTP": // DTP*573*D8*20250210
		d, ok := s.Date()
		if !ok || d.Qualifier != "573" {
			return set.None
		}
		o.PaidDate = d.From
		return s.All(set.E1 | set.E2 | set.E3)
	}
	return set.None
}

// judged takes a segment of 2430: what another payer did with the line.
func (b *builder) judged(s set.Segment) set.Held {
	l := &b.line
	if s.ID() == "SVD" { // SVD*12345*67.47*HC:99213**1
		b.closeJudged()
		p, rest := s.Procedure(3)
		l.judged.Add(claim.LineAdjudication{PayerID: s.Elem(1), Paid: s.Amount(2), Procedure: p, Units: s.Units(5)})
		return s.But(rest, set.E1|set.E2|set.E3|set.E5)
	}
	if l.judged.Len() == 0 {
		return set.None
	}
	last := l.judged.Last()
	switch s.ID() {
	case "CAS":
		s.Adjustments(&l.cas)
		return set.Whole
	case "DTP":
		d, ok := s.Date()
		if !ok || d.Qualifier != "573" {
			return set.None
		}
		last.Date = d.From
		return s.All(set.E1 | set.E2 | set.E3)
	case "AMT":
		if s.Elem(1) != "EAF" {
			return set.None
		}
		last.Remaining = s.Maybe(2)
		return s.All(set.E1 | set.E2)
	}
	return set.None
}

// closeJudged gives the adjustments that were read to the adjudication they stand in.
func (b *builder) closeJudged() {
	if l := &b.line; l.judged.Len() > 0 {
		l.judged.Last().Adjustments = l.cas.Take()
	}
}
