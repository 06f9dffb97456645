package sqlite

import (
	"fmt"

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

// RowsPerSnapshot makes long ranges of short ones.
func (s *Store) RowsPerSnapshot(n int) { s.perSnapshot = n }

// Plan gives the steps in which SQLite answers a query; behind, those in which a long range goes on.
func (s *Store) Plan(q ledger.Query, behind bool) (steps []string, err error) {
	c, err := s.borrow()
	if err != nil {
		return nil, err
	}
	defer s.giveBack(c)
	if behind {
		return plan(c, wordRows(q, &place{key: make(ledger.Row, q.Table.KeyLen)}))
	}
	return plan(c, wordRows(q, nil))
}

// SumPlan gives the steps in which SQLite answers a query for sums of some columns.
func (s *Store) SumPlan(q ledger.Query, of ...string) (steps []string, err error) {
	c, err := s.borrow()
	if err != nil {
		return nil, err
	}
	defer s.giveBack(c)
	return plan(c, wordTotal(q, of))
}
