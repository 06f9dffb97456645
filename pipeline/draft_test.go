package pipeline

import (
	"context"
	"testing"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/ledger/storetest"
)

// A draft over an empty ledger is a ledger like any other.
func TestADraftKeepsTheContractOfStores(t *testing.T) {
	storetest.Run(t, func(*testing.T) ledger.Store { return &draft{below: mem.New(), top: mem.New()} })
}

// What stands below stays as it is, is not appended again, and comes in its place among what is new.
func TestADraftLiesOverItsLedger(t *testing.T) {
	ctx := context.Background()
	below, top := mem.New(), mem.New()
	row := func(n byte, charge int64, file string) ledger.Row {
		r := make(ledger.Row, len(ledger.Charges.Columns))
		r[0], r[1] = ledger.ID(claim.ID{n}), ledger.Int(charge)
		r[ledger.Charges.At("source")] = ledger.Text(file)
		return r
	}
	put := func(s ledger.Store, key string, want int, rows ...ledger.Row) {
		t.Helper()
		if _, err := s.Do(ctx, ledger.Unit{Batch: 1, Stage: "test", Key: key}, func(x ledger.Tx) error {
			fresh, err := x.Append(ledger.Charges, rows...)
			if fresh != want {
				t.Errorf("%s: got %d fresh rows want %d", key, fresh, want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	put(below, "one", 3, row(2, 1, "below"), row(4, 1, "below"), row(6, 1, "below"))
	d := &draft{below, top}
	put(d, "two", 3, row(1, 2, "top"), row(4, 2, "top"), row(5, 2, "top"), row(7, 2, "top"))
	if done, err := d.Do(ctx, ledger.Unit{Batch: 1, Stage: "test", Key: "one"}, nil); !done || err != nil {
		t.Errorf("a unit done below: got %t %v", done, err)
	}
	for limit, want := range map[int]string{0: "1t2b4b5t6b7t", 3: "1t2b4b", 4: "1t2b4b5t"} {
		got := ""
		for r, err := range d.Rows(ctx, ledger.Query{Table: ledger.Charges, Limit: limit}) {
			if err != nil {
				t.Fatal(err)
			}
			id := r[0].ID()
			got += string('0'+id[0]) + r[ledger.Charges.At("source")].Text()[:1]
		}
		if got != want {
			t.Errorf("rows, limit %d: got %s want %s", limit, got, want)
		}
	}
	sums, err := d.Sums(ctx, ledger.Query{Table: ledger.Charges}, []string{"source"}, []string{"batch"})
	if err != nil || len(sums) != 2 || sums[0][1].Int() != 3 || sums[0][2].Int() != 3 || sums[1][1].Int() != 3 || sums[1][2].Int() != 6 {
		t.Errorf("sums: got %v, %v", sums, err)
	}
	if n, _ := below.Sums(ctx, ledger.Query{Table: ledger.Charges}, nil, nil); n[0][0].Int() != 3 {
		t.Error("a draft wrote into the ledger below")
	}
}
