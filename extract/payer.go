package extract

import (
	"cmp"
	"slices"
	"strings"

	"revcycle/claim"
)

// ClaimPayerRow is a row of fact_claim_payer.
type ClaimPayerRow struct {
	ClaimID    string `parquet:"claim_id" doc:"claim"`
	PayerSeq   int32  `parquet:"payer_seq" doc:"payer's place in order, from 1"`
	PayerOrder string `parquet:"payer_order,optional,dict" doc:"SBR01: P, S, T, A to H, U"`
	FilingCode string `parquet:"filing_code,optional,dict" doc:"SBR09"`
	Common
	SourcePayerID string `parquet:"source_payer_id,optional,dict" doc:"payer's ID as the claim has it (2010BB, 2330B NM109), else as the remit has it"`
	Charge        *int64 `parquet:"charge,optional,decimal(2:18)" doc:"net charge this payer answered; null before any remit of it"`
	Paid          *int64 `parquet:"paid,optional,decimal(2:18)" doc:"net paid by it"`
	Contractual   *int64 `parquet:"contractual,optional,decimal(2:18)" doc:"net contract allowance"`
	Denied        *int64 `parquet:"denied,optional,decimal(2:18)" doc:"net refused"`
	PatientResp   *int64 `parquet:"patient_resp,optional,decimal(2:18)" doc:"net patient's share as this payer has it"`
	Pending       *int64 `parquet:"pending,optional,decimal(2:18)" doc:"net not decided yet"`
	OtherAdj      *int64 `parquet:"other_adj,optional,decimal(2:18)" doc:"all else of the net; of a later payer also what OA-23 tells of the earlier ones, so it is never summed over payers. Of each payer charge = paid + contractual + denied + patient_resp + pending + other_adj"`
	Allowed       *int64 `parquet:"allowed,optional,decimal(2:18)" doc:"allowed amount of the net"`
	Expected      *int64 `parquet:"expected_allowed,optional,decimal(2:18)" doc:"expected allowed amount of what was answered; null where unpriced"`
	PaymentState  string `parquet:"payment_state,optional,dict" doc:"headline state with this payer"`
	HasDenial     *bool  `parquet:"has_denial,optional" doc:"it refused something"`
	IsUnderpaid   *bool  `parquet:"is_underpaid,optional" doc:"it allowed less than expected"`
	IsOverpaid    *bool  `parquet:"is_overpaid,optional" doc:"it allowed more than expected"`
	OtherPaid     *int64 `parquet:"reported_paid,optional,decimal(2:18)" doc:"AMT*D of 2320: what the claim says this payer paid before"`
	ServiceMonth  string `parquet:"service_month,optional,dict" doc:"the claim's bucket"`
}

var factClaimPayer = define[ClaimPayerRow]("fact_claim_payer", Snapshot, serviceMonth, "one row per claim and payer in order", "claim_id", "payer_seq", "source_payer_id")

// VarianceRow is a row of fact_variance.
type VarianceRow struct {
	ClaimID  string `parquet:"claim_id" doc:"claim"`
	PayerSeq int32  `parquet:"payer_seq" doc:"payer's place in order"`
	LineNo   *int32 `parquet:"line_no,optional" doc:"claim line; null for the claim as a whole"`
	Common
	Level           string `parquet:"level,optional,dict" doc:"claim or line; sum one of them, never both"`
	ProcedureCode   string `parquet:"procedure_code,optional,dict" doc:"line's code"`
	ExpectedAllowed int64  `parquet:"expected_allowed,decimal(2:18)" doc:"what the contract should have brought"`
	ActualAllowed   int64  `parquet:"actual_allowed,decimal(2:18)" doc:"what the payer allowed"`
	Variance        int64  `parquet:"variance,decimal(2:18)" doc:"actual_allowed − expected_allowed"`
	ContractID      string `parquet:"contract_id,optional,dict" doc:"contract that priced it"`
	IsUnderpaid     *bool  `parquet:"is_underpaid,optional" doc:"of the claim: below expected by more than the tolerance"`
	IsOverpaid      *bool  `parquet:"is_overpaid,optional" doc:"of the claim: above it, or more than the charge accounted for"`
	ServiceMonth    string `parquet:"service_month,optional,dict" doc:"the claim's bucket"`
}

var factVariance = define[VarianceRow]("fact_variance", Snapshot, serviceMonth, "one row per priced claim or line that a payer answered", "claim_id", "payer_seq", "line_no")

// orders are the places of SBR01.
const orders = "PSTABCDEFGH"

// coverage is one payer of a claim: as the claim names it, as it settled, or both.
type coverage struct {
	seq     int
	order   string
	filing  string
	source  string // as it was sent
	who     who
	paid    *int64 // reported
	settled *settled
}

// coverages lists a claim's payers in order and joins each with its settlement by place.
func (x *claimed) coverages(b *builder) []coverage {
	from, _ := x.claim.Service()
	list := []coverage{{order: x.claim.PayerOrder, filing: x.claim.FilingCode, source: x.claim.Payer.ID, who: x.who}}
	for i := range x.claim.Other {
		o := &x.claim.Other[i]
		w := ofClaim(b.party, "", "", o.Payer.ID, from)
		w.facility = x.who.facility
		list = append(list, coverage{order: o.Order, filing: o.FilingCode, source: o.Payer.ID, who: w, paid: cents(o.Paid)})
	}
	taken := map[int]bool{}
	for i := range list {
		seq := 1 + strings.Index(orders, list[i].order)
		if list[i].order == "" || seq == 0 {
			seq = 1 + i
		}
		for taken[seq] {
			seq++
		}
		taken[seq], list[i].seq = true, seq
	}
	for i := range x.settled {
		s := &x.settled[i]
		at := slices.IndexFunc(list, func(c coverage) bool { return c.seq == s.Seq && c.settled == nil })
		if at < 0 {
			list = append(list, coverage{seq: s.Seq, source: s.Payer, who: ofPayerKey(b.party, x.who, s.Payer, from)})
			at = len(list) - 1
		}
		list[at].settled = s
	}
	slices.SortStableFunc(list, func(a, c coverage) int { return cmp.Or(cmp.Compare(a.seq, c.seq), cmp.Compare(a.source, c.source)) })
	return list
}

func (x *claimed) payerRows(list []coverage) []ClaimPayerRow {
	rows := make([]ClaimPayerRow, len(list))
	for i, v := range list {
		r := ClaimPayerRow{ClaimID: x.claim.ID.String(), PayerSeq: int32(v.seq), PayerOrder: v.order, FilingCode: v.filing,
			Common: v.who.common(x.batch), SourcePayerID: v.source, OtherPaid: v.paid, ServiceMonth: x.month}
		if s := v.settled; s != nil {
			r.Charge, r.Paid, r.Contractual, r.Denied = some(s.Net.Charge), some(s.Net.Paid), some(s.Net.Contractual), some(s.Net.Denied)
			r.PatientResp, r.Pending, r.OtherAdj, r.Allowed = some(s.Net.PatientShare), some(s.Net.Pending), some(s.Net.Other.Total()), some(s.Allowed)
			r.Expected, r.PaymentState = cents(s.Expected), string(s.State)
			r.HasDenial, r.IsUnderpaid, r.IsOverpaid = yes(s.HasDenial), yes(s.Underpaid), yes(s.Overpaid)
		}
		rows[i] = r
	}
	return rows
}

// varianceRows compares expected and allowed where both are known: the claim, then its lines.
func (x *claimed) varianceRows(list []coverage) []VarianceRow {
	var rows []VarianceRow
	for _, v := range list {
		s := v.settled
		if s == nil {
			continue
		}
		base := VarianceRow{ClaimID: x.claim.ID.String(), PayerSeq: int32(v.seq), Common: v.who.common(s.batch), ContractID: x.contract, ServiceMonth: x.month}
		if s.Expected != nil {
			r := base
			r.Level, r.IsUnderpaid, r.IsOverpaid = "claim", yes(s.Underpaid), yes(s.Overpaid)
			r.ExpectedAllowed, r.ActualAllowed, r.Variance = int64(*s.Expected), int64(s.Allowed), int64(s.Allowed-*s.Expected)
			rows = append(rows, r)
		}
		for _, l := range s.Lines {
			if l.Expected == nil {
				continue
			}
			r := base
			r.Level, r.LineNo, r.ProcedureCode = "line", line(int64(l.Line)), procedureOf(x.claim, l.Line)
			r.ExpectedAllowed, r.ActualAllowed, r.Variance = int64(*l.Expected), int64(l.Allowed), int64(l.Allowed-*l.Expected)
			rows = append(rows, r)
		}
	}
	return rows
}

func procedureOf(c *claim.Claim, number int) string {
	for i := range c.Lines {
		if c.Lines[i].Number == number {
			return c.Lines[i].Procedure.Code
		}
	}
	return ""
}
