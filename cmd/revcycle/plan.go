package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
)

func (a *app) planCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "plan",
		Short: "what run would do, touching nothing",
		Long: "plan looks at the inbox, the ledger and the rule book and tells which files run would take, skip or hold, whether\n" +
			"it would go on with an open batch, and whether a changed rule book would have open claims assessed again." + exits(0, 1, 2),
		Example: "  revcycle plan\n  revcycle plan --as-of 2025-04-01 --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.reading(func(env *pipeline.Env) error {
				p, err := env.Plan(c.Context())
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(p)
				}
				return a.printPlan(p)
			})
		},
	}
}

func (a *app) printPlan(p pipeline.Plan) error {
	switch {
	case p.Nothing:
		fmt.Fprintf(a.out, "as of %s: nothing to do, run would make no batch\n", p.AsOf)
	case p.Batch != "":
		fmt.Fprintf(a.out, "as of %s: run would go on with batch %s, which is open\n", p.AsOf, p.Batch)
	default:
		fmt.Fprintf(a.out, "as of %s: run would make a batch\n", p.AsOf)
	}
	if p.Stale {
		fmt.Fprintln(a.out, "the rule book has changed: open claims of the changed payers would be assessed again")
	}
	if p.Waiting > 0 {
		fmt.Fprintf(a.out, "%d remits stand on no claim and would be tried again\n", p.Waiting)
	}
	for _, id := range p.Released {
		fmt.Fprintf(a.out, "released unit %s would be read again\n", id)
	}
	if p.Decided > 0 {
		fmt.Fprintf(a.out, "%d remits that people decided about would be matched again\n", p.Decided)
	}
	g := pipeline.NewGrid("llrll", "action", "kind", "bytes", "file", "why")
	for _, f := range p.Files {
		g.Row(f.Action, cmp.Or(string(f.Kind), "-"), fmt.Sprint(f.Bytes), f.Name, f.Reason)
	}
	if len(p.Files) == 0 {
		return nil
	}
	return g.Print(a.out)
}
