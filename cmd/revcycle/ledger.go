package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/ledger/postgres"
	"revcycle/ledger/sqlite"
	"revcycle/pipeline/river"
	"revcycle/workspace"
)

// databaseFile names the file that holds the URL of the ledger's database: what systemd's LoadCredential gives.
const databaseFile = "REVCYCLE_DATABASE_FILE"

// address is the URL of the ledger's database, "" for the embedded file. --database counts before the file that
// REVCYCLE_DATABASE_FILE names, and that before revcycle.yaml; only the file may hold a password, and then nobody else may
// read it. Either of them that is given and says nothing is a fault: it must not lead to another ledger. w may be nil.
func (a *app) address(w *workspace.Workspace) (string, error) {
	url, where := a.database, "--database"
	if url == "" && a.given != nil && a.given("database") {
		return "", usage("--database is empty: write postgres://user@host/name, or leave it out")
	}
	if name, set := os.LookupEnv(databaseFile); url == "" && set {
		text, err := credential(name)
		if err != nil {
			return "", err
		}
		url, where = text, databaseFile
	}
	if url == "" && w != nil {
		url, where = w.Database, "database: in revcycle.yaml"
	}
	if url == "" {
		return "", nil
	}
	if err := postgres.CheckURL(url, where == databaseFile); err != nil {
		return "", usage("%s: %w", where, err)
	}
	return url, nil
}

// credential reads the URL in the file that REVCYCLE_DATABASE_FILE names.
func credential(name string) (string, error) {
	if strings.TrimSpace(name) == "" {
		return "", usage("%s is set and empty: name the file that holds the database's URL, or unset it", databaseFile)
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", usage("%s: %w", databaseFile, err)
	}
	if !workspace.Private(name, info) {
		return "", usage("%s: others may read %s: chmod 0600 %s", databaseFile, name, name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", usage("%s: %w", databaseFile, err)
	}
	if url := strings.TrimSpace(string(text)); url != "" {
		return url, nil
	}
	return "", usage("%s: %s is empty: write the database's URL into it", databaseFile, name)
}

// store opens the ledger. readOnly leaves an embedded ledger to a run that may be at work, and makes none: where there
// is none it is an empty one.
func (a *app) store(ctx context.Context, w *workspace.Workspace, readOnly bool) (ledger.Store, error) {
	url, err := a.address(w)
	if err != nil {
		return nil, err
	}
	if url != "" {
		s, err := postgres.Open(ctx, url, postgres.Options{Application: a.application(), ReadOnly: readOnly})
		if errors.Is(err, postgres.ErrSchema) || errors.Is(err, postgres.ErrAddress) {
			return nil, usageError{err}
		}
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	if !readOnly {
		return sqlite.Open(w.LedgerPath())
	}
	if _, err := os.Stat(w.LedgerPath()); errors.Is(err, fs.ErrNotExist) {
		return mem.New(), nil
	}
	s, err := sqlite.OpenReadOnly(w.LedgerPath())
	if errors.Is(err, sqlite.ErrEmpty) {
		return mem.New(), nil
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// place says which ledger this is, for people: its file, or server, database and user; never a password.
func (a *app) place(w *workspace.Workspace) (string, error) {
	url, err := a.address(w)
	if err != nil || url == "" {
		return "embedded, " + w.LedgerPath(), err
	}
	at, err := postgres.Where(url)
	return "PostgreSQL, " + at, err
}

// application names this process to the database's administrator: "revcycle run host 4711".
func (a *app) application() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("revcycle %s %s %d", a.verb, strings.SplitN(host, ".", 2)[0], os.Getpid())
}

// lockLedger takes the run lock of a database, beside the workspace's own: two workspaces, or two machines, may share
// a database. The embedded ledger needs none.
func (a *app) lockLedger(ctx context.Context, s ledger.Store) (unlock func() error, err error) {
	p, ok := s.(*postgres.Store)
	if !ok {
		return func() error { return nil }, nil
	}
	l, err := p.LockRun(ctx, actor())
	if err != nil {
		return nil, err
	}
	if l.Stale != nil {
		a.say("the run before, of %s, did not give its lock back: it was killed, or its connection was", l.Stale)
	}
	return func() error {
		err := l.Unlock(context.WithoutCancel(ctx))
		if errors.Is(err, postgres.ErrLockLost) {
			return nil // a unit that needed it has told of it
		}
		return err
	}, nil
}

func (a *app) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "makes or updates the tables of ledger and queue in a PostgreSQL database",
		Long: "migrate brings the schema revcycle of a PostgreSQL database to this program's version: tables, views, triggers, roles\n" +
			"and their rights, and in schema river the queue of revcycle worker. It is run by the database's owner, before the first\n" +
			"run and after an update of the program; it may run again, and beside others. Facts and journal are left as they are.\n" +
			"Where roles are missing that it may not make it says so and ends with 2: have them made, and run it again. The embedded\n" +
			"ledger needs no migration." + exits(0, 1, 2),
		Example: "  revcycle migrate --database 'postgres://owner@/revcycle?host=/run/postgresql'\n  REVCYCLE_DATABASE_FILE=/etc/revcycle/owner.url revcycle migrate",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			url, err := a.address(nil)
			if err == nil && url == "" {
				w, werr := a.workspace()
				if werr != nil {
					return werr
				}
				url, err = a.address(w)
			}
			if err != nil {
				return err
			}
			if url == "" {
				return usage("no database is named: give --database, or database: in revcycle.yaml; the embedded ledger needs no migration")
			}
			m, err := postgres.Migrate(c.Context(), url)
			if errors.Is(err, postgres.ErrSchema) {
				return usageError{err}
			}
			if err == nil {
				err = river.Migrate(c.Context(), url)
			}
			if err != nil {
				return err
			}
			for _, note := range m.Notes {
				a.say("%s", note)
			}
			if m.From == m.To {
				fmt.Fprintf(a.out, "the ledger's schema has version %d already\n", m.To)
			} else {
				fmt.Fprintf(a.out, "the ledger's schema has version %d now, %d before\n", m.To, m.From)
			}
			if len(m.Notes) > 0 {
				return exitError(exitUsage) // rights are missing: nobody but the owner can run
			}
			return nil
		},
	}
}
