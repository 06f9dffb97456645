package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
)

// EncounterRow is a row of fact_encounter.
type EncounterRow struct {
	EncounterID string `parquet:"encounter_id" doc:"our ID of the visit as it was told last"`
	Source      string `parquet:"source,optional,dict" doc:"profile or guide that told of it"`
	Number      string `parquet:"encounter_number,optional" doc:"the source's visit number; null in profile limited"`
	AccountID   string `parquet:"account_id,optional" doc:"account; null in profile limited"`
	Common
	ProviderID   string `parquet:"provider_id,optional,dict" doc:"who gave the care, as the source names it"`
	Class        string `parquet:"encounter_class,optional,dict" doc:"ambulatory, emergency, inpatient …"`
	Status       string `parquet:"status,optional,dict" doc:"as sent"`
	ServiceFrom  *int32 `parquet:"service_from,optional,date" doc:"first day"`
	ServiceTo    *int32 `parquet:"service_to,optional,date" doc:"last day"`
	Cost         *int64 `parquet:"cost,optional,decimal(2:18)" doc:"what was done, in dollars; null where the source has none"`
	ChargeState  string `parquet:"charge_state,optional,dict" doc:"claimed, waiting (within bill_hold_days), gap, cancelled, not_due"`
	ClaimID      string `parquet:"claim_id,optional" doc:"a claim that bills it: the one with the lowest ID"`
	ClaimCount   int32  `parquet:"claim_count" doc:"claims that bill it, voids apart"`
	ClaimCharge  int64  `parquet:"claim_charge,decimal(2:18)" doc:"Σ CLM02 of these claims"`
	ServiceMonth string `parquet:"service_month,optional,dict" doc:"month of service_from: the bucket; 0000-00 where unknown"`
	NumberKey    string `parquet:"encounter_key,optional" doc:"pseudonym of the visit number in profile limited"`
	AccountKey   string `parquet:"account_key,optional" doc:"pseudonym of the account in profile limited"`
}

var factEncounter = define[EncounterRow]("fact_encounter", Snapshot, serviceMonth, "one row per encounter, with its charge-to-claim state", "encounter_id")

// GapRow is a row of fact_charge_gap.
type GapRow struct {
	EncounterID string `parquet:"encounter_id" doc:"visit"`
	Kind        string `parquet:"kind,dict" doc:"missed: no claim past bill_hold_days"`
	Number      string `parquet:"encounter_number,optional" doc:"the source's visit number; null in profile limited"`
	Common
	ServiceFrom  *int32 `parquet:"service_from,optional,date" doc:"first day"`
	ServiceTo    *int32 `parquet:"service_to,optional,date" doc:"last day"`
	DueDate      *int32 `parquet:"due_date,optional,date" doc:"last day of the bill hold"`
	Amount       *int64 `parquet:"amount,optional,decimal(2:18)" doc:"what was done and not billed; null where the source has no dollars"`
	ServiceMonth string `parquet:"service_month,optional,dict" doc:"the visit's bucket"`
	NumberKey    string `parquet:"encounter_key,optional" doc:"pseudonym of the visit number in profile limited"`
}

var factChargeGap = define[GapRow]("fact_charge_gap", Snapshot, serviceMonth, "one row per missed charge: an encounter without a claim past bill_hold_days", "encounter_id", "kind")

// The charge-to-claim states of an encounter.
const (
	chargeClaimed   = "claimed"
	chargeWaiting   = "waiting"
	chargeGap       = "gap"
	chargeCancelled = "cancelled"
	chargeNotDue    = "not_due"
)

// visit is an encounter with the claims that bill it.
type visit struct {
	encounter *claim.Encounter
	batch     int64
	month     string
	claims    []billing
	billed    bool // a claim names it, or bears its number or account
	replaced  bool // told again since
}

type billing struct {
	id     claim.ID
	charge int64
	void   bool
}

// visits reads the encounters of a month in ID order, in blocks, each as it was told last.
func (b *builder) visits(ctx context.Context, month string, use func([]visit) error) error {
	doc, batch := ledger.Encounters.At("doc"), ledger.Encounters.At("batch")
	var block []visit
	flush := func() error {
		if err := b.joinVisits(ctx, block); err != nil {
			return err
		}
		err := use(block)
		block = block[:0]
		return err
	}
	for row, err := range b.columns(ctx, ledger.Encounters, []string{"doc", "batch"}, ledger.Named(serviceMonth, month)) {
		if err != nil {
			return err
		}
		e := new(claim.Encounter)
		if err := ledger.Unmarshal(row[doc].Text(), e); err != nil {
			return fmt.Errorf("encounter %s: %w", row[0].ID(), err)
		}
		block = append(block, visit{encounter: e, batch: row[batch].Int(), month: month})
		if len(block) == claimBlock {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(block) == 0 {
		return nil
	}
	return flush()
}

// joinVisits finds the claims that bill the visits of a block, and whether a visit was told again since.
// A visit is billed when a claim names it, or bears its number or account as control number.
func (b *builder) joinVisits(ctx context.Context, block []visit) error {
	named, normal := map[string]bool{}, map[string]bool{}
	for i := range block {
		e := block[i].encounter
		named[e.Number] = true
		for _, n := range []string{e.Number, e.Account} {
			normal[claim.NormalControl(n)] = true
		}
	}
	names, controls := map[string][]billing{}, map[string][]billing{}
	for _, by := range []struct {
		column string
		values map[string]bool
		into   map[string][]billing
	}{{"encounter", named, names}, {"control_norm", normal, controls}} {
		if err := b.billings(ctx, by.column, sorted(by.values), by.into); err != nil {
			return err
		}
	}
	latest, err := b.latestTold(ctx, sorted(named))
	if err != nil {
		return err
	}
	for i := range block {
		v := &block[i]
		e := v.encounter
		found := append(slices.Clone(names[e.Number]), controls[claim.NormalControl(e.Number)]...)
		if e.Account != "" {
			found = append(found, controls[claim.NormalControl(e.Account)]...)
		}
		slices.SortFunc(found, func(a, c billing) int { return a.id.Compare(c.id) })
		found = slices.CompactFunc(found, func(a, c billing) bool { return a.id == c.id })
		v.billed = len(found) > 0
		v.claims = slices.DeleteFunc(found, func(c billing) bool { return c.void })
		t, ok := latest[visitKey(e.Source, e.Facility, e.Number)]
		v.replaced = ok && e.Number != "" && t.id != e.ID
	}
	return nil
}

func visitKey(source, facility, number string) string {
	return source + "\x1f" + facility + "\x1f" + number
}

// billings adds the claims that ask for payment, by one of their columns.
func (b *builder) billings(ctx context.Context, column string, values []string, into map[string][]billing) error {
	t := ledger.Claims
	by, charge, use, frequency := t.At(column), t.At("charge"), t.At("use"), t.At("frequency")
	for part := range ledger.Portions(values) {
		for row, err := range b.columns(ctx, t, []string{column, "charge", "use", "frequency"}, ledger.Named(column, part...)) {
			if err != nil {
				return err
			}
			if row[use].Text() != string(claim.Reporting) {
				k := row[by].Text()
				into[k] = append(into[k], billing{row[0].ID(), row[charge].Int(), row[frequency].Text() == "8"})
			}
		}
	}
	return nil
}

// latestTold gives, of visits with some numbers, how each was told last.
func (b *builder) latestTold(ctx context.Context, numbers []string) (map[string]told, error) {
	t := ledger.Encounters
	source, facility, number, batch := t.At("source"), t.At("facility"), t.At("number"), t.At("batch")
	latest := map[string]told{}
	for part := range ledger.Portions(numbers) {
		for row, err := range b.columns(ctx, t, []string{"source", "facility", "number", "batch"}, ledger.Named("number", part...)) {
			if err != nil {
				return nil, err
			}
			k := visitKey(row[source].Text(), row[facility].Text(), row[number].Text())
			if next := (told{row[batch].Int(), row[0].ID()}); latest[k].before(next) {
				latest[k] = next
			}
		}
	}
	return latest, nil
}

// told orders the tellings of one visit: by batch, then by ID.
type told struct {
	batch int64
	id    claim.ID
}

func (t told) before(o told) bool {
	return cmp.Or(cmp.Compare(t.batch, o.batch), t.id.Compare(o.id)) < 0
}

// cancelledStatus lists the statuses of visits that did not take place, in lower case without separators.
var cancelledStatus = []string{"cancelled", "canceled", "noshow", "enteredinerror", "missed"}

// separators are what sources write between the words of a status.
var separators = strings.NewReplacer("-", "", "_", "", " ", "")

// chargeState is how far a visit has come towards its claim on a day.
func (v *visit) chargeState(asOf civil.Date, hold int) string {
	e := v.encounter
	status := strings.ToLower(separators.Replace(e.Status))
	switch {
	case v.billed:
		return chargeClaimed
	case slices.Contains(cancelledStatus, status):
		return chargeCancelled
	case !e.ClaimsDue:
		return chargeNotDue
	case asOf > v.due(hold): // a visit without a day has waited long enough
		return chargeGap
	}
	return chargeWaiting
}

// due is the last day of the visit's bill hold; unknown where the visit has no day.
func (v *visit) due(hold int) civil.Date {
	return max(v.encounter.To, v.encounter.From).AddDays(hold)
}

func (v *visit) common(b *builder) Common {
	e := v.encounter
	on := cmp.Or(e.From, e.To)
	w := who{facility: e.Facility}
	if npi := claim.NPI(e.Facility); npi.Valid() {
		w.facility, _ = b.party.Facility(npi, "", on)
	}
	var mapped bool
	if w.payer, w.plan, mapped = b.party.Payer("host", e.Payer, on); !mapped {
		w.payer, w.plan, _ = b.party.Payer("837", e.Payer, on)
	}
	w.class = b.party.FinancialClass(w.payer, w.plan, on)
	return w.common(b.batches[v.batch])
}

func (v *visit) row(b *builder) EncounterRow {
	e := v.encounter
	r := EncounterRow{
		EncounterID: e.ID.String(), Source: e.Source, Common: v.common(b), ProviderID: e.Provider, Class: e.Class, Status: e.Status,
		ServiceFrom: day(e.From), ServiceTo: day(e.To), Cost: cents(e.Cost), ChargeState: v.chargeState(b.env.AsOf, b.env.BillHold),
		ClaimCount: int32(len(v.claims)), ServiceMonth: v.month,
	}
	for i, c := range v.claims {
		if i == 0 {
			r.ClaimID = c.id.String()
		}
		r.ClaimCharge += c.charge
	}
	r.Number, r.NumberKey = b.mask.number(kindEncounter, e.Number)
	r.AccountID, r.AccountKey = b.mask.number(kindAccount, e.Account)
	return r
}

func (v *visit) gap(b *builder) GapRow {
	e := v.encounter
	r := GapRow{EncounterID: e.ID.String(), Kind: "missed", Common: v.common(b), ServiceFrom: day(e.From), ServiceTo: day(e.To),
		DueDate: day(v.due(b.env.BillHold)), Amount: cents(e.Cost), ServiceMonth: v.month}
	r.Number, r.NumberKey = b.mask.number(kindEncounter, e.Number)
	return r
}
