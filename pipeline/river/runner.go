package river

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	queue "github.com/riverqueue/river"

	"revcycle/ledger"
	"revcycle/pipeline"
)

// Runner has the units of a step done by the workers of a queue. It implements pipeline.Runner. Only the holder of the
// run lock may use one, and a step at a time.
type Runner struct{ q *Queue }

// Runner gives the coordinator's side of the queue.
func (q *Queue) Runner() *Runner { return &Runner{q} }

// How the coordinator waits.
const (
	shortestLook = 20 * time.Millisecond  // between two looks at the jobs, at first
	longestLook  = 500 * time.Millisecond // once they take long
	sweepEvery   = time.Second
	lonelyAfter  = 5 * time.Second // without a worker it says so, then each minute
	lonelyAgain  = time.Minute
	mostRounds   = 3 // how often in a row jobs may end without their units being done

	insertPatience = 30 * time.Second
)

// Run puts the units into the queue and returns when the ledger has the row of each. What a killed coordinator of the
// same batch left in the queue is taken over, what an older batch left is cancelled. A job that is dead, tried as
// often as it may be, is an error that names the step, the unit and the last try's sentence; all others are done
// first, so that the next run has only that one to do. But a part of a file that takes its workers along is
// quarantined, and the run goes on. When ctx ends the jobs that nobody has begun are cancelled,
// and those under way end by themselves.
func (r *Runner) Run(ctx context.Context, env *pipeline.Env, step pipeline.Step, todo []pipeline.Todo, done func(units int)) error {
	stamp, err := StampOf(env)
	if err != nil {
		return err
	}
	w := &watch{q: r.q, env: env, step: step, stamp: stamp, jobs: map[int64]unitsJob{}, told: map[int64]int{}, done: done, moved: env.Clock()}
	err = w.run(ctx, todo)
	if ctx.Err() != nil {
		last, free := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer free()
		return errors.Join(ctx.Err(), w.cancel(last))
	}
	return err
}

// watch is the coordinator's view of the jobs of one step.
type watch struct {
	q     *Queue
	env   *pipeline.Env
	step  pipeline.Step
	stamp Stamp
	jobs  map[int64]unitsJob // those that have not ended, by ID
	told  map[int64]int      // the last failed try of a job that was told of
	dead  []death            // jobs that are dead
	alone bool               // workers have died on a job: each unit is a job now, to find which
	done  func(int)

	moved, swept, lonely time.Time // a job was last under way; workers were last looked for; that nothing moves was last said
}

// death is a job that was tried as often as it may be.
type death struct {
	job   unitsJob
	fault string // the last try's
	tries int
}

func (d *death) String() string {
	return fmt.Sprintf("%s, tried %d times: %s", d.job.name(), d.tries, d.fault)
}

func (w *watch) run(ctx context.Context, todo []pipeline.Todo) error {
	if err := w.adopt(ctx); err != nil {
		return err
	}
	for rounds, before := 0, len(todo); len(todo) > 0; rounds++ {
		if err := w.put(ctx, todo); err != nil {
			return err
		}
		if err := w.wait(ctx); err != nil {
			return err
		}
		left, err := w.left(ctx, todo)
		if err != nil {
			return err
		}
		if todo, err = w.bury(ctx, left); err != nil {
			return err
		}
		switch {
		case len(todo) < before:
			rounds, before = 0, len(todo)
		case rounds >= mostRounds:
			return fmt.Errorf("%s: unit %s: its jobs end and do not do it; is somebody cancelling them?", w.step.Name, todo[0].Key)
		}
	}
	return nil
}

// bury sees to the units of dead jobs, and gives those that are left. Of a job on which workers died each unit is tried alone; a unit on
// which they died alone is held.
func (w *watch) bury(ctx context.Context, todo []pipeline.Todo) ([]pipeline.Todo, error) {
	dead := w.dead
	w.dead = nil
	if len(dead) == 0 || len(todo) == 0 {
		return todo, nil
	}
	slices.SortFunc(dead, func(a, b death) int { return strings.Compare(a.String(), b.String()) })
	held := map[string]bool{}
	for i := range dead {
		d := &dead[i]
		keys := d.job.keys()
		ok := strings.HasPrefix(d.fault, lost)
		switch {
		case ok && len(keys) > 1:
			w.alone = true
		case ok:
			var err error
			if ok, err = w.env.Hold(ctx, w.step, keys[0]); err != nil {
				return nil, err
			}
			held[keys[0]] = ok
		}
		if !ok {
			return nil, fmt.Errorf("%d jobs are dead, with %d units that are not done; mend the cause and run again; the first: %s", len(dead), len(todo), d)
		}
	}
	return slices.DeleteFunc(todo, func(t pipeline.Todo) bool { return held[t.Key] }), nil
}

// adopt takes over the pending jobs of this step that were made with our stamp, and cancels all others.
func (w *watch) adopt(ctx context.Context) error {
	all, err := w.q.pendingJobs(ctx)
	if err != nil {
		return err
	}
	adopted := 0
	for id, j := range all {
		if j.Batch == w.env.Batch.No && j.Step == w.step.Name && j.Stamp == w.stamp {
			w.jobs[id] = j
			adopted++
			continue
		}
		if _, err := w.q.client.JobCancel(ctx, id); err != nil && !errors.Is(err, queue.ErrNotFound) {
			return fmt.Errorf("queue: cancel a job of batch %d: %w", j.Batch, err)
		}
	}
	if adopted > 0 {
		w.env.Log.Info("jobs of an earlier run go on", "step", w.step.Name, "jobs", adopted)
	}
	return nil
}

// put puts the units into the queue that are not there yet.
func (w *watch) put(ctx context.Context, todo []pipeline.Todo) error {
	there := map[string]bool{}
	for _, j := range w.jobs {
		for _, key := range j.keys() {
			there[key] = true
		}
	}
	rest := slices.DeleteFunc(slices.Clone(todo), func(t pipeline.Todo) bool { return there[t.Key] })
	var params []queue.InsertManyParams
	for _, j := range w.cut(rest) {
		params = append(params, w.q.insertion(j))
	}
	if len(params) == 0 {
		return nil
	}
	// A run that is told to stop just now must know which jobs it has put in, to take them back.
	whole, free := context.WithTimeout(context.WithoutCancel(ctx), insertPatience)
	defer free()
	made, err := w.q.client.InsertMany(whole, params)
	if err != nil {
		return fmt.Errorf("queue: put %d jobs in: %w", len(params), err)
	}
	for i, m := range made {
		w.jobs[m.Job.ID] = params[i].Args.(unitsJob)
	}
	return nil
}

// cut shares units out to jobs. Where each is to be tried alone, those that must come behind another one wait for the next round.
func (w *watch) cut(todo []pipeline.Todo) []unitsJob {
	if !w.alone {
		return cut(w.step, w.env.Batch.No, w.stamp, todo)
	}
	var jobs []unitsJob
	begun := map[string]bool{"": false}
	for _, t := range todo {
		if !begun[t.With] {
			begun[t.With] = t.With != ""
			jobs = append(jobs, unitsJob{Batch: w.env.Batch.No, Step: w.step.Name, First: t.Key, Groups: [][]string{{t.Key}}, Stamp: w.stamp})
		}
	}
	return jobs
}

// wait returns when no job is pending any more.
func (w *watch) wait(ctx context.Context) error {
	tick := time.NewTimer(0)
	defer tick.Stop()
	for start := w.env.Clock(); len(w.jobs) > 0; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		now := w.env.Clock()
		if moving, err := w.look(ctx); err != nil {
			return err
		} else if moving {
			w.moved = now
		}
		if err := w.tend(ctx, now); err != nil {
			return err
		}
		tick.Reset(min(max(now.Sub(start)/16, shortestLook), longestLook))
	}
	return nil
}

// tend gives the jobs of workers that are gone to others, and says where nobody takes any.
func (w *watch) tend(ctx context.Context, now time.Time) error {
	if now.Sub(w.swept) < sweepEvery {
		return nil
	}
	w.swept = now
	if _, err := w.q.sweep(ctx); err != nil {
		return err
	}
	if now.Sub(w.moved) < lonelyAfter || now.Sub(w.lonely) < lonelyAgain {
		return nil
	}
	w.lonely = now
	names, err := w.q.alive(ctx)
	if err != nil {
		return fmt.Errorf("queue: look for workers: %w", err)
	}
	why := "no worker is at work: start revcycle worker on this machine or another one"
	if len(names) > 0 {
		why = "no worker takes the jobs: their program, rule book, masters or settings are not those of this run; their logs say which"
	}
	w.env.Log.Warn("the run waits: "+why, "step", w.step.Name, "jobs", len(w.jobs), "workers", len(names))
	return nil
}

// look sees which jobs have ended, and tells of tries that failed. moving is true where a job is under way or has ended.
func (w *watch) look(ctx context.Context) (moving bool, err error) {
	ids := slices.Collect(maps.Keys(w.jobs))
	rows, err := w.q.pool.Query(ctx, `SELECT id, state::text, coalesce(array_length(errors, 1), 0), `+lastError+` FROM `+schema+`.river_job WHERE id = ANY($1)`, ids)
	if err != nil {
		return false, fmt.Errorf("queue: look at the jobs: %w", err)
	}
	defer rows.Close()
	seen := map[int64]bool{}
	for rows.Next() {
		var id int64
		var state, fault string
		var failed int
		if err := rows.Scan(&id, &state, &failed, &fault); err != nil {
			return false, fmt.Errorf("queue: look at the jobs: %w", err)
		}
		seen[id] = true
		moving = moving || state != "available"
		w.saw(id, state, failed, firstLine(fault))
	}
	if err := rows.Err(); err != nil { // an answer that broke off says nothing of the jobs it does not name
		return moving, fmt.Errorf("queue: look at the jobs: %w", err)
	}
	for id := range w.jobs {
		if !seen[id] {
			delete(w.jobs, id) // somebody took it out of the queue
		}
	}
	return moving, nil
}

// saw takes note of the state of a job.
func (w *watch) saw(id int64, state string, failed int, fault string) {
	j := w.jobs[id]
	switch state {
	case "completed":
		w.done(len(j.keys()))
	case "discarded":
		w.dead = append(w.dead, death{j, fault, failed})
	case "cancelled":
	default:
		if failed > w.told[id] {
			w.told[id] = failed
			w.env.Log.Warn("a try failed; it is tried again", "job", j.name(), "tries", failed, "error", fault)
		}
		return
	}
	delete(w.jobs, id)
}

// left gives the units whose row the ledger does not have.
func (w *watch) left(ctx context.Context, todo []pipeline.Todo) ([]pipeline.Todo, error) {
	finished := map[string]bool{}
	q := ledger.Query{Table: ledger.Units, Where: []ledger.Cond{ledger.OfBatch(w.env.Batch.No), ledger.Named("stage", w.step.Stage)}, Only: []string{}}
	for row, err := range w.env.Store.Rows(ctx, q) {
		if err != nil {
			return nil, err
		}
		finished[row[2].Text()] = true
	}
	return slices.DeleteFunc(slices.Clone(todo), func(t pipeline.Todo) bool { return finished[t.Key] }), nil
}

// cancel takes the jobs of the batch out of the queue that nobody has begun: by its number, for what was being put in or looked for
// when the run was stopped is not in w.jobs.
func (w *watch) cancel(ctx context.Context) error {
	_, err := w.q.pool.Exec(ctx, `UPDATE `+schema+`.river_job SET state = 'cancelled', finalized_at = now()
	WHERE kind = $1 AND (args->>'batch')::bigint = $2 AND state IN ('available', 'pending', 'retryable', 'scheduled')`, unitsJob{}.Kind(), w.env.Batch.No)
	if err != nil {
		return fmt.Errorf("queue: cancel the jobs of batch %d: %w", w.env.Batch.No, err)
	}
	return nil
}

// pendingJobs are the jobs of units that have not ended.
func (q *Queue) pendingJobs(ctx context.Context) (map[int64]unitsJob, error) {
	out := map[int64]unitsJob{}
	rows, err := q.pool.Query(ctx, `SELECT id, args FROM `+schema+`.river_job
	WHERE kind = $1 AND state IN ('available', 'pending', 'running', 'retryable', 'scheduled')`, unitsJob{}.Kind())
	if err != nil {
		return nil, fmt.Errorf("queue: look for jobs of earlier runs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var j unitsJob
		if err := rows.Scan(&id, &j); err != nil {
			return nil, fmt.Errorf("queue: a job of an earlier run: %w", err)
		}
		out[id] = j
	}
	return out, rows.Err()
}
