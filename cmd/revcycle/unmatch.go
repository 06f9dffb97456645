package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"revcycle/ledger"
	"revcycle/pipeline"
)

func (a *app) unmatchCommand() *cobra.Command {
	var on, reason string
	var undo, now bool
	c := &cobra.Command{
		Use: "unmatch REMIT|PAYMENT", Args: cobra.ExactArgs(1), Short: "a person decides that remits shall not stand on the claim they stand on",
		Long: "unmatch says of a remit, or of all remits of a payment (by its ID or trace number), that they shall not stand on the claim that\n" +
			"they stand on. The next run takes their entries back by exact negatives and matches them again without that claim: to another\n" +
			"one, or to none, and their money is unapplied then. It holds for every later run until --undo. --now makes the batch at once\n" +
			"and leaves the inbox alone." + exits(0, 1, 2, 3, 4, 5, 6, 7, 130),
		Example: "  revcycle unmatch 5f0c1f0c9e6f4d1ab2c3d4e5f6a7b8c9 --reason \"another patient's: same control number\"\n" +
			"  revcycle unmatch TRN0000001 --claim S1 --reason \"posted to the wrong account\" --now\n  revcycle unmatch --undo TRN0000001 --reason \"it was right\"",
		RunE: func(c *cobra.Command, args []string) error {
			return a.locked(func(env *pipeline.Env) error {
				decide := env.Unmatch
				if undo {
					decide = env.UndoUnmatch
				}
				u, err := decide(c.Context(), args[0], on, reason)
				return a.decided(env, now, u, err, func() error { return a.printUnmatched(&u, now) })
			})
		},
	}
	c.Flags().StringVar(&on, "claim", "", "only remits that stand on this claim: its ID or control number")
	c.Flags().StringVar(&reason, "reason", "", "why; it is kept for ever, so name no patient (required)")
	c.Flags().BoolVar(&undo, "undo", false, "take back what unmatch said: the remits may stand on the claim again")
	c.Flags().BoolVar(&now, "now", false, "make the batch at once, without the inbox")
	return c
}

func (a *app) printUnmatched(u *pipeline.Unmatched, now bool) error {
	then := "the next run matches them again: revcycle run"
	if now {
		then = "they are matched again now"
	}
	words := "shall not stand on"
	if u.Decision == ledger.Undo {
		words = "may stand again on"
	}
	for _, r := range u.Remits {
		fmt.Fprintf(a.out, "remit %s (charge %s, paid %s) %s claim %s\n", r.Remit, r.Charge, r.Paid, words, r.Claim)
	}
	if u.Already > 0 {
		fmt.Fprintf(a.out, "%d remits: the same stood already\n", u.Already)
	}
	if len(u.Remits) == 0 {
		_, err := fmt.Fprintln(a.out, "nothing to record")
		return err
	}
	_, err := fmt.Fprintf(a.out, "%d remits, %s paid; %s\n", len(u.Remits), u.Paid, then)
	return err
}
