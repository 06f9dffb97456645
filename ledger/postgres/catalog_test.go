package postgres_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"revcycle/fixtures/pgserver"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
	"revcycle/ledger/storetest"
)

// catalog lists the columns, keys, partitions and indexes of the ledger's tables as PostgreSQL has them, a line for each.
const catalog = `
WITH t AS (
  SELECT c.oid, c.relname, c.relkind FROM pg_class c WHERE c.relnamespace = 'revcycle'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname NOT IN ('home', 'month', 'run_lock', 'derived', 'schema_version')
), i AS (
  SELECT t.relname, x.indisprimary, pg_get_expr(x.indpred, x.indrelid) AS pred,
    (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(x.indkey) WITH ORDINALITY k (at, n) JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.at) AS columns
  FROM t JOIN pg_index x ON x.indrelid = t.oid
)
SELECT t.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
  || CASE WHEN a.attcollation <> 0 THEN ' COLLATE ' || (SELECT collname FROM pg_collation WHERE oid = a.attcollation) ELSE '' END
  || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT t.relname || ' by ' || replace(replace(lower(pg_get_partkeydef(t.oid)), ' (', ' of '), ')', '') FROM t WHERE t.relkind = 'p'
UNION ALL SELECT relname || CASE WHEN indisprimary THEN ' key (' ELSE ' index (' END || columns || ')'
  || coalesce(' where ' || replace(replace(replace(pred, ' IS NOT NULL', ''), '(', ''), ')', ''), '') FROM i`

func lines(t *testing.T, s *postgres.Store, query string, args ...any) (out []string) {
	t.Helper()
	rows, err := s.Pool().Query(context.Background(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Would catch a change of ledger.Tables that no migration brings to the database.
func TestAMigratedDatabaseIsWhatTheTablesDescribe(t *testing.T) {
	got := lines(t, open(t, fresh(t), postgres.Options{}), catalog)
	slices.Sort(got)
	want := postgres.Describe()
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("the database lacks   %s", strings.ReplaceAll(line, `"`, ""))
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("ledger.Tables lacks  %s", line)
		}
	}
}

func TestPartitionsHaveTheirTablesIndexesAndTrigger(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	newBatch(t, s, 1, day(2026, 11, 22))
	got := lines(t, s, `SELECT c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid)
		|| ' indexes ' || (SELECT count(*) FROM pg_index WHERE indrelid = c.oid) || ' of ' || (SELECT count(*) FROM pg_index WHERE indrelid = i.inhparent)
		|| ' triggers ' || (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'append_only')
		FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind = 'r' AND c.relname LIKE 'claim%' ORDER BY 1`)
	want := []string{
		"claim_2026_11 FOR VALUES FROM ('2026-11-01') TO ('2026-12-01') indexes 7 of 7 triggers 1",
		"claim_undated FOR VALUES FROM (MINVALUE) TO ('1900-01-01') indexes 7 of 7 triggers 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestViewsShowIDsInHexadecimalAndDollars(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	c, l := claimRows(1, 5, 1, 600)
	if err := appendRows(s, ledger.Unit{Batch: 1, Stage: "ingest", Key: "a"}, c, l); err != nil {
		t.Fatal(err)
	}
	if got, want := lines(t, s, "SELECT id || ' ' || service_from || ' ' || charge || ' ' || charge_usd FROM revcycle.v_claim"), hashed(5).String()+" 2026-01-01 10005 100.05"; len(got) != 1 || got[0] != want {
		t.Errorf("got %q want %q", got, want)
	}
	for _, table := range ledger.Tables {
		for _, column := range lines(t, s, "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'revcycle' AND table_name = $1", "v_"+table.Name) {
			if at, ok := table.Position(column); ok && (table.Columns[at].Kind == ledger.KindBytes || table.Columns[at].Run && !table.Run) {
				t.Errorf("view v_%s shows %s", table.Name, column)
			}
		}
	}
	if got := lines(t, s, "SELECT col_description('revcycle.claim'::regclass, (SELECT attnum FROM pg_attribute WHERE attrelid = 'revcycle.claim'::regclass AND attname = 'charge'))"); got[0] != "CLM02; in cents" {
		t.Errorf("comment of claim.charge: got %q", got[0])
	}
}

// Would catch an order that is the database's and not the bytes'.
func TestTextsAreInTheOrderOfTheirBytesWhateverTheDatabase(t *testing.T) {
	server := pgserver.ForTest(t)
	if _, err := server.SQL("postgres", `CREATE DATABASE icu TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Migrate(context.Background(), server.URL("icu")); err != nil {
		t.Fatal(err)
	}
	s := open(t, server.URL("icu"), postgres.Options{})
	storetest.Durable(t, func(*testing.T) ledger.Store { return s }, func(_ *testing.T, s ledger.Store) ledger.Store { return s })
	var rows []ledger.Row
	for _, payer := range []string{"b", "A", "a", "B", "ä", "10", "9"} {
		rows = append(rows, ledger.Row{ledger.Int(77), ledger.Text(payer), {}})
	}
	_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "t", Key: "t"}, func(x ledger.Tx) error {
		_, err := x.Append(ledger.Slices, rows...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for r, err := range s.Rows(context.Background(), ledger.Query{Table: ledger.Slices, Where: []ledger.Cond{{Column: "batch", Op: ledger.In, Values: []ledger.Value{ledger.Int(77)}}}}) {
		if err != nil {
			t.Fatal(err)
		}
		got += r[1].Text() + " "
	}
	if want := "10 9 A B a b ä "; got != want {
		t.Errorf("got %q want %q", got, want)
	}
}

func TestMigrateTakesTurnsAndMayRunAgain(t *testing.T) {
	url := pgserver.Fresh(t, "")
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() {
			if _, err := postgres.Migrate(context.Background(), url); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	m, err := postgres.Migrate(context.Background(), url)
	if err != nil || m.From != m.To || m.From == 0 || len(m.Notes) != 0 {
		t.Errorf("again: got %+v, %v; want nothing to do", m, err)
	}
	open(t, url, postgres.Options{})
}

func TestADatabaseOfAnotherSchemaIsRefused(t *testing.T) {
	ctx := context.Background()
	server := pgserver.ForTest(t)
	for _, c := range []struct{ sql, wants string }{
		{"", "holds no ledger yet"},
		{"UPDATE revcycle.schema_version SET version_id = 999 WHERE version_id = 1", "has version 999"},
		{"DELETE FROM revcycle.schema_version WHERE version_id = 1", "has version 0, this program's is"},
		{"UPDATE revcycle.derived SET digest = 'x'", "another build"},
	} {
		url := pgserver.Fresh(t, "")
		if c.sql != "" {
			url = fresh(t)
			if _, err := server.SQL(url[strings.LastIndex(url, "/")+1:], c.sql); err != nil {
				t.Fatal(err)
			}
		}
		_, err := postgres.Open(ctx, url, postgres.Options{})
		if !errors.Is(err, postgres.ErrSchema) || !strings.Contains(err.Error(), c.wants) {
			t.Errorf("%q: got %v; want a refusal that says %q", c.sql, err, c.wants)
		}
		if strings.Contains(c.sql, "999") {
			if _, err := postgres.Migrate(ctx, url); !errors.Is(err, postgres.ErrSchema) {
				t.Errorf("migrating a newer schema: got %v", err)
			}
		}
		if strings.Contains(c.sql, "digest") {
			if _, err := postgres.Migrate(ctx, url); err != nil {
				t.Errorf("deriving anew: %v", err)
			}
			open(t, url, postgres.Options{})
		}
	}
}
