package pipeline

import (
	"context"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
)

// unmapped lists the payer IDs and billing providers of claims that no master maps, with their dollars.
// Where no master lists payers, or facilities, at all, a first run is not yet asked to.
func (env *Env) unmapped(ctx context.Context, where ...ledger.Cond) ([]Unmapped, error) {
	out := []Unmapped{}
	for _, k := range []struct {
		kind, column string
		listed       int
		mapped       func(value string, on civil.Date) bool
	}{
		{"payer", "payer", len(env.Party.Payers()), func(value string, on civil.Date) bool {
			_, _, mapped := env.Party.Payer("837", value, on)
			return mapped
		}},
		{"facility", "billing_npi", len(env.Party.Facilities()), func(value string, on civil.Date) bool {
			_, mapped := env.Party.Facility(claim.NPI(value), "", on)
			return mapped
		}},
	} {
		if k.listed == 0 {
			continue
		}
		rows, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Claims, Where: where}, []string{k.column, "service_month"}, []string{"charge"})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			value := r[0].Text()
			if k.mapped(value, monthStart(r[1].Text())) {
				continue
			}
			n, charge := int(r[2].Int()), r[3].Cents()
			if i := len(out) - 1; i >= 0 && out[i].Kind == k.kind && out[i].Value == value {
				out[i].Claims += n
				out[i].Charge += charge
				continue
			}
			out = append(out, Unmapped{Kind: k.kind, Source: "837", Value: value, Claims: n, Charge: charge})
		}
	}
	return out, nil
}

func monthStart(month string) civil.Date {
	d, err := civil.ParseISO(month + "-01")
	if err != nil {
		return 0 // the bucket of claims without a date
	}
	return d
}
