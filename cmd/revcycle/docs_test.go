package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/parsers"
	"revcycle/party"
	"revcycle/rules/book"
	"revcycle/workspace"
)

// The pages of docs/ are held to the program. What stands between <!-- printed: NAME --> and <!-- end -->
// is printed here; -update writes it anew. docs_session_test.go runs the commands and queries of the
// pages, docs_change_test.go makes the changes that docs/extending.md shows.

var update = flag.Bool("update", false, "write the printed parts of docs/ anew; read the diff before you commit it")

const checkout = "../.."

// page gives the text of a page of docs/.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(checkout, "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages lists the pages of docs/.
func pages(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(checkout + "/docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("docs: %d pages, %v", len(files), err)
	}
	for i, f := range files {
		files[i] = filepath.Base(f)
	}
	return files
}

// printed are the parts that the program prints, by the name in their marker.
var printed = map[string]func(*testing.T) string{
	"exit codes":    func(*testing.T) string { return printExits() },
	"commands":      func(*testing.T) string { return printCommands() },
	"revcycle.yaml": printConfig,
	"formats":       func(*testing.T) string { return printFormats() },
	"masters":       func(*testing.T) string { return printMasters() },
	"rule book":     func(*testing.T) string { return book.Reference() },
	"extracts":      func(*testing.T) string { return printDictionary() },
	"ledger":        func(*testing.T) string { return printLedger() },
	"categories": func(t *testing.T) string {
		return printTable(t, "denial/tables/denial_categories.tsv", "category", "default_owner", "first_step")
	},
	"clp02": func(t *testing.T) string {
		return printTable(t, "denial/tables/clp02.tsv", "code", "meaning", "counts_as", "post")
	},
	"plb": func(t *testing.T) string {
		return printTable(t, "denial/tables/plb_map.tsv", "code", "meaning", "usual_sign")
	},
}

var marker = regexp.MustCompile(`(?s)<!-- printed: ([^>]*?) -->\n(.*?)<!-- end -->`)

func TestPrintedPartsAreWhatTheProgramPrints(t *testing.T) {
	used := map[string]bool{}
	for _, name := range pages(t) {
		text := page(t, name)
		got := marker.ReplaceAllStringFunc(text, func(part string) string {
			m := marker.FindStringSubmatch(part)
			print, ok := printed[m[1]]
			if !ok {
				t.Errorf("docs/%s: nothing prints %q", name, m[1])
				return part
			}
			used[m[1]] = true
			want := "\n" + strings.TrimSpace(print(t)) + "\n\n"
			if m[2] != want && !*update {
				t.Errorf("docs/%s: %q is not what the program prints: go test ./cmd/revcycle -run Printed -update; first difference: %s", name, m[1], firstDifference(m[2], want))
			}
			return "<!-- printed: " + m[1] + " -->\n" + want + "<!-- end -->"
		})
		if got != text && *update {
			if err := os.WriteFile(filepath.Join(checkout, "docs", name), []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name := range printed {
		if !used[name] {
			t.Errorf("no page has the part %q", name)
		}
	}
}

// firstDifference shows the first line in which two texts differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d: %q, want %q", i+1, g[i], slices.Concat(w, make([]string, len(g)))[i])
		}
	}
	return "it ends too early"
}

func printExits() string {
	var b strings.Builder
	b.WriteString("| code | means |\n|---:|---|\n")
	for _, m := range exitMeanings {
		fmt.Fprintf(&b, "| %d | %s |\n", m.code, m.meaning)
	}
	return b.String()
}

func printCommands() string {
	var b strings.Builder
	b.WriteString("| command | |\n|---|---|\n")
	for _, c := range (&app{out: new(bytes.Buffer), err: new(bytes.Buffer), clock: time.Now}).root().Commands() {
		if c.IsAvailableCommand() {
			fmt.Fprintf(&b, "| %s | %s |\n", c.Name(), c.Short)
		}
	}
	return b.String()
}

// printConfig is the revcycle.yaml that init writes; each key of it must be one that is read, and none is missing.
func printConfig(t *testing.T) string {
	dir := t.TempDir()
	if err := workspace.Init(dir, workspace.Options{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, workspace.File))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range workspace.Keys() {
		if !strings.Contains("\n"+string(text), "\n"+key+":") {
			t.Errorf("the revcycle.yaml of init does not name %s", key)
		}
	}
	return "```yaml\n" + string(text) + "```\n"
}

func printFormats() string {
	var b strings.Builder
	b.WriteString("| kind | what it is | run |\n|---|---|---|\n")
	for _, f := range parsers.Formats() {
		does := "takes it"
		if !f.Run {
			does = "refuses it: " + f.Refusal
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.Kind, f.Description, does)
	}
	return b.String()
}

func printMasters() string {
	var b strings.Builder
	b.WriteString("| file | column | must be there | holds |\n|---|---|---|---|\n")
	for _, m := range party.Masters() {
		for _, c := range m.Columns {
			must := ""
			if c.Required {
				must = "yes"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.File, c.Name, must, c.Doc)
		}
	}
	return b.String()
}

// printDictionary is the dictionary without its title and preface, one level deeper.
func printDictionary() string {
	_, text, _ := strings.Cut(string(extract.Dictionary()), "\n| table |")
	return strings.ReplaceAll("| table |"+text, "\n## ", "\n### ")
}

var kinds = map[ledger.Kind]string{ledger.KindInt: "whole number", ledger.KindCents: "cents", ledger.KindDate: "date", ledger.KindBool: "0 or 1",
	ledger.KindText: "text", ledger.KindID: "ID", ledger.KindDigest: "SHA-256", ledger.KindBytes: "document"}

func printLedger() string {
	var b strings.Builder
	for _, t := range ledger.Tables {
		fmt.Fprintf(&b, "### %s\n\n%s.\n\n| column | holds | meaning |\n|---|---|---|\n", t.Name, strings.ToUpper(t.Doc[:1])+t.Doc[1:])
		for i, c := range t.Columns {
			name := c.Name
			if i < t.KeyLen {
				name = "**" + name + "**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, kinds[c.Kind], c.Doc)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// printTable shows some columns of a table of the checkout.
func printTable(t *testing.T, file string, columns ...string) string {
	text, err := os.ReadFile(filepath.Join(checkout, file))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(text)), "\n")
	header := strings.Split(rows[0], "\t")
	var b strings.Builder
	for i, row := range rows {
		cells := strings.Split(row, "\t")
		for _, c := range columns {
			at := slices.Index(header, c)
			if at < 0 {
				t.Fatalf("%s has no column %s", file, c)
			}
			fmt.Fprintf(&b, "| %s ", strings.ReplaceAll(cells[at], "_", " "))
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
		}
	}
	return b.String()
}

// A state or a step that the code gained or lost, and the page did not, is found here.
func TestReconcileNamesEveryStateAndStep(t *testing.T) {
	text := marker.ReplaceAllString(page(t, "reconcile.md"), "")
	first := regexp.MustCompile(`(?m)^\| ([A-Z][A-Z_0-9]+) \| \S`)
	var got []string
	for _, m := range first.FindAllStringSubmatch(text, -1) {
		got = append(got, m[1])
	}
	var want []string
	f, err := parser.ParseFile(token.NewFileSet(), checkout+"/reconcile/state.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && fmt.Sprint(v.Type) == "State" {
			want = append(want, strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`))
		}
		return true
	})
	for _, name := range []string{"match", "line", "reversal"} {
		source, err := os.ReadFile(checkout + "/reconcile/" + name + ".go")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"([CLR][1-9])"`).FindAllStringSubmatch(string(source), -1) {
			steps[m[1]] = true
		}
	}
	for s := range steps {
		want = append(want, s)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("docs/reconcile.md names %v, the code has %v", got, want)
	}
}

// measured is the page that make soak writes: a checkout before the first soak has none.
const measured = "measurements.md"

var fenced = regexp.MustCompile("(?ms)^```.*?^```$")

var link = regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)

func TestEveryPageIsLinkedAndEveryLinkLeadsSomewhere(t *testing.T) {
	linked := map[string]bool{"index.md": true}
	for _, name := range pages(t) {
		text := fenced.ReplaceAllString(page(t, name), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") || m[1] == measured {
				continue
			}
			target, at := filepath.Base(m[1]), name
			if m[1] == "" {
				target = name
			} else if _, err := os.Stat(filepath.Join(checkout, "docs", m[1])); err != nil {
				t.Errorf("docs/%s links to %s, which is not there", name, m[1])
				continue
			}
			if name == "index.md" {
				linked[target] = true
			}
			if m[2] != "" && strings.HasSuffix(target, ".md") && !strings.Contains(m[1], "..") {
				if !slices.Contains(anchors(page(t, target)), m[2][1:]) {
					t.Errorf("docs/%s links to %s%s, which has no such heading", at, m[1], m[2])
				}
			}
		}
	}
	readme, err := os.ReadFile(checkout + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	linked[measured] = true
	for _, name := range pages(t) {
		if !linked[name] {
			t.Errorf("docs/%s is not linked from docs/index.md", name)
		}
		if !strings.Contains(string(readme), "docs/"+name) {
			t.Errorf("docs/%s is not named in README.md", name)
		}
	}
}

// anchors are the names under which the headings of a page can be linked to.
func anchors(text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		out = append(out, strings.ReplaceAll(name, " ", "-"))
	}
	return out
}
