package reconcile

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/denial"
	"revcycle/money"
	"revcycle/rules"
)

var priced = &rules.Assessment{Quotes: []rules.Quote{{Line: 1, Allowed: 6000}}}

// said makes a matched remit on one line; day is of February 2025, adjustments are group-reason-amount.
func said(c *claim.Claim, day, ordinal int, status, icn string, charge, paid money.Cents, as ...claim.Adjustment) Adjudged {
	p := &claim.Payment{ID: claim.IDOf("p", strconv.Itoa(day)), Date: civil.Of(2025, 2, day), PayerTIN: "1990000111", Payee: claim.Provider{NPI: ourNPI}}
	r := &claim.Remit{ID: claim.RemitID(p.ID, ordinal), Payment: p.ID, Ordinal: ordinal, Control: c.Control, Status: status, PayerControl: icn, Charge: charge, Paid: paid,
		Patient: c.Patient, Lines: []claim.RemitLine{{Number: 1, Control: c.Lines[0].Control, Charge: charge, Paid: paid, Procedure: c.Lines[0].Procedure, Adjustments: as}}}
	return Adjudged{r, p, Match(r, p, []Candidate{{Claim: c}})}
}

func cut(group, reason string, amount money.Cents) claim.Adjustment {
	return claim.Adjustment{Group: group, Reason: reason, Amount: amount}
}

// Any history of remits, in any order, gives the same settlements and pairs; and what is posted of it,
// remit by remit, is the net. It fails where arrival leaks into a result.
func TestSettlementsDoNotDependOnArrival(t *testing.T) {
	c := bill("c", "ACCT1", "1", 25)
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		var refs []Adjudged
		for n := range 1 + random.IntN(7) {
			paid := money.Cents(random.IntN(3)) * 3000
			reason := []string{"45", "197", "1", "23", "253", "133"}[random.IntN(6)]
			group := []string{"CO", "PR", "OA"}[random.IntN(3)]
			status, sign := "1", money.Cents(1)
			if random.IntN(3) == 0 {
				status, sign = "22", -1
			}
			refs = append(refs, said(c, 1+random.IntN(3), n+1, status, "ICN"+strconv.Itoa(random.IntN(2)), sign*10000, sign*paid, cut(group, reason, sign*(10000-paid))))
		}
		want, pairs := Settle(c, priced, refs, Policy{Tolerance: DefaultTolerance}), PairReversals(refs)
		checkNet(t, c, refs, pairs, want)
		for range 4 {
			random.Shuffle(len(refs), func(i, k int) { refs[i], refs[k] = refs[k], refs[i] })
			if got := Settle(c, priced, refs, Policy{Tolerance: DefaultTolerance}); !reflect.DeepEqual(got, want) {
				t.Fatalf("round %d: the order of the remits changed the settlement:\n%+v\n%+v", round, got, want)
			}
			if !reflect.DeepEqual(PairReversals(refs), pairs) {
				t.Fatalf("round %d: the order of the remits changed the pairs", round)
			}
		}
	}
}

// checkNet adds up each remit alone that is not suspended: the sum is the net, to the cent, wherever
// the pairs are exact.
func checkNet(t *testing.T, c *claim.Claim, refs []Adjudged, pairs []Pair, ss []Settlement) {
	t.Helper()
	remits, of := map[claim.ID]*claim.Remit{}, map[claim.ID]Pair{}
	for _, x := range refs {
		remits[x.Remit.ID] = x.Remit
	}
	for _, p := range pairs {
		of[p.Reversal] = p
		if p.Rule == "R2" {
			return
		}
	}
	suspended := map[claim.ID]bool{}
	var want, got denial.Split
	for _, s := range ss {
		want = want.Plus(s.Net)
		for _, x := range s.Suspended {
			suspended[x.Remit] = true
		}
	}
	for _, x := range refs {
		pair := of[x.Remit.ID]
		if l := Alone(x, c, priced, pair, remits[pair.Original], Policy{}); l.Posts && !suspended[x.Remit.ID] {
			got = got.Plus(l.Judged.Split)
		}
	}
	if got != want {
		t.Fatalf("remit by remit %+v, the net %+v", got, want)
	}
}

// A reversal takes back exactly its original, whichever comes first; never a correction after it.
func TestReversalsFindTheirOriginal(t *testing.T) {
	c := bill("c", "ACCT1", "1", 25)
	original := said(c, 3, 1, "1", "ICN1", 10000, 6000, cut("CO", "45", 4000))
	reversal := said(c, 5, 1, "22", "ICN1", -10000, -6000, cut("CO", "45", -4000))
	correction := said(c, 5, 2, "1", "ICN1", 10000, 6000, cut("CO", "45", 4000))
	other := said(c, 5, 1, "22", "ICN9", -10000, -6000, cut("CO", "45", -4000))
	part := said(c, 5, 1, "22", "ICN1", -10000, -2000, cut("CO", "45", -8000))
	for _, x := range []struct {
		name     string
		refs     []Adjudged
		original claim.ID
		rule     string
		flag     Flag
	}{
		{"in order", []Adjudged{original, reversal, correction}, original.Remit.ID, "R1", ""},
		{"the reversal first", []Adjudged{reversal, original}, original.Remit.ID, "R1", ""},
		{"the original is missing", []Adjudged{reversal, correction}, claim.ID{}, "", WithoutOriginal},
		{"another claim number", []Adjudged{original, other}, original.Remit.ID, "R2", CLP07Differs},
		{"less than was paid", []Adjudged{original, part}, claim.ID{}, "", PartialReversal},
		{"alone", []Adjudged{reversal}, claim.ID{}, "", WithoutOriginal},
	} {
		ps := PairReversals(x.refs)
		if len(ps) != 1 || ps[0].Original != x.original || ps[0].Rule != x.rule || ps[0].Flag != x.flag {
			t.Errorf("%s: got %+v", x.name, ps)
		}
	}
	s := Settle(c, priced, []Adjudged{reversal, correction}, Policy{})[0]
	if s.Net.Paid != 6000 || len(s.Suspended) != 1 || s.Suspended[0].Why != WithoutOriginal {
		t.Errorf("a reversal without its original touched the claim: paid %s, suspended %v", s.Net.Paid, s.Suspended)
	}
	if s := Settle(c, priced, []Adjudged{original, reversal}, Policy{})[0]; s.State != Reversed || s.Net != (denial.Split{}) || s.Underpaid {
		t.Errorf("a claim taken back: got %s %+v", s.State, s.Net)
	}
}

// Two reversals of the same amount and two originals: R1 pairs are made before any R2 takes their original.
func TestAnExactPairIsNotTakenByALooseOne(t *testing.T) {
	c := bill("c", "ACCT1", "1", 25)
	refs := []Adjudged{
		said(c, 1, 1, "1", "ICN1", 10000, 6000, cut("CO", "45", 4000)),
		said(c, 2, 1, "22", "ICN9", -10000, -6000, cut("CO", "45", -4000)),
		said(c, 3, 1, "22", "ICN1", -10000, -6000, cut("CO", "45", -4000)),
	}
	ps := PairReversals(refs)
	if ps[0].Rule != "" || ps[1].Rule != "R1" {
		t.Errorf("got %+v", ps)
	}
}

// One row per state of payment_states.tsv, amounts by hand on a charge of 100.00 expected to bring 60.00.
func TestStatesInTheirOrder(t *testing.T) {
	c := bill("c", "ACCT1", "1", 25)
	for _, x := range []struct {
		name, status        string
		paid                money.Cents
		as                  []claim.Adjustment
		a                   *rules.Assessment
		state               State
		under, over, denied bool
	}{
		{"predetermined", "25", 0, []claim.Adjustment{cut("CO", "101", 10000)}, priced, Information, false, false, false},
		{"not theirs", "23", 0, []claim.Adjustment{cut("OA", "B11", 10000)}, priced, Forwarded, false, false, false},
		{"sent on by its code", "1", 0, []claim.Adjustment{cut("OA", "B11", 10000)}, priced, Forwarded, false, false, false},
		{"pending", "1", 0, []claim.Adjustment{cut("CO", "45", 4000), cut("CO", "133", 6000)}, priced, Pending, false, false, false},
		{"capitated", "1", 0, []claim.Adjustment{cut("PR", "3", 1000), cut("CO", "24", 9000)}, nil, Capitated, false, false, false},
		{"deductible", "1", 0, []claim.Adjustment{cut("CO", "45", 4000), cut("PR", "1", 6000)}, priced, ZeroPayPatient, false, false, false},
		{"nothing left", "2", 0, []claim.Adjustment{cut("OA", "23", 9000), cut("CO", "45", 1000)}, priced, ZeroPayCOB, false, false, false},
		{"refused", "1", 0, []claim.Adjustment{cut("CO", "197", 10000)}, priced, FullyDenied, true, false, true},
		{"refused, part contractual", "1", 0, []claim.Adjustment{cut("CO", "45", 4000), cut("CO", "197", 6000)}, priced, FullyDenied, true, false, true},
		{"refused, two groups", "1", 0, []claim.Adjustment{cut("CO", "197", 4000), cut("PR", "204", 6000)}, priced, FullyDenied, true, false, true},
		{"refused, patient liable", "4", 0, []claim.Adjustment{cut("CO", "45", 4000), cut("PR", "31", 6000)}, priced, FullyDeniedPatient, true, false, true},
		{"part refused", "1", 3000, []claim.Adjustment{cut("CO", "45", 4000), cut("CO", "197", 3000)}, priced, PartiallyDenied, true, false, true},
		{"refused beside a copay", "1", 0, []claim.Adjustment{cut("PR", "3", 2000), cut("CO", "197", 8000)}, priced, PartiallyDenied, true, false, true},
		{"12 under", "1", 4800, []claim.Adjustment{cut("CO", "45", 5200)}, priced, Underpaid, true, false, false},
		{"12 over", "1", 7200, []claim.Adjustment{cut("CO", "45", 2800)}, priced, Overpaid, false, true, false},
		{"one dollar under", "1", 5900, []claim.Adjustment{cut("CO", "45", 4100)}, priced, Paid, false, false, false},
		{"one dollar and a cent under", "1", 5899, []claim.Adjustment{cut("CO", "45", 4101)}, priced, Underpaid, true, false, false},
		{"sequestered", "1", 5880, []claim.Adjustment{cut("CO", "45", 4000), cut("CO", "253", 120)}, priced, Paid, false, false, false},
		{"unpriced", "1", 6000, []claim.Adjustment{cut("CO", "45", 4000)}, nil, PaidUnpriced, false, false, false},
		{"packaged, unpriced", "1", 6000, []claim.Adjustment{cut("CO", "97", 4000)}, nil, PaidUnpriced, false, false, false},
		{"nothing but unpriced packaging", "1", 0, []claim.Adjustment{cut("CO", "97", 10000)}, nil, FullyDenied, false, false, false},
		{"PAID by status, refused by code", "1", 0, []claim.Adjustment{cut("CO", "50", 10000)}, nil, FullyDenied, false, false, true},
	} {
		ref := said(c, 3, 1, x.status, "ICN1", 10000, x.paid, x.as...)
		l := Alone(ref, c, x.a, Pair{}, nil, Policy{Tolerance: DefaultTolerance})
		if l.State != x.state || l.Underpaid != x.under || l.Overpaid != x.over || l.HasDenial != x.denied {
			t.Errorf("%s: got %s %t %t %t, want %s %t %t %t", x.name, l.State, l.Underpaid, l.Overpaid, l.HasDenial, x.state, x.under, x.over, x.denied)
		}
		if s := Settle(c, x.a, []Adjudged{ref}, Policy{Tolerance: DefaultTolerance}); s[0].State != x.state {
			t.Errorf("%s: settled %s, want %s", x.name, s[0].State, x.state)
		}
	}
}

func TestWhatDoesNotCountIsNamed(t *testing.T) {
	c := bill("c", "ACCT1", "1", 25)
	refused := said(c, 1, 1, "1", "ICN1", 10000, 0, cut("CO", "197", 10000))
	paid := said(c, 9, 1, "1", "ICN2", 10000, 6000, cut("CO", "45", 4000))
	s := Settle(c, priced, []Adjudged{paid, refused}, Policy{})[0]
	if s.State != Paid || len(s.Episodes) != 0 || len(s.Suspended) != 1 || s.Suspended[0].Why != RefusalReplaced {
		t.Errorf("a refusal paid later: got %s, %d episodes, suspended %v", s.State, len(s.Episodes), s.Suspended)
	}
	twice := said(c, 9, 2, "1", "ICN2", 10000, 6000, cut("CO", "45", 4000))
	s = Settle(c, priced, []Adjudged{paid, twice}, Policy{})[0]
	if s.Net.Paid != 6000 || len(s.Suspended) != 1 || s.Suspended[0].Why != DuplicateInPayment {
		t.Errorf("one claim twice in a payment: paid %s, suspended %v", s.Net.Paid, s.Suspended)
	}
	again := said(c, 12, 1, "1", "ICN3", 10000, 6000, cut("CO", "45", 4000))
	if s = Settle(c, nil, []Adjudged{paid, again}, Policy{})[0]; s.State != Overpaid || s.Net.Paid != 12000 {
		t.Errorf("paid twice by two payments: got %s, paid %s", s.State, s.Net.Paid)
	}
	held := paid
	heldBy := *paid.Payment
	heldBy.Held = "CLAIM_UNBALANCED"
	held.Payment = &heldBy
	if ss := Settle(c, priced, []Adjudged{held}, Policy{}); len(ss) != 0 {
		t.Errorf("a held remit was settled: %+v", ss)
	}
	if l := Alone(held, c, priced, Pair{}, nil, Policy{}); l.State != Quarantined || l.RuleText != "-" || l.Posts {
		t.Errorf("a held remit alone: %s %s", l.State, l.RuleText)
	}
}

// Two payers that both pay as the first: 60.00 of 60.00 expected, and 50.00 again. The second is too much,
// and stands second in order though both say CLP02 = 1.
func TestASecondFirstPayerIsTooMuch(t *testing.T) {
	c := bill("c", "ACCT1", "1", 25)
	first := said(c, 3, 1, "1", "ICN1", 10000, 6000, cut("CO", "45", 4000))
	second := said(c, 9, 1, "1", "BICN1", 10000, 5000, cut("CO", "45", 4000), cut("PR", "2", 1000))
	second.Payment.PayerTIN = "1990000333"
	ss := Settle(c, priced, []Adjudged{second, first}, Policy{Tolerance: DefaultTolerance})
	if len(ss) != 2 || ss[0].Overpaid || ss[0].State != Paid || !ss[1].Overpaid || ss[1].Seq != 2 || ss[1].State != Overpaid {
		t.Errorf("got %+v", ss)
	}
	third := said(c, 12, 1, "3", "TICN1", 10000, 1000, cut("OA", "23", 9000))
	third.Payment.PayerTIN = "1990000444"
	if ss := Settle(c, priced, []Adjudged{third, first}, Policy{}); ss[1].Seq != 3 {
		t.Errorf("the third payer without a second: got place %d", ss[1].Seq)
	}
}

// A remit without lines says nothing of any line.
func TestClaimLevelRemitsLeaveLinesUnknown(t *testing.T) {
	c := bill("c", "ACCT1", "1", 25)
	x := said(c, 3, 1, "1", "ICN1", 10000, 6000)
	x.Remit.Lines, x.Remit.Adjustments = nil, []claim.Adjustment{cut("CO", "45", 4000)}
	x.Match = Match(x.Remit, x.Payment, []Candidate{{Claim: c}})
	s := Settle(c, priced, []Adjudged{x}, Policy{})[0]
	if s.State != Paid || s.Lines != nil || s.Unplaced.Paid != 6000 || x.Match.RuleText() != "C1" {
		t.Errorf("got %s, lines %v, unplaced %s, %s", s.State, s.Lines, s.Unplaced.Paid, x.Match.RuleText())
	}
}

// The first payer allows 75.00 where 60.00 was expected: paid 55.00, patient 20.00, OVERPAID. The second
// pays the 20.00: together 75.00, all that the first allowed. It paid nothing twice, so it is PAID.
func TestTheShareOfAnOverpaidFirstPayerIsNoOverpayment(t *testing.T) {
	c := bill("c", "ACCT1", "1", 25)
	first := said(c, 3, 1, "1", "ICN1", 10000, 5500, cut("CO", "45", 2500), cut("PR", "2", 2000))
	second := said(c, 9, 1, "2", "BICN1", 10000, 2000, cut("OA", "23", 8000))
	second.Payment.PayerTIN = "1990000333"
	ss := Settle(c, priced, []Adjudged{first, second}, Policy{Tolerance: DefaultTolerance})
	if len(ss) != 2 || ss[0].State != Overpaid || ss[1].State != Paid || ss[1].Overpaid {
		t.Errorf("got %+v", ss)
	}
}
