package pipeline

import (
	"context"
	"encoding/json"
	"fmt"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/money"
)

// Summary is what a run did, in the form of CONTRACT's `run --json`.
type Summary struct {
	Batch    string           `json:"batch"`
	Edition  string           `json:"edition"`
	AsOf     civil.Date       `json:"as_of"`
	Exit     int              `json:"exit"`
	Files    []FileSummary    `json:"files"`
	Counts   Counts           `json:"counts"`
	Totals   Totals           `json:"totals"`
	Controls []Control        `json:"controls"`
	Stages   []StageTime      `json:"stages"`
	Unmapped []Unmapped       `json:"unmapped"`
	Left     []string         `json:"left"`    // files that could not be taken and lie in the inbox still, a sentence each
	Missing  []string         `json:"missing"` // expected files that did not come, a sentence each
	DeniedBy []DeniedCategory `json:"denials_by_category"`
	Parent   string           `json:"parent"`             // the batch that it does again in part; "" for none
	Why      string           `json:"reason"`             // of a rerun, in the words of who asked
	Held     []HeldClaims     `json:"held_claims"`        // claims that could not be judged, by file and payer
	Manifest string           `json:"manifest,omitempty"` // the published manifest, below the extracts folder
}

// FileSummary is what became of one file.
type FileSummary struct {
	Name   string       `json:"name"`
	SHA256 claim.Digest `json:"sha256"`
	Kind   string       `json:"kind"`
	State  string       `json:"state"` // ingested, duplicate, quarantined, partial
	Reason string       `json:"reason"`
	Claims int          `json:"claims"`
	Remits int          `json:"remits"`
	Charge money.Cents  `json:"charge"`
	Paid   money.Cents  `json:"paid"`
}

// Counts are numbers of documents.
type Counts struct {
	Files             int `json:"files"`
	Claims            int `json:"claims"`
	Lines             int `json:"lines"`
	Encounters        int `json:"encounters"`
	Charges           int `json:"charges"`
	Remits            int `json:"remits"`
	Payments          int `json:"payments"`
	Acks              int `json:"acks"`
	AcksRejected      int `json:"acks_rejected"`
	Deposits          int `json:"deposits"`
	Rejects           int `json:"rejects"`
	Findings          int `json:"findings"`
	Denials           int `json:"denials"`
	MatchedRemits     int `json:"matched_remits"`
	OrphanRemits      int `json:"orphan_remits"`
	HeldRemits        int `json:"held_remits"`
	DuplicateClaims   int `json:"duplicate_claims"`
	DuplicatePayments int `json:"duplicate_payments"`
	Quarantined       int `json:"quarantined"`
	Unpriced          int `json:"unpriced_claims"`
	Gaps              int `json:"gaps"`
}

// Totals are dollars.
type Totals struct {
	Charged             money.Cents `json:"charged"`
	Expected            money.Cents `json:"expected"`
	Paid                money.Cents `json:"paid"`
	Contractual         money.Cents `json:"contractual"`
	Patient             money.Cents `json:"patient"`
	Denied              money.Cents `json:"denied"`
	Other               money.Cents `json:"other"`
	WrittenOff          money.Cents `json:"written_off"`
	Open                money.Cents `json:"open"`
	ProviderAdjustments money.Cents `json:"provider_adjustments"`
	Unapplied           money.Cents `json:"unapplied"`
	Gaps                money.Cents `json:"gaps"`
}

// Control is two totals that must be equal before anything is published.
type Control = extract.Control

// StageTime is what a stage took.
type StageTime struct {
	Name    string  `json:"name"`
	Units   int     `json:"units"`
	Seconds Seconds `json:"seconds"`
}

// Seconds is a duration in milliseconds, printed in seconds.
type Seconds int64

// MarshalJSON prints seconds with three decimals.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", int64(s)/1000, int64(s)%1000), nil
}

// UnmarshalJSON reads seconds.
func (s *Seconds) UnmarshalJSON(b []byte) error {
	var whole, part int64
	if _, err := fmt.Sscanf(string(b), "%d.%03d", &whole, &part); err != nil {
		return fmt.Errorf("seconds %q: %w", b, err)
	}
	*s = Seconds(whole*1000 + part)
	return nil
}

// Unmapped is an identifier that no master maps, with what hangs on it: a work item, never a guess.
type Unmapped struct {
	Kind   string      `json:"kind"` // payer, facility
	Source string      `json:"source"`
	Value  string      `json:"value"`
	Claims int         `json:"claims"`
	Charge money.Cents `json:"charge"`
}

func counts(t Tally, files int) Counts {
	return Counts{
		Acks: t.Acks, AcksRejected: t.AckRejected,
		Files: files, Claims: t.Claims, Lines: t.Lines, Encounters: t.Encounters, Charges: t.Charges, Remits: t.Remits, Payments: t.Payments,
		Rejects: t.Rejects, Findings: t.Findings, Denials: t.Denials, MatchedRemits: t.Matched, OrphanRemits: t.Orphans, HeldRemits: t.HeldRemits,
		DuplicateClaims: t.DuplicateClaims, DuplicatePayments: t.DuplicatePayments, Quarantined: t.Quarantined, Unpriced: t.Unpriced,
	}
}

// moved is what a batch, or the whole ledger, moved by account: debits less credits.
type moved struct {
	all      map[ledger.Account]money.Cents
	onClaims map[ledger.Account]money.Cents // by entries of claims: bills, voids, remits
}

// movedBy sums the journal's moves; where narrows them down.
func movedBy(ctx context.Context, s ledger.Store, where ...ledger.Cond) (moved, error) {
	m := moved{map[ledger.Account]money.Cents{}, map[ledger.Account]money.Cents{}}
	rows, err := s.Sums(ctx, ledger.Query{Table: ledger.Postings, Where: where}, []string{"cause", "debit", "credit"}, []string{"amount"})
	if err != nil {
		return m, err
	}
	for _, r := range rows {
		debit, credit, amount := ledger.Account(r[1].Text()), ledger.Account(r[2].Text()), r[4].Cents()
		m.all[debit] += amount
		m.all[credit] -= amount
		if r[0].Text() != ledger.CausePayment {
			m.onClaims[debit] += amount
			m.onClaims[credit] -= amount
		}
	}
	return m, nil
}

// totals are the dollars that were moved, beside those of a tally.
func (m moved) totals(t Tally, denied money.Cents) Totals {
	return Totals{
		Charged: -m.all[ledger.Revenue], Expected: t.Expected, Paid: m.onClaims[ledger.Unapplied], Contractual: m.all[ledger.Contractual],
		Patient: m.all[ledger.PatientAR], Denied: denied,
		Other: m.all[ledger.Regulatory] + m.all[ledger.Capitated] + m.all[ledger.Withheld] + m.all[ledger.OtherAdjusted] + m.all[ledger.Superseded],
		Open:  m.all[ledger.PayerAR] + m.all[ledger.PatientAR], ProviderAdjustments: t.PLB, Unapplied: -m.all[ledger.Unapplied],
	}
}

// deniedTotal sums what is refused by the remits that post and were judged in the batches of where.
func (env *Env) deniedTotal(ctx context.Context, where ...ledger.Cond) (money.Cents, error) {
	rows, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Adjudged, Where: where}, []string{"posts"}, []string{"denied"})
	if err != nil {
		return 0, err
	}
	var sum money.Cents
	for _, r := range rows {
		if r[0].Bool() {
			sum += r[2].Cents()
		}
	}
	return sum, nil
}

// controlsOf are the totals that tie a batch together: what was read with what was kept, and what was
// kept with what was posted.
func (env *Env) controlsOf(ctx context.Context, t Tally, m moved) ([]Control, error) {
	batch := ledger.OfBatch(env.Batch.No)
	claims, err := env.sum(ctx, ledger.Claims, "charge", batch)
	if err != nil {
		return nil, err
	}
	cash, err := env.sum(ctx, ledger.Payments, "amount", batch)
	if err != nil {
		return nil, err
	}
	paid, err := env.sum(ctx, ledger.Remits, "paid", batch)
	if err != nil {
		return nil, err
	}
	c := m.onClaims
	owed := c[ledger.PayerAR] + c[ledger.PatientAR] + c[ledger.Unapplied] + c[ledger.Contractual] + c[ledger.Regulatory] + c[ledger.Capitated] +
		c[ledger.Withheld] + c[ledger.OtherAdjusted] + c[ledger.Superseded]
	return []Control{
		extract.TieCounts("claims counted by the scan = new + seen before + rejected", int64(t.ScannedClaims), int64(t.Claims+t.DuplicateClaims+t.RejectedClaims)),
		extract.TieCounts("remits counted by the scan = read + rejected", int64(t.ScannedRemits), int64(t.SeenRemits)),
		extract.Tie("claim charges read = new + seen before + rejected", t.SeenCharge, t.Charged+t.DupCharge+t.RejCharge),
		extract.Tie("new claim charges = ledger claims of the batch", t.Charged, claims),
		extract.Tie("remit payments read = new + seen before + rejected", t.SeenPaid, t.RemitPaid+t.DupPaid+t.RejPaid),
		extract.Tie("new remit payments = ledger remits of the batch", t.RemitPaid, paid),
		extract.Tie("835 payments (BPR02) = cash in transit posted", cash, m.all[ledger.CashInTransit]),
		extract.Tie("charges billed = paid + adjusted + open, entries of the batch", -c[ledger.Revenue], owed),
	}, nil
}

func (env *Env) sum(ctx context.Context, t *ledger.Table, column string, where ...ledger.Cond) (money.Cents, error) {
	rows, err := env.Store.Sums(ctx, ledger.Query{Table: t, Where: where}, nil, []string{column})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0][1].Cents(), nil
}

// summaryOf reads the summary that a batch ended with; ok is false where it has not ended.
func summaryOf(ctx context.Context, s ledger.Store, batch int64) (sum Summary, ok bool, err error) {
	for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.BatchEnds, Where: []ledger.Cond{ledger.OfBatch(batch)}}) {
		if err != nil {
			return sum, false, err
		}
		if err := json.Unmarshal(row[2].Bytes(), &sum); err != nil {
			return sum, false, fmt.Errorf("batch %d: its summary: %w", batch, err)
		}
		return sum, true, nil
	}
	return sum, false, nil
}
