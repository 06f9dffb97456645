// Package party knows who is who: which facility an NPI is, which payer and plan an identifier names.
//
// The masters are CSV files that a provider keeps (masters/*.csv), read by header, every row dated.
// Load checks them and gives a Directory: immutable, safe for any number of readers at once. A
// lookup that no row answers gives back the very identifier it was asked for and mapped = false:
// that is a work item, never a guessed payer. Where two rows answer differently for one day, neither
// does, and a Problem names both.
//
// To add a master: its columns in schema.go, its row in rows.go, its lookup here.
package party

import (
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// Facility is a place of care and the legal entity that owns it.
type Facility struct {
	ID          string
	Name        string
	Entity      string // the legal entity: general ledger accounts hang on it
	TIN         string // nine digits
	NPIs        []claim.NPI
	CCN         string // CMS certification number, leading zeros kept
	Timezone    string // IANA name; "" = the workspace's
	BankAccount string
	Span        civil.Span
}

// Provider is a person or group that gives care.
type Provider struct {
	ID       string
	NPI      claim.NPI
	Name     string
	Taxonomy string
	Span     civil.Span
}

// Payer is an insurer, a programme or the patient as payer.
type Payer struct {
	ID             string
	Name           string
	FinancialClass string
	Type           string
	Span           civil.Span
}

// Plan is a payer's product with the contract that prices it.
type Plan struct {
	ID             string
	Payer          string
	Name           string
	Product        string
	FinancialClass string
	Contract       string
	Span           civil.Span
}

// Item is one row of the chargemaster.
type Item struct {
	Code        string
	Revenue     string // revenue code, four digits with its leading zero
	HCPCS       string
	Description string
	Charge      money.Cents
	Span        civil.Span
}

// crossing is one row of payer_ids: what an identifier of a source means.
type crossing struct{ Payer, Plan string }

// Directory is all masters of a workspace. The zero Directory maps nothing. It never changes.
type Directory struct {
	facilities map[string]dated[Facility] // by facility_id; NPIs of all its rows of a day joined
	byNPI      map[string]dated[string]
	byTIN      map[string][]tinRow
	providers  map[string]dated[Provider] // by NPI
	payers     map[string]dated[Payer]
	plans      map[string]dated[Plan]
	crossings  map[string]dated[crossing] // by source and value
	items      map[string]dated[Item]
	accounts   map[string]dated[string] // by account and entity
	digest     claim.Digest
}

type tinRow struct {
	span     civil.Span
	facility string
}

// Payer maps an identifier of a source (837, 835, TRN03, ACH or host) to payer and plan on a day. An
// unmapped identifier comes back as the payer with mapped = false. On an unknown day it is mapped
// only where all rows of the identifier agree.
func (d *Directory) Payer(source, value string, on civil.Date) (payer, plan string, mapped bool) {
	c, ok := d.crossings[crossKey(source, value)].on(on)
	if !ok {
		return value, "", false
	}
	return c.Payer, c.Plan, true
}

// Facility maps a billing NPI, else a tax number, to a facility on a day. A tax number maps only
// where one facility alone bears it. Unmapped, it gives the NPI (the tax number where the NPI is
// empty) and mapped = false.
func (d *Directory) Facility(npi claim.NPI, tin string, on civil.Date) (id string, mapped bool) {
	if npi != "" {
		if id, ok := d.byNPI[string(npi)].on(on); ok {
			return id, true
		}
	}
	if t := digits(tin); t != "" {
		found := ""
		for _, r := range d.byTIN[t] {
			if !r.span.Has(on) && on.Known() {
				continue
			}
			if found != "" && found != r.facility {
				found = ""
				break
			}
			found = r.facility
		}
		if found != "" {
			return found, true
		}
	}
	if npi != "" {
		return string(npi), false
	}
	return tin, false
}

// FinancialClass is the class of a plan, else of its payer, on a day; "" where the masters name none.
func (d *Directory) FinancialClass(payer, plan string, on civil.Date) string {
	if p, ok := d.plans[plan].on(on); ok && p.FinancialClass != "" {
		return p.FinancialClass
	}
	p, _ := d.payers[payer].on(on)
	return p.FinancialClass
}

// Contract is the contract that prices a plan on a day; "" where none is named.
func (d *Directory) Contract(plan string, on civil.Date) string {
	p, _ := d.plans[plan].on(on)
	return p.Contract
}

// GL is the general ledger account of one of our accounts in a legal entity on a day; a row without
// an entity answers for all that have none of their own. Unmapped gives "" and false.
func (d *Directory) GL(account, entity string, on civil.Date) (string, bool) {
	if gl, ok := d.accounts[joined(account, entity)].on(on); ok {
		return gl, true
	}
	return d.accounts[joined(account, "")].on(on)
}

// FacilityByID is the facility of an ID on a day, its NPIs of that day joined.
func (d *Directory) FacilityByID(id string, on civil.Date) (Facility, bool) {
	return d.facilities[id].on(on)
}

// ProviderByNPI is the provider of an NPI on a day.
func (d *Directory) ProviderByNPI(npi claim.NPI, on civil.Date) (Provider, bool) {
	return d.providers[string(npi)].on(on)
}

// PayerByID is the payer of an ID on a day.
func (d *Directory) PayerByID(id string, on civil.Date) (Payer, bool) { return d.payers[id].on(on) }

// PlanByID is the plan of an ID on a day.
func (d *Directory) PlanByID(id string, on civil.Date) (Plan, bool) { return d.plans[id].on(on) }

// Charge is the chargemaster's row of a charge code on a day.
func (d *Directory) Charge(code string, on civil.Date) (Item, bool) { return d.items[code].on(on) }

// Facilities lists every dated row, by ID and first day.
func (d *Directory) Facilities() []Facility { return all(d.facilities) }

// Providers lists every dated row, by NPI and first day.
func (d *Directory) Providers() []Provider { return all(d.providers) }

// Payers lists every dated row, by ID and first day.
func (d *Directory) Payers() []Payer { return all(d.payers) }

// Plans lists every dated row, by ID and first day.
func (d *Directory) Plans() []Plan { return all(d.plans) }

// Digest is the SHA-256 of what the masters say: equal for the same rows in any order of rows,
// columns or files.
func (d *Directory) Digest() claim.Digest { return d.digest }

// dated is what one key means over time: spans that do not overlap, in order of their first day.
type dated[T any] []span[T]

type span[T any] struct {
	civil.Span
	value T
	line  int
}

// on gives the value of a day. An unknown day is answered only where every row says the same.
func (ds dated[T]) on(day civil.Date) (value T, ok bool) {
	if !day.Known() {
		for i := range ds {
			if i > 0 && !sameWords(ds[0].value, ds[i].value) {
				return value, false
			}
		}
		if len(ds) > 0 {
			return ds[0].value, true
		}
		return value, false
	}
	for _, s := range ds {
		if s.Has(day) {
			return s.value, true
		}
	}
	return value, false
}

func all[T any](m map[string]dated[T]) []T {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var out []T
	for _, k := range keys {
		for _, s := range m[k] {
			out = append(out, s.value)
		}
	}
	return out
}

// crossKey normalises an identifier: payers send the same one in either case and padded.
func crossKey(source, value string) string {
	return joined(strings.ToUpper(strings.TrimSpace(source)), strings.ToUpper(strings.TrimSpace(value)))
}

// joined makes one key of several; the separator cannot stand in a CSV text field by accident.
func joined(parts ...string) string { return strings.Join(parts, "\x1f") }

// digits drops all but digits: a tax number is written 12-3456789 and 123456789.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
