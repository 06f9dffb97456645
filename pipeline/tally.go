package pipeline

import (
	"reflect"

	"revcycle/money"
)

// Tally counts what units did. Every field adds up; a unit's tally is stored with its row.
type Tally struct {
	Units      int `json:"units,omitempty"`
	Claims     int `json:"claims,omitempty"`     // new claims
	Lines      int `json:"lines,omitempty"`      // their lines
	Encounters int `json:"encounters,omitempty"` // new visits
	Charges    int `json:"charges,omitempty"`    // new charges of visits
	Remits     int `json:"remits,omitempty"`     // new CLPs
	Payments   int `json:"payments,omitempty"`   // new 835 payments
	Acks       int `json:"acks,omitempty"`       // new acknowledgements
	Rejects    int `json:"rejects,omitempty"`    // parts that could not be read

	DuplicateClaims   int `json:"duplicate_claims,omitempty"`   // seen before, in another file or set
	DuplicatePayments int `json:"duplicate_payments,omitempty"` // seen before under another envelope
	HeldRemits        int `json:"held_remits,omitempty"`        // they or their set do not balance, or have faults
	Quarantined       int `json:"quarantined,omitempty"`        // units held in quarantine/

	RejectedClaims int `json:"rejected_claims,omitempty"` // CLMs that became no claim
	RejectedRemits int `json:"rejected_remits,omitempty"` // CLPs that became no remit
	ScannedClaims  int `json:"scanned_claims,omitempty"`  // CLMs that the scan counted before anything was read
	ScannedRemits  int `json:"scanned_remits,omitempty"`  // CLPs that the scan counted

	SeenClaims  int         `json:"seen_claims,omitempty"`  // CLMs read, duplicates and rejected ones too
	SeenRemits  int         `json:"seen_remits,omitempty"`  // CLPs read
	SeenCharge  money.Cents `json:"seen_charge,omitempty"`  // Σ CLM02 or CLP03 read
	SeenPaid    money.Cents `json:"seen_paid,omitempty"`    // Σ CLP04 read
	Charged     money.Cents `json:"charged,omitempty"`      // Σ CLM02 of new claims
	RejCharge   money.Cents `json:"rej_charge,omitempty"`   // Σ CLM02 of rejected claims, where it could be read
	DupCharge   money.Cents `json:"dup_charge,omitempty"`   // Σ CLM02 of claims seen before
	RemitCharge money.Cents `json:"remit_charge,omitempty"` // Σ CLP03 of new remits
	RemitPaid   money.Cents `json:"remit_paid,omitempty"`   // Σ CLP04 of new remits
	DupPaid     money.Cents `json:"dup_paid,omitempty"`     // Σ CLP04 of duplicate payments
	RejPaid     money.Cents `json:"rej_paid,omitempty"`     // Σ CLP04 of sets that are held whole
	Paid        money.Cents `json:"paid,omitempty"`         // Σ BPR02 of new payments
	PLB         money.Cents `json:"plb,omitempty"`          // Σ PLB of new payments

	Assessed int         `json:"assessed,omitempty"` // new opinions of claims
	Findings int         `json:"findings,omitempty"`
	Unpriced int         `json:"unpriced,omitempty"` // claims without an expected amount
	Again    int         `json:"again,omitempty"`    // claims of earlier batches that were judged again
	Held     int         `json:"held,omitempty"`     // of these, claims that could not be judged
	Expected money.Cents `json:"expected,omitempty"` // Σ allowed of the priced ones

	AgainCharge money.Cents `json:"again_charge,omitempty"` // Σ CLM02 of the claims judged again

	AckRejected   int `json:"ack_rejected,omitempty"`   // of these, those that say that something was not taken
	DuplicateAcks int `json:"duplicate_acks,omitempty"` // seen before
	Answered      int `json:"answered,omitempty"`       // claims that an acknowledgement speaks of, counted for each

	Matched int `json:"matched,omitempty"` // remits that stand on a claim
	Orphans int `json:"orphans,omitempty"` // remits that do not
	Left    int `json:"left,omitempty"`    // remits that the control number did not decide
	Settled int `json:"settled,omitempty"` // settlements
	Denials int `json:"denials,omitempty"` // denial episodes opened
	Entries int `json:"entries,omitempty"`
}

// Add adds another tally, field by field.
func (t *Tally) Add(o Tally) {
	sum, add := reflect.ValueOf(t).Elem(), reflect.ValueOf(o)
	for i := range sum.NumField() {
		sum.Field(i).SetInt(sum.Field(i).Int() + add.Field(i).Int())
	}
}
