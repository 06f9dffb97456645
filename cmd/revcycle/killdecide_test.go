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

// decided goes through the decisions on one store and kills them at random, so many times in all.
func decided(t *testing.T, at place, n int) {
	at.amend("99213,,92.00", "99213,,9Z.00")
	at.night(simulatedAsOf, 3)
	at.amend("99213,,9Z.00", "99213,,92.00")
	config := filepath.Join(at.dir, "revcycle.yaml")
	if err := os.WriteFile(config, bytes.Replace(at.read(config), []byte("keep: {}"), []byte("keep: {extract_batches: 1, reports: 1}"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	d := deciding{T: t, at: at, stands: at.outcome(), rng: rand.New(rand.NewPCG(24, uint64(n)))}
	for i, verb := range decisions {
		d.decide(i, d.at.prepared(verb), (i+1)*n/len(decisions)-i*n/len(decisions))
	}
	d.at.discard()
	t.Logf("soak: %s: %d decisions, killed %d times before their end, %d of them while they went on; 0 differences wanted", t.Name(), d.all, d.killed, d.twice)
	if d.killed < d.all/3 {
		t.Errorf("only %d of %d were killed", d.killed, d.all)
	}
}

// amend writes something else into Alpha's fee table.
func (p place) amend(was, is string) {
	p.Helper()
	table := filepath.Join(p.dir, "rulebook", "tables", "alpha-fees.csv")
	text := p.read(table)
	if !bytes.Contains(text, []byte(was)) {
		p.Fatalf("Alpha's fee table does not say %s", was)
	}
	if err := os.WriteFile(table, bytes.Replace(text, []byte(was), []byte(is), 1), 0o600); err != nil {
		p.Fatal(err)
	}
}

// prepared makes what a decision is about, and names the last batch in it.
func (p place) prepared(verb []string) []string {
	p.Helper()
	switch {
	case slices.Contains(verb, "assess"):
		p.amend("92.00,page 3", "92.00,page 4")
	case slices.Contains(verb, "extract"):
		files, err := filepath.Glob(filepath.Join(p.dir, "extracts", "files", "fact_claim", "*", "part-"+p.lastBatch()+"-*"))
		if err != nil || len(files) == 0 {
			p.Fatalf("no extracts: %v", err)
		}
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				p.Fatal(err)
			}
		}
	case slices.Contains(verb, "LAST"):
		verb = slices.Clone(verb)
		verb[slices.Index(verb, "LAST")] = p.lastBatch()
	}
	return verb
}

// deciding is a workspace in which one decision comes behind the other, each of them killed in copies.
type deciding struct {
	*testing.T
	at                 place
	stands             string // the outcome so far
	rng                *rand.Rand
	all, killed, twice int
}

// decide kills a decision so many times and takes it then undisturbed.
func (d *deciding) decide(turn int, verb []string, kills int) {
	calm := d.at.twin()
	start := time.Now()
	most := map[string]int{}
	if _, err := exec.LookPath("strace"); err == nil {
		var e ended
		if most, e = calm.callsOf(calm.saying(verb)); e.code != 0 && e.code != 3 {
			d.Fatalf("%v: exit %d: %s%s", verb, e.code, e.out, e.err)
		}
	} else if os.Getenv("CI") == "true" {
		d.Fatal("strace is not here: under CI nothing is passed over")
	} else {
		calm.said(verb)
	}
	k := killer{d.rng, time.Since(start), most}
	want := calm.outcome()
	if want == d.stands {
		d.Errorf("%v changes nothing", verb)
	}
	for i := range kills {
		w := d.at.twin()
		d.all++
		how, dead := k.once(w, verb, (turn+i)%2 == 0)
		if dead {
			d.killed++
		}
		if dead && (turn+i)%3 == 0 && !w.over(verb) {
			again, dead := k.once(w, verb, d.rng.IntN(2) == 0)
			if how += ", then at " + again; dead {
				d.twice++
			}
		}
		w.saidAgain(verb, d.rng.IntN(2) == 0)
		if got := w.outcome(); got != want {
			d.Errorf("%v killed at %s: it differs:\n%s", verb, how, lineDiff(got, want))
		}
		w.verified()
		w.discard()
	}
	d.at.discard()
	d.at, d.stands = calm, want
}

// killer kills at random what takes so long, and makes so many of each call.
type killer struct {
	rng  *rand.Rand
	took time.Duration
	most map[string]int
}

// once kills a command at one of its calls, or at a moment; dead is false where it ended before.
func (k killer) once(p place, verb []string, atCall bool) (how string, dead bool) {
	call := writing[k.rng.IntN(len(writing))]
	if k.most[call] == 0 {
		call = "write"
	}
	if !atCall || k.most[call] == 0 {
		after := time.Duration(k.rng.Int64N(int64(k.took)))
		return "after " + after.String(), p.killed(p.saying(verb), after)
	}
	point := 1 + k.rng.IntN(k.most[call])
	return fmt.Sprintf("%s %d", call, point), p.killedAt(p.saying(verb), call, point)
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

// over reports a rerun whose batch has ended: it is not asked for twice.
func (p place) over(verb []string) bool {
	p.Helper()
	_, open := p.batches()
	return verb[0] == "rerun" && p.began(verb) && !open
}

// saidAgain says a decision again as a manager does who has looked what became of it: a batch that it had begun goes on, one that it
// had ended is not made twice. Where the night comes first, run ends the batch.
func (p place) saidAgain(verb []string, night bool) {
	p.Helper()
	if _, open := p.batches(); open && night {
		p.said([]string{"run"})
	}
	if p.over(verb) {
		// It ended, but for what is seen to behind its end: whatever is said next does that.
		verb = []string{"quarantine", "drop", "--all", "--code", "NONE", "--reason", "nothing"}
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
	out.WriteString(p.acts())
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

// acts are what the audit tells of, in its order.
func (p place) acts() string {
	p.Helper()
	var out strings.Builder
	for line := range strings.Lines(string(p.read(filepath.Join(p.dir, "audit.jsonl")))) {
		var act struct{ Act, Subject string }
		p.decode(line, &act)
		fmt.Fprintln(&out, "act", act.Act, act.Subject)
	}
	return out.String()
}
