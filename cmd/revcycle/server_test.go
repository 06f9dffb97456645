package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"revcycle/fixtures/pgserver"
)

// migrated is a database with an empty ledger, of which each test takes copies.
const migrated = "migrated"

var migrateOnce sync.Once

// onPostgres makes the workspace keep its ledger in a new database of the test's server.
func (p place) onPostgres() place {
	p.Helper()
	s := pgserver.ForTest(p)
	migrateOnce.Do(func() {
		url, err := s.Database(migrated, "")
		if err != nil {
			p.Fatal(err)
		}
		if e := revcycle(p, "migrate", "--database", url); e.code != 0 {
			p.Fatalf("migrate: exit %d: %s", e.code, e.err)
		}
	})
	p.setDatabase(pgserver.Fresh(p, migrated))
	return p
}

// setDatabase writes the database's URL into revcycle.yaml.
func (p place) setDatabase(url string) {
	p.Helper()
	name := filepath.Join(p.dir, "revcycle.yaml")
	text := p.read(name)
	line := []byte("database: " + url)
	var out [][]byte
	found := false
	for _, l := range bytes.Split(text, []byte("\n")) {
		if bytes.HasPrefix(l, []byte("database:")) {
			l, found = line, true
		}
		out = append(out, l)
	}
	if !found {
		out = append(out, line)
	}
	if err := os.WriteFile(name, bytes.Join(out, []byte("\n")), 0o600); err != nil {
		p.Fatal(err)
	}
}

// database is the URL in revcycle.yaml, "" for the embedded ledger.
func (p place) database() string {
	p.Helper()
	for line := range strings.Lines(string(p.read(filepath.Join(p.dir, "revcycle.yaml")))) {
		if url, ok := strings.CutPrefix(strings.TrimSpace(line), "database: "); ok {
			return strings.Trim(url, `"`)
		}
	}
	return ""
}

// discard removes the workspace, and its database from the test's server.
func (p place) discard() {
	p.Helper()
	if url := p.database(); url != "" {
		name := url[strings.LastIndex(url, "/")+1:]
		if _, err := pgserver.ForTest(p).SQL("postgres", `DROP DATABASE IF EXISTS "`+name+`" WITH (FORCE)`); err != nil {
			p.Error(err)
		}
	}
	if err := os.RemoveAll(p.dir); err != nil {
		p.Error(err)
	}
}

// Whatever the store, the same night: ledger, extracts, audit.
func TestTheSameNightOnPostgreSQL(t *testing.T) {
	p := newSimulation(t, 31, 300)
	embedded, server := p.copied(), p.copied().onPostgres()
	for _, w := range []place{embedded, server} {
		w.night(simulatedAsOf, 3)
		w.verified()
	}
	if a, b := embedded.digest(simulatedAsOf), server.digest(simulatedAsOf); a != b {
		t.Errorf("the nights differ:\n%s", lineDiff(b, a))
	}
	if a, b := embedded.leftovers(), server.leftovers(); a != b {
		t.Errorf("the workspaces differ:\n%s", lineDiff(b, a))
	}
	if files, _ := filepath.Glob(filepath.Join(server.dir, "ledger.db*")); len(files) > 0 {
		t.Errorf("with a database there is also %s", files)
	}
	if e := revcycle(t, "run", "-C", server.dir, "--as-of", simulatedAsOf, "--json"); e.code != 0 {
		t.Errorf("a second run: exit %d: %s", e.code, e.err)
	}
}

// A server that falls, or that ends every connection, in the middle of a night ends the run with exit 1, or the run
// bears it; the next run makes the night of an undisturbed one.
func TestAServerThatFallsDuringANight(t *testing.T) {
	p := newSimulation(t, 32, 120)
	calm := p.copied()
	calm.night(simulatedAsOf, 3)
	want, left := calm.digest(simulatedAsOf), calm.leftovers()
	s, err := pgserver.Start(pgserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	url, err := s.Database(migrated, "")
	if err != nil {
		t.Fatal(err)
	}
	if e := revcycle(t, "migrate", "--database", url); e.code != 0 {
		t.Fatalf("migrate: exit %d: %s", e.code, e.err)
	}
	rng := rand.New(rand.NewPCG(32, 1))
	n, failed := points(t, 8), 0
	if n > 8 {
		n /= 20 // of the kills that the soak asks for
	}
	took := 2 * time.Second
	for i := range n {
		w := p.copied()
		url, err := s.Database("night"+string(rune('a'+i%26))+time.Duration(i).String(), migrated)
		if err != nil {
			t.Fatal(err)
		}
		w.setDatabase(url)
		c := w.job()
		var errs bytes.Buffer
		c.Stderr = &errs
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(took))))
		how := "its connections are ended"
		if i%2 == 0 {
			how = "the server falls"
			err = s.Restart(true)
		} else {
			err = s.KillBackends()
		}
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		c.Wait()
		switch code := c.ProcessState.ExitCode(); code {
		case 1:
			failed++
			if !strings.Contains(errs.String(), "ledger: ") {
				t.Errorf("%s: exit 1 and no word of the ledger: %s", how, errs.String())
			}
		case 3:
			took = max(took*9/10, 300*time.Millisecond)
		default:
			t.Errorf("%s: exit %d: %s", how, code, errs.String())
		}
		if d := time.Since(began); d > time.Minute {
			t.Errorf("%s: the run hung for %s", how, d)
		}
		w.survived(how, want, left)
		if err := os.RemoveAll(w.dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("soak: %d nights whose server fell or ended all connections, %d ended by it; the next run made the same night", n, failed)
	if failed == 0 {
		t.Error("no run was ended by the server")
	}
}

// Two runs that are started at once: one does the night, the other gives way with exit 5 or finds nothing to do.
func TestTwoRunsStartedAtOnce(t *testing.T) {
	p := newSimulation(t, 33, 20)
	calm := p.copied()
	calm.night(simulatedAsOf, 3)
	want, left := calm.digest(simulatedAsOf), calm.leftovers()
	n, gaveWay := atSize(6, 100), 0
	for i := range n {
		w := p.copied()
		if i%2 == 1 {
			w = w.onPostgres()
		}
		var jobs [2]*exec.Cmd
		for k := range jobs {
			jobs[k] = w.job()
			if err := jobs[k].Start(); err != nil {
				t.Fatal(err)
			}
		}
		codes := map[int]int{}
		for _, c := range jobs {
			c.Wait()
			codes[c.ProcessState.ExitCode()]++
		}
		gaveWay += codes[5]
		if codes[3] != 1 || codes[3]+codes[5]+codes[0] != 2 {
			t.Errorf("two runs at once: exit codes %v, want one 3, and 5 or 0", codes)
		}
		w.survived("two at once", want, left)
		w.discard()
	}
	t.Logf("soak: two runs at once %d times: one night each time; %d times the second gave way with exit 5", n, gaveWay)
}
