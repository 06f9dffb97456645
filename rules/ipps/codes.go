package ipps

import (
	"fmt"

	"revcycle/money"
)

// ReturnCode is CMS's word for how a bill was paid (0 to 49) or why it was not (50 to 99).
type ReturnCode int

// The codes that this package gives.
const (
	Paid                  ReturnCode = 0
	PaidOutlier           ReturnCode = 2
	PaidTransfer          ReturnCode = 3
	PaidTransferOutlier   ReturnCode = 5
	PaidTransferNoOutlier ReturnCode = 6
	PaidSpecialPostAcute  ReturnCode = 10
	PaidPostAcute         ReturnCode = 12
	PaidFullStay          ReturnCode = 14
	PaidFullStayOutlier   ReturnCode = 16

	WageOrType    ReturnCode = 52
	StateOrWaiver ReturnCode = 53
	BadDRG        ReturnCode = 54
	OutsideDates  ReturnCode = 55
	BadStay       ReturnCode = 56
	BadReview     ReturnCode = 57
	BadReserve    ReturnCode = 61
	BadCovered    ReturnCode = 62
	ProviderFile  ReturnCode = 65
	OutlierDays   ReturnCode = 67
	ValueBased    ReturnCode = 68

	// reconcilable is added where an outlier would be paid at costs one fifth of the charges higher.
	reconcilable ReturnCode = 30
)

// Refused reports whether the bill is not paid.
func (c ReturnCode) Refused() bool { return c >= 50 }

var reasons = map[ReturnCode]string{
	Paid:                  "paid the DRG payment",
	PaidOutlier:           "paid with an outlier",
	PaidTransfer:          "a transfer, paid by the day",
	PaidTransferOutlier:   "a transfer, paid by the day with an outlier",
	PaidTransferNoOutlier: "a transfer, paid by the day, no outlier asked",
	PaidSpecialPostAcute:  "a transfer to post-acute care of a special-pay DRG",
	PaidPostAcute:         "a transfer to post-acute care, paid by the day",
	PaidFullStay:          "paid the DRG payment, the stay reached its mean",
	PaidFullStayOutlier:   "paid with an outlier, the stay reached its mean",
	WageOrType:            "the provider file has no valid wage index or provider type",
	StateOrWaiver:         "the hospital's state is paid outside the system",
	BadDRG:                "the DRG is in no table",
	OutsideDates:          "the discharge lies outside the dates of the provider or of its wage area",
	BadStay:               "the length of stay is not valid",
	BadReview:             "the review code is none of 00 03 06 07 09 11",
	BadReserve:            "lifetime reserve days are more than 60",
	BadCovered:            "covered days do not fit the stay or the lifetime reserve days",
	ProviderFile:          "the provider file's capital pay code or readmissions factor is not valid",
	OutlierDays:           "an outlier whose stay is longer than its covered days",
	ValueBased:            "the provider file's value-based purchasing flag or factor is not valid",
}

// String is the number with its reason.
func (c ReturnCode) String() string {
	reason, note := reasons[c], ""
	if reason == "" {
		reason, note = reasons[c-reconcilable], ", outlier reconciliation"
	}
	return fmt.Sprintf("%02d %s%s", int(c), reason, note)
}

// edit says whether the bill can be priced at all; 0 where it can.
func (h *Hospital) edit(b *Bill) ReturnCode {
	switch {
	case b.Discharged < h.From, b.Discharged < h.WageFrom, h.To.Known() && b.Discharged >= h.To:
		return OutsideDates
	case b.Stay < 0:
		return BadStay
	case b.LifetimeReserve < 0 || b.LifetimeReserve > maxReserve:
		return BadReserve
	case b.Covered < 0, b.Covered == 0 && b.Stay > 0, b.LifetimeReserve > b.Covered:
		return BadCovered
	}
	switch b.Review {
	case 0, 3, 6, 7, 9, 11:
	default:
		return BadReview
	}
	switch {
	case !h.NewHospital && h.CapitalPay != "B" && h.CapitalPay != "C":
		return ProviderFile
	case h.WageIndex.Sign() <= 0, h.dependent() && h.rates.dependentEnd.Known() && b.Discharged > h.rates.dependentEnd:
		return WageOrType
	}
	return 0
}

// maxReserve is the number of lifetime reserve days of a beneficiary (42 CFR 409.61(a)(2)).
const maxReserve = 60

// programmes adds the readmissions and value-based purchasing adjustments; 0 where the provider file is sound.
func (s *stay) programmes() ReturnCode {
	h, r := s.hospital, s.rates
	code := s.covered()
	switch {
	case h.Readmissions == "1":
		if h.ReadmissionsRate.Cmp(r.readmissionsLeast.Value) < 0 || h.ReadmissionsRate.Cmp(one) > 0 || puertoRico(h.State) {
			return ProviderFile
		}
		s.readmissions = h.ReadmissionsRate.Mul(s.base).Sub(s.base).Round()
	case h.Readmissions != "0", h.ReadmissionsRate.Sign() != 0:
		return ProviderFile
	}
	if code != 0 {
		return code
	}
	switch h.ValueBased {
	case "N":
	case "Y":
		low := h.ValueBasedFactor.Cmp(r.valueLeast.Value) < 0
		if !h.Quality || low || h.ValueBasedFactor.Cmp(r.valueMost.Value) > 0 || puertoRico(h.State) || maryland(h.State) {
			return ValueBased
		}
		s.valueBased = h.ValueBasedFactor.Mul(s.base).Sub(s.base).Round()
	default:
		return ValueBased
	}
	return 0
}

// covered refuses an outlier of a stay with days that are not covered.
func (s *stay) covered() ReturnCode {
	if s.code == PaidOutlier && s.bill.Covered < s.bill.Stay {
		return OutlierDays
	}
	return 0
}

func puertoRico(state string) bool { return state == "40" || state == "84" }
func maryland(state string) bool   { return state == "21" || state == "80" }

var one = money.Whole(1)
