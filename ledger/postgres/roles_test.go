package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"revcycle/fixtures/pgserver"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
	"revcycle/ledger/storetest"
)

// asUser makes a user of a group role and gives its URL of a database.
func asUser(t *testing.T, role, url string) string {
	t.Helper()
	server := pgserver.ForTest(t)
	user := strings.Replace(role, "revcycle", "user", 1)
	if _, err := server.SQL("postgres", fmt.Sprintf("DROP ROLE IF EXISTS %s; CREATE ROLE %[1]s LOGIN IN ROLE %s", user, role)); err != nil {
		t.Fatal(err)
	}
	return server.URLOf(user, url[strings.LastIndex(url, "/")+1:])
}

// Would catch a right too many, and one too few.
func TestEachRoleMayDoItsWorkAndNoMore(t *testing.T) {
	ctx := context.Background()
	url := fresh(t)
	owner := open(t, url, postgres.Options{})
	newBatch(t, owner, 1, day(2026, 11, 1))
	c, l := claimRows(1, 0, 3, 10)
	if err := appendRows(owner, ledger.Unit{Batch: 1, Stage: "ingest", Key: "a"}, c, l); err != nil {
		t.Fatal(err)
	}
	const analyst, auditor, ingest, engine = "revcycle_analyst", "revcycle_auditor", "revcycle_ingest", "revcycle_engine"
	all := []string{analyst, auditor, ingest, engine}
	stores := map[string]*postgres.Store{}
	for _, role := range all {
		s, err := postgres.Open(ctx, asUser(t, role, url), postgres.Options{})
		if role == analyst { // it reads views with tools of its own
			if !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "lacks the right") {
				t.Errorf("analyst: got %v; want to be told of a missing right", err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", role, err)
		}
		defer s.Close()
		stores[role] = s
		if lacks, err := s.Lacks(ctx); err != nil || (len(lacks) == 0) != (role == engine) {
			t.Errorf("%s: lacks %q for a run, %v", role, lacks, err)
		}
	}
	server := pgserver.ForTest(t)
	database := url[strings.LastIndex(url, "/")+1:]
	for _, q := range []struct{ sql, may string }{
		{"SELECT control, charge_usd FROM revcycle.v_claim", analyst + auditor + engine},
		{"SELECT * FROM revcycle.v_posting", analyst + auditor + engine},
		{"SELECT id, charge FROM revcycle.claim", auditor + engine},
		{"SELECT doc FROM revcycle.claim", engine},
		{"SELECT * FROM revcycle.claim_2026_11", ""},
		{"SELECT * FROM revcycle.v_audit", auditor + engine},
		{"SELECT actor, seal FROM revcycle.audit", auditor + engine},
		{"SELECT * FROM revcycle.v_unit", auditor + engine},
		{"SELECT batch, stage, key FROM revcycle.unit", auditor + ingest + engine},
		{"SELECT * FROM revcycle.home", auditor + ingest + engine},
		{"INSERT INTO revcycle.charge (id, posting_month) VALUES ('00000000-0000-0000-0000-000000000001', '2026-11-01')", ingest + engine},
		{"INSERT INTO revcycle.posting (entry, move, posting_month) VALUES ('00000000-0000-0000-0000-000000000001', 1, '2026-11-01')", engine},
		{"INSERT INTO revcycle.settlement (claim, payer, batch, posting_month) VALUES ('00000000-0000-0000-0000-000000000001', 'P', 1, '2026-11-01')", engine},
		{"INSERT INTO revcycle.audit (seq) VALUES (1)", engine},
		{"SELECT revcycle.make_month('2026-12-01')", engine},
		{"UPDATE revcycle.claim SET charge = 0", ""},
		{"DELETE FROM revcycle.posting", ""},
		{"TRUNCATE revcycle.audit", ""},
		{"UPDATE revcycle.month SET purged = true", ""},
		{"ALTER TABLE revcycle.claim DETACH PARTITION revcycle.claim_2026_11", ""},
		{"ALTER TABLE revcycle.claim DISABLE TRIGGER ALL", ""},
		{"CREATE TABLE revcycle.mine (n int)", ""},
	} {
		for _, role := range all {
			_, err := server.SQL(database, "BEGIN; SET LOCAL ROLE "+role+"; "+q.sql+"; ROLLBACK")
			if may := strings.Contains(q.may, role); may != (err == nil) {
				t.Errorf("%s: %s: got %v, may %v", role, q.sql, err, may)
			}
		}
	}
	more, moreLines := claimRows(1, 10, 100, 10)
	unit := ledger.Unit{Batch: 1, Stage: "ingest", Key: "b"}
	if err := appendRows(stores[auditor], unit, more); !errors.Is(err, ledger.ErrStore) {
		t.Errorf("auditor appends: got %v; want a refusal", err)
	}
	if err := appendRows(stores[ingest], unit, more, moreLines); err != nil {
		t.Errorf("ingest appends facts: %v", err)
	}
	if got := put(t, stores[ingest], 1, "again", ledger.Claims, more...); strings.Contains(got, "1") {
		t.Errorf("ingest appends facts again: got %s", got)
	}
	_, err := stores[ingest].Do(ctx, ledger.Unit{Batch: 1, Stage: "post", Key: "c"}, func(x ledger.Tx) error {
		_, err := x.Append(ledger.Postings, rowOf(ledger.Postings, map[string]ledger.Value{"entry": ledger.ID(hashed(1)), "move": ledger.Int(1)}))
		return err
	})
	if !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "lacks the right") {
		t.Errorf("ingest posts: got %v; want a refusal", err)
	}
}

// The engine role does all that a store is asked, on a ledger that it does not own.
func TestTheEngineRoleKeepsTheWholeContract(t *testing.T) {
	url := fresh(t)
	s := open(t, asUser(t, "revcycle_engine", url), postgres.Options{})
	storetest.Durable(t, func(*testing.T) ledger.Store { return s }, func(_ *testing.T, s ledger.Store) ledger.Store { return s })
	newBatch(t, s, 100, day(2026, 11, 22))
	lock, err := s.LockRun(context.Background(), "engine")
	if err != nil {
		t.Fatal(err)
	}
	newBatch(t, s, 101, day(2026, 12, 22))
	if err := lock.Unlock(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestMissingRolesThatCannotBeMadeAreNamed(t *testing.T) {
	server := pgserver.ForTest(t)
	if _, err := server.SQL("postgres", "DROP DATABASE IF EXISTS theirs; DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; CREATE DATABASE theirs OWNER plain"); err != nil {
		t.Fatal(err)
	}
	fresh(t) // so that the roles are there: they belong to the server
	if _, err := server.SQL("postgres", "ALTER ROLE revcycle_auditor RENAME TO away"); err != nil {
		t.Fatal(err)
	}
	defer server.SQL("postgres", "ALTER ROLE away RENAME TO revcycle_auditor")
	m, err := postgres.Migrate(context.Background(), server.URLOf("plain", "theirs"))
	if err != nil || len(m.Notes) != 1 || !strings.Contains(m.Notes[0], "CREATE ROLE revcycle_auditor NOLOGIN") {
		t.Errorf("got %+v, %v; want one note that names the role", m, err)
	}
	open(t, server.URLOf("plain", "theirs"), postgres.Options{})
}
