package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"revcycle/ledger"
)

// rowsPerStatement is how many rows one INSERT takes; one statement for each row takes half as long again.
const rowsPerStatement = 50

// Do is ledger.Store's. A Do inside a Do would wait for itself for ever.
func (s *Store) Do(ctx context.Context, u ledger.Unit, f func(ledger.Tx) error) (done bool, err error) {
	doing := strings.TrimSpace(fmt.Sprintf("unit %d %s %s", u.Batch, u.Stage, u.Key))
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return false, fmt.Errorf("ledger: %s: %w", doing, ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("ledger: %s: %w", doing, err)
	}
	if s.isClosed() {
		return false, errClosed
	}
	if s.writer == nil {
		return false, fmt.Errorf("ledger: %s: the ledger was opened for reading only: %w", doing, ledger.ErrStore)
	}
	c := s.writer
	c.SetInterrupt(ctx.Done())
	defer c.SetInterrupt(nil)
	if err := run(c, "BEGIN IMMEDIATE"); err != nil {
		return false, faultIn(ctx, doing+": begin", err)
	}
	x := &tx{ctx: ctx, conn: c, insert: s.insert, doing: doing}
	defer func() { // also when f panics
		x.over = true
		err = errors.Join(err, x.rollBack())
	}()
	if done, err := x.isDone(u); err != nil || done {
		return done, err
	}
	if err := f(x); err != nil {
		return false, err
	}
	return false, x.commit(u)
}

func (s *Store) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// run executes a statement that gives no rows, kept prepared.
func run(c *sqlite.Conn, query string) error { return sqlitex.Execute(c, query, nil) }

// tx is the transaction of one Do.
type tx struct {
	ctx    context.Context
	conn   *sqlite.Conn
	insert map[*ledger.Table]insertions
	doing  string
	tally  []byte
	bind   binder
	err    error // what went wrong first: nothing is appended or committed after it
	over   bool
}

func (x *tx) isDone(u ledger.Unit) (bool, error) {
	stmt, err := x.conn.Prepare(`SELECT 1 FROM "unit" WHERE "batch" = ? AND "stage" = ? AND "key" = ?`)
	if err != nil {
		return false, faultIn(x.ctx, x.doing, err)
	}
	stmt.BindInt64(1, u.Batch)
	stmt.BindText(2, u.Stage)
	stmt.BindText(3, u.Key)
	found, err := stmt.Step()
	if err != nil {
		return false, faultIn(x.ctx, x.doing, err)
	}
	if err := stmt.Reset(); err != nil {
		return false, faultIn(x.ctx, x.doing, err)
	}
	return found, nil
}

// commit adds the unit's own row and makes everything durable. Once the COMMIT has begun, the context no longer
// counts: either way it is then known what happened.
func (x *tx) commit(u ledger.Unit) error {
	if x.err != nil {
		return x.err
	}
	fresh, err := x.Append(ledger.Units, u.Row(x.tally))
	if err != nil {
		return err
	}
	if fresh != 1 {
		return fmt.Errorf("ledger: %s: the unit's own row was appended inside it", x.doing)
	}
	if err := x.ctx.Err(); err != nil {
		return fmt.Errorf("ledger: %s: %w", x.doing, err)
	}
	x.conn.SetInterrupt(nil)
	if err := run(x.conn, "COMMIT"); err != nil {
		return fault(x.doing+": commit", err)
	}
	return nil
}

// rollBack ends the transaction where commit did not.
func (x *tx) rollBack() error {
	if x.conn.AutocommitEnabled() {
		return nil // committed, or SQLite rolled back by itself (disk full)
	}
	x.conn.SetInterrupt(nil)
	if err := run(x.conn, "ROLLBACK"); err != nil {
		return fault(x.doing+": roll back", err)
	}
	return nil
}

// Tally is ledger.Tx's.
func (x *tx) Tally(json []byte) { x.tally = slices.Clone(json) }

// Append is ledger.Tx's.
func (x *tx) Append(t *ledger.Table, rows ...ledger.Row) (fresh int, err error) {
	err = x.append(t, rows, func(_ []ledger.Row, _, added int) error { fresh += added; return nil })
	if err != nil {
		return 0, err
	}
	return fresh, nil
}

// AppendEach is ledger.Tx's.
func (x *tx) AppendEach(t *ledger.Table, rows []ledger.Row, tell func(int, bool)) error {
	return x.append(t, rows, func(put []ledger.Row, at, added int) error {
		isNew, err := x.whichNew(t, put, added)
		if err != nil {
			return err
		}
		for i := range put {
			tell(at+i, isNew == nil || isNew[i])
		}
		return nil
	})
}

// append puts the rows and tells, after each statement, which rows it had and how many of them were new.
func (x *tx) append(t *ledger.Table, rows []ledger.Row, told func(put []ledger.Row, at, added int) error) error {
	if x.over {
		return fmt.Errorf("ledger: %s: append to %s: the unit is over", x.doing, t.Name)
	}
	if x.err != nil {
		return x.err
	}
	for _, r := range rows {
		if err := t.Check(r); err != nil {
			x.err = err
			return err
		}
	}
	words, known := x.insert[t]
	if !known {
		x.err = fmt.Errorf("ledger: %s: there is no table %s", x.doing, t.Name)
		return x.err
	}
	for at := 0; at < len(rows); {
		n, query := 1, words.one
		if len(rows)-at >= rowsPerStatement {
			n, query = rowsPerStatement, words.many
		}
		added, err := x.put(query, t, rows[at:at+n])
		if err == nil && words.document != "" && added > 0 {
			err = x.putDocuments(t, rows[at:at+n], added)
		}
		if err == nil {
			err = told(rows[at:at+n], at, added)
		}
		if err != nil {
			x.err = faultIn(x.ctx, x.doing+": append to "+t.Name, err)
			return x.err
		}
		at += n
	}
	return nil
}

// whichNew says which of the rows of the last statement were new, nil for all of them: those are the last rows of
// the table, in the order in which they were put.
func (x *tx) whichNew(t *ledger.Table, put []ledger.Row, added int) ([]bool, error) {
	if added == len(put) {
		return nil, nil
	}
	isNew := make([]bool, len(put))
	if added == 0 {
		return isNew, nil
	}
	stmt, err := x.conn.Prepare(x.insert[t].last)
	if err != nil {
		return nil, err
	}
	defer stmt.Reset()
	stmt.BindInt64(1, int64(added))
	keys := newScan(t, columnsOf(ledger.Query{Table: t, Only: []string{}}))
	for at := len(put) - 1; ; {
		more, err := stmt.Step()
		if err != nil || !more {
			return isNew, err
		}
		key, err := keys.read(stmt)
		if err != nil {
			return nil, err
		}
		// Of several rows with one key the first was new: the search goes on to it.
		for ; at >= 0; at-- {
			if t.CompareKeys(put[at], key) == 0 && !slices.ContainsFunc(put[:at], func(r ledger.Row) bool { return t.CompareKeys(r, key) == 0 }) {
				isNew[at] = true
				break
			}
		}
	}
}

// put runs an INSERT of exactly these rows.
func (x *tx) put(query string, t *ledger.Table, rows []ledger.Row) (fresh int, err error) {
	stmt, err := x.conn.Prepare(query)
	if err != nil {
		return 0, err
	}
	i, apart := 1, documentApart(t)
	for _, r := range rows {
		for at, v := range r {
			switch {
			case at == apart:
				continue
			case v.Null() && emptyForNull(t, at):
				stmt.BindText(i, "")
			default:
				x.bind.bind(stmt, i, v)
			}
			i++
		}
	}
	if _, err := stmt.Step(); err != nil {
		return 0, err
	}
	return x.conn.Changes(), nil
}

// putDocuments puts the documents of those rows of the last statement that were new: these have the table's last rowids.
func (x *tx) putDocuments(t *ledger.Table, put []ledger.Row, added int) error {
	row := x.conn.LastInsertRowID() - int64(added) + 1
	isNew, err := x.whichNew(t, put, added)
	if err != nil {
		return err
	}
	stmt, err := x.conn.Prepare(x.insert[t].document)
	if err != nil {
		return err
	}
	apart := documentApart(t)
	for i := range put {
		if isNew != nil && !isNew[i] {
			continue
		}
		stmt.BindInt64(1, row)
		x.bind.bind(stmt, 2, put[i][apart])
		if _, err := stmt.Step(); err != nil {
			return err
		}
		if err := stmt.Reset(); err != nil {
			return err
		}
		row++
	}
	return nil
}

// insertions are a table's INSERT statements, of one row and of rowsPerStatement, and of a document that is kept apart
// ("" where none is); and the question for the keys of its last rows.
type insertions struct{ one, many, document, last string }

func wordInsertions() map[*ledger.Table]insertions {
	all := map[*ledger.Table]insertions{}
	for _, t := range ledger.Tables {
		words := insertions{one: wordInsertion(t, 1), many: wordInsertion(t, rowsPerStatement),
			last: "SELECT " + keyList(t) + " FROM " + quote(t.Name) + " ORDER BY rowid DESC LIMIT ?"}
		if documentApart(t) >= 0 {
			words.document = "INSERT OR ROLLBACK INTO " + documents(t) + " VALUES (?, ?)"
		}
		all[t] = words
	}
	return all
}

func wordInsertion(t *ledger.Table, rows int) string {
	columns := len(t.Columns)
	if documentApart(t) >= 0 {
		columns--
	}
	one := "(?" + strings.Repeat(",?", columns-1) + ")"
	return "INSERT OR ROLLBACK INTO " + quote(t.Name) + " VALUES " + one + strings.Repeat(","+one, rows-1) + " ON CONFLICT DO NOTHING"
}
