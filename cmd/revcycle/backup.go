package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"revcycle/ledger"
	"revcycle/ledger/sqlite"
	"revcycle/pipeline"
	"revcycle/workspace"
)

func (a *app) backupCommand() *cobra.Command {
	var check bool
	var keep int
	c := &cobra.Command{
		Use:   "backup DIR",
		Short: "a consistent copy of ledger and workspace, also while a run is at work; --check proves one",
		Long: "backup makes a folder of its own below DIR, named by the time: ledger, archive, quarantine, extracts, rule book, masters, reports,\n" +
			"inbox and revcycle.yaml, with a manifest of SHA-256s. It is a workspace itself: revcycle verify -C proves it, and restoring is copying it\n" +
			"back. Files that never change are shared with the backup before it. It holds patients' data: mind where DIR lies. Keys and\n" +
			"passwords are not in it. With a ledger in PostgreSQL it waits for no run: dump that ledger first (docs/nights.md)." + exits(0, 1, 2, 5, 130),
		Example: "  revcycle backup /backup/revcycle --keep 14\n  revcycle backup --check /backup/revcycle",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			into, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			if keep < 0 {
				return usage("--keep %d: write how many backups stay, 0 for all", keep)
			}
			if check {
				return a.checkBackup(c.Context(), into)
			}
			return a.backup(c.Context(), into, keep)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "read the newest backup below DIR, or DIR itself, and hold it to its manifest")
	c.Flags().IntVar(&keep, "keep", 0, "then remove the oldest backups until so many are left (0: none)")
	return c
}

func (a *app) backup(ctx context.Context, into string, keep int) error {
	w, err := a.workspace()
	if err != nil {
		return err
	}
	s, free, err := a.backing(w)
	if err != nil {
		return err
	}
	made, err := s.Write(ctx, into)
	if err = errors.Join(err, free()); err != nil {
		return err
	}
	if keep > 0 {
		gone, err := pipeline.ForgetBackups(into, keep)
		if err != nil {
			return err
		}
		for _, folder := range gone {
			a.say("removed %s", folder)
		}
	}
	if a.logFormat == "json" {
		a.log().Info("backup made", "folder", made.Folder, "batch", made.Batch, "files", made.Files, "bytes", made.Bytes, "copied", made.Copied)
		for _, s := range made.LeftOut {
			a.log().Warn("not in the backup: " + s)
		}
	}
	if a.json {
		return a.printJSON(made)
	}
	state := ""
	if made.Open {
		state = ", which is open"
	}
	fmt.Fprintf(a.out, "%s\n%d files, %d bytes, %d of them copied; up to batch %s%s\n", made.Folder, made.Files, made.Bytes, made.Copied, made.Batch, state)
	for _, s := range made.LeftOut {
		fmt.Fprintf(a.out, "not in it: %s\n", s)
	}
	return nil
}

// backing says how the ledger of this workspace is copied. An embedded one is copied as of one moment, beside any run.
// One in PostgreSQL is not copied here: the workspace is held, so that no run moves on while the rest is copied.
func (a *app) backing(w *workspace.Workspace) (s pipeline.Backing, free func() error, err error) {
	s = pipeline.Backing{Workspace: w, Clock: a.clock, Version: version}
	url, err := a.address(w)
	if err != nil {
		return s, nil, err
	}
	if url == "" {
		s.Ledger = func(ctx context.Context, dir string) (ledger.Store, error) {
			to := filepath.Join(dir, "ledger.db")
			if err := sqlite.Backup(ctx, w.LedgerPath(), to); err != nil {
				return nil, err
			}
			return sqlite.OpenReadOnly(to)
		}
		return s, func() error { return nil }, nil
	}
	lock, err := w.Lock(a.clock)
	if err != nil {
		return s, nil, err
	}
	s.Ledger = func(ctx context.Context, _ string) (ledger.Store, error) { return a.store(ctx, w, true) }
	s.LedgerLeftOut = "the ledger lies in PostgreSQL: back it up with pg_dump before this command, or by continuous archiving"
	return s, lock.Release, nil
}

// checked is what backup --check prints.
type checked struct {
	Backup string   `json:"backup"`
	Made   string   `json:"made"`
	Batch  string   `json:"batch"`
	Files  int      `json:"files"`
	OK     bool     `json:"ok"`
	Faults []string `json:"faults"`
}

func (a *app) checkBackup(ctx context.Context, dir string) error {
	b, folder, faults, err := pipeline.CheckBackup(ctx, dir)
	if errors.Is(err, pipeline.ErrNoBackup) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	if a.logFormat == "json" {
		a.log().Info("backup checked", "folder", folder, "batch", b.Batch, "files", len(b.Files), "faults", len(faults))
	}
	if a.json {
		err = a.printJSON(checked{folder, b.Made, b.Batch, len(b.Files), len(faults) == 0, append([]string{}, faults...)})
	} else {
		fmt.Fprintf(a.out, "%s, made %s, up to batch %s: %d files, %d faults\n", folder, b.Made, b.Batch, len(b.Files), len(faults))
		for _, f := range faults {
			fmt.Fprintf(a.out, "  %s\n", f)
		}
	}
	if err == nil && len(faults) > 0 {
		return exitError(exitFailed)
	}
	return err
}
