package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
)

func (a *app) rollbackCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "rollback BATCH", Args: cobra.ExactArgs(1), Short: "publishes the extracts of an earlier batch again",
		Long: "rollback makes the extracts of an earlier batch the current ones: extracts/current is swapped whole, after every file was held\n" +
			"to its SHA-256. The ledger and its journal stay as they are; the next run that makes a batch publishes all that the ledger says.\n" +
			"The newest batch may be named, too: that takes a rollback back. Files that purge removed cannot come back." + exits(0, 1, 2, 5, 130),
		Example: "  revcycle rollback 2026-11-21-001 --reason \"the fee table of ALPHA was wrong on the 22nd\"",
		RunE: func(c *cobra.Command, args []string) error {
			return a.locked(func(env *pipeline.Env) error {
				r, err := env.Rollback(c.Context(), args[0], reason)
				if errors.Is(err, pipeline.ErrRefused) {
					return usageError{err}
				}
				switch {
				case err != nil:
					return err
				case a.json:
					return a.printJSON(r)
				case r.Already:
					fmt.Fprintf(a.out, "the extracts of batch %s are current already\n", r.Batch)
					return nil
				}
				fmt.Fprintf(a.out, "the extracts of batch %s are current now, %d files; before, those of batch %s were\n", r.Batch, r.Files, r.Before)
				if r.Batch != r.Newest {
					fmt.Fprintf(a.out, "the ledger is unchanged and says more: the next run publishes it, or revcycle rollback %s\n", r.Newest)
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why; it is kept for ever, so name no patient (required)")
	return c
}
