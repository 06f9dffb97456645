package river

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	queue "github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Night is a whole run at a time of day.
type Night struct {
	At   time.Duration // the hour and the minute
	Zone *time.Location
	// Run is `revcycle run --distributed`. An error says that it is worth another try.
	Run func(context.Context) error
}

// nightJob is one night's run, as the queue keeps it.
type nightJob struct {
	At string `json:"at" river:"unique"` // RFC 3339
}

// Kind implements queue.JobArgs. It never changes.
func (nightJob) Kind() string { return "revcycle_night" }

// nightTries is how often a night's run is tried that failed.
const nightTries = 3

// next is the next time of day after a moment. Where the clocks leave that hour out, it is the hour behind it.
func (n *Night) next(after time.Time) time.Time {
	t, hour := after.In(n.Zone), int(n.At/time.Hour)
	for day := t.Day(); ; day++ {
		at := time.Date(t.Year(), t.Month(), day, hour, int(n.At/time.Minute)%60, 0, 0, n.Zone)
		if at.Hour() < hour {
			at = at.Add(time.Hour)
		}
		if at.After(after) {
			return at
		}
	}
}

// periodic sees to it each minute that the next night's run is in the queue, once. It waits there: a night is not
// missed where the worker that leads the queue, or every worker, is down at its time.
func (n *Night) periodic(clock func() time.Time) *queue.PeriodicJob {
	return queue.NewPeriodicJob(queue.PeriodicInterval(time.Minute), func() (queue.JobArgs, *queue.InsertOpts) {
		at := n.next(clock())
		return nightJob{at.Format(time.RFC3339)}, &queue.InsertOpts{Queue: nightQueue, ScheduledAt: at, MaxAttempts: nightTries,
			UniqueOpts: queue.UniqueOpts{ByArgs: true, ByState: rivertype.JobStates()}}
	}, &queue.PeriodicJobOpts{ID: "revcycle_night", RunOnStart: true})
}

// nightWorker begins the runs.
type nightWorker struct {
	queue.WorkerDefaults[nightJob]
	night *Night
	log   *slog.Logger
}

// Timeout implements queue.Worker: a run takes as long as it takes; revcycle.yaml may set a deadline.
func (w *nightWorker) Timeout(*queue.Job[nightJob]) time.Duration { return -1 }

// Work implements queue.Worker.
func (w *nightWorker) Work(ctx context.Context, job *queue.Job[nightJob]) error {
	at, err := time.Parse(time.RFC3339, job.Args.At)
	if err != nil {
		return queue.JobCancel(err)
	}
	if w.night == nil || !w.night.next(at.Add(-time.Second)).Equal(at) {
		return queue.JobCancel(fmt.Errorf("%s is not the time that this worker was given", job.Args.At))
	}
	w.log.Info("the night's run begins", "at", job.Args.At, "try", job.Attempt)
	return w.night.Run(ctx)
}
