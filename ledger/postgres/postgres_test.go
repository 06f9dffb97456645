package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"revcycle/claim"
	"revcycle/fixtures/pgserver"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/ledger/postgres"
	"revcycle/ledger/storetest"
)

// migrated is a database with an empty ledger, made once: the tests' are copies of it.
var migrated = sync.OnceValue(func() error {
	s, err := pgserver.Shared()
	if err != nil {
		return err
	}
	url, err := s.Database("migrated", "")
	if err != nil {
		return err
	}
	_, err = postgres.Migrate(context.Background(), url)
	return err
})

// fresh gives the URL of a new, empty ledger.
func fresh(t testing.TB) string {
	t.Helper()
	pgserver.ForTest(t)
	if err := migrated(); err != nil {
		t.Fatal(err)
	}
	return pgserver.Fresh(t, "migrated")
}

func open(t testing.TB, url string, o postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) ledger.Store { return open(t, fresh(t), postgres.Options{}) })
}

func TestWhatWasDoneIsThereAfterOpeningAgain(t *testing.T) {
	url := fresh(t)
	storetest.Durable(t,
		func(t *testing.T) ledger.Store { return open(t, url, postgres.Options{}) },
		func(t *testing.T, s ledger.Store) ledger.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, url, postgres.Options{})
		})
}

// storetest's rows have no batch, and so no month. Here the same rows go to this store and to mem, the model, in batches
// of several months, in units small and large, again and again.
func TestRowsOfManyMonthsAreTheModels(t *testing.T) {
	s, model := open(t, fresh(t), postgres.Options{}), mem.New()
	random := rand.New(rand.NewPCG(5, 3))
	tables := []*ledger.Table{ledger.Claims, ledger.Lines, ledger.Assessments, ledger.Settlements, ledger.Postings, ledger.Units}
	for batch := range int64(6) {
		if batch != 3 { // which stays unknown
			newBatch(t, s, batch, day(2025+int(batch)/3, 11+int(batch)%2, 5))
			newBatch(t, model, batch, day(2025+int(batch)/3, 11+int(batch)%2, 5))
		}
		for n := range 12 {
			table := tables[random.IntN(len(tables))]
			rows := make([]ledger.Row, []int{1, 40, 800, 7000}[random.IntN(4)])
			for i := range rows {
				rows[i] = rowOf(table, map[string]ledger.Value{})
				for c, column := range table.Columns[:table.KeyLen] {
					switch {
					case column.Name == "batch":
						rows[i][c] = ledger.Int(int64(random.IntN(6)))
					case column.Kind == ledger.KindInt:
						rows[i][c] = ledger.Int(int64(random.IntN(3)))
					case column.Kind == ledger.KindText:
						rows[i][c] = ledger.Text(fmt.Sprint(random.IntN(900)))
					default:
						rows[i][c] = ledger.ID(hashed(random.IntN(9000)))
					}
				}
				rows[i][len(rows[i])-1] = extra(table, i)
			}
			u := ledger.Unit{Batch: batch, Stage: "model", Key: fmt.Sprint(n)}
			if got, want := tellEach(t, s, u, table, rows), tellEach(t, model, u, table, rows); got != want {
				t.Fatalf("batch %d, unit %d: %d rows of %s: another set of them is new than in the model", batch, n, len(rows), table.Name)
			}
		}
	}
	got, err := ledger.Digests(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ledger.Digests(context.Background(), model)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("digests: got %v want %v", got, want)
	}
}

// extra is a value for a table's last column, so that rows with one key differ.
func extra(t *ledger.Table, i int) ledger.Value {
	switch t.Columns[len(t.Columns)-1].Kind {
	case ledger.KindInt:
		return ledger.Int(int64(i))
	case ledger.KindBytes:
		return ledger.Bytes([]byte(fmt.Sprint(i)))
	case ledger.KindText:
		return ledger.Text(fmt.Sprint(i))
	}
	return ledger.Value{}
}

func tellEach(t *testing.T, s ledger.Store, u ledger.Unit, table *ledger.Table, rows []ledger.Row) string {
	t.Helper()
	fresh := make([]byte, len(rows))
	_, err := s.Do(context.Background(), u, func(x ledger.Tx) error {
		half := len(rows) / 2
		for _, from := range []int{0, half} {
			to := len(rows)
			if from < half {
				to = half
			}
			err := x.AppendEach(table, rows[from:to], func(i int, is bool) { fresh[from+i] = map[bool]byte{true: '1', false: '0'}[is] })
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(fresh)
}

// Would catch work of a queue that commits without its unit, or a unit without it.
func TestWorkInPostgreSQLsOwnTransactionCommitsWithTheUnit(t *testing.T) {
	ctx := context.Background()
	s := open(t, fresh(t), postgres.Options{})
	if _, err := s.Pool().Exec(ctx, "CREATE TABLE job (id text PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	ours := errors.New("the unit's own trouble")
	for _, key := range []string{"done", "failed", "refused"} {
		_, err := s.Do(ctx, ledger.Unit{Batch: 1, Stage: "s", Key: key}, func(x ledger.Tx) error {
			tx, ok := postgres.PgxTx(x)
			if own, is := x.(interface{ Pgx() pgx.Tx }); !ok || !is || own.Pgx() != tx {
				t.Fatal("no transaction")
			}
			if _, err := tx.Exec(ctx, "INSERT INTO job VALUES ($1)", key); err != nil {
				return err
			}
			switch key {
			case "failed":
				return ours
			case "refused":
				tx.Exec(ctx, "INSERT INTO job VALUES ($1)", key) // its error is overlooked on purpose
			}
			return nil
		})
		switch key {
		case "done":
			if err != nil {
				t.Error(err)
			}
		case "failed":
			if !errors.Is(err, ours) {
				t.Errorf("got %v", err)
			}
		default:
			if !errors.Is(err, ledger.ErrStore) {
				t.Errorf("a transaction that PostgreSQL had given up: got %v; want an error of the store", err)
			}
		}
	}
	if got := lines(t, s, "SELECT string_agg(id, ' ') || ' ' || (SELECT string_agg(key, ' ') FROM revcycle.unit) FROM job"); got[0] != "done done" {
		t.Errorf("got jobs and units %q want done and done", got[0])
	}
	if _, ok := postgres.PgxTx(nil); ok {
		t.Error("a transaction of another store is taken for ours")
	}
}

// Files bring bytes that are no UTF-8; the ledger keeps them, and SQLite's digests are equal.
func TestTextsOfAnyBytesComeBackAsTheyWere(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	texts := []string{"\U0010ffff", "\xff", "M\xfcller", "a\x00b", "\xff\xfe", "Ünï", "\U0010ff41", "x\U0010fffd\x80", "\xf4\x8f\xbd", "plain"}
	var rows []ledger.Row
	for i, text := range texts {
		rows = append(rows, rowOf(ledger.Charges, map[string]ledger.Value{"id": ledger.ID(claim.ID{15: byte(i + 1)}), "encounter": ledger.Text(text), "number": ledger.Text(text)}))
	}
	put(t, s, 1, "a", ledger.Charges, rows...)
	n := 0
	for r, err := range s.Rows(context.Background(), ledger.Query{Table: ledger.Charges}) {
		if err != nil {
			t.Fatal(err)
		}
		if got := r[ledger.Charges.At("encounter")].Text(); got != texts[n] {
			t.Errorf("got %q want %q", got, texts[n])
		}
		n++
	}
	for i, text := range texts {
		q := ledger.Query{Table: ledger.Charges, Where: []ledger.Cond{{Column: "encounter", Op: ledger.In, Values: []ledger.Value{ledger.Text(text)}}}}
		for r, err := range s.Rows(context.Background(), q) {
			if err != nil || r[0].ID() != (claim.ID{15: byte(i + 1)}) {
				t.Errorf("looking for %q: got %v, %v", text, r[0].ID(), err)
			}
		}
	}
}

func FuzzEscapedTextsComeBack(f *testing.F) {
	for _, s := range []string{"", "a", "\x00", "\xff", "\U0010ff00", "ä\xe4", "\xf4\x8f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kept := postgres.Escape(s)
		if got := postgres.Unescape(kept); got != s || strings.ToValidUTF8(kept, "?") != kept || strings.ContainsRune(kept, 0) {
			t.Errorf("%q is kept as %q and comes back as %q", s, kept, got)
		}
	})
}

// Would catch an index that PostgreSQL does not use for the question it was made for, and a plan that is made while the
// month's partitions are empty, as here, and is kept when they are full.
func TestEachIndexAnswersItsQuestion(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	newBatch(t, s, 1, day(2026, 11, 1))
	if _, err := s.Pool().Exec(context.Background(), "ALTER DATABASE "+s.Pool().Config().ConnConfig.Database+" SET random_page_cost = 4"); err != nil {
		t.Fatal(err) // as PostgreSQL has it, where nobody has set it
	}
	s.Pool().Reset()
	value := map[ledger.Kind]ledger.Value{ledger.KindInt: ledger.Int(1), ledger.KindText: ledger.Text("x"), ledger.KindID: ledger.ID(claim.ID{1}), ledger.KindDigest: ledger.Digest(claim.Digest{1})}
	for _, table := range ledger.Tables {
		for _, x := range append([]ledger.Index{{Columns: []string{table.Columns[0].Name}}}, table.Indexes...) {
			column := x.Columns[0]
			v := value[table.Columns[table.At(column)].Kind]
			for _, values := range [][]ledger.Value{{v}, slices.Repeat([]ledger.Value{v}, 30)} {
				plan, err := s.Explain(context.Background(), ledger.Query{Table: table, Where: []ledger.Cond{{Column: column, Op: ledger.In, Values: values}}})
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(plan, "Seq Scan") || !strings.Contains(plan, "Index Cond: ") {
					t.Errorf("%s by %s: got\n%s", table.Name, column, plan)
				}
			}
		}
	}
}

// Would catch ranges that are read to their end when their caller has left.
func TestALongRangeIsBrokenOffAtOnce(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{Connections: 2})
	for n := range 4 {
		c, _ := claimRows(1, n*5000, 5000, 1000)
		if err := appendRows(s, ledger.Unit{Batch: 1, Stage: "ingest", Key: fmt.Sprint(n)}, c); err != nil {
			t.Fatal(err)
		}
	}
	whole, parts := time.Duration(0), time.Duration(0)
	for range 5 {
		at := time.Now()
		for _, err := range s.Rows(context.Background(), ledger.Query{Table: ledger.Claims}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		whole += time.Since(at)
		at = time.Now()
		for range s.Rows(context.Background(), ledger.Query{Table: ledger.Claims}) {
			break
		}
		parts += time.Since(at)
	}
	if parts > whole/2 {
		t.Errorf("the first row takes %v, all of them %v", parts/5, whole/5)
	}
}

func TestConnectionsNoticeAClientThatIsGoneWithinAMinute(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{Application: "revcycle test here 1"})
	got := lines(t, s, "SELECT name || ' ' || setting FROM pg_settings WHERE name LIKE 'tcp_keepalives%' OR name IN ('application_name', 'synchronous_commit', 'statement_timeout', 'idle_session_timeout', 'client_connection_check_interval') ORDER BY name")
	want := "application_name revcycle test here 1; client_connection_check_interval 10000; idle_session_timeout 0; statement_timeout 0; synchronous_commit on; tcp_keepalives_count 3; tcp_keepalives_idle 20; tcp_keepalives_interval 10"
	if strings.Join(got, "; ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), want)
	}
	if _, err := s.Pool().Exec(context.Background(), "ALTER DATABASE "+s.Pool().Config().ConnConfig.Database+" SET synchronous_commit = off"); err != nil {
		t.Fatal(err)
	}
	s.Pool().Reset()
	if got := lines(t, s, "SHOW synchronous_commit"); got[0] != "on" {
		t.Errorf("where the database's default is off: got synchronous_commit %s", got[0])
	}
}

func TestALedgerForReadingTakesNothing(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{ReadOnly: true})
	_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "a", Key: "b"}, func(ledger.Tx) error { return nil })
	if !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "takes no changes") {
		t.Errorf("got %v; want a refusal", err)
	}
}
