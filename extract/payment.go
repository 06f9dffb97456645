package extract

import (
	"context"
	"fmt"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// PaymentRow is a row of fact_payment.
type PaymentRow struct {
	PaymentID   string `parquet:"payment_id" doc:"our ID of the payment: TRN02, TRN03, BPR02, BPR16 and payee"`
	TraceNumber string `parquet:"trace_number,optional" doc:"TRN02"`
	PayerTIN    string `parquet:"payer_tin,optional,dict" doc:"TRN03"`
	PayerName   string `parquet:"payer_name,optional,dict" doc:"N1*PR"`
	Common
	PayeeNPI      string `parquet:"payee_npi,optional,dict" doc:"N1*PE with N103 XX"`
	PayeeTIN      string `parquet:"payee_tin,optional,dict" doc:"N1*PE with N103 FI, else REF*TJ"`
	Method        string `parquet:"method,optional,dict" doc:"BPR04: ACH, CHK, NON, FWT, BOP"`
	PaymentAmount int64  `parquet:"payment_amount,decimal(2:18)" doc:"BPR02"`
	PaymentDate   *int32 `parquet:"payment_date,optional,date" doc:"BPR16"`
	ReceivedDate  *int32 `parquet:"received_date,optional,date" doc:"business date of the batch that brought it"`
	ClaimsTotal   int64  `parquet:"claims_total,decimal(2:18)" doc:"Σ CLP04 as sent"`
	PostedTotal   int64  `parquet:"posted_total,decimal(2:18)" doc:"what reached claims"`
	PLBTotal      int64  `parquet:"plb_total,decimal(2:18)" doc:"Σ PLB: positive reduced the payment"`
	Unapplied     int64  `parquet:"unapplied,decimal(2:18)" doc:"on no claim yet: payment_amount = posted_total − plb_total + unapplied"`
	DepositID     string `parquet:"deposit_id,optional" doc:"bank line it cleared with; null where none is known"`
	RemitCount    int32  `parquet:"remit_count" doc:"CLPs in it"`
	HeldReason    string `parquet:"held_reason,optional,dict" doc:"why none of its claims may post"`
	PaymentMonth  string `parquet:"payment_month,optional,dict" doc:"month of payment_date: the bucket; 0000-00 where unknown"`
}

var factPayment = define[PaymentRow]("fact_payment", Snapshot, paymentMonth, "one row per 835 payment (TRN)", "payment_id")

// AdjustmentRow is a row of fact_adjustment.
type AdjustmentRow struct {
	AdjustmentID string `parquet:"adjustment_id" doc:"document and position: remit or payment ID, a hyphen, sequence"`
	Level        string `parquet:"level,optional,dict" doc:"claim, line or provider (PLB)"`
	RemitID      string `parquet:"remit_id,optional" doc:"remit; null for provider level"`
	PaymentID    string `parquet:"payment_id" doc:"payment"`
	ClaimID      string `parquet:"claim_id,optional" doc:"claim the remit is matched to"`
	LineNo       *int32 `parquet:"line_no,optional" doc:"SVC in the remit"`
	Sequence     int32  `parquet:"sequence" doc:"position in the document"`
	Common
	GroupCode      string `parquet:"group_code,optional,dict" doc:"CAS01: CO, PR, OA, PI"`
	CARC           string `parquet:"carc,optional,dict" doc:"claim adjustment reason code"`
	PLBCode        string `parquet:"plb_code,optional,dict" doc:"PLB03-1"`
	PLBReference   string `parquet:"plb_reference,optional" doc:"PLB03-2; null in profile limited"`
	Amount         int64  `parquet:"amount,decimal(2:18)" doc:"positive reduced the payment"`
	Quantity       *int64 `parquet:"quantity,optional,decimal(3:18)" doc:"CAS04 …"`
	RARC1          string `parquet:"rarc_1,optional,dict" doc:"remark codes of the same level (LQ*HE, MOA, MIA)"`
	RARC2          string `parquet:"rarc_2,optional,dict" doc:"second remark"`
	RARC3          string `parquet:"rarc_3,optional,dict" doc:"third remark"`
	RARC4          string `parquet:"rarc_4,optional,dict" doc:"fourth remark"`
	RARC5          string `parquet:"rarc_5,optional,dict" doc:"fifth remark"`
	DenialCategory string `parquet:"denial_category,optional,dict" doc:"category where the code is a denial"`
	PostingDate    *int32 `parquet:"posting_date,optional,date" doc:"business date of the batch that brought it"`
	PaymentMonth   string `parquet:"payment_month,optional,dict" doc:"the payment's bucket"`
	ReferenceKey   string `parquet:"plb_reference_key,optional" doc:"pseudonym of PLB03-2 in profile limited"`
}

var factAdjustment = define[AdjustmentRow]("fact_adjustment", Snapshot, paymentMonth, "one row per CAS triplet or PLB pair", "payment_id", "remit_id", "sequence")

// applied is what the journal says of a payment.
type applied struct{ posted, unapplied money.Cents }

// paid is a payment with its remits and what the journal says of it.
type paid struct {
	payment *claim.Payment
	batch   int64
	who     who
	month   string
	held    string // why none of its claims may post
	applied applied
}

// paymentBlock bounds the payments whose postings are asked for at once.
const paymentBlock = 200

// payments reads the payments of a month in ID order, in blocks.
func (b *builder) payments(ctx context.Context, month string, use func([]paid) error) error {
	doc, batch := ledger.Payments.At("doc"), ledger.Payments.At("batch")
	var block []paid
	flush := func() error {
		if err := b.apply(ctx, block); err != nil {
			return err
		}
		err := use(block)
		block = block[:0]
		return err
	}
	for row, err := range b.rows(ctx, ledger.Payments, inMonth("date", month)...) {
		if err != nil {
			return err
		}
		p := new(claim.Payment)
		if err := ledger.Unmarshal(row[doc].Text(), p); err != nil {
			return fmt.Errorf("payment %s: %w", row[0].ID(), err)
		}
		x := paid{payment: p, batch: row[batch].Int(), who: ofPayment(b.party, p), month: month, held: p.Held}
		if b.accepted[p.ID] {
			x.held = ""
		}
		block = append(block, x)
		if len(block) == paymentBlock {
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

// apply reads what the journal did with the payments' money: what stands on claims and what does not yet.
func (b *builder) apply(ctx context.Context, block []paid) error {
	t := ledger.Postings
	debit, credit, amount, payment, owner := t.At("debit"), t.At("credit"), t.At("amount"), t.At("payment"), t.At("claim")
	ids, at := make([]claim.ID, len(block)), map[claim.ID]*paid{}
	for i := range block {
		ids[i] = block[i].payment.ID
		at[ids[i]] = &block[i]
	}
	for row, err := range b.columns(ctx, t, []string{"debit", "credit", "amount", "payment", "claim"}, ledger.OneOf("payment", ids...)) {
		if err != nil {
			return err
		}
		p := at[row[payment].ID()]
		change := money.Cents(0) // of what is not applied
		if ledger.Account(row[credit].Text()) == ledger.Unapplied {
			change += row[amount].Cents()
		}
		if ledger.Account(row[debit].Text()) == ledger.Unapplied {
			change -= row[amount].Cents()
		}
		p.applied.unapplied += change
		if !row[owner].Null() {
			p.applied.posted -= change
		}
	}
	return nil
}

func (p *paid) row(b *builder, remits int) PaymentRow {
	x := p.payment
	return PaymentRow{
		PaymentID: x.ID.String(), TraceNumber: x.Trace, PayerTIN: x.PayerTIN, PayerName: x.Payer.Name, Common: p.who.common(b.batches[p.batch]),
		PayeeNPI: string(x.Payee.NPI), PayeeTIN: x.Payee.TaxID, Method: x.Method, PaymentAmount: int64(x.Amount), PaymentDate: day(x.Date),
		ReceivedDate: day(b.asOf[p.batch]), ClaimsTotal: int64(x.ClaimsTotal), PostedTotal: int64(p.applied.posted),
		PLBTotal: int64(x.AdjustmentTotal()), Unapplied: int64(p.applied.unapplied), RemitCount: int32(remits), HeldReason: p.held, PaymentMonth: p.month,
	}
}

// providerRows gives the payment's PLB pairs.
func (p *paid) providerRows(b *builder) []AdjustmentRow {
	rows := make([]AdjustmentRow, len(p.payment.Adjustments))
	for i, a := range p.payment.Adjustments {
		rows[i] = AdjustmentRow{
			AdjustmentID: fmt.Sprintf("%s-%d", p.payment.ID, i+1), Level: "provider", PaymentID: p.payment.ID.String(), Sequence: int32(i + 1),
			Common: p.who.common(b.batches[p.batch]), PLBCode: a.Code, Amount: int64(a.Amount), PostingDate: day(b.asOf[p.batch]), PaymentMonth: p.month,
		}
		rows[i].PLBReference, rows[i].ReferenceKey = b.mask.number(kindPayerClaim, a.Reference)
	}
	return rows
}
