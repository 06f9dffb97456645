package river

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	queue "github.com/riverqueue/river"

	"revcycle/fixtures/pgserver"
	"revcycle/pipeline"
)

// clocked are workers of this process, which are told to stop at the end of the test.
func (n *night) clocked(workers int, run func(context.Context) error) *Night {
	n.Helper()
	at := time.Now().UTC()
	night := &Night{At: time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, Zone: time.UTC, Run: run}
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range workers {
		q, env := n.queue(Worker), n.env(n.store())
		all.Go(func() {
			if err := q.Work(ctx, Work{Jobs: 1, Night: night, Load: func() (*pipeline.Env, error) { return env, nil }}); err != nil {
				n.Error(err)
			}
		})
	}
	n.Cleanup(func() { stop(); all.Wait() })
	return night
}

// due puts a night's run into the queue whose time has come.
func (n *night) due(at time.Time) {
	n.Helper()
	if _, err := n.queue(Coordinator).client.Insert(context.Background(), nightJob{at.UTC().Format(time.RFC3339)},
		&queue.InsertOpts{Queue: nightQueue, MaxAttempts: nightTries}); err != nil {
		n.Fatal(err)
	}
}

// states lists the night's jobs.
func (n *night) states() string {
	n.Helper()
	out, err := pgserver.ForTest(n).SQL(n.url[strings.LastIndex(n.url, "/")+1:], "SELECT state, args->>'at', scheduled_at = (args->>'at')::timestamptz FROM river.river_job WHERE kind = 'revcycle_night' ORDER BY id")
	if err != nil {
		n.Fatal(err)
	}
	return out
}

// Of three workers that are told the same time one puts the next night into the queue, once, for its time.
func TestTheNextNightWaitsInTheQueueOnce(t *testing.T) {
	n, _ := newNight(t)
	night := n.clocked(3, func(context.Context) error { return errors.New("too early") })
	want := "scheduled\t" + night.next(time.Now()).Format(time.RFC3339) + "\tt\n"
	n.until("a night is in the queue", func() bool { return n.states() != "" })
	time.Sleep(300 * time.Millisecond) // the others' turn
	if got := n.states(); got != want {
		t.Errorf("in the queue are\n%swant\n%s", got, want)
	}
}

// When its time has come one worker runs it; a run that failed is run again; a night of another time, which nobody
// wants any more, is not run.
func TestANightIsRunByOneWorker(t *testing.T) {
	n, _ := newNight(t)
	var runs, atOnce, most atomic.Int32
	night := n.clocked(2, func(context.Context) error {
		most.Store(max(most.Load(), atOnce.Add(1)))
		defer atOnce.Add(-1)
		time.Sleep(200 * time.Millisecond)
		if runs.Add(1) == 1 {
			return errors.New("the first try fails")
		}
		return nil
	})
	last := night.next(time.Now().Add(-24 * time.Hour))
	n.due(last)
	n.due(last.Add(-time.Hour))
	n.until("both are over", func() bool {
		s := n.states()
		return strings.Contains(s, "completed") && strings.Contains(s, "cancelled")
	})
	if runs.Load() != 2 || most.Load() != 1 {
		t.Errorf("%d runs, %d at once; want the failed one and the next, one at a time", runs.Load(), most.Load())
	}
	if s := n.states(); !strings.Contains(s, "completed\t"+last.Format(time.RFC3339)) {
		t.Errorf("the nights are\n%s", s)
	}
}

// Workers that share one process and one Env make the night too: with -race this finds what they would share wrongly.
func TestWorkersOfOneProcess(t *testing.T) {
	n, want := newNight(t)
	n.clocked(2, nil)
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
}

// Who has the rights of a run, and no more, can run and work.
func TestTheEngineMayRunAndWork(t *testing.T) {
	n, want := newNight(t)
	s := pgserver.ForTest(t)
	db := n.url[strings.LastIndex(n.url, "/")+1:]
	if _, err := s.SQL(db, "DROP ROLE IF EXISTS night_"+db+"; CREATE ROLE night_"+db+" LOGIN IN ROLE revcycle_engine"); err != nil {
		t.Fatal(err)
	}
	n.url = s.URLOf("night_"+db, db)
	first := n.start(testWorker{Jobs: 2})
	n.until("the worker is there", func() bool { return strings.Contains(first.log.String(), "at work") })
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
	if strings.Contains(first.log.String(), "denied") {
		t.Errorf("the worker's log:\n%s", first.log)
	}
}

// A server that is started again while a run waits ends the run; its workers live on and do the next.
func TestWorkersOutliveTheServer(t *testing.T) {
	own, err := pgserver.Start(pgserver.Options{Volatile: true})
	if errors.Is(err, pgserver.ErrNoBinaries) {
		pgserver.ForTest(t) // skips, or fails
	}
	if err != nil {
		t.Fatal(err)
	}
	defer own.Stop()
	n, want := newNight(t)
	if n.url, err = own.Database("night", ""); err != nil {
		t.Fatal(err)
	}
	n.migrate()
	w := n.start(testWorker{Jobs: 2})
	n.until("the worker is there", func() bool { return strings.Contains(w.log.String(), "at work") })
	for range 3 {
		done := make(chan error, 1)
		go func() { done <- n.run(context.Background()) }()
		time.Sleep(400 * time.Millisecond)
		if err := own.Restart(true); err != nil {
			t.Fatal(err)
		}
		<-done
	}
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
	if w.ProcessState != nil {
		t.Errorf("the worker ended: %s", w.log)
	}
}
