package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/ledger"
	"revcycle/pipeline"
	"revcycle/rules/book"
	"revcycle/workspace"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "looks at workspace, permissions, disk, clock, tables and database",
		Long: "doctor looks at all that a run needs and changes nothing: revcycle.yaml, folders and who may read them, free disk,\n" +
			"the clock, keys, masters, the rule book with its proofs, and the ledger. It exits 1 where a run would fail." + exits(0, 1, 2),
		Example: "  revcycle doctor -C /srv/revcycle",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			w, err := a.workspace()
			if err != nil {
				return err
			}
			checks := w.Doctor(a.clock())
			checks = append(checks, checkBook(w)...)
			checks = append(checks, a.checkLedger(c, w))
			failed := false
			for _, x := range checks {
				failed = failed || x.State == workspace.Fail
			}
			if a.json {
				err = a.printJSON(checks)
			} else {
				g := pipeline.NewGrid("lll")
				for _, x := range checks {
					g.Row(string(x.State), x.Name, strings.TrimSuffix(x.Message+"; "+x.Advice, "; "))
				}
				err = g.Print(a.out)
			}
			if err == nil && failed {
				return exitError(exitFailed)
			}
			return err
		},
	}
}

func checkBook(w *workspace.Workspace) []workspace.Check {
	b, err := book.Check(w.Rulebook())
	if err != nil {
		return []workspace.Check{{Name: "rule book", State: workspace.Fail, Message: err.Error()}}
	}
	out := []workspace.Check{{Name: "rule book", State: workspace.OK, Message: fmt.Sprintf("%d payers, edition %s", len(b.Payers()), b.Edition().Short())}}
	if bad := b.Prove(); len(bad) > 0 {
		out = append(out, workspace.Check{Name: "proofs", State: workspace.Fail, Message: fmt.Sprintf("%d do not hold; revcycle rules test shows them", len(bad))})
	} else {
		out = append(out, workspace.Check{Name: "proofs", State: workspace.OK, Message: fmt.Sprintf("%d, all hold", len(b.Proofs()))})
	}
	return append(out, workspace.Check{Name: "tables", State: workspace.OK, Message: fmt.Sprintf("%d, all sound", len(b.Tables()))})
}

// checkLedger opens the ledger, embedded or in a database, and reads its batches. It makes none.
func (a *app) checkLedger(c *cobra.Command, w *workspace.Workspace) workspace.Check {
	out := workspace.Check{Name: "ledger", State: workspace.OK, Message: "none yet; the first run makes it"}
	where, url := "the embedded file", ""
	var err error
	if url, err = a.address(w); url != "" {
		where = "the database"
	} else if _, missing := os.Stat(w.LedgerPath()); err == nil && os.IsNotExist(missing) {
		return out
	}
	var store ledger.Store
	if err == nil {
		store, err = a.store(c.Context(), w, true)
	}
	if err != nil {
		out.State, out.Message = workspace.Fail, err.Error()
		return out
	}
	defer store.Close()
	all, err := pipeline.Batches(c.Context(), store)
	switch n := len(all); {
	case err != nil:
		out.State, out.Message = workspace.Fail, err.Error()
	case n == 0:
		out.Message = where + " opens; no batch yet"
	case all[n-1].Open:
		out.State, out.Message = workspace.Warn, fmt.Sprintf("%s opens; batch %s was begun and has not ended", where, all[n-1].ID)
		out.Advice = "revcycle run goes on with it"
	default:
		out.Message = fmt.Sprintf("%s opens; %d batches, the last is %s", where, n, all[n-1].ID)
	}
	return out
}
