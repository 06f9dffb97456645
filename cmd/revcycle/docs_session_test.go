package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// fence is a fenced block of a page.
type fence struct {
	page, kind, text string
	line             int
}

func (f fence) String() string { return fmt.Sprintf("docs/%s:%d", f.page, f.line) }

// fences lists the blocks of a page in order.
func fences(t *testing.T, name string) []fence {
	var out []fence
	var open *fence
	for i, line := range strings.Split(page(t, name), "\n") {
		switch {
		case open == nil && strings.HasPrefix(line, "```"):
			open = &fence{page: name, kind: strings.TrimPrefix(line, "```"), line: i + 1}
		case open != nil && line == "```":
			out, open = append(out, *open), nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return out
}

// inWorkspace reports a diff of files of a workspace; the others change the program.
func inWorkspace(f fence) bool {
	return f.kind == "diff" && strings.Contains(f.text, "+++ b/rulebook/")
}

// step is one command of a page and what it must print.
type step struct {
	at      string
	command string
	want    []string
}

// steps reads the commands of the console blocks, and makes commands of the diffs over a workspace.
func steps(t *testing.T, name, dir string) []step {
	var out []step
	for _, f := range fences(t, name) {
		if inWorkspace(f) {
			file := filepath.Join(dir, fmt.Sprintf("line%d.diff", f.line))
			if err := os.WriteFile(file, []byte(f.text), 0o600); err != nil {
				t.Fatal(err)
			}
			out = append(out, step{at: f.String(), command: fmt.Sprintf(`(cd "$REVCYCLE_WORKSPACE" && git apply %s)`, file)})
		}
		if f.kind != "console" {
			continue
		}
		for i, line := range strings.Split(strings.TrimSuffix(f.text, "\n"), "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				out = append(out, step{at: fmt.Sprintf("docs/%s:%d", name, f.line+1+i), command: command})
			} else if more, ok := strings.CutPrefix(line, "> "); ok {
				out[len(out)-1].command += "\n" + more
			} else {
				out[len(out)-1].want = append(out[len(out)-1].want, line)
			}
		}
	}
	return out
}

// What a page shows of a command is what it prints. A line of … alone stands for any lines, an … inside a
// line for any text; exit 3 at the end says how a command ended that did not end with 0.
func TestThePagesShowWhatTheProgramPrints(t *testing.T) {
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "revcycle"), ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	fixtures, err := filepath.Abs(checkout + "/fixtures")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pages(t) {
		dir := t.TempDir()
		list := steps(t, name, dir)
		if len(list) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := filepath.Join(dir, "home")
			if err := os.Mkdir(home, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(fixtures, filepath.Join(dir, "fixtures")); err != nil {
				t.Fatal(err)
			}
			var script strings.Builder
			for _, s := range list {
				fmt.Fprintf(&script, "{\n%s\n} 2>&1\nprintf '\\001%%d\\001' $?\n", s.command)
			}
			c := exec.Command("bash", "-c", script.String())
			c.Dir = dir
			c.Env = append(os.Environ(), "HOME="+home, "PATH="+bin+":"+os.Getenv("PATH"), "REVCYCLE_WORKSPACE=", "TZ=UTC", "GIT_CEILING_DIRECTORIES="+dir)
			out, _ := c.Output() // how each command ended is told by its mark
			parts := strings.Split(string(out), "\x01")
			for i, s := range list {
				if 2*i+1 >= len(parts) {
					t.Fatalf("%s: %s: did not end", s.at, s.command)
				}
				got := strings.TrimSuffix(parts[2*i], "\n")
				if code := parts[2*i+1]; code != "0" {
					got += "\nexit " + code
				}
				if !shows(s.want, strings.Split(strings.TrimPrefix(got, "\n"), "\n")) {
					t.Errorf("%s: $ %s\nprints\n%s\nthe page shows\n%s", s.at, s.command, got, strings.Join(s.want, "\n"))
				}
			}
		})
	}
}

// shows reports whether lines are what a page shows of them.
func shows(page, lines []string) bool {
	if len(page) == 0 {
		return len(lines) == 0 || len(lines) == 1 && lines[0] == ""
	}
	if page[0] == "…" {
		for i := 0; i <= len(lines); i++ {
			if shows(page[1:], lines[i:]) {
				return true
			}
		}
		return false
	}
	return len(lines) > 0 && like(page[0], lines[0]) && shows(page[1:], lines[1:])
}

func like(shown, line string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(shown, " ")), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimRight(line, " "))
}

// The judge of the pages bites: what differs from a page is not taken for it.
func TestAPageThatDiffersIsFound(t *testing.T) {
	lines := []string{"a", "b  1.00", "c"}
	for _, c := range []struct {
		page string
		want bool
	}{{"a|b  1.00|c", true}, {"a|…|c", true}, {"…|c", true}, {"a|b  …|c", true}, {"a|…", true}, {"a|c", false}, {"a|b  2.00|c", false}, {"a", false}, {"…|b", false}, {"", false}} {
		var page []string
		if c.page != "" {
			page = strings.Split(c.page, "|")
		}
		if got := shows(page, lines); got != c.want {
			t.Errorf("%q: got %t, want %t", c.page, got, c.want)
		}
	}
}

// Each sql block of docs/sql.md is asked of the ledger of the shipped inbox; the text block behind it is the answer.
func TestTheQueriesAnswerAsThePageSays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "night")
	night(t, dir)
	conn, err := sqlite.OpenConn(filepath.Join(dir, "ledger.db"), sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text, blocks, asked := page(t, "sql.md"), fences(t, "sql.md"), 0
	for i, f := range blocks {
		if f.kind != "sql" {
			continue
		}
		if i+1 == len(blocks) || blocks[i+1].kind != "text" {
			t.Errorf("%s: no text block with the answer follows", f)
			continue
		}
		asked++
		got := ask(t, conn, f)
		if *update {
			text = strings.Replace(text, "```sql\n"+f.text+"```\n\n```text\n"+blocks[i+1].text+"```", "```sql\n"+f.text+"```\n\n```text\n"+got+"```", 1)
		} else if got != blocks[i+1].text {
			t.Errorf("%s: answers\n%s\nthe page shows\n%s", f, got, blocks[i+1].text)
		}
	}
	if asked == 0 {
		t.Error("docs/sql.md asks nothing")
	}
	if *update {
		if err := os.WriteFile(checkout+"/docs/sql.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// ask prints a query's answer as sqlite3 -header does.
func ask(t *testing.T, conn *sqlite.Conn, f fence) string {
	var b strings.Builder
	err := sqlitex.ExecuteTransient(conn, strings.TrimSuffix(strings.TrimSpace(f.text), ";"), &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		names, cells := make([]string, s.ColumnCount()), make([]string, s.ColumnCount())
		for i := range cells {
			names[i], cells[i] = s.ColumnName(i), s.ColumnText(i)
		}
		if b.Len() == 0 {
			b.WriteString(strings.Join(names, "|") + "\n")
		}
		b.WriteString(strings.Join(cells, "|") + "\n")
		return nil
	}})
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return b.String()
}

// night makes a workspace of the shipped inbox and runs one night over it.
func night(t *testing.T, dir string) {
	t.Helper()
	run := func(want int, args ...string) {
		var out, errs strings.Builder
		if got := execute(t.Context(), args, &out, &errs); got != want {
			t.Fatalf("revcycle %v: exit %d, want %d\n%s", args, got, want, errs.String())
		}
	}
	run(0, "init", dir)
	for _, from := range []string{"masters", "inbox"} {
		if err := os.CopyFS(filepath.Join(dir, "new"), os.DirFS(checkout+"/fixtures/demo/"+from)); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "new", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.Rename(f, filepath.Join(dir, from, filepath.Base(f))); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(3, "run", "-C", dir, "--as-of", "2025-03-31")
}
