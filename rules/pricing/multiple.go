package pricing

import (
	"errors"
	"sort"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/rules"
)

// MultipleParams reduce the second and further procedures of a day.
type MultipleParams struct {
	Codes []string      `yaml:"codes"` // the codes that are ranked
	Tiers []money.Exact `yaml:"tiers"` // percentages from the dearest on; the last holds for all further ones
}

func (m *MultipleParams) codes(t Tables) (rules.Codes, error) {
	if len(m.Codes) == 0 || len(m.Tiers) == 0 {
		return nil, errors.New("multiple: needs codes (which are ranked) and tiers (percentages from the dearest on, as 100, 50, 25)")
	}
	return t.Codes(m.Codes)
}

// tiered is what the reduction does to a line: its units weighed by their tiers.
type tiered struct {
	ranked bool
	factor money.Exact
}

// rank orders the ranked lines of each day by fee × percent × modifiers (not by charge; on a tie the earlier
// line stands first). Units above 1 count as further procedures, as Medicare's rule has it.
func rank(p FeeScheduleParams, j *Job, amounts Amounts, ranked rules.Codes) []tiered {
	type entry struct {
		at  int
		day civil.Date
		fee money.Exact
	}
	out := make([]tiered, len(j.Lines))
	var entries []entry
	for i, l := range j.Lines {
		day := rules.DayOf(j.Claim, l)
		f := feeOf(p, j.Claim, l, amounts)
		if f.missing != "" || !ranked(l.Procedure.Code, day) {
			continue
		}
		amount := f.amount
		for _, m := range l.Procedure.Modifiers {
			if percent, ok := p.Modifiers[m]; ok && m != "" {
				amount = amount.Mul(percent).Mul(hundredth)
			}
		}
		entries = append(entries, entry{i, day, amount})
	}
	sort.SliceStable(entries, func(a, b int) bool {
		if entries[a].day != entries[b].day {
			return entries[a].day < entries[b].day
		}
		return entries[a].fee.Cmp(entries[b].fee) > 0
	})
	position, day := 0, civil.Date(0)
	for _, e := range entries {
		if e.day != day {
			position, day = 0, e.day
		}
		units, whole := j.Lines[e.at].Units.Int()
		if p.Per == "line" || !whole || units < 1 || units > maxRankedUnits {
			units = 1
		}
		var factor money.Exact
		for range units {
			factor = factor.Add(p.Multiple.Tiers[min(position, len(p.Multiple.Tiers)-1)].Mul(hundredth))
			position++
		}
		out[e.at] = tiered{true, factor}
	}
	return out
}

// maxRankedUnits bounds the procedures that one line may stand for.
const maxRankedUnits = 1000
