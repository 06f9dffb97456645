package coding

import (
	"testing"

	"revcycle/civil"
	"revcycle/rules"
)

func pairsOf(indicator byte) Pairs {
	return func(a, b string, _ civil.Date) (byte, rules.Cite, bool) {
		return indicator, rules.Cite{Source: "table"}, a == "29881" && b == "20610"
	}
}

// NCCI policy manual, chapter I: what separates a pair of indicator 1, and that nothing separates one of 0.
func TestCodePairsByIndicatorAndModifier(t *testing.T) {
	for _, c := range []struct {
		name      string
		indicator byte
		m1, m2    []string
		hit       bool
	}{
		{"no modifier", '1', nil, nil, true},
		{"59 on column 2", '1', nil, []string{"59"}, false},
		{"59 on column 1, since July 2019", '1', []string{"59"}, nil, false},
		{"XS on column 2", '1', nil, []string{"XS"}, false},
		{"59 on column 2, indicator 0", '0', nil, []string{"59"}, true},
		{"indicator 9 is no edit", '9', nil, nil, false},
		{"other side", '1', []string{"RT"}, []string{"LT"}, false},
		{"same side on both", '1', []string{"RT"}, []string{"RT"}, true},
		{"a side on column 1 only", '1', []string{"RT"}, nil, true},
		{"a visit's 25", '1', nil, []string{"25"}, false},
		{"a modifier that NCCI does not know", '1', nil, []string{"GP"}, true},
	} {
		got := fired(CodePairs(CodePairsParams{}, pairsOf(c.indicator)), bill(1, line("20610", 1, 1, c.m2...), line("29881", 1, 1, c.m1...)))
		if (len(got) == 1) != c.hit || c.hit && got[0] != 1 {
			t.Errorf("%s: fired on %v, want on column 2 (line 1): %t", c.name, got, c.hit)
		}
	}
}

func TestFiftyNineOnColumnOneOnlySinceJuly2019(t *testing.T) {
	for _, c := range []struct {
		day  civil.Date
		hits int
	}{{civil.Of(2019, 6, 30), 1}, {civil.Of(2019, 7, 1), 0}} {
		b := bill(1, line("29881", 1, 1, "59"), line("20610", 1, 1))
		b.Lines[0].From, b.Lines[1].From = c.day, c.day
		if got := fired(CodePairs(CodePairsParams{}, pairsOf('1')), b); len(got) != c.hits {
			t.Errorf("on %s: fired on %v, want %d findings", c.day, got, c.hits)
		}
	}
}

func TestCodePairsOfOneDayOnly(t *testing.T) {
	check := CodePairs(CodePairsParams{}, pairsOf('0'))
	b := bill(1, line("29881", 1, 1), line("20610", 1, 1))
	b.Lines[1].From = day.AddDays(1)
	want(t, "two days", fired(check, b))
	want(t, "column 1 on an earlier claim", fired(check, bill(2, line("20610", 1, 1)), bill(1, line("29881", 1, 1))), 1)
	want(t, "column 2 was earlier", fired(check, bill(2, line("29881", 1, 1)), bill(1, line("20610", 1, 1))))
	want(t, "this claim alone", fired(CodePairs(CodePairsParams{ThisClaim: true}, pairsOf('0')), bill(2, line("20610", 1, 1)), bill(1, line("29881", 1, 1))))
}
