package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
)

func (a *app) retryCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "retry [BATCH]",
		Short: "takes up what failed, and nothing else",
		Long: "retry judges the claims that were held since their payer's part of the rule book was wrong, or since the program broke\n" +
			"on them, and reads the parts of files again on which it broke; of one batch, or of all. It shows each file with its\n" +
			"units, its claims and their dollars before and after. What is not mended yet waits, and is exit 3; with nothing to do\n" +
			"it is exit 0. The next run would do the same, beside its own work." + exits(0, 1, 2, 3, 4, 5, 7, 130),
		Example: "  revcycle rules check && revcycle retry\n  revcycle retry 2025-03-31-001 --reason \"Alpha's fee table was cut off\"",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.locked(func(env *pipeline.Env) error {
				r, err := env.Retry(c.Context(), strings.Join(args, ""), reason)
				if err != nil {
					return err
				}
				if a.json {
					err = a.printJSON(r)
				} else if err = r.Text(a.out); err == nil && r.Summary != nil {
					fmt.Fprintln(a.out)
					err = r.Summary.Text(a.out, env.Workspace.ExtractsDir)
				}
				if err == nil && r.Exit() != exitDone {
					err = exitError(r.Exit())
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why; it stands with the batch and in the audit log (default: what had failed was mended)")
	return c
}
