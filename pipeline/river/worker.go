package river

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
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

// workerLooks is how often a worker looks for others that are gone, and for jobs that want other files.
const workerLooks = 2 * time.Second

// answers is how long the database has to answer before it counts as gone.
const answers = 10 * time.Second

// fetching is how soon a free worker asks for the next job, and how often it asks when it was not told of one.
const (
	cooldown = 10 * time.Millisecond
	polling  = 250 * time.Millisecond
)

// Work takes jobs until ctx ends; then it takes no more, lets those under way end for Options.Grace, gives the others
// back and returns nil. An error means that it could not begin.
func (q *Queue) Work(ctx context.Context, w Work) error {
	d := &desk{load: w.Load, log: q.log}
	if err := d.reload(); err != nil { // nobody else is there yet
		return err
	}
	workers := queue.NewWorkers()
	queue.AddWorker(workers, &unitsWorker{desk: d, backoff: q.Backoff, clock: q.clock})
	queue.AddWorker(workers, &nightWorker{night: w.Night, log: q.log})
	c := &queue.Config{
		ID: q.name, Schema: schema, Logger: quiet(q.log), Workers: workers,
		Queues:        map[string]queue.QueueConfig{d.stamp.queue(): {MaxWorkers: w.Jobs}},
		FetchCooldown: cooldown, FetchPollInterval: polling,
		JobTimeout: q.Timeout, RescueStuckJobsAfter: q.Timeout + time.Minute, SoftStopTimeout: q.Grace,
		ReindexerIndexNames: []string{}, // a worker need not own the tables
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
	(&shift{Queue: q, desk: d, client: client, jobs: w.Jobs, stamp: d.stamp}).keepWatch(ctx)
	q.log.Info("stopping; jobs under way have time to end", "time", q.Grace.String())
	end, free := context.WithTimeout(context.WithoutCancel(ctx), q.Grace+10*time.Second)
	defer free()
	if err := client.Stop(end); err != nil {
		return fmt.Errorf("queue: stop: %w", err)
	}
	return d.clear(0)
}

// shift is a worker at work.
type shift struct {
	*Queue
	desk   *desk
	client *queue.Client[pgx.Tx]
	jobs   int
	stamp  Stamp // whose queue it works on
	alone  bool  // the database did not answer when it was asked last
}

// keepWatch does until ctx ends what no job does.
func (s *shift) keepWatch(ctx context.Context) {
	tick := time.NewTicker(workerLooks)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !s.connected(ctx) {
			continue
		}
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("a look at the queue failed; trying again", "error", plain(err.Error()))
		}
	}
}

// connected asks whether the database answers, and says it when that has changed.
func (s *shift) connected(ctx context.Context) bool {
	asked, cancel := context.WithTimeout(ctx, answers)
	defer cancel()
	err := s.pool.Ping(asked)
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil && !s.alone:
		s.log.Warn("the database does not answer; trying again until it does", "error", plain(err.Error()))
	case err == nil && s.alone:
		s.log.Info("connected again")
	}
	s.alone = err != nil
	return err == nil
}

// look looks for workers that are gone and for jobs that want other files, and clears the desk when it lies idle.
func (s *shift) look(ctx context.Context) error {
	if _, err := s.sweep(ctx); err != nil {
		return err
	}
	theirs, ok, err := s.elsewhere(ctx)
	if err != nil {
		return err
	}
	if ok {
		if err := s.desk.follow(theirs); err != nil {
			return fmt.Errorf("read rule book, masters and settings again: %w", err)
		}
	}
	if _, stamp := s.desk.current(); stamp != s.stamp {
		if err := s.client.Queues().Add(stamp.queue(), queue.QueueConfig{MaxWorkers: s.jobs}); err != nil {
			return err
		}
		was := s.stamp
		s.stamp = stamp
		s.log.Info("rule book, masters or settings were read anew", "edition", stamp.Edition)
		if err := s.client.Queues().Remove(ctx, was.queue()); err != nil {
			return err
		}
	}
	return s.desk.clear(idle)
}

// elsewhere gives the stamp of a job that waits in another queue than ours.
func (s *shift) elsewhere(ctx context.Context) (stamp Stamp, ok bool, err error) {
	var j unitsJob
	err = s.pool.QueryRow(ctx, `SELECT args FROM `+schema+`.river_job WHERE kind = $1 AND state = 'available' AND queue <> $2 ORDER BY id DESC LIMIT 1`,
		j.Kind(), s.stamp.queue()).Scan(&j)
	if errors.Is(err, pgx.ErrNoRows) {
		return stamp, false, nil
	}
	return j.Stamp, err == nil, err
}
