package coding

import (
	"revcycle/civil"
	"revcycle/claim"
	"revcycle/rules"
)

// Pairs looks up the indicator of a pair on a day: '0' never both, '1' both with a modifier, '9' no edit.
// The first code is column 1, the one that is paid.
type Pairs func(column1, column2 string, day civil.Date) (indicator byte, cite rules.Cite, ok bool)

// CodePairsParams are the parameters of code_pairs.
type CodePairsParams struct {
	Table     string `yaml:"table"`      // a table of kind pairs
	ThisClaim bool   `yaml:"this_claim"` // judge this claim alone, without earlier ones of the day
}

func newCodePairs(decode rules.Decode, t Tables) (Check, error) {
	var p CodePairsParams
	if err := decode(&p); err != nil {
		return Check{}, err
	}
	pairs, err := t.Pairs(p.Table)
	return Check{Run: CodePairs(p, pairs), History: !p.ThisClaim}, err
}

// CodePairs finds column 2 codes of NCCI pairs: same patient, billing provider and day, a row in force that
// day, and no modifier that separates the two. The finding stands on the column 2 line of this claim.
func CodePairs(p CodePairsParams, pairs Pairs) func(*rules.Pass) {
	return func(pass *rules.Pass) {
		for l := range pass.Lines() {
			day := pass.Day(l)
			if l.Procedure.Code == "" || !day.Known() {
				continue
			}
			if pairWithin(pass, pass.Claim, l, day, pairs) || p.ThisClaim {
				continue
			}
			prior := pass.Prior()
			for i := range prior {
				if counts(&prior[i], pass.Claim, prior) && pairWithin(pass, &prior[i], l, day, pairs) {
					break
				}
			}
		}
	}
}

// pairWithin reports l where another line of c is its column 1, and whether it did.
func pairWithin(pass *rules.Pass, c *claim.Claim, l *claim.Line, day civil.Date, pairs Pairs) bool {
	for i := range c.Lines {
		first := &c.Lines[i]
		if first == l || first.Procedure.Code == "" || first.Procedure.Code == l.Procedure.Code || !sameDay(rules.DayOf(c, first), day) {
			continue
		}
		indicator, cite, ok := pairs(first.Procedure.Code, l.Procedure.Code, day)
		if !ok || indicator == '9' || indicator == '1' && separated(first.Procedure.Modifiers, l.Procedure.Modifiers, day) {
			continue
		}
		advice := "no modifier allows both"
		if indicator == '1' {
			advice = "a modifier allows both where the record supports it"
		}
		pass.ReportRow(cite, l.Number, []rules.Fact{
			{Name: "column 1", Value: first.Procedure.Code}, {Name: "column 2", Value: l.Procedure.Code},
			{Name: "indicator", Value: string(indicator)},
		}, "%s is part of %s on the same day; %s", l.Procedure.Code, first.Procedure.Code, advice)
		return true
	}
	return false
}

// eitherLine is the day since which 59 and X{EPSU} count on either code (CMS CR 11168).
var eitherLine = civil.Of(2019, 7, 1)

// separated reports whether an NCCI modifier tells the two services apart (NCCI policy manual, chapter I, E).
// Anatomical modifiers do on column 2, unless column 1 bears the same ones; 24, 25 and 57 do on either
// line, since the visit may be either code; 59 and X{EPSU} do on column 2, since July 2019 on either.
func separated(column1, column2 [4]string, day civil.Date) bool {
	distinct := []string{"59", "XE", "XP", "XS", "XU"}
	visit := []string{"24", "25", "57"}
	switch {
	case has(column2, distinct...), day >= eitherLine && has(column1, distinct...):
		return true
	case has(column1, visit...), has(column2, visit...):
		return true
	case has(column2, "27", "58", "78", "79", "91"):
		return true
	}
	for _, m := range column2 {
		if anatomical(m) && !has(column1, m) {
			return true
		}
	}
	return false
}

// anatomical reports whether a modifier names a part of the body for NCCI.
func anatomical(m string) bool {
	switch m {
	case "LT", "RT", "LC", "LD", "RC", "LM", "RI", "FA", "TA":
		return true
	}
	if len(m) != 2 {
		return false
	}
	return m[0] == 'E' && m[1] >= '1' && m[1] <= '4' || (m[0] == 'F' || m[0] == 'T') && m[1] >= '1' && m[1] <= '9'
}
