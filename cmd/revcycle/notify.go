package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
	"revcycle/workspace"
)

// How long a run waits in all for those it tells; less where somebody wants it to stop.
const (
	tellWithin        = 90 * time.Second
	tellStoppedWithin = 20 * time.Second
)

// telling makes of a command one that tells how it ended, whatever its exit code: in the log, to metrics and to the
// receivers of notify. Nothing of that changes how it ends.
func (a *app) telling(job func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		started := a.clock()
		err := guarded(func() error { return job(c, args) })
		a.tell(c.Context(), started, codeOf(c.Context(), err))
		return err
	}
}

// tell tells of a run that ended. Where revcycle.yaml cannot be read there is nobody to tell.
func (a *app) tell(ctx context.Context, started time.Time, code int) {
	w, err := a.workspace()
	if err != nil {
		return
	}
	o := pipeline.Outcome{Exit: code, Started: started, Ended: a.clock(), Waiting: a.waiting}
	if a.logFormat == "json" {
		a.log().Info("run ended", "batch", a.ran.Batch, "exit", code, "seconds", pipeline.Seconds(o.Ended.Sub(started).Milliseconds()))
	}
	a.measure(w, o)
	within := tellWithin
	if ctx.Err() != nil {
		within = tellStoppedWithin
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	n := pipeline.NewNotice(host(), code, a.endOf(code), a.ran)
	if o.NotTold = a.notify(ctx, w, n, newSender()); o.NotTold > 0 {
		a.measure(w, o)
	}
}

// measure writes the run's metrics. Where another run holds the workspace the metrics are that run's; where this user may
// not write here there are none.
func (a *app) measure(w *workspace.Workspace, o pipeline.Outcome) {
	if o.Exit == exitLocked || a.mayWrite() != nil {
		return
	}
	if err := pipeline.WriteRunMetrics(w, o); err != nil {
		a.log().Warn("the run's metrics are not written", "why", err.Error())
	}
}

// notify tells the receivers that want to know of such an end, and counts those it could not tell.
func (a *app) notify(ctx context.Context, w *workspace.Workspace, n pipeline.Notice, s sender) (failed int) {
	for _, to := range w.Notify {
		if !wanted(to.When, n.Exit) {
			continue
		}
		if err := s.send(ctx, to, n); err != nil {
			failed++
			a.log().Warn("notify: a receiver is not told", "receiver", to.Name(), "why", err.Error())
		}
	}
	return failed
}

// wanted reports whether a receiver wants to know of a run that ended so.
func wanted(when workspace.Occasion, code int) bool {
	switch when {
	case workspace.Always:
		return true
	case workspace.Attention:
		return code != exitDone
	default:
		return !pipeline.Success(code)
	}
}

func host() string {
	name, err := os.Hostname()
	if err != nil {
		return "this machine"
	}
	return name
}

// endOf says how a run ended that has the code; where that is 0, also whether there was anything to do.
func (a *app) endOf(code int) string {
	switch {
	case code == exitQuarantined && a.changed != "":
		return meaningOf(code) + "; audit.jsonl was changed by somebody"
	case code != exitDone:
		return meaningOf(code)
	case a.ran.Empty():
		return "nothing new"
	default:
		return "done"
	}
}

func meaningOf(code int) string {
	for _, m := range exitMeanings {
		if m.code == code {
			return m.meaning
		}
	}
	return "unknown"
}

// receiver is an entry of notify as `notify --json` shows it.
type receiver struct {
	Receiver string             `json:"receiver"`
	When     workspace.Occasion `json:"when"`
	State    string             `json:"state,omitempty"` // of a test: told, failed
	Why      string             `json:"why,omitempty"`
}

func (a *app) notifyCommand() *cobra.Command {
	var test bool
	var unit string
	c := &cobra.Command{
		Use:   "notify",
		Short: "who is told how a run ended; --test tells them something now",
		Long: "notify lists the receivers of notify: in revcycle.yaml, by mail command or webhook. run tells them by itself when it ends;\n" +
			"whether that succeeds never changes its exit code. --test sends each of them a message and says what became of it. --failed is\n" +
			"for the OnFailure= of a systemd unit: it tells of a service that was killed or never began, of which no run could tell." + exits(0, 1, 2),
		Example: "  revcycle notify --test\n  revcycle notify --failed revcycle-run.service",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			w, err := a.workspace()
			if err != nil {
				return err
			}
			switch {
			case unit != "":
				return a.tellOfUnit(c.Context(), w, unit)
			case test:
				n := pipeline.NewNotice(host(), exitDone, "a test; nothing ran", pipeline.Summary{})
				return a.testReceivers(c.Context(), w, n, newSender())
			}
			list := []receiver{}
			for _, to := range w.Notify {
				list = append(list, receiver{Receiver: to.Name(), When: to.When})
			}
			return a.printReceivers(list)
		},
	}
	c.Flags().BoolVar(&test, "test", false, "send each receiver a message now")
	c.Flags().StringVar(&unit, "failed", "", "tell of a systemd service that failed")
	c.MarkFlagsMutuallyExclusive("test", "failed")
	return c
}

// testReceivers tells every receiver, whatever it wants to know.
func (a *app) testReceivers(ctx context.Context, w *workspace.Workspace, n pipeline.Notice, s sender) error {
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	list, failed := []receiver{}, false
	for _, to := range w.Notify {
		r := receiver{Receiver: to.Name(), When: to.When, State: "told"}
		if err := s.send(ctx, to, n); err != nil {
			failed, r.State, r.Why = true, "failed", err.Error()
		}
		list = append(list, r)
	}
	if err := a.printReceivers(list); err != nil {
		return err
	}
	if failed {
		return exitError(exitFailed)
	}
	return nil
}

func (a *app) printReceivers(list []receiver) error {
	if a.json {
		return a.printJSON(list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, "nobody is told: notify: in revcycle.yaml names no receiver")
		return err
	}
	g := pipeline.NewGrid("llll", "receiver", "when", "", "")
	for _, r := range list {
		g.Row(r.Receiver, string(r.When), r.State, r.Why)
	}
	return g.Print(a.out)
}

// tellOfUnit tells of a service that systemd says has failed, unless its run has told by itself: one that came to
// an end of its own has. systemd says how it ended in MONITOR_… (see systemd.exec).
func (a *app) tellOfUnit(ctx context.Context, w *workspace.Workspace, unit string) error {
	code := exitFailed
	if os.Getenv("MONITOR_EXIT_CODE") == "exited" {
		if n, err := strconv.Atoi(os.Getenv("MONITOR_EXIT_STATUS")); err == nil {
			code = n
		}
		own := []int{exitFailed, exitControls, exitLocked, exitExpected, exitStopped, exitInterrupted}
		if slices.Contains(own, code) {
			a.say("exit %d: the run has told by itself", code)
			return nil
		}
	}
	why := os.Getenv("MONITOR_SERVICE_RESULT")
	if why == "" {
		why = "systemd does not say why"
	}
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	n := pipeline.NewNotice(host(), code, fmt.Sprintf("the service %s failed: %s", unit, why), pipeline.Summary{})
	if failed := a.notify(ctx, w, n, newSender()); failed > 0 {
		return fmt.Errorf("notify: %d receivers are not told", failed)
	}
	return nil
}
