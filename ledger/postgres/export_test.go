package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"revcycle/ledger"
)

// Pool lets tests ask the database in a store's name.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Patience sets how long Do waits for the server to tell what became of a lost COMMIT.
func (s *Store) Patience(d time.Duration) { s.patience = d }

// Explain gives the plan of a query.
func (s *Store) Explain(ctx context.Context, q ledger.Query) (plan string, err error) {
	w := wordRows(q)
	rows, err := s.pool.Query(ctx, "EXPLAIN "+w.sql.String(), w.args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return "", err
		}
		plan += line + "\n"
	}
	return plan, rows.Err()
}

// Describe lists what the catalog must show.
func Describe() []string { return describe() }

// Escape and Unescape are how texts are kept.
var (
	Escape   = escape
	Unescape = unescape
)
