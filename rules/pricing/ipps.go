package pricing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
	"revcycle/rules/ipps"
)

// IPPSParams are the parameters of medicare_ipps.
type IPPSParams struct {
	Rates        string `yaml:"rates"`        // a table of kind rate
	DRGs         string `yaml:"drgs"`         // a table of kind drg
	Hospitals    string `yaml:"hospitals"`    // a table of kind hospital, by billing NPI
	Wages        string `yaml:"wages"`        // a table of kind wage; not needed where each hospital has its own wage_index and size
	Technologies string `yaml:"technologies"` // a table of kind technology; none where absent
}

// inpatient is medicare_ipps ready to price.
type inpatient struct {
	IPPSParams
	years     dated[*ipps.Rates]
	drgs      dated[ipps.DRG]
	hospitals dated[hospitalYear]
}

// hospitalYear is a hospital between two days on which nothing of it changes.
type hospitalYear struct {
	hospital *ipps.Hospital
	missing  string // why there is none, a sentence
}

func newIPPS(decode rules.Decode, t Tables) (Price, error) {
	var m inpatient
	if err := decode(&m.IPPSParams); err != nil {
		return nil, err
	}
	var tables [5][]Record
	for i, want := range []struct{ name, kind string }{{m.Rates, "rate"}, {m.Technologies, "technology"}, {m.DRGs, "drg"}, {m.Hospitals, "hospital"}, {m.Wages, "wage"}} {
		if want.name == "" && (want.kind == "technology" || want.kind == "wage") {
			continue
		}
		var err error
		if tables[i], err = t.Records(want.name, want.kind); err != nil {
			return nil, err
		}
	}
	if err := m.bindYears(tables[0], tables[1]); err != nil {
		return nil, err
	}
	m.bindDRGs(tables[2])
	m.bindHospitals(tables[3], tables[4])
	return m.price, nil
}

// bindYears makes the rates of each span in which no row changes. Days without any row have none.
func (m *inpatient) bindYears(rates, technologies []Record) error {
	m.years = dated[*ipps.Rates]{}
	var errs []error
	for _, span := range periods(rates, technologies) {
		numbers := map[string]ipps.Number{}
		for i := range rates {
			if r := &rates[i]; r.Span.Has(span.From) {
				value, _ := r.Number("value")
				numbers[r.Key] = ipps.Number{Value: value, Cite: rules.Cite{Source: r.Cite.Source, Where: strings.TrimPrefix(r.Cite.Where+", row "+r.Key, ", ")}}
			}
		}
		if len(numbers) == 0 {
			continue
		}
		year, err := ipps.NewRates(numbers, technologiesOf(technologies, span.From))
		if err != nil {
			errs = append(errs, fmt.Errorf("rates: table %s on %s: %w", m.Rates, span.From, err))
		}
		m.years.add("", span, year)
	}
	return errors.Join(errs...)
}

// technologiesOf gathers the rows in force by technology and group, in the order of their names.
func technologiesOf(records []Record, day civil.Date) []ipps.Technology {
	named := map[string]*ipps.Technology{}
	groups := map[string]map[string][]string{}
	for i := range records {
		r := &records[i]
		name := r.Text("technology")
		if !r.Span.Has(day) {
			continue
		}
		if named[name] == nil {
			named[name], groups[name] = &ipps.Technology{Name: name, Cite: r.Cite}, map[string][]string{}
		}
		t := named[name]
		if x, ok := r.Number("cap"); ok {
			t.Cap = x
		}
		if x, ok := r.Number("percent"); ok {
			t.Percent = x
		}
		group := r.Text("group")
		groups[name][group] = append(groups[name][group], r.Text("code"))
	}
	var out []ipps.Technology
	for _, name := range slices.Sorted(maps.Keys(named)) {
		for _, group := range slices.Sorted(maps.Keys(groups[name])) {
			named[name].Groups = append(named[name].Groups, groups[name][group])
		}
		out = append(out, *named[name])
	}
	return out
}

func (m *inpatient) bindDRGs(records []Record) {
	m.drgs = dated[ipps.DRG]{}
	for i := range records {
		r := &records[i]
		g := ipps.DRG{Code: r.Key, Cite: rules.Cite{Source: r.Cite.Source, Where: strings.TrimPrefix(r.Cite.Where+", DRG "+r.Key, ", ")}}
		g.Weight, _ = r.Number("weight")
		g.MeanStay, _ = r.Number("mean_stay")
		g.PostAcute, _ = r.Flag("post_acute")
		g.Special, _ = r.Flag("special")
		m.drgs.add(r.Key, r.Span, g)
	}
}

// price pays the claim as a whole; all its lines are packaged.
func (m *inpatient) price(j *Job, out []rules.Quote) []rules.Quote {
	out = packagedLines(j, "included in the DRG payment", out)
	b, reason := billOf(j.Claim)
	if reason != "" {
		return append(out, unpriced(0, reason))
	}
	if _, ok := m.years.at("", b.Discharged); !ok {
		return append(out, unpriced(0, noTable(m.Rates, b.Discharged)))
	}
	g, ok := m.drgs.at(j.Claim.DRG, b.Discharged)
	if !ok {
		return append(out, unpriced(0, fmt.Sprintf("table %s has no weight for DRG %s on %s: load its release, or correct the DRG (HI*DR)", m.DRGs, j.Claim.DRG, b.Discharged)))
	}
	h, ok := m.hospitals.at(string(j.Claim.Billing.NPI), b.Discharged)
	if !ok {
		return append(out, unpriced(0, fmt.Sprintf("table %s has no row for the billing NPI %s on %s: add the hospital's facts", m.Hospitals, j.Claim.Billing.NPI, b.Discharged)))
	}
	if h.missing != "" {
		return append(out, unpriced(0, h.missing))
	}
	r := h.hospital.Price(&b, g)
	if r.Code.Refused() {
		return append(out, unpriced(0, "Medicare's pricer would refuse this stay: return code "+r.Code.String()))
	}
	return append(out, rules.Quote{Allowed: r.Total, Steps: r.Steps})
}

// billOf takes from a claim what the pricer asks; the reason is why it cannot.
func billOf(c *claim.Claim) (b ipps.Bill, reason string) {
	switch {
	case c.DRG == "":
		return b, "the claim has no DRG (HI*DR): Medicare prices an inpatient stay by it"
	case !c.Discharged.Known() || c.PatientStatus == "30":
		return b, "the patient is not discharged: Medicare prices a stay at discharge"
	case !c.Admitted.Known():
		return b, "the claim has no admission date (DTP*435): the length of stay is unknown"
	}
	b = ipps.Bill{Discharged: c.Discharged, Stay: int(c.Discharged - c.Admitted), Charges: c.Charge}
	for i := range c.Lines {
		b.Charges -= c.Lines[i].NonCovered
	}
	for i := range c.Diagnoses {
		if d := &c.Diagnoses[i]; d.Qualifier == "ABK" || d.Qualifier == "ABF" {
			b.Diagnoses = append(b.Diagnoses, d.Code)
		}
	}
	for _, p := range c.Procedures {
		if p.Qualifier == "BBR" || p.Qualifier == "BBQ" {
			b.Procedures = append(b.Procedures, p.Code)
		}
	}
	covered := false
	for i := range c.Codes {
		switch k := &c.Codes[i]; {
		case k.Qualifier == "BG":
			b.Conditions = append(b.Conditions, k.Code)
		case k.Qualifier == "BE" && k.Code == "80" && k.Amount != nil: // days stand where dollars would
			b.Covered, covered = int(*k.Amount/dollar), true
		case k.Qualifier == "BE" && k.Code == "83" && k.Amount != nil:
			b.LifetimeReserve = int(*k.Amount / dollar)
		}
	}
	if !covered {
		return b, "the claim has no covered days (value code 80): an outlier cannot be judged without them"
	}
	b.Review = reviewOf(c.PatientStatus, b.Conditions)
	return b, ""
}

const dollar = money.Cents(100)

// reviewOf says how the discharge status pays the stay (42 CFR 412.4): 3 a transfer to another hospital, 9 to
// post-acute care, 0 a discharge; condition 66 refuses an outlier (6, 11, 7). A planned readmission (81 to 95)
// pays as its status without one. Care at home that conditions 42 or 43 call unrelated or late is no transfer.
func reviewOf(status string, conditions []string) int {
	home := status == "06" || status == "86"
	review := 0
	switch {
	case slices.Contains(acuteStatus, status):
		review = 3
	case home && (slices.Contains(conditions, "42") || slices.Contains(conditions, "43")):
	case slices.Contains(postAcuteStatus, status):
		review = 9
	}
	if !slices.Contains(conditions, "66") {
		return review
	}
	return map[int]int{3: 6, 9: 11, 0: 7}[review]
}

// Discharge statuses (NUBC form locator 17) by what they make of a stay.
var (
	acuteStatus     = []string{"02", "66", "82", "94"}
	postAcuteStatus = []string{"03", "05", "06", "50", "51", "62", "63", "65", "83", "85", "86", "90", "91", "93"}
)
