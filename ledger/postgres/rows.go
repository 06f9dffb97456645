package postgres

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"revcycle/ledger"
)

// restOfRange is how many rows of a range that was broken off are read to its end; with more, its connection is given
// up, which is cheaper.
const restOfRange = 200

// Rows is ledger.Store's: one statement, whose rows come as the caller takes them. A range holds a connection.
func (s *Store) Rows(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Row, error] {
	return func(yield func(ledger.Row, error) bool) {
		if err := q.Check(); err != nil {
			yield(nil, err)
			return
		}
		if tables[q.Table] == nil {
			yield(nil, fmt.Errorf("ledger: there is no table %s", q.Table.Name))
			return
		}
		x := newScan(q.Table, columnsOf(q))
		goOn := true
		err := s.question(ctx, "read "+q.Table.Name, wordRows(q), func(raw [][]byte) (bool, error) {
			row, err := x.read(raw)
			if err != nil {
				return false, err
			}
			goOn = yield(row, nil)
			return goOn, nil
		})
		if err != nil && goOn {
			yield(nil, err)
		}
	}
}

// Sums is ledger.Store's.
func (s *Store) Sums(ctx context.Context, q ledger.Query, by, of []string) ([]ledger.Row, error) {
	if err := q.CheckSums(by, of); err != nil {
		return nil, err
	}
	if tables[q.Table] == nil {
		return nil, fmt.Errorf("ledger: there is no table %s", q.Table.Name)
	}
	var out []ledger.Row
	x := newSumScan(q.Table, by, of)
	err := s.question(ctx, "sum "+q.Table.Name, wordSums(q, by, of), func(raw [][]byte) (bool, error) {
		row, err := x.read(raw)
		out = append(out, slices.Clone(row))
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// question runs a question and calls each for every row of the answer, until that returns false. Connections do not
// read tables from end to end where an index can answer, since plans are made once, when tables may be empty; a broad
// question, to which every row may belong, lets them.
func (s *Store) question(ctx context.Context, doing string, w *wording, each func([][]byte) (bool, error)) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ledger: %s: %w", doing, err)
	}
	conn, rows, err := s.query(ctx, w)
	if err != nil {
		return faultIn(ctx, doing, err)
	}
	defer conn.Release()
	if w.broad {
		defer narrow(ctx, conn)
	}
	defer rows.Close()
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			conn.Conn().Close(ctx)
			return fmt.Errorf("ledger: %s: %w", doing, err)
		}
		goOn, err := each(rows.RawValues())
		if err != nil {
			conn.Conn().Close(ctx)
			return fault(doing, err)
		}
		if !goOn {
			breakOff(ctx, conn, rows)
			return nil
		}
	}
	return faultIn(ctx, doing, rows.Err())
}

// query sends a question. Where the server was started again, connections that lay idle are dead: the second try has a new one.
func (s *Store) query(ctx context.Context, w *wording) (*pgxpool.Conn, pgx.Rows, error) {
	args := append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, w.args...)
	for try := 0; ; try++ {
		conn, err := s.acquire(ctx)
		if err != nil {
			return nil, nil, err
		}
		if w.broad {
			_, err = conn.Exec(ctx, "SET "+seqScan+" = on")
		}
		if err == nil {
			var rows pgx.Rows
			if rows, err = conn.Query(ctx, w.sql.String(), args...); err == nil {
				return conn, rows, nil
			}
			rows.Close()
		}
		dead := conn.Conn().IsClosed()
		conn.Release()
		if !dead || try > 0 || ctx.Err() != nil {
			return nil, nil, err
		}
		s.pool.Reset()
	}
}

// narrow takes back what a broad question was allowed.
func narrow(ctx context.Context, conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWait)
	defer cancel()
	if _, err := conn.Exec(ctx, "SET "+seqScan+" = off"); err != nil {
		conn.Conn().Close(ctx)
	}
}

// breakOff ends a range before its end.
func breakOff(ctx context.Context, conn *pgxpool.Conn, rows pgx.Rows) {
	for range restOfRange {
		if !rows.Next() {
			return
		}
	}
	conn.Conn().Close(ctx)
}

// scan reads the rows of one answer into the same row again and again.
type scan struct {
	table string
	names []string
	kinds []ledger.Kind
	at    []int // where in the row a column of the answer goes
	row   ledger.Row
}

// newScan is for an answer of some of a table's columns; the row's others stay null.
func newScan(t *ledger.Table, columns []int) *scan {
	x := &scan{table: t.Name, at: columns, row: make(ledger.Row, len(t.Columns))}
	for _, i := range columns {
		x.column(t, i)
	}
	return x
}

func newSumScan(t *ledger.Table, by, of []string) *scan {
	x := &scan{table: t.Name}
	for _, name := range by {
		x.column(t, t.At(name))
	}
	x.names, x.kinds = append(x.names, "count"), append(x.kinds, ledger.KindInt)
	for _, name := range of {
		x.column(t, t.At(name))
	}
	x.at = upTo(len(x.kinds))
	x.row = make(ledger.Row, len(x.kinds))
	return x
}

func (x *scan) column(t *ledger.Table, i int) {
	x.names = append(x.names, t.Columns[i].Name)
	x.kinds = append(x.kinds, t.Columns[i].Kind)
}

func (x *scan) read(raw [][]byte) (ledger.Row, error) {
	if len(raw) != len(x.kinds) {
		return nil, ours("%s answers %d columns, not %d", x.table, len(raw), len(x.kinds))
	}
	for i, k := range x.kinds {
		cell := &x.row[x.at[i]]
		v, err := field(k, raw[i], *cell)
		if err != nil {
			return nil, ours("column %s of %s: %v: the database was changed by another program", x.names[i], x.table, err)
		}
		*cell = v
	}
	return x.row, nil
}
