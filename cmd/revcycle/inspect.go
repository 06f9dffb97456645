package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/parsers"
	"revcycle/parsers/x12"
	"revcycle/pipeline"
	"revcycle/workspace"
)

func (a *app) inspectCommand() *cobra.Command {
	asRun := false
	c := &cobra.Command{
		Use:   "inspect FILE...",
		Short: "what a file is: structure, counts, totals, every fault with its place and SNIP type",
		Long: "inspect reads files to their end and touches nothing; it needs no workspace. - reads from stdin. --json prints an\n" +
			"object for each file. Faults have the severity that X12 gives them; with --as-run they have the one that a run of the\n" +
			"workspace (-C) gives them, by partners/*.yaml: reject, warn, or tolerated. It exits 3 where a fault rejects." + exits(0, 1, 2, 3),
		Example: "  revcycle inspect march.837 remit.835\n  zcat remit.835.gz | revcycle inspect - --json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var policies parsers.Policies
			if asRun {
				partners, err := workspace.ReadPartners(a.dir)
				if err != nil {
					return usageError{err}
				}
				policies = partners.Policy
			}
			rejects := false
			for i, name := range args {
				r, err := inspect(c.InOrStdin(), name, policies)
				if err != nil {
					return err
				}
				for _, f := range r.Faults {
					rejects = rejects || f.Severity == x12.Reject
				}
				if a.json {
					err = a.printJSON(r)
				} else {
					err = a.printInspection(r, i > 0)
				}
				if err != nil {
					return err
				}
			}
			if rejects {
				return exitError(exitQuarantined)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asRun, "as-run", false, "judge the faults as a run of the workspace does")
	return c
}

func inspect(stdin io.Reader, name string, policies parsers.Policies) (parsers.Report, error) {
	if name == "-" {
		r, err := parsers.Inspect("-", stdin, nil, policies)
		if err != nil {
			return r, fmt.Errorf("inspect: %w", err)
		}
		return r, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return parsers.Report{}, usageError{fmt.Errorf("inspect: %w", err)}
	}
	defer f.Close()
	r, err := parsers.Inspect(name, f, nil, policies)
	if err != nil {
		return r, fmt.Errorf("inspect: %w", err)
	}
	return r, nil
}

func (a *app) printInspection(r parsers.Report, next bool) error {
	if next {
		fmt.Fprintln(a.out)
	}
	f := parsers.FormatOf(r.Kind, nil)
	fmt.Fprintf(a.out, "%s: %s, %s, %d bytes\n", r.File, r.Kind, f.Description, r.Bytes)
	if r.Segments > 0 {
		fmt.Fprintf(a.out, "  %d interchanges, %d groups, %d sets, %d segments; element %q, component %q, repetition %q, segment %q\n", r.Interchanges, r.Groups,
			r.Transactions, r.Segments, r.Delimiters.Element, r.Delimiters.Component, r.Delimiters.Repetition, r.Delimiters.Segment)
		fmt.Fprintf(a.out, "  %d claims, %d remits; charged %s, paid %s\n", r.Claims, r.Remits, r.Charge, r.Paid)
	}
	if len(r.Unchecked) > 0 {
		fmt.Fprintf(a.out, "  codes not checked, their sets are not loaded: %s\n", strings.Join(r.Unchecked, ", "))
	}
	if len(r.Faults) == 0 {
		fmt.Fprintln(a.out, "  no faults")
		return nil
	}
	fmt.Fprintf(a.out, "  %d faults\n", len(r.Faults))
	g := pipeline.NewGrid("llrrlll", "  ", "SNIP", "segment", "byte", "where", "code", "what")
	for _, x := range r.Faults {
		where := cmp.Or(x.Element, x.Segment)
		if x.Loop != "" {
			where = x.Loop + " " + where
		}
		g.Row("  "+string(x.Severity), fmt.Sprint(x.SNIP), fmt.Sprint(x.Ordinal), fmt.Sprint(x.Byte), where, x.Code, x.Message)
	}
	return g.Print(a.out)
}
