package reconcile

import (
	"testing"

	"revcycle/claim"
	"revcycle/denial"
	"revcycle/money"
	"revcycle/rules"
)

// lineSaid is one line of a remit: paid, then group, reason and amount of each adjustment.
type lineSaid struct {
	charge, paid money.Cents
	as           []claim.Adjustment
}

// allowedOf settles the remits of two payers, one answer a line, and gives what the second allowed.
func allowedOf(t *testing.T, status string, quotes []money.Cents, first, second []lineSaid) Settlement {
	t.Helper()
	c := bill("c", "ACCT1", "1", 25)
	one := c.Lines[0]
	c.Lines, c.Charge = nil, 0
	a := &rules.Assessment{}
	for i := range first {
		l := one
		l.Number, l.Control, l.Charge = i+1, one.Control+string(rune('A'+i)), first[i].charge
		c.Lines, c.Charge = append(c.Lines, l), c.Charge+l.Charge
		a.Quotes = append(a.Quotes, rules.Quote{Line: i + 1, Allowed: quotes[i]})
	}
	var refs []Adjudged
	for n, answers := range [][]lineSaid{first, second} {
		x := said(c, 3+n, 1, []string{"1", status}[n], []string{"ICN1", "BICN1"}[n], c.Charge, 0)
		x.Payment.PayerTIN = []string{"1990000222", "1990000333"}[n]
		x.Remit.Lines = nil
		for i, y := range answers {
			x.Remit.Paid += y.paid
			x.Remit.Lines = append(x.Remit.Lines, claim.RemitLine{Number: i + 1, Control: c.Lines[i].Control, Charge: y.charge, Paid: y.paid,
				Procedure: c.Lines[i].Procedure, Adjustments: y.as})
		}
		x.Match = Match(x.Remit, x.Payment, []Candidate{{Claim: c}})
		refs = append(refs, x)
	}
	ss := Settle(c, a, refs, Policy{Tolerance: DefaultTolerance})
	if len(ss) != 2 || ss[1].Net.Imbalance() != 0 || ss[0].Net.Imbalance() != 0 {
		t.Fatalf("got %+v", ss)
	}
	return ss[1]
}

// What a later payer allowed, by hand. The first case is that of the golden remits G07 and G08: 78.40 paid
// and 1.60 sequestered lie in OA-23 and are allowed, the 100.00 of CO-45 are not; with 20.00 of its own, 100.00.
func TestOfEarlierPayersOnlyWhatTheyGaveIsAllowed(t *testing.T) {
	as := func(as ...claim.Adjustment) []claim.Adjustment { return as }
	medicare := lineSaid{20000, 7840, as(cut("CO", "45", 10000), cut("CO", "253", 160), cut("PR", "2", 2000))}
	refused := lineSaid{20000, 0, as(cut("CO", "50", 20000))}
	pends := lineSaid{20000, 0, as(cut("OA", "133", 20000))}
	whole := lineSaid{20000, 0, as(cut("OA", "23", 20000))}
	for _, x := range []struct {
		name, status  string
		first, second []lineSaid
		lines         []money.Cents
		over          bool
	}{
		{"G07 and G08", "2", []lineSaid{medicare}, []lineSaid{{20000, 2000, as(cut("OA", "23", 18000))}}, []money.Cents{10000}, false},
		{"the first refused it all", "2", []lineSaid{refused}, []lineSaid{whole}, []money.Cents{0}, false},
		{"and the second calls itself first", "1", []lineSaid{refused}, []lineSaid{whole}, []money.Cents{0}, false},
		{"the first has not decided", "2", []lineSaid{pends}, []lineSaid{whole}, []money.Cents{0}, false},
		{"one line paid and one refused", "2", []lineSaid{medicare, refused}, []lineSaid{{20000, 2000, as(cut("OA", "23", 18000))}, whole}, []money.Cents{10000, 0}, false},
		{"the second pays what the first refused", "2", []lineSaid{medicare, refused},
			[]lineSaid{{20000, 2000, as(cut("OA", "23", 18000))}, {20000, 10000, as(cut("CO", "45", 10000))}}, []money.Cents{10000, 10000}, false},
		{"it cuts by itself and names only what was paid", "2", []lineSaid{medicare},
			[]lineSaid{{20000, 2000, as(cut("OA", "23", 8000), cut("CO", "45", 10000))}}, []money.Cents{10000}, false},
		{"it pays too much", "2", []lineSaid{medicare}, []lineSaid{{20000, 12000, as(cut("OA", "23", 8000))}}, []money.Cents{20000}, true},
	} {
		s := allowedOf(t, x.status, []money.Cents{10000, 10000}, x.first, x.second)
		var sum money.Cents
		for i, want := range x.lines {
			if s.Lines[i].Allowed != want {
				t.Errorf("%s: line %d allowed %s, want %s", x.name, i+1, s.Lines[i].Allowed, want)
			}
			sum += want
		}
		if s.Allowed != sum || s.Overpaid != x.over || s.Underpaid {
			t.Errorf("%s: the claim allowed %s, want %s; overpaid %t, want %t; underpaid %t", x.name, s.Allowed, sum, s.Overpaid, x.over, s.Underpaid)
		}
	}
}

// A first payer that answered the claim and no line: what it gave, 60.00, is what the claim was allowed of
// OA-23, and the lines share it as they share OA-23.
func TestWhatWasGivenForNoLineIsSharedByTheLines(t *testing.T) {
	first := Settlement{Unplaced: denial.Split{Charge: 20000, Paid: 6000, Denied: 14000}}
	first.Net = first.Unplaced
	s := Settlement{Lines: []SettledLine{{Line: 1}, {Line: 2}}}
	s.Lines[0].Split = denial.Split{Charge: 15000}
	s.Lines[0].Split.Other[0] = 15000
	s.Lines[1].Split = denial.Split{Charge: 5000}
	s.Lines[1].Split.Other[0] = 5000
	s.Net = s.Lines[0].Split.Plus(s.Lines[1].Split)
	s.allow([]Settlement{first})
	if s.Allowed != 6000 || s.Lines[0].Allowed != 4500 || s.Lines[1].Allowed != 1500 {
		t.Errorf("got %s of %s and %s, want 60.00 of 45.00 and 15.00", s.Allowed, s.Lines[0].Allowed, s.Lines[1].Allowed)
	}
	s = Settlement{Net: s.Net, Unplaced: s.Net}
	s.allow([]Settlement{{Lines: []SettledLine{{Line: 1, Split: denial.Split{Paid: 6000}}}}})
	if s.Allowed != 6000 {
		t.Errorf("lines first, the claim after: got %s, want 60.00", s.Allowed)
	}
}
