package river

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	queue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"revcycle/ledger"
	"revcycle/pipeline"
	"revcycle/pipeline/flow"
)

// desk is what the jobs of a worker share: what it works with, and the step that is under way.
type desk struct {
	load func() (*pipeline.Env, error)
	log  *slog.Logger

	mu     sync.Mutex // guards what follows
	env    *pipeline.Env
	stamp  Stamp
	looked time.Time
	sought Stamp // that jobs of another queue had
	at     place
	share  *pipeline.Share // of at; nil where it could not be made yet
	used   time.Time       // when share was asked for last
	said   string          // the last refusal that was logged
}

// place is a step that a Share was made for. A worker keeps one: steps come one after the other.
type place struct {
	env   *pipeline.Env
	batch int64
	step  string
}

// current gives the Env, and its stamp.
func (d *desk) current() (*pipeline.Env, Stamp) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.env, d.stamp
}

// lookAgain is how often files are read again while jobs wait for others than those that were read.
const lookAgain = 10 * time.Second

// follow is told of the stamp of jobs that wait in another queue than ours. The files may have changed since they were
// read: they are read again. What stands otherwise then is said, once.
func (d *desk) follow(theirs Stamp) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := d.env.Clock(); d.sought == theirs && now.Sub(d.looked) < lookAgain {
		return nil
	}
	d.sought = theirs
	if err := d.reload(); err != nil {
		return err
	}
	if refusal := d.stamp.against(theirs); refusal != "" && refusal != d.said {
		d.said = refusal
		d.log.Warn("jobs are left to others: " + refusal)
	}
	return nil
}

// reload reads rule book, masters and settings. The stamp is that of the files which were read: where they changed
// meanwhile, they are read once more. The caller holds mu.
func (d *desk) reload() error {
	for range 3 {
		env, err := d.load()
		if err != nil {
			return err
		}
		stamp, err := StampOf(env)
		if err != nil {
			return err
		}
		again, err := mastersDigest(env.Workspace)
		if err != nil {
			return err
		}
		if d.env, d.stamp, d.looked = env, stamp, env.Clock(); again == stamp.Masters {
			return nil
		}
	}
	return fmt.Errorf("masters change while they are read")
}

// shareOf gives the Share of a job's step; nil where its batch has ended.
func (d *desk) shareOf(ctx context.Context, env *pipeline.Env, j *unitsJob) (*pipeline.Share, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used = env.Clock()
	at := place{env, j.Batch, j.Step}
	if d.at == at && d.share != nil {
		return d.share, nil
	}
	all, err := pipeline.Batches(ctx, env.Store)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].No != j.Batch || !all[i].Open {
			continue
		}
		mine := *env
		mine.Batch = all[i].Batch
		if d.share, err = mine.Share(ctx, j.Step); err != nil {
			d.share = nil
		}
		d.at = at
		return d.share, err
	}
	return nil, nil
}

// idle is after how long without a job a worker clears away what it keeps of a batch.
const idle = time.Minute

// clear drops what is kept of a batch, the plain copies of its files among it, once no job has asked for it a while.
func (d *desk) clear(after time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at.env == nil || d.at.env.Clock().Sub(d.used) < after {
		return nil
	}
	w := d.at.env.Workspace
	d.at, d.share = place{}, nil
	return w.DropSpools()
}

// unitsWorker does jobs.
type unitsWorker struct {
	queue.WorkerDefaults[unitsJob]
	desk    *desk
	backoff time.Duration
	clock   func() time.Time
}

// refused is how long a job rests that a worker took a moment too late.
const refused = time.Second

// Work implements queue.Worker.
func (w *unitsWorker) Work(ctx context.Context, job *queue.Job[unitsJob]) error {
	j := &job.Args
	log := w.desk.log.With("batch", j.Batch, "step", j.Step, "units", len(j.keys()), "try", job.Attempt)
	env, stamp := w.desk.current()
	if stamp != j.Stamp {
		return queue.JobSnooze(refused) // the files were read anew a moment ago
	}
	share, err := w.desk.shareOf(ctx, env, j)
	if err == nil && share == nil {
		return queue.JobCancel(fmt.Errorf("batch %d is not open", j.Batch))
	}
	start := w.clock()
	if err == nil {
		err = w.do(ctx, share, job)
	}
	switch {
	case err == nil:
		log.Info("done", "took", w.clock().Sub(start).Round(time.Millisecond).String())
	case ctx.Err() != nil:
		log.Info("stopped before its end; another worker does it", "reason", context.Cause(ctx))
	default:
		log.Error("a try failed", "error", err)
	}
	return err
}

// do does the units in one transaction, the job's completion with them. After a try that failed, or took
// its worker along, each group is done by itself: so the fault names its unit, and holds up no other.
func (w *unitsWorker) do(ctx context.Context, share *pipeline.Share, job *queue.Job[unitsJob]) error {
	if len(job.Errors) == 0 {
		return w.try(ctx, share, job.Args.keys(), func(tx ledger.Tx) error {
			p, ok := tx.(interface{ Pgx() pgx.Tx })
			if !ok {
				return fmt.Errorf("the ledger is no PostgreSQL database")
			}
			_, err := queue.JobCompleteTx[*riverpgxv5.Driver](ctx, p.Pgx(), job)
			return err
		})
	}
	var first error
	for _, group := range job.Args.Groups {
		if err := w.try(ctx, share, group, nil); err != nil && first == nil {
			first = err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return first
}

// NextRetry implements queue.Worker: the pause doubles with each try, up to a minute.
func (w *unitsWorker) NextRetry(job *queue.Job[unitsJob]) time.Time {
	return w.clock().Add(min(w.backoff<<min(job.Attempt-1, 20), time.Minute))
}

// twins is how often in a row others may be faster with some unit.
const twins = 10

// try does units. A panic of theirs is an error, as what they read may be at fault; where it came from is in the log.
func (w *unitsWorker) try(ctx context.Context, share *pipeline.Share, keys []string, along func(ledger.Tx) error) (err error) {
	defer func() {
		if recover() != nil {
			f := flow.Recovered()
			w.desk.log.Error(f.Error(), "unit", keys[0], "stack", f.Stack)
			err = fmt.Errorf("unit %s: %w", keys[0], f)
		}
	}()
	for range twins {
		if err = share.Do(ctx, keys, along); !errors.Is(err, pipeline.ErrTwin) {
			return err
		}
	}
	return err
}
