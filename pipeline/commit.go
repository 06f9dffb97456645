package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"revcycle/ledger"
)

// manyRows is how many rows of writes wait for one commit. IDs are hashes: a commit writes about a page
// of each index for every row, and the same page but once, so that many rows at once cost less than
// few. What a kill takes away is the work on so many rows.
const manyRows = 40_000

// group is writes that wait for their commit, in the order of their units.
type group struct {
	writes []*write
	rows   int
}

func (g *group) take(w *write) {
	g.writes = append(g.writes, w)
	for _, p := range w.parts {
		g.rows += len(p.rows)
	}
}

// name tells which units wait.
func (g *group) name() string {
	if len(g.writes) == 0 {
		return "no unit"
	}
	first, last := g.writes[0].unit.Key, g.writes[len(g.writes)-1].unit.Key
	if first == last {
		return first
	}
	return first + " to " + last
}

// commit appends writes and their units' rows in one transaction.
func (env *Env) commit(ctx context.Context, writes ...*write) error {
	return env.commitAlong(ctx, nil, writes...)
}

// commitAlong is commit with a part for somebody else in the same transaction. Where one of the units was done
// before, nothing is appended and the error wraps ErrTwin.
func (env *Env) commitAlong(ctx context.Context, along func(ledger.Tx) error, writes ...*write) error {
	if len(writes) == 0 {
		return nil
	}
	for _, w := range writes {
		w.sort()
		w.tally.Units = 1
	}
	done, err := env.Store.Do(ctx, writes[0].unit, func(tx ledger.Tx) error {
		for _, t := range merge(writes) {
			if err := t.appendTo(tx); err != nil {
				return err
			}
		}
		if err := tell(tx, writes); err != nil || along == nil {
			return err
		}
		return along(tx)
	})
	if err == nil && done {
		err = fmt.Errorf("unit %s %s: %w", writes[0].unit.Stage, writes[0].unit.Key, ErrTwin)
	}
	return err
}

// tell gives each unit its tally: the first with the transaction, whose unit it is, the others with their own rows.
func tell(tx ledger.Tx, writes []*write) error {
	var others []ledger.Row
	for i, w := range writes {
		tally, err := json.Marshal(w.tally)
		if err != nil {
			return err
		}
		if i == 0 {
			tx.Tally(tally)
		} else {
			others = append(others, w.unit.Row(tally))
		}
	}
	fresh, err := tx.Append(ledger.Units, others...)
	if err == nil && fresh != len(others) {
		err = fmt.Errorf("one of %d units: %w", len(others), ErrTwin)
	}
	return err
}

// sort puts the rows of each table in the order of their keys; of rows with one key the earliest stays the first.
func (w *write) sort() {
	if w.sorted {
		return
	}
	w.sorted = true
	for i := range w.parts {
		p := &w.parts[i]
		order := make([]int, len(p.rows))
		for k := range order {
			order[k] = k
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Or(p.table.CompareKeys(p.rows[a], p.rows[b]), a-b) })
		p.rows = permuted(p.rows, order)
		if p.count != nil {
			p.count = permuted(p.count, order)
		}
	}
}

func permuted[T any](list []T, order []int) []T {
	out := make([]T, len(list))
	for i, at := range order {
		out[i] = list[at]
	}
	return out
}

// merged is what some writes append to one table.
type merged struct {
	table *ledger.Table
	runs  [][]entry
	rows  []ledger.Row
	of    []source // beside rows, where some are counted
	count bool
}

// entry is a row with who counts it.
type entry struct {
	row ledger.Row
	source
}

// source says who counts a row.
type source struct {
	count counting // nil where nobody asks
	tally *Tally
}

// merge gives the rows of sorted writes by table and, in it, by key: neighbours in the key's index are written and
// read together. Of rows with one key that of the earliest write comes first.
func merge(writes []*write) []*merged {
	var out []*merged
	at := map[*ledger.Table]*merged{}
	for _, w := range writes {
		for _, p := range w.parts {
			m := at[p.table]
			if m == nil {
				m = &merged{table: p.table}
				at[p.table] = m
				out = append(out, m)
			}
			m.count = m.count || p.count != nil
			m.runs = append(m.runs, p.entries(&w.tally))
		}
	}
	for _, m := range out {
		m.merge()
	}
	return out
}

func (p *part) entries(t *Tally) []entry {
	out := make([]entry, len(p.rows))
	for i, row := range p.rows {
		out[i] = entry{row, source{tally: t}}
		if p.count != nil {
			out[i].count = p.count[i]
		}
	}
	return out
}

// merge joins neighbouring runs until one is left.
func (m *merged) merge() {
	for len(m.runs) > 1 {
		half := m.runs[:0]
		for pair := range slices.Chunk(m.runs, 2) {
			if len(pair) == 2 {
				pair[0] = m.join(pair[0], pair[1])
			}
			half = append(half, pair[0])
		}
		m.runs = half
	}
	m.rows = make([]ledger.Row, len(m.runs[0]))
	for i, e := range m.runs[0] {
		m.rows[i] = e.row
		if m.count {
			m.of = append(m.of, e.source)
		}
	}
}

// join merges two runs; of rows with one key that of a comes first.
func (m *merged) join(a, b []entry) []entry {
	out := make([]entry, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if m.table.CompareKeys(b[0].row, a[0].row) < 0 {
			out, b = append(out, b[0]), b[1:]
		} else {
			out, a = append(out, a[0]), a[1:]
		}
	}
	return append(append(out, a...), b...)
}

func (m *merged) appendTo(tx ledger.Tx) error {
	if !m.count {
		_, err := tx.Append(m.table, m.rows...)
		return err
	}
	return tx.AppendEach(m.table, m.rows, func(i int, fresh bool) {
		if s := m.of[i]; s.count != nil {
			s.count(s.tally, fresh)
		}
	})
}

// one is 1 for a row that was new.
func one(fresh bool) int {
	if fresh {
		return 1
	}
	return 0
}
