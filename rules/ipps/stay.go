package ipps

import (
	"slices"

	"revcycle/money"
)

// stay is a bill on its way to a Result. Each method adds what its name says, in the order of Price.
type stay struct {
	hospital *Hospital
	rates    *Rates
	bill     *Bill
	drg      *DRG
	code     ReturnCode

	covid, trial        money.Exact // factors of the weight; 1 for most stays
	operating, capital  money.Exact // federal payments, 9 places
	days                int         // by which a transfer is paid
	fraction, perDiem   money.Exact
	paidWeight          money.Exact
	newTech, islets     money.Exact
	base                money.Exact // which the quality programmes adjust
	out                 outlier
	readmissions        money.Cents
	valueBased          money.Cents
	hospitalPart        money.Exact
	lowVolume, hac, sum money.Cents
	parts               Operating
	capitals            Capital
}

// federal is the full federal payment, operating and capital (42 CFR 412.64 and 412.312).
func (s *stay) federal() {
	h := s.hospital
	s.covid, s.trial = s.factors()
	wages := h.labor.Value.Mul(h.WageIndex).Add(h.nonlabor.Value.Mul(h.cola))
	s.operating = wages.Mul(s.drg.Weight).Mul(s.covid).Mul(s.trial).RoundTo(inside)
	s.capital = s.drg.Weight.Mul(h.capitalRate).Mul(h.capitalCOLA).Mul(s.trial).RoundTo(inside)
	s.days = max(s.bill.Stay, 1) + 1
	s.fraction = one
	s.paidWeight = s.drg.Weight.RoundTo(4)
}

// factors are those of the weight: 1.2 for COVID-19 while that held, less for a clinical trial that gives the
// product away. Condition ZA refuses the first, ZB asks for the second and ZC refuses it.
func (s *stay) factors() (covid, trial money.Exact) {
	covid, trial = one, one
	if s.hasDiagnosis(covidDiagnosis, 0) && !s.hasCondition("ZA") {
		covid = s.rates.covid.Value
	}
	if s.rates.trialDRG[s.drg.Code] && (s.hasDiagnosis(trialDiagnosis, 1) && !s.hasCondition("ZC") || s.hasCondition("ZB")) {
		trial = s.rates.trial.Value
	}
	return covid, trial
}

const (
	covidDiagnosis = "U071" // COVID-19, virus identified
	trialDiagnosis = "Z006" // examination of a participant in a clinical research programme
)

func (s *stay) hasDiagnosis(code string, from int) bool {
	return len(s.bill.Diagnoses) > from && slices.Contains(s.bill.Diagnoses[from:], code)
}

func (s *stay) hasCondition(code string) bool { return slices.Contains(s.bill.Conditions, code) }

func (s *stay) postAcute() bool { return s.bill.Review == 9 || s.bill.Review == 11 }

// short reports a stay below the DRG's mean: a transfer of it is paid by the day.
func (s *stay) short() bool { return money.Whole(int64(s.days)).Cmp(s.drg.MeanStay) < 0 }

// special reports a post-acute transfer that is paid half on the first day.
func (s *stay) special() bool { return s.postAcute() && s.drg.PostAcute && s.drg.Special }

// byDay reports a transfer that is paid by the day.
func (s *stay) byDay() bool {
	return s.bill.Review == 3 || s.bill.Review == 6 || s.postAcute() && s.drg.PostAcute && !s.drg.Special
}

// transfer cuts the payment of a short stay (42 CFR 412.4(f)): by the day, the first day twice; a special-pay
// DRG gets half at once and half by the day.
func (s *stay) transfer() {
	mean, days := s.drg.MeanStay, money.Whole(int64(s.days))
	if mean.Sign() > 0 && (s.byDay() || s.special()) {
		s.perDiem = days.Div(mean, 4)
		s.fraction = s.perDiem
		whole := days // of the mean stay
		if s.special() {
			whole = mean.Add(days).Mul(half)
			s.fraction = whole.Div(mean, 4)
		}
		switch {
		case s.fraction.Cmp(one) > 0:
			s.fraction, s.perDiem = one, one
		case s.special():
			s.paidWeight = whole.Mul(s.drg.Weight).Div(mean, 4)
		default:
			s.paidWeight = s.perDiem.Mul(s.drg.Weight).RoundTo(4)
		}
	}
	if !s.short() || s.rates.transferless[s.drg.Code] || !s.byDay() && !s.special() {
		return
	}
	paid := s.perDiem
	switch {
	case s.special():
		s.code, paid = PaidSpecialPostAcute, s.fraction
	case s.postAcute():
		s.code = PaidPostAcute
	case s.bill.Review == 6:
		s.code = PaidTransferNoOutlier
	default:
		s.code = PaidTransfer
	}
	s.operating = s.operating.Mul(paid).RoundTo(inside)
	s.capital = s.capital.Mul(paid).RoundTo(inside)
}

var half = mustExact("0.5")

func mustExact(s string) money.Exact {
	x, err := money.ParseExact(s)
	if err != nil {
		panic(err)
	}
	return x
}

// payment is the operating payment in cents with its DSH and teaching add-ons, as they stand in Result.
func (s *stay) payment() (federal, dsh, teaching money.Cents) {
	federal = s.operating.Round()
	dsh = federal.Exact().Mul(s.hospital.dsh).Mul(s.rates.dshShare.Value).Round()
	return federal, dsh, federal.Exact().Mul(s.hospital.teaching).Round()
}

// hospitalRate is what a sole community or Medicare dependent hospital gets above the federal payment
// (42 CFR 412.92(d) and 412.108(c)).
func (s *stay) hospitalRate() {
	h, r := s.hospital, s.rates
	if !HasRate(h.Type) {
		return
	}
	own := h.HospitalRate.Mul(h.update).Mul(s.drg.Weight).Mul(s.covid).Mul(s.trial).RoundTo(inside)
	wages := h.labor.Value.Mul(h.WageIndex).Add(h.nonlabor.Value.Mul(h.cola))
	factor := one.Add(h.teaching).Add(h.dsh.Mul(r.dshShare.Value))
	federal := wages.Mul(s.paidWeight).Mul(s.covid).Mul(s.trial).Mul(factor).Add(s.out.operating).RoundTo(inside)
	more := own.Sub(federal.Add(h.Uncompensated.Exact()))
	if more.Sign() <= 0 {
		return
	}
	if h.dependent() {
		more = more.Mul(r.dependentShare.Value)
	}
	s.hospitalPart = more.RoundTo(inside)
}

// total sums the components, each in cents, then the penalty on their sum.
func (s *stay) total() {
	h, r := s.hospital, s.rates
	p, c := &s.parts, &s.capitals
	p.Federal, p.DSH, p.Teaching = s.payment()
	p.Hospital, p.Outlier = s.hospitalPart.Round(), s.out.operating.Round()
	if !h.NewHospital {
		c.Federal = s.capital.Round()
		c.DSH = c.Federal.Exact().Mul(h.capitalDSH).Round()
		c.Teaching = c.Federal.Exact().Mul(h.capitalTeach).Round()
		c.Outlier = s.out.capital.Round()
		c.Total = c.Federal + c.DSH + c.Teaching + c.Outlier
	}
	sum := p.Federal + p.Hospital + p.DSH + p.Teaching + p.Outlier + c.Total + h.Uncompensated + s.newTech.Round()
	if h.LowVolume && h.LowVolumeRate.Sign() > 0 && h.LowVolumeRate.Cmp(r.lowVolumeMost.Value) <= 0 {
		s.lowVolume = sum.Exact().Mul(h.LowVolumeRate).Round()
	}
	sum += s.lowVolume + s.readmissions + s.valueBased
	if h.HAC {
		s.hac = sum.Exact().Mul(r.hac.Value).Round()
	}
	s.sum = sum + s.hac + s.islets.Round()
}
