package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"revcycle/civil"
	"revcycle/pipeline"
	"revcycle/pipeline/flow"
	"revcycle/rules/book"
	"revcycle/spelling"
	"revcycle/workspace"
)

// app is what every command shares: its streams and the global flags.
type app struct {
	out, err  io.Writer
	dir       string
	asOf      string
	database  string
	given     func(flag string) bool // of this command line
	verb      string                 // of this command line
	ctx       context.Context        // of this command line
	logFormat string
	verbose   bool
	json      bool
	workers   int
	clock     func() time.Time
	user      func() int       // who this is, to the operating system
	ran       pipeline.Summary // of the run of this command, as far as it came
	changed   string           // what somebody had done to audit.jsonl; "" = nothing
	waiting   int              // units that wait in quarantine after it; -1 where nobody looked
}

// execute runs one command line and gives its exit code.
func execute(ctx context.Context, args []string, out, errOut io.Writer) int {
	a := &app{out: out, err: errOut, clock: time.Now, user: os.Geteuid, waiting: -1, ctx: ctx}
	root := a.root()
	root.SetArgs(args)
	if c, _, err := root.Find(args); err == nil {
		a.verb = c.Name()
	}
	root.SetOut(out)
	root.SetErr(errOut)
	err := guarded(func() error { return root.ExecuteContext(ctx) })
	code := codeOf(ctx, err)
	if f, ok := errors.AsType[*flow.Fault](err); ok {
		a.log().Debug(f.Error(), "stack", f.Stack)
		err = fmt.Errorf("%w: what was not committed was not done; report it, with what --verbose says, and run it again", err)
	}
	var quiet exitError
	if code == exitInterrupted {
		err = errors.New("interrupted; run it again to go on")
	}
	if err != nil && !errors.As(err, &quiet) {
		if a.logFormat == "json" {
			a.log().Error(spoken(err), "exit", code)
		} else {
			fmt.Fprintf(errOut, "revcycle: %s\n", spoken(err))
		}
	}
	return code
}

// guarded makes a break of the program an error that says where, without the values that it broke on.
func guarded(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = flow.Recovered()
		}
	}()
	return f()
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "revcycle",
		Short: "the revenue cycle as a nightly batch: claims and remittances in, ledger and Parquet out",
		Long: "revcycle reads what came in overnight (claims, remittances, encounters), applies the rule book,\n" +
			"settles expected beside paid, keeps a journal, and publishes Parquet extracts that tie to the cent." +
			exits(0, 1, 2, 3, 4, 5, 6, 7, 130),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	a.given = flags.Changed
	flags.StringVarP(&a.dir, "dir", "C", os.Getenv("REVCYCLE_WORKSPACE"), "workspace (default $REVCYCLE_WORKSPACE, else the current folder)")
	flags.StringVar(&a.asOf, "as-of", "", "business date, 2006-01-02 (default: today in the workspace's time zone)")
	flags.StringVar(&a.database, "database", "", "PostgreSQL ledger, postgres://user@host/name, in place of the embedded one (default $REVCYCLE_DATABASE_FILE, else revcycle.yaml)")
	flags.StringVar(&a.logFormat, "log-format", "text", "messages on stderr: text or json")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "say more: when stages begin and end, the stack where the program broke, proofs that hold")
	flags.BoolVar(&a.json, "json", false, "print data as JSON")
	flags.IntVar(&a.workers, "workers", 0, "parallel workers (default: revcycle.yaml, else one per processor)")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if form := a.logFormat; form != "text" && form != "json" {
			a.logFormat = "text"
			return usage("--log-format %s: write text or json", form)
		}
		return nil
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return wrongFlag(c, err) })
	root.AddCommand(a.initCommand(), a.planCommand(), a.runCommand())
	root.AddCommand(a.stageCommands()...)
	root.AddCommand(a.batchesCommand(), a.statusCommand(), a.explainCommand(), a.inspectCommand(), a.ackCommand(), a.quarantineCommand(), a.unmatchCommand(), a.rollbackCommand(), a.denialsCommand(), a.gapsCommand(), a.rejectionsCommand(), a.resubmitCommand(), a.sendCommand(),
		a.tablesCommand(), a.rulesCommand(), a.exportCommand(), a.verifyCommand(), a.doctorCommand(), a.simulateCommand(), a.reportCommand(), a.migrateCommand(), a.versionCommand())
	root.AddCommand(a.retryCommand(), a.rerunCommand(), a.diffCommand(), a.workerCommand(), a.notifyCommand(), a.backupCommand(), a.purgeCommand())
	wantArgs(root)
	return root
}

// wrongFlag is a fault of usage; an unknown flag is told the nearest one.
func wrongFlag(c *cobra.Command, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return usageError{err}
	}
	var names []string
	for word := range strings.FieldsSeq(c.Flags().FlagUsages()) {
		if flag, ok := strings.CutPrefix(word, "--"); ok {
			names = append(names, flag)
		}
	}
	if near := spelling.Nearest(name, names); near != "" {
		return usage("%w; did you mean --%s?", err, near)
	}
	return usage("%w; see %s --help", err, c.CommandPath())
}

// wantArgs makes a wrong number of arguments, or an unknown command, a fault of usage.
func wantArgs(c *cobra.Command) {
	if args := c.Args; args != nil {
		c.Args = func(c *cobra.Command, list []string) error {
			if err := args(c, list); err != nil {
				return usageError{err}
			}
			return nil
		}
	} else {
		c.SuggestionsMinimumDistance = 2
		c.Args = func(c *cobra.Command, list []string) error {
			if len(list) == 0 {
				return nil
			}
			if near := c.SuggestionsFor(list[0]); len(near) > 0 {
				return usage("%s: there is no command %s; did you mean %s?", c.CommandPath(), list[0], strings.Join(near, " or "))
			}
			return usage("%s: unknown command or argument %s; see %s --help", c.CommandPath(), list[0], c.CommandPath())
		}
	}
	if c.HasSubCommands() && c.RunE == nil && c.Run == nil {
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	for _, sub := range c.Commands() {
		wantArgs(sub)
	}
}

// log gives messages for people or for a machine; never a patient's name. For a machine each is one line of JSON,
// written at once, with its time in UTC.
func (a *app) log() *slog.Logger {
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	if a.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(a.err, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, at slog.Attr) slog.Attr {
			if at.Key == slog.TimeKey {
				at.Value = slog.TimeValue(at.Value.Time().UTC())
			}
			return at
		}}))
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, at slog.Attr) slog.Attr {
		if at.Key == slog.TimeKey || at.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return at
	}}))
}

// say prints a line for people.
func (a *app) say(format string, args ...any) {
	if a.logFormat == "json" {
		a.log().Info(fmt.Sprintf(format, args...))
		return
	}
	fmt.Fprintf(a.err, format+"\n", args...)
}

// open opens the workspace with its ledger, rule book and masters. readOnly leaves the ledger to a run.
func (a *app) open(readOnly bool) (*pipeline.Env, error) {
	w, err := a.workspace()
	if err != nil {
		return nil, err
	}
	store, err := a.store(a.ctx, w, readOnly)
	if err != nil {
		return nil, err
	}
	b, err := a.book(w)
	if err != nil {
		return nil, err
	}
	masters, problems, err := w.Masters()
	if err != nil {
		return nil, fmt.Errorf("masters: %w", err)
	}
	for _, p := range problems {
		a.say("masters: %s", p)
	}
	asOf, err := a.businessDate(w)
	if err != nil {
		return nil, err
	}
	workers := a.workers
	if workers < 0 {
		return nil, usage("--workers %d: write 1 or more, or 0 for one per processor", workers)
	}
	if workers == 0 {
		workers = w.Workers
	}
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &pipeline.Env{
		Store: store, Workspace: w, Book: b, Party: masters, Workers: workers, Clock: a.clock, Actor: actor(), Version: version,
		Log: a.log(), Progress: a.progress(), Batch: pipeline.Batch{AsOf: asOf},
	}, nil
}

// book is the workspace's rule book. What is wrong with it is told, and holds the claims of the payers that use it.
func (a *app) book(w *workspace.Workspace) (*book.Book, error) {
	b, err := book.Load(w.Rulebook())
	if err != nil {
		return nil, usageError{err}
	}
	b = b.Proven()
	for _, f := range b.Faults() {
		if why, broken := b.Broken(f.Payer); broken && f.Payer != "" {
			a.say("rule book: claims of payer %s are held: %s", f.Payer, why)
		}
	}
	return b, nil
}

func (a *app) businessDate(w *workspace.Workspace) (civil.Date, error) {
	if a.asOf == "" {
		return w.BusinessDate(a.clock()), nil
	}
	d, err := civil.ParseISO(a.asOf)
	if err != nil {
		return 0, usage("--as-of %s: %w", a.asOf, err)
	}
	return d, nil
}

// actor is who runs the command, by the operating system.
func actor() string {
	name := fmt.Sprint(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + strings.SplitN(host, ".", 2)[0]
}
