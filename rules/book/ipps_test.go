package book

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

const ippsPayer = `payer: "1"
contracts:
  - id: A
    from: 2020-01-01
    cite: 42 CFR 412
    basis: discharge
    terms:
      - id: drg
        method: medicare_ipps
        params: {rates: medicare-ipps-rates, drgs: drgs, hospitals: hospitals, wages: wages, technologies: technologies}
        cite: {source: 42 CFR 412.64}
`

// sharedFile reads published data; under CI its absence is a failure.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	root := os.Getenv("REVCYCLE_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	b, err := os.ReadFile(filepath.Join(root, "data/cms", name))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no shared data: set REVCYCLE_SHARED")
	}
	return b
}

// stay is one published case as the rule book meets it: a row of the table of hospitals, and a claim.
type stay struct {
	ID                   string
	Bill, Provider, Wage map[string]any
	Expected             map[string]string
}

func (s *stay) fact(of map[string]any, key string) string {
	v, ok := of[key]
	if text := strings.TrimSpace(fmt.Sprint(v)); ok && text != "" {
		return text
	}
	return "0"
}

func yes(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}

var stayColumns = "npi,ccn,type,area,size,cola,interns,beds,ccr,capital_ccr,ssi,medicaid,quality,no_ehr,capital_pay,capital_interns,uncompensated,value_based,value_based_factor,readmissions,readmissions_factor,hac,low_volume,waiver"

func (s *stay) row(npi string) string {
	p := func(key string) string { return s.fact(s.Provider, key) }
	return strings.Join([]string{npi, p("P-NEW-STATE") + "0001", p("P-NEW-PROVIDER-TYPE"), npi, s.fact(s.Wage, "W-CBSA-SIZE"), p("P-NEW-COLA"), p("P-NEW-INTERN-RATIO"),
		p("P-NEW-BED-SIZE"), p("P-NEW-OPER-CSTCHG-RATIO"), p("P-NEW-CAPI-CSTCHG-RATIO"), p("P-NEW-SSI-RATIO"), p("P-NEW-MEDICAID-RATIO"),
		yes(p("P-NEW-CBSA-HOSP-QUAL-IND") == "1"), yes(p("P-EHR-REDUC-IND") == "Y"), p("P-NEW-CAPI-PPS-PAY-CODE"), p("P-NEW-CAPI-IME"), p("P-UNCOMP-CARE-AMOUNT"),
		p("P-VAL-BASED-PURCH-PARTIPNT"), p("P-VAL-BASED-PURCH-ADJUST"), yes(p("P-HOSP-READMISSION-REDU") == "1"), p("P-HOSP-HRR-ADJUSTMT"),
		yes(p("P-HAC-REDUC-IND") == "Y"), p("P-LV-ADJ-FACTOR"), yes(p("P-NEW-WAIVER-CODE") == "Y")}, ",")
}

// claim is the bill as an 837I: the review code becomes a discharge status, 02 for a transfer, 03 for post-acute care.
func (s *stay) claim(t *testing.T, npi string) claim.Claim {
	number := func(key string) money.Exact {
		x, err := money.ParseExact(s.fact(s.Bill, key))
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	days := func(key string) *money.Cents { x := number(key).Round(); return &x }
	los, _ := number("B-LOS").Int()
	out := civil.Of(2021, 3, 15)
	c := claim.Claim{
		Kind: claim.Institutional, Facility: "11", DRG: fmt.Sprintf("%03s", s.fact(s.Bill, "B-DRG")), Discharged: out, Admitted: out.AddDays(-int(los)), StatementFrom: out.AddDays(-int(los)), StatementTo: out,
		Charge: number("B-CHARGES-CLAIMED").Round(), PatientStatus: map[string]string{"3": "02", "9": "03", "11": "03"}[s.fact(s.Bill, "B-REVIEW-CODE")],
		Codes: []claim.BillCode{{Qualifier: "BE", Code: "80", Amount: days("B-COVERED-DAYS")}, {Qualifier: "BE", Code: "83", Amount: days("B-LTR-DAYS")}},
		Lines: []claim.Line{{Number: 1, Revenue: "0120", Charge: number("B-CHARGES-CLAIMED").Round()}},
	}
	c.Billing.NPI = claim.NPI(npi)
	if s.fact(s.Bill, "B-REVIEW-CODE") == "11" {
		c.Codes = append(c.Codes, claim.BillCode{Qualifier: "BG", Code: "66"})
	}
	return c
}

// The nineteen stays that CMS's program priced, each through a rule book with tables of our own form: what the
// rule book expects is the program's total, and what the program refuses has no price and says its code.
func TestTheRuleBookPricesPublishedStays(t *testing.T) {
	var stays []stay
	d := json.NewDecoder(strings.NewReader(string(sharedFile(t, "ipps-fy2021/cases.json"))))
	d.UseNumber()
	if err := d.Decode(&stays); err != nil {
		t.Fatal(err)
	}
	rates, err := os.ReadFile("sample/tables/medicare-ipps-rates.csv")
	if err != nil {
		t.Fatal(err)
	}
	weights, err := csv.NewReader(strings.NewReader(string(sharedFile(t, "ipps-fy2021/drg_weights_fy2021.csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head := func(kind, columns string) string {
		return "# kind: " + kind + "\n# release: FY2021\n# source: CMS\n# from: 2020-10-01\n# to: 2021-09-30\n" + columns + "\n"
	}
	drgs := head("drg", "code,weight,mean_stay,post_acute,special")
	for _, w := range weights[1:] {
		drgs += strings.Join([]string{w[0], w[1], w[2], w[4], w[5]}, ",") + "\n"
	}
	hospitals, wages := head("hospital", stayColumns), head("wage", "area,size,index")
	for i, s := range stays {
		hospitals += s.row(fmt.Sprint(1000+i)) + "\n"
		wages += fmt.Sprintf("%d,%s,%s\n", 1000+i, s.fact(s.Wage, "W-CBSA-SIZE"), s.fact(s.Wage, "W-CBSA-INDEX-RECORD"))
	}
	b, err := Check(fstest.MapFS{
		"payers/one.yaml": {Data: []byte(ippsPayer)}, "tables/medicare-ipps-rates.csv": {Data: rates},
		"tables/drgs.csv": {Data: []byte(drgs)}, "tables/hospitals.csv": {Data: []byte(hospitals)}, "tables/wages.csv": {Data: []byte(wages)},
		"tables/technologies.csv": {Data: []byte(head("technology", "technology,code,cap,percent,group") + "t2,XXE5XM5,97.50,0.65,1\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	priced := 0
	for i, s := range stays {
		if s.Expected["PPS-RTC"] == "57" {
			continue // a review code that no claim can have
		}
		c := s.claim(t, fmt.Sprint(1000+i))
		a := b.Assess(&c, "1", nil)
		got, ok := a.Expected()
		switch refused := s.Expected["PPS-RTC"] >= "50"; {
		case refused && (ok || !strings.Contains(a.Unpriced(), "return code "+s.Expected["PPS-RTC"])):
			t.Errorf("%s: got %s, %q, want code %s", s.ID, got, a.Unpriced(), s.Expected["PPS-RTC"])
		case !refused && (!ok || got.String() != s.Expected["PPS-TOTAL-PAYMENT"]):
			t.Errorf("%s: got %s %q want %s", s.ID, got, a.Unpriced(), s.Expected["PPS-TOTAL-PAYMENT"])
		}
		priced++
	}
	if priced != 18 {
		t.Errorf("priced %d want 18", priced)
	}
	unpricedStays(t, b, stays[0])
}

// What is missing is named, and there is no amount: the year, the DRG, the hospital, the days.
func unpricedStays(t *testing.T, b *Book, s stay) {
	for _, x := range []struct {
		name, want string
		do         func(*claim.Claim)
	}{
		{"year", "table medicare-ipps-rates holds no rows for 2021-10-01", func(c *claim.Claim) { c.Discharged = civil.Of(2021, 10, 1) }},
		{"DRG", "table drgs has no weight for DRG 999X", func(c *claim.Claim) { c.DRG = "999X" }},
		{"no DRG", "no DRG (HI*DR)", func(c *claim.Claim) { c.DRG = "" }},
		{"hospital", "table hospitals has no row for the billing NPI 77", func(c *claim.Claim) { c.Billing.NPI = "77" }},
		{"covered days", "covered days (value code 80)", func(c *claim.Claim) { c.Codes = nil }},
		{"still in", "not discharged", func(c *claim.Claim) { c.PatientStatus = "30" }},
	} {
		c := s.claim(t, "1000")
		x.do(&c)
		a := b.Assess(&c, "1", nil)
		if got, ok := a.Expected(); ok || !strings.Contains(a.Unpriced(), x.want) {
			t.Errorf("%s: got %s %q want %q", x.name, got, a.Unpriced(), x.want)
		}
	}
}

// A fact that the hospital's row leaves empty is named with its column; nothing stands in for it.
func TestAMissingHospitalFactIsNamed(t *testing.T) {
	rates, err := os.ReadFile("sample/tables/medicare-ipps-rates.csv")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Check(fstest.MapFS{
		"payers/one.yaml":                {Data: []byte(strings.Replace(ippsPayer, ", wages: wages, technologies: technologies", "", 1))},
		"tables/medicare-ipps-rates.csv": {Data: rates},
		"tables/drgs.csv":                {Data: []byte("# kind: drg\n# release: 1\n# source: CMS\n# from: 2020-10-01\ncode,weight,mean_stay\n291,1.3409,4.0\n")},
		"tables/hospitals.csv":           {Data: []byte("# kind: hospital\n# release: 1\n# source: CMS\n# from: 2020-10-01\nnpi,ccn,type,area,ccr\n1,330001,00,35614,0.25\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	covered := money.Cents(400)
	c := claim.Claim{Kind: claim.Institutional, Facility: "11", DRG: "291", Admitted: civil.Of(2021, 3, 11), Discharged: civil.Of(2021, 3, 15), PatientStatus: "01",
		StatementFrom: civil.Of(2021, 3, 11), StatementTo: civil.Of(2021, 3, 15), Codes: []claim.BillCode{{Qualifier: "BE", Code: "80", Amount: &covered}}, Lines: []claim.Line{{Number: 1, Revenue: "0120"}}}
	c.Billing.NPI = "1"
	a := b.Assess(&c, "1", nil)
	for _, want := range []string{"table hospitals does not say", "wage index (area 35614 has no row", "beds", "ssi", "value_based", "uncompensated"} {
		if _, ok := a.Expected(); ok || !strings.Contains(a.Unpriced(), want) {
			t.Errorf("got %q want %q", a.Unpriced(), want)
		}
	}
	if strings.Contains(a.Unpriced(), " ccr") {
		t.Errorf("names a fact that is there: %q", a.Unpriced())
	}
}
