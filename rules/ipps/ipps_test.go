package ipps

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/money"
)

// fields reads the records of a published case; a field that is absent is 0 or blank, as the program has it.
type fields struct {
	t *testing.T
	m map[string]any
}

func (f fields) text(key string) string {
	if v, ok := f.m[key]; ok {
		return strings.TrimSpace(fmt.Sprint(v))
	}
	return ""
}

func (f fields) number(key string) money.Exact {
	if s := f.text(key); s != "" {
		return exact(f.t, s)
	}
	return money.Exact{}
}

func (f fields) whole(key string) int {
	n, _ := f.number(key).Int()
	return int(n)
}

func (f fields) date(key string) civil.Date {
	year := f.whole(key+"-CC")*100 + f.whole(key+"-YY")
	if year == 0 {
		return 0
	}
	return civil.Of(year, f.whole(key+"-MM"), f.whole(key+"-DD"))
}

func (c *published) bill(t *testing.T) Bill {
	b := fields{t, c.Bill}
	return Bill{
		Review: b.whole("B-REVIEW-CODE"), Stay: b.whole("B-LOS"), Covered: b.whole("B-COVERED-DAYS"), LifetimeReserve: b.whole("B-LTR-DAYS"),
		Discharged: b.date("B-DISCHG"), Charges: b.number("B-CHARGES-CLAIMED").Round(),
	}
}

func (c *published) provider(t *testing.T) Provider {
	p, w := fields{t, c.Provider}, fields{t, c.Wage}
	effective, err := civil.Parse8([]byte(w.text("W-CBSA-EFF-DATE")))
	if err != nil {
		t.Fatal(err)
	}
	return Provider{
		State: p.text("P-NEW-STATE"), Type: p.text("P-NEW-PROVIDER-TYPE"), From: p.date("P-NEW-EFF-DT"), Waiver: p.text("P-NEW-WAIVER-CODE") == "Y",
		Size: Size(w.text("W-CBSA-SIZE")[0]), WageIndex: w.number("W-CBSA-INDEX-RECORD"), WageFrom: effective, COLA: p.number("P-NEW-COLA"),
		Interns: p.number("P-NEW-INTERN-RATIO"), Beds: p.whole("P-NEW-BED-SIZE"), CCR: p.number("P-NEW-OPER-CSTCHG-RATIO"),
		CapitalCCR: p.number("P-NEW-CAPI-CSTCHG-RATIO"), SSI: p.number("P-NEW-SSI-RATIO"), Medicaid: p.number("P-NEW-MEDICAID-RATIO"),
		Quality: p.text("P-NEW-CBSA-HOSP-QUAL-IND") == "1", NoEHR: p.text("P-EHR-REDUC-IND") == "Y", CapitalPay: p.text("P-NEW-CAPI-PPS-PAY-CODE"),
		NewHospital: p.text("P-NEW-CAPI-NEW-HOSP") == "Y", CapitalInterns: p.number("P-NEW-CAPI-IME"), HospitalRate: p.number("P-NEW-FAC-SPEC-RATE"),
		Uncompensated: p.number("P-UNCOMP-CARE-AMOUNT").Round(), ValueBased: p.text("P-VAL-BASED-PURCH-PARTIPNT"), ValueBasedFactor: p.number("P-VAL-BASED-PURCH-ADJUST"),
		Readmissions: p.text("P-HOSP-READMISSION-REDU"), ReadmissionsRate: p.number("P-HOSP-HRR-ADJUSTMT"), HAC: p.text("P-HAC-REDUC-IND") == "Y",
		LowVolume: p.text("P-NEW-TEMP-RELIEF-IND") == "Y", LowVolumeRate: p.number("P-LV-ADJ-FACTOR"),
	}
}

// shown gives a result under the names of the published program, with its decimals.
func shown(r Result) map[string]string {
	places := func(x money.Exact, n int) string {
		s := x.RoundTo(n).String()
		whole, fraction, _ := strings.Cut(s, ".")
		return whole + "." + fraction + strings.Repeat("0", n-len(fraction))
	}
	return map[string]string{
		"PPS-RTC": strconv.Itoa(int(r.Code)), "PPS-TOTAL-PAYMENT": r.Total.String(),
		"PPS-OPER-FSP-PART": r.Operating.Federal.String(), "PPS-OPER-HSP-PART": r.Operating.Hospital.String(), "PPS-OPER-DSH-ADJ": r.Operating.DSH.String(),
		"PPS-OPER-IME-ADJ": r.Operating.Teaching.String(), "PPS-OPER-OUTLIER-PART": r.Operating.Outlier.String(),
		"PPS-CAPI-TOTAL-PAY": r.Capital.Total.String(), "PPS-CAPI-FSP": r.Capital.Federal.String(), "PPS-CAPI-DSH-ADJ": r.Capital.DSH.String(),
		"PPS-CAPI-IME-ADJ": r.Capital.Teaching.String(), "PPS-CAPI-OUTLIER": r.Capital.Outlier.String(),
		"PPS-DRG-WT": places(r.Weight, 4), "PPS-DRG-WT-FRCTN": places(r.PaidWeight, 4), "PPS-DSCHG-FRCTN": places(r.Fraction, 4), "PPS-TRANSFER-ADJ": places(r.Transfer, 4),
		"PPS-WAGE-INDX": places(r.WageIndex, 4), "PPS-AVG-LOS": places(r.MeanStay, 1), "PPS-OPER-DSH": places(r.DSH, 4), "PPS-CAPI-DSH": places(r.CapitalDSH, 4),
		"PPS-NAT-LABOR": places(r.Labor, 2), "PPS-NAT-NLABOR": places(r.NonLabor, 2), "PPS-COST-OUTLIER": places(r.CostOutlier, 9),
		"PPS-DOLLAR-THRESHOLD": places(r.ChargeBounds, 9), "PPS-UNCOMP-CARE-AMOUNT": r.Uncompensated.String(),
		"PPS-VAL-BASED-PURCH-ADJUST-AMT": r.ValueBased.String(), "PPS-READMIS-ADJUST-AMT": r.Readmissions.String(), "PPS-HAC-PAYMENT-AMT": r.HAC.String(),
		"PPS-LOW-VOL-PAYMENT": r.LowVolume.String(), "PPS-STNDRD-VALUE": r.Standardized.String(), "PPS-CALC-VERS": "C21.5",
	}
}

// Nineteen bills that CMS's own program priced: every component it shows, the totals and the return codes. A
// rounding left out, moved or at another place shows here as a cent.
func TestEveryComponentOfThePublishedCases(t *testing.T) {
	rates, weights := fy2021(t), drgs(t)
	cases := publishedCases(t)
	if len(cases) != 19 {
		t.Fatalf("got %d cases want 19", len(cases))
	}
	compared := 0
	for _, c := range cases {
		b := c.bill(t)
		g, ok := weights[fmt.Sprintf("%03d", fields{t, c.Bill}.whole("B-DRG"))]
		if !ok {
			t.Fatalf("%s: no such DRG", c.ID)
		}
		got := shown(NewHospital(rates, c.provider(t)).Price(&b, &g))
		for name, want := range c.Expected {
			compared++
			if got[name] != want {
				t.Errorf("%s (%s): %s: got %s want %s", c.ID, c.Name, name, got[name], want)
			}
		}
	}
	if compared != 19*31 {
		t.Errorf("compared %d components want %d", compared, 19*31)
	}
}
