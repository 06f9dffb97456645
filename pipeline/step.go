package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"revcycle/ledger"
	"revcycle/pipeline/flow"
)

// Step is a part of a stage whose units may be done in any order and by anyone who shares ledger, archive and rule
// book: it begins when the step before is whole. What a unit appends depends on its key and on those earlier steps.
type Step struct {
	Name  string // never changes: jobs carry it
	Stage string // whose units they are
	Rows  int    // that a unit appends, about: who shares the work out goes by it
	// ready reads what the units share, and gives what makes one of them.
	ready func(*Env, context.Context) (maker, error)
}

// maker turns a unit's key into what it appends. It may be called from several goroutines at once.
type maker func(ctx context.Context, key string) (*write, error)

// stepSets reads sets, or parts of them: the step whose units can be held one by one.
const stepSets = "sets"

// Steps lists the steps that a Runner is asked to do.
var Steps = []Step{
	{stepSets, "ingest", 1_000, (*Env).readySets},
	{"files", "ingest", 2, (*Env).readyFiles},
	{"acks", "match", 1_000, (*Env).readyAcks},
	{"assess", "assess", 8_000, always((*Env).assessShard)},
	{"match", "match", 1_500, always((*Env).matchSureShard)},
	{"match-rest", "match", 1_500, always((*Env).matchRestShard)},
	{"match-again", "match", 1_500, always((*Env).matchAgainShard)},
	{"settle", "settle", 5_000, (*Env).readySettle},
}

// always is the ready of a step whose units share nothing.
func always(f func(*Env, context.Context, string) (*write, error)) func(*Env, context.Context) (maker, error) {
	return func(env *Env, _ context.Context) (maker, error) {
		return func(ctx context.Context, key string) (*write, error) { return f(env, ctx, key) }, nil
	}
}

func stepNamed(name string) (Step, error) {
	i := slices.IndexFunc(Steps, func(s Step) bool { return s.Name == name })
	if i < 0 {
		return Step{}, fmt.Errorf("there is no step %q: another version of the program asked for it", name)
	}
	return Steps[i], nil
}

// Todo is a unit that is to be done.
type Todo struct {
	Key string
	// With is the same for units of which the first must come before the others; "" stands alone.
	With string
	// Rows is how many rows it appends, about; 0 is as its step says.
	Rows int
}

// Runner does the units of a step. Run returns nil when the ledger has the row of each. Progress is told of each
// unit that is done.
type Runner interface {
	Run(ctx context.Context, env *Env, step Step, todo []Todo, done func(units int)) error
}

// Local does units in this process, on env.Workers goroutines. It commits them in the order in which they are asked
// for, several at once where they are small.
type Local struct{}

// Run implements Runner. Workers may still have units in hand that a run which was stopped had given them: where one is
// faster, what is left is done.
func (Local) Run(ctx context.Context, env *Env, step Step, todo []Todo, done func(int)) error {
	for {
		told := 0
		err := env.doHere(ctx, step, todo, func(n int) { told += n; done(n) })
		if !errors.Is(err, ErrTwin) {
			return err
		}
		finished, ferr := env.unitsDone(ctx, step.Stage)
		if ferr != nil {
			return ferr
		}
		left := slices.DeleteFunc(slices.Clone(todo), func(t Todo) bool { return finished[t.Key] })
		if len(left) == len(todo) {
			return err // nobody did any: it is no twin
		}
		done(len(todo) - len(left) - told)
		todo = left
	}
}

// doHere does units. While a group of them is committed, the next ones are worked on.
func (env *Env) doHere(ctx context.Context, step Step, todo []Todo, done func(int)) error {
	make, err := step.ready(env, ctx)
	if err != nil {
		return err
	}
	make = guarded(make)
	made := flow.Map(ctx, env.Workers, each(todo), func(ctx context.Context, t Todo) (*write, error) {
		w, err := make(ctx, t.Key)
		if err == nil {
			w.sort()
		}
		return w, err
	})
	for g, err := range flow.Map(ctx, 1, grouped(made, cmp.Or(env.groupRows, manyRows)), func(ctx context.Context, g group) (group, error) {
		if err := env.commit(ctx, g.writes...); err != nil {
			return g, fmt.Errorf("%s: %w", g.name(), err)
		}
		return g, nil
	}) {
		if err != nil {
			return err
		}
		done(len(g.writes))
	}
	return nil
}

// grouped joins neighbours until they have so many rows.
func grouped(writes iter.Seq2[*write, error], rows int) iter.Seq2[group, error] {
	return func(yield func(group, error) bool) {
		var ready group
		for w, err := range writes {
			if err != nil {
				yield(group{}, err)
				return
			}
			if ready.take(w); ready.rows < rows {
				continue
			}
			if !yield(ready, nil) {
				return
			}
			ready = group{}
		}
		if len(ready.writes) > 0 {
			yield(ready, nil)
		}
	}
}

func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// do has the units of a step done that are not done yet, and gives the tally of their stage so far.
func (env *Env) do(ctx context.Context, name string, units []Todo) (Tally, error) {
	step, err := stepNamed(name)
	if err != nil {
		return Tally{}, err
	}
	finished, err := env.unitsDone(ctx, step.Stage)
	if err != nil {
		return Tally{}, err
	}
	todo := slices.DeleteFunc(slices.Clone(units), func(t Todo) bool { return finished[t.Key] })
	count := len(units) - len(todo)
	told := func(n int) {
		if count += n; env.Progress != nil {
			env.Progress(step.Stage, count, len(units))
		}
	}
	if len(todo) > 0 {
		told(0)
		if err := env.runner().Run(ctx, env, step, todo, told); err != nil {
			return Tally{}, fmt.Errorf("%s: %w", step.Stage, err)
		}
	}
	return env.tallyOf(ctx, step.Stage)
}

func (env *Env) runner() Runner {
	if env.Runner == nil {
		return Local{}
	}
	return env.Runner
}

// units are units that stand alone.
func units(keys []string) []Todo {
	out := make([]Todo, len(keys))
	for i, k := range keys {
		out[i].Key = k
	}
	return out
}

// ErrTwin is given where another process did one of the units at the same time: ask which are left, and go on.
var ErrTwin = errors.New("another process did the unit")

// Share is the units of one step that a worker was given.
type Share struct {
	env  *Env
	step Step
	make maker
}

// Share makes a worker ready for a step of env.Batch. Shares may be used from several goroutines at once. The steps
// before must be whole.
func (env *Env) Share(ctx context.Context, step string) (*Share, error) {
	s, err := stepNamed(step)
	if err != nil {
		return nil, err
	}
	shared := *env
	shared.arrived = nil
	m, err := s.ready(&shared, ctx)
	return &Share{&shared, s, guarded(m)}, err
}

// Do does those of the units that are not done, in one transaction, and has along take part in it. It gives ErrTwin where
// another process was faster with one of them; nothing has happened then.
func (s *Share) Do(ctx context.Context, keys []string, along func(ledger.Tx) error) error {
	finished, err := s.env.unitsDone(ctx, s.step.Stage)
	if err != nil {
		return err
	}
	var writes []*write
	for _, key := range keys {
		if finished[key] {
			continue
		}
		w, err := s.make(ctx, key)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.step.Stage, key, err)
		}
		writes = append(writes, w)
	}
	if len(writes) == 0 {
		return nil
	}
	return s.env.commitAlong(ctx, along, writes...)
}
