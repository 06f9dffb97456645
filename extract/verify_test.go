package extract

import (
	"context"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/denial"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// A batch that was taken in and not published, as after a kill in the middle of it, is no part of what is
// verified: its remit, its adjustments at both levels, its payment and its postings.
func TestVerifyLooksAtWhatWasPublished(t *testing.T) {
	w, dir := night1(t, false), t.TempDir()
	w.publish(w.env(dir))
	_, _, _, d := claims()
	p := claim.Payment{ID: claim.IDOf("test", "P2"), Trace: "TRN2", PayerTIN: "1990000111", Method: "ACH", Amount: 2700, Date: civil.Of(2025, 4, 1),
		ClaimsTotal: 3000, Adjustments: []claim.ProviderAdjustment{{Code: "L6", Reference: "X", Amount: 300}}}
	r := claim.Remit{ID: claim.RemitID(p.ID, 1), Payment: p.ID, Ordinal: 1, Control: d.Control, Status: "1", Charge: 5000, Paid: 3000,
		Adjustments: []claim.Adjustment{{Group: "CO", Reason: "45", Amount: 2000}}}
	w.batch(2, "2025-04-02-001", asOf2)
	w.payment(&p, 2, asOf2)
	w.answer(&r, &p, d.ID, ledger.Terms{Paid: 3000, Contractual: 2000}, denial.Split{Charge: 5000, Paid: 3000, Contractual: 2000}, reconcile.PaidUnpriced, 2, asOf2)
	w.commit(false)
	checks, err := Verify(context.Background(), dir, w.store)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if !c.OK {
			t.Errorf("%s: %s", c.Name, c.Detail)
		}
	}
}
