package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"revcycle/fixtures/synth"
	"revcycle/pipeline"
)

const simulatedAsOf = "2025-06-30"

// newSimulation is a workspace whose inbox holds a small simulation, with duplicates and a torn file.
func newSimulation(t testing.TB, seed uint64, claims int) place {
	t.Helper()
	p := newPlace(t, "operations")
	o := synth.Defaults()
	o.Seed, o.Claims = seed, claims
	if _, err := synth.WriteAll(p.dir, o); err != nil {
		t.Fatal(err)
	}
	p.answered()
	return p
}

// answered lays what answers the claims of the inbox beside them: 999 and 277CA, as revcycle itself writes them.
func (p place) answered() {
	p.Helper()
	inbox := filepath.Join(p.dir, "inbox")
	claims, err := filepath.Glob(filepath.Join(inbox, "*.837*"))
	if err != nil || len(claims) == 0 {
		p.Fatalf("no claims to answer: %v", err)
	}
	if e := revcycle(p.TB, append([]string{"ack", "--out", inbox}, claims...)...); e.code != 0 && e.code != 3 {
		p.Fatalf("ack: exit %d: %s", e.code, e.err)
	}
}

// copied is the same workspace elsewhere, for one run.
func (p place) copied() place {
	p.Helper()
	dir, err := os.MkdirTemp(p.TempDir(), "w")
	if err != nil {
		p.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(p.dir)); err != nil {
		p.Fatal(err)
	}
	return place{p.TB, dir}
}

func (p place) job() *exec.Cmd {
	return command(p.TB, "run", "-C", p.dir, "--as-of", simulatedAsOf, "--json")
}

// killAfter runs the job and kills it after a while; killed is false where it ended before.
func (p place) killAfter(d time.Duration) (killed bool) { return p.killed(p.job(), d) }

// killed runs a command and kills it after a while; it is false where the command ended before.
func (p place) killed(c *exec.Cmd, d time.Duration) bool {
	p.Helper()
	if err := c.Start(); err != nil {
		p.Fatal(err)
	}
	time.Sleep(d)
	if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.Fatal(err)
	}
	c.Wait()
	return !c.ProcessState.Exited()
}

// writing are the calls by which a run changes the disk.
var writing = []string{"write", "pwrite64", "fsync", "fdatasync", "renameat", "unlinkat", "linkat", "mkdirat", "ftruncate"}

// killAt runs the job and kills it as it enters the k-th of some call that one of its threads makes.
func (p place) killAt(call string, k int) (killed bool) { return p.killedAt(p.job(), call, k) }

func (p place) killedAt(c *exec.Cmd, call string, k int) bool {
	p.Helper()
	s := straced(c, "-o", os.DevNull, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, k))
	return died(s)
}

// straced is a command under strace.
func straced(c *exec.Cmd, how ...string) *exec.Cmd {
	s := exec.Command("strace", slices.Concat([]string{"-f", "-qq"}, how, []string{c.Path}, c.Args[1:])...)
	s.Env = c.Env
	return s
}

// died runs a command under strace and reports whether a signal ended it.
func died(s *exec.Cmd) bool {
	s.Run()
	return !s.ProcessState.Exited() || s.ProcessState.ExitCode() > 128
}

// killBefore runs the job and kills it as it is about to rename a finished file to its name.
func (p place) killBefore(name string) (killed bool) {
	p.Helper()
	return died(straced(p.job(), "-o", os.DevNull, "-P", filepath.Join(p.dir, name), "-e", "trace=rename,renameat,renameat2",
		"-e", "inject=rename,renameat,renameat2:signal=KILL:when=1"))
}

// calls counts what an undisturbed run makes of each call: the most that any one of its threads does,
// for strace counts by thread.
func (p place) calls() map[string]int {
	most, _ := p.callsOf(p.job())
	return most
}

// callsOf is calls of any command, which is done.
func (p place) callsOf(c *exec.Cmd) (map[string]int, ended) {
	p.Helper()
	trace := filepath.Join(p.TempDir(), "trace")
	// The filter makes counting cheap; strace counts wrongly under it where it is to inject.
	e := finish(p.TB, straced(c, "--seccomp-bpf", "-o", trace, "-e", "trace="+strings.Join(writing, ",")))
	byThread, most := map[string]int{}, map[string]int{}
	for line := range strings.Lines(string(p.read(trace))) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		call, _, ok := strings.Cut(f[1], "(")
		if !ok {
			continue
		}
		byThread[f[0]+call]++
		most[call] = max(most[call], byThread[f[0]+call])
	}
	return most, e
}

// points is how many kills a test makes: a few, or as many as REVCYCLE_SOAK says.
func points(t testing.TB, few int) int {
	if s := os.Getenv("REVCYCLE_SOAK"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("REVCYCLE_SOAK: %v", err)
		}
		return n
	}
	return few
}

// A run that is killed with SIGKILL, at a moment or at a write, fsync, rename or unlink, goes on under
// its own batch when it is run again and leaves what an undisturbed run leaves: the same ledger, the
// same extracts, the same report. So it is with either store.
func TestAKilledRunGoesOn(t *testing.T) {
	p := newSimulation(t, 21, 40)
	calm := p.copied()
	calm.night(simulatedAsOf, 3)
	want, left := calm.digest(simulatedAsOf), calm.leftovers()
	for _, name := range []string{"metrics/revcycle.prom", "reports/", "audit.jsonl", "extracts/_batches/", "quarantine/"} {
		if !strings.Contains(left, name) {
			t.Fatalf("an undisturbed night leaves no %s:\n%s", name, left)
		}
	}
	n := points(t, 50)
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		killings{t, func() place { return place{t, p.dir}.copied() }, n - n/3, want, left}.all()
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		killings{t, func() place { return place{t, p.dir}.copied().onPostgres() }, n / 3, want, left}.all()
	})
}

// killings are runs of one night on one store, each killed at another point.
type killings struct {
	*testing.T
	fresh      func() place
	n          int
	want, left string // of an undisturbed night
}

func (k killings) all() {
	calm := k.fresh()
	start := time.Now()
	calm.night(simulatedAsOf, 3)
	took := time.Since(start)
	if got := calm.digest(simulatedAsOf); got != k.want {
		k.Fatalf("undisturbed, the night differs:\n%s", lineDiff(got, k.want))
	}
	calm.discard()
	rng := rand.New(rand.NewPCG(21, 1))
	killed, all := 0, 0
	try := func(how string, kill func(place) bool) {
		w := k.fresh()
		defer w.discard()
		all++
		if kill(w) {
			killed++
		}
		w.survived(how, k.want, k.left)
	}
	moments := k.n
	if _, err := exec.LookPath("strace"); err == nil {
		counted := k.fresh()
		most := counted.calls()
		counted.discard()
		moments = k.n / 2
		for _, name := range []string{"metrics/revcycle.prom", "reports/" + simulatedAsOf + "-001.html", "audit.jsonl"} {
			before := killed
			if try(name, func(w place) bool { return w.killBefore(name) }); killed == before {
				k.Errorf("no run was killed before it renamed %s", name)
			}
		}
		for i := range k.n - moments {
			call := writing[i%len(writing)]
			if most[call] == 0 {
				call = "write"
			}
			at := 1 + rng.IntN(most[call])
			try(fmt.Sprintf("%s %d", call, at), func(w place) bool { return w.killAt(call, at) })
		}
	} else if os.Getenv("CI") == "true" {
		k.Fatal("strace is not here: under CI nothing is passed over")
	}
	for range moments {
		d := time.Duration(rng.Int64N(int64(took)))
		try(fmt.Sprintf("after %s", d), func(w place) bool { return w.killAfter(d) })
	}
	k.Logf("soak: %s: %d runs, %d killed before their end, 0 differences wanted; an undisturbed one takes %s", k.Name(), all, killed, took.Round(time.Millisecond))
	if killed < k.n/2 {
		k.Errorf("only %d of %d runs were killed", killed, k.n)
	}
}

// survived runs the job again and wants what an undisturbed run leaves.
func (p place) survived(how, digest string, left string) {
	p.Helper()
	e := finish(p, p.job())
	if e.code != 3 && e.code != 0 {
		p.Errorf("killed at %s: run again: exit %d: %s", how, e.code, e.err)
		return
	}
	if e.code == 0 {
		var sum pipeline.Summary
		p.decode(e.out, &sum)
		if sum.Batch == "" {
			p.Errorf("killed at %s: run again: nothing to do, and no batch was made", how)
		}
	}
	if got := p.digest(simulatedAsOf); got != digest {
		p.Errorf("killed at %s: the night differs:\n%s", how, lineDiff(got, digest))
	}
	if got := p.leftovers(); got != left {
		p.Errorf("killed at %s: the workspace holds\n%swant\n%s", how, got, left)
	}
}

// leftovers lists what a night leaves beside ledger and extracts: nothing in the inbox, no work folder
// with files, one batch, a report, metrics, the units in quarantine.
func (p place) leftovers() string {
	p.Helper()
	var out strings.Builder
	for _, pattern := range []string{"inbox/*", ".work/*", "archive/.work/*", "quarantine/[^.]*/*", "quarantine/.work/*", "reports/*", "metrics/*", "*.jsonl", ".tmp*", "*/.tmp*", "extracts/_batches/*",
		"extracts/.*/*", "extracts/staging/*"} {
		files, err := filepath.Glob(filepath.Join(p.dir, pattern))
		if err != nil {
			p.Fatal(err)
		}
		for _, f := range files {
			name, _ := filepath.Rel(p.dir, f)
			fmt.Fprintln(&out, name)
		}
	}
	return out.String()
}

func lineDiff(got, want string) string {
	var out strings.Builder
	have := map[string]bool{}
	for l := range strings.Lines(want) {
		have[l] = true
	}
	for l := range strings.Lines(got) {
		if !have[l] {
			out.WriteString("got  " + l)
		}
		delete(have, l)
	}
	for l := range have {
		out.WriteString("want " + l)
	}
	return out.String()
}

// Of two runs at once the second gives way with exit 5, touches nothing, and the first ends as if alone.
func TestTwoRunsAtOnce(t *testing.T) {
	p := newSimulation(t, 22, 120)
	calm := p.copied()
	calm.night(simulatedAsOf, 3)
	want := calm.digest(simulatedAsOf)
	first := p.job()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if files, _ := filepath.Glob(filepath.Join(p.dir, "archive", "*", "*")); len(files) > 0 {
			break // what archives holds the workspace
		}
		if time.Now().After(deadline) {
			t.Fatal("the first run archived nothing")
		}
	}
	if err := first.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"run", "receive", "extract"} {
		if e := revcycle(t, verb, "-C", p.dir, "--as-of", simulatedAsOf); e.code != 5 || e.err == "" {
			t.Errorf("%s beside a run: exit %d, want 5: %s", verb, e.code, e.err)
		}
	}
	if err := first.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	if code := first.ProcessState.ExitCode(); code != 3 {
		t.Errorf("the first run: exit %d, want 3", code)
	}
	if got := p.digest(simulatedAsOf); got != want {
		t.Errorf("the night differs:\n%s", lineDiff(got, want))
	}
}

// A run that is told to stop says so with exit 130, and goes on when it is run again.
func TestARunThatIsInterruptedGoesOn(t *testing.T) {
	p := newSimulation(t, 23, 120)
	calm := p.copied()
	start := time.Now()
	calm.night(simulatedAsOf, 3)
	took := time.Since(start)
	want, left := calm.digest(simulatedAsOf), calm.leftovers()
	stopped := 0
	for i := range 12 {
		s := []os.Signal{syscall.SIGTERM, os.Interrupt}[i%2]
		w := p.copied()
		c := w.job()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took * time.Duration(i+1) / 13)
		c.Process.Signal(s)
		c.Wait()
		switch code := c.ProcessState.ExitCode(); code {
		case 130:
			stopped++
		case 3: // it came to its end first
		case -1: // so early that nobody listened yet
		default:
			t.Errorf("%s: exit %d, want 130", s, code)
		}
		w.survived(s.String(), want, left)
	}
	if stopped == 0 {
		t.Error("no run was stopped before its end")
	}
}
