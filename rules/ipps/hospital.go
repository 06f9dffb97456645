package ipps

import (
	"slices"

	"revcycle/money"
)

// Hospital is a provider with the factors that the year's rates give it. It is immutable and may be shared.
type Hospital struct {
	Provider
	rates *Rates

	cola, capitalCOLA        money.Exact
	labor, nonlabor          Number
	laborShare, otherShare   money.Exact
	adjustment               money.Exact // of the national amounts to the area: labor × index + other × COLA
	dsh, teaching            money.Exact
	gaf, capitalRate         money.Exact
	capitalDSH, capitalTeach money.Exact
	update                   money.Exact // of the hospital specific rate
}

// NewHospital works out a provider's factors. r must be the rates of the discharge.
func NewHospital(r *Rates, p Provider) *Hospital {
	h := &Hospital{Provider: p, rates: r, cola: one}
	if p.WageIndex.Sign() <= 0 {
		return h // refused by every bill
	}
	if p.State == "02" || p.State == "12" {
		h.cola = p.COLA
	}
	side := 1
	if p.WageIndex.Cmp(one) > 0 {
		side = 0
	}
	update := r.updateOf(&p)
	h.labor, h.nonlabor = r.labor[side][update], r.nonlabor[side][update]
	h.laborShare = r.laborShare[side].Value
	h.otherShare = one.Sub(h.laborShare)
	h.adjustment = h.laborShare.Mul(p.WageIndex).Add(h.otherShare.Mul(h.cola))
	h.dsh = h.disproportionate()
	h.teaching = one.Add(p.Interns).Pow(r.teachingPower.Value, powerPlaces).Sub(one).Mul(r.teachingFactor.Value).RoundTo(inside)

	h.gaf = p.WageIndex.Pow(r.gafPower.Value, 4)
	h.capitalRate = r.capitalRate.Value.Mul(h.gaf).RoundTo(2)
	h.capitalCOLA = r.capitalCOLA.Value.Mul(h.cola.Sub(one)).Add(one).RoundTo(3)
	if p.Size != Rural && p.Beds >= r.urbanBeds {
		h.capitalDSH = r.e.Value.Pow(r.capitalDSH.Value.Mul(p.SSI.Add(p.Medicaid)), powerPlaces).Sub(one).RoundTo(4)
	}
	interns := p.CapitalInterns
	if interns.Cmp(r.capitalTeachMost.Value) > 0 {
		interns = r.capitalTeachMost.Value
	}
	h.capitalTeach = r.e.Value.Pow(r.capitalTeach.Value.Mul(interns), powerPlaces).Sub(one).RoundTo(inside)
	h.update = r.hospitalUpdate[update].Value
	return h
}

const (
	inside      = 9  // the places of the pricer's intermediates
	powerPlaces = 24 // of a power before it is rounded: far more than any place that is kept
)

// disproportionate is the operating DSH percentage, 4 places (42 CFR 412.106). Small hospitals are capped;
// a referral centre is not, whatever its size.
func (h *Hospital) disproportionate() money.Exact {
	r := h.rates
	share := h.SSI.Add(h.Medicaid).RoundTo(4)
	var x money.Exact
	switch {
	case share.Cmp(r.dshLow.Value) < 0:
		return x
	case share.Cmp(r.dshHigh.Value) < 0:
		x = share.Sub(r.dshLow.Value).Mul(r.dshLowSlope.Value).Add(r.dshLowBase.Value)
	default:
		x = share.Sub(r.dshHigh.Value).Mul(r.dshHighSlope.Value).Add(r.dshHighBase.Value)
	}
	x = x.RoundTo(4)
	if h.capped() && x.Cmp(r.dshCap.Value) > 0 {
		return r.dshCap.Value
	}
	return x
}

func (h *Hospital) capped() bool {
	switch {
	case slices.Contains(referral, h.Type):
		return false
	case h.Size != Rural:
		return h.Beds < h.rates.urbanBeds
	}
	return h.Beds < h.rates.ruralBeds || slices.Contains(sole, h.Type)
}

// Provider types by what they change.
var (
	referral = []string{"07", "14", "15", "17", "22"} // referral centres, and Medicare dependent hospitals as the pricer has it
	sole     = []string{"16", "17", "21", "22"}       // sole community and essential access hospitals
)

// dependent reports a Medicare dependent hospital.
func (h *Hospital) dependent() bool { return h.Type == "14" || h.Type == "15" }

// HasRate reports a provider type that is paid its own rate where that is more.
func HasRate(kind string) bool { return kind == "14" || kind == "15" || slices.Contains(sole, kind) }
