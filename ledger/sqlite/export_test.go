package sqlite

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"revcycle/ledger"
)

// LimitPages makes the disk look full when the file has n pages more than now.
func (s *Store) LimitPages(n int64) error {
	now, err := one(s.writer, "PRAGMA page_count")
	if err != nil {
		return err
	}
	return sqlitex.ExecuteTransient(s.writer, fmt.Sprintf("PRAGMA max_page_count = %d", now+n), nil)
}

// Plan gives the steps in which SQLite answers a query.
func (s *Store) Plan(q ledger.Query) (steps []string, err error) {
	w := wordRows(q)
	var b wording
	b.sql.WriteString("EXPLAIN QUERY PLAN " + w.sql.String())
	b.values = w.values
	err = s.ask(context.Background(), "plan", &b, func(stmt *sqlite.Stmt) (bool, error) {
		steps = append(steps, stmt.ColumnText(3))
		return true, nil
	})
	return steps, err
}
