package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"revcycle/fixtures/pgserver"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
)

func TestOneRunAtATimeAndTheOtherIsToldWhose(t *testing.T) {
	ctx := context.Background()
	url := fresh(t)
	first := open(t, url, postgres.Options{Application: "revcycle run here 4711"})
	second := open(t, url, postgres.Options{Application: "revcycle run there 4712"})
	if _, held, err := first.Holder(ctx); held || err != nil {
		t.Errorf("nobody runs: got held %v, %v", held, err)
	}
	lock, err := first.LockRun(ctx, "billing on here")
	if err != nil || lock.Stale != nil {
		t.Fatalf("got %+v, %v; want a lock that nobody left behind", lock, err)
	}
	_, err = second.LockRun(ctx, "billing on there")
	held, ok := errors.AsType[*postgres.HeldError](err)
	if !ok || !errors.Is(err, postgres.ErrLocked) || errors.Is(err, ledger.ErrStore) || held.Holder.Owner != "billing on here" ||
		held.Holder.Application != "revcycle run here 4711" || held.Holder.Client != "127.0.0.1" || held.Holder.Since.IsZero() ||
		!strings.Contains(err.Error(), "billing on here (revcycle run here 4711, from 127.0.0.1), since 2") {
		t.Errorf("got %v; want the holder's name", err)
	}
	if h, is, err := second.Holder(ctx); !is || err != nil || h.Owner != "billing on here" {
		t.Errorf("holder: got %v, %v, %v", h, is, err)
	}
	newBatch(t, first, 1, day(2026, 11, 1))
	newBatch(t, second, 2, day(2026, 11, 1)) // a worker's store holds no lock and is not asked for one
	if err := errors.Join(lock.Unlock(ctx), lock.Unlock(ctx)); err != nil {
		t.Error(err)
	}
	newBatch(t, first, 3, day(2026, 11, 1))
	lock, err = second.LockRun(ctx, "billing on there")
	if err != nil || lock.Stale != nil {
		t.Fatalf("after the unlock: got %+v, %v", lock, err)
	}
	if err := lock.Unlock(ctx); err != nil {
		t.Error(err)
	}
	// Another database of the server is another ledger.
	other := open(t, fresh(t), postgres.Options{})
	for _, s := range []*postgres.Store{first, other} {
		if _, err := s.LockRun(ctx, "x"); err != nil {
			t.Error(err)
		}
	}
}

// Would catch a run that goes on committing when its lock is gone.
func TestARunThatLostItsLockCommitsNothingMore(t *testing.T) {
	ctx := context.Background()
	server := pgserver.ForTest(t)
	url := fresh(t)
	s := open(t, url, postgres.Options{})
	lock, err := s.LockRun(ctx, "the first")
	if err != nil {
		t.Fatal(err)
	}
	c, l := claimRows(1, 0, 10, 10)
	if err := appendRows(s, ledger.Unit{Batch: 1, Stage: "ingest", Key: "a"}, c, l); err != nil {
		t.Fatal(err)
	}
	if err := server.KillBackends(); err != nil {
		t.Fatal(err)
	}
	fails := func(key string) {
		t.Helper()
		err := appendRows(s, ledger.Unit{Batch: 1, Stage: "ingest", Key: key}, c, l)
		if !errors.Is(err, postgres.ErrLockLost) || !errors.Is(err, ledger.ErrStore) {
			t.Errorf("got %v; want the lock to be lost", err)
		}
	}
	fails("b")
	other := open(t, url, postgres.Options{})
	second, err := other.LockRun(ctx, "the second")
	if err != nil || second.Stale == nil || second.Stale.Owner != "the first" {
		t.Fatalf("got %+v, %v; want to be told of the run that never unlocked", second, err)
	}
	fails("c")
	if err := lock.Unlock(ctx); !errors.Is(err, postgres.ErrLockLost) {
		t.Errorf("unlock of a lost lock: got %v", err)
	}
	if err := appendRows(other, ledger.Unit{Batch: 1, Stage: "ingest", Key: "d"}, c, l); err != nil {
		t.Errorf("the second run: %v", err)
	}
	if err := second.Unlock(ctx); err != nil {
		t.Error(err)
	}
}

// Would catch a second run that begins while a unit of the first is still being committed.
func TestASecondRunWaitsForTheUnitsOfTheFirst(t *testing.T) {
	ctx := context.Background()
	url := fresh(t)
	s, other := open(t, url, postgres.Options{}), open(t, url, postgres.Options{})
	if _, err := s.LockRun(ctx, "the first"); err != nil {
		t.Fatal(err)
	}
	var over atomic.Bool
	var g sync.WaitGroup
	_, err := s.Do(ctx, ledger.Unit{Batch: 1, Stage: "a", Key: "a"}, func(ledger.Tx) error {
		// Its lock is gone, as when the machine's network is, and the unit goes on.
		if _, err := s.Pool().Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"); err != nil {
			return err
		}
		g.Go(func() {
			lock, err := other.LockRun(ctx, "the second")
			if err != nil {
				t.Error(err)
				return
			}
			if !over.Load() {
				t.Error("the second run began before the unit of the first had ended")
			}
			lock.Unlock(ctx)
		})
		time.Sleep(150 * time.Millisecond)
		over.Store(true)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	g.Wait()
}

func TestOfTwoRunsAtOnceOneBegins(t *testing.T) {
	ctx := context.Background()
	url := fresh(t)
	stores := []*postgres.Store{open(t, url, postgres.Options{}), open(t, url, postgres.Options{})}
	for round := range 25 {
		var g sync.WaitGroup
		var locks, inside atomic.Int32
		for w, s := range stores {
			g.Go(func() {
				lock, err := s.LockRun(ctx, fmt.Sprint(round, w))
				if err != nil {
					if !errors.Is(err, postgres.ErrLocked) {
						t.Error(err)
					}
					return
				}
				locks.Add(1)
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				time.Sleep(2 * time.Millisecond)
				inside.Add(-1)
				if err := lock.Unlock(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		g.Wait()
		if locks.Load() == 0 {
			t.Error("neither got the lock")
		}
	}
}
