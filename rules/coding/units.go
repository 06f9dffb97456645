package coding

import (
	"fmt"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

// Limit is how many units of a code may be billed. MAI is CMS's adjudication indicator: 1 judges each
// line, 2 (absolute) and 3 (clinical) judge the day. A limit of 0 is real: the code is never payable here.
type Limit struct {
	Units int32
	MAI   uint8
}

// Limits looks up the limit of a code on a day.
type Limits func(code string, day civil.Date) (Limit, rules.Cite, bool)

// UnitLimitsParams are the parameters of unit_limits.
type UnitLimitsParams struct {
	Table       string `yaml:"table"`        // a table of kind units
	ThisClaim   bool   `yaml:"this_claim"`   // judge the day by this claim alone, without earlier ones
	DivideSpans bool   `yaml:"divide_spans"` // divide the units of a line over the days it spans
}

func newUnitLimits(decode rules.Decode, t Tables) (Check, error) {
	var p UnitLimitsParams
	if err := decode(&p); err != nil {
		return Check{}, err
	}
	limits, err := t.Limits(p.Table)
	return Check{Run: UnitLimits(p, limits), History: !p.ThisClaim}, err
}

// UnitLimits finds lines above their limit (CMS medically unlikely edits). MAI 1 compares each line, so that
// a repeat with modifier 76 on a line of its own passes. MAI 2 and 3 sum the code's units over the day, all
// modifiers, this claim and earlier ones; over the limit, each line of that code and day is reported.
func UnitLimits(p UnitLimitsParams, limits Limits) func(*rules.Pass) {
	return func(pass *rules.Pass) {
		for l := range pass.Lines() {
			code, day := l.Procedure.Code, pass.Day(l)
			if code == "" {
				continue
			}
			limit, cite, ok := limits(code, day)
			if !ok {
				continue
			}
			units := unitsOf(l, p.DivideSpans)
			if limit.MAI != 1 {
				units = unitsOfDay(pass, code, day, p)
			}
			if units.Cmp(money.Whole(int64(limit.Units))) <= 0 {
				continue
			}
			over := "on one line"
			if limit.MAI != 1 {
				over = "on " + day.String()
			}
			pass.ReportRow(cite, l.Number, []rules.Fact{
				{Name: "code", Value: code}, {Name: "units", Value: units.String()},
				{Name: "limit", Value: fmt.Sprint(limit.Units)}, {Name: "MAI", Value: fmt.Sprint(limit.MAI)},
			}, "%s units of %s %s; at most %d are payable", units, code, over, limit.Units)
		}
	}
}

func unitsOf(l *claim.Line, divide bool) money.Exact {
	if !divide || l.To <= l.From {
		return l.Units
	}
	days := int64(l.To-l.From) + 1
	n, ok := l.Units.Int()
	if !ok {
		return l.Units
	}
	return money.Whole((n + days - 1) / days)
}

func unitsOfDay(pass *rules.Pass, code string, day civil.Date, p UnitLimitsParams) money.Exact {
	sum := unitsOn(pass.Claim, code, day, p.DivideSpans)
	if p.ThisClaim {
		return sum
	}
	prior := pass.Prior()
	for i := range prior {
		if counts(&prior[i], pass.Claim, prior) {
			sum = sum.Add(unitsOn(&prior[i], code, day, p.DivideSpans))
		}
	}
	return sum
}

func unitsOn(c *claim.Claim, code string, day civil.Date, divide bool) money.Exact {
	var sum money.Exact
	for i := range c.Lines {
		if l := &c.Lines[i]; l.Procedure.Code == code && sameDay(rules.DayOf(c, l), day) {
			sum = sum.Add(unitsOf(l, divide))
		}
	}
	return sum
}
