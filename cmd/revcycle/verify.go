package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"revcycle/claim"
	"revcycle/pipeline"
)

// verification is what verify --json prints.
type verification struct {
	OK         bool                 `json:"ok"`
	Invariants []pipeline.Invariant `json:"invariants"`
}

func (a *app) verifyCommand() *cobra.Command {
	var digest bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "proves every invariant: ledger, extracts, manifests, audit chain",
		Long: "verify reads ledger and extracts once, changes nothing, and tells of each invariant whether it holds. --digest prints\n" +
			"instead what must be equal between two runs that should be the same: a digest of each table and extract file, and one of all." +
			exits(0, 1, 2, 4),
		Example: "  revcycle verify\n  revcycle verify --digest | tail -1",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.reading(func(env *pipeline.Env) error {
				if digest {
					return a.printDigest(c, env)
				}
				checks, err := env.Verify(c.Context())
				if err != nil {
					return err
				}
				v := verification{OK: true, Invariants: checks}
				for _, x := range checks {
					v.OK = v.OK && x.OK
				}
				if err := a.printVerification(v); err != nil {
					return err
				}
				if !v.OK {
					return exitError(exitControls)
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&digest, "digest", false, "print digests instead")
	return c
}

func (a *app) printVerification(v verification) error {
	if a.json {
		return a.printJSON(v)
	}
	g := pipeline.NewGrid("lrl")
	for _, x := range v.Invariants {
		mark := "ok"
		if !x.OK {
			mark = "NO"
		}
		g.Row(mark, fmt.Sprint(x.Checked), x.Name)
		for _, e := range x.Examples {
			g.Row("", "", "  "+e)
		}
		if more := x.Faults - len(x.Examples); more > 0 {
			g.Row("", "", fmt.Sprintf("  and %d more", more))
		}
	}
	if err := g.Print(a.out); err != nil {
		return err
	}
	if v.OK {
		a.say("everything holds")
	}
	return nil
}

func (a *app) printDigest(c *cobra.Command, env *pipeline.Env) error {
	lines, overall, err := env.Digests(c.Context())
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(struct {
			Digest  claim.Digest          `json:"digest"`
			Digests []pipeline.DigestLine `json:"digests"`
		}{overall, lines})
	}
	g := pipeline.NewGrid("lrll")
	for _, l := range lines {
		g.Row(l.What, fmt.Sprint(l.Rows), l.SHA256, l.Name)
	}
	if err := g.Print(a.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "overall %s\n", overall)
	return err
}
