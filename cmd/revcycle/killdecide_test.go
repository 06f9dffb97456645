package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"revcycle/fixtures/pgserver"
)

// decisions are what a manager says in the days behind a night, in order; each is killed by itself.
var decisions = [][]string{
	{"quarantine", "release", "--all", "--code", "SE01_COUNT", "--reason", "the sender confirms the count"},
	{"quarantine", "drop", "--all", "--file", "torn*", "--reason", "sent again"},
	{"retry"},
	{"resubmit", "S1", "--as", "void", "--reason", "another patient"},
	{"send", "release", "--all", "--reason", "checked"},
	{"send", "confirm", "--all", "--reason", "the log of what sends"},
	{"unmatch", "EFT1", "--claim", "S1", "--reason", "another account"},
	{"run"},
	{"rerun", "all", "--stage", "assess", "--reason", "a corrected table"},
	{"rerun", "all", "--stage", "extract", "--reason", "a file is gone"},
	{"rollback", "2025-06-30-001", "--reason", "a wrong master"},
	{"rollback", "LAST", "--reason", "mended"},
	{"purge"},
}

// A decision, a retry, a rerun, a rollback or a purge that is killed, wherever it is, leaves nothing half done: said again, or gone on
// with where it had begun a batch, it comes to what it comes to undisturbed, once. So it is with either store.
func TestAKilledDecisionIsWholeOrNotThere(t *testing.T) {
	p := newSimulation(t, 24, 30)
	claimFile := string(p.read("testdata/files/claim.837"))
	p.put("claim.837", []byte(claimFile))
	p.put("remit.835", p.read("testdata/files/remit.835"))
	p.put("torn-off.837", p.read("testdata/files/torn.837"))
	p.put("miscounted.837", []byte(strings.NewReplacer("SE*28*", "SE*29*", "CLM*S1*", "CLM*S9*", "000000001", "000000009").Replace(claimFile)))
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		decided(t, place{t, p.dir}.copied(), points(t, 20))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		decided(t, place{t, p.dir}.copied().onPostgres(), points(t, 20)/2)
	})
}

// decided goes through the decisions on one store, and kills each of them n / len(decisions) times at random.
func decided(t *testing.T, at place, n int) {
	table := filepath.Join(at.dir, "rulebook", "tables", "alpha-fees.csv")
	sound := at.read(table)
	if err := os.WriteFile(table, bytes.Replace(sound, []byte("99213,,92.00"), []byte("99213,,9Z.00"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	at.night(simulatedAsOf, 3)
	if err := os.WriteFile(table, sound, 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(at.dir, "revcycle.yaml")
	if err := os.WriteFile(config, bytes.Replace(at.read(config), []byte("keep: {}"), []byte("keep: {extract_batches: 1, reports: 1}"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(24, uint64(n)))
	killed, all := 0, 0
	for i, verb := range decisions {
		if slices.Contains(verb, "LAST") {
			verb = slices.Clone(verb)
			verb[slices.Index(verb, "LAST")] = at.lastBatch()
		}
		switch {
		case slices.Contains(verb, "assess"):
			if err := os.WriteFile(filepath.Join(at.dir, "rulebook", "tables", "alpha-fees.csv"), bytes.Replace(sound, []byte("92.00,page 3"), []byte("92.00,page 4"), 1), 0o600); err != nil {
				t.Fatal(err)
			}
		case slices.Contains(verb, "extract"):
			files, err := filepath.Glob(filepath.Join(at.dir, "extracts", "files", "fact_claim", "*", "part-"+at.lastBatch()+"-*"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no extracts: %v", err)
			}
			for _, f := range files {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
		}
		calm := at.twin()
		start := time.Now()
		calm.said(verb)
		took := time.Since(start)
		want := calm.outcome()
		if want == at.outcome() {
			t.Errorf("%v changes nothing", verb)
		}
		var most map[string]int
		if _, err := exec.LookPath("strace"); err == nil {
			counted := at.twin()
			most = counted.callsOf(counted.saying(verb))
			counted.discard()
		} else if os.Getenv("CI") == "true" {
			t.Fatal("strace is not here: under CI nothing is passed over")
		}
		for k := range max(1, n/len(decisions)) {
			w := at.twin()
			how := ""
			if call := writing[rng.IntN(len(writing))]; (i+k)%2 == 0 && most["write"] > 0 {
				if most[call] == 0 {
					call = "write"
				}
				point := 1 + rng.IntN(most[call])
				how = fmt.Sprintf("%s %d", call, point)
				if w.killedAt(w.saying(verb), call, point) {
					killed++
				}
			} else {
				d := time.Duration(rng.Int64N(int64(took)))
				how = "after " + d.String()
				if w.killed(w.saying(verb), d) {
					killed++
				}
			}
			all++
			w.saidAgain(verb)
			if got := w.outcome(); got != want {
				t.Errorf("%v killed at %s: it differs:\n%s", verb, how, lineDiff(got, want))
			}
			w.verified()
			w.discard()
		}
		at.discard()
		at = calm
	}
	at.discard()
	t.Logf("soak: %s: %d decisions, %d killed before their end, 0 differences wanted", t.Name(), all, killed)
	if killed < all/3 {
		t.Errorf("only %d of %d were killed", killed, all)
	}
}

// twin is the same workspace elsewhere, with a ledger of its own.
func (p place) twin() place {
	p.Helper()
	w := p.copied()
	if url := p.database(); url != "" {
		w.setDatabase(pgserver.Fresh(p, url[strings.LastIndex(url, "/")+1:]))
	}
	return w
}

func (p place) saying(verb []string) *exec.Cmd {
	return command(p.TB, append(append([]string{}, verb...), "-C", p.dir, "--as-of", simulatedAsOf)...)
}

// said says a decision and wants it taken.
func (p place) said(verb []string) {
	p.Helper()
	if e := finish(p, p.saying(verb)); e.code != 0 && e.code != 3 {
		p.Fatalf("%v: exit %d: %s%s", verb, e.code, e.out, e.err)
	}
}

// lastBatch is the name of the latest batch.
func (p place) lastBatch() string {
	p.Helper()
	var list []struct{ Batch string }
	p.decode(revcycle(p, "batches", "-C", p.dir, "--json").out, &list)
	last := ""
	for _, b := range list {
		last = max(last, b.Batch)
	}
	return last
}

// batches are those of the ledger; open says that the last one has not ended.
func (p place) batches() (n int, open bool) {
	p.Helper()
	e := revcycle(p, "batches", "-C", p.dir, "--json")
	var list []struct{ State string }
	p.decode(e.out, &list)
	for _, b := range list {
		open = open || b.State == "open"
	}
	return len(list), open
}

// saidAgain says a decision again as a manager does who has looked what became of it: a batch that it had begun goes on, one that it
// had ended is not made twice.
func (p place) saidAgain(verb []string) {
	p.Helper()
	if verb[0] == "rerun" {
		begun := p.began(verb)
		if _, open := p.batches(); begun && !open {
			// It ended, but for what is seen to behind its end: whatever is said next does that.
			verb = []string{"quarantine", "drop", "--all", "--code", "NONE", "--reason", "nothing"}
		}
	}
	if verb[0] == "resubmit" { // once is enough
		e := finish(p, p.saying(verb))
		if e.code != 0 && !strings.Contains(e.err, "waits in the outbox already") {
			p.Errorf("%v: exit %d: %s", verb, e.code, e.err)
		}
		return
	}
	p.said(verb)
}

// began reports whether the ledger's audit knows the batch of a rerun.
func (p place) began(verb []string) bool {
	p.Helper()
	e := revcycle(p, "batches", "-C", p.dir, "--json")
	return strings.Contains(e.out, verb[len(verb)-1])
}

// outcome is what must be equal: ledger, extracts, what people said, and what lies in the workspace.
func (p place) outcome() string {
	p.Helper()
	var out strings.Builder
	out.WriteString(p.digest(simulatedAsOf))
	for line := range strings.Lines(string(p.read(filepath.Join(p.dir, "audit.jsonl")))) {
		var act struct{ Act, Subject string }
		p.decode(line, &act)
		fmt.Fprintln(&out, "act", act.Act, act.Subject)
	}
	out.WriteString(p.leftovers())
	sent, err := filepath.Glob(filepath.Join(p.dir, "outbox", "*", "*"))
	if err != nil {
		p.Fatal(err)
	}
	for _, f := range sent {
		name, _ := filepath.Rel(p.dir, f)
		fmt.Fprintln(&out, name)
	}
	return out.String()
}
