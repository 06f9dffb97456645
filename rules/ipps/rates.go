package ipps

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/rules"
)

// Number is one row of a table of rates.
type Number struct {
	Value money.Exact
	Cite  rules.Cite
}

// Rates are the numbers of one span of dates. They are read from rows by name; package docs of the table say
// which. Immutable.
type Rates struct {
	labor, nonlabor [2][4]Number // by wage index above 1 or not; by update
	laborShare      [2]Number
	base            Number // labor and other share together, for the standardized amount

	dshLow, dshHigh, dshLowSlope, dshHighSlope, dshLowBase, dshHighBase, dshCap, dshShare Number
	urbanBeds, ruralBeds                                                                  int
	teachingFactor, teachingPower                                                         Number

	capitalRate, gafPower, capitalCOLA, e, capitalDSH, capitalTeach, capitalTeachMost Number

	threshold, outlierPercent, reconcileCCR  Number
	readmissionsLeast, valueLeast, valueMost Number
	hac, lowVolumeMost, dependentShare       Number
	hospitalUpdate                           [4]Number
	covid, covidTreatments, trial            Number
	islet, islets                            Number
	dependentEnd                             civil.Date

	outlierByDRG map[string]Number // another outlier percentage
	transferless map[string]bool   // never paid as a transfer
	trialDRG     map[string]bool   // reduced in a clinical trial
	technologies []Technology
}

// Technology is a treatment that is paid beside the DRG: a share of the cost above the payment, at most Cap.
type Technology struct {
	Name    string
	Groups  [][]string // procedure codes: one of each group must stand on the bill
	Cap     money.Exact
	Percent money.Exact
	Cite    rules.Cite
}

// The names of technologies that have rules of their own.
const (
	isletTechnology = "islet" // a flat amount by infusion, in a trial
	covidTechnology = "nctap" // the COVID-19 treatments add-on: its cap is a share of the outlier threshold
)

// updates name the four updates of the national amounts, as rows write them.
var updates = [4]string{"full", "no-quality", "no-ehr", "neither"}

func (r *Rates) updateOf(p *Provider) int {
	update := 0
	if !p.Quality {
		update++
	}
	if p.NoEHR {
		update += 2
	}
	return update
}

// named are the rows that a year must have, and one must be.
func (r *Rates) named() map[string]*Number {
	m := map[string]*Number{
		"labor-share.above": &r.laborShare[0], "labor-share.below": &r.laborShare[1], "operating.base": &r.base,
		"dsh.low": &r.dshLow, "dsh.high": &r.dshHigh, "dsh.low.slope": &r.dshLowSlope, "dsh.high.slope": &r.dshHighSlope,
		"dsh.low.base": &r.dshLowBase, "dsh.high.base": &r.dshHighBase, "dsh.cap": &r.dshCap, "dsh.paid": &r.dshShare,
		"teaching.factor": &r.teachingFactor, "teaching.power": &r.teachingPower,
		"capital.rate": &r.capitalRate, "capital.gaf.power": &r.gafPower, "capital.cola": &r.capitalCOLA,
		"capital.e": &r.e, "capital.dsh": &r.capitalDSH, "capital.teaching": &r.capitalTeach, "capital.teaching.most": &r.capitalTeachMost,
		"outlier.threshold": &r.threshold, "outlier.percent": &r.outlierPercent, "outlier.reconcile": &r.reconcileCCR,
		"readmissions.least": &r.readmissionsLeast, "value-based.least": &r.valueLeast, "value-based.most": &r.valueMost,
		"hac": &r.hac, "low-volume.most": &r.lowVolumeMost, "mdh.share": &r.dependentShare,
		"covid.weight": &r.covid, "covid.treatments": &r.covidTreatments, "trial.weight": &r.trial,
		"islet.one": &r.islet, "islet.more": &r.islets,
	}
	for i, update := range updates {
		m["labor.above."+update], m["labor.below."+update] = &r.labor[0][i], &r.labor[1][i]
		m["nonlabor.above."+update], m["nonlabor.below."+update] = &r.nonlabor[0][i], &r.nonlabor[1][i]
		m["hospital-rate.update."+update] = &r.hospitalUpdate[i]
	}
	return m
}

// NewRates reads the rows that are in force on a day. The error names each row that is missing and each that
// no rule reads.
func NewRates(rows map[string]Number, technologies []Technology) (*Rates, error) {
	r := &Rates{outlierByDRG: map[string]Number{}, transferless: map[string]bool{}, trialDRG: map[string]bool{}, technologies: technologies}
	named := r.named()
	var errs []error
	prior := one
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		n := rows[name]
		if at := named[name]; at != nil {
			*at = n
			delete(named, name)
			continue
		}
		drg := name[strings.LastIndexByte(name, '.')+1:]
		switch {
		case strings.HasPrefix(name, "hospital-rate.prior."):
			prior = prior.Mul(n.Value)
		case name == "outlier.percent."+drg:
			r.outlierByDRG[drg] = n
		case name == "transfer.never."+drg:
			r.transferless[drg] = true
		case name == "trial."+drg:
			r.trialDRG[drg] = true
		case name == "beds.urban":
			r.urbanBeds = bedsOf(n, name, &errs)
		case name == "beds.rural":
			r.ruralBeds = bedsOf(n, name, &errs)
		case name == "mdh.end":
			r.dependentEnd = dateOf(n, &errs)
		default:
			errs = append(errs, fmt.Errorf("no rule reads a row named %s", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		errs = append(errs, fmt.Errorf("there is no row named %s", name))
	}
	if r.urbanBeds == 0 || r.ruralBeds == 0 {
		errs = append(errs, errors.New("there is no row named beds.urban or beds.rural"))
	}
	for i := range r.hospitalUpdate {
		r.hospitalUpdate[i].Value = prior.Mul(r.hospitalUpdate[i].Value).RoundTo(5)
	}
	return r, errors.Join(errs...)
}

func bedsOf(n Number, name string, errs *[]error) int {
	beds, ok := n.Value.Int()
	if !ok || beds <= 0 {
		*errs = append(*errs, fmt.Errorf("%s: wants a whole number of beds", name))
	}
	return int(beds)
}

// dateOf reads a day written as the number YYYYMMDD.
func dateOf(n Number, errs *[]error) civil.Date {
	day, err := civil.Parse8([]byte(n.Value.String()))
	if err != nil {
		*errs = append(*errs, fmt.Errorf("mdh.end: wants a day as YYYYMMDD: %w", err))
	}
	return day
}
