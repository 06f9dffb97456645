package extract

import (
	"testing"

	"revcycle/denial"
	"revcycle/money"
	"revcycle/reconcile"
)

// of gives a settlement of one line; other is the column "other" by account, in the order of denial.Others.
func of(line int, split denial.Split, other ...money.Cents) settled {
	copy(split.Other[:], other)
	return settled{Settlement: reconcile.Settlement{Net: split, Lines: []reconcile.SettledLine{{Line: line, Split: split}}}}
}

// Lines by hand; open = charge − paid − contractual − other_adj. The first is that of the golden remits G07
// and G08: 200.00 = 78.40 + 20.00 paid + 100.00 contractual + 1.60 sequestered, and 180.00 of OA-23 told again.
func TestALineAddsUpOverItsPayers(t *testing.T) {
	medicare := of(1, denial.Split{Charge: 20000, Paid: 7840, Contractual: 10000, PatientShare: 2000}, 0, 0, 160)
	for _, x := range []struct {
		name                                             string
		settled                                          []settled
		paid, contractual, denied, patient, other, still money.Cents
	}{
		{"one payer", []settled{medicare}, 7840, 10000, 0, 2000, 160, 2000},
		{"both paid", []settled{medicare, of(1, denial.Split{Charge: 20000, Paid: 2000}, 18000)}, 9840, 10000, 0, 0, 160, 0},
		{"the second leaves a copay", []settled{medicare, of(1, denial.Split{Charge: 20000, Paid: 1500, PatientShare: 500}, 18000)}, 9340, 10000, 0, 500, 160, 500},
		{"the second did not answer it", []settled{medicare, of(2, denial.Split{Charge: 100, PatientShare: 100})}, 7840, 10000, 0, 0, 160, 2000},
		{"the second cuts as if it were alone", []settled{medicare, of(1, denial.Split{Charge: 20000, Paid: 500, Contractual: 11500}, 8000)}, 8340, 11500, 0, 0, 160, 0},
		{"refused", []settled{of(1, denial.Split{Charge: 20000, Denied: 20000})}, 0, 0, 20000, 0, 0, 20000},
		{"pending, and disputed by PI", []settled{of(1, denial.Split{Charge: 20000, Pending: 15000}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5000)}, 0, 0, 0, 0, 0, 20000},
	} {
		r := LineRow{LineNo: 1, Charge: 20000}
		(&claimed{settled: x.settled}).answer(&r)
		got := [...]money.Cents{money.Cents(*r.Paid), money.Cents(*r.Contractual), money.Cents(*r.Denied), money.Cents(*r.PatientResp), money.Cents(*r.OtherAdj),
			money.Cents(r.Charge - *r.Paid - *r.Contractual - *r.OtherAdj)}
		if want := [...]money.Cents{x.paid, x.contractual, x.denied, x.patient, x.other, x.still}; got != want {
			t.Errorf("%s: got paid, contractual, denied, patient, other, open %v, want %v", x.name, got, want)
		}
	}
}
