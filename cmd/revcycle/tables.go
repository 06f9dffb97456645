package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
	"revcycle/rules/book"
	"revcycle/workspace"
)

// tableLine is a table as `tables --json` shows it.
type tableLine struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Release string `json:"release"`
	Source  string `json:"source"`
	Rows    int    `json:"rows"`
	From    string `json:"from"`
	To      string `json:"to"` // "" = open
	Digest  string `json:"sha256"`
	State   string `json:"state,omitempty"` // of an import: imported, unchanged, replaced
}

func tableLineOf(i book.TableInfo) tableLine {
	return tableLine{Name: i.Name, Kind: i.Kind, Release: i.Release, Source: i.Source, Rows: i.Rows, From: i.From.String(), To: i.To.String(), Digest: i.Digest.String()}
}

func (a *app) tablesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "tables",
		Short:   "reference tables of the rule book: import, ls, show",
		Long:    "tables keeps the rates, limits, pairs and code sets that the payers' files name, in rulebook/tables." + exits(0, 1, 2),
		Example: "  revcycle tables ls\n  revcycle tables import alpha-fees-2026.csv",
	}
	c.AddCommand(a.tablesImportCommand(), a.tablesListCommand(), a.tablesShowCommand())
	return c
}

func (a *app) tablesImportCommand() *cobra.Command {
	var replace bool
	c := &cobra.Command{
		Use:   "import FILE...",
		Short: "checks table files and puts them in the rule book, all or none of them",
		Long: "import reads each file to its end: its kind, release and source, every row's dates, and that no two rows of one key\n" +
			"share a day. The book must load with them. A table whose name is taken is refused, unless its content is the same;\n" +
			"--replace puts a newer file in its place. Nothing is copied unless all files are sound." + exits(0, 1, 2),
		Example: "  revcycle tables import medicare-fees-2026.csv\n  revcycle tables import --replace alpha-fees.csv",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := a.workspace()
			if err != nil {
				return err
			}
			return a.importTables(w, args, replace)
		},
	}
	c.Flags().BoolVar(&replace, "replace", false, "put the file in the place of the table of its name")
	return c
}

// workspace opens the workspace alone: the commands that mend a rule book must work with a broken one.
func (a *app) workspace() (*workspace.Workspace, error) {
	dir := a.dir
	if dir == "" {
		dir = "."
	}
	w, err := workspace.Open(dir)
	if err != nil {
		return nil, usageError{err}
	}
	if key := os.Getenv("REVCYCLE_KEY_FILE"); key != "" {
		w.KeyFile = key
	}
	return w, nil
}

// offered is a table that was given for import.
type offered struct {
	line tableLine
	path string // where it goes
	text []byte
}

func (a *app) importTables(w *workspace.Workspace, files []string, replace bool) error {
	var list []offered
	for _, name := range files {
		o, err := offer(w, name, replace)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(x offered) bool { return x.path == o.path }) {
			return usage("tables import: two files are called %s", filepath.Base(name))
		}
		list = append(list, o)
	}
	next := patched{w.Rulebook(), map[string][]byte{}}
	for _, o := range list {
		next.files["tables/"+filepath.Base(o.path)] = o.text
	}
	_, before := book.Check(w.Rulebook())
	_, after := book.Check(next)
	switch {
	case after != nil && before == nil:
		return usageError{fmt.Errorf("tables import: with these tables the rule book would not load, nothing was copied: %w", after)}
	case after != nil:
		a.say("the rule book did not load before and does not yet: %s", after)
	}
	var lines []tableLine
	for _, o := range list {
		if o.line.State != "unchanged" {
			if err := os.MkdirAll(filepath.Dir(o.path), 0o700); err != nil {
				return fmt.Errorf("tables import: %w", err)
			}
			if err := workspace.WriteFile(o.path, o.text); err != nil {
				return fmt.Errorf("tables import: %w", err)
			}
		}
		lines = append(lines, o.line)
	}
	return a.printTables(lines)
}

// offer reads a file and holds it to the table that has its name.
func offer(w *workspace.Workspace, name string, replace bool) (offered, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return offered{}, usageError{fmt.Errorf("tables import: %w", err)}
	}
	base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	info, err := book.CheckTable(base, bytes.NewReader(text))
	if err != nil {
		return offered{}, usageError{fmt.Errorf("tables import: %s: %w", name, err)}
	}
	o := offered{line: tableLineOf(info), path: filepath.Join(w.RulebookDir(), "tables", base+".csv"), text: text}
	old, err := os.ReadFile(o.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		o.line.State = "imported"
		return o, nil
	case err != nil:
		return o, fmt.Errorf("tables import: %w", err)
	case bytes.Equal(old, text):
		o.line.State = "unchanged"
		return o, nil
	case replace:
		o.line.State = "replaced"
		return o, nil
	}
	release := "another content"
	if was, err := book.CheckTable(base, bytes.NewReader(old)); err == nil {
		release = "release " + was.Release
	}
	return o, usage("tables import: tables/%s.csv is there already, with %s: put old and new rows, dated, in one file and give --replace, or choose another name", base, release)
}

// patched is a rule book with some files added or changed, as far as fs.ReadFile and fs.Glob see it.
type patched struct {
	fs.FS
	files map[string][]byte
}

// ReadFile is fs.ReadFileFS's.
func (p patched) ReadFile(name string) ([]byte, error) {
	if text, ok := p.files[name]; ok {
		return text, nil
	}
	return fs.ReadFile(p.FS, name)
}

// Glob is fs.GlobFS's.
func (p patched) Glob(pattern string) ([]string, error) {
	names, err := fs.Glob(p.FS, pattern)
	if err != nil {
		return nil, err
	}
	for name := range p.files {
		if ok, err := filepath.Match(pattern, name); err != nil {
			return nil, err
		} else if ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (a *app) printTables(lines []tableLine) error {
	if lines == nil {
		lines = []tableLine{}
	}
	if a.json {
		return a.printJSON(lines)
	}
	g := pipeline.NewGrid("lllrlllll", "table", "kind", "release", "rows", "from", "to", "sha256", "source", "")
	for _, l := range lines {
		to := l.To
		if to == "" {
			to = "open"
		}
		g.Row(l.Name, l.Kind, l.Release, fmt.Sprint(l.Rows), l.From, to, l.Digest[:12], l.Source, l.State)
	}
	return g.Print(a.out)
}

func (a *app) tablesListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "ls",
		Short:   "lists the tables with kind, release, rows and dates",
		Long:    "ls lists every table of rulebook/tables. One that is not sound is named on stderr." + exits(0, 1, 2),
		Example: "  revcycle tables ls --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w, err := a.workspace()
			if err != nil {
				return err
			}
			names, err := fs.Glob(w.Rulebook(), "tables/*.csv")
			if err != nil {
				return err
			}
			var lines []tableLine
			var bad []error
			for _, name := range names {
				text, err := fs.ReadFile(w.Rulebook(), name)
				if err != nil {
					return err
				}
				info, err := book.CheckTable(strings.TrimSuffix(filepath.Base(name), ".csv"), bytes.NewReader(text))
				if err != nil {
					bad = append(bad, err)
					continue
				}
				lines = append(lines, tableLineOf(info))
			}
			if err := a.printTables(lines); err != nil || len(bad) == 0 {
				return err
			}
			return usageError{errors.Join(bad...)}
		},
	}
}

// rowsShown bounds the rows that show prints of a whole table.
const rowsShown = 20

func (a *app) tablesShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show TABLE [CODE]",
		Short: "what a table is, and its rows of a code",
		Long: "show prints what heads the table, then the rows that bear CODE in any column, or the first rows where no code is given." +
			exits(0, 1, 2),
		Example: "  revcycle tables show alpha-fees 99213",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := a.workspace()
			if err != nil {
				return err
			}
			name := strings.TrimSuffix(args[0], ".csv")
			text, err := fs.ReadFile(w.Rulebook(), "tables/"+name+".csv")
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
				return usage("tables show: there is no table %s: revcycle tables ls lists them", name)
			}
			if err != nil {
				return err
			}
			info, err := book.CheckTable(name, bytes.NewReader(text))
			if err != nil {
				return usageError{err}
			}
			heading, rows := rowsOf(text, append(args[1:], "")[0])
			if a.json {
				return a.printJSON(struct {
					tableLine
					Columns string   `json:"columns"`
					Found   []string `json:"rows_shown"`
				}{tableLineOf(info), heading, rows})
			}
			if err := a.printTables([]tableLine{tableLineOf(info)}); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "\n%s\n%s\n", heading, strings.Join(rows, "\n"))
			return err
		},
	}
}

// rowsOf gives the header row of a table file and the rows that bear a code, or its first rows.
func rowsOf(text []byte, code string) (header string, rows []string) {
	rows = []string{}
	in := bufio.NewScanner(bytes.NewReader(text))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		line := strings.TrimRight(in.Text(), "\r")
		switch {
		case strings.HasPrefix(line, "#") || line == "":
		case header == "":
			header = line
		case code == "" && len(rows) < rowsShown, code != "" && slices.Contains(strings.Split(line, ","), code):
			rows = append(rows, line)
		}
	}
	return header, rows
}
