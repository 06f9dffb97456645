package coding

import (
	"testing"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/rules"
)

func limits(mai uint8, units int32) Limits {
	return func(code string, _ civil.Date) (Limit, rules.Cite, bool) {
		return Limit{units, mai}, rules.Cite{Source: "table"}, code == "97110"
	}
}

// CMS: MAI 1 judges each claim line; MAI 2 and 3 the sum of the day; 0 is a limit like any other.
func TestUnitLimitsByLineAndByDay(t *testing.T) {
	split := bill(1, line("97110", 3, 165_00), line("97110", 2, 110_00, "76"), line("99213", 9, 1))
	want(t, "MAI 1, 3 and 2 of 4", fired(UnitLimits(UnitLimitsParams{}, limits(1, 4)), split))
	want(t, "MAI 1, 5 of 4", fired(UnitLimits(UnitLimitsParams{}, limits(1, 4)), bill(1, line("97110", 5, 1))), 1)
	want(t, "MAI 2, 3 and 2 of 4: every line of the day", fired(UnitLimits(UnitLimitsParams{}, limits(2, 4)), split), 1, 2)
	want(t, "MAI 3, 4 of 4", fired(UnitLimits(UnitLimitsParams{}, limits(3, 4)), bill(1, line("97110", 4, 1))))
	want(t, "limit 0", fired(UnitLimits(UnitLimitsParams{}, limits(2, 0)), bill(1, line("97110", 1, 1))), 1)
}

func TestUnitLimitsCountEarlierClaimsOfTheDay(t *testing.T) {
	check := UnitLimits(UnitLimitsParams{}, limits(3, 4))
	earlier, later := bill(1, line("97110", 2, 1)), bill(2, line("97110", 3, 1))
	want(t, "2 before and 3 now", fired(check, later, earlier), 1)
	want(t, "the earlier claim is not blamed for the later", fired(check, earlier, later))
	want(t, "this claim alone", fired(UnitLimits(UnitLimitsParams{ThisClaim: true}, limits(3, 4)), later, earlier))

	other := earlier
	other.Lines = append(other.Lines[:0:0], line("97110", 2, 1))
	other.Lines[0].From = day.AddDays(1)
	want(t, "another day", fired(check, later, other))

	replacement := later
	replacement.Frequency, replacement.Control = "7", earlier.Control
	want(t, "a replacement withdraws what it replaces", fired(check, replacement, earlier))

	void := bill(3, line("97110", 2, 1))
	void.Frequency, void.Control = "8", earlier.Control
	want(t, "a voided claim does not count", fired(check, bill(4, line("97110", 3, 1)), earlier, void))
	want(t, "a void that came later takes nothing back yet", fired(check, later, earlier, void), 1)

	otherPayer := earlier
	otherPayer.Payer.ID = "67890"
	want(t, "another payer's claim does not count", fired(check, later, otherPayer))
}

func TestUnitLimitsDivideSpansRoundsUp(t *testing.T) {
	l := line("97110", 9, 1)
	l.To = l.From.AddDays(1) // two days: 5 a day
	check := UnitLimits(UnitLimitsParams{DivideSpans: true}, limits(1, 4))
	want(t, "9 units over 2 days of 4", fired(check, bill(1, l)), 1)
	l.Units = money.Whole(8)
	want(t, "8 units over 2 days of 4", fired(check, bill(1, l)))
}
