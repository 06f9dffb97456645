package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"revcycle/civil"
	"revcycle/fixtures/synth"
	"revcycle/party"
)

func (a *app) simulateCommand() *cobra.Command {
	o := synth.Defaults()
	var start, through string
	var sound, force bool
	c := &cobra.Command{
		Use:   "simulate [DIR]",
		Short: "synthetic claims, remits and visits with their truth, from a seed",
		Long: "simulate writes DIR/inbox (837, 835, visits.csv), DIR/masters and DIR/want (what must come out) for an invented health\n" +
			"system whose payers the sample rule book knows. DIR is the workspace where none is given. The same seed and options\n" +
			"give the same bytes everywhere. Masters that somebody has filled are refused unless --force is given." + exits(0, 1, 2),
		Example: "  revcycle init demo && revcycle simulate demo --claims 1000 && revcycle run -C demo --as-of 2025-03-01",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := a.dir
			if len(args) > 0 {
				dir = args[0]
			}
			if dir == "" {
				dir = "."
			}
			var err error
			if o.Start, err = civil.ParseISO(start); err != nil {
				return usage("--start %s: %w", start, err)
			}
			if through != "" {
				if o.Through, err = civil.ParseISO(through); err != nil {
					return usage("--through %s: %w", through, err)
				}
			}
			if sound {
				o.TornFiles, o.DuplicateFiles, o.Resent, o.Orphans = 0, 0, 0, 0
			}
			if !force {
				if err := emptyMasters(dir); err != nil {
					return err
				}
			}
			if o.Claims < 1 || o.Days < 1 || len(o.Prefix) > 3 || o.ClaimsPerFile < 1 {
				return usage("simulate: give at least one claim, one day and one claim a file, and a prefix of at most 3 letters")
			}
			truth, err := synth.WriteAll(dir, o)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(truth)
			}
			t := truth.Totals
			a.say("%d claims (%s), %d remits in %d payments (%s), %d visits in %d files of %s; what must come out lies in %s",
				t.Claims, t.Charge, t.Remits, t.Payments, t.PaymentAmount, t.Encounters, len(truth.Files), filepath.Join(dir, "inbox"), filepath.Join(dir, "want"))
			return nil
		},
	}
	flags := c.Flags()
	flags.Uint64Var(&o.Seed, "seed", o.Seed, "decides everything")
	flags.IntVar(&o.Claims, "claims", o.Claims, "claims in sound files")
	flags.StringVar(&start, "start", o.Start.String(), "first day of service")
	flags.IntVar(&o.Days, "days", o.Days, "days over which services are spread")
	flags.StringVar(&through, "through", "", "last day of remits; later ones are not written (default: all are)")
	flags.StringVar(&o.Prefix, "prefix", o.Prefix, "before each control and trace number, to keep several runs apart; at most 3 letters")
	flags.IntVar(&o.ClaimsPerFile, "per-file", o.ClaimsPerFile, "most claims of one 837")
	flags.BoolVar(&sound, "sound", false, "without torn files, duplicates, resent payments and orphans")
	flags.BoolVar(&force, "force", false, "overwrite masters that hold rows")
	return c
}

// emptyMasters refuses a folder whose masters somebody has filled.
func emptyMasters(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "want", "truth.json")); err == nil {
		return nil // they are simulate's own
	}
	for _, m := range party.Masters() {
		text, err := os.ReadFile(filepath.Join(dir, "masters", m.File))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if bytes.Count(bytes.TrimSpace(text), []byte("\n")) > bytes.Count(bytes.TrimSpace([]byte(m.Header())), []byte("\n")) {
			return usage("masters/%s holds rows: simulate would write its own over them; name another folder, or give --force", m.File)
		}
	}
	return nil
}
