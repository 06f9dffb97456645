package pricing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

var day = civil.Of(2025, 1, 6)

func exact(t *testing.T, s string) money.Exact {
	t.Helper()
	x, err := money.ParseExact(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func percent(t *testing.T, s string) *money.Exact { x := exact(t, s); return &x }

// rates answers by "code" or "code-modifier".
func rates(t *testing.T, rows map[string]string) Amounts {
	return func(code, modifier string, _ civil.Date) (money.Exact, rules.Cite, bool) {
		if modifier != "" {
			code += "-" + modifier
		}
		s, ok := rows[code]
		if !ok {
			return money.Exact{}, rules.Cite{}, false
		}
		return exact(t, s), rules.Cite{Source: "table", Where: code}, true
	}
}

func line(code string, units int64, charge money.Cents, modifiers ...string) claim.Line {
	l := claim.Line{From: day, Unit: "UN", Units: money.Whole(units), Charge: charge, Procedure: claim.Procedure{Code: code}}
	copy(l.Procedure.Modifiers[:], modifiers)
	return l
}

func room(revenue string, days int64) claim.Line {
	return claim.Line{Revenue: revenue, Unit: "DA", Units: money.Whole(days), Charge: 100_00}
}

func quotes(p Price, kind claim.Kind, drg string, lines ...claim.Line) []rules.Quote {
	c := claim.Claim{Kind: kind, DRG: drg, Control: "CASE1", StatementFrom: day, StatementTo: day.AddDays(4), Lines: lines}
	j := Job{Claim: &c, Cite: rules.Cite{Source: "contract"}}
	for i := range c.Lines {
		c.Lines[i].Number = i + 1
		j.Lines = append(j.Lines, &c.Lines[i])
	}
	return p(&j, nil)
}

// show is "line amount" of each quote; - is unpriced, p is packaged.
func show(qs []rules.Quote) string {
	var out []string
	for _, q := range qs {
		text := q.Allowed.String()
		if !q.Priced() {
			text = "-"
		} else if q.Packaged {
			text = "p"
		}
		out = append(out, fmt.Sprint(q.Line, " ", text))
	}
	return strings.Join(out, ", ")
}

func is(t *testing.T, name string, qs []rules.Quote, want string) {
	t.Helper()
	if got := show(qs); got != want {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
	for _, q := range qs {
		for _, s := range q.Steps {
			if s.Cite.Source == "" || s.Label == "" {
				t.Errorf("%s: line %d: step %q cites nothing", name, q.Line, s.Label)
			}
		}
		if q.Priced() && len(q.Steps) == 0 {
			t.Errorf("%s: line %d has a price and no step", name, q.Line)
		}
	}
}

// By hand, from the formula rate x percent x modifiers x units, rounded once, half away from zero.
func TestFeeSchedule(t *testing.T) {
	table := rates(t, map[string]string{"99213": "92.47", "97110": "30.03", "C": "0.01", "71046": "33.64", "71046-26": "9.05", "J3301": "1.525"})
	p := FeeSchedule(FeeScheduleParams{Table: "fees", Percent: percent(t, "115")}, table, nil)
	// 30.03 x 1.15 x 5 = 172.6725; rounding the unit price first would give 34.53 x 5 = 172.65
	is(t, "115 % of five units", quotes(p, claim.Professional, "", line("97110", 5, 300_00)), "1 172.67")
	is(t, "the row of the modifier", quotes(p, claim.Professional, "", line("71046", 1, 90_00, "59", "26"), line("71046", 1, 90_00)), "1 10.41, 2 38.69") // 10.4075, 38.686
	is(t, "a half cent goes up", quotes(FeeSchedule(FeeScheduleParams{}, table, nil), claim.Professional, "", line("J3301", 1, 10_00)), "1 1.53")
	by := FeeSchedule(FeeScheduleParams{Per: "line", Modifiers: map[string]money.Exact{"50": exact(t, "150"), "80": exact(t, "16")}}, table, nil)
	is(t, "by line, two percentages multiply", quotes(by, claim.Professional, "", line("99213", 7, 1, "50", "80")), "1 22.19") // 92.47 x 1.5 x 0.16 = 22.1928
	halves := FeeSchedule(FeeScheduleParams{Modifiers: map[string]money.Exact{"52": exact(t, "50"), "50": exact(t, "50")}}, table, nil)
	is(t, "rounded once: 0.01 x 0.5 x 0.5 = 0.0025", quotes(halves, claim.Professional, "", line("C", 1, 1, "52", "50")), "1 0.00")
	got := quotes(p, claim.Professional, "", line("00000", 1, 10_00))
	is(t, "no rate is no price", got, "1 -")
	if want := "table fees has no rate for 00000 on 2025-01-06: load a row for it, or a contract term that covers the code"; got[0].Unpriced != want {
		t.Errorf("got %q, want %q", got[0].Unpriced, want)
	}
	none := line("99213", 0, 1)
	none.Unit = ""
	is(t, "no units is no price", quotes(p, claim.Professional, "", none), "1 -")
	is(t, "a revenue line has no fee", quotes(p, claim.Institutional, "", room("0250", 1)), "1 -")
}

func TestFixedYearLooksAtItsOwnDay(t *testing.T) {
	var asked []civil.Date
	p := FeeSchedule(FeeScheduleParams{Fixed: civil.Of(2020, 1, 1)}, func(_, _ string, d civil.Date) (money.Exact, rules.Cite, bool) {
		asked = append(asked, d)
		return money.Whole(1), rules.Cite{Source: "t"}, true
	}, nil)
	quotes(p, claim.Professional, "", line("99213", 1, 1))
	if !slices.Equal(asked, []civil.Date{civil.Of(2020, 1, 1)}) {
		t.Errorf("asked for %v, want 2020-01-01", asked)
	}
}

// 100/50/25 by fee, not by charge; ties keep line order; units above 1 are further procedures.
func TestMultipleProcedures(t *testing.T) {
	table := rates(t, map[string]string{"A": "100.00", "B": "400.00", "C": "100.00", "X": "70.00"})
	m := MultipleParams{Tiers: []money.Exact{money.Whole(100), money.Whole(50), money.Whole(25)}}
	ranked := func(code string, _ civil.Date) bool { return code != "X" }
	p := FeeSchedule(FeeScheduleParams{Multiple: &m}, table, ranked)
	is(t, "dearest first", quotes(p, claim.Professional, "", line("A", 1, 900_00), line("B", 1, 1_00), line("C", 1, 1), line("X", 2, 1)),
		"1 50.00, 2 400.00, 3 25.00, 4 140.00")
	is(t, "two units are two procedures", quotes(p, claim.Professional, "", line("A", 3, 1)), "1 175.00") // 100 + 50 + 25
	second := line("A", 1, 1)
	second.From = day.AddDays(1)
	is(t, "another day starts anew", quotes(p, claim.Professional, "", line("B", 1, 1), second), "1 400.00, 2 100.00")
}

func TestPercentOfCharge(t *testing.T) {
	p := PercentOfCharge(exact(t, "62.5"))
	is(t, "150.01 x 0.625 = 93.75625", quotes(p, claim.Professional, "", line("99213", 3, 150_01), line("X", 1, 0)), "1 93.76, 2 0.00")
}

func TestPerDiem(t *testing.T) {
	rooms := func(code string, _ civil.Date) bool {
		return strings.HasPrefix(code, "012") || strings.HasPrefix(code, "020")
	}
	table := PerDiem(PerDiemParams{Table: "days"}, rates(t, map[string]string{"0120": "1900.00", "0200": "3600.00"}), rooms)
	is(t, "2 x 3600 + 3 x 1900", quotes(table, claim.Institutional, "", room("0200", 2), room("0120", 3), room("0250", 9)), "1 p, 2 p, 3 p, 0 12900.00")
	is(t, "a room without a rate", quotes(table, claim.Institutional, "", room("0120", 1), room("0201", 1)), "1 p, 2 p, 0 -")
	is(t, "no room line", quotes(table, claim.Institutional, "", room("0250", 1)), "1 p, 0 -")

	tiers := []DayDue{{Through: 2, Rate: money.Whole(2400)}, {Rate: money.Whole(1850)}}
	units := PerDiem(PerDiemParams{Tiers: tiers}, nil, rooms)
	is(t, "2 x 2400 + 1 x 1850", quotes(units, claim.Institutional, "", room("0120", 3)), "1 p, 0 6650.00")
	is(t, "one day", quotes(units, claim.Institutional, "", room("0120", 1)), "1 p, 0 2400.00")
	stay := PerDiem(PerDiemParams{Tiers: tiers, Days: "stay"}, nil, rooms)
	is(t, "through - from = 4 days: 4800 + 3700", quotes(stay, claim.Institutional, "", room("0250", 1)), "1 p, 0 8500.00")
}

func TestCaseRate(t *testing.T) {
	drg := CaseRate(CaseRateParams{Table: "cases", By: "drg", Percent: percent(t, "102")}, rates(t, map[string]string{"470": "12350.00"}))
	is(t, "12350 x 1.02", quotes(drg, claim.Institutional, "470", room("0120", 2)), "1 p, 0 12597.00")
	is(t, "another DRG", quotes(drg, claim.Institutional, "871", room("0120", 2)), "1 p, 0 -")
	is(t, "no DRG", quotes(drg, claim.Institutional, "", room("0120", 2)), "1 p, 0 -")
	weight := CaseRate(CaseRateParams{By: "drg", Base: percent(t, "6500.55")}, rates(t, map[string]string{"470": "1.9003"}))
	is(t, "1.9003 x 6500.55 = 12352.995...", quotes(weight, claim.Institutional, "470", room("0120", 2)), "1 p, 0 12353.00") // 12352.995165
	code := CaseRate(CaseRateParams{By: "procedure"}, rates(t, map[string]string{"45378": "900.00", "29881": "2500.00"}))
	is(t, "the dearest procedure", quotes(code, claim.Institutional, "", line("45378", 1, 1), line("29881", 1, 1)), "1 p, 2 p, 0 2500.00")
}

func TestAgreementMayBeNothingAndThatIsAPrice(t *testing.T) {
	agreed := func(control string, _ civil.Date) (money.Exact, rules.Cite, bool) {
		x, ok := map[string]string{"L1": "92.47", "L2": "0.00", "CASE1": "7345.68"}[control]
		if !ok {
			return money.Exact{}, rules.Cite{}, false
		}
		return exact(t, x), rules.Cite{Source: "table"}, true
	}
	a, b, c := line("99213", 1, 1), line("99213", 1, 1), line("99213", 1, 1)
	a.Control, b.Control = "L1", "L2"
	is(t, "by line", quotes(Agreement(AgreementParams{}, agreed), claim.Professional, "", a, b, c), "1 92.47, 2 0.00, 3 -")
	is(t, "by claim", quotes(CaseAgreement(AgreementParams{}, agreed), claim.Institutional, "", room("0120", 4)), "1 p, 0 7345.68")
}

func TestLesserOfNeverPaysAboveTheCharge(t *testing.T) {
	l := line("99213", 1, 85_00)
	cite := rules.Cite{Source: "contract"}
	q := rules.Quote{Line: 1, Allowed: 92_47}
	LesserOfCharge(&l, &q, cite)
	if q.Allowed != 85_00 || len(q.Steps) != 1 {
		t.Errorf("got %s in %d steps, want 85.00 in 1", q.Allowed, len(q.Steps))
	}
	unknown := rules.Quote{Line: 1, Unpriced: "no rate"}
	LesserOfCharge(&l, &unknown, cite)
	if unknown.Priced() || len(unknown.Steps) != 0 {
		t.Error("a line without a price got one from its charge")
	}
}

// what a method does with parameters that say nothing: none may pay silently.
type noTables struct{}

func (noTables) Codes([]string) (rules.Codes, error) {
	return func(string, civil.Date) bool { return true }, nil
}
func (noTables) Amounts(table, kind string) (Amounts, error) {
	return nil, fmt.Errorf("no table %q of kind %s", table, kind)
}
func (noTables) Agreed(string) (Agreed, error)            { return nil, fmt.Errorf("no table") }
func (noTables) Records(string, string) ([]Record, error) { return nil, fmt.Errorf("no table") }

func TestMethodsRefuseToPayByNothing(t *testing.T) {
	for _, m := range Methods {
		_, err := m.New(func(any) error { return nil }, noTables{})
		if (err != nil) != (m.Name != "packaged") {
			t.Errorf("%s without parameters: got %v", m.Name, err)
		}
	}
	for name, fill := range map[string]func(any){
		"fee_schedule":      func(p any) { p.(*FeeScheduleParams).Percent = percent(t, "-1") },
		"percent_of_charge": func(p any) { p.(*PercentParams).Percent = percent(t, "0") },
		"per_diem": func(p any) {
			p.(*PerDiemParams).Tiers = []DayDue{{Through: 3, Rate: money.Whole(1)}, {Through: 2, Rate: money.Whole(1)}, {Rate: money.Whole(1)}}
		},
		"case_rate": func(p any) { p.(*CaseRateParams).By = "day" },
	} {
		m, _ := Find(name)
		if _, err := m.New(func(p any) error { fill(p); return nil }, noTables{}); err == nil {
			t.Errorf("%s took parameters that cannot be meant", name)
		}
	}
}
