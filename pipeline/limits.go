package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/workspace"
)

// ErrStopped is wrapped by the errors of a run that the deadline or the error budget stopped: nothing
// new is published, the batch stays open, and the next run goes on with it.
var ErrStopped = errors.New("stopped")

// ExitExpected is the exit code of a run to which an expected file did not come.
const ExitExpected = 6

// limited gives a context that ends at the workspace's deadline.
func (env *Env) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	start := env.Clock()
	moment, ok := env.Workspace.DeadlineOf(start)
	if !ok {
		return ctx, func() {}
	}
	late := fmt.Errorf("the deadline %s has come: %w; run it again to go on", moment.Format(time.RFC3339), ErrStopped)
	return context.WithTimeoutCause(ctx, moment.Sub(start), late)
}

// stopped makes of an error what ended the context, where the deadline did.
func stopped(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ErrStopped) {
		return cause
	}
	return err
}

// withinBudget stops a batch of which more could not be read than the error budget allows: a wrong
// file type must not make ten thousand exceptions.
func (env *Env) withinBudget(t Tally) error {
	bad := t.RejectedClaims + t.RejectedRemits + t.Rejects
	all := max(t.SeenClaims+t.SeenRemits+t.Encounters+t.Charges, bad)
	if env.Workspace.ErrorBudget.Exceeded(bad, all) {
		return fmt.Errorf("%d of %d documents could not be read, more than error_budget in revcycle.yaml allows: %w; look at revcycle quarantine ls; where the rest may go on without them, raise the budget and run again",
			bad, all, ErrStopped)
	}
	return nil
}

// missing says, a sentence each, which expected files have not come. A rerun waits for none.
func (env *Env) missing(ctx context.Context) ([]string, error) {
	out := []string{}
	if !env.Batch.Scope.Nothing() {
		return out, nil
	}
	absent, err := env.absent(ctx)
	for _, a := range absent {
		out = append(out, a.Sentence)
	}
	return out, err
}

// lacking says the same by facility, for fact_batch_facility. What nobody in particular was to send is in no facility's row.
func (env *Env) lacking(ctx context.Context) ([]extract.Missing, error) {
	absent, err := env.absent(ctx)
	var out []extract.Missing
	for _, a := range absent {
		if a.Facility != "" {
			out = append(out, extract.Missing{Facility: a.Facility, What: fmt.Sprintf("%s: %d of %d files", a.Files, a.Came, a.Wanted)})
		}
	}
	return out, err
}

// absent tells which expected files have not come for the business date, in this batch or an earlier one of the same date.
func (env *Env) absent(ctx context.Context) ([]workspace.Absence, error) {
	if len(env.Workspace.Expect) == 0 {
		return nil, nil
	}
	names, err := env.cameIn(ctx)
	if err != nil {
		return nil, err
	}
	return env.Workspace.Absent(env.Batch.AsOf, names), nil
}

// cameIn gives the names of the files that this batch and earlier ones of its business date took.
func (env *Env) cameIn(ctx context.Context) ([]string, error) {
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, b := range all {
		if b.AsOf != env.Batch.AsOf || b.No > env.Batch.No {
			continue
		}
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{ledger.OfBatch(b.No)}}) {
			if err != nil {
				return nil, err
			}
			if _, _, again := cutReleased(row[1].Text()); !again {
				names = append(names, row[1].Text())
			}
		}
	}
	return names, nil
}
