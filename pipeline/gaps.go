package pipeline

import (
	"context"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// Gap is a visit that no claim bills, past the days that billing may wait.
type Gap struct {
	Encounter claim.ID     `json:"encounter_id"`
	Number    string       `json:"number"` // visit number
	Facility  string       `json:"facility_id"`
	Payer     string       `json:"payer_id"`
	Class     string       `json:"class"`
	Served    civil.Date   `json:"service_to"`
	Days      int          `json:"days"` // since the service ended
	Cost      *money.Cents `json:"cost"` // null where the source has none
}

// Gaps gives the visits without a claim as of a date, oldest first: not cancelled, no no-show, not
// reported as never billed, and older than the days that billing may wait. A visit is billed when a
// claim names it, or bears its number or account as control number.
func Gaps(ctx context.Context, s ledger.Store, asOf civil.Date, holdDays int) ([]Gap, error) {
	var out []Gap
	var block []*claim.Encounter
	flush := func() error {
		billed, err := billedVisits(ctx, s, block)
		if err != nil {
			return err
		}
		latest, err := latestTold(ctx, s, block)
		if err != nil {
			return err
		}
		for _, e := range block {
			if latest[visitKey(e)] != e.ID || Cancelled(e.Status) || !e.ClaimsDue {
				continue
			}
			if billed[e.Number] || billed[e.Account] && e.Account != "" {
				continue
			}
			served := max(e.From, e.To)
			days := int(asOf - served)
			if served.Known() && days <= holdDays {
				continue
			}
			out = append(out, Gap{e.ID, e.Number, e.Facility, e.Payer, e.Class, served, days, e.Cost})
		}
		block = block[:0]
		return nil
	}
	for e, err := range ledger.ReadEncounters(ctx, s) {
		if err != nil {
			return nil, err
		}
		if block = append(block, e); len(block) == 2_000 {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b Gap) int {
		if a.Served != b.Served {
			return int(a.Served - b.Served)
		}
		return a.Encounter.Compare(b.Encounter)
	})
	return out, nil
}

// visitKey names a visit whatever is told of it: what is told again, changed, is the same visit.
func visitKey(e *claim.Encounter) string { return e.Source + "|" + e.Facility + "|" + e.Number }

// latestTold gives, by visitKey, which telling of some visits is the latest: of the last batch that
// told of it, then the one with the higher ID.
func latestTold(ctx context.Context, s ledger.Store, visits []*claim.Encounter) (map[string]claim.ID, error) {
	numbers := make([]string, len(visits))
	for i := range visits {
		numbers[i] = visits[i].Number
	}
	latest, batches := map[string]claim.ID{}, map[string]int64{}
	t := ledger.Encounters
	batch, source, number, facility := t.At("batch"), t.At("source"), t.At("number"), t.At("facility")
	for part := range ledger.Portions(numbers) {
		for row, err := range s.Rows(ctx, ledger.Query{Table: t, Where: []ledger.Cond{ledger.Named("number", part...)},
			Only: []string{"batch", "source", "number", "facility"}}) {
			if err != nil {
				return nil, err
			}
			key := visitKey(&claim.Encounter{Source: row[source].Text(), Facility: row[facility].Text(), Number: row[number].Text()})
			if n := row[batch].Int(); n >= batches[key] { // rows come in ID order
				latest[key], batches[key] = row[0].ID(), n
			}
		}
	}
	return latest, nil
}

// separators are what sources write between the words of a status.
var separators = strings.NewReplacer("-", "", "_", "", " ", "")

// Cancelled reports whether a visit's status says that it did not take place.
func Cancelled(status string) bool {
	s := separators.Replace(strings.ToLower(status))
	switch s {
	case "cancelled", "canceled", "noshow", "enteredinerror", "missed":
		return true
	}
	return false
}

// billedVisits gives, of the numbers and accounts of some visits, those that a claim bills.
func billedVisits(ctx context.Context, s ledger.Store, visits []*claim.Encounter) (map[string]bool, error) {
	billed := map[string]bool{}
	names := make([]string, 0, 2*len(visits))
	norms := map[string][]string{}
	for i := range visits {
		for _, n := range []string{visits[i].Number, visits[i].Account} {
			if n != "" {
				names = append(names, n)
				norm := claim.NormalControl(n)
				norms[norm] = append(norms[norm], n)
			}
		}
	}
	encounter, control := ledger.Claims.At("encounter"), ledger.Claims.At("control")
	use := ledger.Claims.At("use")
	for part := range ledger.Portions(names) {
		var normal []string
		for _, n := range part {
			normal = append(normal, claim.NormalControl(n))
		}
		for _, where := range []ledger.Cond{ledger.Named("encounter", part...), ledger.Named("control_norm", normal...)} {
			for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{where},
				Only: []string{"encounter", "control", "use"}}) {
				if err != nil {
					return nil, err
				}
				if row[use].Text() == string(claim.Reporting) {
					continue // the visit itself, told as an 837
				}
				billed[row[encounter].Text()] = true
				for _, n := range norms[claim.NormalControl(row[control].Text())] {
					billed[n] = true
				}
			}
		}
	}
	return billed, nil
}
