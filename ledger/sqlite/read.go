package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"revcycle/ledger"
)

// openReader opens a connection that may only read. A change that was cut off before the ledger was in WAL mode, while it was being
// made, must be taken back first, which a connection that may only read cannot do.
func (s *Store) openReader() (*sqlite.Conn, error) {
	c, err := s.tryReader()
	if s.writer != nil || sqlite.ErrCode(err) != sqlite.ResultReadOnlyRollback {
		return c, err
	}
	w, openErr := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	if openErr != nil {
		return nil, err
	}
	w.SetBusyTimeout(busyWait)
	_, takeBack := one(w, "SELECT count(*) FROM sqlite_schema")
	if errors.Join(takeBack, w.Close()) != nil {
		return nil, err
	}
	return s.tryReader()
}

func (s *Store) tryReader() (*sqlite.Conn, error) {
	flags := sqlite.OpenReadWrite
	if s.writer == nil {
		flags = sqlite.OpenReadOnly
	}
	c, err := sqlite.OpenConn(s.path, flags)
	if err != nil {
		return nil, fault("open "+s.path+" for reading", err)
	}
	c.SetBusyTimeout(busyWait)
	for _, p := range []string{
		"PRAGMA query_only = ON",
		"PRAGMA trusted_schema = OFF",
		fmt.Sprintf("PRAGMA cache_size = -%d", readerCacheKiB),
	} {
		if err := sqlitex.ExecuteTransient(c, p, nil); err != nil {
			return nil, errors.Join(fault("open "+s.path+" for reading", err), c.Close())
		}
	}
	return c, nil
}

// borrow gives a reader for one question. There is no bound on how many are lent, since ranges may nest; no more
// than idleReaders are kept.
func (s *Store) borrow() (*sqlite.Conn, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, errClosed
	}
	if n := len(s.idle); n > 0 {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	return s.openReader()
}

func (s *Store) giveBack(c *sqlite.Conn) {
	s.mu.Lock()
	keep := !s.closed && len(s.idle) < idleReaders
	if keep {
		s.idle = append(s.idle, c)
	}
	s.mu.Unlock()
	if !keep {
		c.Close() // it only read; there is nothing to lose
	}
}

// ask runs a question's statement and calls each for every row of the answer, until that returns false.
func (s *Store) ask(ctx context.Context, doing string, w *wording, each func(*sqlite.Conn, *sqlite.Stmt) (bool, error)) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ledger: %s: %w", doing, err)
	}
	c, err := s.borrow()
	if err != nil {
		return err
	}
	defer s.giveBack(c)
	c.SetInterrupt(ctx.Done())
	defer c.SetInterrupt(nil)
	stmt, err := c.Prepare(w.sql.String())
	if err != nil {
		return faultIn(ctx, doing, err)
	}
	defer stmt.Reset() // ends the snapshot; what failed has been told by Step
	w.bind(stmt)
	for {
		more, err := stmt.Step()
		if err != nil {
			return faultIn(ctx, doing, err)
		}
		if !more {
			return nil
		}
		if goOn, err := each(c, stmt); err != nil || !goOn {
			return err
		}
	}
}

// Sums is ledger.Store's. Rows are added up here: SQLite would sort them to group them, which costs twice as much.
func (s *Store) Sums(ctx context.Context, q ledger.Query, by, of []string) ([]ledger.Row, error) {
	if err := q.CheckSums(by, of); err != nil {
		return nil, err
	}
	if len(by) == 0 {
		return s.total(ctx, q, of)
	}
	groups := ledger.NewGroups(q.Table, by, of)
	wanted := slices.Concat(by, of)
	columns := make([]int, len(wanted))
	for i, name := range wanted {
		columns[i] = q.Table.At(name)
	}
	x := newScan(q.Table, columns)
	err := s.ask(ctx, "sum "+q.Table.Name, wordUnordered(q, columns), func(_ *sqlite.Conn, stmt *sqlite.Stmt) (bool, error) {
		row, err := x.read(stmt)
		if err != nil {
			return false, err
		}
		return true, groups.Add(row)
	})
	if err != nil {
		return nil, err
	}
	return groups.Rows(), nil
}

// total is the one row of sums without groups, which SQLite counts faster than it gives rows.
func (s *Store) total(ctx context.Context, q ledger.Query, of []string) (out []ledger.Row, err error) {
	x := newTotalScan(q.Table, of)
	err = s.ask(ctx, "sum "+q.Table.Name, wordTotal(q, of), func(_ *sqlite.Conn, stmt *sqlite.Stmt) (bool, error) {
		row, err := x.read(stmt)
		out = []ledger.Row{row}
		return true, err
	})
	return out, err
}
