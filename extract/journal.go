package extract

import (
	"context"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
)

// LedgerRow is a row of fact_ledger.
type LedgerRow struct {
	EntryID string `parquet:"entry_id" doc:"journal entry"`
	LineNo  int32  `parquet:"line_no" doc:"line of the entry: a move's debit, then its credit"`
	Common
	Account        string `parquet:"account,dict" doc:"account of our chart"`
	GLAccount      string `parquet:"gl_account,optional,dict" doc:"the hospital's own account (masters gl_accounts); null where none is mapped"`
	Entity         string `parquet:"entity,optional,dict" doc:"legal entity of the facility"`
	Debit          int64  `parquet:"debit,decimal(2:18)" doc:"amount on the debit side, else 0.00"`
	Credit         int64  `parquet:"credit,decimal(2:18)" doc:"amount on the credit side, else 0.00"`
	PostingDate    *int32 `parquet:"posting_date,optional,date" doc:"business date of the batch"`
	EffectiveDate  *int32 `parquet:"effective_date,optional,date" doc:"the document's own date: BPR16, bill date"`
	Period         string `parquet:"period,optional,dict" doc:"month it posts to"`
	AdjustsPeriod  string `parquet:"adjusts_period,optional,dict" doc:"earlier month that a reversing entry corrects"`
	ServiceDate    *int32 `parquet:"service_date,optional,date" doc:"first day of service of its claim"`
	ClaimID        string `parquet:"claim_id,optional" doc:"claim"`
	PaymentID      string `parquet:"payment_id,optional" doc:"payment"`
	ReversesEntry  string `parquet:"reverses_entry_id,optional" doc:"entry that this one takes back"`
	Actor          string `parquet:"actor,optional,dict" doc:"who posted it: system, else a person's act"`
	Reason         string `parquet:"reason,optional" doc:"sentence"`
	Cause          string `parquet:"cause,optional,dict" doc:"bill, void, payment, remit …"`
	RemitID        string `parquet:"remit_id,optional" doc:"remit"`
	ClearingKey    string `parquet:"clearing_reference,optional" doc:"payer and reference under which a provider adjustment clears; null in profile limited"`
	PostingMonth   string `parquet:"posting_month,optional,dict" doc:"month of posting_date: the bucket"`
	ClearingHashed string `parquet:"clearing_reference_key,optional" doc:"pseudonym of clearing_reference in profile limited"`
}

var factLedger = define[LedgerRow]("fact_ledger", Fact, postingMonth, "one row per posting: two of each move, debit and credit", "entry_id", "line_no")

// move is a row of Postings, kept.
type move struct {
	entry, claim, payment, remit, reverses  claim.ID
	number                                  int64
	cause, debit, credit, reference, reason string
	amount                                  int64
	posting, effective                      civil.Date
}

// moves reads a batch's postings in entry order, in blocks.
func (b *builder) moves(ctx context.Context, batch int64, use func([]move) error) error {
	t := ledger.Postings
	cause, debit, credit, amount, posting, effective := t.At("cause"), t.At("debit"), t.At("credit"), t.At("amount"), t.At("posting_date"), t.At("effective_date")
	owner, payment, remit, reverses, reference, reason := t.At("claim"), t.At("payment"), t.At("remit"), t.At("reverses"), t.At("reference"), t.At("reason")
	var block []move
	for row, err := range b.store.Rows(ctx, ledger.Query{Table: t, Where: []ledger.Cond{ledger.OfBatch(batch)}}) {
		if err != nil {
			return err
		}
		block = append(block, move{
			entry: row[0].ID(), number: row[1].Int(), cause: row[cause].Text(), debit: row[debit].Text(), credit: row[credit].Text(),
			amount: row[amount].Int(), posting: row[posting].Date(), effective: row[effective].Date(), claim: row[owner].ID(),
			payment: row[payment].ID(), remit: row[remit].ID(), reverses: row[reverses].ID(), reference: row[reference].Text(), reason: row[reason].Text(),
		})
		if len(block) == claimBlock {
			if err := use(block); err != nil {
				return err
			}
			block = block[:0]
		}
	}
	if len(block) == 0 {
		return nil
	}
	return use(block)
}

// posts is where the entries of a block belong: by claim, else by payment.
type posts struct {
	claims  map[claim.ID]owner
	pays    map[claim.ID]who
	entries map[claim.ID]civil.Date // posting date of entries that were taken back
}

func (b *builder) postsOf(ctx context.Context, block []move) (posts, error) {
	claims, pays, back := map[claim.ID]bool{}, map[claim.ID]bool{}, map[claim.ID]bool{}
	for i := range block {
		m := &block[i]
		if m.claim.Known() {
			claims[m.claim] = true
		} else if m.payment.Known() {
			pays[m.payment] = true
		}
		if m.reverses.Known() {
			back[m.reverses] = true
		}
	}
	owned, err := b.owners(ctx, keys(claims))
	p := posts{owned, map[claim.ID]who{}, map[claim.ID]civil.Date{}}
	if err != nil {
		return p, err
	}
	for part := range ledger.Portions(keys(pays)) {
		for x, err := range ledger.ReadPayments(ctx, b.store, ledger.OneOf("id", part...)) {
			if err != nil {
				return p, err
			}
			p.pays[x.ID] = ofPayment(b.party, x)
		}
	}
	posting := ledger.Postings.At("posting_date")
	for part := range ledger.Portions(keys(back)) {
		for row, err := range b.columns(ctx, ledger.Postings, []string{"posting_date"}, ledger.OneOf("entry", part...)) {
			if err != nil {
				return p, err
			}
			p.entries[row[0].ID()] = row[posting].Date()
		}
	}
	return p, nil
}

// rows gives a move's debit and credit.
func (m *move) rows(b *builder, batch int64, p *posts) [2]LedgerRow {
	o := p.claims[m.claim]
	w := o.who
	if !m.claim.Known() {
		w = p.pays[m.payment]
	}
	base := LedgerRow{
		EntryID: m.entry.String(), Common: w.common(b.batches[batch]), Entity: entity(b.party, w.facility, m.posting), PostingDate: day(m.posting),
		EffectiveDate: day(m.effective), Period: m.posting.Month(), ServiceDate: day(o.service), ClaimID: text(m.claim), PaymentID: text(m.payment),
		ReversesEntry: text(m.reverses), Actor: "system", Reason: m.reason, Cause: m.cause, RemitID: text(m.remit), PostingMonth: m.posting.Month(),
	}
	if was, ok := p.entries[m.reverses]; ok && was.Month() < base.Period {
		base.AdjustsPeriod = was.Month()
	}
	base.ClearingKey, base.ClearingHashed = b.mask.number(kindPayerClaim, m.reference)
	debit, credit := base, base
	debit.LineNo, debit.Account, debit.Debit = int32(2*m.number-1), m.debit, m.amount
	credit.LineNo, credit.Account, credit.Credit = int32(2*m.number), m.credit, m.amount
	for _, r := range []*LedgerRow{&debit, &credit} {
		r.GLAccount, _ = b.party.GL(r.Account, r.Entity, m.posting)
	}
	return [2]LedgerRow{debit, credit}
}
