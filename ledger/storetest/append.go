package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// extremes gives values of a kind at the edges of what it holds.
func extremes(k ledger.Kind) []ledger.Value {
	switch k {
	case ledger.KindInt:
		return []ledger.Value{ledger.Int(math.MinInt64), ledger.Int(-1), ledger.Int(0), ledger.Int(math.MaxInt64)}
	case ledger.KindCents:
		return []ledger.Value{ledger.Cents(math.MinInt64), ledger.Cents(-1), ledger.Cents(0), ledger.Cents(math.MaxInt64)}
	case ledger.KindDate:
		return []ledger.Value{ledger.Date(civil.Of(1, 1, 1)), ledger.Date(civil.Of(1999, 12, 31)), ledger.Date(civil.Of(2024, 2, 29)), ledger.Date(civil.Of(9999, 12, 31))}
	case ledger.KindBool:
		return []ledger.Value{ledger.Bool(false), ledger.Bool(true)}
	case ledger.KindText:
		return []ledger.Value{ledger.Text(" "), ledger.Text("007"), ledger.Text("A'\"\\;--%_"), ledger.Text("Z"), ledger.Text("a"), ledger.Text("a "),
			ledger.Text("Ünïcode 日本 \U0001F9FE"), ledger.Text("\u007f\n\t")}
	case ledger.KindID:
		return []ledger.Value{ledger.ID(claim.ID{15: 1}), ledger.ID(claim.ID{7: 255, 8: 128}), ledger.ID(claim.ID{0: 128}), ledger.ID(claim.ID(bytes.Repeat([]byte{255}, 16)))}
	case ledger.KindDigest:
		return []ledger.Value{ledger.Digest(claim.Digest{}), ledger.Digest(claim.Digest{31: 1}), ledger.Digest(claim.Digest(bytes.Repeat([]byte{255}, 32)))}
	}
	return []ledger.Value{ledger.Bytes([]byte{0}), ledger.Bytes([]byte{0, 0, 255}), ledger.Bytes([]byte("{}")), ledger.Bytes(bytes.Repeat([]byte("\x01doc\x00"), 70_000))}
}

// roundTrip would catch a kind whose form on the medium loses something, a null that turns into a value, or an
// order that is not Compare's.
func roundTrip(t *testing.T, s ledger.Store) {
	for _, table := range ledger.Tables {
		if table == ledger.Units {
			continue
		}
		var rows []ledger.Row
		for n := range 8 {
			r := make(ledger.Row, len(table.Columns))
			for i, c := range table.Columns {
				edge := extremes(c.Kind)
				switch {
				case i < table.KeyLen:
					r[i] = edge[(n/(i+1))%len(edge)]
				case n%3 != 2: // every third row holds nothing but its key
					r[i] = edge[(n+i)%len(edge)]
				}
			}
			if !slices.ContainsFunc(rows, func(o ledger.Row) bool { return table.CompareKeys(o, r) == 0 }) {
				rows = append(rows, r)
			}
		}
		if fresh := put(t, s, table.Name, table, rows...); fresh != len(rows) {
			t.Errorf("%s: got %d fresh rows, want %d", table.Name, fresh, len(rows))
		}
		slices.SortFunc(rows, table.CompareKeys)
		same(t, table.Name, all(t, s, ledger.Query{Table: table}), rows)
	}
}

// sameKey would catch a store that replaces, counts or refuses a row that is there.
func sameKey(t *testing.T, s ledger.Store) {
	var many []ledger.Row
	for n := range 137 { // not a whole number of portions
		many = append(many, line(n, 1, "first", money.Cents(n)))
	}
	do(t, s, unit("one"), func(x ledger.Tx) error {
		if got := mustAppend(t, x, ledger.Lines, many...); got != 137 {
			t.Errorf("fresh: got %d want 137", got)
		}
		if got := mustAppend(t, x, ledger.Lines, many...); got != 0 {
			t.Errorf("fresh, the same again in the unit: got %d want 0", got)
		}
		if got := mustAppend(t, x, ledger.Lines, line(900, 1, "first", 1), line(900, 1, "second", 2), line(901, 1, "first", 1)); got != 2 {
			t.Errorf("fresh, the same twice in a call: got %d want 2", got)
		}
		if got := mustAppend(t, x, ledger.Lines); got != 0 {
			t.Errorf("fresh of nothing: got %d", got)
		}
		return nil
	})
	var again []ledger.Row
	for n := range 200 {
		again = append(again, line(n, 1, "second", -1))
	}
	if got := put(t, s, "two", ledger.Lines, again...); got != 200-137 {
		t.Errorf("fresh, some from before: got %d want %d", got, 200-137)
	}
	rows := all(t, s, ledger.Query{Table: ledger.Lines})
	for _, r := range rows[:137] {
		if r[ledger.Lines.At("procedure")].Text() != "first" {
			t.Fatalf("a row was replaced: %v", r)
		}
	}
	if r := rows[200]; r[ledger.Lines.At("procedure")].Text() != "first" || len(rows) != 202 {
		t.Errorf("got %d rows and %v; want 202 and the first of two", len(rows), r)
	}
}

// unknownInKey would catch a unique index that holds each null for another.
func unknownInKey(t *testing.T, s ledger.Store) {
	row := func(payer string, d byte) ledger.Row {
		return ledger.Row{ledger.Int(1), ledger.Text(payer), ledger.Digest(claim.Digest{d})}
	}
	put(t, s, "one", ledger.Slices, row("P", 1), row("", 1))
	if got := put(t, s, "two", ledger.Slices, row("", 2), row("P", 2), row("A", 1)); got != 1 {
		t.Errorf("fresh: got %d want 1", got)
	}
	same(t, "slices", all(t, s, ledger.Query{Table: ledger.Slices}), []ledger.Row{row("", 1), row("A", 1), row("P", 1)})
	where := func(op ledger.Op, v ...ledger.Value) ledger.Query {
		return ledger.Query{Table: ledger.Slices, Where: []ledger.Cond{{Column: "payer", Op: op, Values: v}}}
	}
	same(t, "is null", all(t, s, where(ledger.IsNull)), []ledger.Row{row("", 1)})
	same(t, "not null", all(t, s, where(ledger.NotNull)), []ledger.Row{row("A", 1), row("P", 1)})
	same(t, "below", all(t, s, where(ledger.Below, ledger.Text("B"))), []ledger.Row{row("A", 1)})
	same(t, "in", all(t, s, where(ledger.In, ledger.Text(""), ledger.Text("P"))), []ledger.Row{row("P", 1)})
	do(t, s, unit(""), func(ledger.Tx) error { return nil })
	if done, err := s.Do(context.Background(), unit(""), never(t)); !done || err != nil {
		t.Errorf("a unit without a key: got done %v, %v; want true", done, err)
	}
}

func misfits(t *testing.T, s ledger.Store) {
	good := line(1, 1, "99213", 100)
	with := func(column string, v ledger.Value) ledger.Row {
		r := slices.Clone(good)
		r[ledger.Lines.At(column)] = v
		return r
	}
	for name, r := range map[string]ledger.Row{
		"too short":      good[:len(good)-1],
		"too long":       append(slices.Clone(good), ledger.Value{}),
		"other kind":     with("procedure", ledger.Int(99213)),
		"key is unknown": with("claim", ledger.Value{}),
	} {
		done, err := s.Do(context.Background(), unit(name), func(x ledger.Tx) error {
			_, err := x.Append(ledger.Lines, good, r)
			return err
		})
		if err == nil || done || errors.Is(err, ledger.ErrStore) {
			t.Errorf("%s: got done %v, %v; want a refusal that does not blame the store", name, done, err)
		}
	}
	if n := count(t, s, ledger.Lines); n != 0 {
		t.Errorf("got %d rows of refused units", n)
	}
	_, err := s.Do(context.Background(), unit("table"), func(x ledger.Tx) error {
		_, err := x.Append(&ledger.Table{Name: "line", KeyLen: 1, Columns: ledger.Lines.Columns[:1]}, ledger.Row{good[0]})
		return err
	})
	if err == nil {
		t.Error("a table that is not the ledger's was taken")
	}
}

// turns would catch writers that fail or lose rows when they meet.
func turns(t *testing.T, s ledger.Store) {
	const writers, units, rows = 8, 12, 60
	write := func(w, u int) error {
		// Every second unit is the same for all writers: one of them does it.
		key := fmt.Sprintf("%d-%d", w*(u%2), u)
		_, err := s.Do(context.Background(), unit(key), func(x ledger.Tx) error {
			var add []ledger.Row
			for n := range rows {
				add = append(add, line(u*1000+n, 1+w*(u%2), key, 1))
			}
			fresh, err := x.Append(ledger.Lines, add...)
			if err == nil && fresh != rows {
				return fmt.Errorf("%d fresh rows, not %d", fresh, rows)
			}
			return err
		})
		return err
	}
	var g sync.WaitGroup
	for w := range writers {
		g.Go(func() {
			for u := range units {
				if err := write(w, u); err != nil {
					t.Errorf("writer %d, unit %d: %v", w, u, err)
				}
			}
		})
	}
	g.Wait()
	want := units / 2 * (1 + writers)
	if n := count(t, s, ledger.Units); n != want {
		t.Errorf("units: got %d want %d", n, want)
	}
	if n := count(t, s, ledger.Lines); n != want*rows {
		t.Errorf("rows: got %d want %d", n, want*rows)
	}
}

// wholeUnits would catch a reader that sees half a transaction.
func wholeUnits(t *testing.T, s ledger.Store) {
	const units, rows = 40, 70
	var g sync.WaitGroup
	over := make(chan struct{})
	g.Go(func() {
		defer close(over)
		for u := range units {
			_, err := s.Do(context.Background(), unit(fmt.Sprint(u)), func(x ledger.Tx) error {
				for n := range rows {
					if _, err := x.Append(ledger.Lines, line(n, u, "", 1)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("unit %d: %v", u, err)
			}
		}
	})
	read := func(last int) (n int) {
		for _, err := range s.Rows(context.Background(), ledger.Query{Table: ledger.Lines}) {
			if err != nil {
				t.Errorf("read: %v", err)
				return last
			}
			n++
		}
		if n%rows != 0 || n < last {
			t.Errorf("a reader saw %d rows after %d: units have %d", n, last, rows)
		}
		return n
	}
	for range 2 {
		g.Go(func() {
			for last := 0; ; {
				select {
				case <-over:
					return
				default:
					last = read(last)
				}
			}
		})
	}
	g.Wait()
}
