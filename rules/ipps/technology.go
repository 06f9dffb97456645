package ipps

import (
	"slices"

	"revcycle/money"
)

// technology adds the new technology payments (42 CFR 412.88): for each technology on the bill the lesser of
// its cap and a share of the cost above the payment; together no more than that cost.
func (s *stay) technology() {
	federal, dsh, teaching := s.payment()
	payment := (federal + dsh + teaching + s.hospital.Uncompensated).Exact()
	cost := s.bill.Charges.Exact().Mul(s.hospital.CCR)
	for i := range s.rates.technologies {
		t := &s.rates.technologies[i]
		switch {
		case t.Name == covidTechnology:
		case t.Name == isletTechnology:
			s.isletCells(t)
		case s.uses(t):
			if share := cost.Sub(payment).Mul(t.Percent).RoundTo(2); share.Sign() > 0 {
				s.newTech = s.newTech.Add(least(t.Cap.RoundTo(2), share))
			}
		}
	}
	over := cost.RoundTo(inside).Sub(payment).RoundTo(2)
	if payment.Add(s.newTech).Cmp(cost) > 0 && over.Sign() > 0 {
		s.newTech = least(s.newTech, over)
	}
	s.base = s.operating.Add(s.newTech).RoundTo(2)
}

// uses reports whether one code of each group stands on the bill.
func (s *stay) uses(t *Technology) bool {
	for _, codes := range t.Groups {
		if !slices.ContainsFunc(codes, func(code string) bool { return slices.Contains(s.bill.Procedures, code) }) {
			return false
		}
	}
	return len(t.Groups) > 0
}

// isletCells pays for infusions of islet cells in a trial: one, or more than one.
func (s *stay) isletCells(t *Technology) {
	if !s.hasDiagnosis(trialDiagnosis, 0) {
		return
	}
	infusions := 0
	for _, code := range s.bill.Procedures {
		if len(t.Groups) > 0 && slices.Contains(t.Groups[0], code) {
			infusions++
		}
	}
	switch {
	case infusions == 1:
		s.islets = s.rates.islet.Value
	case infusions > 1:
		s.islets = s.rates.islets.Value
	}
}

// covidTreatments adds the payment for new treatments of COVID-19: the lesser of two shares, one of the outlier
// threshold, one of the cost above the payment. It comes after the outlier, which does not count it.
func (s *stay) covidTreatments() {
	if !s.hasDiagnosis(covidDiagnosis, 0) || s.hasCondition("ZA") {
		return
	}
	for i := range s.rates.technologies {
		if t := &s.rates.technologies[i]; t.Name == covidTechnology && s.uses(t) {
			share := s.rates.covidTreatments.Value
			over := s.out.cost.Sub(s.out.above.Sub(s.out.dollars))
			if over.Sign() <= 0 {
				return
			}
			add := least(s.out.dollars.Mul(share).RoundTo(2), over.Mul(share).RoundTo(2))
			s.newTech, s.base = s.newTech.Add(add), s.base.Add(add)
			return
		}
	}
}

func least(x, y money.Exact) money.Exact {
	if x.Cmp(y) < 0 {
		return x
	}
	return y
}
