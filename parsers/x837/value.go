package x837

import (
	"fmt"
	"strconv"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// Codes of the troubles that make a claim a Reject, beside those of the x12 syntax errors.
const (
	CodeAmount  = "AMOUNT"          // an amount that is no decimal number of whole cents
	CodeDate    = "DATE"            // a day that is not in the calendar
	CodeNumber  = "NUMBER"          // a quantity or counter that is no number
	CodeMissing = "MISSING"         // an element without which the claim means nothing
	CodeStray   = "CLAIM_MISPLACED" // a CLM under no subscriber or patient
	CodeTorn    = "TORN"            // the claim at which a set without an SE ends
	CodeGuide   = "UNKNOWN_GUIDE"   // a set whose guide we do not read
	CodeLine    = "LINE_MISPLACED"  // a service without its LX, or a line without its service
)

// CodeUnplaced is the fault of a segment that no loop of the guide takes. It is a warning: the segment is in Kept.
const CodeUnplaced = "UNPLACED"

// fail remembers the first trouble of the block, at element i (component j where not 0).
func (s segment) fail(code string, i, j int, message string) {
	if s.b.bad != nil {
		return
	}
	element := fmt.Sprintf("%s%02d", s.id(), i)
	if j > 0 {
		element += "-" + strconv.Itoa(j)
	}
	s.b.fail(trouble{code, s.id(), element, message, s.ordinal, s.byte})
}

// amount reads element i, which must be there.
func (s segment) amount(i int) money.Cents {
	e := s.elem(i)
	if e == "" {
		s.fail(CodeMissing, i, 0, "the amount is missing")
		return 0
	}
	return s.cents(e, i, 0)
}

// maybe reads element i where it was sent.
func (s segment) maybe(i int) *money.Cents {
	e := s.elem(i)
	if e == "" {
		return nil
	}
	c := s.cents(e, i, 0)
	return &c
}

func (s segment) cents(e string, i, j int) money.Cents {
	c, err := money.Parse([]byte(e))
	if err != nil {
		s.fail(CodeAmount, i, j, "the amount is no decimal number of dollars with whole cents")
	}
	return c
}

// number reads a quantity.
func (s segment) number(e string, i int) money.Exact {
	x, err := money.ParseExact(e)
	if err != nil {
		s.fail(CodeNumber, i, 0, "the quantity is no decimal number")
	}
	return x
}

// day reads a CCYYMMDD.
func (s segment) day(e string, i, j int) civil.Date {
	d, err := civil.Parse8([]byte(e))
	if err != nil {
		s.fail(CodeDate, i, j, "the date is no day of the calendar written CCYYMMDD")
	}
	return d
}

// span reads a date, a range of dates or a time as the qualifier before it says; ok is false for a qualifier it does not know.
func (s segment) span(format, e string, i, j int) (from, to civil.Date, clock string, ok bool) {
	switch format {
	case "D8":
		from = s.day(e, i, j)
		return from, from, "", true
	case "RD8", "RDT":
		a, b, found := strings.Cut(e, "-")
		if !found {
			s.fail(CodeDate, i, j, "a range of dates needs a hyphen between its days")
			return 0, 0, "", true
		}
		a, _ = moment(a, format)
		b, _ = moment(b, format)
		return s.day(a, i, j), s.day(b, i, j), "", true
	case "DT", "DTS":
		e, clock = moment(e, "DT")
		from = s.day(e, i, j)
		return from, from, clock, true
	case "TM":
		return 0, 0, e, true
	}
	return 0, 0, "", false
}

// moment cuts the hour and minute off CCYYMMDDHHMM.
func moment(e, format string) (day, clock string) {
	if strings.HasSuffix(format, "T") && len(e) > 8 {
		return e[:8], e[8:]
	}
	return e, ""
}

// date reads a DTP: qualifier, format, value.
func (s segment) date() (d claim.QualDate, ok bool) {
	d.Qualifier = s.elem(1)
	if s.elem(3) == "" {
		return d, false
	}
	d.From, d.To, d.Time, ok = s.span(s.elem(2), s.elem(3), 3, 0)
	return d, ok
}

// procedure reads a composite of a code qualifier, a code and up to four modifiers; rest tells that more was sent.
func (s segment) procedure(i int) (p claim.Procedure, rest bool) {
	e, sep := s.elem(i), s.b.d.Component
	p.Qualifier, e = cut(e, sep)
	p.Code, e = cut(e, sep)
	for m := 0; e != "" && m < len(p.Modifiers); m++ {
		p.Modifiers[m], e = cut(e, sep)
	}
	return p, e != ""
}

// digits gives the digits of a number that may be written with hyphens.
func digits(e string) string {
	for i := 0; i < len(e); i++ {
		if e[i] < '0' || e[i] > '9' {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, e)
		}
	}
	return e
}
