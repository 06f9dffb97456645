// Package flow runs pure functions over a stream with several workers, in order and in bounded memory.
//
// It is the only place of revcycle that starts goroutines. Whatever the number of workers, the results
// come in the order of the items, so that what is made of them has the same bytes. A goroutine that breaks
// would end the process with its values on the screen: here it is an error, a Fault.
package flow

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"
)

// Bound is how many items may be in the works for each worker: waiting, being worked on, or done and
// waiting for their turn. Memory is Bound × workers × the size of an item and its result.
const Bound = 2

// Map gives f of every item, in the order of the items, worked out by up to `workers` goroutines. The
// first error, of the items or of f, ends the stream, and so does breaking off; a panic of theirs is the
// error *Fault. f's context is cancelled then. All goroutines have ended when the range ends.
func Map[In, Out any](ctx context.Context, workers int, items iter.Seq2[In, error], f func(context.Context, In) (Out, error)) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		outer := ctx
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		workers = max(workers, 1)
		m := &mapping[In, Out]{turns: make(chan chan result[Out], Bound*workers), jobs: make(chan job[In, Out])}
		g := new(errgroup.Group)
		g.Go(func() error { m.feed(ctx, items); return nil })
		for range workers {
			g.Go(func() error { m.work(ctx, f); return nil })
		}
		m.collect(outer, yield)
		cancel()
		for range m.turns { // feed closes turns once it sees the cancelled context
		}
		_ = g.Wait() // no function of the group gives an error
	}
}

type result[Out any] struct {
	out Out
	err error
}

type job[In, Out any] struct {
	in   In
	turn chan result[Out]
}

type mapping[In, Out any] struct {
	turns chan chan result[Out] // in the order of the items
	jobs  chan job[In, Out]
}

// feed hands each item a turn, and then to whichever worker is free.
func (m *mapping[In, Out]) feed(ctx context.Context, items iter.Seq2[In, error]) {
	defer close(m.turns)
	defer close(m.jobs)
	if err := guarded(func() error { m.hand(ctx, items); return nil }); err != nil {
		turn := make(chan result[Out], 1)
		turn <- result[Out]{err: err}
		select {
		case m.turns <- turn:
		case <-ctx.Done():
		}
	}
}

func (m *mapping[In, Out]) hand(ctx context.Context, items iter.Seq2[In, error]) {
	for in, err := range items {
		turn := make(chan result[Out], 1)
		select {
		case m.turns <- turn:
		case <-ctx.Done():
			return // collect tells of it
		}
		if err != nil {
			turn <- result[Out]{err: err}
			return
		}
		select {
		case m.jobs <- job[In, Out]{in, turn}:
		case <-ctx.Done():
			turn <- result[Out]{err: ctx.Err()}
			return
		}
	}
}

func (m *mapping[In, Out]) work(ctx context.Context, f func(context.Context, In) (Out, error)) {
	for j := range m.jobs {
		var r result[Out]
		err := guarded(func() (err error) { r.out, err = f(ctx, j.in); return err })
		r.err = err
		j.turn <- r
	}
}

func (m *mapping[In, Out]) collect(ctx context.Context, yield func(Out, error) bool) {
	for turn := range m.turns {
		r := <-turn
		if !yield(r.out, r.err) || r.err != nil {
			return
		}
	}
	if err := ctx.Err(); err != nil {
		var none Out
		yield(none, err)
	}
}
