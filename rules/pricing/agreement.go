package pricing

import (
	"fmt"

	"revcycle/rules"
)

// AgreementParams are the parameters of agreement and case_agreement.
type AgreementParams struct {
	Table string `yaml:"table"` // a table of kind agreement
}

func agreed(decode rules.Decode, t Tables) (AgreementParams, Agreed, error) {
	var p AgreementParams
	if err := decode(&p); err != nil {
		return p, nil, err
	}
	amounts, err := t.Agreed(p.Table)
	return p, amounts, err
}

func newAgreement(decode rules.Decode, t Tables) (Price, error) {
	p, amounts, err := agreed(decode, t)
	return Agreement(p, amounts), err
}

func newCaseAgreement(decode rules.Decode, t Tables) (Price, error) {
	p, amounts, err := agreed(decode, t)
	return CaseAgreement(p, amounts), err
}

// Agreement prices each line at the amount agreed for it alone, known by its control number (REF*6R). An
// agreed 0.00 is a price. The number itself stands in no step: it may name a patient's account.
func Agreement(p AgreementParams, amounts Agreed) Price {
	return func(j *Job, out []rules.Quote) []rules.Quote {
		for _, l := range j.Lines {
			x, cite, ok := amounts(l.Control, rules.DayOf(j.Claim, l))
			if l.Control == "" || !ok {
				out = append(out, unpriced(l.Number, fmt.Sprintf("table %s has no agreement for the control number of line %d (REF*6R): load its row", p.Table, l.Number)))
				continue
			}
			out = append(out, rules.Quote{Line: l.Number, Allowed: x.Round(), Steps: []rules.Step{{Label: "agreed amount of the line", Value: Dollars(x), Cite: cite}}})
		}
		return out
	}
}

// CaseAgreement prices the claim at the amount agreed for it alone, known by CLM01.
func CaseAgreement(p AgreementParams, amounts Agreed) Price {
	return func(j *Job, out []rules.Quote) []rules.Quote {
		out = packagedLines(j, "included in the agreed amount of the claim", out)
		x, cite, ok := amounts(j.Claim.Control, rules.DayOf(j.Claim, nil))
		if !ok {
			return append(out, unpriced(0, fmt.Sprintf("table %s has no agreement for this claim's control number (CLM01): load its row", p.Table)))
		}
		return append(out, rules.Quote{Allowed: x.Round(), Steps: []rules.Step{{Label: "agreed amount of the claim", Value: Dollars(x), Cite: cite}}})
	}
}
