package pricing

import (
	"errors"
	"fmt"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

// FeeScheduleParams are the parameters of fee_schedule.
type FeeScheduleParams struct {
	Table     string                 `yaml:"table"`     // a table of kind fee
	Percent   *money.Exact           `yaml:"percent"`   // of the table's amount; 100 where absent
	Per       string                 `yaml:"per"`       // unit (where absent) or line
	Fixed     civil.Date             `yaml:"fixed"`     // prices of this day whatever the service date
	Modifiers map[string]money.Exact `yaml:"modifiers"` // a percentage by modifier; several multiply
	Multiple  *MultipleParams        `yaml:"multiple"`  // multiple procedure reduction
}

func newFeeSchedule(decode rules.Decode, t Tables) (Price, error) {
	var p FeeScheduleParams
	if err := decode(&p); err != nil {
		return nil, err
	}
	if p.Per != "" && p.Per != "unit" && p.Per != "line" {
		return nil, fmt.Errorf("per: %q is not a way to count; write unit or line", p.Per)
	}
	if wholePercent(p.Percent).Sign() <= 0 {
		return nil, errors.New("percent: must be above 0; to pay nothing use the method packaged")
	}
	amounts, err := t.Amounts(p.Table, "fee")
	if err != nil || p.Multiple == nil {
		return FeeSchedule(p, amounts, nil), err
	}
	ranked, err := p.Multiple.codes(t)
	return FeeSchedule(p, amounts, ranked), err
}

// FeeSchedule prices a line at amount × percent × modifiers × units, rounded once. The row is that of the
// code with the first modifier that has one, else of the code alone. ranked says which codes the multiple
// procedure reduction of p.Multiple ranks; it may be nil.
func FeeSchedule(p FeeScheduleParams, amounts Amounts, ranked rules.Codes) Price {
	return func(j *Job, out []rules.Quote) []rules.Quote {
		var tiers []tiered
		if p.Multiple != nil && ranked != nil {
			tiers = rank(p, j, amounts, ranked)
		}
		for i, l := range j.Lines {
			f := feeOf(p, j.Claim, l, amounts)
			if f.missing != "" {
				out = append(out, unpriced(l.Number, f.missing))
				continue
			}
			steps := append(make([]rules.Step, 0, 4), rules.Step{Label: f.label, Value: Dollars(f.amount), Cite: f.cite})
			total := f.amount
			if p.Percent != nil {
				total = total.Mul(*p.Percent).Mul(hundredth)
				steps = append(steps, rules.Step{Label: "contract percentage", Value: p.Percent.String(), Cite: j.Cite})
			}
			for _, m := range l.Procedure.Modifiers {
				if percent, ok := p.Modifiers[m]; ok && m != "" {
					total = total.Mul(percent).Mul(hundredth)
					steps = append(steps, rules.Step{Label: "percentage for modifier " + m, Value: percent.String(), Cite: j.Cite})
				}
			}
			switch {
			case tiers != nil && tiers[i].ranked:
				total = total.Mul(tiers[i].factor)
				steps = append(steps, rules.Step{Label: "multiple procedures, units × tier", Value: tiers[i].factor.String(), Cite: j.Cite})
			case p.Per != "line":
				total = total.Mul(l.Units)
				steps = append(steps, rules.Step{Label: "units", Value: l.Units.String(), Cite: unitsCite(j.Claim)})
			}
			out = append(out, rules.Quote{Line: l.Number, Allowed: total.Round(), Steps: steps})
		}
		return out
	}
}

// fee is the row that prices a line, or why there is none.
type fee struct {
	amount  money.Exact
	label   string
	cite    rules.Cite
	missing string
}

func feeOf(p FeeScheduleParams, c *claim.Claim, l *claim.Line, amounts Amounts) fee {
	code := l.Procedure.Code
	if code == "" {
		return fee{missing: fmt.Sprintf("line %d has revenue code %s and no procedure code: a fee schedule cannot price it; add a contract term for the revenue code", l.Number, l.Revenue)}
	}
	if p.Per != "line" && l.Unit == "" && l.Units.Sign() == 0 {
		return fee{missing: fmt.Sprintf("line %d was sent without units: bill the units of %s", l.Number, code)}
	}
	day := rules.DayOf(c, l)
	if p.Fixed.Known() {
		day = p.Fixed
	}
	for _, m := range l.Procedure.Modifiers {
		if m == "" {
			continue
		}
		if x, cite, ok := amounts(code, m, day); ok {
			return fee{amount: x, label: "fee of " + code + "-" + m, cite: cite}
		}
	}
	if x, cite, ok := amounts(code, "", day); ok {
		return fee{amount: x, label: "fee of " + code, cite: cite}
	}
	return fee{missing: fmt.Sprintf("table %s has no rate for %s on %s: load a row for it, or a contract term that covers the code", p.Table, code, day)}
}

func unitsCite(c *claim.Claim) rules.Cite {
	switch c.Kind {
	case claim.Institutional:
		return rules.Cite{Source: "claim", Where: "SV205"}
	case claim.Dental:
		return rules.Cite{Source: "claim", Where: "SV306"}
	}
	return rules.Cite{Source: "claim", Where: "SV104"}
}

func chargeCite(c *claim.Claim) rules.Cite {
	switch c.Kind {
	case claim.Institutional:
		return rules.Cite{Source: "claim", Where: "SV203"}
	case claim.Dental:
		return rules.Cite{Source: "claim", Where: "SV302"}
	}
	return rules.Cite{Source: "claim", Where: "SV102"}
}
