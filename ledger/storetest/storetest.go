// Package storetest holds every store of the ledger to the same contract.
//
// Run asks each question on a new, empty store, and compares random work with the store in memory. A store that
// outlives its process also passes Durable.
package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// errOurs stands for what goes wrong in a unit.
var errOurs = errors.New("the unit's own trouble")

// Run tests a kind of store. Open gives a new, empty one for each call and sees to its end (t.Cleanup); a store
// may be closed by the test before.
func Run(t *testing.T, open func(t *testing.T) ledger.Store) {
	tests := []struct {
		name string
		test func(*testing.T, ledger.Store)
	}{
		{"rows come back as they were, in key order", roundTrip},
		{"a key that is there is left as it is", sameKey},
		{"a text may be unknown in a key", unknownInKey},
		{"a row that does not fit its table is refused", misfits},
		{"a done unit is not done again", doneOnce},
		{"units differ by batch, stage and key", unitsDiffer},
		{"an error leaves nothing", errorLeavesNothing},
		{"a refused row leaves nothing, even if the unit goes on", refusalSticks},
		{"a panic leaves nothing and goes on", panicLeavesNothing},
		{"a cancelled context leaves nothing", cancelled},
		{"rows of a unit show when it is done", unseenBefore},
		{"a range is a snapshot", snapshot},
		{"a range may be broken off and nested", breakOff},
		{"units take turns", turns},
		{"readers see whole units", wholeUnits},
		{"each operator", operators},
		{"ten thousand values", manyValues},
		{"a limit", limit},
		{"a wrong question is refused", wrongQuestions},
		{"sums", sums},
		{"a closed store fails", closed},
		{"random work equals the model's", likeModel},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Durable tests that what was done is there after the store is closed and opened again. Reopen closes s and opens
// the same ledger.
func Durable(t *testing.T, open func(t *testing.T) ledger.Store, reopen func(t *testing.T, s ledger.Store) ledger.Store) {
	s := open(t)
	random := newSource(7)
	var want [][]ledger.Row
	do(t, s, unit("all"), func(x ledger.Tx) error {
		for _, table := range ledger.Tables {
			if table != ledger.Units {
				mustAppend(t, x, table, random.rows(table, 60)...)
			}
		}
		return nil
	})
	for _, table := range ledger.Tables {
		want = append(want, all(t, s, ledger.Query{Table: table}))
	}
	before, err := ledger.Digests(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s)
	for i, table := range ledger.Tables {
		same(t, table.Name+" after opening again", all(t, s, ledger.Query{Table: table}), want[i])
	}
	after, err := ledger.Digests(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, after) {
		t.Errorf("digests after opening again: got %v want %v", after, before)
	}
	if done, err := s.Do(context.Background(), unit("all"), never(t)); !done || err != nil {
		t.Errorf("unit done before the store was closed: got done %v, %v; want true", done, err)
	}
}

func unit(key string) ledger.Unit { return ledger.Unit{Batch: 1, Stage: "test", Key: key} }

func never(t *testing.T) func(ledger.Tx) error {
	return func(ledger.Tx) error {
		t.Error("a unit that was done is called again")
		return nil
	}
}

// do runs a unit that must succeed.
func do(t *testing.T, s ledger.Store, u ledger.Unit, f func(ledger.Tx) error) {
	t.Helper()
	done, err := s.Do(context.Background(), u, f)
	if err != nil {
		t.Fatalf("unit %v: %v", u, err)
	}
	if done {
		t.Fatalf("unit %v: was done before", u)
	}
}

func mustAppend(t *testing.T, x ledger.Tx, table *ledger.Table, rows ...ledger.Row) int {
	t.Helper()
	fresh, err := x.Append(table, rows...)
	if err != nil {
		t.Fatalf("append to %s: %v", table.Name, err)
	}
	return fresh
}

// put appends rows in a unit of their own.
func put(t *testing.T, s ledger.Store, key string, table *ledger.Table, rows ...ledger.Row) (fresh int) {
	t.Helper()
	do(t, s, unit(key), func(x ledger.Tx) error {
		fresh = mustAppend(t, x, table, rows...)
		return nil
	})
	return fresh
}

// all gives the rows that meet a query.
func all(t *testing.T, s ledger.Store, q ledger.Query) []ledger.Row {
	t.Helper()
	var out []ledger.Row
	for r, err := range s.Rows(context.Background(), q) {
		if err != nil {
			t.Fatalf("rows of %s: %v", q.Table.Name, err)
		}
		out = append(out, slices.Clone(r))
	}
	return out
}

func count(t *testing.T, s ledger.Store, table *ledger.Table) int {
	t.Helper()
	return len(all(t, s, ledger.Query{Table: table}))
}

func same(t *testing.T, what string, got, want []ledger.Row) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d rows, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("%s: row %d: got %v want %v", what, i, got[i], want[i])
			return
		}
	}
}

// claimID is an ID that is told from others by its last byte but one.
func claimID(n int) claim.ID { return claim.ID{0: 1, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)} }

// line is a row of table line: the claim's number, the line's, its procedure and its charge.
func line(n, no int, procedure string, charge money.Cents) ledger.Row {
	r := make(ledger.Row, len(ledger.Lines.Columns))
	r[ledger.Lines.At("claim")] = ledger.ID(claimID(n))
	r[ledger.Lines.At("line_no")] = ledger.Int(int64(no))
	r[ledger.Lines.At("procedure")] = ledger.Text(procedure)
	r[ledger.Lines.At("charge")] = ledger.Cents(charge)
	r[ledger.Lines.At("service_from")] = ledger.Date(civil.Of(2026, 3, 1+no%28))
	return r
}

func cond(column string, op ledger.Op, values ...ledger.Value) ledger.Cond {
	return ledger.Cond{Column: column, Op: op, Values: values}
}
