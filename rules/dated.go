package rules

import (
	"revcycle/civil"
	"revcycle/claim"
)

// Decode fills a struct with the parameters of a rule or a contract term. It is strict: a parameter
// that the struct does not name is an error that gives the nearest right word.
type Decode func(into any) error

// Codes reports whether a code belongs to a list on a day. Lists hold codes, wildcards ("9920*") and
// names of dated code sets.
type Codes func(code string, day civil.Date) bool

// DayOf is the date by which a line is judged and priced: its own first day, else the claim's. With a nil
// line it is the claim's: the through date of an institutional claim, the first service date of others.
func DayOf(c *claim.Claim, l *claim.Line) civil.Date {
	if l != nil && l.From.Known() {
		return l.From
	}
	from, to := c.Service()
	if c.Kind == claim.Institutional && to.Known() {
		return to
	}
	return from
}
