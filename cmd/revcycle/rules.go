package main

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/rules/book"
)

func (a *app) rulesCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "rules",
		Short:   "the rule book: check, test, show",
		Long:    "rules works on the rule book of the workspace, or on the one of --book before it is put there." + exits(0, 1, 2),
		Example: "  revcycle rules check && revcycle rules test\n  revcycle rules show 12345",
	}
	c.PersistentFlags().StringVar(&dir, "book", "", "another folder with payers/ and tables/ than the workspace's rulebook/")
	load := func() (*book.Book, error) {
		fsys, err := a.rulebook(dir)
		if err != nil {
			return nil, err
		}
		b, err := book.Check(fsys)
		if err != nil {
			return nil, usageError{err}
		}
		return b, nil
	}
	c.AddCommand(a.rulesCheckCommand(load), a.rulesTestCommand(load), a.rulesShowCommand(load))
	return c
}

// rulebook is the folder of --book, else the workspace's.
func (a *app) rulebook(dir string) (fs.FS, error) {
	if dir == "" {
		w, err := a.workspace()
		if err != nil {
			return nil, err
		}
		return w.Rulebook(), nil
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, usage("--book: %w", err)
	}
	return os.DirFS(dir), nil
}

func (a *app) rulesCheckCommand(load func() (*book.Book, error)) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "validates every file of the rule book; all faults at once",
		Long: "check loads the rule book and names each fault with its file, rule and what to do: unknown words, missing citations,\n" +
			"dates or proofs, overlaps and gaps. A sound book prints its edition and what is in it." + exits(0, 2),
		Example: "  revcycle rules check\n  revcycle rules check --book ./next",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := load()
			if err != nil {
				return err
			}
			n := map[string]bool{}
			for _, payer := range append(b.Payers(), "") {
				for _, r := range b.Rules(payer) {
					n[string(r.ID)] = true
				}
			}
			if a.json {
				return a.printJSON(struct {
					OK      bool   `json:"ok"`
					Edition string `json:"edition"`
					Payers  int    `json:"payers"`
					Rules   int    `json:"rules"`
					Tables  int    `json:"tables"`
					Proofs  int    `json:"proofs"`
				}{true, "sha256:" + b.Edition().String(), len(b.Payers()), len(n), len(b.Tables()), len(b.Proofs())})
			}
			_, err = fmt.Fprintf(a.out, "the rule book is sound: %d payers, %d rules, %d tables, %d proofs; edition %s\n",
				len(b.Payers()), len(n), len(b.Tables()), len(b.Proofs()), b.Edition().Short())
			return err
		},
	}
}

// proofLine is a proof as `rules test --json` shows it.
type proofLine struct {
	File  string `json:"file"`
	Of    string `json:"of"`
	Name  string `json:"name"`
	Want  string `json:"want"`
	Got   string `json:"got"`
	Holds bool   `json:"holds"`
}

func (a *app) rulesTestCommand(load func() (*book.Book, error)) *cobra.Command {
	return &cobra.Command{
		Use:   "test [RULE|CONTRACT]",
		Short: "runs the proofs of every rule and contract",
		Long: "test runs every proof of the book: the claims on which a rule must fire or must not, and the prices that a contract\n" +
			"must find. One that does not hold is shown with what was wanted and what came, and the command exits 1." + exits(0, 1, 2),
		Example: "  revcycle rules test\n  revcycle rules test ALPHA-AUTH-MRI --verbose",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := load()
			if err != nil {
				return err
			}
			list, failed := []proofLine{}, 0
			for _, p := range b.Proofs() {
				if len(args) > 0 && !strings.EqualFold(p.Of, args[0]) {
					continue
				}
				list = append(list, proofLine(p))
				if !p.Holds {
					failed++
				}
			}
			if len(list) == 0 && len(args) > 0 {
				return usage("rules test: no rule or contract is called %s", args[0])
			}
			if err := a.printProofs(list, failed); err != nil {
				return err
			}
			if failed > 0 {
				return exitError(exitFailed)
			}
			return nil
		},
	}
}

func (a *app) printProofs(list []proofLine, failed int) error {
	if a.json {
		return a.printJSON(list)
	}
	for _, p := range list {
		if !p.Holds || a.verbose {
			fmt.Fprintln(a.out, book.ProofResult(p))
		}
	}
	_, err := fmt.Fprintf(a.out, "%d proofs, %d do not hold\n", len(list), failed)
	return err
}

// ruleLine is a rule as `rules show --json` shows it.
type ruleLine struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Payer    string   `json:"payer"`
	From     string   `json:"from"`
	To       string   `json:"to"` // "" = open
	Severity string   `json:"severity"`
	Denied   string   `json:"foretold_denial"`
	History  bool     `json:"reads_history"`
	Cites    []string `json:"cites"`
}

func (a *app) rulesShowCommand(load func() (*book.Book, error)) *cobra.Command {
	return &cobra.Command{
		Use:   "show [PAYER]",
		Short: "filing limits, contracts and rules of a payer, or the whole book",
		Long: "show prints what the book holds for a payer: filing limits, contracts term by term, rules with their dates and\n" +
			"citations. Without a payer it prints the whole book. --json lists the rules." + exits(0, 2),
		Example: "  revcycle rules show 12345",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := load()
			if err != nil {
				return err
			}
			if len(args) > 0 && args[0] != "*" && !slices.Contains(b.Payers(), args[0]) {
				a.say("payers with a file: %s", strings.Join(b.Payers(), ", "))
			}
			if a.json {
				return a.printJSON(ruleLines(b, args))
			}
			if len(args) > 0 {
				_, err = fmt.Fprint(a.out, b.Show(args[0]))
			} else {
				_, err = fmt.Fprint(a.out, b.Describe())
			}
			return err
		},
	}
}

// ruleLines lists the rules of the named payers, or of all; each rule once.
func ruleLines(b *book.Book, payers []string) []ruleLine {
	if len(payers) == 0 {
		payers = append([]string{"*"}, b.Payers()...)
	}
	out := []ruleLine{}
	seen := map[string]bool{}
	for _, payer := range payers {
		for _, r := range b.Rules(payer) {
			l := ruleLine{ID: string(r.ID), Title: r.Title, Payer: r.Payer, From: r.Span.From.String(), To: r.Span.To.String(), Severity: string(r.Severity),
				Denied: strings.TrimSpace(r.Deny.Group + " " + r.Deny.CARC + " " + r.Deny.RARC), History: r.History, Cites: []string{}}
			for _, c := range r.Cites {
				l.Cites = append(l.Cites, c.String())
			}
			if key := l.ID + "|" + l.From; !seen[key] {
				seen[key] = true
				out = append(out, l)
			}
		}
	}
	return out
}
