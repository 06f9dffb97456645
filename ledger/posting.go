package ledger

import (
	"strconv"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// Move takes an amount, more than zero, from the account of Credit to the account of Debit.
type Move struct {
	Debit, Credit Account
	Amount        money.Cents
	Reference     string // clearing key: payer and reference
}

// Entry is one entry of the journal: the moves that one fact makes. It balances by construction, since
// every move has both of its sides. It is appended and never changed; another entry takes it back.
type Entry struct {
	ID        claim.ID
	Cause     string // bill, void, payment, remit
	Effective civil.Date
	Claim     claim.ID
	Payment   claim.ID
	Remit     claim.ID
	Reverses  claim.ID
	Reason    string
	Moves     []Move
}

// The causes of entries.
const (
	CauseBill    = "bill"
	CauseVoid    = "void"
	CausePayment = "payment"
	CauseRemit   = "remit"
)

// moves collects moves; an amount below zero turns its sides round, one of zero is none.
type moves []Move

func (m *moves) add(debit, credit Account, amount money.Cents, reference string) {
	switch {
	case amount > 0:
		*m = append(*m, Move{debit, credit, amount, reference})
	case amount < 0:
		*m = append(*m, Move{credit, debit, -amount, reference})
	}
}

// Bill is the entry of a claim that asks for payment: the charge becomes a receivable of its payer.
// A reported encounter (BHT06 = RP) and a void make none. ok is false where there is none.
func Bill(c *claim.Claim) (e Entry, ok bool) {
	if c.Use == claim.Reporting || c.Void() {
		return Entry{}, false
	}
	var m moves
	m.add(PayerAR, Revenue, c.Charge, "")
	effective := c.Created
	if !effective.Known() {
		_, effective = c.Service()
	}
	return Entry{ID: entryID(CauseBill, 0, c.ID), Cause: CauseBill, Effective: effective, Claim: c.ID, Moves: m}, len(m) > 0
}

// Void is the entry of a claim version that a later one replaced or voided: its receivable goes.
func Void(c *claim.Claim, by claim.ID, effective civil.Date, generation int) Entry {
	var m moves
	m.add(Superseded, PayerAR, c.Charge, "")
	return Entry{ID: entryID(CauseVoid, generation, c.ID), Cause: CauseVoid, Effective: effective, Claim: c.ID, Moves: m,
		Reason: "superseded by claim " + by.String()}
}

// PostPayment is the entry of an 835 payment, its claims apart: the cash it announces and what it
// adjusts at provider level stand against what is yet to be applied to claims. So
// amount = posted − Σ PLB + unapplied holds from the first moment (CONTRACT, fact_payment).
func PostPayment(p *claim.Payment) (e Entry, ok bool) {
	var m moves
	m.add(CashInTransit, Unapplied, p.Amount, "")
	for _, a := range p.Adjustments {
		m.add(Clearing(a.Code), Unapplied, a.Amount, ClearingKey(p, a))
	}
	return Entry{ID: entryID(CausePayment, 0, p.ID), Cause: CausePayment, Effective: p.Date, Payment: p.ID, Moves: m}, len(m) > 0
}

// ClearingKey is the payer and reference under which a provider-level adjustment clears.
func ClearingKey(p *claim.Payment, a claim.ProviderAdjustment) string {
	return p.PayerTIN + "/" + claim.NormalControl(a.Reference)
}

// Terms says what of a remit posts to its claim, in signed cents: a reversal's are negative.
// A denied or pending amount is in none of them: it stays in the payer's receivable until someone decides.
type Terms struct {
	Paid, Contractual, Patient, Regulatory, Capitated, Withheld, Other money.Cents
}

// PostRemit is the entry of a remit on the claim it answers. generation counts the remit's earlier
// entries on that claim: a changed match or class posts the negative of the old entry (Reverse) and a new one.
func PostRemit(r *claim.Remit, c claim.ID, effective civil.Date, t Terms, generation int) (e Entry, ok bool) {
	var m moves
	m.add(Unapplied, PayerAR, t.Paid, "")
	m.add(Contractual, PayerAR, t.Contractual, "")
	m.add(Regulatory, PayerAR, t.Regulatory, "")
	m.add(Capitated, PayerAR, t.Capitated, "")
	m.add(Withheld, PayerAR, t.Withheld, "")
	m.add(OtherAdjusted, PayerAR, t.Other, "")
	m.add(PatientAR, PayerAR, t.Patient, "")
	return Entry{ID: entryID(CauseRemit, generation, r.ID, c), Cause: CauseRemit, Effective: effective, Claim: c, Payment: r.Payment,
		Remit: r.ID, Moves: m}, len(m) > 0
}

// Reverse is the exact negative of an entry.
func Reverse(e Entry, generation int, reason string) Entry {
	back := e
	back.ID = entryID("reverse", generation, e.ID)
	back.Reverses, back.Reason = e.ID, reason
	back.Moves = make([]Move, len(e.Moves))
	for i, m := range e.Moves {
		m.Debit, m.Credit = m.Credit, m.Debit
		back.Moves[i] = m
	}
	return back
}

// SameEffect reports whether two entries move the same money.
func SameEffect(a, b Entry) bool {
	if len(a.Moves) != len(b.Moves) || a.Claim != b.Claim {
		return false
	}
	for i := range a.Moves {
		if a.Moves[i] != b.Moves[i] {
			return false
		}
	}
	return true
}

func entryID(cause string, generation int, documents ...claim.ID) claim.ID {
	key := []string{"entry", cause}
	for _, d := range documents {
		key = append(key, string(d[:]))
	}
	return claim.IDOf(append(key, strconv.Itoa(generation))...)
}
