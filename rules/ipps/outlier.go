package ipps

import "revcycle/money"

// outlier is what is paid above the DRG payment for a stay of extraordinary cost (42 CFR 412.80 to 412.84).
type outlier struct {
	operating, capital money.Exact // paid
	threshold          money.Exact // dollars, of both parts
	share, other       money.Exact // of the threshold: operating and capital
	dollars            money.Exact // the operating part of the threshold, adjusted to the area
	above, capitalAt   money.Exact // costs above which each part is paid
	cost               money.Exact // operating
	charges            money.Exact // charges above which an outlier is paid
	percent            Number
}

// outlier pays a share of the cost above the payment and the threshold. The threshold is split between
// operating and capital by their ratios of cost to charge, and cut as a transfer's payment is.
func (s *stay) outlier(ccr money.Exact) {
	s.out = s.outlierAt(ccr)
	o := &s.out
	if o.operating.Sign() <= 0 && o.capital.Sign() <= 0 {
		s.settle()
		return
	}
	if sum := ccr.Add(s.hospital.CapitalCCR); sum.Sign() > 0 {
		o.charges = o.capitalAt.Add(o.above).Div(sum, inside)
	}
	s.outlierCode()
}

// outlierCode says how an outlier changes the code. A post-acute transfer keeps its own.
func (s *stay) outlierCode() {
	switch {
	case s.bill.Covered < s.bill.Stay:
		s.code = PaidOutlier // refused by covered
	case s.code == PaidPostAcute || s.code == PaidSpecialPostAcute:
	case s.bill.Review == 3:
		s.code = PaidTransferOutlier
	default:
		s.code = PaidOutlier
		s.settle()
	}
}

// settle tells a stay that reached its mean from a shorter one.
func (s *stay) settle() {
	if s.short() {
		return
	}
	switch s.code {
	case Paid:
		s.code = PaidFullStay
	case PaidOutlier:
		s.code = PaidFullStayOutlier
	}
}

// outlierAt works out both parts at a ratio of operating cost to charge.
func (s *stay) outlierAt(ccr money.Exact) outlier {
	h, r := s.hospital, s.rates
	var o outlier
	if sum := ccr.Add(h.CapitalCCR); sum.Sign() > 0 {
		o.share, o.other = ccr.Div(sum, inside), h.CapitalCCR.Div(sum, inside)
	}
	o.threshold = r.threshold.Value
	if s.short() {
		switch {
		case s.bill.Review == 3, s.bill.Review == 9 && s.drg.PostAcute && !s.drg.Special:
			o.threshold = o.threshold.Mul(s.perDiem).RoundTo(2)
		case s.bill.Review == 9 && s.special():
			o.threshold = o.threshold.Mul(s.fraction).RoundTo(2)
		}
	}
	o.dollars = o.threshold.Mul(h.adjustment).Mul(o.share).RoundTo(inside)
	o.above = s.operating.Mul(one.Add(h.teaching)).Add(s.operating.Mul(h.dsh).Mul(r.dshShare.Value)).
		Add(o.dollars).Add(h.Uncompensated.Exact()).Add(s.newTech).RoundTo(inside)
	capitalDollars := o.threshold.Mul(h.gaf).Mul(o.other).Mul(h.capitalCOLA).RoundTo(inside)
	if !h.NewHospital {
		o.capitalAt = s.capital.Mul(one.Add(h.capitalTeach).Add(h.capitalDSH)).Add(capitalDollars).RoundTo(inside)
	}
	charges := s.bill.Charges.Exact()
	o.cost = charges.Mul(ccr).RoundTo(inside)
	capitalCost := charges.Mul(h.CapitalCCR).RoundTo(inside)
	o.percent = r.outlierPercent
	if n, ok := r.outlierByDRG[s.drg.Code]; ok {
		o.percent = n
	}
	unasked := s.bill.Review == 6 || s.bill.Review == 7 || s.bill.Review == 11
	if unasked || o.cost.Add(capitalCost).Cmp(o.above.Add(o.capitalAt)) < 0 {
		return o
	}
	if over := o.cost.Sub(o.above); over.Sign() > 0 {
		o.operating = over.Mul(o.percent.Value).RoundTo(inside)
	}
	if over := capitalCost.Sub(o.capitalAt); over.Sign() > 0 && !h.NewHospital {
		o.capital = over.Mul(o.percent.Value).RoundTo(inside)
	}
	return o
}

// reconciled marks a bill without an outlier that would have one if its costs were higher by a fifth of its
// charges: the contractor may reconcile it.
func (s *stay) reconciled(code ReturnCode) ReturnCode {
	switch code {
	case Paid, PaidTransfer, PaidSpecialPostAcute, PaidPostAcute, PaidFullStay:
	default:
		return code
	}
	o := s.outlierAt(s.hospital.CCR.Add(s.rates.reconcileCCR.Value).RoundTo(3))
	if o.operating.Add(o.capital).Sign() > 0 {
		return code + reconcilable
	}
	return code
}
