package pipeline

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"revcycle/ledger"
	"revcycle/money"
)

// draft is a ledger with what a batch would append laid over it. The ledger below is only read, and must not change
// meanwhile: what is appended goes into the one on top, which Close closes.
type draft struct{ below, top ledger.Store }

// Close implements ledger.Store.
func (d *draft) Close() error { return d.top.Close() }

// Do implements ledger.Store.
func (d *draft) Do(ctx context.Context, u ledger.Unit, f func(ledger.Tx) error) (done bool, err error) {
	here := []ledger.Cond{ledger.OfBatch(u.Batch), {Column: "stage", Op: ledger.In, Values: []ledger.Value{ledger.Text(u.Stage)}}}
	for row, err := range d.below.Rows(ctx, ledger.Query{Table: ledger.Units, Where: here}) {
		if err != nil {
			return false, err
		}
		if row[2].Text() == u.Key {
			return true, nil
		}
	}
	return d.top.Do(ctx, u, func(tx ledger.Tx) error { return f(&draftTx{tx, ctx, d.below}) })
}

// Rows implements ledger.Store: both ledgers' rows, merged by key.
func (d *draft) Rows(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Row, error] {
	return func(yield func(ledger.Row, error) bool) {
		next, stop := iter.Pull2(d.top.Rows(ctx, q))
		defer stop()
		left := q.Limit
		give := func(row ledger.Row, err error) bool {
			left--
			return yield(row, err) && err == nil && left != 0
		}
		added, err, more := next()
		for row, err := range d.below.Rows(ctx, q) {
			for err == nil && more && (added == nil || q.Table.CompareKeys(added, row) < 0) {
				if !give(added, err) {
					return
				}
				added, err, more = next()
			}
			if !give(row, err) {
				return
			}
		}
		for ; more; added, err, more = next() {
			if !give(added, err) {
				return
			}
		}
	}
}

// Sums implements ledger.Store: both ledgers' groups, added up.
func (d *draft) Sums(ctx context.Context, q ledger.Query, by, of []string) ([]ledger.Row, error) {
	below, err := d.below.Sums(ctx, q, by, of)
	if err != nil {
		return nil, err
	}
	top, err := d.top.Sums(ctx, q, by, of)
	if err != nil {
		return nil, err
	}
	group := func(a, b ledger.Row) int { return slices.CompareFunc(a[:len(by)], b[:len(by)], ledger.Value.Compare) }
	for _, row := range top {
		at, both := slices.BinarySearchFunc(below, row, group)
		if !both {
			below = slices.Insert(below, at, row)
			continue
		}
		for i := len(by); i < len(row); i++ {
			if below[at][i], err = plus(below[at][i], row[i]); err != nil {
				return nil, fmt.Errorf("ledger: sum of %s: %w", q.Table.Name, err)
			}
		}
	}
	return below, nil
}

// plus adds two sums; null is nothing.
func plus(a, b ledger.Value) (ledger.Value, error) {
	switch {
	case a.Null():
		return b, nil
	case b.Null():
		return a, nil
	}
	n := a.Int() + b.Int()
	if (n > a.Int()) != (b.Int() > 0) && b.Int() != 0 {
		return a, fmt.Errorf("it does not fit 64 bits: %w", ledger.ErrStore)
	}
	if a.Kind() == ledger.KindCents {
		return ledger.Cents(money.Cents(n)), nil
	}
	return ledger.Int(n), nil
}

// draftTx appends to the top what is not below.
type draftTx struct {
	ledger.Tx
	ctx   context.Context
	below ledger.Store
}

// Append implements ledger.Tx.
func (x *draftTx) Append(t *ledger.Table, rows ...ledger.Row) (fresh int, err error) {
	err = x.AppendEach(t, rows, func(_ int, is bool) { fresh += one(is) })
	return fresh, err
}

// AppendEach implements ledger.Tx.
func (x *draftTx) AppendEach(t *ledger.Table, rows []ledger.Row, tell func(int, bool)) error {
	for _, row := range rows {
		if t.Check(row) != nil {
			return x.Tx.AppendEach(t, rows, tell) // which refuses it, and the unit with it
		}
	}
	there, err := x.there(t, rows)
	if err != nil {
		return err
	}
	fresh := map[int]bool{}
	var add []ledger.Row
	var at []int
	for i, row := range rows {
		if !there[keyText(t, row)] {
			add, at = append(add, row), append(at, i)
		}
	}
	if err := x.Tx.AppendEach(t, add, func(i int, is bool) { fresh[at[i]] = is }); err != nil {
		return err
	}
	for i := range rows {
		tell(i, fresh[i])
	}
	return nil
}

// there gives the keys of the rows that stand below.
func (x *draftTx) there(t *ledger.Table, rows []ledger.Row) (map[string]bool, error) {
	out := map[string]bool{}
	for part := range ledger.Portions(rows) {
		c := ledger.Cond{Column: t.Columns[0].Name, Op: ledger.In}
		for _, row := range part {
			if n := len(c.Values); n == 0 || c.Values[n-1] != row[0] {
				c.Values = append(c.Values, row[0])
			}
		}
		for row, err := range x.below.Rows(x.ctx, ledger.Query{Table: t, Where: []ledger.Cond{c}, Only: []string{}}) {
			if err != nil {
				return nil, err
			}
			out[keyText(t, row)] = true
		}
	}
	return out, nil
}

func keyText(t *ledger.Table, row ledger.Row) string {
	var key []byte
	for _, v := range row[:t.KeyLen] {
		key = v.Append(key)
	}
	return string(key)
}
