package rules

import (
	"testing"

	"revcycle/civil"
	"revcycle/claim"
)

// A claim that spans New Year must not be judged by one year's rule alone.
func TestLinesYieldsOnlyLinesInForce(t *testing.T) {
	c := claim.Claim{Kind: claim.Professional, Lines: []claim.Line{
		{Number: 1, From: civil.Of(2024, 12, 31)}, {Number: 2, From: civil.Of(2025, 1, 1)}, {Number: 3},
	}}
	r := Rule{ID: "Y25", Span: civil.Span{From: civil.Of(2025, 1, 1), To: civil.Of(2025, 12, 31)}}
	var out []Finding
	p := NewPass(&c, &r, nil, &out)
	var got []int
	for l := range p.Lines() {
		got = append(got, l.Number)
	}
	if len(got) != 1 || got[0] != 2 {
		t.Errorf("got lines %v in force, want [2]: line 3 falls back to the claim's first day", got)
	}
}

func TestDayOfAClaimIsThroughDateForInstitutional(t *testing.T) {
	c := claim.Claim{Kind: claim.Institutional, StatementFrom: civil.Of(2025, 1, 6), StatementTo: civil.Of(2025, 1, 10)}
	if got, want := DayOf(&c, nil), civil.Of(2025, 1, 10); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c.Kind = claim.Professional
	if got, want := DayOf(&c, nil), civil.Of(2025, 1, 6); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// An unknown amount is not a zero: one line without a price leaves the whole claim without one.
func TestExpectedIsUnknownWithOneUnpricedLine(t *testing.T) {
	a := Assessment{Quotes: []Quote{{Line: 1, Allowed: 100_00}, {Line: 2, Unpriced: "no rate"}}}
	if _, ok := a.Expected(); ok {
		t.Error("got a price, want none")
	}
	if got := a.Unpriced(); got != "no rate" {
		t.Errorf("got %q", got)
	}
	a.Quotes = []Quote{{Line: 0, Allowed: 70_00}, {Line: 1, Packaged: true}}
	if got, ok := a.Expected(); !ok || got != 70_00 {
		t.Errorf("got %s %t, want the claim's own quote 70.00", got, ok)
	}
}

// Two findings of one rule must not share the array that a row's citation was appended to.
func TestReportRowLeavesTheRulesCitesAlone(t *testing.T) {
	cites := make([]Cite, 1, 4)
	cites[0] = Cite{Source: "policy"}
	r := Rule{ID: "R", Cites: cites}
	var out []Finding
	p := NewPass(&claim.Claim{}, &r, nil, &out)
	p.ReportRow(Cite{Source: "row 1"}, 1, nil, "a")
	p.ReportRow(Cite{Source: "row 2"}, 2, nil, "b")
	if got := out[0].Cites[1].Source; got != "row 1" {
		t.Errorf("first finding cites %q, want row 1", got)
	}
	if len(r.Cites) != 1 {
		t.Errorf("the rule has %d cites, want 1", len(r.Cites))
	}
}
