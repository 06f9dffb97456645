package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/denial"
	"revcycle/ledger"
	"revcycle/party"
)

// FacilityRow is a row of dim_facility.
type FacilityRow struct {
	FacilityID string `parquet:"facility_id" doc:"facility; an unmapped one bears the NPI or tax number it came with"`
	Name       string `parquet:"name,optional" doc:"masters facilities"`
	Entity     string `parquet:"entity,optional" doc:"legal entity"`
	TIN        string `parquet:"tin,optional" doc:"tax number"`
	CCN        string `parquet:"ccn,optional" doc:"CMS certification number"`
	Timezone   string `parquet:"timezone,optional" doc:"IANA name"`
	IsMapped   bool   `parquet:"is_mapped" doc:"the masters know it"`
	ValidFrom  *int32 `parquet:"valid_from,optional,date" doc:"first day of the row; null: from ever"`
	ValidTo    *int32 `parquet:"valid_to,optional,date" doc:"last day of the row; null: open"`
}

// PayerRow is a row of dim_payer.
type PayerRow struct {
	PayerID        string `parquet:"payer_id" doc:"payer; an unmapped one bears the ID it came with"`
	Name           string `parquet:"name,optional" doc:"masters payers"`
	FinancialClass string `parquet:"financial_class,optional" doc:"financial class"`
	Type           string `parquet:"payer_type,optional" doc:"private, public …"`
	IsMapped       bool   `parquet:"is_mapped" doc:"the masters know it"`
	ValidFrom      *int32 `parquet:"valid_from,optional,date" doc:"first day of the row; null: from ever"`
	ValidTo        *int32 `parquet:"valid_to,optional,date" doc:"last day of the row; null: open"`
}

// PlanRow is a row of dim_plan.
type PlanRow struct {
	PlanID         string `parquet:"plan_id" doc:"plan"`
	PayerID        string `parquet:"payer_id,optional" doc:"its payer"`
	Name           string `parquet:"name,optional" doc:"masters plans"`
	Product        string `parquet:"product,optional" doc:"HMO, PPO, MA …"`
	FinancialClass string `parquet:"financial_class,optional" doc:"financial class"`
	ContractID     string `parquet:"contract_id,optional" doc:"contract that prices it"`
	ValidFrom      *int32 `parquet:"valid_from,optional,date" doc:"first day of the row; null: from ever"`
	ValidTo        *int32 `parquet:"valid_to,optional,date" doc:"last day of the row; null: open"`
}

// ProviderRow is a row of dim_provider.
type ProviderRow struct {
	NPI        string `parquet:"npi" doc:"National Provider Identifier"`
	ProviderID string `parquet:"provider_id,optional" doc:"masters providers"`
	Name       string `parquet:"name,optional" doc:"of the provider"`
	Taxonomy   string `parquet:"taxonomy,optional" doc:"health care provider taxonomy"`
	ValidFrom  *int32 `parquet:"valid_from,optional,date" doc:"first day of the row; null: from ever"`
	ValidTo    *int32 `parquet:"valid_to,optional,date" doc:"last day of the row; null: open"`
}

// CodeRow is a row of dim_code.
type CodeRow struct {
	System   string `parquet:"code_system" doc:"CARC, RARC, PLB"`
	Code     string `parquet:"code" doc:"code as it came"`
	Meaning  string `parquet:"meaning,optional" doc:"in our own words; null where our tables do not know the code"`
	Class    string `parquet:"class,optional" doc:"DENIAL, NOT_DENIAL, PATIENT_SHARE, PENDING"`
	Category string `parquet:"category,optional" doc:"denial category or kind of adjustment"`
}

// DateRow is a row of dim_date.
type DateRow struct {
	Date         int32  `parquet:"date,date" doc:"day"`
	Year         int32  `parquet:"year" doc:"calendar year"`
	Quarter      int32  `parquet:"quarter" doc:"1 to 4"`
	MonthNo      int32  `parquet:"month_no" doc:"1 to 12"`
	Month        string `parquet:"month,dict" doc:"2026-11"`
	Weekday      int32  `parquet:"weekday" doc:"1 Monday to 7 Sunday"`
	IsWeekend    bool   `parquet:"is_weekend" doc:"Saturday or Sunday"`
	IsMonthEnd   bool   `parquet:"is_month_end" doc:"last day of its month"`
	IsMonthStart bool   `parquet:"is_month_start" doc:"first day of its month"`
}

var (
	dimFacility = define[FacilityRow]("dim_facility", Dimension, "", "one row per facility and span of days", "facility_id", "valid_from")
	dimPayer    = define[PayerRow]("dim_payer", Dimension, "", "one row per payer and span of days", "payer_id", "valid_from")
	dimPlan     = define[PlanRow]("dim_plan", Dimension, "", "one row per plan and span of days", "plan_id", "valid_from")
	dimProvider = define[ProviderRow]("dim_provider", Dimension, "", "one row per provider and span of days", "npi", "valid_from")
	dimCode     = define[CodeRow]("dim_code", Dimension, "", "one row per adjustment, remark and provider adjustment code that a payer used", "code_system", "code")
	dimDate     = define[DateRow]("dim_date", Dimension, "", "one row per day from the first service to the end of the year of the as-of date", "date")
)

// met is what the view's facts name.
type met struct{ facilities, payers map[string]bool }

func newMet() met { return met{map[string]bool{}, map[string]bool{}} }

func (m met) add(c *Common) {
	m.facilities[c.FacilityID] = true
	m.payers[c.PayerID] = true
}

func facilityRows(d *party.Directory, m met) []FacilityRow {
	var rows []FacilityRow
	known := map[string]bool{}
	for _, f := range d.Facilities() {
		known[f.ID] = true
		rows = append(rows, FacilityRow{f.ID, f.Name, f.Entity, f.TIN, f.CCN, f.Timezone, true, day(f.Span.From), day(f.Span.To)})
	}
	for _, id := range sorted(m.facilities) {
		if id != "" && !known[id] {
			rows = append(rows, FacilityRow{FacilityID: id})
		}
	}
	slices.SortStableFunc(rows, func(a, b FacilityRow) int { return cmp.Compare(a.FacilityID, b.FacilityID) })
	return rows
}

func payerRows(d *party.Directory, m met) []PayerRow {
	var rows []PayerRow
	known := map[string]bool{}
	for _, p := range d.Payers() {
		known[p.ID] = true
		rows = append(rows, PayerRow{p.ID, p.Name, p.FinancialClass, p.Type, true, day(p.Span.From), day(p.Span.To)})
	}
	for _, id := range sorted(m.payers) {
		if id != "" && !known[id] {
			rows = append(rows, PayerRow{PayerID: id})
		}
	}
	slices.SortStableFunc(rows, func(a, b PayerRow) int { return cmp.Compare(a.PayerID, b.PayerID) })
	return rows
}

func planRows(d *party.Directory) []PlanRow {
	var rows []PlanRow
	for _, p := range d.Plans() {
		rows = append(rows, PlanRow{p.ID, p.Payer, p.Name, p.Product, p.FinancialClass, p.Contract, day(p.Span.From), day(p.Span.To)})
	}
	return rows
}

func providerRows(d *party.Directory) []ProviderRow {
	var rows []ProviderRow
	for _, p := range d.Providers() {
		rows = append(rows, ProviderRow{string(p.NPI), p.ID, p.Name, p.Taxonomy, day(p.Span.From), day(p.Span.To)})
	}
	return rows
}

// codeRows gives the codes in use with what they mean to us.
func (b *builder) codeRows(ctx context.Context) ([]CodeRow, error) {
	codes := denial.Default()
	var rows []CodeRow
	for _, system := range []struct{ column, name string }{{"carc", "CARC"}, {"plb_code", "PLB"}, {"rarcs", "RARC"}} {
		counts, err := b.store.Sums(ctx, ledger.Query{Table: ledger.Adjustments, Where: b.until()}, []string{system.column}, nil)
		if err != nil {
			return nil, fmt.Errorf("list the codes in use: %w", err)
		}
		used := map[string]bool{}
		for _, row := range counts {
			for code := range strings.FieldsSeq(row[0].Text()) {
				used[code] = true
			}
		}
		for _, code := range sorted(used) {
			r := CodeRow{System: system.name, Code: code, Meaning: codes.Meaning(code)}
			switch system.name {
			case "CARC":
				x := codes.Classify(claim.Adjustment{Group: "CO", Reason: code}, denial.Setting{})
				r.Class, r.Category = string(x.Class), x.Category
			case "PLB":
				x, _ := codes.PLB(code)
				r.Meaning, r.Category = x.Meaning, x.Treatment
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// dateRows gives the days from the first of a month to the last of a year; none where the month is no month.
func dateRows(first string, asOf civil.Date) []DateRow {
	from, err := civil.ParseISO(first + "-01")
	year, _, _ := asOf.YMD()
	if err != nil || year == 0 {
		from = civil.Of(year, 1, 1)
	}
	var rows []DateRow
	for d := from; d.Known() && d <= civil.Of(year, 12, 31); d++ {
		y, m, n := d.YMD()
		w := int32((int(d)-1)%7) + 1 // 0001-01-01 was a Monday
		_, _, next := d.AddDays(1).YMD()
		rows = append(rows, DateRow{d.Unix(), int32(y), int32((m-1)/3 + 1), int32(m), d.Month(), w, w > 5, next == 1, n == 1})
	}
	return rows
}
