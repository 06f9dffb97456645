package extract

import (
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
)

// A payment that does not tie is shown as held until a person released it, though no row of the ledger changed.
func TestAReleasedPaymentIsShownAsHeldNoMore(t *testing.T) {
	w := newWorld(t)
	w.batch(1, "2025-04-01-001", asOf1)
	p := claim.Payment{ID: claim.IDOf("test", "untied"), Trace: "TRN9", PayerTIN: "1990000111", Method: "ACH", Amount: 5400, Date: civil.Of(2025, 3, 3), ClaimsTotal: 5000,
		Held: "SET_UNBALANCED off by 4.00"}
	w.payment(&p, 1, asOf1)
	r := claim.Remit{ID: claim.RemitID(p.ID, 1), Payment: p.ID, Ordinal: 1, Control: "X", Status: "1", Charge: 5000, Paid: 5000}
	w.add(ledger.Remits, ledger.RemitRow(&r, 1, p.Date, p.Held))
	w.commit(false)
	dir := t.TempDir()
	w.publish(w.env(dir))
	is := func(when, payment, remit string, held bool) {
		t.Helper()
		if rows := current[PaymentRow](t, dir, "fact_payment"); len(rows) != 1 || rows[0].HeldReason != payment {
			t.Errorf("%s: payment: %+v", when, rows)
		}
		if rows := current[RemitRow](t, dir, "fact_remit_claim"); len(rows) != 1 || rows[0].HeldReason != remit || rows[0].IsHeld != held {
			t.Errorf("%s: remit: %+v", when, rows)
		}
	}
	is("before", p.Held, p.Held, true)
	d := ledger.Decision{Seq: 1, After: 1, Kind: ledger.OfQuarantine, Verdict: ledger.Release, Subject: p.ID.String(), Reason: "interest"}
	w.add(ledger.Decisions, d.Row())
	w.batch(2, "2025-04-02-001", asOf2)
	w.commit(false)
	w.publish(w.env2(dir))
	is("released", "", "", false)
}
