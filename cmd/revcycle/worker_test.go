package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"revcycle/pipeline/river"
)

// shift is a worker in a process of its own.
type shift struct {
	*exec.Cmd
	log *bytes.Buffer
}

// worker starts a worker; it is killed at the end of the test, if it still runs.
func (p place) worker(args ...string) *shift {
	p.Helper()
	s := &shift{command(p.TB, append([]string{"worker", "-C", p.dir, "--workers", "1"}, args...)...), new(bytes.Buffer)}
	s.Stderr = s.log
	if err := s.Start(); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		s.Process.Kill()
		s.Wait()
		if p.Failed() {
			p.Logf("a worker's log:\n%.3000s", s.log)
		}
	})
	return s
}

// working waits until so many workers are there.
func (p place) working(n int) (s river.Status) {
	p.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		e := revcycle(p, "worker", "--status", "--json", "-C", p.dir)
		if e.code != 0 {
			p.Fatalf("worker --status: exit %d: %s", e.code, e.err)
		}
		if p.decode(e.out, &s); len(s.Workers) == n {
			return s
		}
		if time.Now().After(deadline) {
			p.Fatalf("%d workers are there, want %d", len(s.Workers), n)
		}
	}
}

// Three workers and run --distributed leave what one process leaves on SQLite; so they do while one of them is killed
// with SIGKILL, and started again, all the time.
func TestWorkersMakeTheSameNight(t *testing.T) {
	claims := atSize(1_000, 20_000)
	p := newSimulation(t, 51, claims)
	calm := p.copied()
	calm.night(simulatedAsOf, 3)
	want := calm.digest(simulatedAsOf)

	three := p.copied().onPostgres()
	for range 3 {
		three.worker()
	}
	three.working(3)
	start := time.Now()
	three.night(simulatedAsOf, 3, "--distributed")
	took := time.Since(start)
	if got := three.digest(simulatedAsOf); got != want {
		t.Errorf("with three workers the night differs:\n%s", lineDiff(got, want))
	}

	hunted := p.copied().onPostgres()
	hunted.worker()
	hunted.worker()
	stop, kills := make(chan bool), 0
	var hunter sync.WaitGroup
	pause := max(took/4, 100*time.Millisecond)
	hunter.Go(func() {
		for {
			victim := hunted.worker()
			select {
			case <-stop:
				return
			case <-time.After(pause):
				victim.Process.Kill()
				victim.Wait()
				kills++
			}
		}
	})
	hunted.night(simulatedAsOf, 3, "--distributed")
	close(stop)
	hunter.Wait()
	if got := hunted.digest(simulatedAsOf); got != want {
		t.Errorf("while a worker was killed %d times the night differs:\n%s", kills, lineDiff(got, want))
	}
	t.Logf("soak: %d claims: the same bytes from 3 workers (%s), and while one was killed %d times, as from one process on SQLite", claims, took.Round(time.Millisecond), kills)
}

// Of two runs that share a database the second gives way with exit 5. A run that is told to stop ends with exit 130 and
// takes its jobs back, a worker that is told to stop ends with exit 0.
func TestADistributedRunIsOneRun(t *testing.T) {
	p := newSimulation(t, 52, 100).onPostgres()
	twin := p.copied()
	first := command(t, "run", "-C", p.dir, "--as-of", simulatedAsOf, "--distributed")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); p.working(0).Waiting == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no job waits")
		}
	}
	for where, dir := range map[string]string{"workspace": p.dir, "database": twin.dir} {
		if e := revcycle(t, "run", "-C", dir, "--as-of", simulatedAsOf, "--distributed"); e.code != 5 {
			t.Errorf("a second run on the %s: exit %d, want 5: %s", where, e.code, e.err)
		}
	}
	first.Process.Signal(syscall.SIGTERM)
	first.Wait()
	if code := first.ProcessState.ExitCode(); code != 130 {
		t.Errorf("told to stop, the run ends with exit %d, want 130", code)
	}
	if s := p.working(0); s.Waiting != 0 {
		t.Errorf("%d jobs wait for nobody", s.Waiting)
	}
	w := p.worker()
	p.working(1)
	p.night(simulatedAsOf, 3, "--distributed")
	w.Process.Signal(syscall.SIGTERM)
	if w.Wait(); w.ProcessState.ExitCode() != 0 {
		t.Errorf("told to stop, the worker ends with exit %d, want 0: %s", w.ProcessState.ExitCode(), w.log)
	}
}

// Without a database to share there are no workers, and the sentence says what to do.
func TestWorkersWantADatabase(t *testing.T) {
	p := newPlace(t, "operations")
	for _, args := range [][]string{{"worker"}, {"worker", "--status"}, {"run", "--distributed"}} {
		e := revcycle(t, append(args, "-C", p.dir)...)
		if e.code != 2 || !strings.Contains(e.err, "through a PostgreSQL database") {
			t.Errorf("%v: exit %d, want 2: %s", args, e.code, e.err)
		}
	}
	if e := revcycle(t, "worker", "-C", p.onPostgres().dir, "--run-at", "half past two"); e.code != 2 {
		t.Errorf("a wrong time: exit %d, want 2: %s", e.code, e.err)
	}
}

// Who works on what, and what failed, is a table that docs/workers.md shows.
func TestWorkersAreShown(t *testing.T) {
	at := time.Date(2026, 11, 24, 2, 10, 0, 0, time.UTC)
	since := at.Add(-10 * time.Minute)
	s := river.Status{Waiting: 14, Workers: []river.WorkerStatus{
		{Host: "night1", PID: 4711, Since: since, Jobs: []river.JobStatus{
			{Batch: 7, Step: "settle", Units: 6, First: "0000-07ff", Since: at.Add(-time.Second), Try: 1},
			{Batch: 7, Step: "settle", Units: 6, First: "0800-0fff", Since: at, Try: 2}}},
		{Host: "night2", PID: 815, Since: since.Add(time.Second)}},
		Failing: []river.FailingJob{
			{Batch: 7, Step: "settle", First: "1000-17ff", Tries: 2, Error: "settle: 1000-17ff: the disk is full", Next: at.Add(4 * time.Second)},
			{Batch: 7, Step: "settle", First: "1800-1fff", Tries: 8, Error: "unit 1800-1fff: panic: no such payer", Dead: true}}}
	var out bytes.Buffer
	if err := printWorkers(&out, s, at); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(checkout + "/docs/workers.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```text\n"+out.String()+"```\n") {
		t.Errorf("docs/workers.md does not show\n%s", &out)
	}
}
