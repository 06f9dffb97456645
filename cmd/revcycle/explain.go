package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CLAIM",
		Short: "one claim's whole life: origin, findings, price step by step, remits, matches, denials, postings",
		Long: "explain tells all that the ledger holds of a claim, with the place each thing came from and where its money stands\n" +
			"now. CLAIM is a claim's ID (or its first six digits and more), its patient control number, a remit's or denial's\n" +
			"ID, or a pseudonym of the extracts. Where several claims bear the number each is told; --json prints an object each." + exits(0, 1, 2),
		Example: "  revcycle explain 7f3c9a2b41d0e8866c5f0a1b2c3d4e5f\n  revcycle explain N000123 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.reading(func(env *pipeline.Env) error {
				stories, err := env.Explain(c.Context(), strings.TrimSpace(args[0]))
				if errors.Is(err, pipeline.ErrNoClaim) {
					return usageError{err}
				}
				if err != nil {
					return err
				}
				for i, s := range stories {
					if a.json {
						err = a.printJSON(s)
					} else {
						if i > 0 {
							fmt.Fprintf(a.out, "\n%s\n\n", strings.Repeat("-", 78))
						}
						err = s.Text(a.out)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}
