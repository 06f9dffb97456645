package pricing

import (
	"errors"
	"fmt"
	"strings"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

// PerDiemParams are the parameters of per_diem: a table by revenue code, or tiers of days.
type PerDiemParams struct {
	Table string   `yaml:"table"` // a table of kind revenue
	Tiers []DayDue `yaml:"tiers"`
	Days  string   `yaml:"days"` // for tiers: units of the room lines (where absent) or stay
	Room  []string `yaml:"room"` // the room revenue codes; 010x to 021x where absent
}

// DayDue is a tier: the rate of days up to and with Through; the last tier has none and goes on.
type DayDue struct {
	Through int         `yaml:"through"`
	Rate    money.Exact `yaml:"rate"`
}

func newPerDiem(decode rules.Decode, t Tables) (Price, error) {
	var p PerDiemParams
	if err := decode(&p); err != nil {
		return nil, err
	}
	if (p.Table == "") == (len(p.Tiers) == 0) {
		return nil, errors.New("table or tiers: give one of them")
	}
	if p.Days != "" && p.Days != "units" && p.Days != "stay" {
		return nil, fmt.Errorf("days: %q is not a way to count; write units or stay", p.Days)
	}
	for i, tier := range p.Tiers {
		last := i == len(p.Tiers)-1
		if last != (tier.Through == 0) || !last && i > 0 && tier.Through <= p.Tiers[i-1].Through || tier.Rate.Sign() < 0 {
			return nil, errors.New("tiers: each but the last says through which day it goes, in rising order; the last says none")
		}
	}
	list := p.Room
	if len(list) == 0 {
		list = []string{"010*", "011*", "012*", "013*", "014*", "015*", "016*", "017*", "018*", "019*", "020*", "021*"}
	}
	room, err := t.Codes(list)
	if err != nil || p.Table == "" {
		return PerDiem(p, nil, room), err
	}
	rates, err := t.Amounts(p.Table, "revenue")
	return PerDiem(p, rates, room), err
}

// PerDiem pays the claim so much a day. With rates, each room line brings its units × the rate of its revenue
// code. With tiers, the days of the stay are counted (units of the room lines; or through − from, the same day
// being 1) and each day has the rate of its tier. All lines are packaged into the claim's quote.
func PerDiem(p PerDiemParams, rates Amounts, room rules.Codes) Price {
	return func(j *Job, out []rules.Quote) []rules.Quote {
		out = packagedLines(j, "included in the per diem", out)
		if rates != nil {
			return append(out, byRevenue(p, j, rates, room))
		}
		return append(out, byTier(p, j, room))
	}
}

func byRevenue(p PerDiemParams, j *Job, rates Amounts, room rules.Codes) rules.Quote {
	var total money.Exact
	var steps []rules.Step
	for _, l := range j.Lines {
		day := rules.DayOf(j.Claim, l)
		if !room(l.Revenue, day) {
			continue
		}
		rate, cite, ok := rates(l.Revenue, "", day)
		if !ok {
			return unpriced(0, fmt.Sprintf("table %s has no per diem for revenue code %s on %s: load a row for it", p.Table, l.Revenue, day), steps...)
		}
		total = total.Add(rate.Mul(l.Units))
		steps = append(steps, rules.Step{Label: "per diem of revenue code " + l.Revenue, Value: Dollars(rate), Cite: cite},
			rules.Step{Label: "days", Value: l.Units.String(), Cite: unitsCite(j.Claim)})
	}
	if len(steps) == 0 {
		return unpriced(0, "a per diem needs a room and board line and the claim has none: bill the room's revenue code, or add a contract term for such claims")
	}
	return rules.Quote{Allowed: total.Round(), Steps: steps}
}

func byTier(p PerDiemParams, j *Job, room rules.Codes) rules.Quote {
	days, cite, reason := daysOf(p, j, room)
	if reason != "" {
		return unpriced(0, reason)
	}
	var total money.Exact
	steps := []rules.Step{{Label: "days", Value: fmt.Sprint(days), Cite: cite}}
	first := 1
	for _, tier := range p.Tiers {
		last := days
		if tier.Through > 0 {
			last = min(days, tier.Through)
		}
		if last < first {
			break
		}
		total = total.Add(tier.Rate.Mul(money.Whole(int64(last - first + 1))))
		steps = append(steps, rules.Step{Label: fmt.Sprintf("rate of days %d to %d", first, last), Value: Dollars(tier.Rate), Cite: j.Cite})
		first = last + 1
	}
	return rules.Quote{Allowed: total.Round(), Steps: steps}
}

func daysOf(p PerDiemParams, j *Job, room rules.Codes) (days int, cite rules.Cite, reason string) {
	if p.Days == "stay" {
		days, ok := Stay(j.Claim)
		if !ok {
			return 0, cite, "a per diem needs the days of the stay and the claim has no statement dates: bill from and through dates"
		}
		return days, rules.Cite{Source: "claim", Where: "DTP*434"}, ""
	}
	var sum money.Exact
	found := false
	for _, l := range j.Lines {
		if room(l.Revenue, rules.DayOf(j.Claim, l)) {
			sum, found = sum.Add(l.Units), true
		}
	}
	n, whole := sum.Int()
	if !found || !whole || n < 1 || n > maxDays {
		return 0, cite, "a per diem needs room and board lines with whole days and the claim has none: bill the room's revenue code " + strings.Join(p.Room, ", ")
	}
	return int(n), unitsCite(j.Claim), ""
}

// maxDays bounds a stay: a century.
const maxDays = 36600

// Stay is the length of a stay in days, through − from, the same day being 1; ok is false without dates.
func Stay(c *claim.Claim) (days int, ok bool) {
	from, to := c.Service()
	if !from.Known() || !to.Known() || to < from {
		return 0, false
	}
	return max(1, int(to-from)), true
}
