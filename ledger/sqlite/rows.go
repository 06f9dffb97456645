package sqlite

import (
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"revcycle/ledger"
)

// rowsPerSnapshot is after how many rows a range lets go of its snapshot. As long as one is held, the WAL grows with
// all that is appended, and everyone reads more slowly.
const rowsPerSnapshot = 20_000

// place is how far a range has come.
type place struct {
	key  ledger.Row // of the last row given
	last int64      // the highest rowid of the range's first snapshot: rowids rise in the order of commits
}

// Rows is ledger.Store's. A long range reads in several snapshots and leaves out what came after the first one.
func (s *Store) Rows(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Row, error] {
	return func(yield func(ledger.Row, error) bool) {
		if err := q.Check(); err != nil {
			yield(nil, err)
			return
		}
		r := &ranging{store: s, ctx: ctx, q: q, scan: newScan(q.Table, columnsOf(q)), yield: yield, whole: short(q)}
		for goOn := true; goOn; {
			r.given, r.cut = 0, false
			if err := s.ask(ctx, "read "+q.Table.Name, wordRows(q, r.at), r.give); err != nil {
				yield(nil, err)
				return
			}
			if goOn = r.cut; goOn {
				if err := s.relieve(); err != nil {
					yield(nil, err)
					return
				}
			}
		}
	}
}

// relieve copies a long WAL into the file between two snapshots, so that the writer may begin it anew: the checkpoint
// of a commit cannot, since a range holds a snapshot while its caller appends.
func (s *Store) relieve() error {
	info, err := os.Stat(s.path + "-wal")
	if s.writer == nil || err != nil || info.Size() < checkpointPages*pageBytes {
		return nil // not ours to write, or nothing to do
	}
	c, err := s.borrow()
	if err != nil {
		return err
	}
	defer s.giveBack(c)
	if err := run(c, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		return fault("checkpoint", err)
	}
	return nil
}

// short reports whether a query's range is bounded by what it asks for: so many rows, or those of many values, which
// it would cost to ask for again.
func short(q ledger.Query) bool {
	values := 0
	for _, c := range q.Where {
		values += len(c.Values)
	}
	return q.Limit > 0 || values > 200
}

// ranging is one use of what Rows returned.
type ranging struct {
	store *Store
	ctx   context.Context
	q     ledger.Query
	scan  *scan
	yield func(ledger.Row, error) bool
	at    *place // nil in the first snapshot
	given int    // rows, in this snapshot
	cut   bool   // this snapshot was ended before its last row
	whole bool   // the range does not gain by more snapshots
}

// give hands one row on and says whether to read the next one in this snapshot.
func (r *ranging) give(c *sqlite.Conn, stmt *sqlite.Stmt) (bool, error) {
	if err := r.ctx.Err(); err != nil {
		return false, fmt.Errorf("ledger: read %s: %w", r.q.Table.Name, err)
	}
	row, err := r.scan.read(stmt)
	if err != nil {
		return false, err
	}
	if !r.yield(row, nil) {
		return false, nil
	}
	r.given++
	if r.whole || r.given < r.store.perSnapshot {
		return true, nil
	}
	if err := r.note(c, row); err != nil {
		return false, faultIn(r.ctx, "read "+r.q.Table.Name, err)
	}
	r.cut = !r.whole
	return r.whole, nil
}

// note remembers the place behind a row, while its snapshot is still held. Where SQLite would have to sort to go on
// from there, the range stays in its snapshot.
func (r *ranging) note(c *sqlite.Conn, row ledger.Row) error {
	at := &place{key: slices.Clone(row[:r.q.Table.KeyLen])}
	if r.at != nil {
		at.last = r.at.last
	} else {
		last, err := one(c, "SELECT max(rowid) FROM "+quote(r.q.Table.Name))
		if err != nil {
			return err
		}
		at.last = last
		steps, err := plan(c, wordRows(r.q, at))
		if err != nil {
			return err
		}
		r.whole = strings.Contains(strings.Join(steps, "\n"), "TEMP B-TREE")
	}
	r.at = at
	return nil
}

// plan gives the steps in which SQLite would run a statement.
func plan(c *sqlite.Conn, w *wording) (steps []string, err error) {
	stmt, _, err := c.PrepareTransient("EXPLAIN QUERY PLAN " + w.sql.String())
	if err != nil {
		return nil, err
	}
	defer stmt.Finalize()
	w.bind(stmt)
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return steps, err
		}
		steps = append(steps, stmt.ColumnText(3))
	}
}
