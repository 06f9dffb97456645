package pricing

import (
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

// LesserOfCharge lowers a priced, unpackaged quote to the line's charge where that is less, and shows it as
// a step either way.
func LesserOfCharge(l *claim.Line, q *rules.Quote, cite rules.Cite) {
	if !q.Priced() || q.Packaged {
		return
	}
	lesser(q, "lesser of the price and the line charge", l.Charge, cite)
}

// LesserOfClaim lowers a claim's quote to the sum of the charges it stands for where that is less.
func LesserOfClaim(q *rules.Quote, charges money.Cents, cite rules.Cite) {
	if q.Priced() {
		lesser(q, "lesser of the price and the charges", charges, cite)
	}
}

func lesser(q *rules.Quote, label string, charge money.Cents, cite rules.Cite) {
	if charge < q.Allowed {
		q.Allowed = charge
	}
	q.Steps = append(q.Steps[:len(q.Steps):len(q.Steps)], rules.Step{Label: label, Value: charge.String(), Cite: cite})
}
