package x837

import (
	"strconv"
	"strings"

	"revcycle/claim"
	"revcycle/money"
)

// line is what is collected of the service line at hand.
type line struct {
	open      bool
	service   bool // its SV1, SV2 or SV3 was read
	start     segment
	l         claim.Line
	kept      gather[claim.KeptSegment]
	dates     gather[claim.QualDate]
	refs      gather[claim.Reference]
	amounts   gather[claim.QualAmount]
	providers gather[claim.Provider]
	judged    gather[claim.LineAdjudication]
	cas       gather[claim.Adjustment]
	pointers  gather[uint8]
	teeth     gather[string]
}

// takeLine takes a segment of 2400 and the loops below it.
func (b *builder) takeLine(s segment) {
	if s.place == serviceLine && s.id() == "LX" {
		b.openLine(s)
		return
	}
	if !b.line.open {
		s.fail(CodeLine, 0, 0, "the segment belongs to a service line, and no LX came before it")
		return
	}
	l := &b.line
	var h held
	switch s.place {
	case serviceLine:
		h = b.service(s)
	case drug:
		h = b.drug(s)
	case lineProvider:
		h = b.provider(s, &l.providers)
	case adjudication:
		h = b.judged(s)
	}
	b.p.settle(s, h, &l.kept)
}

// openLine takes LX*1. A counter that is no number is replaced by the line's position and the segment kept.
func (b *builder) openLine(s segment) {
	b.closeLine()
	b.closeOther()
	l := &b.line
	l.open, l.start = true, s
	h := whole
	n, err := strconv.Atoi(s.elem(1))
	if err != nil || n < 1 {
		n, h = len(b.lines.tmp)+1, none
	}
	l.l.Number = n
	b.p.settle(s, h, &l.kept)
}

// closeLine adds the line at hand to the claim.
func (b *builder) closeLine() {
	l := &b.line
	if !l.open {
		return
	}
	if !l.service {
		l.start.fail(CodeLine, 1, 0, "the service line has no SV1, SV2 or SV3")
	}
	b.closeJudged()
	l.l.Providers, l.l.Dates, l.l.References, l.l.Amounts = l.providers.take(), l.dates.take(), l.refs.take(), l.amounts.take()
	l.l.Adjudication, l.l.Kept, l.l.Pointers, l.l.Teeth = l.judged.take(), l.kept.take(), l.pointers.take(), l.teeth.take()
	b.lines.add(l.l)
	l.l, l.open, l.service = claim.Line{}, false, false
}

// service takes a segment of 2400 itself.
func (b *builder) service(s segment) held {
	l := &b.line
	switch s.id() {
	case "SV1":
		return b.professional(s)
	case "SV2":
		return b.institutional(s)
	case "SV3":
		return b.dental(s)
	case "DTP":
		d, ok := s.date()
		if !ok {
			return none
		}
		if d.Qualifier == "472" && !l.l.From.Known() && d.From.Known() {
			l.l.From, l.l.To = d.From, d.To
			if d.Time != "" {
				return part1
			}
			return s.all(elements(1, 2, 3))
		}
		l.dates.add(d)
		return s.all(elements(1, 2, 3))
	case "REF":
		if s.elem(1) == "6R" && l.l.Control == "" {
			l.l.Control = s.elem(2)
		} else {
			l.refs.add(claim.Reference{Qualifier: s.elem(1), Value: s.elem(2)})
		}
		return s.all(elements(1, 2))
	case "AMT":
		l.amounts.add(claim.QualAmount{Qualifier: s.elem(1), Amount: s.amount(2)})
		return s.all(elements(1, 2))
	case "TOO": // TOO*JP*12*L:O
		tooth := s.elem(2)
		if areas := s.elem(3); areas != "" {
			tooth += ":" + strings.ReplaceAll(areas, string(rune(s.b.d.Component)), ":")
		}
		l.teeth.add(tooth)
		return s.all(elements(1, 2, 3))
	}
	return none
}

// professional takes SV1*HC:99213:25*150*UN*1***1:2.
func (b *builder) professional(s segment) held {
	l := &b.line.l
	var rest bool
	b.line.service = true
	l.Procedure, rest = s.procedure(1)
	l.Charge = s.amount(2)
	l.Unit = s.elem(3)
	l.Units = s.units(4)
	l.Place = s.elem(5)
	b.point(s, 7)
	return s.but(rest, elements(1, 2, 3, 4, 5, 7))
}

// institutional takes SV2*0450*HC:99283*350*UN*1**20.
func (b *builder) institutional(s segment) held {
	l := &b.line.l
	var rest bool
	b.line.service = true
	l.Revenue = s.elem(1)
	l.Procedure, rest = s.procedure(2)
	l.Charge = s.amount(3)
	l.Unit = s.elem(4)
	l.Units = s.units(5)
	if s.elem(7) != "" {
		l.NonCovered = s.amount(7)
	}
	return s.but(rest, elements(1, 2, 3, 4, 5, 7))
}

// dental takes SV3*AD:D2150*100**10**1.
func (b *builder) dental(s segment) held {
	l := &b.line.l
	var rest bool
	b.line.service = true
	l.Procedure, rest = s.procedure(1)
	l.Charge = s.amount(2)
	l.Place = s.elem(3)
	l.Oral = strings.ReplaceAll(s.elem(4), string(rune(s.b.d.Component)), ":")
	if s.elem(6) != "" {
		l.Unit, l.Units = "UN", s.units(6)
	}
	b.point(s, 11)
	return s.but(rest, elements(1, 2, 3, 4, 6, 11))
}

// but is all for a segment of whose procedure more was sent than a field holds.
func (s segment) but(rest bool, taken uint32) held {
	if rest {
		return part1
	}
	return s.all(taken)
}

// units reads a quantity where one was sent.
func (s segment) units(i int) money.Exact {
	e := s.elem(i)
	switch {
	case e == "":
		return money.Exact{}
	case len(e) == 1 && e[0] >= '0' && e[0] <= '9':
		return money.Whole(int64(e[0] - '0'))
	}
	return s.number(e, i)
}

// point reads diagnosis pointers: 1:2:3:4.
func (b *builder) point(s segment, i int) {
	for e := s.elem(i); e != ""; {
		var one string
		if one, e = cut(e, s.b.d.Component); one == "" {
			continue
		}
		n, err := strconv.ParseUint(one, 10, 8)
		if err != nil {
			s.fail(CodeNumber, i, 0, "a diagnosis pointer is no number")
			return
		}
		b.line.pointers.add(uint8(n))
	}
}

// drug takes LIN**N4*00012345678, CTP****2*UN and REF*XZ of 2410.
func (b *builder) drug(s segment) held {
	l := &b.line
	switch s.id() {
	case "LIN":
		if s.elem(2) != "N4" || l.l.NDC != "" {
			return none
		}
		l.l.NDC = s.elem(3)
		return s.all(elements(2, 3))
	case "CTP":
		if l.l.NDCUnit != "" || s.elem(4) == "" {
			return none
		}
		l.l.NDCQuantity, l.l.NDCUnit = s.units(4), s.comp(5, 1)
		if l.l.NDCUnit != s.elem(5) {
			return part1
		}
		return s.all(elements(4, 5))
	case "REF":
		l.refs.add(claim.Reference{Qualifier: s.elem(1), Value: s.elem(2)})
		return s.all(elements(1, 2))
	}
	return none
}
