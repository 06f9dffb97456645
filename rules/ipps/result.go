package ipps

import (
	"revcycle/money"
	"revcycle/rules"
)

func (s *stay) result() Result {
	h := s.hospital
	factor := s.covid.Mul(s.trial)
	return Result{
		Total: s.sum, Operating: s.parts, Capital: s.capitals,
		Uncompensated: h.Uncompensated, NewTechnology: s.newTech.Round(), Islets: s.islets.Round(), LowVolume: s.lowVolume,
		ValueBased: s.valueBased, Readmissions: s.readmissions, HAC: s.hac, Standardized: s.standardized(),
		Weight: s.drg.Weight.Mul(factor).RoundTo(4), PaidWeight: s.paidWeight.Mul(factor).RoundTo(4),
		Fraction: s.fraction, Transfer: s.perDiem, WageIndex: h.WageIndex, MeanStay: s.drg.MeanStay,
		DSH: h.dsh, CapitalDSH: h.capitalDSH, Labor: h.labor.Value, NonLabor: h.nonlabor.Value,
		CostOutlier: s.out.above, ChargeBounds: s.out.charges,
	}
}

// standardized is what the stay would bring a hospital without factors of its own: CMS compares spending by it.
func (s *stay) standardized() money.Cents {
	h, r, o := s.hospital, s.rates, &s.out
	charges := s.bill.Charges.Exact()
	cost := charges.Mul(h.CCR).Div(h.adjustment, 2)
	capitalCost := charges.Mul(h.CapitalCCR).Div(h.gaf.Mul(h.capitalCOLA), 2)
	base, capital := r.base.Value.Mul(s.paidWeight), r.capitalRate.Value.Mul(s.paidWeight)
	above := o.threshold.Mul(o.share).Add(base).Add(s.newTech).RoundTo(inside)
	capitalAbove := o.threshold.Mul(o.other).Add(capital).RoundTo(2)
	sum := base.Add(capital).Add(s.newTech)
	if cost.Add(capitalCost).Cmp(above.Add(capitalAbove)) > 0 {
		for _, over := range []money.Exact{cost.Sub(above), capitalCost.Sub(capitalAbove)} {
			if over.Sign() > 0 {
				sum = sum.Add(over.Mul(o.percent.Value).RoundTo(inside))
			}
		}
	}
	return sum.Round()
}

// Citations of the rules; numbers carry those of their rows.
var (
	citeOperating  = rules.Cite{Source: "42 CFR 412.64"}
	citeTransfer   = rules.Cite{Source: "42 CFR 412.4(f)"}
	citeDSH        = rules.Cite{Source: "42 CFR 412.106"}
	citeTeaching   = rules.Cite{Source: "42 CFR 412.105"}
	citeOutlier    = rules.Cite{Source: "42 CFR 412.84"}
	citeTechnology = rules.Cite{Source: "42 CFR 412.88"}
	citeCapital    = rules.Cite{Source: "42 CFR 412.312"}
	citeHospital   = rules.Cite{Source: "42 CFR 412.92, 412.108"}
	citeLowVolume  = rules.Cite{Source: "42 CFR 412.101"}
	citeValue      = rules.Cite{Source: "42 CFR 412.160 to 412.165"}
	citeReadmit    = rules.Cite{Source: "42 CFR 412.152, 412.154"}
	citeHAC        = rules.Cite{Source: "42 CFR 412.172"}
	citeTrial      = rules.Cite{Source: "42 CFR 412.85(c)"}
	citeFile       = rules.Cite{Source: "provider specific file"}
)

// trail collects the steps of a price; a component of 0.00 that no rule asked for leaves none.
type trail []rules.Step

func (t *trail) add(label, value string, cite rules.Cite) {
	*t = append(*t, rules.Step{Label: label, Value: value, Cite: cite})
}

func (t *trail) number(label string, x money.Exact, cite rules.Cite) {
	if x.Sign() != 0 {
		t.add(label, x.String(), cite)
	}
}

func (t *trail) amount(label string, c money.Cents, cite rules.Cite) {
	if c != 0 {
		t.add(label, c.String(), cite)
	}
}

// steps shows the price from the rates to the total.
func (s *stay) steps(r *Result) []rules.Step {
	h, t := s.hospital, make(trail, 0, 32)
	t.number("labour-related amount", h.labor.Value, h.labor.Cite)
	t.number("other amount", h.nonlabor.Value, h.nonlabor.Cite)
	t.number("wage index", h.WageIndex, citeFile)
	if h.cola.Cmp(one) != 0 {
		t.number("cost of living", h.cola, citeFile)
	}
	t.number("DRG weight", s.drg.Weight, s.drg.Cite)
	if s.covid.Cmp(one) != 0 {
		t.number("COVID-19 factor", s.covid, s.rates.covid.Cite)
	}
	if s.trial.Cmp(one) != 0 {
		t.number("clinical trial factor", s.trial, citeTrial)
	}
	if s.perDiem.Sign() != 0 {
		t.number("mean stay in days", s.drg.MeanStay, s.drg.Cite)
		t.number("fraction paid of a transfer, 4 places", s.fraction, citeTransfer)
	}
	t.amount("operating federal payment, to cents", r.Operating.Federal, citeOperating)
	t.number("DSH percentage, 4 places", r.DSH, citeDSH)
	t.amount("operating DSH, the paid part, to cents", r.Operating.DSH, s.rates.dshShare.Cite)
	t.number("teaching factor, 9 places", h.teaching, citeTeaching)
	t.amount("operating teaching, to cents", r.Operating.Teaching, citeTeaching)
	t.amount("uncompensated care by discharge", r.Uncompensated, citeFile)
	t.amount("new technology, to cents", r.NewTechnology, citeTechnology)
	t.amount("islet cells", r.Islets, citeTrial)
	if r.ChargeBounds.Sign() > 0 {
		t.number("outlier threshold", s.out.threshold, s.rates.threshold.Cite)
		t.number("operating cost", s.out.cost, citeFile)
		t.number("operating cost that must be passed, 9 places", r.CostOutlier, citeOutlier)
		t.number("share of the cost above that is paid", s.out.percent.Value, s.out.percent.Cite)
		t.amount("operating outlier, to cents", r.Operating.Outlier, citeOutlier)
	}
	t.amount("hospital-specific rate above the federal payment, to cents", r.Operating.Hospital, citeHospital)
	t.number("geographic adjustment factor, 4 places", h.gaf, s.rates.gafPower.Cite)
	t.number("capital rate of the area, to cents", h.capitalRate, s.rates.capitalRate.Cite)
	t.amount("capital federal payment, to cents", r.Capital.Federal, citeCapital)
	t.amount("capital DSH, to cents", r.Capital.DSH, citeCapital)
	t.amount("capital teaching, to cents", r.Capital.Teaching, citeCapital)
	t.amount("capital outlier, to cents", r.Capital.Outlier, citeOutlier)
	t.amount("low volume, to cents", r.LowVolume, citeLowVolume)
	t.amount("readmissions reduction, to cents", r.Readmissions, citeReadmit)
	t.amount("value-based purchasing, to cents", r.ValueBased, citeValue)
	t.amount("hospital acquired conditions, of the whole, to cents", r.HAC, citeHAC)
	t.add("payment, the sum of the components", r.Total.String(), rules.Cite{Source: "CMS IPPS pricer", Where: "return code " + r.Code.String()})
	return t
}
