package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/denial"
	"revcycle/money"
	"revcycle/pipeline"
)

func (a *app) denialsCommand() *cobra.Command {
	var f pipeline.DenialFilter
	var least string
	var asCSV bool
	limit := 50
	c := &cobra.Command{
		Use:   "denials",
		Short: "the denials to work, those with the most at risk first",
		Long: "denials lists what payers refused and has not been overturned: claim, line, category, whose desk it is, what to do\n" +
			"next, what was denied and what is at risk. Those with the most at risk come first; an unknown risk stands behind a known one." + exits(0, 1, 2),
		Example: "  revcycle denials --category AUTHORIZATION --min 500\n  revcycle denials --payer 12345 --csv > denials.csv",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if least != "" {
				var err error
				if f.AtLeast, err = money.Parse([]byte(least)); err != nil {
					return usage("--min %s: write dollars and cents, such as 500.00", least)
				}
			}
			if limit < 0 {
				return usage("--limit %d: write 0 for all, or how many", limit)
			}
			if _, known := denial.Default().Category(strings.ToUpper(f.Category)); f.Category != "" && !known {
				return usage("--category %s: no category is called so; they are those of the column category, such as AUTHORIZATION", f.Category)
			}
			return a.reading(func(env *pipeline.Env) error {
				list, err := env.DenialList(c.Context(), f)
				if err != nil {
					return err
				}
				switch {
				case a.json:
					return a.printJSON(list)
				case asCSV:
					return a.denialSheet(list)
				}
				return a.denialTable(list, limit)
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.Payer, "payer", "", "only of this payer")
	flags.StringVar(&f.Category, "category", "", "only of this category, such as AUTHORIZATION")
	flags.StringVar(&f.Owner, "owner", "", "only of this desk")
	flags.StringVar(&f.Facility, "facility", "", "only of this facility")
	flags.StringVar(&least, "min", "", "only with at least this at risk, in dollars")
	flags.BoolVar(&f.Closed, "all", false, "closed ones too")
	flags.IntVar(&limit, "limit", limit, "rows of the table; 0 = all (JSON and CSV always hold all)")
	flags.BoolVar(&asCSV, "csv", false, "print CSV")
	return c
}

func (a *app) denialTable(list []pipeline.DenialItem, limit int) error {
	g := pipeline.NewGrid("rrlllrlllll", "at risk", "denied", "category", "code", "payer", "line", "claim", "account", "first", "desk", "next")
	var denied, atRisk money.Cents
	for i, d := range list {
		denied += d.Denied
		text := "?"
		if d.AtRisk != nil {
			text = d.AtRisk.String()
			atRisk += *d.AtRisk
		}
		if limit > 0 && i >= limit {
			continue
		}
		g.Row(text, d.Denied.String(), d.Category, d.Group+" "+d.CARC, d.Payer, fmt.Sprint(d.Line), d.Claim.String()[:12], d.Control, d.First.String(), d.Owner, d.NextAction)
	}
	if len(list) == 0 {
		fmt.Fprintln(a.out, "no denials")
		return nil
	}
	if err := g.Print(a.out); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\n%d denials, %s denied, %s at risk\n", len(list), denied, atRisk)
	if limit > 0 && len(list) > limit {
		fmt.Fprintf(a.out, "%d shown; --limit 0 shows all\n", limit)
	}
	return nil
}

func (a *app) denialSheet(list []pipeline.DenialItem) error {
	s, err := newSheet(a.out, ',', "denial_id", "claim_id", "patient_control_number", "line_no", "payer_id", "facility_id", "service_from", "category", "group_code",
		"carc", "rarc_1", "kind", "root_cause", "preventable", "owner", "next_action", "denied_amount", "at_risk", "at_risk_basis", "first_remit_date",
		"status", "outcome", "recovered", "foretold_by")
	if err != nil {
		return err
	}
	for _, d := range list {
		if err := s.add(ours(d.ID.String()), ours(d.Claim.String()), theirs(d.Control), ours(fmt.Sprint(d.Line)), theirs(d.Payer), theirs(d.Facility),
			ours(d.Served.String()), ours(d.Category), theirs(d.Group), theirs(d.CARC), theirs(d.RARC), ours(string(d.Kind)), ours(d.RootCause),
			ours(string(d.Preventable)), ours(d.Owner), ours(d.NextAction), amount(d.Denied), amountOrEmpty(d.AtRisk), ours(string(d.Basis)),
			ours(d.First.String()), ours(d.Status), ours(d.Outcome), amount(d.Recovered), ours(d.ForetoldBy)); err != nil {
			return err
		}
	}
	return s.end()
}

func (a *app) gapsCommand() *cobra.Command {
	var facility, payer string
	var asCSV bool
	c := &cobra.Command{
		Use:   "gaps",
		Short: "visits that no claim bills, oldest first",
		Long: "gaps lists the visits that took place and that no claim names, once the days that billing may wait (bill_hold_days)\n" +
			"have passed. Cancelled and missed visits make no gap." + exits(0, 1, 2),
		Example: "  revcycle gaps\n  revcycle gaps --facility NORTH --csv > gaps.csv",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.reading(func(env *pipeline.Env) error {
				all, err := pipeline.Gaps(c.Context(), env.Store, env.Batch.AsOf, env.Workspace.BillHoldDays)
				if err != nil {
					return err
				}
				list := []pipeline.Gap{}
				for _, g := range all {
					if fits(facility, g.Facility) && fits(payer, g.Payer) {
						list = append(list, g)
					}
				}
				switch {
				case a.json:
					return a.printJSON(list)
				case asCSV:
					return a.gapSheet(list)
				}
				return a.gapTable(env, list)
			})
		},
	}
	c.Flags().StringVar(&facility, "facility", "", "only of this facility, as the visit names it")
	c.Flags().StringVar(&payer, "payer", "", "only of this payer, as the visit names it")
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV")
	return c
}

// fits reports whether a value is the one that is wanted; no wish fits all.
func fits(want, is string) bool { return want == "" || strings.EqualFold(want, is) }

func (a *app) gapTable(env *pipeline.Env, list []pipeline.Gap) error {
	if len(list) == 0 {
		fmt.Fprintf(a.out, "no visit waits for its claim for more than %d days, as of %s\n", env.Workspace.BillHoldDays, env.Batch.AsOf)
		return nil
	}
	g := pipeline.NewGrid("lrllllr", "service", "days", "visit", "facility", "payer", "class", "cost")
	var sum money.Cents
	unknown := 0
	for _, x := range list {
		cost := "?"
		if x.Cost != nil {
			cost = x.Cost.String()
			sum += *x.Cost
		} else {
			unknown++
		}
		g.Row(cmp.Or(x.Served.String(), "?"), fmt.Sprint(x.Days), x.Number, x.Facility, x.Payer, x.Class, cost)
	}
	if err := g.Print(a.out); err != nil {
		return err
	}
	visits := "visits"
	if len(list) == 1 {
		visits = "visit"
	}
	fmt.Fprintf(a.out, "\n%d %s without a claim, %s in all", len(list), visits, sum)
	if unknown > 0 {
		fmt.Fprintf(a.out, " and %d of unknown cost", unknown)
	}
	fmt.Fprintln(a.out)
	return nil
}

func (a *app) gapSheet(list []pipeline.Gap) error {
	s, err := newSheet(a.out, ',', "encounter_id", "number", "facility_id", "payer_id", "class", "service_to", "days", "cost")
	if err != nil {
		return err
	}
	for _, g := range list {
		if err := s.add(ours(g.Encounter.String()), theirs(g.Number), theirs(g.Facility), theirs(g.Payer), theirs(g.Class), ours(g.Served.String()),
			ours(fmt.Sprint(g.Days)), amountOrEmpty(g.Cost)); err != nil {
			return err
		}
	}
	return s.end()
}
