// Package mem keeps a ledger in memory: the model that the other stores are held to, and a store for tests.
//
// A table is a slice of rows in the order of their arrival, only ever appended to; a snapshot is that slice as it
// was. Every question walks the whole table, so this store is for thousands of rows, not millions.
package mem

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"revcycle/ledger"
)

// Store is a ledger.Store in memory. It is gone when the program ends.
type Store struct {
	turn chan struct{} // holds one token: the Do that has it may append

	mu     sync.Mutex // guards what follows
	closed bool
	tables map[*ledger.Table]*table
}

type table struct {
	rows []ledger.Row
	keys map[string]bool
}

// New is an empty ledger.
func New() *Store {
	s := &Store{turn: make(chan struct{}, 1), tables: map[*ledger.Table]*table{}}
	for _, t := range ledger.Tables {
		s.tables[t] = &table{keys: map[string]bool{}}
	}
	return s
}

// Close makes every later call fail.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// snapshot gives the rows of a table as they are now.
func (s *Store) snapshot(t *ledger.Table) ([]ledger.Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("ledger: the store is closed: %w", ledger.ErrStore)
	}
	kept := s.tables[t]
	if kept == nil {
		return nil, fmt.Errorf("ledger: there is no table %s", t.Name)
	}
	return kept.rows[:len(kept.rows):len(kept.rows)], nil
}

// Do is ledger.Store's.
func (s *Store) Do(ctx context.Context, u ledger.Unit, f func(ledger.Tx) error) (done bool, err error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if _, err := s.snapshot(ledger.Units); err != nil {
		return false, err
	}
	unit := u.Row(nil)
	if s.has(ledger.Units, keyOf(ledger.Units, unit)) {
		return true, nil
	}
	x := &tx{ctx: ctx, store: s, staged: map[*ledger.Table]*table{}}
	defer func() { x.over = true }()
	if err := f(x); err != nil {
		return false, err
	}
	if x.err != nil {
		return false, x.err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if fresh, err := x.Append(ledger.Units, u.Row(x.tally)); err != nil || fresh != 1 {
		return false, fmt.Errorf("ledger: the row of unit %d %s %s was appended inside the unit: %w", u.Batch, u.Stage, u.Key, err)
	}
	s.commit(x.staged)
	return false, nil
}

func (s *Store) has(t *ledger.Table, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tables[t].keys[key]
}

func (s *Store) commit(staged map[*ledger.Table]*table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, add := range staged {
		kept := s.tables[t]
		kept.rows = append(kept.rows, add.rows...)
		for k := range add.keys {
			kept.keys[k] = true
		}
	}
}

// tx is the transaction of one Do.
type tx struct {
	ctx    context.Context
	store  *Store
	staged map[*ledger.Table]*table
	tally  []byte
	err    error
	over   bool
}

// Append is ledger.Tx's.
func (x *tx) Append(t *ledger.Table, rows ...ledger.Row) (fresh int, err error) {
	err = x.AppendEach(t, rows, func(_ int, is bool) {
		if is {
			fresh++
		}
	})
	if err != nil {
		return 0, err
	}
	return fresh, nil
}

// AppendEach is ledger.Tx's.
func (x *tx) AppendEach(t *ledger.Table, rows []ledger.Row, tell func(int, bool)) (err error) {
	defer func() {
		if err != nil {
			x.err = err
		}
	}()
	if x.over {
		return fmt.Errorf("ledger: append to %s: the unit is over", t.Name)
	}
	if x.err != nil {
		return x.err
	}
	if err := x.ctx.Err(); err != nil {
		return err
	}
	if x.store.tables[t] == nil {
		return fmt.Errorf("ledger: there is no table %s", t.Name)
	}
	for _, r := range rows {
		if err := t.Check(r); err != nil {
			return err
		}
	}
	add := x.staged[t]
	if add == nil {
		add = &table{keys: map[string]bool{}}
		x.staged[t] = add
	}
	for i, r := range rows {
		k := keyOf(t, r)
		fresh := !add.keys[k] && !x.store.has(t, k)
		if fresh {
			add.keys[k] = true
			add.rows = append(add.rows, slices.Clone(r))
		}
		tell(i, fresh)
	}
	return nil
}

// Tally is ledger.Tx's.
func (x *tx) Tally(json []byte) { x.tally = slices.Clone(json) }

func keyOf(t *ledger.Table, r ledger.Row) string {
	var b []byte
	for i := range t.KeyLen {
		b = r[i].Append(b)
	}
	return string(b)
}

// Rows is ledger.Store's.
func (s *Store) Rows(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Row, error] {
	return func(yield func(ledger.Row, error) bool) {
		rows, err := s.meeting(ctx, q)
		if err != nil {
			yield(nil, err)
			return
		}
		slices.SortFunc(rows, q.Table.CompareKeys)
		if q.Limit > 0 && len(rows) > q.Limit {
			rows = rows[:q.Limit]
		}
		// One row is lent again and again, as the stores on disk do, so that who keeps one is found out here.
		lent := make(ledger.Row, len(q.Table.Columns))
		wanted := make([]bool, len(lent))
		for i, c := range q.Table.Columns {
			wanted[i] = q.Only == nil || i < q.Table.KeyLen || slices.Contains(q.Only, c.Name)
		}
		for _, r := range rows {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			for i, v := range r {
				if lent[i] = v; !wanted[i] {
					lent[i] = ledger.Value{}
				}
			}
			if !yield(lent, nil) {
				return
			}
		}
	}
}

// meeting gives the rows that meet the query's conditions, in no order.
func (s *Store) meeting(ctx context.Context, q ledger.Query) ([]ledger.Row, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all, err := s.snapshot(q.Table)
	if err != nil {
		return nil, err
	}
	tests := make([]func(ledger.Row) bool, len(q.Where))
	for i, c := range q.Where {
		tests[i] = test(q.Table.At(c.Column), c)
	}
	var rows []ledger.Row
next:
	for _, r := range all {
		for _, meets := range tests {
			if !meets(r) {
				continue next
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func test(at int, c ledger.Cond) func(ledger.Row) bool {
	known := func(r ledger.Row) bool { return !r[at].Null() }
	switch c.Op {
	case ledger.In:
		values := make(map[ledger.Value]bool, len(c.Values))
		for _, v := range c.Values {
			values[v] = true
		}
		return func(r ledger.Row) bool { return known(r) && values[r[at]] }
	case ledger.AtLeast:
		v := c.Values[0]
		return func(r ledger.Row) bool { return known(r) && !v.Null() && r[at].Compare(v) >= 0 }
	case ledger.Below:
		v := c.Values[0]
		return func(r ledger.Row) bool { return known(r) && !v.Null() && r[at].Compare(v) < 0 }
	case ledger.IsNull:
		return func(r ledger.Row) bool { return !known(r) }
	default: // Query.Check lets nothing else in
		return known
	}
}
