package x837

import (
	"revcycle/claim"
)

// other is what is collected of the other payer at hand.
type other struct {
	open      bool
	o         claim.OtherPayer
	who       claim.PersonFields
	kept      gather[claim.KeptSegment]
	cas       gather[claim.Adjustment]
	remarks   gather[string]
	providers gather[claim.Provider]
}

// takeOther takes a segment of 2320 and the loops below it.
func (b *builder) takeOther(s segment) {
	o := &b.other
	if s.place == otherCoverage && s.id() == "SBR" {
		b.closeOther()
		o.open = true
	}
	if !o.open {
		b.p.settle(s, none, &b.kept)
		return
	}
	h := none
	switch s.place {
	case otherCoverage:
		h = b.coordination(s)
	case otherInsured:
		h = s.person(&o.who)
	case otherPayer:
		h = b.otherPayer(s)
	case otherProvider:
		h = b.provider(s, &o.providers)
	}
	b.p.settle(s, h, &o.kept)
}

// closeOther adds the other payer at hand to the claim.
func (b *builder) closeOther() {
	o := &b.other
	if !o.open {
		return
	}
	o.o.Subscriber = claim.NewPerson(o.who)
	o.o.Adjustments, o.o.Remarks, o.o.Providers, o.o.Kept = o.cas.take(), o.remarks.take(), o.providers.take(), o.kept.take()
	b.others.add(o.o)
	o.o, o.who, o.open = claim.OtherPayer{}, claim.PersonFields{}, false
}

// coordination takes a segment of 2320 itself.
func (b *builder) coordination(s segment) held {
	o := &b.other
	switch s.id() {
	case "SBR": // SBR*S*01*GROUP******CI
		o.o.Order, o.o.Relationship, o.o.Group, o.o.FilingCode = s.elem(1), s.elem(2), s.elem(3), s.elem(9)
		return s.all(elements(1, 2, 3, 9))
	case "CAS":
		s.adjustments(&o.cas)
		return whole
	case "AMT": // AMT*D*411
		switch s.elem(1) {
		case "D":
			o.o.Paid = s.maybe(2)
		case "EAF":
			o.o.Remaining = s.maybe(2)
		case "A8":
			o.o.NonCovered = s.maybe(2)
		default:
			return none
		}
		return s.all(elements(1, 2))
	case "MOA": // MOA***MA15*N211
		s.remarks(&o.remarks, 3, 4, 5, 6, 7)
		return s.all(elements(3, 4, 5, 6, 7))
	case "MIA":
		s.remarks(&o.remarks, 5, 20, 21, 22, 23)
		return s.all(elements(5, 20, 21, 22, 23))
	case "DMG": // 4010
		return s.person(&o.who)
	}
	return none
}

// remarks adds the elements that are filled.
func (s segment) remarks(to *gather[string], positions ...int) {
	for _, i := range positions {
		if e := s.elem(i); e != "" {
			to.add(e)
		}
	}
}

// otherPayer takes a segment of 2330B.
func (b *builder) otherPayer(s segment) held {
	o := &b.other.o
	switch s.id() {
	case "NM1":
		return s.payer(&o.Payer)
	case "REF":
		if s.elem(1) != "F8" {
			return none
		}
		o.PayerControl = s.elem(2)
		return s.all(elements(1, 2))
	case "DTP": // DTP*573*D8*20250210
		d, ok := s.date()
		if !ok || d.Qualifier != "573" {
			return none
		}
		o.PaidDate = d.From
		return s.all(elements(1, 2, 3))
	}
	return none
}

// adjustments takes CAS*CO*45*57.53**253*1.60: a group and up to six triplets of reason, amount and quantity.
func (s segment) adjustments(to *gather[claim.Adjustment]) {
	group := s.elem(1)
	for i := 2; i <= int(s.n) && i <= 17; i += 3 {
		reason := s.elem(i)
		if reason == "" && s.elem(i+1) == "" {
			continue
		}
		a := claim.Adjustment{Group: group, Reason: reason, Amount: s.amount(i + 1)}
		if q := s.elem(i + 2); q != "" {
			n := s.number(q, i+2)
			a.Quantity = &n
		}
		to.add(a)
	}
}

// judged takes a segment of 2430: what another payer did with the line.
func (b *builder) judged(s segment) held {
	l := &b.line
	if s.id() == "SVD" { // SVD*12345*67.47*HC:99213**1
		b.closeJudged()
		p, rest := s.procedure(3)
		l.judged.add(claim.LineAdjudication{PayerID: s.elem(1), Paid: s.amount(2), Procedure: p, Units: s.units(5)})
		return s.but(rest, elements(1, 2, 3, 5))
	}
	if len(l.judged.tmp) == 0 {
		return none
	}
	last := l.judged.last()
	switch s.id() {
	case "CAS":
		s.adjustments(&l.cas)
		return whole
	case "DTP":
		d, ok := s.date()
		if !ok || d.Qualifier != "573" {
			return none
		}
		last.Date = d.From
		return s.all(elements(1, 2, 3))
	case "AMT":
		if s.elem(1) != "EAF" {
			return none
		}
		last.Remaining = s.maybe(2)
		return s.all(elements(1, 2))
	}
	return none
}

// closeJudged gives the adjustments that were read to the adjudication they stand in.
func (b *builder) closeJudged() {
	if l := &b.line; len(l.judged.tmp) > 0 {
		l.judged.last().Adjustments = l.cas.take()
	}
}
