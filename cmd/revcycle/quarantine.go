package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"github.com/spf13/cobra"

	"revcycle/money"
	"revcycle/pipeline"
)

func (a *app) quarantineCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "quarantine",
		Short: "what could not be taken: the units held, why, and what becomes of them",
		Long: "quarantine lists and shows the files, sets and documents that could not be read, the sets whose envelope is not sound, and\n" +
			"the payments that do not tie. Nothing of them has posted to a claim. A person has them taken up again (release) or\n" +
			"gives them up (drop); each decision is kept with its reason in the ledger and in the audit." + exits(0, 1, 2, 3, 4, 5, 6, 7, 130),
		Example: "  revcycle quarantine ls\n  revcycle quarantine release 2025-03-31-001-8217a183cdcd9d4c --reason \"sender confirms the count\"",
	}
	c.AddCommand(a.heldCommand(), a.showHeldCommand(), a.releaseCommand(), a.dropCommand())
	return c
}

func (a *app) heldCommand() *cobra.Command {
	var all bool
	var facility string
	var p pipeline.Pick
	c := &cobra.Command{
		Use: "ls", Args: cobra.NoArgs, Short: "lists the units held, with their place, age, claims, dollars and reason",
		Long: "ls lists the units that are held and wait for somebody, the oldest batch first: open, or released and waiting for the next\n" +
			"run. --all lists those that were dropped or taken, too, and who decided it." + exits(0, 1, 2),
		Example: "  revcycle quarantine ls\n  revcycle quarantine ls --file '*.837' --code SE01_COUNT\n  revcycle quarantine ls --all --json",
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := path.Match(p.File, ""); err != nil {
				return usage("--file %s: write a name, or a pattern such as '*.837'", p.File)
			}
			return a.reading(func(env *pipeline.Env) error {
				held, err := env.Quarantine(c.Context())
				if err != nil {
					return err
				}
				held = slices.DeleteFunc(held, func(u pipeline.HeldUnit) bool {
					return !all && !u.Waits() || !p.Fits(&u) || facility != "" && facility != u.Facility
				})
				if a.json {
					return a.printJSON(append([]pipeline.HeldUnit{}, held...))
				}
				return a.heldTable(held, all)
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also what was dropped or taken, with who decided it")
	c.Flags().StringVar(&p.File, "file", "", "only of this file, or of files that fit a pattern")
	c.Flags().StringVar(&p.Code, "code", "", "only with this code, such as SE01_COUNT")
	c.Flags().StringVar(&facility, "facility", "", "only of this facility, where it is known")
	return c
}

func (a *app) heldTable(held []pipeline.HeldUnit, all bool) error {
	if len(held) == 0 {
		fmt.Fprintln(a.out, "nothing is held")
		return nil
	}
	g := pipeline.NewGrid("lllrllrrrrll", "unit", "state", "what", "days", "facility", "file", "set", "byte", "claims", "charge", "code", "why")
	claims, charge, unknown := 0, money.Cents(0), 0
	for i := range held {
		u := &held[i]
		claims += u.Claims
		dollars := "-"
		if u.Charge != nil {
			charge += *u.Charge
			dollars = u.Charge.String()
		} else {
			unknown++
		}
		why := u.Message
		if n := len(u.History); n > 0 && (all || u.State == pipeline.HeldReleased) {
			d := u.History[n-1]
			why += fmt.Sprintf(" [%s by %s, %s: %s]", d.Decision, d.Actor, d.At, d.Reason)
		}
		g.Row(u.ID, u.State, u.Unit, fmt.Sprint(u.Days), u.Facility, u.File, fmt.Sprint(u.Set), fmt.Sprint(u.Byte), fmt.Sprint(u.Claims), dollars, u.Code, why)
	}
	if err := g.Print(a.out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.out, "%d units: %d claims, %s charged; the dollars of %d units are not known\n", len(held), claims, charge, unknown)
	return err
}

func (a *app) showHeldCommand() *cobra.Command {
	var history bool
	c := &cobra.Command{
		Use: "show UNIT", Args: cobra.ExactArgs(1), Short: "prints the bytes of a unit as they came, and what was decided of it",
		Long: "show prints a unit's bytes as they came to stdout, and why it is held and what people decided of it to stderr. The bytes may\n" +
			"hold what identifies a person: mind where the output goes. With --history or --json they are left out." + exits(0, 1, 2),
		Example: "  revcycle quarantine show 2025-03-31-001-8217a183cdcd9d4c | less\n  revcycle quarantine show 2025-03-31-001-8217a183cdcd9d4c --history",
		RunE: func(c *cobra.Command, args []string) error {
			return a.reading(func(env *pipeline.Env) error {
				all, err := env.Quarantine(c.Context())
				if err != nil {
					return err
				}
				i := slices.IndexFunc(all, func(u pipeline.HeldUnit) bool { return u.ID == args[0] })
				switch {
				case i < 0:
					return usage("no unit is called %q: revcycle quarantine ls --all lists them", args[0])
				case a.json:
					return a.printJSON(all[i])
				case history:
					return a.heldStory(a.out, &all[i])
				}
				if err := a.heldStory(a.err, &all[i]); err != nil {
					return err
				}
				f, err := env.OpenHeld(c.Context(), &all[i])
				if errors.Is(err, fs.ErrNotExist) {
					return usage("unit %s: its bytes are no longer kept", args[0])
				}
				if err != nil {
					return err
				}
				defer f.Close()
				if _, err := io.Copy(a.out, f); err != nil {
					return fmt.Errorf("quarantine show: %w", err)
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&history, "history", false, "print why it is held and what was decided, without its bytes")
	return c
}

// heldStory tells why a unit is held and what became of it.
func (a *app) heldStory(w io.Writer, u *pipeline.HeldUnit) error {
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	line("%s  %s: %s of %s, set %d, byte %d, from batch %s, %d days old", u.ID, u.State, u.Unit, u.File, u.Set, u.Byte, u.Batch, u.Days)
	if u.Charge != nil {
		line("  %d claims, %s charged", u.Claims, *u.Charge)
	}
	line("  %s: %s", u.Code, u.Message)
	if u.Was != "" {
		line("  it was released as %s and could still not be taken", u.Was)
	}
	for _, d := range u.History {
		line("  %s by %s on %s: %s", d.Decision, d.Actor, d.At, d.Reason)
	}
	switch u.State {
	case pipeline.HeldOpen:
		line("  %s", u.Advice)
	case pipeline.HeldReleased:
		line("  the next run takes it up")
	case pipeline.HeldTaken:
		line("  batch %s took it up", u.TakenBy)
	case pipeline.HeldReturned:
		line("  batch %s took it up and could not read it; it is held as %s now", u.TakenBy, u.Became)
	}
	return nil
}

// picking are the flags of release and drop.
func picking(c *cobra.Command, p *pipeline.Pick, reason *string) {
	c.Flags().BoolVar(&p.All, "all", false, "every unit that is open, and fits --code and --file")
	c.Flags().StringVar(&p.Code, "code", "", "with --all: only with this code")
	c.Flags().StringVar(&p.File, "file", "", "with --all: only of this file, or of files that fit a pattern")
	c.Flags().StringVar(reason, "reason", "", "why; it is kept for ever, so name no patient (required)")
}

// picked holds the words of release and drop to what they can mean.
func picked(p *pipeline.Pick, args []string) error {
	p.IDs = args
	switch {
	case p.All && len(args) > 0:
		return usage("name units or say --all, not both")
	case !p.All && len(args) == 0:
		return usage("name the units, or say --all; revcycle quarantine ls lists them")
	case !p.All && (p.Code != "" || p.File != ""):
		return usage("--code and --file go with --all")
	}
	if _, err := path.Match(p.File, ""); err != nil {
		return usage("--file %s: write a name, or a pattern such as '*.837'", p.File)
	}
	return nil
}

func (a *app) releaseCommand() *cobra.Command {
	var p pipeline.Pick
	var reason string
	var now bool
	c := &cobra.Command{
		Use: "release [UNIT]…", Args: cobra.ArbitraryArgs, Short: "has units taken up again by the next run, as they stand where that is possible",
		Long: "release has the next run read the units again, with the program, the profiles and the rule book of that day. A set whose only\n" +
			"fault is a count or a control number of its envelope is taken as it stands. Of a payment that does not tie the claims that\n" +
			"balance post, and the difference stays unapplied. What still cannot be read comes back under a new ID. Nothing is taken\n" +
			"twice: what came by another way meanwhile is known. --now makes the batch at once and leaves the inbox alone." +
			exits(0, 1, 2, 3, 4, 5, 6, 7, 130),
		Example: "  revcycle quarantine release 2025-03-31-001-8217a183cdcd9d4c --reason \"sender confirms the count\"\n" +
			"  revcycle quarantine release --all --code SE01_COUNT --reason \"known fault of the clearinghouse, ticket 4711\" --now",
		RunE: func(c *cobra.Command, args []string) error {
			if err := picked(&p, args); err != nil {
				return err
			}
			return a.locked(func(env *pipeline.Env) error {
				d, err := env.Release(c.Context(), p, reason)
				then := "the next run takes them up: revcycle run"
				if now {
					then = "they are taken up now"
				}
				return a.decided(env, now, d, err, func() error { return a.printDecided(&d, then) })
			})
		},
	}
	picking(c, &p, &reason)
	c.Flags().BoolVar(&p.Dropped, "dropped", false, "also units that were dropped")
	c.Flags().BoolVar(&now, "now", false, "make the batch at once, without the inbox")
	return c
}

func (a *app) dropCommand() *cobra.Command {
	var p pipeline.Pick
	var reason string
	c := &cobra.Command{
		Use: "drop [UNIT]…", Args: cobra.ArbitraryArgs, Short: "says that units will never be taken",
		Long: "drop takes units off the list of what is held. What is known of them stays in the ledger, their bytes stay in the archive, and\n" +
			"no total changes: they were never counted in. ls --all shows them with who dropped them, when and why." + exits(0, 1, 2, 5),
		Example: "  revcycle quarantine drop 2025-03-31-001-8217a183cdcd9d4c --reason \"sent again whole as march-2.837\"",
		RunE: func(c *cobra.Command, args []string) error {
			if err := picked(&p, args); err != nil {
				return err
			}
			return a.locked(func(env *pipeline.Env) error {
				d, err := env.Drop(c.Context(), p, reason)
				return a.decided(env, false, d, err, func() error { return a.printDecided(&d, "they no longer wait") })
			})
		},
	}
	picking(c, &p, &reason)
	return c
}

func (a *app) printDecided(d *pipeline.Decided, then string) error {
	for _, id := range d.Already {
		fmt.Fprintf(a.out, "%s: %s stood already\n", id, d.Decision)
	}
	if len(d.Units) == 0 {
		_, err := fmt.Fprintln(a.out, "nothing to record")
		return err
	}
	for i := range d.Units {
		u := &d.Units[i]
		fmt.Fprintf(a.out, "%s: %s (%s of %s: %s)\n", d.Decision, u.ID, u.Unit, u.File, u.Code)
	}
	_, err := fmt.Fprintf(a.out, "%d units with %d claims, %s charged; %s\n", len(d.Units), d.Claims, d.Charge, then)
	return err
}

// decided prints what was decided; with now it makes the batch that takes it up.
func (a *app) decided(env *pipeline.Env, now bool, d any, err error, text func() error) error {
	if errors.Is(err, pipeline.ErrRefused) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	if !now {
		if a.json {
			return a.printJSON(d)
		}
		return text()
	}
	if !a.json { // with --json the summary is the one object on stdout
		if err := text(); err != nil {
			return err
		}
	}
	sum, err := env.RunDecided(a.ctx)
	if err != nil {
		return err
	}
	return a.print(env, sum)
}
