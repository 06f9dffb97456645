package flow

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func numbers(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}

// A worker that is slower than its neighbours would change the order; a flow without a bound would take
// items faster than they are used.
func TestMapKeepsOrderAndBound(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		var started atomic.Int64
		next := 0
		for got, err := range Map(context.Background(), workers, numbers(500), func(_ context.Context, i int) (int, error) {
			started.Add(1)
			if i%7 == 0 {
				time.Sleep(time.Millisecond / 4)
			}
			return i * i, nil
		}) {
			if err != nil || got != next*next {
				t.Fatalf("%d workers: item %d: got %d, %v", workers, next, got, err)
			}
			next++
			if ahead := int(started.Load()) - next; ahead > Bound*workers+workers+1 {
				t.Fatalf("%d workers: %d items ahead of their use", workers, ahead)
			}
		}
		if next != 500 {
			t.Errorf("%d workers: %d of 500 items came", workers, next)
		}
	}
}

func TestMapEndsAtTheFirstErrorAndLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	broken := errors.New("broken disk")
	for _, workers := range []int{1, 4} {
		n := 0
		var last error
		for _, err := range Map(context.Background(), workers, numbers(1000), func(_ context.Context, i int) (int, error) {
			if i == 100 {
				return 0, broken
			}
			return i, nil
		}) {
			n, last = n+1, err
		}
		if n != 101 || !errors.Is(last, broken) {
			t.Errorf("%d workers: %d items, then %v", workers, n, last)
		}
		for range Map(context.Background(), workers, numbers(1000), func(_ context.Context, i int) (int, error) { return i, nil }) {
			break
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines are left over", runtime.NumGoroutine()-before)
}

// A run that is stopped must say so: an end without an error would look like an end of the work.
func TestMapReportsACancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	for i, err := range Map(ctx, 2, numbers(1_000_000), func(ctx context.Context, i int) (int, error) { return i, ctx.Err() }) {
		if last = err; i == 50 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("got %v, want context canceled", last)
	}
}

// A panic in a goroutine would end the process with exit code 2 and a patient's name on the screen.
func TestABreakOfAGoroutineIsAnErrorWithItsPlace(t *testing.T) {
	breaking := func(n int, when bool) { // the place that is wanted
		if when {
			panic("JANE DOE " + string(rune(n)))
		}
	}
	items := func(yield func(int, error) bool) {
		for i := range 1000 {
			breaking(i, i == 70)
			if !yield(i, nil) {
				return
			}
		}
	}
	for what, at := range map[string]int{"of the items": 1000, "of a worker": 30} {
		for _, workers := range []int{1, 4} {
			var last error
			n := 0
			for _, err := range Map(context.Background(), workers, items, func(_ context.Context, i int) (int, error) {
				breaking(i, i == at)
				return i, nil
			}) {
				n, last = n+1, err
			}
			var f *Fault
			if !errors.As(last, &f) || !strings.HasPrefix(f.At, "revcycle/pipeline/flow.TestABreak") || !strings.Contains(f.Stack, "flow_test.go:") || n != min(at, 70)+1 {
				t.Errorf("a break %s, %d workers: after %d items %v", what, workers, n, last)
			}
			if f != nil && strings.Contains(f.Error()+f.Stack, "DOE") {
				t.Errorf("a break %s tells its value", what)
			}
		}
	}
}
