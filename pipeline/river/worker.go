package river

import (
	"context"
	"fmt"
	"time"

	queue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"revcycle/pipeline"
)

// Work says what a worker does.
type Work struct {
	// Load opens rule book, masters and settings as they are now, with the ledger. It is called once in the
	// beginning, and again when a job wants files that are not those that were read.
	Load func() (*pipeline.Env, error)
	// Jobs is how many it does at once, 1 or more.
	Jobs int
	// Night is the time of day at which a whole run begins; nil for a worker that has no part in it.
	Night *Night
}

// workerSweeps is how often a worker looks for others that are gone; the coordinator of a run does so each second.
const workerSweeps = 5 * time.Second

// fetching is how soon a free worker asks for the next job, and how often it asks when it was not told of one.
const (
	cooldown = 10 * time.Millisecond
	polling  = 250 * time.Millisecond
)

// Work takes jobs until ctx ends; then it takes no more, lets those under way end for Options.Grace, gives the others
// back and returns nil. An error means that it could not begin.
func (q *Queue) Work(ctx context.Context, w Work) error {
	d := &desk{load: w.Load, log: q.log}
	if err := d.reload(); err != nil {
		return err
	}
	workers := queue.NewWorkers()
	queue.AddWorker(workers, &unitsWorker{desk: d, backoff: q.Backoff, clock: q.clock})
	queue.AddWorker(workers, &nightWorker{night: w.Night, log: q.log})
	c := &queue.Config{
		ID: q.name, Schema: schema, Logger: quiet(q.log), Workers: workers,
		Queues:        map[string]queue.QueueConfig{unitsQueue: {MaxWorkers: w.Jobs}},
		FetchCooldown: cooldown, FetchPollInterval: polling,
		JobTimeout: q.Timeout, RescueStuckJobsAfter: q.Timeout + time.Minute, SoftStopTimeout: q.Grace,
	}
	if w.Night != nil {
		c.Queues[nightQueue] = queue.QueueConfig{MaxWorkers: 1}
		c.PeriodicJobs = []*queue.PeriodicJob{w.Night.periodic(q.clock)}
	}
	client, err := queue.NewClient(riverpgxv5.New(q.pool), c)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	q.log.Info("at work", "worker", q.name, "jobs_at_once", w.Jobs)
	q.keepWatch(ctx, d)
	q.log.Info("stopping: jobs under way have time to end", "seconds", pipeline.Seconds(q.Grace.Milliseconds()))
	end, free := context.WithTimeout(context.WithoutCancel(ctx), q.Grace+10*time.Second)
	defer free()
	if err := client.Stop(end); err != nil {
		return fmt.Errorf("queue: stop: %w", err)
	}
	return d.clear(0)
}

// keepWatch looks for workers that are gone, and clears the desk when it lies idle, until ctx ends.
func (q *Queue) keepWatch(ctx context.Context, d *desk) {
	tick := time.NewTicker(workerSweeps)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := q.sweep(ctx); err != nil && ctx.Err() == nil {
			q.log.Warn("the database does not answer; trying again", "error", err)
		}
		if err := d.clear(idle); err != nil {
			q.log.Warn("what is left of a batch is not cleared away", "error", err)
		}
	}
}
