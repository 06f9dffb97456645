package x837

import (
	_ "embed"
	"strings"

	"revcycle/claim"
	"revcycle/parsers/x12"
)

//go:embed guides/claim.txt
var commonText string

//go:embed guides/professional.txt
var professionalText string

//go:embed guides/institutional.txt
var institutionalText string

//go:embed guides/dental.txt
var dentalText string

// guide is a table of loops with what each loop is to a claim.
type guide struct {
	kind   claim.Kind
	table  *x12.Guide
	places []place // by Placement.Index
}

var (
	professional  = newGuide(claim.Professional, professionalText)
	institutional = newGuide(claim.Institutional, institutionalText)
	dental        = newGuide(claim.Dental, dentalText)
)

func newGuide(kind claim.Kind, text string) *guide {
	g := &guide{kind: kind, table: x12.MustGuide(commonText + text)}
	for i := range g.table.Loops {
		g.places = append(g.places, placeOf(g.table.Loops[i].ID))
	}
	return g
}

// guides says which table reads which guide, by the part of its name behind the version. 4010's loops are those of 5010
// but for a few, whose segments are kept without a loop and reported.
var guides = []struct {
	part string
	*guide
}{
	{"X222", professional}, {"X098", professional}, {"X291", professional},
	{"X223", institutional}, {"X096", institutional}, {"X292", institutional},
	{"X224", dental}, {"X097", dental},
}

// guideOf gives the table for an ST03 or GS08, nil where we read none such.
func guideOf(name string) *guide {
	for _, g := range guides {
		if strings.Contains(name, g.part) {
			return g.guide
		}
	}
	return nil
}

// Guide gives the table of loops and the kind of claim for an ST03 or GS08; nil where we read none such. 4010 is read
// by the tables of 5010.
func Guide(name string) (*x12.Guide, claim.Kind) {
	g := guideOf(name)
	if g == nil {
		return nil, ""
	}
	return g.table, g.kind
}

// locate places the next segment of the set.
func (p *parser) locate(s *x12.Segment) (place, string) {
	at := p.walker.Place(s)
	if at.Loop == nil {
		return nowhere, ""
	}
	return p.guide.places[at.Index], at.Loop.ID
}
