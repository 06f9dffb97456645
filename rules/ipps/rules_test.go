package ipps

import (
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/rules"
)

// plain is the first published case: heart failure, wage index 1.3468, paid 9,886.90 + 766.55.
func plain(t *testing.T) (Provider, Bill, DRG) {
	t.Helper()
	p := Provider{
		State: "33", Type: "00", From: civil.Of(2020, 10, 1), Size: LargeUrban, WageIndex: exact(t, "1.3468"), WageFrom: civil.Of(2020, 10, 1),
		Beds: 200, CCR: exact(t, "0.25"), CapitalCCR: exact(t, "0.02"), Quality: true, CapitalPay: "C", ValueBased: "N", Readmissions: "0",
	}
	b := Bill{Stay: 4, Covered: 4, Discharged: civil.Of(2021, 3, 15), Charges: 3000000}
	return p, b, DRG{Code: "291", Weight: exact(t, "1.3409"), MeanStay: exact(t, "4.0"), Cite: rules.Cite{Source: "Table 5"}}
}

func price(t *testing.T, p Provider, b Bill, g DRG) Result {
	t.Helper()
	return NewHospital(fy2021(t), p).Price(&b, &g)
}

// 42 CFR 412.4(f): two days of a mean of 4.8 pay (2+1)/4.8 = 0.6250 of the full amount; a day's stay pays two
// days; a stay of the mean less one is whole. CMS priced the first (IPPS-FY21-022).
func TestATransferPaysTheFirstDayTwice(t *testing.T) {
	p, b, g := plain(t)
	b.Review = 3
	for _, c := range []struct {
		stay           int
		mean, fraction string
		code           ReturnCode
	}{{2, "4.8", "0.625", PaidTransfer}, {0, "4.8", "0.4167", PaidTransfer}, {1, "4.8", "0.4167", PaidTransfer}, {3, "4.8", "0.8333", PaidTransfer}, {4, "4.8", "1", PaidFullStay}, {3, "4.0", "1", PaidFullStay}} {
		b.Stay, b.Covered, g.MeanStay = c.stay, c.stay, exact(t, c.mean)
		r := price(t, p, b, g)
		if r.Code != c.code || r.Fraction.Cmp(exact(t, c.fraction)) != 0 {
			t.Errorf("%d days of %s: got %s, fraction %s, want %d, %s", c.stay, c.mean, r.Code, r.Fraction, int(c.code), c.fraction)
		}
	}
	g.Code, g.MeanStay, b.Stay, b.Covered = "789", exact(t, "4.8"), 2, 2
	if r := price(t, p, b, g); r.Total != 1065345 {
		t.Errorf("DRG 789 is never cut: got %s want 10653.45", r.Total)
	}
}

// A discharge to post-acute care is a transfer of the DRGs that Table 5 marks, and of no other.
func TestPostAcuteCareCutsOnlyMarkedDRGs(t *testing.T) {
	p, b, g := plain(t)
	b.Review, b.Stay, b.Covered, b.Charges, g.MeanStay = 9, 1, 1, 1000000, exact(t, "8")
	for _, c := range []struct {
		postAcute, special bool
		code               ReturnCode
		fraction           string
	}{{false, false, Paid, "1"}, {true, false, PaidPostAcute, "0.25"}, {true, true, PaidSpecialPostAcute, "0.625"}} {
		g.PostAcute, g.Special = c.postAcute, c.special
		if r := price(t, p, b, g); r.Code != c.code || r.Fraction.Cmp(exact(t, c.fraction)) != 0 {
			t.Errorf("%v: got %s, fraction %s", c, r.Code, r.Fraction)
		}
	}
}

// 42 CFR 412.106(d): (0.5 − 0.202) × 0.825 + 0.0588 = 0.30465, kept to 4 places and capped at 12 % for small
// hospitals; a referral centre is not capped; below 15 % nothing.
func TestDSHIsCappedForSmallHospitals(t *testing.T) {
	for _, c := range []struct {
		ssi, kind string
		size      Size
		beds      int
		want      string
	}{
		{"0.5", "00", LargeUrban, 99, "0.12"}, {"0.5", "00", LargeUrban, 100, "0.3047"}, {"0.5", "00", OtherUrban, 99, "0.12"},
		{"0.5", "00", Rural, 499, "0.12"}, {"0.5", "00", Rural, 500, "0.3047"}, {"0.5", "16", Rural, 600, "0.12"},
		{"0.5", "07", Rural, 40, "0.3047"}, {"0.5", "17", Rural, 40, "0.3047"},
		{"0.1499", "00", LargeUrban, 400, "0"}, {"0.15", "00", LargeUrban, 400, "0.025"}, {"0.2019", "00", LargeUrban, 400, "0.0587"}, {"0.202", "00", LargeUrban, 400, "0.0588"},
	} {
		p, _, _ := plain(t)
		p.SSI, p.Type, p.Size, p.Beds = exact(t, c.ssi), c.kind, c.size, c.beds
		if h := NewHospital(fy2021(t), p); h.dsh.Cmp(exact(t, c.want)) != 0 {
			t.Errorf("%+v: got %s", c, h.dsh)
		}
	}
}

// The update factor is 1.0135 × 1.026 × 1.024 × the three budget neutralities = 1.05634 to 5 places; 9,000.00 ×
// 1.05634 × 1.3409 = 12,748.016754, which is 2,861.12 above the federal payment; a Medicare dependent hospital
// gets three quarters, 2,145.84.
func TestAHospitalsOwnRateIsPaidWhereItIsMore(t *testing.T) {
	for kind, want := range map[string]money.Cents{"16": 286112, "21": 286112, "14": 214584, "00": 0} {
		p, b, g := plain(t)
		p.Type, p.HospitalRate = kind, exact(t, "9000")
		if r := price(t, p, b, g); r.Operating.Hospital != want || r.Total != 1065345+want {
			t.Errorf("type %s: got %s of %s want %s", kind, r.Operating.Hospital, r.Total, want)
		}
		p.HospitalRate = exact(t, "6000")
		if r := price(t, p, b, g); r.Operating.Hospital != 0 {
			t.Errorf("type %s: a lower rate of its own is not paid, got %s", kind, r.Operating.Hospital)
		}
	}
}

// Charges of 60,000 cost 15,000 at 0.25; above the payment of 9,886.90 lie 5,113.10. 65 % of it is 3,323.52
// (3,323.515 half up); a cap of 1,040 is less; both together are within 5,113.10.
func TestNewTechnologyIsTheLesserOfCapAndShare(t *testing.T) {
	p, b, g := plain(t)
	b.Charges = 6000000
	for _, c := range []struct {
		codes string
		want  money.Cents
	}{{"XX00001", 104000}, {"XX00002 XX00003", 332352}, {"XX00002", 0}, {"XX00003 XX00004", 0}, {"XX00001 XX00002 XX00004", 436352}} {
		b.Procedures = strings.Fields(c.codes)
		if r := price(t, p, b, g); r.NewTechnology != c.want || r.Total != 1065345+c.want {
			t.Errorf("%s: got %s of %s want %s", c.codes, r.NewTechnology, r.Total, c.want)
		}
	}
	rates := fy2021(t)
	rates.technologies = append(rates.technologies, rates.technologies[1]) // two of 3,323.52 pass the cost of 5,113.10
	b.Procedures = []string{"XX00002", "XX00003"}
	if r := NewHospital(rates, p).Price(&b, &g); r.NewTechnology != 511310 {
		t.Errorf("two technologies: got %s want 5113.10", r.NewTechnology)
	}
	b.Procedures, b.Diagnoses, b.Charges = []string{"3E030U1", "3E033U1"}, []string{"E109", "Z006"}, 3000000
	if r := price(t, p, b, g); r.Islets != 3769600 || r.Total != 1065345+3769600 {
		t.Errorf("two infusions of islet cells: got %s of %s", r.Islets, r.Total)
	}
}

// (4,071.57 × 1.3468 + 1,889.74) × 1.3409 × 1.2 = 11,864.28; capital has no such factor; condition ZA refuses it.
func TestCOVIDRaisesTheOperatingWeightOnly(t *testing.T) {
	p, b, g := plain(t)
	b.Diagnoses = []string{"J1282", "U071"}
	r := price(t, p, b, g)
	if r.Operating.Federal != 1186428 || r.Capital.Total != 76655 || r.Weight.Cmp(exact(t, "1.6091")) != 0 {
		t.Errorf("got %s, %s, weight %s", r.Operating.Federal, r.Capital.Total, r.Weight)
	}
	b.Conditions = []string{"ZA"}
	if r := price(t, p, b, g); r.Operating.Federal != 988690 {
		t.Errorf("refused by ZA: got %s", r.Operating.Federal)
	}
}

// At costs one fifth of the charges higher the stay would be an outlier: 30 is added to the code, nothing to the price.
func TestABillThatMayBeReconciledIsMarked(t *testing.T) {
	p, b, g := plain(t)
	b.Charges = 11000000
	if r := price(t, p, b, g); r.Code != PaidFullStay+reconcilable || r.Total != 1065345 {
		t.Errorf("got %s, %s", r.Code, r.Total)
	}
}

func TestRefusedBillsSayWhy(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*Provider, *Bill)
		want ReturnCode
	}{
		{"before the provider", func(p *Provider, b *Bill) { b.Discharged = civil.Of(2020, 9, 30) }, OutsideDates},
		{"after its end", func(p *Provider, b *Bill) { p.To = b.Discharged }, OutsideDates},
		{"no covered day", func(p *Provider, b *Bill) { b.Covered = 0 }, BadCovered},
		{"reserve", func(p *Provider, b *Bill) { b.LifetimeReserve = 61; b.Covered = 70 }, BadReserve},
		{"no wage index", func(p *Provider, b *Bill) { p.WageIndex = money.Exact{} }, WageOrType},
		{"capital pay code", func(p *Provider, b *Bill) { p.CapitalPay = "A" }, ProviderFile},
		{"readmissions flag", func(p *Provider, b *Bill) { p.Readmissions = "" }, ProviderFile},
		{"readmissions factor", func(p *Provider, b *Bill) { p.Readmissions = "1" }, ProviderFile},
		{"value flag", func(p *Provider, b *Bill) { p.ValueBased = "" }, ValueBased},
		{"value in Maryland", func(p *Provider, b *Bill) {
			p.ValueBased, p.ValueBasedFactor, p.State = "Y", money.Whole(1), "21"
		}, ValueBased},
		{"penalty in Puerto Rico", func(p *Provider, b *Bill) { p.HAC, p.State = true, "40" }, StateOrWaiver},
		{"outlier with uncovered days", func(p *Provider, b *Bill) { b.Charges, b.Covered = 90000000, 3 }, OutlierDays},
	} {
		p, b, g := plain(t)
		c.do(&p, &b)
		r := price(t, p, b, g)
		if r.Code != c.want || r.Total != 0 || !r.Code.Refused() {
			t.Errorf("%s: got %s, %s want %d", c.name, r.Code, r.Total, int(c.want))
		}
	}
}

func TestRatesNameWhatIsMissingAndWhatNobodyReads(t *testing.T) {
	_, err := NewRates(map[string]Number{"outlier.treshold": {}}, nil)
	for _, want := range []string{"no rule reads a row named outlier.treshold", "no row named outlier.threshold", "no row named labor.above.full"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
}

// A price shows its components as they sum to the total.
func TestStepsEndWithTheTotal(t *testing.T) {
	p, b, g := plain(t)
	r := price(t, p, b, g)
	last := r.Steps[len(r.Steps)-1]
	if last.Value != "10653.45" || !strings.Contains(last.Cite.Where, "14") {
		t.Errorf("got %+v", last)
	}
	for _, s := range r.Steps {
		if s.Value == "" || s.Cite.Source == "" {
			t.Errorf("a step without value or source: %+v", s)
		}
	}
}
