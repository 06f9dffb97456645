package x837

import (
	"strconv"
	"strings"

	"revcycle/claim"
	"revcycle/parsers/set"
)

// line is what is collected of the service line at hand.
type line struct {
	open      bool
	service   bool // its SV1, SV2 or SV3 was read
	start     set.Segment
	l         *claim.Line // in the claim
	kept      set.Gather[claim.KeptSegment]
	dates     set.Gather[claim.QualDate]
	refs      set.Gather[claim.Reference]
	amounts   set.Gather[claim.QualAmount]
	providers set.Gather[claim.Provider]
	judged    set.Gather[claim.LineAdjudication]
	cas       set.Gather[claim.Adjustment]
	pointers  set.Gather[uint8]
	teeth     set.Gather[string]
}

// takeLine takes a segment of 2400 and the loops below it.
func (b *builder) takeLine(s set.Segment) {
	if opensLine(s) {
		b.openLine(s)
		return
	}
	if !b.line.open {
		s.Fail(CodeLine, 0, 0, "the segment belongs to a service line, and no LX came before it")
		return
	}
	l := &b.line
	var h set.Held
	switch place(s.Place) {
	case serviceLine:
		h = b.service(s)
	case drug:
		h = b.drug(s)
	case lineProvider:
		h = b.provider(s, &l.providers)
	case adjudication:
		h = b.judged(s)
	}
	b.p.counts.Settle(s, h, &l.kept)
}

func opensLine(s set.Segment) bool { return place(s.Place) == serviceLine && s.ID() == "LX" }

// makeLines makes room for the lines of the claim.
func (b *builder) makeLines(blk *set.Block) {
	n := 0
	for i := range blk.Len() {
		if opensLine(blk.Segment(i)) {
			n++
		}
	}
	b.c.Lines, b.read = b.lines.Make(n), 0
}

// openLine takes LX*1. A counter that is no number is replaced by the line's position and the segment kept.
func (b *builder) openLine(s set.Segment) {
	b.closeLine()
	b.closeOther()
	l := &b.line
	l.open, l.start, l.l = true, s, &b.c.Lines[b.read]
	b.read++
	h := set.Whole
	n, err := strconv.Atoi(s.Elem(1))
	if err != nil || n < 1 {
		n, h = b.read, set.None
	}
	l.l.Number = n
	b.p.counts.Settle(s, h, &l.kept)
}

// closeLine finishes the line at hand.
func (b *builder) closeLine() {
	l := &b.line
	if !l.open {
		return
	}
	if !l.service {
		l.start.Fail(CodeLine, 1, 0, "the service line has no SV1, SV2 or SV3")
	}
	b.closeJudged()
	l.l.Providers, l.l.Dates, l.l.References, l.l.Amounts = l.providers.Take(), l.dates.Take(), l.refs.Take(), l.amounts.Take()
	l.l.Adjudication, l.l.Kept, l.l.Pointers, l.l.Teeth = l.judged.Take(), l.kept.Take(), l.pointers.Take(), l.teeth.Take()
	l.open, l.service = false, false
}

// service takes a segment of 2400 itself.
func (b *builder) service(s set.Segment) set.Held {
	l := &b.line
	switch s.ID() {
	case "SV1":
		return b.professional(s)
	case "SV2":
		return b.institutional(s)
	case "SV3":
		return b.dental(s)
	case "DTP":
		d, ok := s.Date()
		if !ok {
			return set.None
		}
		if d.Qualifier == "472" && !l.l.From.Known() && d.From.Known() {
			l.l.From, l.l.To = d.From, d.To
			if d.Time != "" {
				return set.Partly
			}
			return s.All(set.E1 | set.E2 | set.E3)
		}
		l.dates.Add(d)
		return s.All(set.E1 | set.E2 | set.E3)
	case "REF":
		if s.Elem(1) == "6R" && l.l.Control == "" {
			l.l.Control = s.Elem(2)
		} else {
			l.refs.Add(claim.Reference{Qualifier: s.Elem(1), Value: s.Elem(2)})
		}
		return s.All(set.E1 | set.E2)
	case "AMT":
		l.amounts.Add(claim.QualAmount{Qualifier: s.Elem(1), Amount: s.Amount(2)})
		return s.All(set.E1 | set.E2)
	case "TOO": // TOO*JP*12*L:O
		tooth := s.Elem(2)
		if areas := s.Elem(3); areas != "" {
			tooth += ":" + strings.ReplaceAll(areas, string(rune(s.Separator())), ":")
		}
		l.teeth.Add(tooth)
		return s.All(set.E1 | set.E2 | set.E3)
	}
	return set.None
}

// professional takes SV1*HC:99213:25*150*UN*1***1:2.
func (b *builder) professional(s set.Segment) set.Held {
	l := b.line.l
	var rest bool
	b.line.service = true
	l.Procedure, rest = s.Procedure(1)
	l.Charge = s.Amount(2)
	l.Unit = s.Elem(3)
	l.Units = s.Units(4)
	l.Place = s.Elem(5)
	return s.But(!b.point(s, 7) || rest, set.E1|set.E2|set.E3|set.E4|set.E5|set.E7)
}

// institutional takes SV2*0450*HC:99283*350*UN*1**20.
func (b *builder) institutional(s set.Segment) set.Held {
	l := b.line.l
	var rest bool
	b.line.service = true
	l.Revenue = s.Elem(1)
	l.Procedure, rest = s.Procedure(2)
	l.Charge = s.Amount(3)
	l.Unit = s.Elem(4)
	l.Units = s.Units(5)
	if s.Elem(7) != "" {
		l.NonCovered = s.Amount(7)
	}
	return s.But(rest, set.E1|set.E2|set.E3|set.E4|set.E5|set.E7)
}

// dental takes SV3*AD:D2150*100**10**1.
func (b *builder) dental(s set.Segment) set.Held {
	l := b.line.l
	var rest bool
	b.line.service = true
	l.Procedure, rest = s.Procedure(1)
	l.Charge = s.Amount(2)
	l.Place = s.Elem(3)
	l.Oral = strings.ReplaceAll(s.Elem(4), string(rune(s.Separator())), ":")
	if s.Elem(6) != "" {
		l.Unit, l.Units = "UN", s.Units(6)
	}
	return s.But(!b.point(s, 11) || rest, set.E1|set.E2|set.E3|set.E4|set.E6|set.E11)
}

// point reads diagnosis pointers, 1:2:3:4, or A:B as some senders write them. What is neither is kept with its segment: that
// a pointer points nowhere is a finding, and no reason not to read the claim.
func (b *builder) point(s set.Segment, i int) (sound bool) {
	sound = true
	for e := s.Elem(i); e != ""; {
		var one string
		one, e = set.Cut(e, s.Separator())
		switch n, err := strconv.ParseUint(one, 10, 8); {
		case err == nil:
			b.line.pointers.Add(uint8(n))
		case len(one) == 1 && one[0] >= 'A' && one[0] <= 'L':
			b.line.pointers.Add(one[0] - 'A' + 1)
		case one != "":
			sound = false
		}
	}
	return sound
}

// drug takes LIN**N4*00012345678, CTP****2*UN and REF*XZ of 2410.
func (b *builder) drug(s set.Segment) set.Held {
	l := &b.line
	switch s.ID() {
	case "LIN":
		if s.Elem(2) != "N4" || l.l.NDC != "" {
			return set.None
		}
		l.l.NDC = s.Elem(3)
		return s.All(set.E2 | set.E3)
	case "CTP":
		if l.l.NDCUnit != "" || s.Elem(4) == "" {
			return set.None
		}
		l.l.NDCQuantity, l.l.NDCUnit = s.Units(4), s.Comp(5, 1)
		if l.l.NDCUnit != s.Elem(5) {
			return set.Partly
		}
		return s.All(set.E4 | set.E5)
	case "REF":
		l.refs.Add(claim.Reference{Qualifier: s.Elem(1), Value: s.Elem(2)})
		return s.All(set.E1 | set.E2)
	}
	return set.None
}
