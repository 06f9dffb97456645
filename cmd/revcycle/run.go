package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
	"revcycle/pipeline/river"
)

func (a *app) runCommand() *cobra.Command {
	distributed := false
	c := &cobra.Command{
		Use:   "run",
		Short: "the nightly job: receive, ingest, assess, reconcile, extract; makes one batch",
		Long: "run takes what lies in the inbox, works through every stage and publishes the extracts. A run that was\n" +
			"killed goes on under its own batch; a run with nothing new makes none. With --distributed the units of\n" +
			"its stages are done by revcycle worker, on as many machines as wanted; the run waits for them." + exits(0, 1, 2, 3, 4, 5, 6, 7, 130),
		Example: "  revcycle run -C /srv/revcycle\n  revcycle run --as-of 2025-04-01 --json > summary.json",
		Args:    cobra.NoArgs,
		RunE: a.telling(func(c *cobra.Command, _ []string) error {
			return a.locked(func(env *pipeline.Env) error {
				if distributed {
					q, err := a.queue(c.Context(), env.Workspace, river.Coordinator)
					if err != nil {
						return err
					}
					defer q.Close()
					env.Runner = q.Runner()
				}
				sum, err := env.Run(c.Context())
				if err != nil {
					return err
				}
				return a.print(env, sum)
			})
		}),
	}
	c.Flags().BoolVar(&distributed, "distributed", false, "share the work out to revcycle worker, through the PostgreSQL database")
	return c
}

func (a *app) stageCommands() []*cobra.Command {
	receive := &cobra.Command{
		Use: "receive", Args: cobra.NoArgs, Short: "takes the files of the inbox into the archive and opens a batch with them",
		Long:    "receive hashes and archives each file, scans its envelopes, and opens a batch. The other stages go on with it." + exits(0, 1, 2, 5, 130),
		Example: "  revcycle receive && revcycle ingest",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.locked(func(env *pipeline.Env) error {
				begun, err := env.Receive(c.Context())
				if err == nil && !begun {
					a.say("nothing to do")
				} else if err == nil {
					a.say("batch %s is open", env.Batch.ID)
				}
				return err
			})
		},
	}
	out := []*cobra.Command{receive}
	for _, s := range pipeline.Stages {
		out = append(out, &cobra.Command{
			Use: s.Name, Args: cobra.NoArgs, Short: s.Doc, Example: "  revcycle " + s.Name,
			Long: s.Doc + ", for the open batch. The stages before it are done first where they are not." + exits(0, 1, 2, 3, 4, 5, 130),
			RunE: func(c *cobra.Command, _ []string) error {
				return a.locked(func(env *pipeline.Env) error {
					sum, open, err := env.RunThrough(c.Context(), s.Name)
					switch {
					case err != nil:
						return err
					case !open:
						a.say("nothing to do: no batch is open; revcycle receive opens one")
						return nil
					}
					return a.print(env, sum)
				})
			},
		})
	}
	return out
}

// locked opens the workspace, holds its lock, sees to it that the ledger is the workspace's own, and calls f. Until then
// nothing is made, and nothing changed.
func (a *app) locked(f func(*pipeline.Env) error) error {
	if err := a.mayWrite(); err != nil {
		return err
	}
	env, err := a.open(true)
	if err != nil {
		return err
	}
	defer func() { env.Store.Close() }()
	lock, err := env.Workspace.Lock(a.clock)
	if err != nil {
		return err
	}
	if o, ok := lock.Former(); ok {
		a.log().Warn("the run before was stopped in mid-work", "host", o.Host, "pid", o.PID, "since", o.Started)
	}
	err = a.lockedLedger(env, f)
	if a.ran.Batch == "" {
		a.ran.Batch, a.ran.AsOf = env.Batch.ID, env.Batch.AsOf
	}
	if rerr := lock.Release(); err == nil && rerr != nil {
		err = rerr
	}
	return err
}

// mayWrite refuses root where the workspace is somebody else's: what root leaves there stops the nights of its owner.
func (a *app) mayWrite() error {
	w, err := a.workspace()
	if err != nil {
		return err
	}
	uid, name, err := w.OwnerIs()
	if err == nil && uid != 0 && a.user() == 0 {
		err = usage("root would leave files in the workspace of %s that its nights cannot write: run it as that user: runuser -u %s -- revcycle %s -C %s", name, name, a.verb, w.Dir())
	}
	return err
}

// lockedLedger calls f with the ledger open for writing and held, where it is the workspace's own. What somebody changed in
// audit.jsonl is put aside first, which is exit 3.
func (a *app) lockedLedger(env *pipeline.Env, f func(*pipeline.Env) error) error {
	if err := env.CheckOwnLedger(a.ctx); err != nil {
		return err
	}
	writable, err := a.store(a.ctx, env.Workspace, false)
	if err != nil {
		return err
	}
	read := env.Store
	env.Store = writable
	if err := read.Close(); err != nil {
		return err
	}
	unlock, err := a.lockLedger(a.ctx, env.Store)
	if err != nil {
		return err
	}
	if err = env.ExportAudit(a.ctx); err == nil {
		err = f(env)
	}
	if a.changed = cmp.Or(env.AuditChanged(), env.ExtractsDamaged()); a.changed != "" && err == nil {
		err = exitError(exitQuarantined)
	}
	if held, herr := env.Held(context.WithoutCancel(a.ctx)); herr == nil {
		a.waiting = len(held)
	}
	if uerr := unlock(); err == nil {
		err = uerr
	}
	return err
}

// print shows a summary and gives its exit code as the error.
func (a *app) print(env *pipeline.Env, sum pipeline.Summary) error {
	a.ran = sum
	if a.json {
		if err := a.printJSON(sum); err != nil {
			return err
		}
	} else if err := sum.Text(a.out, env.Workspace.ExtractsDir); err != nil {
		return fmt.Errorf("print the summary: %w", err)
	}
	if sum.Exit != exitDone {
		return exitError(sum.Exit)
	}
	return nil
}

func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}
