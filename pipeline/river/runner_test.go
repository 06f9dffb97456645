package river

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"revcycle/pipeline"
)

// Three workers and a coordinator leave what one process leaves in memory, to the byte.
func TestThreeWorkersMakeTheSameNight(t *testing.T) {
	n, want := newNight(t)
	for range 3 {
		n.start(testWorker{Jobs: 2})
	}
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
}

// Workers that are killed all the time, and replaced, change nothing but the time it takes.
func TestKilledWorkersLoseNothing(t *testing.T) {
	n, want := newNight(t)
	n.start(testWorker{})
	stop, killed := make(chan bool), make(chan int)
	rng := rand.New(rand.NewPCG(42, 1))
	victims := []*worker{n.start(testWorker{Jobs: 2}), n.start(testWorker{Jobs: 2})}
	go func() {
		for k := 0; ; k++ {
			select {
			case <-stop:
				killed <- k
				return
			case <-time.After(time.Duration(100+rng.IntN(300)) * time.Millisecond):
			}
			victims[k%2].Process.Kill()
			victims[k%2] = n.start(testWorker{Jobs: 2})
		}
	}()
	err := n.run(context.Background())
	close(stop)
	k := <-killed
	if err != nil {
		t.Fatal(err)
	}
	n.same(want)
	t.Logf("%d workers killed, %d jobs given to another", k, strings.Count(n.log.String(), "a worker is gone"))
}

// The job of a worker that was killed is with another within moments, not when its time is over.
func TestAKilledWorkersJobComesBackAtOnce(t *testing.T) {
	n, _ := newNight(t)
	q := n.queue(Coordinator)
	cause := filepath.Join(t.TempDir(), "hang")
	if err := os.WriteFile(cause, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	victim := n.start(testWorker{Hang: "ingest", Cause: cause})
	done := make(chan error, 1)
	go func() { done <- n.run(context.Background()) }()
	n.until("the worker has a job", func() bool {
		s, err := q.Status(context.Background())
		return err == nil && len(s.Workers) == 1 && len(s.Workers[0].Jobs) > 0
	})
	n.start(testWorker{})
	n.until("a second worker is there", func() bool {
		s, err := q.Status(context.Background())
		return err == nil && len(s.Workers) == 2
	})
	start := time.Now()
	victim.Process.Kill()
	n.until("another has its job", func() bool { return strings.Contains(n.log.String(), "a worker is gone") })
	back := time.Since(start)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if back > quick.Timeout/4 {
		t.Errorf("the job came back %s after its worker was killed", back)
	}
	t.Logf("the job came back %s after its worker was killed", back.Round(time.Millisecond))
}

// A coordinator that is killed leaves its jobs; the next takes them over, and the night is the same.
func TestAKilledCoordinatorGoesOn(t *testing.T) {
	n, want := newNight(t)
	n.start(testWorker{Jobs: 2})
	for i := range 4 {
		c := n.start(testWorker{Coordinate: true})
		time.Sleep(time.Duration(200+200*i) * time.Millisecond)
		c.Process.Kill()
		c.Wait()
	}
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
}

// A run that is told to stop takes the jobs back that nobody has begun, and the next run goes on.
func TestAStoppedCoordinatorTakesItsJobsBack(t *testing.T) {
	n, want := newNight(t)
	q := n.queue(Coordinator)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.run(ctx) }()
	n.until("jobs wait", func() bool {
		s, err := q.Status(context.Background())
		return err == nil && s.Waiting > 0
	})
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the run ended with %v, want canceled", err)
	}
	if s, err := q.Status(context.Background()); err != nil || s.Waiting != 0 {
		t.Errorf("%d jobs wait, %v; want none", s.Waiting, err)
	}
	n.start(testWorker{})
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
}

// At whatever moment a run is stopped, and whoever put the jobs in: none waits for a worker behind it.
func TestNoJobIsForgottenByARunThatStops(t *testing.T) {
	n, want := newNight(t)
	q := n.queue(Coordinator)
	waiting := func() int {
		s, err := q.Status(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return s.Waiting
	}
	killed := n.start(testWorker{Coordinate: true})
	n.until("jobs wait", func() bool { return waiting() > 0 })
	killed.Process.Kill()
	killed.Wait()

	env := n.env(n.store())
	all, err := pipeline.Batches(context.Background(), env.Store)
	if err != nil || len(all) != 1 || !all[0].Open {
		t.Fatalf("want one batch that is open: %+v, %v", all, err)
	}
	env.Batch = all[0].Batch
	over, stop := context.WithCancel(context.Background())
	stop()
	if err := q.Runner().Run(over, env, pipeline.Steps[0], nil, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped before it began, the run ends with %v, want canceled", err)
	}
	if left := waiting(); left > 0 {
		t.Errorf("stopped before it began, the run leaves %d jobs", left)
	}

	rng := rand.New(rand.NewPCG(43, 1))
	for range 12 {
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- n.run(ctx) }()
		n.until("jobs wait", func() bool { return waiting() > 0 })
		d := time.Duration(rng.Int64N(int64(60 * time.Millisecond)))
		time.Sleep(d)
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the run ends with %v, want canceled", err)
		}
		if left := waiting(); left > 0 {
			t.Errorf("stopped %s after it put them in, the run leaves %d jobs", d, left)
		}
	}
	n.start(testWorker{})
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
}

// A unit that fails is tried again, then given up: the run does all others, fails with a sentence that names the unit,
// and the next run, with the cause gone, does what is left.
func TestADeadJobEndsTheRunWithASentence(t *testing.T) {
	n, want := newNight(t)
	q := n.queue(Coordinator)
	done := make(chan error, 1)
	go func() { done <- n.run(context.Background()) }()
	n.until("jobs wait", func() bool {
		s, err := q.Status(context.Background())
		return err == nil && s.Waiting > 0
	})
	archived, err := filepath.Glob(filepath.Join(n.dir, "archive", "*", "*.zst"))
	if err != nil || len(archived) < 20 {
		t.Fatal(len(archived), err)
	}
	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(archived[7], away); err != nil {
		t.Fatal(err)
	}
	n.start(testWorker{Jobs: 2})
	err = <-done
	if err == nil {
		t.Fatal("the run ended well")
	}
	for _, word := range []string{"1 jobs are dead, with 1 units", "sets", "tried 6 times", "not in the archive"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not say %q: %v", word, err)
		}
	}
	if err := os.Rename(away, archived[7]); err != nil {
		t.Fatal(err)
	}
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
}

// A unit that panics takes no worker along: it is a try that failed.
func TestAPanicIsATryThatFailed(t *testing.T) {
	n, want := newNight(t)
	cause := filepath.Join(t.TempDir(), "cause")
	if err := os.WriteFile(cause, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := n.start(testWorker{Jobs: 2, Panic: "assess 0000-ffff", Cause: cause})
	err := n.run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "assess 0000-ffff, tried 6 times: unit 0000-ffff: the program broke at revcycle/pipeline/river.") || strings.Contains(err.Error(), "a fault of the test") {
		t.Errorf("the run ended with %v", err)
	}
	if !strings.Contains(w.log.String(), "night_test.go:") {
		t.Error("the worker's log does not say where the panic came from")
	}
	if err := os.Remove(cause); err != nil {
		t.Fatal(err)
	}
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
}

// A worker with another program, or with other files, leaves the jobs alone and says why; one whose files are put
// right reads them again and takes part.
func TestAWorkerThatDiffersLeavesJobsAlone(t *testing.T) {
	n, want := newNight(t)
	stale := n.start(testWorker{})
	n.until("the first is at work", func() bool { return strings.Contains(stale.log.String(), "at work") })
	stale.Process.Signal(syscall.SIGSTOP)
	master := filepath.Join(n.dir, "masters", "gl_accounts.csv")
	text, err := os.ReadFile(master)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(master, append(text, '\n'), 0o600); err != nil { // after the worker has read it
		t.Fatal(err)
	}
	other := n.start(testWorker{Version: "v2"})
	done := make(chan error, 1)
	go func() { done <- n.run(context.Background()) }()
	n.until("the second says why it takes no job", func() bool {
		return strings.Contains(other.log.String(), "jobs are left to others: the run is by program v1")
	})
	n.until("the run says that nobody takes its jobs", func() bool { return strings.Contains(n.log.String(), "no worker takes the jobs") })
	stale.Process.Signal(syscall.SIGCONT)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	n.same(want)
	other.Process.Signal(syscall.SIGTERM)
	if err := other.Wait(); err != nil {
		t.Errorf("told to stop, a worker ends with %v", err)
	}
	if log := other.log.String(); strings.Contains(log, "msg=done") {
		t.Errorf("it did a job; the log of the worker of another version:\n%s", log)
	}
	stale.Process.Signal(syscall.SIGTERM)
	stale.Wait()
	if log := stale.log.String(); !strings.Contains(log, "msg=done") {
		t.Errorf("the log of the worker whose files changed:\n%s", log)
	}
}

// A part of a file that takes every worker along is quarantined, as one on which the program breaks is; all else of the night is done.
func TestAUnitThatKillsItsWorkersIsQuarantined(t *testing.T) {
	n, _ := newNight(t)
	q := n.queue(Coordinator)
	type ended struct {
		sum pipeline.Summary
		err error
	}
	done := make(chan ended, 1)
	env := n.env(n.store())
	env.Runner = q.Runner()
	q.Losses = 2
	go func() {
		sum, err := env.Run(context.Background())
		done <- ended{sum, err}
	}()
	var deadly string
	n.until("a job of several units waits", func() bool {
		jobs, err := q.pendingJobs(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range jobs {
			if len(j.keys()) > 1 && strings.HasSuffix(j.First, "/1") && strings.Contains(j.First, ".837/") {
				deadly = j.First
			}
		}
		return deadly != ""
	})
	stop, deaths := make(chan bool), 0
	stopped := make(chan bool)
	go func() { // as the operating system starts a service again
		defer close(stopped)
		for {
			w := n.start(testWorker{Die: "ingest " + deadly})
			over := make(chan bool)
			go func() { w.Wait(); close(over) }()
			select {
			case <-over:
				deaths++
			case <-stop:
				return
			}
		}
	}()
	got := <-done
	close(stop)
	<-stopped
	if got.err != nil {
		t.Fatal(got.err)
	}
	if deaths < 4 {
		t.Errorf("%d workers died, want two for the job of several units and two more for the one", deaths)
	}
	if got.sum.Exit != pipeline.ExitQuarantined {
		t.Errorf("exit %d, want 3", got.sum.Exit)
	}
	held, err := env.Quarantine(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	held = slices.DeleteFunc(held, func(u pipeline.HeldUnit) bool { return u.Code != "PROGRAM_FAULT" }) // the simulation has a torn file, too
	file, _, _ := strings.Cut(deadly, "/")
	if len(held) != 1 || held[0].File != file || held[0].Claims == 0 {
		t.Fatalf("held: %+v", held)
	}
	again, err := n.env(n.store()).Retry(context.Background(), "", "the machine has more memory")
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Files) != 1 || again.Files[0].File != file || again.Files[0].Claims != held[0].Claims || len(again.Unread) != 0 {
		t.Errorf("the retry: %+v, want the %d claims of the part that was held", again, held[0].Claims)
	}
}
