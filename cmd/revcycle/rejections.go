package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/money"
	"revcycle/pipeline"
)

func (a *app) rejectionsCommand() *cobra.Command {
	var f pipeline.RejectionFilter
	var asCSV bool
	c := &cobra.Command{
		Use:   "rejections",
		Short: "claims that never reached a payer's judgement, those whose filing deadline comes first",
		Long: "rejections lists the claims whose last acknowledgement (TA1, 999, 277CA) says that they were not taken, and those that nobody has\n" +
			"answered though their receiver answers others; behind them refusals that speak of no claim here. None of them is a denial: nobody has judged them, and their filing clock runs. A claim\n" +
			"leaves the list when it is accepted after all, when a payer remits on it, or when a new version is sent." + exits(0, 1, 2),
		Example: "  revcycle rejections\n  revcycle rejections --why refused --csv > rejections.csv",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains([]string{"", pipeline.Refused, pipeline.NoClaim, pipeline.Unanswered}, f.Why) {
				return usage("--why %s: write refused, unanswered or 'no claim'", f.Why)
			}
			return a.reading(func(env *pipeline.Env) error {
				list, err := env.Rejections(c.Context(), f)
				switch {
				case err != nil:
					return err
				case a.json:
					return a.printJSON(list)
				case asCSV:
					return a.rejectionSheet(list)
				}
				return a.rejectionTable(list)
			})
		},
	}
	c.Flags().StringVar(&f.Payer, "payer", "", "only of this payer")
	c.Flags().StringVar(&f.Facility, "facility", "", "only of this facility")
	c.Flags().StringVar(&f.Why, "why", "", "only these: refused, unanswered, or 'no claim'")
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV")
	return c
}

// left is how many days are left, ? where no deadline is known.
func left(days *int) string {
	if days == nil {
		return "?"
	}
	return fmt.Sprint(*days)
}

func (a *app) rejectionTable(list []pipeline.Rejection) error {
	if len(list) == 0 {
		fmt.Fprintln(a.out, "no claim was refused on its way, and none waits for its answer")
		return nil
	}
	g := pipeline.NewGrid("rllrlllll", "days left", "file by", "why", "charge", "claim", "account", "payer", "said", "reasons")
	var sum money.Cents
	for _, r := range list {
		sum += r.Charge
		said := "sent " + r.Sent.String()
		if r.Why != pipeline.Unanswered {
			said = fmt.Sprintf("%s of %s, %s", r.Ack, r.From, r.Date)
		}
		id := ""
		if r.Claim.Known() {
			id = r.Claim.String()[:12]
		}
		g.Row(left(r.Days), cmp.Or(r.FileBy.String(), "?"), r.Why, r.Charge.String(), id, r.Control, r.Payer, said, pipeline.ReasonWords(r.Reasons))
	}
	if err := g.Print(a.out); err != nil {
		return err
	}
	claims := "claims"
	if len(list) == 1 {
		claims = "claim"
	}
	fmt.Fprintf(a.out, "\n%d %s, %s charged\n", len(list), claims, sum)
	return nil
}

func (a *app) rejectionSheet(list []pipeline.Rejection) error {
	s, err := newSheet(a.out, ',', "claim_id", "patient_control_number", "why", "payer_id", "facility_id", "total_charge", "service_to", "created", "ack", "ack_sender", "ack_date",
		"reasons", "filing_deadline", "filing_days_left")
	if err != nil {
		return err
	}
	for _, r := range list {
		days := ""
		if r.Days != nil {
			days = fmt.Sprint(*r.Days)
		}
		if err := s.add(ours(r.Claim.String()), theirs(r.Control), ours(r.Why), theirs(r.Payer), theirs(r.Facility), amount(r.Charge), ours(r.Served.String()), ours(r.Sent.String()),
			ours(string(r.Ack)), theirs(r.From), ours(r.Date.String()), theirs(strings.Join(r.Reasons, "; ")), ours(r.FileBy.String()), ours(days)); err != nil {
			return err
		}
	}
	return s.end()
}
