package coding

import (
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/rules"
)

func fixed(f FilingLimit) Timely {
	return func(civil.Date) (FilingLimit, rules.Cite, bool) { return f, rules.Cite{}, true }
}

func TestTimelyFilingOnTheEveAndOnTheDay(t *testing.T) {
	days, year := TimelyFiling(TimelyParams{}, fixed(FilingLimit{Days: 90})), TimelyFiling(TimelyParams{}, fixed(FilingLimit{Years: 1}))
	c := bill(0, line("99213", 1, 1))
	c.Created = day.AddDays(90)
	want(t, "day 90 of 90", fired(days, c))
	c.Created = day.AddDays(91)
	want(t, "day 91 of 90", fired(days, c), 1)
	c.Created = civil.Of(2026, 1, 6)
	want(t, "a calendar year later (42 CFR 424.44)", fired(year, c))
	c.Created = civil.Of(2026, 1, 7)
	want(t, "a year and a day", fired(year, c), 1)
	c.Created = 0
	want(t, "without BHT04 nothing can be said", fired(days, c))
	c.Created, c.Frequency = civil.Of(2026, 1, 7), "7"
	want(t, "a replacement has a clock of its own", fired(year, c))
	want(t, "unless the rule says so", fired(TimelyFiling(TimelyParams{Corrected: true}, fixed(FilingLimit{Years: 1})), c), 1)
}

func TestTimelyFilingCountsFromThroughDateAndFromTheOtherPayer(t *testing.T) {
	check := TimelyFiling(TimelyParams{}, fixed(FilingLimit{Days: 90}))
	c := bill(0, line("", 1, 1))
	c.Kind, c.StatementFrom, c.StatementTo = claim.Institutional, day, day.AddDays(10)
	c.Created = day.AddDays(100)
	want(t, "90 days after the through date", fired(check, c))
	c.Created = day.AddDays(101)
	want(t, "91 days after the through date", fired(check, c), 0)
	c.Other = []claim.OtherPayer{{PaidDate: day.AddDays(30)}}
	want(t, "the first payer decided later", fired(check, c))
}

func TestDiagnosisPointers(t *testing.T) {
	l := line("99213", 1, 1)
	c := bill(1, l, l, l)
	c.Diagnoses = append(c.Diagnoses, claim.Diagnosis{Qualifier: "ABJ", Code: "R05"}) // admitting: not pointed to
	c.Lines[1].Pointers = []uint8{1, 2}
	c.Lines[2].Pointers = nil
	want(t, "past the last, and none", fired(DiagnosisPointers(), c), 2, 3)
	c.Kind = claim.Institutional
	want(t, "institutional lines have none", fired(DiagnosisPointers(), c))
}

// 1234567893 is the example of 45 CFR 162.406's check digit; 1234567890 fails it.
func TestNPICheckDigit(t *testing.T) {
	check := NPI(NPIParams{Required: []string{"billing", "rendering"}})
	c := bill(1, line("99213", 1, 1))
	want(t, "no rendering provider", fired(check, c), 0)
	c.Providers = []claim.Provider{{Role: "82", NPI: "1234567893"}}
	want(t, "sound", fired(check, c))
	c.Billing.NPI = "1234567890"
	want(t, "billing fails", fired(check, c), 0)
	c.Billing.NPI, c.Lines[0].Providers = "1234567893", []claim.Provider{{Role: "82", NPI: "123456789"}}
	want(t, "nine digits on the line", fired(check, c), 1)
}

func TestChargeSumLeavesTheTotalLineOut(t *testing.T) {
	c := bill(1, line("99213", 1, 150_00), line("36415", 1, 12_00))
	want(t, "ties", fired(ChargeSum(), c))
	c.Charge = 161_99
	want(t, "a cent off", fired(ChargeSum(), c), 0)
	c.Charge = 162_00
	total := line("", 1, 162_00)
	total.Revenue = "0001"
	c.Lines = append(c.Lines, total)
	want(t, "revenue code 0001", fired(ChargeSum(), c))
}

func TestDuplicate(t *testing.T) {
	exact, suspect := Duplicate(DuplicateParams{}), Duplicate(DuplicateParams{Suspect: true})
	first := bill(1, line("99213", 1, 150_00, "25", "GT"))
	again := bill(2, line("99213", 1, 150_00, "GT", "25"))
	want(t, "the same with modifiers in another order", fired(exact, again, first), 1)
	want(t, "the first is not the duplicate", fired(exact, first, again))
	want(t, "another charge", fired(exact, bill(2, line("99213", 1, 151_00, "25", "GT")), first))
	want(t, "another charge is suspect", fired(suspect, bill(2, line("99213", 1, 151_00, "25", "GT")), first), 1)
	want(t, "another modifier", fired(suspect, bill(2, line("99213", 1, 150_00, "25")), first))
	want(t, "a repeat", fired(suspect, bill(2, line("93000", 1, 1, "76")), bill(1, line("93000", 1, 1, "76"))))
	secondary := again
	secondary.PayerOrder = "S"
	want(t, "to the next payer", fired(suspect, secondary, first))
	replacement := again
	replacement.Frequency, replacement.Control = "7", first.Control
	want(t, "a replacement", fired(exact, replacement, first))
	want(t, "after a replacement only that one counts", fired(exact, bill(3, line("99213", 1, 150_00, "GT", "25")), first, replacement), 1)
	twice := bill(1, line("99213", 1, 1), line("99213", 1, 1))
	want(t, "within the claim, not asked", fired(exact, twice))
	want(t, "within the claim", fired(Duplicate(DuplicateParams{WithinClaim: true}), twice), 2)
}

func listed(codes ...string) rules.Codes { c, _ := noTables{}.Codes(codes); return c }

func TestListedCodes(t *testing.T) {
	modifier := RequiredModifier(RequiredModifierParams{Any: []string{"GP", "GO"}}, listed("97110"))
	want(t, "modifier", fired(modifier, bill(1, line("97110", 1, 1), line("97110", 1, 1, "59", "GO"), line("99213", 1, 1))), 1)

	c := bill(1, line("99285", 1, 1), line("99285", 1, 1))
	c.Lines[1].Place = "23"
	want(t, "place allowed", fired(PlaceOfService(PlaceParams{Allowed: []string{"23"}}, listed("99285")), c), 1)
	want(t, "place refused", fired(PlaceOfService(PlaceParams{Refused: []string{"23"}}, listed("99285")), c), 2)

	auth := MissingAuthorization(AuthorizationParams{}, listed("70553"), listed())
	c = bill(1, line("70553", 1, 1), line("70553", 1, 1))
	c.Lines[1].References = []claim.Reference{{Qualifier: "G1", Value: "A"}}
	want(t, "authorization on one line", fired(auth, c), 1)
	c.References = []claim.Reference{{Qualifier: "G1", Value: "A"}}
	want(t, "authorization on the claim", fired(auth, c))
}

func TestAgeSexJudgesOnlyWhatIsKnown(t *testing.T) {
	check := AgeSex(func(code string, _ civil.Date) (Fit, rules.Cite, bool) {
		return Fit{MinAge: 18, MaxAge: -1, Sex: 'F'}, rules.Cite{Source: "table"}, code == "G0101"
	})
	c := bill(1, line("G0101", 1, 1))
	for _, p := range []struct {
		name  string
		birth civil.Date
		sex   string
		hits  int
	}{
		{"unknown", 0, "", 0}, {"18 today", civil.Of(2007, 1, 6), "F", 0}, {"18 tomorrow", civil.Of(2007, 1, 7), "F", 1},
		{"the other sex", civil.Of(1970, 1, 1), "M", 1}, {"sex U", civil.Of(1970, 1, 1), "U", 0},
	} {
		c.Patient = claim.NewPerson(claim.PersonFields{Birth: p.birth, Sex: p.sex})
		if got := fired(check, c); len(got) != p.hits {
			t.Errorf("%s: got %d findings, want %d", p.name, len(got), p.hits)
		}
	}
}
