package pricing

import (
	"errors"

	"revcycle/money"
	"revcycle/rules"
)

// PercentParams are the parameters of percent_of_charge.
type PercentParams struct {
	Percent *money.Exact `yaml:"percent"`
}

func newPercentOfCharge(decode rules.Decode, _ Tables) (Price, error) {
	var p PercentParams
	if err := decode(&p); err != nil {
		return nil, err
	}
	if p.Percent == nil || p.Percent.Sign() <= 0 {
		return nil, errors.New("percent: say which percentage of the charge is paid, above 0")
	}
	return PercentOfCharge(*p.Percent), nil
}

// PercentOfCharge prices each line at charge × percent, rounded once.
func PercentOfCharge(percent money.Exact) Price {
	text := percent.String()
	return func(j *Job, out []rules.Quote) []rules.Quote {
		for _, l := range j.Lines {
			out = append(out, rules.Quote{
				Line: l.Number, Allowed: l.Charge.Exact().Mul(percent).Mul(hundredth).Round(),
				Steps: []rules.Step{
					{Label: "line charge", Value: l.Charge.String(), Cite: chargeCite(j.Claim)},
					{Label: "contract percentage", Value: text, Cite: j.Cite},
				},
			})
		}
		return out
	}
}
