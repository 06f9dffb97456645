package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
)

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report [BATCH]",
		Short: "a self-contained HTML page of a batch",
		Long: "report writes reports/BATCH.html anew and prints its path: controls, dollars, payers, denials, visits without a claim,\n" +
			"unmapped identifiers, quarantine and files. It holds nothing of a patient and needs no network. Without a batch it is the\n" +
			"last one's; every run writes it by itself." + exits(0, 1, 2),
		Example: "  revcycle report\n  revcycle report 2026-11-22-001",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.reading(func(env *pipeline.Env) error {
				path, err := env.WriteReport(c.Context(), strings.Join(args, ""))
				if errors.Is(err, pipeline.ErrNoBatch) {
					return usageError{err}
				}
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(map[string]string{"report": path})
				}
				_, err = fmt.Fprintln(a.out, path)
				return err
			})
		},
	}
}
