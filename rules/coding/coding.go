// Package coding holds the shapes of coding fault: what can be wrong with a claim before any payer's
// opinion of it.
//
// A shape is a pure function that takes typed parameters and gives a check, func(*rules.Pass). It knows
// no payer, no rate and no file: limits, pairs and code lists come in as lookups, each answer with the
// row's citation. Checks names every shape for the rule book, which decodes its parameters strictly.
//
// To extend: one file with a Params struct and a function, its test beside it, and one row in Checks.
package coding

import (
	"errors"

	"revcycle/civil"
	"revcycle/rules"
)

// Check is a shape with its parameters filled in.
type Check struct {
	Run     func(*rules.Pass)
	History bool // it reads earlier claims through Pass.Prior
}

// Tables is what a check may look up; the rule book answers. Each method is called at load only, and
// fails where the table or set does not exist or is of another kind.
type Tables interface {
	Codes(list []string) (rules.Codes, error)
	Limits(table string) (Limits, error)
	Pairs(table string) (Pairs, error)
	People(table string) (People, error)
	Timely() Timely // the payer's own filing limits; nil where it states none
}

// Shape is one row of Checks.
type Shape struct {
	Name string // what a payer's file writes under check:
	Doc  string // a sentence for people who write rules
	// Params is a zero value of the parameters, for documentation that is printed from code.
	Params any
	New    func(rules.Decode, Tables) (Check, error)
}

// Checks lists every shape by the name that rule files use.
var Checks = []Shape{
	{"unit_limits", "units above what a table allows, by line (MAI 1) or by patient and day (MAI 2 and 3)", UnitLimitsParams{}, newUnitLimits},
	{"code_pairs", "two codes of one day of which the payer pays only the first (NCCI procedure to procedure)", CodePairsParams{}, newCodePairs},
	{"timely_filing", "a claim that was made after the payer's filing limit", TimelyParams{}, newTimelyFiling},
	{"diagnosis_pointers", "a line that points to no diagnosis, or to one that is not there", PointersParams{}, newDiagnosisPointers},
	{"npi_check_digit", "a provider's NPI that is missing or fails its check digit", NPIParams{}, newNPI},
	{"charge_sum", "a claim's charge that is not the sum of its lines", ChargeSumParams{}, newChargeSum},
	{"duplicate", "a line that was billed before: exact, or suspect where units or charge differ", DuplicateParams{}, newDuplicate},
	{"required_modifier", "a listed code without one of the modifiers it needs", RequiredModifierParams{}, newRequiredModifier},
	{"place_of_service", "a listed code billed at a place where it is not paid", PlaceParams{}, newPlaceOfService},
	{"missing_authorization", "a listed code without an authorization number (REF*G1)", AuthorizationParams{}, newMissingAuthorization},
	{"age_sex", "a listed code that does not fit the patient's age or sex", AgeSexParams{}, newAgeSex},
}

// Find gives the shape of a name; ok is false where there is none.
func Find(name string) (Shape, bool) {
	for _, s := range Checks {
		if s.Name == name {
			return s, true
		}
	}
	return Shape{}, false
}

// codesOf compiles a list that a check cannot do without.
func codesOf(list []string, t Tables) (rules.Codes, error) {
	if len(list) == 0 {
		return nil, errors.New("codes: lists nothing; name codes, wildcards (9920*) or sets (@NAME)")
	}
	return t.Codes(list)
}

// has reports whether a line bears one of the modifiers.
func has(modifiers [4]string, wanted ...string) bool {
	for _, m := range modifiers {
		if m == "" {
			continue
		}
		for _, w := range wanted {
			if m == w {
				return true
			}
		}
	}
	return false
}

// coded names a line's service for people: its code, else its revenue code.
func coded(code, revenue string) string {
	if code != "" {
		return code
	}
	return "revenue code " + revenue
}

// sameDay reports whether two known days are one.
func sameDay(a, b civil.Date) bool { return a.Known() && a == b }
