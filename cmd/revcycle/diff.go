package main

import (
	"github.com/spf13/cobra"

	"revcycle/pipeline"
)

func (a *app) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff BATCH_A BATCH_B",
		Short: "what changed between two batches: claims and dollars by payer, contract and rule, postings, denials",
		Long: "diff shows the ledger as of BATCH_A beside the ledger as of BATCH_B, the earlier one first: what the rule book thought\n" +
			"of each claim, whichever batch it thought so in, how claims stood with their payers, and what was posted in between.\n" +
			"Expected amounts are those of every claim: the later ones sum to what status and the extracts of BATCH_B say." + exits(0, 1, 2),
		Example: "  revcycle diff 2025-03-31-001 2025-04-01-002\n  revcycle diff 2025-03-31-001 2025-04-01-002 --json",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.reading(func(env *pipeline.Env) error {
				d, err := env.Diff(c.Context(), args[0], args[1])
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(d)
				}
				return d.Text(a.out)
			})
		},
	}
}
