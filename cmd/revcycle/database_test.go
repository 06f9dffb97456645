package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"revcycle/fixtures/pgserver"
)

// A night whose setting names another database, an empty one, ends before it takes anything; so it does where the setting
// is lost and the embedded ledger is left.
func TestANightOnAnotherDatabaseIsRefused(t *testing.T) {
	p := newSimulation(t, 51, 10).onPostgres()
	p.night(simulatedAsOf, 3)
	url := p.database()
	want, audit := p.digest(simulatedAsOf), string(p.read(filepath.Join(p.dir, "audit.jsonl")))
	if err := os.WriteFile(filepath.Join(p.dir, "inbox", "late.837"), []byte("ISA"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.setDatabase(pgserver.Fresh(t, migrated))
	other := p.database()
	for _, setting := range []string{other, `""`} {
		p.setDatabase(setting)
		e := finish(p, p.job())
		if e.code != exitUsage || !strings.Contains(e.err, "the ledger is not the one of this workspace") || !strings.Contains(e.err, "it has no batch") {
			t.Errorf("database %s: exit %d: %s", setting, e.code, e.err)
		}
		if _, err := os.Stat(filepath.Join(p.dir, "inbox", "late.837")); err != nil {
			t.Errorf("database %s: the inbox was taken: %v", setting, err)
		}
		if got := string(p.read(filepath.Join(p.dir, "audit.jsonl"))); got != audit {
			t.Errorf("database %s: audit.jsonl is another one", setting)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(p.dir, "ledger.db*")); len(files) > 0 {
		t.Errorf("there is %s", files)
	}
	p.setDatabase(url)
	if got := p.digest(simulatedAsOf); got != want {
		t.Errorf("the night is another one:\n%s", lineDiff(got, want))
	}
	at := fmt.Sprintf("PostgreSQL, host 127.0.0.1, port %d, database %s, user ", pgserver.ForTest(t).Port(), url[strings.LastIndex(url, "/")+1:])
	for _, verb := range []string{"status", "doctor"} {
		if e := revcycle(t, verb, "-C", p.dir); !strings.Contains(e.out, at) {
			t.Errorf("%s does not say %q: %s", verb, at, e.out)
		}
	}
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(databaseFile, file)
	if e := revcycle(t, "doctor", "-C", p.dir); e.code != exitUsage || !strings.Contains(e.out, "database: in revcycle.yaml elsewhere") || !strings.Contains(e.out, "not the one of this workspace") {
		t.Errorf("doctor, of two settings: exit %d: %s", e.code, e.out)
	}
}

// Doctor finds what a run would: a user without the rights, a database that is not there; and the run ends with 2.
func TestDoctorAndRunAgreeAboutRights(t *testing.T) {
	p := newSimulation(t, 52, 5).onPostgres()
	s := pgserver.ForTest(t)
	url := p.database()
	if _, err := s.SQL("postgres", "DROP ROLE IF EXISTS onlooker; CREATE ROLE onlooker LOGIN IN ROLE revcycle_auditor"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ url, doctor string }{
		{s.URLOf("onlooker", url[strings.LastIndex(url, "/")+1:]), "rights that a run needs, "},
		{s.URL("absent"), "there is no such database"},
	} {
		p.setDatabase(c.url)
		if e := revcycle(t, "doctor", "-C", p.dir); e.code != exitUsage || !strings.Contains(e.out, c.doctor) || strings.Contains(e.out, ": ledger store") {
			t.Errorf("doctor: exit %d: %s", e.code, e.out)
		}
		if e := finish(p, p.job()); e.code != exitUsage || strings.Contains(e.err, ": ledger store") {
			t.Errorf("run: exit %d: %s", e.code, e.err)
		}
	}
}

// A script can tell that migrate left something to do.
func TestMigrateWithMissingRolesEndsWith2(t *testing.T) {
	s, err := pgserver.Start(pgserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if _, err := s.SQL("postgres", "CREATE ROLE plain LOGIN"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SQL("postgres", "CREATE DATABASE theirs OWNER plain"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		user string
		code int
	}{{"plain", exitUsage}, {"", exitDone}} {
		url := s.URL("theirs")
		if c.user != "" {
			url = s.URLOf(c.user, "theirs")
		}
		if e := revcycle(t, "migrate", "--database", url); e.code != c.code || (c.code != exitDone) != strings.Contains(e.err, "CREATE ROLE revcycle_engine NOLOGIN") {
			t.Errorf("as %q: exit %d: %s", c.user, e.code, e.err)
		}
	}
}
