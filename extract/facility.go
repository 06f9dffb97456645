package extract

import (
	"slices"
	"strings"
)

// BatchFacilityRow is a row of fact_batch_facility.
type BatchFacilityRow struct {
	BatchID      string `parquet:"batch_id" doc:"batch"`
	FacilityID   string `parquet:"facility_id,dict" doc:"facility"`
	PayerID      string `parquet:"payer_id,optional,dict" doc:"always null: a batch's completeness is the facility's, whoever pays"`
	PlanID       string `parquet:"plan_id,optional,dict" doc:"always null"`
	Class        string `parquet:"financial_class,optional,dict" doc:"always null"`
	Claims       int64  `parquet:"claims" doc:"claims the batch brought"`
	Payments     int64  `parquet:"payments" doc:"payments the batch brought"`
	Charge       int64  `parquet:"charge,decimal(2:18)" doc:"Σ CLM02 of these claims"`
	Paid         int64  `parquet:"paid,decimal(2:18)" doc:"Σ BPR02 of these payments"`
	IsComplete   bool   `parquet:"is_complete" doc:"nothing that was expected is missing"`
	Missing      string `parquet:"missing,optional,dict" doc:"what is missing, with a semicolon between"`
	PostingMonth string `parquet:"posting_month,optional,dict" doc:"month of the batch's business date: the bucket"`
}

var factBatchFacility = define[BatchFacilityRow]("fact_batch_facility", Fact, postingMonth, "one row per batch and facility: complete or what is missing", "batch_id", "facility_id")

// Missing is something that a facility was expected to send and did not (expect: of revcycle.yaml).
type Missing struct{ Facility, What string }

// tally counts what one batch brought of one facility.
type tally struct{ claims, payments, charge, paid int64 }

// facilityRows gives the rows of this batch, in order of facilities: those of whom something came, and those of whom
// something was expected.
func (b *builder) facilityRows(seen map[string]tally) []BatchFacilityRow {
	missing := map[string][]string{}
	names := map[string]bool{}
	for id := range seen {
		names[id] = true
	}
	for _, id := range b.env.Expected {
		names[id] = true
	}
	for _, m := range b.env.Missing {
		missing[m.Facility] = append(missing[m.Facility], m.What)
		names[m.Facility] = true
	}
	rows := make([]BatchFacilityRow, 0, len(names))
	for _, id := range sorted(names) {
		t, lack := seen[id], missing[id]
		slices.Sort(lack)
		rows = append(rows, BatchFacilityRow{
			BatchID: b.env.Batch.ID, FacilityID: id, Claims: t.claims, Payments: t.payments, Charge: t.charge, Paid: t.paid,
			IsComplete: len(lack) == 0, Missing: strings.Join(lack, "; "), PostingMonth: b.env.AsOf.Month(),
		})
	}
	return rows
}
