package pricing

import (
	"cmp"
	"fmt"
	"strings"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/rules/ipps"
)

// bindHospitals works out each hospital's factors for each span in which neither its facts, its wage index
// nor the rates change.
func (m *inpatient) bindHospitals(hospitals, wages []Record) {
	m.hospitals = dated[hospitalYear]{}
	areas := map[string][]Record{}
	for _, w := range wages {
		areas[w.Key] = append(areas[w.Key], w)
	}
	for i := range hospitals {
		h := &hospitals[i]
		area := areas[h.Text("area")]
		for _, year := range m.years[""] {
			span, ok := common(h.Span, year.span)
			if !ok {
				continue
			}
			for _, cut := range periods([]Record{{Span: span}}, area) {
				if part, ok := common(cut, span); ok {
					m.hospitals.add(h.Key, part, m.hospitalOf(h, area, year.value, part.From))
				}
			}
		}
	}
}

// hospitalOf reads a hospital's facts; every one that the pricer needs and the row leaves empty is named.
func (m *inpatient) hospitalOf(h *Record, area []Record, rates *ipps.Rates, day civil.Date) hospitalYear {
	f := fact{record: h}
	p := ipps.Provider{Type: f.text("type"), From: h.Span.From, WageFrom: h.Span.From}
	if ccn := f.text("ccn"); len(ccn) >= 2 {
		p.State = ccn[:2]
	}
	p.Waiver, _ = h.Flag("waiver")
	m.wageOf(&p, &f, area, day)
	if p.State == "02" || p.State == "12" {
		p.COLA = f.number("cola")
	}
	p.Interns, p.Beds = f.number("interns"), f.whole("beds")
	p.CCR, p.CapitalCCR = f.number("ccr"), f.number("capital_ccr")
	p.SSI, p.Medicaid = f.number("ssi"), f.number("medicaid")
	p.Quality, p.NoEHR = f.flag("quality"), f.flag("no_ehr")
	if p.NewHospital, _ = h.Flag("new_hospital"); !p.NewHospital {
		p.CapitalPay = f.text("capital_pay")
	}
	p.CapitalInterns = f.number("capital_interns")
	if ipps.HasRate(p.Type) {
		p.HospitalRate = f.number("hospital_rate")
	}
	p.Uncompensated = f.number("uncompensated").Round()
	if p.ValueBased = f.text("value_based"); p.ValueBased == "Y" {
		p.ValueBasedFactor = f.number("value_based_factor")
	}
	p.Readmissions = "0"
	if f.flag("readmissions") {
		p.Readmissions, p.ReadmissionsRate = "1", f.number("readmissions_factor")
	}
	p.HAC = f.flag("hac")
	p.LowVolumeRate = f.number("low_volume")
	p.LowVolume = p.LowVolumeRate.Sign() > 0
	if len(f.missing) > 0 {
		return hospitalYear{missing: fmt.Sprintf("table %s does not say the %s of NPI %s on %s: fill the columns from its provider specific file", m.Hospitals, strings.Join(f.missing, ", "), h.Key, day)}
	}
	return hospitalYear{hospital: ipps.NewHospital(rates, p)}
}

// wageOf takes the wage index from the hospital's own column, else from its area.
func (m *inpatient) wageOf(p *ipps.Provider, f *fact, area []Record, day civil.Date) {
	size := f.record.Text("size")
	if own, ok := f.record.Number("wage_index"); ok {
		p.WageIndex = own
		size = f.text("size")
	} else if f.text("area") != "" {
		found := false
		for i := range area {
			if w := &area[i]; w.Span.Has(day) {
				p.WageIndex, found = numberOf(w, "index"), true
				if size == "" {
					size = w.Text("size")
				}
			}
		}
		if !found {
			f.missing = append(f.missing, fmt.Sprintf("wage index (area %s has no row in table %s)", f.record.Text("area"), cmp.Or(m.Wages, "wages, which the term does not name")))
		}
	}
	if size != "" {
		p.Size = ipps.Size(size[0])
	}
}

func numberOf(r *Record, column string) money.Exact {
	x, _ := r.Number(column)
	return x
}
