package pipeline

import (
	"context"
	"encoding/json"
	"fmt"

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
	first := writes[0]
	_, err := env.Store.Do(ctx, first.unit, func(tx ledger.Tx) error {
		for _, w := range writes {
			tally, err := w.appendTo(tx)
			if err != nil {
				return err
			}
			if w == first {
				tx.Tally(tally)
				continue
			}
			switch fresh, err := tx.Append(ledger.Units, w.unit.Row(tally)); {
			case err != nil:
				return err
			case fresh != 1:
				return fmt.Errorf("unit %s %s was done before", w.unit.Stage, w.unit.Key)
			}
		}
		return nil
	})
	for _, w := range writes {
		if err == nil && w.after != nil {
			err = w.after()
		}
	}
	return err
}

// appendTo appends a write's rows, and gives its tally as a unit's row keeps it.
func (w *write) appendTo(tx ledger.Tx) ([]byte, error) {
	for _, p := range w.parts {
		if p.count == nil {
			if _, err := tx.Append(p.table, p.rows...); err != nil {
				return nil, err
			}
			continue
		}
		err := tx.AppendEach(p.table, p.rows, func(i int, fresh bool) {
			if p.count[i] != nil {
				p.count[i](&w.tally, fresh)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return json.Marshal(w.tally)
}

// one is 1 for a row that was new.
func one(fresh bool) int {
	if fresh {
		return 1
	}
	return 0
}
