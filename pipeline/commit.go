package pipeline

import (
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

// commit appends writes and their units' rows in one transaction, then runs what follows each.
func (env *Env) commit(ctx context.Context, writes ...*write) error {
	if len(writes) == 0 {
		return nil
	}
	_, err := env.Store.Do(ctx, writes[0].unit, func(tx ledger.Tx) error {
		for _, t := range merge(writes) {
			if err := t.appendTo(tx); err != nil {
				return err
			}
		}
		return tell(tx, writes)
	})
	for _, w := range writes {
		if err == nil && w.after != nil {
			err = w.after()
		}
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
		err = fmt.Errorf("one of %d units was done before", len(others))
	}
	return err
}

// merged is what some writes append to one table.
type merged struct {
	table *ledger.Table
	rows  []mergedRow
	count bool // some rows are counted
}

type mergedRow struct {
	row   ledger.Row
	count counting // nil where nobody asks
	tally *Tally
}

// merge gives the rows of writes by table and, in it, by key: neighbours in the key's index are written and read
// together. Of rows with one key the earliest stays the first.
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
			for i, row := range p.rows {
				r := mergedRow{row: row, tally: &w.tally}
				if p.count != nil {
					r.count = p.count[i]
				}
				m.rows = append(m.rows, r)
			}
		}
	}
	for _, m := range out {
		slices.SortStableFunc(m.rows, func(a, b mergedRow) int { return m.table.CompareKeys(a.row, b.row) })
	}
	return out
}

func (m *merged) appendTo(tx ledger.Tx) error {
	rows := make([]ledger.Row, len(m.rows))
	for i := range m.rows {
		rows[i] = m.rows[i].row
	}
	if !m.count {
		_, err := tx.Append(m.table, rows...)
		return err
	}
	return tx.AppendEach(m.table, rows, func(i int, fresh bool) {
		if r := &m.rows[i]; r.count != nil {
			r.count(r.tally, fresh)
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
