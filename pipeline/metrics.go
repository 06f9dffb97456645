package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"revcycle/workspace"
)

// Two files lie in metrics/ for Prometheus' text file collector, each replaced whole. revcycle.prom tells of the last
// batch that ended; revcycle_run.prom of the last run, also of one that failed or had nothing to do. Labels come from
// fixed lists and from our own numbers: no name, no number of a person, no file.
const (
	batchMetrics = "revcycle.prom"
	runMetrics   = "revcycle_run.prom"
)

// exposition is text in Prometheus' exposition format.
type exposition struct{ strings.Builder }

// family begins a metric: kind is gauge or counter.
func (x *exposition) family(name, kind, help string) {
	fmt.Fprintf(x, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// gauge is a family of one sample without labels.
func (x *exposition) gauge(name, help string, value any) {
	x.family(name, "gauge", help)
	fmt.Fprintf(x, "%s %v\n", name, value)
}

// write puts the text in its place, whole.
func (x *exposition) write(w *workspace.Workspace, name string) error {
	if err := workspace.WriteFile(filepath.Join(w.MetricsDir(), name), []byte(x.String())); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}

// tellMetrics writes the metrics of a batch that ends. Where they cannot be written that is said, and holds nothing up.
func (env *Env) tellMetrics(sum Summary, ended time.Time) {
	if err := env.writeMetrics(sum, ended); err != nil {
		env.Log.Warn("the batch's metrics are not written; see revcycle doctor", "why", err.Error())
	}
}

// renewMetrics writes the metrics of the last batch where the run that ended it could not.
func (env *Env) renewMetrics(ctx context.Context) error {
	all, err := Batches(ctx, env.Store)
	if err != nil || len(all) == 0 {
		return err
	}
	last := all[len(all)-1]
	text, err := os.ReadFile(filepath.Join(env.Workspace.MetricsDir(), batchMetrics))
	if last.Open || err == nil && strings.Contains(string(text), fmt.Sprintf("batch=%q", last.ID)) {
		return nil
	}
	sum, _, err := summaryOf(ctx, env.Store, last.No)
	if err != nil {
		return err
	}
	ended, err := time.Parse(time.RFC3339, last.Ended)
	if err != nil {
		return fmt.Errorf("batch %s: %w", last.ID, err)
	}
	env.tellMetrics(sum, ended)
	return nil
}

// writeMetrics tells of a batch that ended.
func (env *Env) writeMetrics(sum Summary, ended time.Time) error {
	var x exposition
	x.family("revcycle_batch_info", "gauge", "the last batch that ended; always 1")
	fmt.Fprintf(&x, "revcycle_batch_info{batch=%q,as_of=%q} 1\n", sum.Batch, sum.AsOf.String())
	x.gauge("revcycle_last_batch_end_timestamp_seconds", "when the last batch ended", ended.Unix())
	x.gauge("revcycle_last_batch_exit_code", "exit code of the last batch", sum.Exit)
	x.family("revcycle_documents", "gauge", "documents of the last batch")
	for _, c := range sum.Counts.named() {
		fmt.Fprintf(&x, "revcycle_documents{kind=%q} %d\n", c.name, c.n)
	}
	x.family("revcycle_dollars", "gauge", "dollars of the last batch")
	for _, d := range sum.Totals.named() {
		fmt.Fprintf(&x, "revcycle_dollars{kind=%q} %s\n", d.name, d.amount)
	}
	x.family("revcycle_stage_seconds", "gauge", "seconds of each stage of the last batch")
	for _, s := range sum.Stages {
		text, err := s.Seconds.MarshalJSON()
		if err != nil {
			return err
		}
		fmt.Fprintf(&x, "revcycle_stage_seconds{stage=%q} %s\n", s.Name, text)
	}
	return x.write(env.Workspace, batchMetrics)
}

// Outcome is how a run ended, whatever became of its batch.
type Outcome struct {
	Exit           int
	Started, Ended time.Time
	NotTold        int // receivers of notify that could not be reached
	Waiting        int // units that wait in quarantine; below zero where nobody could look
}

// Success reports whether a run with this exit code ended as it should: its batch is published, or there was nothing to do.
func Success(exit int) bool {
	return exit == ExitDone || exit == ExitQuarantined || exit == ExitExpected
}

// WriteRunMetrics tells of a run that ended, however it did, and of what waits in the workspace then. The time of the
// last success stays where the run was none. Called again for the same run it replaces what it wrote and counts
// NotTold once more: only the last call for a run may give one.
func WriteRunMetrics(w *workspace.Workspace, o Outcome) error {
	success, err := keptValue(w, "revcycle_last_success_timestamp_seconds")
	if err != nil {
		return err
	}
	notTold, err := keptValue(w, "revcycle_notify_failures_total")
	if err != nil {
		return err
	}
	if Success(o.Exit) {
		success = o.Ended.Unix()
	}
	var x exposition
	x.gauge("revcycle_run_end_timestamp_seconds", "when the last run ended, however it did", o.Ended.Unix())
	x.gauge("revcycle_run_exit_code", "exit code of the last run", o.Exit)
	ms := max(o.Ended.Sub(o.Started).Milliseconds(), 0)
	x.gauge("revcycle_run_duration_seconds", "how long the last run took", fmt.Sprintf("%d.%03d", ms/1000, ms%1000))
	if success > 0 {
		x.gauge("revcycle_last_success_timestamp_seconds", "when a run last ended with its batch published or nothing to do (exit 0, 3, 6)", success)
	}
	x.family("revcycle_notify_failures_total", "counter", "receivers of notify that could not be told of a run")
	fmt.Fprintf(&x, "revcycle_notify_failures_total %d\n", notTold+int64(o.NotTold))
	// What cannot be counted now is left out: unknown is not zero.
	if o.Waiting >= 0 {
		x.gauge("revcycle_quarantine_units", "units that wait in quarantine for somebody, or for the next run", o.Waiting)
	}
	if files, err := w.Inbox(o.Ended); err == nil {
		complete := 0
		for _, f := range files {
			if f.Complete {
				complete++
			}
		}
		x.family("revcycle_inbox_files", "gauge", "files that lie in the inbox after the run")
		fmt.Fprintf(&x, "revcycle_inbox_files{state=\"complete\"} %d\nrevcycle_inbox_files{state=\"incomplete\"} %d\n", complete, len(files)-complete)
	}
	return x.write(w, runMetrics)
}

// keptValue is the value of a metric as the run before left it; 0 where there is none.
func keptValue(w *workspace.Workspace, name string) (int64, error) {
	text, err := os.ReadFile(filepath.Join(w.MetricsDir(), runMetrics))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("metrics: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			if err != nil {
				return 0, nil // somebody else wrote the file: it is replaced
			}
			return n, nil
		}
	}
	return 0, nil
}
