package pipeline

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/denial"
	"revcycle/ledger"
	"revcycle/money"
)

// topCategories is how many categories of denial a summary for people shows.
const topCategories = 5

// DeniedCategory sums the denials of one category.
type DeniedCategory struct {
	Category string      `json:"category"`
	Owner    string      `json:"owner"` // the desk that works them
	Denials  int         `json:"denials"`
	Denied   money.Cents `json:"denied"`
	AtRisk   money.Cents `json:"at_risk"` // of those whose risk is known
}

// DenialItem is one denial episode as the work list shows it.
type DenialItem struct {
	ID          claim.ID           `json:"denial_id"`
	Claim       claim.ID           `json:"claim_id"`
	Control     string             `json:"patient_control_number"`
	Line        int                `json:"line_no"` // 0: the claim as a whole
	Payer       string             `json:"payer_id"`
	Facility    string             `json:"facility_id"`
	Served      civil.Date         `json:"service_from"`
	Category    string             `json:"category"`
	Group       string             `json:"group_code"`
	CARC        string             `json:"carc"`
	Meaning     string             `json:"carc_meaning"` // in our words
	RARC        string             `json:"rarc_1"`
	Kind        denial.Kind        `json:"kind"`
	RootCause   string             `json:"root_cause"`
	Preventable denial.Preventable `json:"preventable"`
	Owner       string             `json:"owner"`
	NextAction  string             `json:"next_action"`
	Denied      money.Cents        `json:"denied_amount"`
	AtRisk      *money.Cents       `json:"at_risk"` // null where unknown
	Basis       denial.Basis       `json:"at_risk_basis"`
	First       civil.Date         `json:"first_remit_date"`
	Status      string             `json:"status"`
	Outcome     string             `json:"outcome"`
	Recovered   money.Cents        `json:"recovered"`
	ForetoldBy  string             `json:"foretold_by"` // a rule of ours
}

// DenialFilter narrows a list of denials down; an empty field asks for nothing.
type DenialFilter struct {
	Payer, Category, Owner, Facility string      // compared without regard to case
	AtLeast                          money.Cents // at risk, or denied where the risk is unknown
	Closed                           bool        // closed ones too
	Batch                            int64       // 0: of any batch; else those whose current opinion is of it
}

// DenialList gives the current denials that pass the filter: those with the most at risk first, those
// whose risk is unknown behind them by what was denied, then by ID.
func (env *Env) DenialList(ctx context.Context, f DenialFilter) ([]DenialItem, error) {
	rows, err := ledger.Latest(ctx, env.Store, ledger.Denials)
	if err != nil {
		return nil, err
	}
	out := []DenialItem{}
	for _, row := range rows {
		d := ledger.DenialOf(row)
		if !f.Closed && d.Status != "open" || f.Batch != 0 && d.Batch != f.Batch || !f.says(&d) {
			continue
		}
		out = append(out, itemOf(&d))
	}
	if err := env.nameClaims(ctx, out); err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(d DenialItem) bool { return f.Facility != "" && !strings.EqualFold(d.Facility, f.Facility) })
	slices.SortFunc(out, func(a, b DenialItem) int {
		return cmp.Or(cmp.Compare(risk(b.AtRisk), risk(a.AtRisk)), cmp.Compare(b.Denied, a.Denied), a.ID.Compare(b.ID))
	})
	return out, nil
}

func (f *DenialFilter) says(d *ledger.Denial) bool {
	for _, x := range []struct{ want, is string }{{f.Payer, d.Payer}, {f.Category, d.Category}, {f.Owner, d.Owner}} {
		if x.want != "" && !strings.EqualFold(x.want, x.is) {
			return false
		}
	}
	worth := d.Denied
	if d.AtRisk != nil {
		worth = *d.AtRisk
	}
	return f.AtLeast == 0 || worth >= f.AtLeast
}

// risk puts an unknown amount behind every known one.
func risk(c *money.Cents) money.Cents {
	if c == nil {
		return -1
	}
	return *c
}

func itemOf(d *ledger.Denial) DenialItem {
	return DenialItem{
		ID: d.ID, Claim: d.Claim, Line: d.Line, Payer: d.Payer, Category: d.Category, Group: d.Group, CARC: d.CARC,
		Meaning: denial.Default().Meaning(d.CARC), RARC: d.RARC, Kind: d.Kind, RootCause: d.RootCause, Preventable: d.Preventable,
		Owner: d.Owner, NextAction: d.NextAction, Denied: d.Denied, AtRisk: d.AtRisk, Basis: d.Basis, First: d.First,
		Status: d.Status, Outcome: d.Outcome, Recovered: d.Recovered, ForetoldBy: d.ForetoldBy,
	}
}

// nameClaims fills in what the claims of a list say: their control number, service and facility.
func (env *Env) nameClaims(ctx context.Context, items []DenialItem) error {
	at := map[claim.ID][]int{}
	var ids []claim.ID
	for i := range items {
		if at[items[i].Claim] == nil {
			ids = append(ids, items[i].Claim)
		}
		at[items[i].Claim] = append(at[items[i].Claim], i)
	}
	slices.SortFunc(ids, claim.ID.Compare)
	for part := range ledger.Portions(ids) {
		for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("id", part...)) {
			if err != nil {
				return err
			}
			from, _ := c.Service()
			facility, _ := env.Party.Facility(c.Billing.NPI, c.Billing.TaxID, from)
			for _, i := range at[c.ID] {
				items[i].Control, items[i].Served, items[i].Facility = c.Control, from, facility
			}
		}
	}
	return nil
}

// deniedBy sums the open denials whose current opinion is of a batch (0: of any) by category, those
// with the most at risk first.
func deniedBy(ctx context.Context, s ledger.Store, batch int64) ([]DeniedCategory, error) {
	rows, err := ledger.Latest(ctx, s, ledger.Denials)
	if err != nil {
		return nil, err
	}
	by := map[string]*DeniedCategory{}
	var out []*DeniedCategory
	for _, row := range rows {
		d := ledger.DenialOf(row)
		if d.Status != "open" || batch != 0 && d.Batch != batch {
			continue
		}
		c := by[d.Category]
		if c == nil {
			c = &DeniedCategory{Category: d.Category, Owner: d.Owner}
			by[d.Category] = c
			out = append(out, c)
		}
		c.Denials++
		c.Denied += d.Denied
		if d.AtRisk != nil {
			c.AtRisk += *d.AtRisk
		}
	}
	slices.SortFunc(out, func(a, b *DeniedCategory) int {
		return cmp.Or(cmp.Compare(b.AtRisk, a.AtRisk), cmp.Compare(b.Denied, a.Denied), cmp.Compare(a.Category, b.Category))
	})
	list := make([]DeniedCategory, len(out))
	for i, c := range out {
		list[i] = *c
	}
	return list, nil
}
