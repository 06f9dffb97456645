package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"revcycle/civil"
	"revcycle/ledger"
)

// Month is a posting month of the ledger.
type Month struct {
	First  civil.Date       // the month's first day
	Purged bool             // its partitions were detached
	Rows   map[string]int64 // by table: those of the partitions, none where they were purged
}

// Total is the number of the month's rows.
func (m Month) Total() (n int64) {
	for _, rows := range m.Rows {
		n += rows
	}
	return n
}

// Months lists the months that have, or had, partitions, oldest first, and counts their rows, which takes as long as
// reading them.
func (s *Store) Months(ctx context.Context) ([]Month, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, faultIn(ctx, "list the months", err)
	}
	defer conn.Release()
	var out []Month
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(x pgx.Tx) error {
		out, err = months(ctx, x)
		return err
	})
	return out, faultIn(ctx, "list the months", err)
}

func months(ctx context.Context, x pgx.Tx) ([]Month, error) {
	list := []Month{}
	err := eachRow(ctx, x, "SELECT posting_month, purged::int::bigint FROM revcycle.month ORDER BY posting_month", func(first civil.Date, purged int64) {
		list = append(list, Month{First: first, Purged: purged != 0, Rows: map[string]int64{}})
	})
	if err != nil {
		return nil, err
	}
	for _, t := range monthly {
		err := eachRow(ctx, x, "SELECT posting_month, count(*) FROM "+named(t.Name)+" GROUP BY posting_month", func(first civil.Date, n int64) {
			if i := slices.IndexFunc(list, func(m Month) bool { return m.First == first }); i >= 0 {
				list[i].Rows[t.Name] = n
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// eachRow reads an answer of a date and a whole number.
func eachRow(ctx context.Context, x pgx.Tx, query string, each func(civil.Date, int64)) error {
	rows, err := x.Query(ctx, query, pgx.QueryResultFormats{pgx.BinaryFormatCode})
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		raw := rows.RawValues()
		day, err := field(ledger.KindDate, raw[0], ledger.Value{})
		if err != nil {
			return err
		}
		n, err := field(ledger.KindInt, raw[1], ledger.Value{})
		if err != nil {
			return err
		}
		each(day.Date(), n.Int())
	}
	return rows.Err()
}

// Detach takes the partitions of a month (any day of it) out of the ledger and into the schema revcycle_purged, under
// their names (claim_2019_03), all or none. Their rows are no longer read; documents of the month stay known, so that
// one that comes again is taken as there. Only the owner of the ledger may do it; it waits up to half a minute for
// whoever reads or writes the tables. A month that was detached before is left as it is.
func (s *Store) Detach(ctx context.Context, month civil.Date) error {
	first := monthOfDay(month)
	doing := "detach the month " + first.Month()
	conn, err := s.acquire(ctx)
	if err != nil {
		return faultIn(ctx, doing, err)
	}
	defer conn.Release()
	return faultIn(ctx, doing, pgx.BeginFunc(ctx, conn, func(x pgx.Tx) error { return detach(ctx, x, first) }))
}

func detach(ctx context.Context, x pgx.Tx, first civil.Date) error {
	var there, purged, owner bool
	err := x.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_or(purged), false), pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = 'revcycle'), 'USAGE')
		FROM revcycle.month WHERE posting_month = $1`, asDate(first)).Scan(&there, &purged, &owner)
	switch {
	case err != nil:
		return err
	case !there:
		return ours("the ledger has no partitions of that month")
	case purged:
		return nil
	case !owner:
		return ours("only the owner of the schema may detach a month: use the owner's URL")
	}
	list := []string{"SET LOCAL lock_timeout = '30s'", "CREATE SCHEMA IF NOT EXISTS revcycle_purged"}
	year, month, _ := first.YMD()
	for _, t := range monthly {
		part := named(fmt.Sprintf("%s_%04d_%02d", t.Name, year, month))
		list = append(list, fmt.Sprintf("ALTER TABLE %s DETACH PARTITION %s", named(t.Name), part), "ALTER TABLE "+part+" SET SCHEMA revcycle_purged")
	}
	list = append(list, fmt.Sprintf("UPDATE revcycle.month SET purged = true WHERE posting_month = '%s'", first))
	for _, q := range list {
		if _, err := x.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
