package x835

import (
	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/set"
)

// builder holds what is collected of the remit at hand, and the slabs its slices come from.
type builder struct {
	r       *claim.Remit
	counts  *set.Counts
	names   set.Names
	kept    set.Gather[claim.KeptSegment]
	cas     set.Gather[claim.Adjustment]
	remarks set.Gather[string]
	terms   set.Gather[string]
	refs    set.Gather[claim.Reference]
	amounts set.Gather[claim.QualAmount]
	numbers set.Gather[claim.Quantity]
	lines   set.Gather[claim.RemitLine]

	open bool // a service line is being collected
	l    claim.RemitLine
	line struct {
		kept    set.Gather[claim.KeptSegment]
		cas     set.Gather[claim.Adjustment]
		remarks set.Gather[string]
		refs    set.Gather[claim.Reference]
		amounts set.Gather[claim.QualAmount]
		numbers set.Gather[claim.Quantity]
	}
}

// build fills r from a sealed block. What is wrong is in the block afterwards.
func (b *builder) build(r *claim.Remit, blk *set.Block) {
	b.r = r
	for i := range blk.Len() {
		b.take(blk.Segment(i))
	}
	b.closeLine()
	r.Adjustments, r.Remarks, r.References, r.Amounts = b.cas.Take(), b.remarks.Take(), b.refs.Take(), b.amounts.Take()
	r.Quantities, r.Lines, r.Kept = b.numbers.Take(), b.lines.Take(), b.kept.Take()
	if !r.To.Known() {
		r.To = r.From
	}
	b.r = nil
}

func (b *builder) take(s set.Segment) {
	switch place(s.Place) {
	case own:
		b.counts.Settle(s, b.own(s), &b.kept)
	case line:
		if s.ID() == "SVC" {
			b.closeLine()
			b.open = true
		}
		b.counts.Settle(s, b.service(s), &b.line.kept)
	default:
		kept := &b.kept
		if b.open {
			kept = &b.line.kept
		}
		b.counts.Settle(s, set.None, kept)
	}
}

// own takes a segment of 2100.
func (b *builder) own(s set.Segment) set.Held {
	switch s.ID() {
	case "CLP":
		return b.clp(s)
	case "CAS":
		s.Adjustments(&b.cas)
		return set.Whole
	case "NM1":
		return b.name(s)
	case "MIA":
		b.r.Inpatient = b.elements(s)
		s.Remarks(&b.remarks, 5, 20, 21, 22, 23)
		return set.Whole
	case "MOA":
		b.r.Outpatient = b.elements(s)
		s.Remarks(&b.remarks, 3, 4, 5, 6, 7)
		return set.Whole
	case "DTM":
		return b.date(s)
	case "REF":
		b.refs.Add(claim.Reference{Qualifier: s.Elem(1), Value: s.Elem(2)})
		return s.All(set.E1 | set.E2)
	case "AMT":
		b.amounts.Add(claim.QualAmount{Qualifier: s.Elem(1), Amount: s.Amount(2)})
		return s.All(set.E1 | set.E2)
	case "QTY":
		return quantity(s, &b.numbers)
	}
	return set.None
}

// clp takes CLP*G01A*1*162*76.04*25*12*ICN0001*11*1.
func (b *builder) clp(s set.Segment) set.Held {
	r := b.r
	if r.Control = s.Elem(1); r.Control == "" {
		s.Fail(set.CodeMissing, 1, 0, "the patient control number is missing")
	}
	if r.Status = s.Elem(2); r.Status == "" {
		s.Fail(set.CodeMissing, 2, 0, "the claim status is missing")
	}
	r.Charge, r.Paid, r.PatientDue = s.Amount(3), s.Amount(4), s.Maybe(5)
	r.FilingCode, r.PayerControl, r.Facility, r.Frequency, r.DRG = s.Elem(6), s.Elem(7), s.Elem(8), s.Elem(9), s.Elem(11)
	return s.All(set.E1 | set.E2 | set.E3 | set.E4 | set.E5 | set.E6 | set.E7 | set.E8 | set.E9 | set.E11)
}

// name takes an NM1 of 2100: NM1*QC*1*ADAMS*AMY****MI*AL0001.
func (b *builder) name(s set.Segment) set.Held {
	r := b.r
	switch s.Elem(1) {
	case "QC":
		return who(s, &r.Patient)
	case "IL":
		return who(s, &r.Insured)
	case "74":
		return who(s, &r.Corrected)
	case "TT":
		return s.Payer(&r.Crossover)
	case "PR":
		return s.Payer(&r.Priority)
	case "82":
		return b.names.Provider(s, &r.Rendering)
	}
	return set.None
}

func who(s set.Segment, to *claim.Person) set.Held {
	var f claim.PersonFields
	h := s.Person(&f)
	*to = claim.NewPerson(f)
	return h
}

// elements are those of a segment, as sent.
func (b *builder) elements(s set.Segment) []string {
	for i := 1; i <= s.Len(); i++ {
		b.terms.Add(s.Elem(i))
	}
	return b.terms.Take()
}

// date takes a DTM of 2100.
func (b *builder) date(s set.Segment) set.Held {
	r := b.r
	to := &r.From
	switch s.Elem(1) {
	case "232":
	case "233":
		to = &r.To
	case "050":
		to = &r.Received
	case "036":
		to = &r.Expires
	default:
		return set.None
	}
	*to = s.Day(s.Elem(2), 2, 0)
	return s.All(set.E1 | set.E2)
}

// quantity takes a QTY.
func quantity(s set.Segment, to *set.Gather[claim.Quantity]) set.Held {
	if s.Elem(2) == "" {
		return set.None
	}
	to.Add(claim.Quantity{Qualifier: s.Elem(1), Quantity: s.Units(2)})
	return s.All(set.E1 | set.E2)
}

// closeLine adds the service line at hand to the remit.
func (b *builder) closeLine() {
	if !b.open {
		return
	}
	l := &b.l
	l.Number = b.lines.Len() + 1
	l.Adjustments, l.Remarks, l.References = b.line.cas.Take(), b.line.remarks.Take(), b.line.refs.Take()
	l.Amounts, l.Quantities, l.Kept = b.line.amounts.Take(), b.line.numbers.Take(), b.line.kept.Take()
	if !l.To.Known() {
		l.To = l.From
	}
	b.lines.Add(*l)
	b.l, b.open = claim.RemitLine{}, false
}

// service takes a segment of 2110.
func (b *builder) service(s set.Segment) set.Held {
	l := &b.l
	switch s.ID() {
	case "SVC":
		return b.svc(s)
	case "CAS":
		s.Adjustments(&b.line.cas)
		return set.Whole
	case "DTM": // DTM*472*20250106
		return serviceDate(s, l)
	case "REF":
		if s.Elem(1) == "6R" && l.Control == "" {
			l.Control = s.Elem(2)
		} else {
			b.line.refs.Add(claim.Reference{Qualifier: s.Elem(1), Value: s.Elem(2)})
		}
		return s.All(set.E1 | set.E2)
	case "AMT":
		b.line.amounts.Add(claim.QualAmount{Qualifier: s.Elem(1), Amount: s.Amount(2)})
		return s.All(set.E1 | set.E2)
	case "QTY":
		return quantity(s, &b.line.numbers)
	case "LQ": // LQ*HE*N386
		if s.Elem(1) == "HE" {
			b.line.remarks.Add(s.Elem(2))
			return s.All(set.E1 | set.E2)
		}
	}
	return set.None
}

func serviceDate(s set.Segment, l *claim.RemitLine) set.Held {
	switch s.Elem(1) {
	case "472":
		l.From = s.Day(s.Elem(2), 2, 0)
		l.To = l.From
	case "150":
		l.From = s.Day(s.Elem(2), 2, 0)
	case "151":
		l.To = s.Day(s.Elem(2), 2, 0)
	default:
		return set.None
	}
	return s.All(set.E1 | set.E2)
}

// svc takes SVC*HC:99213*150*67.47**1*HC:99214*1.
func (b *builder) svc(s set.Segment) set.Held {
	l := &b.l
	var rest, more bool
	l.Procedure, rest = s.Procedure(1)
	l.Charge, l.Paid, l.Revenue = s.Amount(2), s.Amount(3), s.Elem(4)
	if l.Revenue == "" && l.Procedure.Qualifier == "NU" {
		l.Revenue = l.Procedure.Code
	}
	if l.Units = money.Whole(1); s.Elem(5) != "" {
		l.Units = s.Units(5)
	}
	if s.Elem(6) != "" {
		l.Submitted, more = s.Procedure(6)
	}
	if s.Elem(7) != "" {
		n := s.Units(7)
		l.SubmittedUnits = &n
	}
	return s.But(rest || more, set.E1|set.E2|set.E3|set.E4|set.E5|set.E6|set.E7)
}
