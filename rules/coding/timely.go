package coding

import (
	"errors"
	"fmt"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/rules"
)

// FilingLimit is how long a payer takes claims: so many days, or calendar years, after the service ended.
type FilingLimit struct{ Days, Years int }

// Last is the last day on which a claim for a service that ended on that day is in time.
func (f FilingLimit) Last(end civil.Date) civil.Date { return end.AddYears(f.Years).AddDays(f.Days) }

// String is "180 days" or "1 calendar year".
func (f FilingLimit) String() string {
	switch {
	case f.Years == 1:
		return "1 calendar year"
	case f.Years > 1:
		return fmt.Sprint(f.Years, " calendar years")
	}
	return fmt.Sprint(f.Days, " days")
}

// Timely looks up the filing limit for a service that ended on a day.
type Timely func(end civil.Date) (FilingLimit, rules.Cite, bool)

// TimelyParams are the parameters of timely_filing. Without days and years the payer's own `timely` holds.
type TimelyParams struct {
	Days      int  `yaml:"days"`
	Years     int  `yaml:"years"`
	Corrected bool `yaml:"corrected"` // judge replacements too; their clock is often another
}

func newTimelyFiling(decode rules.Decode, t Tables) (Check, error) {
	var p TimelyParams
	if err := decode(&p); err != nil {
		return Check{}, err
	}
	limit := t.Timely()
	switch {
	case p.Days < 0 || p.Years < 0 || p.Days > 0 && p.Years > 0:
		return Check{}, errors.New("days or years: give one of them, above 0")
	case p.Days+p.Years > 0:
		fixed := FilingLimit{p.Days, p.Years}
		limit = func(civil.Date) (FilingLimit, rules.Cite, bool) { return fixed, rules.Cite{}, true }
	case limit == nil:
		return Check{}, errors.New("no limit: give days or years here, or state timely: for the payer")
	}
	return Check{Run: TimelyFiling(p, limit)}, nil
}

// TimelyFiling compares BHT04 with the end of service: the through date of an institutional claim, each
// line's last day of others. A claim after another payer counts from that payer's date (DTP*573) where it
// is later. A claim without BHT04 or a service date cannot be judged and is left alone.
func TimelyFiling(p TimelyParams, limit Timely) func(*rules.Pass) {
	return func(pass *rules.Pass) {
		c := pass.Claim
		if !c.Created.Known() || c.Replaces() && !p.Corrected {
			return
		}
		if c.Kind == claim.Institutional {
			if _, to := c.Service(); pass.InForce() {
				late(pass, 0, to, limit)
			}
			return
		}
		for l := range pass.Lines() {
			late(pass, l.Number, max(l.From, l.To), limit)
		}
	}
}

func late(pass *rules.Pass, line int, end civil.Date, limit Timely) {
	if !end.Known() {
		return
	}
	f, cite, ok := limit(end)
	if !ok {
		return
	}
	start, since := end, "the service ended"
	for i := range pass.Claim.Other {
		if d := pass.Claim.Other[i].PaidDate; d > start {
			start, since = d, "the other payer decided"
		}
	}
	last := f.Last(start)
	if pass.Claim.Created <= last {
		return
	}
	facts := []rules.Fact{{Name: "service end", Value: end.String()}, {Name: "last day", Value: last.String()}, {Name: "BHT04", Value: pass.Claim.Created.String()}}
	const text = "filed %d days late: the limit is %s after %s, so the last day was %s"
	days := int(pass.Claim.Created - last)
	if cite.Source == "" {
		pass.Report(line, facts, text, days, f, since, last)
		return
	}
	pass.ReportRow(cite, line, facts, text, days, f, since, last)
}
