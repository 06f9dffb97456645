package revcycle

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// floors is a statement of policy: a package imports packages of lower floors only, and those on one
// floor do not know each other. Do not change it to mend a build: change the code, or move a wall on
// purpose and say why in DECISIONS.md.
var floors = []string{
	"money civil spelling pipeline/flow",
	"claim parsers/x12",
	"parsers/set parsers/bank",
	"party rules parsers/snip parsers/x837 parsers/x835 parsers/x999 parsers/x277ca parsers/csv parsers/bai2 parsers/nacha fixtures/synth fixtures/pgserver",
	"rules/ipps",
	"rules/coding rules/pricing denial parsers",
	"rules/book reconcile workspace",
	"ledger",
	"ledger/mem ledger/sqlite ledger/postgres ledger/storetest extract",
	"pipeline",
	"pipeline/river",
	"cmd/revcycle",
}

// allowed are the exceptions inside a floor, each with its reason.
var allowed = map[string]string{
	"ledger/storetest ledger/mem": "the suite compares every store with mem, the model",
}

// walls: who alone may import a package.
var walls = map[string][]string{
	"rules/coding":  {"rules/book"},
	"rules/pricing": {"rules/book"},
	"rules/ipps":    {"rules/pricing", "rules/book"},
	"rules/book":    {"pipeline", "cmd/revcycle"},
}

// outside: which of our packages may import a library. A library that is not named fails.
var outside = map[string][]string{
	"github.com/parquet-go/parquet-go":  {"extract"},
	"zombiezen.com/go/sqlite":           {"ledger/sqlite"},
	"github.com/jackc/pgx/v5":           {"ledger/postgres", "pipeline/river"},
	"github.com/pressly/goose/v3":       {"ledger/postgres"},
	"github.com/riverqueue/river":       {"pipeline/river"},
	"gocloud.dev":                       {"workspace"},
	"github.com/johannesboyne/gofakes3": {},
	"github.com/spf13/cobra":            {"cmd/revcycle"},
	"github.com/vbauerster/mpb/v8":      {"cmd/revcycle"},
	"golang.org/x/term":                 {"cmd/revcycle"},
	"go.yaml.in/yaml/v3":                {"rules/book", "workspace", "parsers/csv"},
	"golang.org/x/sys":                  {"workspace", "extract", "cmd/revcycle"},
	"golang.org/x/sync":                 {"pipeline/flow"},
	"github.com/klauspost/compress":     {"workspace"},
	"github.com/gofrs/flock":            {"workspace"},
	"github.com/rogpeppe/go-internal":   {},
}

// source is one Go file of the module.
type source struct {
	dir, name string
	test      bool
	file      *ast.File
	set       *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || nested(p)) {
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(p) != ".go" {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{filepath.ToSlash(filepath.Dir(p)), d.Name(), strings.HasSuffix(p, "_test.go"), f, set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// nested reports a folder that is a module of its own.
func nested(dir string) bool {
	m, _ := filepath.Glob(filepath.Join(dir, "go.mod"))
	return len(m) > 0
}

func floorOf(pkg string) int {
	for i, f := range floors {
		if slices.Contains(strings.Fields(f), pkg) {
			return i
		}
	}
	return -1
}

// faults lists what is wrong with one file's imports.
func faults(s source) []string {
	var out []string
	mine := floorOf(s.dir)
	command := strings.HasPrefix(s.dir, "fixtures/") || s.dir == "." || strings.HasPrefix(s.dir, "scripts/")
	if mine < 0 && !command {
		out = append(out, fmt.Sprintf("%s stands on no floor: name it in floors", s.dir))
	}
	for _, im := range s.file.Imports {
		p := strings.Trim(im.Path.Value, `"`)
		switch {
		case strings.HasPrefix(p, "revcycle/"):
			if f := inside(s, mine, command, strings.TrimPrefix(p, "revcycle/")); f != "" {
				out = append(out, f)
			}
		case strings.Contains(strings.SplitN(p, "/", 2)[0], "."):
			if f := library(s, p); f != "" {
				out = append(out, f)
			}
		}
	}
	return out
}

func inside(s source, mine int, command bool, dep string) string {
	theirs := floorOf(dep)
	switch {
	case theirs < 0:
		return fmt.Sprintf("%s/%s imports %s, which stands on no floor", s.dir, s.name, dep)
	case s.test || command || dep == s.dir:
		return ""
	case theirs > mine:
		return fmt.Sprintf("%s/%s imports %s, which stands above it", s.dir, s.name, dep)
	case theirs == mine && allowed[s.dir+" "+dep] == "":
		return fmt.Sprintf("%s/%s imports %s, which stands on its own floor", s.dir, s.name, dep)
	}
	if who, ok := walls[dep]; ok && !slices.Contains(who, s.dir) {
		return fmt.Sprintf("%s/%s imports %s, which only %s may", s.dir, s.name, dep, strings.Join(who, " and "))
	}
	return ""
}

func library(s source, p string) string {
	for lib, who := range outside {
		if p == lib || strings.HasPrefix(p, lib+"/") {
			if s.test || slices.Contains(who, s.dir) {
				return ""
			}
			return fmt.Sprintf("%s/%s imports %s, which only %s may", s.dir, s.name, p, strings.Join(who, " and "))
		}
	}
	return fmt.Sprintf("%s/%s imports %s, a library that is not named in layers_test.go", s.dir, s.name, p)
}

func TestImportsGoDown(t *testing.T) {
	for _, s := range sources(t) {
		for _, f := range faults(s) {
			t.Error(f)
		}
	}
}

// tidy lists what STYLE forbids in one file: goroutines outside pipeline/flow, floats, the clock
// outside cmd, and files of two ideas.
func tidy(s source) []string {
	if s.test {
		return nil
	}
	var out []string
	at := func(n ast.Node) string { return s.set.Position(n.Pos()).String() }
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if s.dir != "pipeline/flow" {
				out = append(out, at(n)+": starts a goroutine: only pipeline/flow does")
			}
		case *ast.Ident:
			if n.Name == "float64" || n.Name == "float32" {
				out = append(out, at(n)+": "+n.Name+": amounts are money.Cents, rates money.Exact")
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && (n.Sel.Name == "Now" || n.Sel.Name == "Since") && !strings.HasPrefix(s.dir, "cmd/") {
				out = append(out, at(n)+": reads the clock: only cmd does, others get one in Env")
			}
		case *ast.FuncDecl:
			if lines := s.set.Position(n.End()).Line - s.set.Position(n.Pos()).Line; n.Body != nil && lines > 70 {
				out = append(out, fmt.Sprintf("%s: %s has %d lines: look for the second idea", at(n), n.Name.Name, lines))
			}
		}
		return true
	})
	if lines := s.set.Position(s.file.End()).Line; lines > 450 {
		out = append(out, fmt.Sprintf("%s/%s has %d lines: it holds two ideas", s.dir, s.name, lines))
	}
	for _, bad := range []string{"util", "common", "helpers", "types", "misc", "internal", "pkg"} {
		if path.Base(s.dir) == bad || s.name == bad+".go" {
			out = append(out, s.dir+"/"+s.name+": a drawer called "+bad)
		}
	}
	return out
}

func TestTheHouseIsTidy(t *testing.T) {
	for _, s := range sources(t) {
		for _, f := range tidy(s) {
			t.Error(f)
		}
	}
}

// The two checks are proven to bite: each fault below must be found.
func TestTheChecksBite(t *testing.T) {
	for _, c := range []struct{ dir, text, want string }{
		{"money", `import "revcycle/claim"`, "above"},
		{"rules/coding", `import "revcycle/rules/pricing"`, "own floor"},
		{"ledger", `import "revcycle/rules/book"`, "only"},
		{"reconcile", `import "github.com/spf13/cobra"`, "only"},
		{"cmd/revcycle", `import "example.com/unheard/of"`, "not named"},
		{"rules/nowhere", ``, "no floor"},
		{"ledger/sqlite", `import "revcycle/ledger/mem"`, "own floor"},
		{"pipeline", `func f() { go f() }`, "goroutine"},
		{"money", `var x float64`, "float64"},
		{"ledger", `import "time"; var x = time.Now()`, "clock"},
		{"claim", `func f() {` + strings.Repeat("\n_ = 1", 80) + "\n}", "second idea"},
	} {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, "x.go", "package x\n"+c.text, 0)
		if err != nil {
			t.Fatal(err)
		}
		s := source{dir: c.dir, name: "x.go", file: f, set: set}
		if got := strings.Join(append(faults(s), tidy(s)...), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s with %q: got %q, want a fault naming %q", c.dir, bytes.TrimSpace([]byte(c.text))[:min(40, len(c.text))], got, c.want)
		}
	}
}

// modernc.org/sqlite is generated for one version of modernc.org/libc; another one may corrupt it.
func TestSQLiteHasTheLibcItWasMadeFor(t *testing.T) {
	ours, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	where, err := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile(strings.TrimSpace(string(where)))
	if err != nil {
		t.Fatal(err)
	}
	libc := regexp.MustCompile(`modernc.org/libc (v[0-9.]+)`)
	got, want := libc.FindSubmatch(ours), libc.FindSubmatch(theirs)
	if got == nil || want == nil || string(got[1]) != string(want[1]) {
		t.Errorf("go.mod: got libc %s, want %s as modernc.org/sqlite has it", got, want)
	}
}
