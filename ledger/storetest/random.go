package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/money"
)

// source makes rows and questions from a seed. Its values come from small ranges, so that keys meet and conditions
// are met.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 837))} }

func (r source) value(k ledger.Kind) ledger.Value {
	n := r.IntN(12)
	switch k {
	case ledger.KindInt:
		return ledger.Int(int64(n - 3))
	case ledger.KindCents:
		return ledger.Cents(money.Cents(n*100 - 300))
	case ledger.KindDate:
		return ledger.Date(civil.Of(2026, 1+n, 1))
	case ledger.KindBool:
		return ledger.Bool(n%2 == 0)
	case ledger.KindText:
		return ledger.Text([]string{"", "", "A", "B", "a", "b", "AB", "ä", " ", "10", "9", "0000-00"}[n])
	case ledger.KindID:
		return ledger.ID(claim.ID{byte(n * 20), 15: 1})
	case ledger.KindDigest:
		return ledger.Digest(claim.Digest{byte(n * 20)})
	}
	return ledger.Bytes([]byte(fmt.Sprint(n)))
}

func (r source) row(t *ledger.Table) ledger.Row {
	row := make(ledger.Row, len(t.Columns))
	for i, c := range t.Columns {
		if i < t.KeyLen || r.IntN(5) > 0 {
			row[i] = r.value(c.Kind)
		}
	}
	if t.KeyLen == 1 && t.Columns[0].Kind == ledger.KindID && r.IntN(3) > 0 {
		row[0] = ledger.ID(claim.ID{byte(r.IntN(256)), 15: byte(1 + r.IntN(200))})
	}
	return row
}

func (r source) rows(t *ledger.Table, n int) []ledger.Row {
	rows := make([]ledger.Row, n)
	for i := range rows {
		rows[i] = r.row(t)
	}
	return rows
}

func (r source) query(t *ledger.Table) ledger.Query {
	q := ledger.Query{Table: t}
	for range r.IntN(4) {
		c := t.Columns[r.IntN(len(t.Columns))]
		if len(t.Indexes) > 0 && r.IntN(2) == 0 {
			c = t.Columns[t.At(t.Indexes[r.IntN(len(t.Indexes))].Columns[0])]
		}
		cond := ledger.Cond{Column: c.Name, Op: ledger.Op(1 + r.IntN(5))}
		n := 0
		switch cond.Op {
		case ledger.In:
			n = r.IntN(10)
		case ledger.AtLeast, ledger.Below:
			n = 1
		}
		for range n {
			cond.Values = append(cond.Values, r.value(c.Kind))
		}
		q.Where = append(q.Where, cond)
	}
	if r.IntN(3) == 0 {
		q.Only = append([]string{}, r.columns(t, false)...)
	}
	if r.IntN(4) == 0 {
		q.Limit = 1 + r.IntN(20)
	}
	return q
}

// columns picks some of a table's columns; summed ones only, where only is set.
func (r source) columns(t *ledger.Table, summed bool) (names []string) {
	for _, c := range t.Columns {
		fits := !summed || c.Kind == ledger.KindInt || c.Kind == ledger.KindCents
		if fits && r.IntN(len(t.Columns)) < 2 {
			names = append(names, c.Name)
		}
	}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names
}

// likeModel does the same random work on the store and on the model, and asks both the same.
func likeModel(t *testing.T, s ledger.Store) {
	model := mem.New()
	for seed := range uint64(60) {
		random := newSource(seed)
		table := ledger.Tables[random.IntN(len(ledger.Tables))]
		if table != ledger.Units {
			n := random.IntN(130)
			rows, fails := random.rows(table, n), random.IntN(5) == 0
			cut := random.IntN(n + 1)
			got := appendTo(t, s, seed, table, fails, rows[:cut], rows[cut:])
			if want := appendTo(t, model, seed, table, fails, rows[:cut], rows[cut:]); got != want {
				t.Fatalf("seed %d: %s: got %d fresh rows want %d", seed, table.Name, got, want)
			}
		}
		for range 20 {
			table := ledger.Tables[random.IntN(len(ledger.Tables))]
			q := random.query(table)
			same(t, fmt.Sprintf("seed %d: %s where %v limit %d", seed, table.Name, q.Where, q.Limit), all(t, s, q), all(t, model, q))
			q.Limit = 0
			by, of := random.columns(table, false), random.columns(table, true)
			got, err := s.Sums(context.Background(), q, by, of)
			if err != nil {
				t.Fatalf("seed %d: %s by %v of %v: %v", seed, table.Name, by, of, err)
			}
			want, err := model.Sums(context.Background(), q, by, of)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("seed %d: %s where %v by %v of %v", seed, table.Name, q.Where, by, of), got, want)
		}
		if t.Failed() {
			return
		}
	}
	got, err := ledger.Digests(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ledger.Digests(context.Background(), model)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("digests: got %v want %v", got, want)
	}
}

// appendTo runs a unit of two calls, which fails at its end where told to.
func appendTo(t *testing.T, s ledger.Store, seed uint64, table *ledger.Table, fails bool, portions ...[]ledger.Row) (fresh int) {
	t.Helper()
	_, err := s.Do(context.Background(), unit(fmt.Sprint(seed)), func(x ledger.Tx) error {
		for i, rows := range portions {
			if i == 0 {
				fresh += mustAppend(t, x, table, rows...)
				continue
			}
			next := 0
			err := x.AppendEach(table, rows, func(at int, isNew bool) {
				if at != next {
					t.Errorf("seed %d: %s: told of row %d, want %d", seed, table.Name, at, next)
				}
				if next++; isNew {
					fresh += 1 + 1000*at // the model must find the very same ones new
				}
			})
			if err != nil || next != len(rows) {
				t.Fatalf("seed %d: %s: told of %d of %d rows: %v", seed, table.Name, next, len(rows), err)
			}
		}
		if fails {
			return errOurs
		}
		return nil
	})
	if err != nil && !(fails && errors.Is(err, errOurs)) {
		t.Fatal(err)
	}
	return fresh
}
