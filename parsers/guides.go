package parsers

import (
	"revcycle/parsers/x12"
	"revcycle/parsers/x277ca"
	"revcycle/parsers/x835"
	"revcycle/parsers/x837"
	"revcycle/parsers/x999"
)

// guideOf is the table of the loops of a set, nil where there is none.
func guideOf(t *Set) *x12.Guide {
	switch {
	case t.Kind == Remittance:
		return x835.Guide(t.Guide)
	case t.Kind == ClaimAck:
		return x277ca.Table
	case x999.Table(string(t.Kind)) != nil:
		return x999.Table(string(t.Kind))
	}
	g, _ := x837.Guide(t.Guide)
	return g
}
