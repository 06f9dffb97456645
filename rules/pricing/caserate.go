package pricing

import (
	"errors"
	"fmt"

	"revcycle/money"
	"revcycle/rules"
)

// CaseRateParams are the parameters of case_rate.
type CaseRateParams struct {
	Table   string       `yaml:"table"`   // a table of kind case, or weight where base is given
	By      string       `yaml:"by"`      // drg or procedure
	Base    *money.Exact `yaml:"base"`    // the rate of weight 1
	Percent *money.Exact `yaml:"percent"` // of the table's amount; 100 where absent
}

func newCaseRate(decode rules.Decode, t Tables) (Price, error) {
	var p CaseRateParams
	if err := decode(&p); err != nil {
		return nil, err
	}
	if p.By != "drg" && p.By != "procedure" {
		return nil, fmt.Errorf("by: %q is not what a case is known by; write drg or procedure", p.By)
	}
	if p.Base != nil && p.Base.Sign() <= 0 || wholePercent(p.Percent).Sign() <= 0 {
		return nil, errors.New("base and percent: must be above 0")
	}
	kind := "case"
	if p.Base != nil {
		kind = "weight"
	}
	amounts, err := t.Amounts(p.Table, kind)
	return CaseRate(p, amounts), err
}

// CaseRate pays one amount for the claim, known by its DRG (HI*DR) or by the dearest of its procedures that
// the table lists. With a base rate the table holds weights. All lines are packaged into the claim's quote.
func CaseRate(p CaseRateParams, amounts Amounts) Price {
	return func(j *Job, out []rules.Quote) []rules.Quote {
		out = packagedLines(j, "included in the case rate", out)
		key, amount, cite, reason := caseOf(p, j, amounts)
		if reason != "" {
			return append(out, unpriced(0, reason))
		}
		var steps []rules.Step
		if p.Base != nil {
			steps = append(steps, rules.Step{Label: "weight of " + key, Value: amount.String(), Cite: cite},
				rules.Step{Label: "base rate", Value: Dollars(*p.Base), Cite: j.Cite})
			amount = amount.Mul(*p.Base)
		} else {
			steps = append(steps, rules.Step{Label: "case rate of " + key, Value: Dollars(amount), Cite: cite})
		}
		if p.Percent != nil {
			amount = amount.Mul(*p.Percent).Mul(hundredth)
			steps = append(steps, rules.Step{Label: "contract percentage", Value: p.Percent.String(), Cite: j.Cite})
		}
		return append(out, rules.Quote{Allowed: amount.Round(), Steps: steps})
	}
}

func caseOf(p CaseRateParams, j *Job, amounts Amounts) (key string, amount money.Exact, cite rules.Cite, reason string) {
	day := rules.DayOf(j.Claim, nil)
	if p.By == "drg" {
		drg := j.Claim.DRG
		if drg == "" {
			return "", amount, cite, "a case rate needs the DRG and the claim has none (HI*DR): group the claim"
		}
		amount, cite, ok := amounts(drg, "", day)
		if !ok {
			return "", amount, cite, fmt.Sprintf("table %s has no rate for DRG %s on %s: load a row for it", p.Table, drg, day)
		}
		return "DRG " + drg, amount, cite, ""
	}
	for _, l := range j.Lines {
		x, c, ok := amounts(l.Procedure.Code, "", rules.DayOf(j.Claim, l))
		if ok && (key == "" || x.Cmp(amount) > 0) {
			key, amount, cite = l.Procedure.Code, x, c
		}
	}
	if key == "" {
		return "", amount, cite, fmt.Sprintf("table %s has no case rate for any procedure of the claim on %s: load a row, or narrow the term's when", p.Table, day)
	}
	return key, amount, cite, ""
}
