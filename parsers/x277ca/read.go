package x277ca

import (
	"revcycle/civil"
	"revcycle/money"
	"revcycle/parsers/x12"
)

// Reader reads the answers of one set after another: Take each segment, and take the claims that are done.
type Reader struct {
	// Source is who answers (2100A NM1: name, qualifier and ID) in the set at hand.
	Source Party
	// Reference is the BHT03 of the claims' set (2200B TRN02), "" where the answer names none.
	Reference string

	level   string // HL03 of the level at hand
	billing string
	claim   *Claim
	line    bool
	done    []Claim
}

// Take takes the next segment of the set, from ST to SE.
func (r *Reader) Take(s *x12.Segment) {
	switch string(s.ID()) {
	case "ST":
		*r = Reader{}
	case "HL":
		r.end()
		r.level = string(s.Elem(3))
	case "SE":
		r.end()
	case "NM1":
		switch r.level {
		case "20":
			r.Source = PartyOf(s)
		case "19":
			r.billing = string(s.Elem(9))
		}
	case "TRN":
		switch r.level {
		case "21":
			r.Reference = string(s.Elem(2))
		case "PT":
			r.end()
			r.claim = &Claim{Control: string(s.Elem(2)), Billing: r.billing}
		}
	default:
		r.detail(s)
	}
}

// detail takes a segment of a claim's answer.
func (r *Reader) detail(s *x12.Segment) {
	c := r.claim
	if c == nil {
		return
	}
	switch string(s.ID()) {
	case "SVC":
		c.Lines, r.line = append(c.Lines, Line{}), true
	case "STC":
		r.status(s)
	case "REF":
		value := string(s.Elem(2))
		switch string(s.Elem(1)) {
		case "1K":
			c.PayerControl = value
		case "D9":
			c.Clearinghouse = value
		case "BLT":
			c.BillType = value
		case "FJ":
			if r.line {
				c.Lines[len(c.Lines)-1].Control = value
			}
		}
	case "DTP":
		if !r.line && string(s.Elem(1)) == "472" {
			e := s.Elem(3)
			if len(e) >= 8 {
				c.From, _ = civil.Parse8(e[:8])
				c.To, _ = civil.Parse8(e[len(e)-8:])
			}
		}
	}
}

// status takes an STC: up to three statuses, STC01, STC10 and STC11.
func (r *Reader) status(s *x12.Segment) {
	c := r.claim
	for _, i := range []int{1, 10, 11} {
		if len(s.Elem(i)) == 0 {
			continue
		}
		x := Status{string(s.Comp(i, 1)), string(s.Comp(i, 2)), string(s.Comp(i, 3))}
		if r.line {
			l := &c.Lines[len(c.Lines)-1]
			l.Statuses = append(l.Statuses, x)
		} else {
			c.Statuses = append(c.Statuses, x)
		}
	}
	if r.line {
		return
	}
	if d, err := civil.Parse8(s.Elem(2)); err == nil {
		c.Date = d
	}
	if a, err := money.Parse(s.Elem(4)); err == nil {
		c.Amount, c.AmountKnown = a, true
	}
}

// end ends the claim at hand.
func (r *Reader) end() {
	if r.claim != nil {
		r.done = append(r.done, *r.claim)
	}
	r.claim, r.line = nil, false
}

// Claims gives the claims that were read since it was last asked.
func (r *Reader) Claims() []Claim {
	out := r.done
	r.done = nil
	return out
}
