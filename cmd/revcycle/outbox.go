package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"revcycle/ledger"
	"revcycle/pipeline"
)

func (a *app) resubmitCommand() *cobra.Command {
	var r pipeline.Resubmission
	c := &cobra.Command{
		Use: "resubmit CLAIM", Args: cobra.ExactArgs(1), Short: "prepares a claim to be sent again: as an original, a replacement or a void",
		Long: "resubmit writes a claim again as it was sent, from the archive, in an interchange of its own whose control number was never used: as an\n" +
			"original where it was refused on its way, as a replacement (frequency 7) or a void (8) where the payer has it. The payer's own number\n" +
			"of the claim is that of its last remittance or acknowledgement. What its payer would not take is refused, with the reason; so is a\n" +
			"claim that a validator would refuse. The file waits in outbox/waiting until send release." + exits(0, 1, 2, 5, 130),
		Example: "  revcycle resubmit S1 --as void --reason \"billed to the wrong patient\"\n  revcycle resubmit 0ab701aeffbf --as replacement --condition D9 --reason \"the payer asks for it\"",
		RunE: func(c *cobra.Command, args []string) error {
			return a.locked(func(env *pipeline.Env) error {
				r.Claim = args[0]
				o, err := env.Resubmit(c.Context(), r)
				if errors.Is(err, pipeline.ErrRefused) {
					return usageError{err}
				}
				switch {
				case err != nil:
					return err
				case a.json:
					return a.printJSON(o)
				}
				_, err = fmt.Fprintf(a.out, "claim %s (%s) waits in outbox/waiting/%s as frequency %s; then: revcycle send release %s\n", o.Claim, o.Charge, o.Name(), o.Frequency, o.Control)
				return err
			})
		},
	}
	c.Flags().StringVar(&r.As, "as", "", "original, replacement or void (required)")
	c.Flags().StringVar(&r.Condition, "condition", "", "condition code of an institutional claim that says why: D0 to D9, E0")
	c.Flags().StringVar(&r.Reason, "reason", "", "why; it is kept for ever, so name no patient (required)")
	return c
}

func (a *app) sendCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "send", Short: "what waits in outbox/: nothing leaves without release, nothing twice",
		Long: "send carries the claims that resubmit has prepared through outbox/: a person releases them, whatever sends files takes them, a person or\n" +
			"its script confirms that they are gone. Each word is kept with its reason in the ledger and in the audit." + exits(0, 1, 2, 5, 130),
		Example: "  revcycle send ls\n  revcycle send release 900000001 --reason \"checked\"",
	}
	c.AddCommand(a.sendListCommand(),
		a.sayCommand(ledger.Release, "release INTERCHANGE...", "lets prepared claims go: their files move to outbox/released, for whatever sends them",
			"release moves the files to outbox/released. What carries them to the payer takes them from there; then say send confirm."),
		a.sayCommand(ledger.Confirm, "confirm INTERCHANGE...", "says that released claims were sent: they become bills of their own",
			"confirm moves the files to outbox/sent and puts a copy of each into the inbox: the next run takes it in as the bill that it is now, a\n"+
				"void takes the receivable of the one before back, and acknowledgements find it."),
		a.sayCommand(ledger.Drop, "drop INTERCHANGE...", "takes back what was prepared or released and not sent",
			"drop removes the files from the outbox. Their control numbers are never used again."))
	return c
}

func (a *app) sendListCommand() *cobra.Command {
	all := false
	c := &cobra.Command{
		Use: "ls", Args: cobra.NoArgs, Short: "what was prepared, where it stands, since how many days, and what was answered",
		Long:    "ls lists what waits, what was released, and what was sent and has no claim acknowledgement (277CA) yet; --all the rest too." + exits(0, 1, 2),
		Example: "  revcycle send ls\n  revcycle send ls --all --json",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.reading(func(env *pipeline.Env) error {
				list, err := env.Outbox(c.Context())
				if err != nil {
					return err
				}
				shown := []pipeline.Outgoing{}
				for _, o := range list {
					if all || o.State != pipeline.OutDropped && !(o.State == pipeline.OutConfirmed && o.Answer == "277CA") {
						shown = append(shown, o)
					}
				}
				if a.json {
					return a.printJSON(shown)
				}
				return a.outboxTable(shown)
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "what was dropped, and what was answered, too")
	return c
}

func (a *app) outboxTable(list []pipeline.Outgoing) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, "nothing waits in the outbox")
		return err
	}
	words := map[pipeline.OutState]string{pipeline.OutPrepared: "waits for release", pipeline.OutReady: "released, not confirmed", pipeline.OutConfirmed: "sent", pipeline.OutDropped: "dropped"}
	g := pipeline.NewGrid("llrlrlllll", "interchange", "state", "days", "as", "charge", "claim", "account", "payer's number", "answer", "why")
	for _, o := range list {
		answer := ""
		if o.Answer != "" {
			answer = fmt.Sprintf("%s: %s", o.Answer, o.Verdict)
		} else if o.State == pipeline.OutConfirmed {
			answer = "none yet"
		}
		as := map[string]string{"1": "original", "7": "replacement", "8": "void"}[o.Frequency]
		g.Row(o.Control, words[o.State], fmt.Sprint(o.Days), as, o.Charge.String(), o.Claim.String()[:12], o.Account, o.Original, answer, o.Reason)
	}
	return g.Print(a.out)
}

// sayCommand is a command that says something of prepared claims.
func (a *app) sayCommand(verdict, use, short, long string) *cobra.Command {
	var reason string
	all := false
	c := &cobra.Command{
		Use: use, Args: cobra.ArbitraryArgs, Short: short, Long: long + exits(0, 1, 2, 5, 130), Example: "  revcycle send " + verdict + " 900000001 --reason \"checked\"\n  revcycle send " + verdict + " --all --reason \"checked\"",
		RunE: func(c *cobra.Command, args []string) error {
			return a.locked(func(env *pipeline.Env) error {
				done, err := env.Send(c.Context(), verdict, args, all, reason)
				if errors.Is(err, pipeline.ErrRefused) {
					return usageError{err}
				}
				switch {
				case err != nil:
					return err
				case a.json:
					return a.printJSON(append([]pipeline.Outgoing{}, done...))
				case len(done) == 0:
					_, err := fmt.Fprintln(a.out, "nothing to record")
					return err
				}
				for _, o := range done {
					fmt.Fprintf(a.out, "%s: claim %s (%s): %s\n", o.Control, o.Claim, o.Charge, map[string]string{
						ledger.Release: "outbox/released/" + o.Name(), ledger.Confirm: "sent; the next run takes it in", ledger.Drop: "dropped"}[verdict])
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why, or how you know; it is kept for ever, so name no patient (required)")
	c.Flags().BoolVar(&all, "all", false, "everything of which it can be said")
	return c
}
