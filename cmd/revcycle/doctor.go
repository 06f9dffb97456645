package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
	"revcycle/pipeline"
	"revcycle/rules/book"
	"revcycle/workspace"
)

// inspections is what doctor looks at beside the folder itself, in order. To add one: a function here and its name in this list.
var inspections = []func(*app, context.Context, *workspace.Workspace) []workspace.Check{
	(*app).checkUser, (*app).checkZone, (*app).checkNotify, (*app).checkCredentials, (*app).checkBook, (*app).checkLedger, (*app).checkExtracts,
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "looks at workspace, permissions, disk, clock, tables and database",
		Long: "doctor looks at all that a run needs and changes nothing: revcycle.yaml, folders and who may read them, free disk, clock and\n" +
			"time zone, keys and credentials, who is told, masters, the rule book with its proofs, the ledger, the files that are\n" +
			"expected, and whether the extracts are all there. Each line says what was found and what to do: ok, warn (a run goes\n" +
			"on) or fail (a run would fail, or would be wrong), which is exit 2." + exits(0, 1, 2),
		Example: "  revcycle doctor -C /srv/revcycle\n  revcycle doctor --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			w, err := a.workspace()
			if err != nil {
				return err
			}
			checks := w.Doctor(a.clock())
			for _, look := range inspections {
				checks = append(checks, look(a, c.Context(), w)...)
			}
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
				return exitError(exitUsage)
			}
			return err
		},
	}
}

// checkUser looks whether this user may run here.
func (a *app) checkUser(context.Context, *workspace.Workspace) []workspace.Check {
	if err := a.mayWrite(); err != nil {
		return []workspace.Check{workspace.Warning("user", err.Error(), "")}
	}
	return []workspace.Check{workspace.Fine("user", actor())}
}

// checkZone tells what day it is here, and doubts a zone in which no facility lies.
func (a *app) checkZone(_ context.Context, w *workspace.Workspace) []workspace.Check {
	now := a.clock().In(w.Timezone)
	found := fmt.Sprintf("%s, where it is %s; a run now would be of %s", w.Timezone, now.Format("2006-01-02 15:04 -0700"), w.BusinessDate(now))
	masters, _, err := w.Masters()
	if err != nil {
		return nil // checked elsewhere
	}
	zones := map[string]bool{}
	for _, f := range masters.Facilities() {
		if f.Timezone != "" {
			zones[f.Timezone] = true
		}
	}
	if len(zones) > 0 && !zones[w.Timezone.String()] {
		return []workspace.Check{workspace.Warning("time zone", found, "no facility of masters/facilities.csv lies there: set timezone in revcycle.yaml")}
	}
	return []workspace.Check{workspace.Fine("time zone", found)}
}

// checkNotify looks whether those who are told could be; it tells nobody.
func (a *app) checkNotify(_ context.Context, w *workspace.Workspace) []workspace.Check {
	var out []workspace.Check
	for _, n := range w.Notify {
		if len(n.Mail) > 0 {
			if _, err := exec.LookPath(n.Mail[0]); err != nil {
				out = append(out, workspace.Warning("notify", n.Name()+": there is no such command", "install it, or name another in "+workspace.File))
			}
		}
		if n.HeaderFile != "" {
			out = append(out, private("notify", n.HeaderFile)...)
		}
	}
	if len(out) == 0 {
		out = append(out, workspace.Fine("notify", fmt.Sprintf("%d receivers; revcycle notify --test tells them something", len(w.Notify))))
	}
	return out
}

// private finds fault with a file of secrets that is not there or that others may read.
func private(name, path string) []workspace.Check {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return []workspace.Check{workspace.Fault(name, err.Error(), "put it there, mode 0600")}
	case !workspace.Private(path, info):
		return []workspace.Check{workspace.Fault(name, "others may read "+path, "chmod 0600 "+path)}
	}
	return nil
}

// checkCredentials looks at the file that holds the database's URL.
func (a *app) checkCredentials(_ context.Context, w *workspace.Workspace) []workspace.Check {
	name, set := os.LookupEnv(databaseFile)
	if !set {
		return nil
	}
	url, err := credential(name)
	if err != nil {
		return []workspace.Check{workspace.Fault("credentials", spoken(err), "")}
	}
	out := []workspace.Check{workspace.Fine("credentials", "the database's URL lies in a private file")}
	if w.Database == "" {
		return out
	}
	mine, err := postgres.Where(url)
	other, oerr := postgres.Where(w.Database)
	if err == nil && (oerr != nil || mine != other) {
		out = append(out, workspace.Warning("credentials", fmt.Sprintf("%s leads to %s, and database: in revcycle.yaml elsewhere: the first one counts", databaseFile, mine),
			"take database: out of revcycle.yaml, or let both name one database"))
	}
	return out
}

func (a *app) checkBook(_ context.Context, w *workspace.Workspace) []workspace.Check {
	b, err := book.Check(w.Rulebook())
	if err != nil {
		return []workspace.Check{workspace.Fault("rule book", err.Error(), "revcycle rules check tells more")}
	}
	out := []workspace.Check{workspace.Fine("rule book", fmt.Sprintf("%d payers, edition %s", len(b.Payers()), b.Edition().Short()))}
	if bad := b.Prove(); len(bad) > 0 {
		out = append(out, workspace.Fault("proofs", fmt.Sprintf("%d do not hold", len(bad)), "revcycle rules test shows them"))
	} else {
		out = append(out, workspace.Fine("proofs", fmt.Sprintf("%d, all hold", len(b.Proofs()))))
	}
	return append(out, workspace.Fine("tables", fmt.Sprintf("%d, all sound", len(b.Tables()))))
}

// checkLedger opens the ledger, wherever it is, and asks it what a run would: is it of this program's schema, what ran last, and
// what is still awaited.
func (a *app) checkLedger(ctx context.Context, w *workspace.Workspace) []workspace.Check {
	url, err := a.address(w)
	if err != nil {
		return []workspace.Check{workspace.Fault("ledger", spoken(err), "mend the address")}
	}
	where, err := a.place(w)
	if err != nil {
		return []workspace.Check{workspace.Fault("ledger", spoken(err), "mend the address")}
	}
	store, err := a.store(ctx, w, true)
	if err != nil {
		return []workspace.Check{workspace.Fault("ledger", where+": "+spoken(err), "see that it can be reached; revcycle migrate updates one in PostgreSQL")}
	}
	defer store.Close()
	rights := checkRights(ctx, store)
	if len(rights) > 0 && rights[0].State == workspace.Fail {
		return rights
	}
	all, err := pipeline.Batches(ctx, store)
	if err != nil {
		return []workspace.Check{workspace.Fault("ledger", spoken(err), "see that it can be read")}
	}
	env := &pipeline.Env{Store: store, Workspace: w}
	if err := env.CheckOwnLedger(ctx); err != nil {
		return []workspace.Check{workspace.Fault("ledger", where+": "+spoken(err), "")}
	}
	today := w.BusinessDate(a.clock())
	out := append(rights, checkAudit(ctx, env)...)
	switch n := len(all); {
	case n == 0 && url == "":
		out = append(out, workspace.Fine("ledger", "none yet; the first run makes it: "+where))
	case n == 0:
		out = append(out, workspace.Fine("ledger", "no batch yet: "+where))
	case all[n-1].Open:
		out = append(out, workspace.Warning("ledger", fmt.Sprintf("batch %s was begun and has not ended: %s", all[n-1].ID, where), "revcycle run goes on with it"))
	case all[n-1].AsOf > today:
		out = append(out, workspace.Fault("ledger", fmt.Sprintf("the last batch is of %s, and today is %s: %s", all[n-1].AsOf, today, where),
			"set the clock; where the batch is right, no run can post before that day"))
	default:
		out = append(out, workspace.Fine("ledger", fmt.Sprintf("%d batches, the last is %s: %s", n, all[n-1].ID, where)))
	}
	return append(out, a.checkAwaited(ctx, w, store)...)
}

// checkAudit looks whether somebody changed audit.jsonl.
func checkAudit(ctx context.Context, env *pipeline.Env) []workspace.Check {
	why, err := env.CheckAuditFile(ctx)
	switch {
	case err != nil:
		return []workspace.Check{workspace.Fault("audit", spoken(err), "see that audit.jsonl can be read")}
	case why != "":
		return []workspace.Check{workspace.Warning("audit", "audit.jsonl was changed: "+why, "the next run puts it aside, writes it anew from the ledger and ends with 3: see who changed it")}
	}
	return nil
}

// checkRights looks whether the database lets this user do what a run does.
func checkRights(ctx context.Context, store ledger.Store) []workspace.Check {
	p, ok := store.(*postgres.Store)
	if !ok {
		return nil
	}
	lacks, err := p.Lacks(ctx)
	switch {
	case err != nil:
		return []workspace.Check{workspace.Fault("rights", spoken(err), "see that the database can be asked")}
	case len(lacks) > 0:
		return []workspace.Check{workspace.Fault("rights", fmt.Sprintf("the database's user lacks %d rights that a run needs, %s first", len(lacks), lacks[0]),
			"as the ledger's owner: GRANT revcycle_engine TO that user; revcycle migrate gives the role its rights")}
	}
	return []workspace.Check{workspace.Fine("rights", "the database's user may do what a run does")}
}

func (a *app) checkAwaited(ctx context.Context, w *workspace.Workspace, store ledger.Store) []workspace.Check {
	if len(w.Expect) == 0 {
		return nil
	}
	env := &pipeline.Env{Store: store, Workspace: w, Clock: a.clock, Batch: pipeline.Batch{AsOf: w.BusinessDate(a.clock())}}
	awaited, err := env.Awaited(ctx)
	if err != nil {
		return []workspace.Check{workspace.Fault("expected", err.Error(), "see that inbox and ledger can be read")}
	}
	out := []workspace.Check{}
	for _, sentence := range awaited {
		out = append(out, workspace.Warning("expected", sentence, ""))
	}
	if len(out) == 0 {
		out = append(out, workspace.Fine("expected", "all of today's files are there"))
	}
	return out
}

// checkExtracts looks whether what readers see is all there, and for what killed runs left.
func (a *app) checkExtracts(_ context.Context, w *workspace.Workspace) []workspace.Check {
	m, err := extract.Glance(w.ExtractsDir)
	if errors.Is(err, extract.ErrNoManifest) {
		return []workspace.Check{workspace.Fine("extracts", "none yet; the first run makes them")}
	}
	if errors.Is(err, fs.ErrPermission) {
		return []workspace.Check{workspace.Fault("extracts", err.Error(), "run as the owner of the workspace, or give it the folder: chown -R OWNER "+w.ExtractsDir)}
	}
	if err != nil {
		return []workspace.Check{workspace.Fault("extracts", err.Error(), "revcycle rerun all --stage extract --reason WHY makes files again; a manifest comes back from a backup only")}
	}
	out := []workspace.Check{workspace.Fine("extracts", fmt.Sprintf("%d files of batch %s, all there; revcycle verify reads them", len(m.Files), m.Batch))}
	if _, held := w.Holder(); held {
		return out // what lies in staging is that run's
	}
	left, err := extract.ListRemovable(w.ExtractsDir, 0, "")
	if err != nil {
		return append(out, workspace.Fault("staging", err.Error(), "see that the extracts can be read"))
	}
	if len(left) > 0 {
		out = append(out, workspace.Warning("staging", fmt.Sprintf("%d files or folders that no batch needs, %s first", len(left), left[0].Path),
			"revcycle run ends an open batch; then revcycle purge removes them"))
	}
	return out
}
