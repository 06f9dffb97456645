package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"revcycle/civil"
	"revcycle/fixtures/pgserver"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
)

func day(y, m, d int) civil.Date { return civil.Of(y, m, d) }

// put appends rows in a unit and tells which were new.
func put(t *testing.T, s ledger.Store, batch int64, key string, table *ledger.Table, rows ...ledger.Row) (fresh string) {
	t.Helper()
	_, err := s.Do(context.Background(), ledger.Unit{Batch: batch, Stage: "test", Key: key}, func(x ledger.Tx) error {
		return x.AppendEach(table, rows, func(_ int, is bool) { fresh += map[bool]string{true: "1", false: "0"}[is] })
	})
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

func assessment(n int, batch int64) ledger.Row {
	return rowOf(ledger.Assessments, map[string]ledger.Value{"claim": ledger.ID(hashed(n)), "batch": ledger.Int(batch), "payer": ledger.Text("P")})
}

func monthsOf(t *testing.T, s *postgres.Store, table string) string {
	t.Helper()
	return strings.Join(lines(t, s, fmt.Sprintf("SELECT posting_month || ':' || count(*) FROM revcycle.%q GROUP BY posting_month ORDER BY posting_month", table)), " ")
}

func TestRowsLieInTheMonthOfTheirBatchAndAreKnownInEveryMonth(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	newBatch(t, s, 1, day(2026, 10, 30))
	newBatch(t, s, 2, day(2026, 11, 1))
	oct, lines1 := claimRows(1, 0, 200, 10)
	nov, _ := claimRows(2, 100, 200, 10) // the first hundred again
	ones, zeros := strings.Repeat("1", 200), strings.Repeat("0", 200)
	if got := put(t, s, 1, "a", ledger.Claims, oct...); got != ones {
		t.Errorf("october: got %s", got)
	}
	if got := put(t, s, 2, "b", ledger.Claims, nov...); strings.Count(got, "1") != 100 {
		t.Errorf("november: got %d fresh, want the 100 that october had not", strings.Count(got, "1"))
	}
	if got := put(t, s, 2, "c", ledger.Claims, oct...); got != zeros {
		t.Errorf("october's again: got %s", got)
	}
	if got, want := monthsOf(t, s, "claim"), "2026-10-01:200 2026-11-01:100"; got != want {
		t.Errorf("claims: got %s want %s", got, want)
	}
	// Lines of a claim of october lie with it, whichever batch brings them, many or few.
	put(t, s, 2, "d", ledger.Lines, lines1[:10]...)
	put(t, s, 2, "e", ledger.Lines, lines1...)
	if got, want := monthsOf(t, s, "line"), "2026-10-01:600"; got != want {
		t.Errorf("lines: got %s want %s", got, want)
	}
	// Opinions lie in the month of the batch in their key.
	put(t, s, 2, "f", ledger.Assessments, assessment(1, 1), assessment(1, 2), assessment(2, 2))
	if got := put(t, s, 1, "g", ledger.Assessments, assessment(1, 2), assessment(1, 1), assessment(3, 1)); got != "001" {
		t.Errorf("opinions again: got %s want 001", got)
	}
	if got, want := monthsOf(t, s, "assessment"), "2026-10-01:2 2026-11-01:2"; got != want {
		t.Errorf("assessments: got %s want %s", got, want)
	}
}

// Would catch a key that is taken twice because its batch became known in between.
func TestRowsOfAnUnknownBatchAreKnownWhenItIsNoLonger(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	put(t, s, 1, "a", ledger.Assessments, assessment(1, 1))
	put(t, s, 1, "b", ledger.Claims, func() []ledger.Row { c, _ := claimRows(1, 0, 1, 1); return c }()...)
	newBatch(t, s, 1, day(2026, 10, 30))
	if got := put(t, s, 1, "c", ledger.Assessments, assessment(1, 1), assessment(2, 1)); got != "01" {
		t.Errorf("got %s want 01", got)
	}
	if got := put(t, s, 1, "d", ledger.Claims, func() []ledger.Row { c, _ := claimRows(1, 0, 2, 1); return c }()...); strings.Count(got, "1") != 1 {
		t.Errorf("claims: got %s want one of two", got)
	}
	if got, want := monthsOf(t, s, "assessment")+" "+monthsOf(t, s, "claim"), "0001-01-01:1 2026-10-01:1 0001-01-01:1 2026-10-01:1"; got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

func TestADetachedMonthIsGoneAndItsDocumentsStayKnown(t *testing.T) {
	ctx := context.Background()
	s := open(t, fresh(t), postgres.Options{})
	newBatch(t, s, 1, day(2019, 3, 30))
	newBatch(t, s, 2, day(2026, 11, 1))
	old, oldLines := claimRows(1, 0, 60, 10)
	put(t, s, 1, "a", ledger.Claims, old...)
	put(t, s, 1, "b", ledger.Lines, oldLines...)
	put(t, s, 1, "c", ledger.Assessments, assessment(1, 1))
	put(t, s, 2, "d", ledger.Assessments, assessment(1, 2))
	months, err := s.Months(ctx)
	if err != nil || len(months) != 2 || months[0].First != day(2019, 3, 1) || months[0].Total() != 241 || months[0].Rows["line"] != 180 || months[1].Total() != 1 {
		t.Errorf("got %+v, %v; want 241 rows in 2019-03 and 1 in 2026-11", months, err)
	}
	if err := s.Detach(ctx, day(2018, 1, 1)); err == nil || !strings.Contains(err.Error(), "no partitions") {
		t.Errorf("a month that is not there: got %v", err)
	}
	for range 2 { // the second finds nothing to do
		if err := s.Detach(ctx, day(2019, 3, 9)); err != nil {
			t.Fatal(err)
		}
	}
	months, err = s.Months(ctx)
	if err != nil || len(months) != 2 || !months[0].Purged || months[0].Total() != 0 || months[1].Purged || months[1].Total() != 1 {
		t.Errorf("after: got %+v, %v", months, err)
	}
	if got := lines(t, s, "SELECT count(*)::text FROM revcycle_purged.line_2019_03"); got[0] != "180" {
		t.Errorf("the detached partition has %s rows, want 180", got[0])
	}
	for _, store := range []*postgres.Store{s, open(t, s.Pool().Config().ConnString(), postgres.Options{})} {
		key := fmt.Sprintf("%p", store)
		if got := put(t, store, 2, key+"e", ledger.Claims, old...); strings.Contains(got, "1") {
			t.Errorf("documents of the purged month come again: got %s", got)
		}
		if got := put(t, store, 2, key+"f", ledger.Assessments, assessment(1, 1)); got != "0" {
			t.Errorf("an opinion of the purged month: got %s", got)
		}
		newOnes, _ := claimRows(1, 1000, 1, 10)
		_, err := store.Do(ctx, ledger.Unit{Batch: 1, Stage: "test", Key: key + "g"}, func(x ledger.Tx) error {
			_, err := x.Append(ledger.Claims, newOnes...)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "2019-03 was purged") {
			t.Errorf("a new claim for the purged month: got %v", err)
		}
	}
	if got := monthsOf(t, s, "claim"); got != "" {
		t.Errorf("claims: got %s want none", got)
	}
	put(t, s, 2, "h", ledger.Batches, rowOf(ledger.Batches, map[string]ledger.Value{"batch": ledger.Int(3), "as_of": ledger.Date(day(2019, 3, 2))}))
	if got := lines(t, s, "SELECT count(*)::text FROM pg_class WHERE relname = 'claim_2019_03' AND relnamespace = 'revcycle'::regnamespace"); got[0] != "0" {
		t.Error("a purged month was made again")
	}
}

// Would catch partitions that are made with a lock that readers hold up: a range is open while its caller begins a batch.
func TestAMonthIsMadeWhileRangesAreOpen(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	c, l := claimRows(1, 0, 500, 600)
	if err := appendRows(s, ledger.Unit{Batch: 1, Stage: "ingest", Key: "a"}, c, l); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range s.Rows(context.Background(), ledger.Query{Table: ledger.Claims}) {
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			newBatch(t, s, 7, day(2026, 11, 1))
		}
		n++
	}
	if n != 500 {
		t.Errorf("got %d rows want 500", n)
	}
}

func TestRowsAreOnlyEverAppendedWhoeverAsks(t *testing.T) {
	server := pgserver.ForTest(t)
	url := fresh(t)
	database := url[strings.LastIndex(url, "/")+1:]
	s := open(t, url, postgres.Options{})
	newBatch(t, s, 1, day(2026, 11, 1))
	c, l := claimRows(1, 0, 3, 10)
	if err := appendRows(s, ledger.Unit{Batch: 1, Stage: "ingest", Key: "a"}, c, l); err != nil {
		t.Fatal(err)
	}
	names := []string{"claim_2026_11", "claim_undated", "posting_2026_11", "home"}
	for _, table := range ledger.Tables {
		names = append(names, table.Name)
	}
	for _, name := range names { // asked by the superuser, who owns them all
		column := lines(t, s, "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'revcycle' AND table_name = $1", name)[0]
		for _, q := range []string{`UPDATE revcycle."%s" SET "%s" = NULL`, `DELETE FROM revcycle."%s" -- %s`, `TRUNCATE revcycle."%s" -- %s`} {
			q = fmt.Sprintf(q, name, column)
			if _, err := server.SQL(database, q); err == nil || !strings.Contains(err.Error(), "rows are only ever appended") {
				t.Errorf("%s: got %v; want the trigger's refusal", q, err)
			}
		}
	}
	if got := monthsOf(t, s, "line"); got != "2026-11-01:9" {
		t.Errorf("lines: got %s want 9", got)
	}
}

func TestOnlyTheOwnerDetachesAMonth(t *testing.T) {
	ctx := context.Background()
	server := pgserver.ForTest(t)
	url := fresh(t)
	database := url[strings.LastIndex(url, "/")+1:]
	s := open(t, url, postgres.Options{})
	newBatch(t, s, 1, day(2019, 3, 30))
	if _, err := server.SQL("postgres", "DROP ROLE IF EXISTS night; CREATE ROLE night LOGIN IN ROLE revcycle_engine"); err != nil {
		t.Fatal(err)
	}
	night := open(t, server.URLOf("night", database), postgres.Options{})
	err := night.Detach(ctx, day(2019, 3, 1))
	if !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "only the owner") {
		t.Errorf("got %v; want a refusal that names the owner", err)
	}
}

// Would catch units that lock the same documents crosswise and wait for each other for ever.
func TestUnitsThatBringTheSameDocumentsAtOnceBothEnd(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	newBatch(t, s, 1, day(2026, 11, 1))
	for round := range 10 {
		rows, _ := claimRows(1, round*1000, 400, 10)
		var g sync.WaitGroup
		var total atomic.Int32
		for w := range 3 {
			mine := slices.Clone(rows)
			rand.New(rand.NewPCG(uint64(round), uint64(w))).Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			g.Go(func() {
				_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: fmt.Sprint(w), Key: fmt.Sprint(round)}, func(x ledger.Tx) error {
					fresh, err := x.Append(ledger.Claims, mine...)
					total.Add(int32(fresh))
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		g.Wait()
		if total.Load() != 400 {
			t.Fatalf("round %d: got %d fresh rows in three units, want 400", round, total.Load())
		}
	}
}
