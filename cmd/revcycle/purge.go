package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
)

// purged is what purge --json prints.
type purged struct {
	DryRun  bool               `json:"dry_run"`
	Removed int                `json:"removed"`
	Bytes   int64              `json:"bytes"`
	List    []pipeline.Removal `json:"list"`
}

func (a *app) purgeCommand() *cobra.Command {
	var dry bool
	c := &cobra.Command{
		Use:   "purge",
		Short: "removes what keep: in revcycle.yaml no longer keeps; --dry-run shows it",
		Long: "purge removes extract files that no kept manifest names, old reports, originals of files whose batches are done and old, and\n" +
			"units of the quarantine that were dropped or taken up long ago, by keep: in revcycle.yaml; what that does not name is\n" +
			"kept for ever. It never removes what readers see, what an open batch needs, or what waits in quarantine. Each removal is a\n" +
			"row of the audit, written before anything goes. The ledger is left as it is. What a killed run left in staging goes in any case." + exits(0, 1, 2, 5, 130),
		Example: "  revcycle purge --dry-run\n  revcycle purge --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if dry {
				return a.reading(func(env *pipeline.Env) error { return a.purge(c, env, true) })
			}
			return a.locked(func(env *pipeline.Env) error { return a.purge(c, env, false) })
		},
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "show what would go, and touch nothing")
	return c
}

func (a *app) purge(c *cobra.Command, env *pipeline.Env, dry bool) error {
	if today := env.Workspace.BusinessDate(a.clock()); env.Batch.AsOf > today {
		return usage("--as-of %s: nothing is purged before its time; today is %s", env.Batch.AsOf, today)
	}
	list, err := env.PlanPurge(c.Context())
	if err != nil {
		return err
	}
	out := purged{DryRun: dry, List: append([]pipeline.Removal{}, list...)}
	for _, r := range list {
		out.Bytes += r.Bytes
	}
	if !dry {
		if out.Removed, err = env.Purge(c.Context(), list); err != nil {
			return err
		}
	}
	end := purgeEnd(env, out)
	if a.logFormat == "json" {
		a.log().Info(end)
	}
	if a.json {
		return a.printJSON(out)
	}
	g := pipeline.NewGrid("llrl", "kind", "what", "bytes", "why")
	for _, r := range list {
		g.Row(r.Kind, r.Name, fmt.Sprint(r.Bytes), r.Why)
	}
	if len(list) > 0 {
		if err := g.Print(a.out); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(a.out, end)
	return err
}

// purgeEnd is the line that says what a purge did, or would do.
func purgeEnd(env *pipeline.Env, out purged) string {
	switch {
	case len(out.List) == 0 && env.Workspace.Keep.Everything():
		return "nothing to purge: keep: in revcycle.yaml names nothing, so everything is kept"
	case len(out.List) == 0:
		return "nothing to purge"
	case out.DryRun:
		return fmt.Sprintf("%d would go, %d bytes", len(out.List), out.Bytes)
	default:
		return fmt.Sprintf("%d are gone, %d bytes", out.Removed, out.Bytes)
	}
}
