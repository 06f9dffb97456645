package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	zombie "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/sqlite"
)

// sql runs a statement on a file as a person would, and gives the first column of its last row.
func sql(t *testing.T, path, query string) (answer string) {
	t.Helper()
	c, err := zombie.OpenConn(path, zombie.OpenReadWrite|zombie.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = sqlitex.ExecuteTransient(c, query, &sqlitex.ExecOptions{ResultFunc: func(s *zombie.Stmt) error {
		answer = s.ColumnText(0)
		return nil
	}})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func appendClaims(s ledger.Store, key string, from, n int) error {
	_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "ingest", Key: key}, func(x ledger.Tx) error {
		claims, lines := claimRows(from, n, 600)
		if _, err := x.Append(ledger.Claims, claims...); err != nil {
			return err
		}
		_, err := x.Append(ledger.Lines, lines...)
		return err
	})
	return err
}

func TestAFullDiskIsAnErrorOfTheStoreAndLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	if err := appendClaims(s, "a", 0, 50); err != nil {
		t.Fatal(err)
	}
	if err := s.LimitPages(20); err != nil {
		t.Fatal(err)
	}
	err := appendClaims(s, "b", 50, 1000)
	if !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "the disk is full") || !strings.Contains(err.Error(), "append to claim") {
		t.Errorf("got %v; want an error of the store that says what was being done and that the disk is full", err)
	}
	overlooked := func(x ledger.Tx) error {
		claims, _ := claimRows(50, 1000, 600)
		x.Append(ledger.Claims, claims...) // its error is overlooked on purpose: SQLite has rolled back by now
		x.Append(ledger.Claims, claims[:1]...)
		return nil
	}
	if _, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "ingest", Key: "b"}, overlooked); !errors.Is(err, ledger.ErrStore) {
		t.Errorf("overlooked: got %v; want an error of the store", err)
	}
	for _, c := range []struct {
		table *ledger.Table
		want  int64
	}{{ledger.Claims, 50}, {ledger.Lines, 150}, {ledger.Units, 1}} {
		got, err := s.Sums(context.Background(), ledger.Query{Table: c.table}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got[0][0].Int() != c.want {
			t.Errorf("%s: got %d rows want %d", c.table.Name, got[0][0].Int(), c.want)
		}
	}
	if err := s.LimitPages(10_000); err != nil {
		t.Fatal(err)
	}
	if err := appendClaims(s, "b", 50, 1000); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestAFileThatIsNoLedgerOfOursIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	cases := []struct {
		name, wants string
		is          error
		make        func(path string)
	}{
		{"no database", "not an SQLite database", ledger.ErrStore, func(p string) {
			if err := os.WriteFile(p, []byte(strings.Repeat("ISA*00*          *00*", 60)), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"another database", "no ledger of revcycle", sqlite.ErrSchema, func(p string) { sql(t, p, "CREATE TABLE claim (id)") }},
		{"another version", "its schema version is 99", sqlite.ErrSchema, func(p string) {
			open(t, p).Close()
			sql(t, p, "PRAGMA user_version = 99")
		}},
		{"other tables", "another build of schema version 1", sqlite.ErrSchema, func(p string) {
			open(t, p).Close()
			sql(t, p, `UPDATE ledger_schema SET digest = 'x'`)
		}},
	}
	for _, c := range cases {
		path := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-"))
		c.make(path)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, try := range []func(string) (*sqlite.Store, error){sqlite.Open, sqlite.OpenReadOnly} {
			_, err := try(path)
			if !errors.Is(err, c.is) || !strings.Contains(fmt.Sprint(err), c.wants) {
				t.Errorf("%s: got %v; want %q", c.name, err, c.wants)
			}
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("%s: the file was changed (%v)", c.name, err)
		}
	}
	for _, path := range []string{"", dir, filepath.Join(dir, "absent", "ledger.db")} {
		if _, err := sqlite.Open(path); err == nil {
			t.Errorf("open %q: no error", path)
		}
	}
}

func TestADamagedFileIsAnErrorOfTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	if err := appendClaims(s, "a", 0, 2000); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	// The schema at the front stays; every fourth page behind it is overwritten.
	for at := int64(200 * 4096); at+4096 <= info.Size(); at += 4 * 4096 {
		if _, err := f.WriteAt([]byte(strings.Repeat("\xff", 4096)), at); err != nil {
			t.Fatal(err)
		}
	}
	_, err = ledger.Digests(context.Background(), open(t, path))
	if !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v; want an error of the store that says the file is damaged", err)
	}
}

func TestOnlyItsOwnerReadsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	if err := appendClaims(s, "a", 0, 10); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v want 0600", filepath.Base(name), info.Mode().Perm())
		}
	}
}

func TestAReaderFollowsAWriterOfAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if _, err := sqlite.OpenReadOnly(path); err == nil {
		t.Error("a ledger that is not there was opened for reading")
	}
	w := open(t, path)
	r, err := sqlite.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	claims := func() int64 {
		t.Helper()
		got, err := r.Sums(context.Background(), ledger.Query{Table: ledger.Claims}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got[0][0].Int()
	}
	for n := range 3 {
		_, err := w.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "ingest", Key: fmt.Sprint(n)}, func(x ledger.Tx) error {
			rows, _ := claimRows(n*100, 100, 600)
			if _, err := x.Append(ledger.Claims, rows...); err != nil {
				return err
			}
			if got := claims(); got != int64(n*100) {
				t.Errorf("inside the unit: got %d claims want %d", got, n*100)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := claims(); got != int64(n*100+100) {
			t.Errorf("after the unit: got %d claims want %d", got, n*100+100)
		}
	}
	if err := appendClaims(r, "x", 0, 1); !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "reading only") {
		t.Errorf("a unit in a ledger opened for reading: got %v", err)
	}
}

func TestViewsShowIDsInHexadecimal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	if err := appendClaims(s, "a", 5, 1); err != nil {
		t.Fatal(err)
	}
	if got, want := sql(t, path, "SELECT id FROM v_claim"), hashed(5).String(); got != want {
		t.Errorf("got %s want %s", got, want)
	}
	if got := sql(t, path, "SELECT service_from || ' ' || charge || ' ' || doc_bytes FROM v_claim"); got != "2026-01-01 10005 600" {
		t.Errorf("got %q", got)
	}
	for _, table := range ledger.Tables {
		sql(t, path, fmt.Sprintf("SELECT * FROM %q", "v_"+table.Name))
	}
}

// Would catch an index that SQLite does not use for the question it was made for.
func TestEachIndexAnswersItsQuestion(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	value := map[ledger.Kind]ledger.Value{ledger.KindInt: ledger.Int(1), ledger.KindText: ledger.Text("x"),
		ledger.KindID: ledger.ID(claim.ID{1}), ledger.KindDigest: ledger.Digest(claim.Digest{1}), ledger.KindDate: ledger.Date(700_000)}
	for _, table := range ledger.Tables {
		for _, x := range table.Indexes {
			column := x.Columns[0]
			v := value[table.Columns[table.At(column)].Kind]
			for _, values := range [][]ledger.Value{{v}, {v, v, v}} {
				q := ledger.Query{Table: table, Where: []ledger.Cond{{Column: column, Op: ledger.In, Values: values}}}
				plan := planOf(t, s, q, false)
				want := "USING INDEX " + table.Name + "_by_" + strings.Join(x.Columns, "_")
				if !strings.Contains(plan, want) {
					t.Errorf("%s by %s: got %q want %q", table.Name, column, plan, want)
				}
				sorted := len(x.Columns) > 1 && x.Columns[1] == table.Columns[0].Name && table.KeyLen == 1
				if sorted && len(values) == 1 && strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("%s by %s: sorts: %s", table.Name, column, plan)
				}
				if behind := planOf(t, s, q, true); sorted && len(values) == 1 && !strings.Contains(behind, want) {
					t.Errorf("%s by %s, going on: got %q want %q", table.Name, column, behind, want)
				}
			}
		}
	}
}

// Would catch a planner that reads a whole batch for each range of its claims, which grows with the square of the batch.
func TestARangeOfABatchDoesNotReadTheWholeBatch(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	for _, x := range []struct {
		table        *ledger.Table
		column, want string
	}{
		{ledger.Matches, "was", "match_by_was (was>? AND was<?)"},
		{ledger.Matches, "claim", "match_by_batch_claim (batch=? AND claim>? AND claim<?)"},
		{ledger.Assessments, "claim", "assessment_by_batch_claim (batch=? AND claim>? AND claim<?)"},
		{ledger.Remits, "id", "remit_by_batch_id (batch=? AND id>? AND id<?)"},
		{ledger.Claims, "id", "claim_by_batch_id (batch=? AND id>? AND id<?)"},
	} {
		plan := planOf(t, s, ledger.Query{Table: x.table, Where: []ledger.Cond{
			{Column: x.column, Op: ledger.AtLeast, Values: []ledger.Value{ledger.ID(claim.ID{1})}},
			{Column: x.column, Op: ledger.Below, Values: []ledger.Value{ledger.ID(claim.ID{2})}},
			ledger.OfBatch(1),
		}}, false)
		if !strings.Contains(plan, x.want) {
			t.Errorf("%s, a range of %s of a batch: got %q want %q", x.table.Name, x.column, plan, x.want)
		}
	}
	plan := planOf(t, s, ledger.Query{Table: ledger.Matches, Where: []ledger.Cond{
		{Column: "remit", Op: ledger.AtLeast, Values: []ledger.Value{ledger.ID(claim.ID{1})}},
		{Column: "retry", Op: ledger.NotNull},
		{Column: "batch", Op: ledger.Below, Values: []ledger.Value{ledger.Int(2)}},
	}}, false)
	if !strings.Contains(plan, "match_by_retry") {
		t.Errorf("matches to be looked at again: got %q want by retry", plan)
	}
}

// Would catch sums of a batch that read its pages in the order of keys, each of them many times.
func TestSumsOfABatchReadItsRowsAsTheyLie(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	for _, x := range []struct {
		table *ledger.Table
		of    []string
		want  string
	}{
		{ledger.Claims, []string{"charge"}, "SEARCH claim USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		{ledger.Postings, []string{"amount"}, "SEARCH posting USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		{ledger.Claims, nil, "SEARCH claim USING COVERING INDEX claim_by_batch_id (batch=?)"},
	} {
		steps, err := s.SumPlan(ledger.Query{Table: x.table, Where: []ledger.Cond{ledger.OfBatch(1)}}, x.of...)
		if err != nil {
			t.Fatal(err)
		}
		if steps[0] != x.want {
			t.Errorf("%s of %v: got %q want %q", x.table.Name, x.of, steps[0], x.want)
		}
	}
}

func planOf(t *testing.T, s *sqlite.Store, q ledger.Query, behind bool) string {
	t.Helper()
	steps, err := s.Plan(q, behind)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "; ")
}

// Would catch a range that holds one snapshot to its end.
func TestALongRangeDoesNotMakeTheWALGrow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	s.RowsPerSnapshot(500)
	for from := 0; from < 10_000; from += 1000 {
		if err := appendClaims(s, fmt.Sprint("fill ", from), from, 1000); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, err := range s.Rows(context.Background(), ledger.Query{Table: ledger.Claims}) {
		if err != nil {
			t.Fatal(err)
		}
		if n%500 == 0 {
			if err := appendClaims(s, fmt.Sprint(n), 10_000+n, 500); err != nil {
				t.Fatal(err)
			}
		}
		n++
	}
	if n != 10_000 {
		t.Errorf("got %d claims want the 10000 of the start", n)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 48<<20 { // a checkpoint is due at 32 MB, and a unit is 4
		t.Errorf("the WAL has grown to %d MB", info.Size()>>20)
	}
}

// Whoever made the ledger was killed while its file was turned to WAL mode: a journal lies beside it that must be played back first.
func TestALedgerThatWasLeftInItsMakingOpensForReading(t *testing.T) {
	dir := t.TempDir()
	making := filepath.Join(dir, "making.db")
	c, err := zombie.OpenConn(making, zombie.OpenReadWrite|zombie.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, q := range []string{"PRAGMA user_version = 1", "BEGIN IMMEDIATE", "PRAGMA user_version = 2"} {
		if err := sqlitex.ExecuteTransient(c, q, nil); err != nil {
			t.Fatal(err)
		}
	}
	left := filepath.Join(dir, "ledger.db")
	for _, suffix := range []string{"", "-journal"} {
		b, err := os.ReadFile(making + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if suffix == "-journal" { // the journal was synced: its magic and the number of its pages stand in it (sqlite.org/fileformat.html, 3)
			copy(b, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\x00\x00\x00\x01")
		}
		if err := os.WriteFile(left+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sqlite.OpenReadOnly(left); !errors.Is(err, sqlite.ErrEmpty) {
		t.Errorf("got %v, want that the ledger was not made yet", err)
	}
}
