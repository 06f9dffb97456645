package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
	"revcycle/workspace"
)

// reading opens the workspace beside a run that may hold it, and calls f.
func (a *app) reading(f func(*pipeline.Env) error) error {
	env, err := a.open(true)
	if err != nil {
		return err
	}
	defer env.Store.Close()
	return f(env)
}

// batchLine is a batch as `batches --json` shows it.
type batchLine struct {
	Batch   string `json:"batch"`
	AsOf    string `json:"as_of"`
	State   string `json:"state"` // open, done
	Exit    *int   `json:"exit"`  // null while it is open
	Started string `json:"started"`
	Ended   string `json:"ended"`
	Actor   string `json:"actor"`
	Edition string `json:"edition"`
	Parent  string `json:"parent"` // the batch that it did again in part; "" = a run
	Scope   string `json:"scope"`  // what it did again, in words
	Reason  string `json:"reason"` // why, in the words of who asked
}

func (a *app) batchesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "batches",
		Short: "lists what ran, oldest first",
		Long: "batches lists every batch with its business date, how it ended, who ran it and with which edition of the rule\n" +
			"book. Behind a rerun or a retry stand the batch that it did again and why." + exits(0, 1, 2),
		Example: "  revcycle batches\n  revcycle batches --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.reading(func(env *pipeline.Env) error {
				all, err := pipeline.Batches(c.Context(), env.Store)
				if err != nil {
					return err
				}
				list := []batchLine{}
				ids := map[int64]string{}
				for _, b := range all {
					ids[b.No] = b.ID
					l := batchLine{Batch: b.ID, AsOf: b.AsOf.String(), State: "open", Started: b.Started, Ended: b.Ended, Actor: b.Actor, Edition: "sha256:" + b.Edition.String()}
					if !b.Scope.Nothing() {
						l.Parent, l.Scope, l.Reason = ids[b.Parent], b.Scope.String(), b.Reason
					}
					if !b.Open {
						l.State, l.Exit = "done", &b.Exit
					}
					list = append(list, l)
				}
				if a.json {
					return a.printJSON(list)
				}
				g := pipeline.NewGrid("lllrlllll", "batch", "as of", "state", "exit", "started", "ended", "by", "rule book", "again")
				for _, l := range list {
					exit := "-"
					if l.Exit != nil {
						exit = fmt.Sprint(*l.Exit)
					}
					g.Row(l.Batch, l.AsOf, l.State, exit, l.Started, l.Ended, l.Actor, l.Edition[7:19], strings.TrimPrefix(l.Parent+": "+l.Reason, ": "))
				}
				return g.Print(a.out)
			})
		},
	}
}

// pending is what status tells beside the summary.
type pending struct {
	pipeline.Summary
	Ledger     string              `json:"ledger"`     // which one: its file, or server, database, user
	Open       string              `json:"open_batch"` // begun and not ended; "" = none
	Held       string              `json:"held_by"`    // the run that holds the workspace; "" = none
	Inbox      []waiting           `json:"inbox"`
	Quarantine []pipeline.HeldUnit `json:"quarantine"` // what waits for somebody
	Published  pipeline.View       `json:"published"`  // whose extracts are current
}

// waiting is a file of the inbox.
type waiting struct {
	Name     string `json:"name"`
	Bytes    int64  `json:"bytes"`
	Complete bool   `json:"complete"`
	Why      string `json:"why"`
}

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status [BATCH]",
		Short: "what is pending, quarantined, failed; the whole ledger, or one batch",
		Long: "status sums the whole ledger, or shows one batch as its run ended. Beside it stand the files that wait in the\n" +
			"inbox, what lies in quarantine and why, a batch that is open, and which ledger was asked. It may be asked while a run is at work." + exits(0, 1, 2),
		Example: "  revcycle status\n  revcycle status 2026-11-22-001 --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.reading(func(env *pipeline.Env) error {
				batch := strings.Join(args, "")
				if err := a.knownBatch(c, env, batch); err != nil {
					return err
				}
				p, err := a.pending(env)
				if err != nil {
					return err
				}
				all, err := pipeline.Batches(c.Context(), env.Store)
				if err != nil {
					return err
				}
				if n := len(all); n > 0 && all[n-1].Open {
					p.Open = all[n-1].ID
				}
				if p.Summary, err = env.Status(c.Context(), batch); err != nil {
					return err
				}
				if a.json {
					return a.printJSON(p)
				}
				if err := p.Summary.Text(a.out, env.Workspace.ExtractsDir); err != nil {
					return err
				}
				return p.print(a)
			})
		},
	}
}

// knownBatch makes a batch that is not there a fault of usage; "" is fine.
func (a *app) knownBatch(c *cobra.Command, env *pipeline.Env, batch string) error {
	if batch == "" {
		return nil
	}
	all, err := pipeline.Batches(c.Context(), env.Store)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(b pipeline.BatchRow) bool { return b.ID == batch }) {
		return usage("no batch is called %q: revcycle batches lists them", batch)
	}
	return nil
}

func (a *app) pending(env *pipeline.Env) (pending, error) {
	p := pending{Inbox: []waiting{}, Quarantine: []pipeline.HeldUnit{}}
	var err error
	if p.Ledger, err = a.place(env.Workspace); err != nil {
		return p, err
	}
	files, err := env.Workspace.Inbox(a.clock())
	if err != nil {
		return p, err
	}
	for _, f := range files {
		p.Inbox = append(p.Inbox, waiting{f.Name, f.Size, f.Complete, f.Why})
	}
	held, err := env.Held(a.ctx)
	if err != nil {
		return p, err
	}
	p.Quarantine = append(p.Quarantine, held...)
	if p.Published, err = env.Published(a.ctx); err != nil {
		return p, err
	}
	if o, ok := env.Workspace.Holder(); ok {
		p.Held = (&workspace.HeldError{Owner: o}).Error()
	}
	return p, nil
}

func (p *pending) print(a *app) error {
	section := func(format string, args ...any) { fmt.Fprintf(a.out, "\n"+format+"\n", args...) }
	section("LEDGER: %s", p.Ledger)
	if p.Held != "" {
		section("AT WORK: %s", p.Held)
	}
	if p.Open != "" && p.Held == "" {
		section("OPEN: batch %s was begun and has not ended; revcycle run goes on with it", p.Open)
	}
	if v := p.Published; v.Behind {
		section("ROLLED BACK: the extracts are those of batch %s, behind the ledger, which says %s", v.Batch, v.Newest)
		if v.Asked == v.Batch {
			fmt.Fprintf(a.out, "  by %s on %s: %s\n", v.Actor, v.At, v.Reason)
		}
		fmt.Fprintf(a.out, "  the next run that makes a batch publishes what the ledger says, or: revcycle rollback %s\n", v.Newest)
	} else if v.Asked != "" && v.Asked != v.Batch {
		section("ROLLBACK to batch %s was asked for and is not done; say it again: revcycle rollback %s", v.Asked, v.Asked)
	}
	section("INBOX: %d files", len(p.Inbox))
	g := pipeline.NewGrid("lrl")
	for _, f := range p.Inbox {
		g.Row("  "+f.Name, fmt.Sprint(f.Bytes), f.Why)
	}
	if err := g.Print(a.out); err != nil {
		return err
	}
	section("QUARANTINE: %d units", len(p.Quarantine))
	for _, r := range p.Quarantine {
		fmt.Fprintf(a.out, "  %s  %s of %s: %s: %s\n", r.ID, r.Unit, r.File, r.Code, r.Message)
		if r.Advice != "" {
			fmt.Fprintf(a.out, "  %s  %s\n", strings.Repeat(" ", len(r.ID)), r.Advice)
		}
	}
	return nil
}
