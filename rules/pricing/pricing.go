// Package pricing holds the methods of payment: what a payer owes for lines or for a whole claim.
//
// A method is a pure function that takes typed parameters and gives a Price. It knows no payer and holds no
// rate: amounts come in as dated lookups, each answer with the row's citation. Every Quote lists its Steps,
// and rounds once, at the end. A rate that is missing makes the quote Unpriced with a sentence that says
// what to load; it is never a zero.
//
// To extend: one file with a Params struct and a function, its test beside it, and one row in Methods.
package pricing

import (
	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

// Job is the part of a claim that one contract term prices.
type Job struct {
	Claim *claim.Claim
	Lines []*claim.Line // the lines that the term took, in the claim's order; never empty
	Cite  rules.Cite    // where the term is written
}

// Price appends a quote for each line of the job, in their order, and, for a method that pays the claim as
// a whole, a last quote with Line 0 whose lines are packaged.
type Price func(j *Job, out []rules.Quote) []rules.Quote

// Amounts looks up an amount (or a weight) of a table by code and modifier ("" for none) on a day.
type Amounts func(code, modifier string, day civil.Date) (money.Exact, rules.Cite, bool)

// Agreed looks up an agreed amount by the control number of a line or claim.
type Agreed func(control string, day civil.Date) (money.Exact, rules.Cite, bool)

// Tables is what a method may look up; the rule book answers. Each method is called at load only, and fails
// where the table does not exist or is of another kind.
type Tables interface {
	Codes(list []string) (rules.Codes, error)
	Amounts(table, kind string) (Amounts, error) // kind: fee, case, weight or revenue
	Agreed(table string) (Agreed, error)
	Records(table, kind string) ([]Record, error) // all rows, by key and date
}

// Method is one row of Methods.
type Method struct {
	Name  string // what a contract term writes under method:
	Doc   string // a sentence for people who write contracts
	Claim bool   // it pays the claim as a whole: it takes every line that no earlier term took
	// Params is a zero value of the parameters, for documentation that is printed from code.
	Params any
	New    func(rules.Decode, Tables) (Price, error)
}

// Methods lists every method of payment by the name that contracts use.
var Methods = []Method{
	{"fee_schedule", "a percentage of a table's amount by code and modifier, by unit or line", false, FeeScheduleParams{}, newFeeSchedule},
	{"percent_of_charge", "a percentage of the line's charge", false, PercentParams{}, newPercentOfCharge},
	{"per_diem", "so much a day, by room revenue code or by tiers of days, everything else included", true, PerDiemParams{}, newPerDiem},
	{"case_rate", "one amount for the stay or procedure, by DRG or code, everything else included", true, CaseRateParams{}, newCaseRate},
	{"packaged", "nothing of its own: the line is paid as part of another", false, PackagedParams{}, newPackaged},
	{"agreement", "the amount of a single case agreement, by the line's or claim's control number", false, AgreementParams{}, newAgreement},
	{"case_agreement", "the amount of a single case agreement for the whole claim, by its control number", true, AgreementParams{}, newCaseAgreement},
	{"medicare_ipps", "what Medicare pays a hospital for an inpatient stay, by DRG, with every adjustment of the hospital", true, IPPSParams{}, newIPPS},
}

// Find gives the method of a name; ok is false where there is none.
func Find(name string) (Method, bool) {
	for _, m := range Methods {
		if m.Name == name {
			return m, true
		}
	}
	return Method{}, false
}

// hundredth turns a percentage into a factor.
var hundredth = mustExact("0.01")

func mustExact(s string) money.Exact {
	x, err := money.ParseExact(s)
	if err != nil {
		panic(err)
	}
	return x
}

// wholePercent is 100 %, what a percentage is where none was given.
func wholePercent(p *money.Exact) money.Exact {
	if p == nil {
		return money.Whole(100)
	}
	return *p
}

// Dollars shows an amount with two decimals, or all of its decimals where it has more.
func Dollars(x money.Exact) string {
	if c := x.Round(); c.Exact().Cmp(x) == 0 {
		return c.String()
	}
	return x.String()
}

// unpriced is a quote without an amount.
func unpriced(line int, reason string, steps ...rules.Step) rules.Quote {
	return rules.Quote{Line: line, Unpriced: reason, Steps: steps}
}

// packagedLines appends a packaged quote for each line of a job that is paid as a whole.
func packagedLines(j *Job, why string, out []rules.Quote) []rules.Quote {
	steps := []rules.Step{{Label: why, Value: "0.00", Cite: j.Cite}}
	for _, l := range j.Lines {
		out = append(out, rules.Quote{Line: l.Number, Packaged: true, Steps: steps})
	}
	return out
}
