package ledger

import (
	"slices"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
)

// G07 by hand: 200.00 charged; Medicare pays 78.40, 100.00 contractual, 1.60 sequestration, 20.00 is the
// patient's; once all is posted the payer owes nothing and the patient 20.00.
func TestARemitMovesEachCentOnce(t *testing.T) {
	c := claim.Claim{ID: claim.IDOf("c"), Charge: 20000, Use: claim.Chargeable, Created: civil.Of(2025, 1, 25)}
	r := claim.Remit{ID: claim.IDOf("r"), Payment: claim.IDOf("p")}
	bill, _ := Bill(&c)
	post, _ := PostRemit(&r, c.ID, civil.Of(2025, 2, 10), Terms{Paid: 7840, Contractual: 10000, Patient: 2000, Regulatory: 160}, 0)
	var p Position
	for _, m := range slices.Concat(bill.Moves, post.Moves) {
		p.Add(m)
	}
	want := Position{Charge: 20000, Paid: 7840, Contractual: 10000, Other: 160, Payer: 0, Patient: 2000}
	if p != want || !p.Holds() {
		t.Errorf("got %+v want %+v", p, want)
	}
	for _, m := range Reverse(post, 0, "test").Moves {
		p.Add(m)
	}
	if want := (Position{Charge: 20000, Payer: 20000}); p != want {
		t.Errorf("after the reversal: got %+v want %+v", p, want)
	}
}

// A remit that moves from one claim to another posts anew there: its entry on the other claim is another entry.
func TestARemitHasAnEntryOfItsOwnOnEachClaim(t *testing.T) {
	r := claim.Remit{ID: claim.IDOf("r"), Payment: claim.IDOf("p")}
	a, _ := PostRemit(&r, claim.IDOf("a"), civil.Of(2025, 2, 10), Terms{Paid: 100}, 0)
	b, _ := PostRemit(&r, claim.IDOf("b"), civil.Of(2025, 2, 10), Terms{Paid: 100}, 0)
	if a.ID == b.ID {
		t.Errorf("both entries are %s: the second would be taken for the first and never posted", a.ID)
	}
}

// G10b: a takeback of 300.00 whose money is not taken yet: BPR02 0, CLP04 −300, PLB WO −300.
func TestATakebackOpensItsClearing(t *testing.T) {
	p := claim.Payment{ID: claim.IDOf("p"), PayerTIN: "1990000111", Date: civil.Of(2025, 3, 3), ClaimsTotal: -30000,
		Adjustments: []claim.ProviderAdjustment{{Code: "WO", Reference: "ICN0010", Amount: -30000}}}
	e, ok := PostPayment(&p)
	if !ok || len(e.Moves) != 1 || e.Moves[0] != (Move{Unapplied, Clearing("WO"), 30000, "1990000111/ICN0010"}) {
		t.Errorf("got %+v", e.Moves)
	}
	var out strings.Builder
	err := WriteJournal(&out, func(yield func(PostedEntry, error) bool) { yield(PostedEntry{e, 1, civil.Of(2025, 4, 1)}, nil) })
	want := "2025-04-01=2025-03-03 * payment\n    ; entry:" + e.ID.String() + ", payment:" + p.ID.String() + `
    liabilities:unapplied                             300.00 USD
    clearing:WO                                      -300.00 USD  ; ref:1990000111/ICN0010

`
	if err != nil || out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestReportedEncountersAndVoidsBillNothing(t *testing.T) {
	for _, c := range []claim.Claim{{Use: claim.Reporting, Charge: 100}, {Use: claim.Chargeable, Charge: 100, Frequency: "8"}, {Use: claim.Chargeable}} {
		if e, ok := Bill(&c); ok {
			t.Errorf("%+v was billed: %+v", c.Use, e)
		}
	}
}
