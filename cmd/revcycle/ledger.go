package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/ledger"
	"revcycle/ledger/postgres"
	"revcycle/ledger/sqlite"
	"revcycle/pipeline/river"
	"revcycle/workspace"
)

// databaseFile names the file that holds the URL of the ledger's database: what systemd's LoadCredential gives.
const databaseFile = "REVCYCLE_DATABASE_FILE"

// address is the URL of the ledger's database, "" for the embedded file. --database counts before the file that
// REVCYCLE_DATABASE_FILE names, and that before revcycle.yaml; only the file may hold a password. w may be nil.
func (a *app) address(w *workspace.Workspace) (string, error) {
	url, where := a.database, "--database"
	if name := os.Getenv(databaseFile); url == "" && name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", usage("%s: %w", databaseFile, err)
		}
		url, where = strings.TrimSpace(string(text)), databaseFile
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

// store opens the ledger. readOnly leaves an embedded ledger to a run that may be at work, and makes none.
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
	if readOnly {
		if _, err := os.Stat(w.LedgerPath()); err == nil {
			return sqlite.OpenReadOnly(w.LedgerPath())
		}
	}
	return sqlite.Open(w.LedgerPath())
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
			"The embedded ledger needs no migration." + exits(0, 1, 2),
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
			return nil
		},
	}
}
