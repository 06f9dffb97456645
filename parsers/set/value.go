package set

import (
	"fmt"
	"strconv"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// Codes of the troubles that make a document a Reject, beside those of the x12 syntax errors.
const (
	CodeAmount  = "AMOUNT"        // an amount that is no decimal number of whole cents
	CodeDate    = "DATE"          // a day that is not in the calendar
	CodeNumber  = "NUMBER"        // a quantity or counter that is no number
	CodeMissing = "MISSING"       // an element without which the document means nothing
	CodeTorn    = "TORN"          // the document at which a set without an SE ends
	CodeGuide   = "UNKNOWN_GUIDE" // a set whose guide we do not read
)

// Fail remembers the first trouble of the block, at element i (component j where not 0).
func (s Segment) Fail(code string, i, j int, message string) {
	if s.b.Bad != nil {
		return
	}
	element := fmt.Sprintf("%s%02d", s.ID(), i)
	if j > 0 {
		element += "-" + strconv.Itoa(j)
	}
	s.b.Fail(Trouble{Code: code, Segment: s.ID(), Element: element, Message: message, Ordinal: s.Ordinal, Byte: s.Byte})
}

// Amount reads element i, which must be there.
func (s Segment) Amount(i int) money.Cents {
	e := s.Elem(i)
	if e == "" {
		s.Fail(CodeMissing, i, 0, "the amount is missing")
		return 0
	}
	return s.Cents(e, i, 0)
}

// Maybe reads element i where it was sent.
func (s Segment) Maybe(i int) *money.Cents {
	e := s.Elem(i)
	if e == "" {
		return nil
	}
	c := s.Cents(e, i, 0)
	return &c
}

// Cents reads an amount that stands in component j of element i, or with j = 0 in the element itself.
func (s Segment) Cents(e string, i, j int) money.Cents {
	c, err := money.Parse([]byte(e))
	if err != nil {
		s.Fail(CodeAmount, i, j, "the amount is no decimal number of dollars with whole cents")
	}
	return c
}

// Number reads a quantity.
func (s Segment) Number(e string, i int) money.Exact {
	x, err := money.ParseExact(e)
	if err != nil {
		s.Fail(CodeNumber, i, 0, "the quantity is no decimal number")
	}
	return x
}

// Day reads a CCYYMMDD.
func (s Segment) Day(e string, i, j int) civil.Date {
	d, err := civil.Parse8([]byte(e))
	if err != nil {
		s.Fail(CodeDate, i, j, "the date is no day of the calendar written CCYYMMDD")
	}
	return d
}

// Span reads a date, a range of dates or a time as the qualifier before it says; ok is false for a qualifier it does not know.
func (s Segment) Span(format, e string, i, j int) (from, to civil.Date, clock string, ok bool) {
	switch format {
	case "D8":
		from = s.Day(e, i, j)
		return from, from, "", true
	case "RD8", "RDT":
		a, b, found := strings.Cut(e, "-")
		if !found {
			s.Fail(CodeDate, i, j, "a range of dates needs a hyphen between its days")
			return 0, 0, "", true
		}
		a, _ = moment(a, format)
		b, _ = moment(b, format)
		return s.Day(a, i, j), s.Day(b, i, j), "", true
	case "DT", "DTS":
		e, clock = moment(e, "DT")
		from = s.Day(e, i, j)
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

// Date reads a DTP: qualifier, format, value.
func (s Segment) Date() (d claim.QualDate, ok bool) {
	d.Qualifier = s.Elem(1)
	if s.Elem(3) == "" {
		return d, false
	}
	d.From, d.To, d.Time, ok = s.Span(s.Elem(2), s.Elem(3), 3, 0)
	return d, ok
}

// Procedure reads a composite of a code qualifier, a code and up to four modifiers; rest tells that more was sent.
func (s Segment) Procedure(i int) (p claim.Procedure, rest bool) {
	e, sep := s.Elem(i), s.b.d.Component
	p.Qualifier, e = Cut(e, sep)
	p.Code, e = Cut(e, sep)
	for m := 0; e != "" && m < len(p.Modifiers); m++ {
		p.Modifiers[m], e = Cut(e, sep)
	}
	return p, e != ""
}

// Digits gives the digits of a number that may be written with hyphens.
func Digits(e string) string {
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

// But is all for a segment of whose procedure more was sent than a field holds.
func (s Segment) But(rest bool, taken Mask) Held {
	if rest {
		return Partly
	}
	return s.All(taken)
}

// Units reads a quantity where one was sent.
func (s Segment) Units(i int) money.Exact {
	e := s.Elem(i)
	switch {
	case e == "":
		return money.Exact{}
	case len(e) == 1 && e[0] >= '0' && e[0] <= '9':
		return money.Whole(int64(e[0] - '0'))
	}
	return s.Number(e, i)
}

// Remarks adds the elements that are filled.
func (s Segment) Remarks(to *Gather[string], positions ...int) {
	for _, i := range positions {
		if e := s.Elem(i); e != "" {
			to.Add(e)
		}
	}
}

// Adjustments takes CAS*CO*45*57.53**253*1.60: a group and up to six triplets of reason, amount and quantity.
func (s Segment) Adjustments(to *Gather[claim.Adjustment]) {
	group := s.Elem(1)
	for i := 2; i <= int(s.n) && i <= 17; i += 3 {
		reason := s.Elem(i)
		if reason == "" && s.Elem(i+1) == "" {
			continue
		}
		a := claim.Adjustment{Group: group, Reason: reason, Amount: s.Amount(i + 1)}
		if q := s.Elem(i + 2); q != "" {
			n := s.Number(q, i+2)
			a.Quantity = &n
		}
		to.Add(a)
	}
}
