package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"revcycle/ledger"
)

// openReader opens a connection that may only read.
func (s *Store) openReader() (*sqlite.Conn, error) {
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
func (s *Store) ask(ctx context.Context, doing string, w *wording, each func(*sqlite.Stmt) (bool, error)) error {
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
		if goOn, err := each(stmt); err != nil || !goOn {
			return err
		}
	}
}

// Rows is ledger.Store's. The range holds a reader, and its snapshot keeps the WAL from being emptied, until it ends.
func (s *Store) Rows(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Row, error] {
	return func(yield func(ledger.Row, error) bool) {
		if err := q.Check(); err != nil {
			yield(nil, err)
			return
		}
		w := wordRows(q)
		x := newScan(q.Table)
		err := s.ask(ctx, "read "+q.Table.Name, w, func(stmt *sqlite.Stmt) (bool, error) {
			if err := ctx.Err(); err != nil {
				return false, fmt.Errorf("ledger: read %s: %w", q.Table.Name, err)
			}
			row, err := x.read(stmt)
			if err != nil {
				return false, err
			}
			return yield(row, nil), nil
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// Sums is ledger.Store's.
func (s *Store) Sums(ctx context.Context, q ledger.Query, by, of []string) ([]ledger.Row, error) {
	if err := q.CheckSums(by, of); err != nil {
		return nil, err
	}
	var out []ledger.Row
	x := newSumScan(q.Table, by, of)
	err := s.ask(ctx, "sum "+q.Table.Name, wordSums(q, by, of), func(stmt *sqlite.Stmt) (bool, error) {
		row, err := x.read(stmt)
		if err != nil {
			return false, err
		}
		out = append(out, append(ledger.Row(nil), row...))
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// wording is a statement under construction and the values for its parameters.
type wording struct {
	sql    strings.Builder
	values []ledger.Value
}

func (w *wording) bind(stmt *sqlite.Stmt) {
	var b binder
	for i, v := range w.values {
		b.bind(stmt, i+1, v)
	}
}

func wordRows(q ledger.Query) *wording {
	w := &wording{}
	w.sql.WriteString("SELECT ")
	for i, c := range q.Table.Columns {
		if i > 0 {
			w.sql.WriteString(", ")
		}
		w.sql.WriteString(quote(c.Name))
	}
	w.from(q)
	w.sql.WriteString(" ORDER BY " + keyList(q.Table))
	if q.Limit > 0 {
		w.sql.WriteString(" LIMIT ?")
		w.values = append(w.values, ledger.Int(int64(q.Limit)))
	}
	return w
}

func wordSums(q ledger.Query, by, of []string) *wording {
	w := &wording{}
	w.sql.WriteString("SELECT ")
	groups := make([]string, len(by))
	for i, name := range by {
		groups[i] = quote(name)
		w.sql.WriteString(groups[i] + ", ")
	}
	w.sql.WriteString("count(*)")
	for _, name := range of {
		w.sql.WriteString(", sum(" + quote(name) + ")")
	}
	w.from(q)
	if len(by) > 0 {
		list := strings.Join(groups, ", ")
		w.sql.WriteString(" GROUP BY " + list + " ORDER BY " + list)
	}
	return w
}

func (w *wording) from(q ledger.Query) {
	w.sql.WriteString(" FROM " + quote(q.Table.Name))
	for i, c := range q.Where {
		if i == 0 {
			w.sql.WriteString(" WHERE ")
		} else {
			w.sql.WriteString(" AND ")
		}
		w.condition(q.Table, c)
	}
}

func (w *wording) condition(t *ledger.Table, c ledger.Cond) {
	at := t.At(c.Column)
	name := quote(c.Column)
	empty := emptyForNull(t, at)
	switch c.Op {
	case ledger.In:
		w.in(name, c.Values)
	case ledger.AtLeast:
		w.sql.WriteString(name + " >= ?")
		w.values = append(w.values, c.Values[0])
	case ledger.Below:
		w.sql.WriteString(name + " < ?")
		w.values = append(w.values, c.Values[0])
		if empty {
			w.sql.WriteString(" AND " + name + " <> ''")
		}
	case ledger.IsNull:
		if empty {
			w.sql.WriteString(name + " = ''")
		} else {
			w.sql.WriteString(name + " IS NULL")
		}
	case ledger.NotNull:
		if empty {
			w.sql.WriteString(name + " <> ''")
		} else {
			w.sql.WriteString(name + " IS NOT NULL")
		}
	}
}

// in asks for one of the values. The number of parameters is rounded up to a power of two, with the last value
// repeated, so that a connection prepares few statements and uses them again.
func (w *wording) in(name string, values []ledger.Value) {
	first := len(w.values)
	for _, v := range values {
		if !v.Null() {
			w.values = append(w.values, v)
		}
	}
	n := len(w.values) - first
	switch n {
	case 0:
		w.sql.WriteString("0")
		return
	case 1:
		w.sql.WriteString(name + " = ?")
		return
	}
	width := 2
	for width < n {
		width *= 2
	}
	width = min(width, ledger.MaxIn)
	last := w.values[len(w.values)-1]
	for range width - n {
		w.values = append(w.values, last)
	}
	w.sql.WriteString(name + " IN (?" + strings.Repeat(",?", width-1) + ")")
}
