// Package ipps works out what Medicare pays a hospital for an inpatient stay: the inpatient prospective payment
// system of 42 CFR 412.
//
// It is a pure function of four values: the Rates of a fiscal year, the Provider's facts, the DRG's row and
// the Bill. Hospital joins the first two once, for the factors that need a power; Price does the rest. The
// order of the steps and the places to which each intermediate is rounded are those of CMS's own pricer,
// because its rounding in the middle decides the cent: 9 places inside, 4 for fractions, cents for components.
//
// A bill that cannot be paid is a value: a ReturnCode of 50 or more, with the pricer's number and its reason.
//
// To extend: a year is rows of Rates and no code. A new adjustment is a field of Provider, a step of stay and
// a component of Result.
package ipps

import (
	"revcycle/civil"
	"revcycle/money"
	"revcycle/rules"
)

// Provider is what the provider specific file says of a hospital on the day of discharge.
type Provider struct {
	State      string // the first two digits of the CCN
	Type       string // the provider type: 00 short term, 07 referral centre, 14 to 17, 21, 22 …
	From, To   civil.Date
	Waiver     bool        // its state is paid outside the system
	Size       Size        // of the area whose wage index is used
	WageIndex  money.Exact // of the area, after reclassification; it must be above 0
	WageFrom   civil.Date
	COLA       money.Exact // used in Alaska and Hawaii only
	Interns    money.Exact // interns and residents by bed
	Beds       int
	CCR        money.Exact // operating cost to charge
	CapitalCCR money.Exact
	SSI        money.Exact // share of Medicare days with supplemental income
	Medicaid   money.Exact // share of Medicaid days
	Quality    bool        // it reported its quality data
	NoEHR      bool        // it is no meaningful user of electronic records

	CapitalPay     string // B or C
	NewHospital    bool   // capital is paid at cost: nothing here
	CapitalInterns money.Exact

	HospitalRate  money.Exact // dollars, of sole community and Medicare dependent hospitals
	Uncompensated money.Cents // uncompensated care by discharge

	ValueBased       string // Y or N
	ValueBasedFactor money.Exact
	Readmissions     string // 1 reduced, 0 not
	ReadmissionsRate money.Exact
	HAC              bool // in the worst quarter for hospital acquired conditions
	LowVolume        bool
	LowVolumeRate    money.Exact
}

// Size says what kind of area a hospital lies in.
type Size byte

// The sizes, as the wage index file writes them.
const (
	LargeUrban Size = 'L'
	OtherUrban Size = 'O'
	Rural      Size = 'R'
)

// DRG is one row of the table of weights (Table 5 of the final rule).
type DRG struct {
	Code      string
	Weight    money.Exact
	MeanStay  money.Exact // geometric mean length of stay, days
	PostAcute bool        // a discharge to post-acute care is a transfer
	Special   bool        // of those: half of the payment on the first day
	Cite      rules.Cite
}

// Bill is what the pricer asks of a claim. Codes stand without points and blanks.
type Bill struct {
	Review          int // 0 pay, 3 transfer, 6 transfer without outlier, 7 no outlier, 9 post-acute, 11 post-acute without outlier
	Stay            int // days
	Covered         int // covered days
	LifetimeReserve int // days
	Discharged      civil.Date
	Charges         money.Cents // covered charges
	Diagnoses       []string    // the principal one first
	Procedures      []string
	Conditions      []string
}

// Operating is the part of a payment for operating costs. Outlier is included in none of the others.
type Operating struct{ Federal, Hospital, DSH, Teaching, Outlier money.Cents }

// Capital is the part of a payment for capital costs; Total is the sum of the others.
type Capital struct{ Total, Federal, DSH, Teaching, Outlier money.Cents }

// Result is a price with all of its components. Adjustments are signed. Where Code refuses the bill the
// components are 0 and mean nothing; those that a waiver leaves standing are shown for information.
type Result struct {
	Code  ReturnCode
	Total money.Cents

	Operating     Operating
	Capital       Capital
	Uncompensated money.Cents
	NewTechnology money.Cents // add-on payments, that for COVID-19 treatments included
	Islets        money.Cents // islet cells in a trial
	LowVolume     money.Cents
	ValueBased    money.Cents
	Readmissions  money.Cents
	HAC           money.Cents
	Standardized  money.Cents // what the stay would bring without a hospital's own factors; no part of Total

	Weight       money.Exact // of the DRG, with its adjustments
	PaidWeight   money.Exact // the weight times the fraction of the stay that is paid
	Fraction     money.Exact // of a full payment
	Transfer     money.Exact // days by mean stay, 0 where no transfer
	WageIndex    money.Exact
	MeanStay     money.Exact
	DSH          money.Exact // operating
	CapitalDSH   money.Exact
	Labor        money.Exact
	NonLabor     money.Exact
	CostOutlier  money.Exact // operating costs above which an outlier is paid
	ChargeBounds money.Exact // charges above which an outlier is paid; 0 where none is

	Steps []rules.Step
}

// Price pays a bill of the hospital. The DRG must be the bill's own; a code that the table does not hold is
// the caller's to report.
func (h *Hospital) Price(b *Bill, g *DRG) Result {
	if code := h.edit(b); code.Refused() {
		return Result{Code: code}
	}
	s := stay{hospital: h, rates: h.rates, bill: b, drg: g}
	s.federal()
	s.transfer()
	s.technology()
	s.outlier(h.CCR)
	s.covidTreatments()
	code := s.programmes()
	if code == 0 {
		code = s.code
		s.hospitalRate()
		s.total()
		if h.HAC && puertoRico(h.State) {
			code = StateOrWaiver
		}
	}
	if code.Refused() {
		return Result{Code: code, WageIndex: h.WageIndex, MeanStay: g.MeanStay}
	}
	r := s.result()
	r.Code = s.reconciled(s.code)
	if h.Waiver {
		r.Code, r.Total, r.Operating = StateOrWaiver, 0, Operating{}
	}
	if !r.Code.Refused() {
		r.Steps = s.steps(&r)
	}
	return r
}
