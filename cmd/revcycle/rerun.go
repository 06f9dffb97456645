package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"revcycle/civil"
	"revcycle/pipeline"
)

func (a *app) rerunCommand() *cobra.Command {
	var again pipeline.Again
	var since string
	var dry bool
	c := &cobra.Command{
		Use:   "rerun BATCH",
		Short: "does part of a batch again with today's rules and program; posts differences only",
		Long: "rerun does again what a batch did, closed claims too, under a batch of its own whose parent it is. BATCH is a batch's\n" +
			"ID, or all for the claims and remits of every batch; --file, --claim, --payment and --since narrow it down, and of\n" +
			"several of one flag each counts. The stages behind --stage follow:\n" +
			"  ingest     reads the files again from the archive: what was held and now reads is taken, facts stay as they are\n" +
			"  assess     judges the claims again with today's rule book (the default)\n" +
			"  reconcile  matches the remits and settles the claims again\n" +
			"  extract    publishes the extracts again\n" +
			"Try it first: --dry-run touches nothing and shows which claims and dollars move. Opinions are added beside those from\n" +
			"before, and only differences are posted. Where nothing would be said anew no batch is made. The inbox waits for run." +
			exits(0, 1, 2, 3, 4, 5, 7, 130),
		Example: "  revcycle rerun 2025-03-31-001 --dry-run\n" +
			"  revcycle rerun all --since 2025-01-01 --reason \"Alpha amendment 3 corrects 99213\"\n" +
			"  revcycle rerun 2025-03-31-001 --stage ingest --file alpha.837 --reason \"profile mended\"",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			again.Batch = args[0]
			if since != "" {
				var err error
				if again.Since, err = civil.ParseISO(since); err != nil {
					return usage("--since %s: %w", since, err)
				}
			}
			if dry {
				return a.reading(func(env *pipeline.Env) error {
					r, err := env.TryRerun(c.Context(), again)
					if err != nil {
						return err
					}
					return a.printRerun(env, r)
				})
			}
			return a.locked(func(env *pipeline.Env) error {
				r, err := env.Rerun(c.Context(), again)
				if err != nil {
					return err
				}
				return a.printRerun(env, r)
			})
		},
	}
	flags := c.Flags()
	flags.StringArrayVar(&again.Files, "file", nil, "only what came in this file: its name below the inbox, or its SHA-256")
	flags.StringArrayVar(&again.Claims, "claim", nil, "only this claim: its ID or patient control number")
	flags.StringArrayVar(&again.Payments, "payment", nil, "only what this payment pays: its ID or trace number")
	flags.StringVar(&since, "since", "", "only what was served on this day or later, 2006-01-02")
	flags.StringVar(&again.Stage, "stage", "assess", "where it begins: ingest, assess, reconcile or extract")
	flags.StringVar(&again.Reason, "reason", "", "why; it stands with the batch and in the audit log")
	flags.BoolVar(&dry, "dry-run", false, "touch nothing and show what would change")
	return c
}

// printRerun shows a rerun, and gives the exit code of its batch as the error.
func (a *app) printRerun(env *pipeline.Env, r pipeline.Rerun) error {
	if a.json {
		if err := a.printJSON(r); err != nil {
			return err
		}
	} else if err := r.Text(a.out); err != nil {
		return fmt.Errorf("print the rerun: %w", err)
	}
	if r.Summary == nil {
		return nil
	}
	if !a.json {
		fmt.Fprintln(a.out)
		if err := r.Summary.Text(a.out, env.Workspace.ExtractsDir); err != nil {
			return fmt.Errorf("print the summary: %w", err)
		}
	}
	if r.Summary.Exit != exitDone {
		return exitError(r.Summary.Exit)
	}
	return nil
}
