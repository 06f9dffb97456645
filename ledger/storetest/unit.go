package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"revcycle/ledger"
)

func doneOnce(t *testing.T, s ledger.Store) {
	do(t, s, unit("a"), func(x ledger.Tx) error {
		x.Tally([]byte(`{"lines":1}`))
		mustAppend(t, x, ledger.Lines, line(1, 1, "", 1))
		return nil
	})
	if done, err := s.Do(context.Background(), unit("a"), never(t)); !done || err != nil {
		t.Errorf("got done %v, %v; want true", done, err)
	}
	same(t, "units", all(t, s, ledger.Query{Table: ledger.Units}), []ledger.Row{unit("a").Row([]byte(`{"lines":1}`))})
}

func unitsDiffer(t *testing.T, s ledger.Store) {
	for _, u := range []ledger.Unit{
		{Batch: 1, Stage: "a", Key: "b"}, {Batch: 2, Stage: "a", Key: "b"}, {Batch: 1, Stage: "b", Key: "b"},
		{Batch: 1, Stage: "a", Key: "c"}, {Batch: 1, Stage: "a"}, {Batch: 1, Stage: "ab"},
	} {
		do(t, s, u, func(ledger.Tx) error { return nil })
	}
	if n := count(t, s, ledger.Units); n != 6 {
		t.Errorf("got %d units want 6", n)
	}
}

// untouched tells whether the store holds nothing and still takes units.
func untouched(t *testing.T, s ledger.Store) {
	t.Helper()
	for _, table := range []*ledger.Table{ledger.Lines, ledger.Units} {
		if n := count(t, s, table); n != 0 {
			t.Errorf("%s: got %d rows of a unit that failed", table.Name, n)
		}
	}
	do(t, s, unit("a"), func(x ledger.Tx) error {
		if fresh := mustAppend(t, x, ledger.Lines, line(1, 1, "", 1)); fresh != 1 {
			t.Errorf("fresh: got %d want 1", fresh)
		}
		return nil
	})
}

func errorLeavesNothing(t *testing.T, s ledger.Store) {
	var kept ledger.Tx
	done, err := s.Do(context.Background(), unit("a"), func(x ledger.Tx) error {
		kept = x
		for n := range 300 {
			mustAppend(t, x, ledger.Lines, line(1, n, "", 1))
		}
		return errOurs
	})
	if done || !errors.Is(err, errOurs) || errors.Is(err, ledger.ErrStore) {
		t.Errorf("got done %v, %v; want the unit's own error", done, err)
	}
	if _, err := kept.Append(ledger.Lines, line(1, 1, "", 1)); err == nil {
		t.Error("a transaction takes rows after its end")
	}
	untouched(t, s)
}

// refusalSticks would catch a store that commits a unit whose rows it refused, where the unit forgot to look.
func refusalSticks(t *testing.T, s ledger.Store) {
	done, err := s.Do(context.Background(), unit("a"), func(x ledger.Tx) error {
		x.Append(ledger.Lines, line(1, 1, "", 1)[:3]) // the error is overlooked on purpose
		x.Append(ledger.Lines, line(1, 2, "", 1))
		return nil
	})
	if done || err == nil {
		t.Errorf("got done %v, %v; want the refusal", done, err)
	}
	untouched(t, s)
}

func panicLeavesNothing(t *testing.T, s ledger.Store) {
	func() {
		defer func() {
			if p := recover(); p != errOurs {
				t.Errorf("got panic %v want the unit's own", p)
			}
		}()
		s.Do(context.Background(), unit("a"), func(x ledger.Tx) error {
			mustAppend(t, x, ledger.Lines, line(1, 1, "", 1))
			panic(errOurs)
		})
	}()
	untouched(t, s)
}

func cancelled(t *testing.T, s ledger.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	done, err := s.Do(ctx, unit("a"), func(x ledger.Tx) error {
		mustAppend(t, x, ledger.Lines, line(1, 1, "", 1))
		cancel()
		return nil
	})
	if done || !errors.Is(err, context.Canceled) || errors.Is(err, ledger.ErrStore) {
		t.Errorf("cancelled in the unit: got done %v, %v; want the context's error", done, err)
	}
	done, err = s.Do(ctx, unit("b"), never(t))
	if done || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: got done %v, %v; want the context's error", done, err)
	}
	if _, err := s.Sums(ctx, ledger.Query{Table: ledger.Lines}, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("sums: got %v; want the context's error", err)
	}
	untouched(t, s)
	put(t, s, "more", ledger.Lines, line(1, 2, "", 1), line(1, 3, "", 1))

	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	var rows, errs int
	for _, err := range s.Rows(ctx, ledger.Query{Table: ledger.Lines}) {
		switch {
		case err == nil:
			rows++
			cancel()
		case errors.Is(err, context.Canceled):
			errs++
		default:
			t.Errorf("range: got %v; want the context's error", err)
		}
	}
	if rows != 1 || errs != 1 {
		t.Errorf("range cancelled after a row: got %d rows and %d errors, want 1 and 1", rows, errs)
	}
	waiting(t, s)
}

// waiting would catch a unit that is done twice at once, and a Do that waits for its turn longer than its context lives.
func waiting(t *testing.T, s ledger.Store) {
	do(t, s, unit("long"), func(ledger.Tx) error {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		if done, err := s.Do(ctx, unit("long"), never(t)); done || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting for a turn: got done %v, %v; want the context's error", done, err)
		}
		return nil
	})
}

func unseenBefore(t *testing.T, s ledger.Store) {
	do(t, s, unit("a"), func(x ledger.Tx) error {
		mustAppend(t, x, ledger.Lines, line(1, 1, "", 1))
		if n := count(t, s, ledger.Lines); n != 0 {
			t.Errorf("rows seen before the unit is done: %d", n)
		}
		return nil
	})
	if n := count(t, s, ledger.Lines); n != 1 {
		t.Errorf("rows seen after: got %d want 1", n)
	}
}

func closed(t *testing.T, s ledger.Store) {
	put(t, s, "a", ledger.Lines, line(1, 1, "", 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(context.Background(), unit("b"), never(t)); !errors.Is(err, ledger.ErrStore) {
		t.Errorf("Do: got %v; want an error of the store", err)
	}
	if _, err := s.Sums(context.Background(), ledger.Query{Table: ledger.Lines}, nil, nil); !errors.Is(err, ledger.ErrStore) {
		t.Errorf("Sums: got %v; want an error of the store", err)
	}
	n := 0
	for _, err := range s.Rows(context.Background(), ledger.Query{Table: ledger.Lines}) {
		if n++; !errors.Is(err, ledger.ErrStore) {
			t.Errorf("Rows: got %v; want an error of the store", err)
		}
	}
	if n != 1 {
		t.Errorf("Rows: got %d answers, want one error", n)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}
