package coding

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

// day is the service date of the tests.
var day = civil.Of(2025, 1, 6)

// line makes a line: code, units, charge in cents, modifiers.
func line(code string, units int64, charge money.Cents, modifiers ...string) claim.Line {
	l := claim.Line{From: day, To: day, Unit: "UN", Units: money.Whole(units), Charge: charge, Pointers: []uint8{1},
		Procedure: claim.Procedure{Qualifier: "HC", Code: code}}
	copy(l.Procedure.Modifiers[:], modifiers)
	return l
}

// bill makes a professional claim of lines; n tells claims apart and orders them by creation.
func bill(n int, lines ...claim.Line) claim.Claim {
	c := claim.Claim{
		ID: claim.IDOf("test", fmt.Sprint(n)), Kind: claim.Professional, Use: claim.Chargeable, Frequency: "1", Facility: "11",
		Control: fmt.Sprint("C", n), Created: day.AddDays(n), PayerOrder: "P", Payer: claim.Payer{ID: "12345"},
		Billing: claim.Provider{NPI: "1234567893"}, Diagnoses: []claim.Diagnosis{{Qualifier: "ABK", Code: "M545"}}, Lines: lines,
	}
	for i := range c.Lines {
		c.Lines[i].Number = i + 1
	}
	c.Charge = c.LineSum()
	return c
}

// fired gives the lines of a check's findings.
func fired(check func(*rules.Pass), c claim.Claim, prior ...claim.Claim) []int {
	var out []rules.Finding
	r := rules.Rule{ID: "T", History: true, Span: civil.Span{From: civil.Of(2000, 1, 1)}}
	check(rules.NewPass(&c, &r, prior, &out))
	lines := []int{}
	for _, f := range out {
		lines = append(lines, f.Line)
	}
	return lines
}

func want(t *testing.T, name string, got []int, want ...int) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: fired on lines %v, want %v", name, got, want)
	}
}

// none of these tables exist: what a shape does with a lookup that fails.
type noTables struct{}

func (noTables) Codes(list []string) (rules.Codes, error) {
	return func(code string, _ civil.Date) bool { return slices.Contains(list, code) }, nil
}
func (noTables) Limits(string) (Limits, error) { return nil, errors.New("no table") }
func (noTables) Pairs(string) (Pairs, error)   { return nil, errors.New("no table") }
func (noTables) People(string) (People, error) { return nil, errors.New("no table") }
func (noTables) Timely() Timely                { return nil }

func TestShapesRefuseToRunWithoutWhatTheyNeed(t *testing.T) {
	nothing := func(any) error { return nil }
	for _, s := range Checks {
		_, err := s.New(nothing, noTables{})
		needs := !slices.Contains([]string{"diagnosis_pointers", "npi_check_digit", "charge_sum", "duplicate"}, s.Name)
		if (err != nil) != needs {
			t.Errorf("%s without parameters and tables: got error %v, want one: %t", s.Name, err, needs)
		}
	}
}
