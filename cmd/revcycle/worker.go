package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
	"revcycle/pipeline/river"
	"revcycle/workspace"
)

func (a *app) workerCommand() *cobra.Command {
	var at string
	var status bool
	c := &cobra.Command{
		Use: "worker", Args: cobra.NoArgs, Short: "works on a shared PostgreSQL queue until told to stop",
		Long: "worker does units of runs that were started with revcycle run --distributed, on this machine or others, and waits for\n" +
			"more. Every worker needs the workspace (on a shared folder) and the same program, rule book, masters and settings as\n" +
			"the run; what differs is said, and the work left to others. --workers says how many units it does at once. SIGTERM\n" +
			"lets it end what it does (20 seconds), then it gives the rest back. A worker that is killed loses nothing.\n\n" +
			"--run-at starts the whole nightly run itself, once a night whatever the number of workers that are told so.\n" +
			"--status tells which workers are alive, on what they work, and what failed; nothing is worked on." + exits(0, 1, 2),
		Example: "  revcycle worker -C /srv/revcycle\n  revcycle worker --run-at 02:30\n  revcycle worker --status",
		RunE: func(c *cobra.Command, _ []string) error {
			if status {
				return a.workerStatus(c.Context())
			}
			return a.work(c.Context(), at)
		},
	}
	c.Flags().StringVar(&at, "run-at", "", "also start the nightly run at this time of the workspace's time zone, 02:30")
	c.Flags().BoolVar(&status, "status", false, "tell who works on what")
	return c
}

// queue opens the queue in the workspace's database.
func (a *app) queue(ctx context.Context, w *workspace.Workspace, as river.Role) (*river.Queue, error) {
	url, err := a.address(w)
	if err != nil {
		return nil, err
	}
	if url == "" {
		return nil, usage("work is shared through a PostgreSQL database, and this workspace keeps its ledger in a file: name one with database: in revcycle.yaml, --database or REVCYCLE_DATABASE_FILE")
	}
	q, err := river.Open(ctx, url, as, a.clock, a.log(), river.Options{})
	if errors.Is(err, river.ErrTables) {
		return nil, usageError{err}
	}
	return q, err
}

// work is a worker's life.
func (a *app) work(ctx context.Context, at string) error {
	if err := a.mayWrite(); err != nil {
		return err
	}
	env, err := a.open(false)
	if err != nil {
		return err
	}
	defer env.Store.Close()
	env.Progress = nil
	q, err := a.queue(ctx, env.Workspace, river.Worker)
	if err != nil {
		return err
	}
	defer q.Close()
	work := river.Work{Jobs: env.Workers, Load: a.again(env)}
	if at != "" {
		t, err := time.Parse("15:04", at)
		if err != nil {
			return usage("--run-at %s: write the time of day, such as 02:30", at)
		}
		work.Night = &river.Night{At: time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, Zone: env.Workspace.Timezone, Run: a.nightlyRun}
	}
	return q.Work(ctx, work)
}

// again gives what reads rule book, masters and revcycle.yaml anew, but for the first time, when they were just read.
func (a *app) again(first *pipeline.Env) func() (*pipeline.Env, error) {
	begun := false
	return func() (*pipeline.Env, error) {
		if !begun {
			begun = true
			return first, nil
		}
		env := *first
		var err error
		if env.Workspace, err = workspace.Open(first.Workspace.Dir()); err != nil {
			return nil, err
		}
		if env.Book, err = a.book(env.Workspace); err != nil {
			return nil, err
		}
		if env.Party, _, err = env.Workspace.Masters(); err != nil {
			return nil, fmt.Errorf("masters: %w", err)
		}
		return &env, nil
	}
}

// nightlyRun is the run that a worker starts at its time: the command itself. What another try would end in again is
// no error.
func (a *app) nightlyRun(ctx context.Context) error {
	mine := *a
	mine.ctx, mine.verb = ctx, "run"
	c := mine.runCommand()
	c.SetContext(ctx)
	if err := c.Flags().Set("distributed", "true"); err != nil {
		return err
	}
	err := c.RunE(c, nil)
	code := codeOf(ctx, err)
	if code == exitFailed || code == exitInterrupted {
		return err
	}
	var quiet exitError
	if err != nil && !errors.As(err, &quiet) {
		a.log().Error(spoken(err), "exit", code)
		return nil
	}
	a.log().Info("the night's run has ended", "exit", code, "means", meaningOf(code))
	return nil
}

// workerStatus prints who works on what.
func (a *app) workerStatus(ctx context.Context) error {
	w, err := a.workspace()
	if err != nil {
		return err
	}
	q, err := a.queue(ctx, w, river.Coordinator)
	if err != nil {
		return err
	}
	defer q.Close()
	s, err := q.Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(s)
	}
	return printWorkers(a.out, s, a.clock())
}

func printWorkers(out io.Writer, s river.Status, now time.Time) error {
	age := func(t time.Time) string { return now.Sub(t).Round(time.Second).String() }
	g := pipeline.NewGrid("lrlllrl", "worker", "pid", "since", "works on", "first unit", "units", "for")
	for _, w := range s.Workers {
		who := []string{w.Host, strconv.Itoa(w.PID), w.Since.Format(time.RFC3339)}
		for _, j := range w.Jobs {
			g.Row(append(who, j.Step, j.First, strconv.Itoa(j.Units), age(j.Since))...)
			who = []string{"", "", ""}
		}
		if len(w.Jobs) == 0 {
			g.Row(append(who, "-")...)
		}
	}
	if len(s.Workers) == 0 {
		g.Row("none")
	}
	if err := g.Print(out); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "\n%d jobs wait\n", s.Waiting); err != nil || len(s.Failing) == 0 {
		return err
	}
	f := pipeline.NewGrid("llrll", "failed", "first unit", "tries", "again", "last error")
	for _, j := range s.Failing {
		next := "in " + max(j.Next.Sub(now), 0).Round(time.Second).String()
		if j.Dead {
			next = "no: dead"
		}
		f.Row(j.Step, j.First, strconv.Itoa(j.Tries), next, j.Error)
	}
	fmt.Fprintln(out)
	return f.Print(out)
}
