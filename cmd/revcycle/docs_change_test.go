package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each diff of docs/extending.md that changes the program is made on a copy of the files that it names;
// then what it changes must build, and pass the tests of the packages it touches.
func TestTheChangesOfExtendingWork(t *testing.T) {
	root, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	dir, tests := t.TempDir(), map[string]string{"rules/coding": "./rules/coding", "rules/book": "./rules/book", "parsers/csv": "./parsers/csv"}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	build := []string{"build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", filepath.Join(dir, "revcycle"), "./cmd/revcycle"}
	test := []string{"test", "-overlay", filepath.Join(dir, "overlay.json")}
	for _, f := range fences(t, "extending.md") {
		if f.kind != "diff" || inWorkspace(f) {
			continue
		}
		for _, m := range regexp.MustCompile(`(?m)^\+\+\+ b/(.*)$`).FindAllStringSubmatch(f.text, -1) {
			copied := filepath.Join(dir, m[1])
			overlay.Replace[filepath.Join(root, m[1])] = copied
			if err := os.MkdirAll(filepath.Dir(copied), 0o700); err != nil {
				t.Fatal(err)
			}
			if text, err := os.ReadFile(filepath.Join(root, m[1])); err == nil {
				if err := os.WriteFile(copied, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for folder, pkg := range tests {
				if strings.HasPrefix(m[1], folder) {
					test = append(test, pkg)
					delete(tests, folder)
				}
			}
		}
		apply := exec.Command("git", "apply", "-")
		apply.Dir, apply.Stdin = dir, strings.NewReader(f.text)
		if out, err := apply.CombinedOutput(); err != nil {
			t.Errorf("%s: does not apply: %v\n%s", f, err, out)
		}
	}
	if len(overlay.Replace) == 0 {
		t.Fatal("docs/extending.md changes nothing")
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{build, test} {
		c := exec.Command("go", args...)
		c.Dir = root
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("go %v: %v\n%s", args, err, out)
		}
	}
	night := filepath.Join(dir, "night")
	for _, c := range []struct{ command, want string }{
		{"init " + night, "made a workspace"},
		{"rules test -C " + night, ", 0 do not hold"},
		{"run -C " + night + " --as-of 2025-03-31", "row 3, column Seen On"},
		{"gaps -C " + night + " --as-of 2025-03-31", "1 visit without a claim, 150.00 in all"},
		{"verify -C " + night, "extracts: files, their hashes, rows and sums"},
	} {
		out, err := exec.Command(filepath.Join(dir, "revcycle"), strings.Fields(c.command)...).CombinedOutput()
		if !strings.Contains(string(out), c.want) {
			t.Fatalf("the changed program: %s: %v\n%s\nwant %s", c.command, err, out, c.want)
		}
		if c.want == "made a workspace" {
			clinic(t, filepath.Join(night, "inbox"))
		}
	}
	if months, _ := filepath.Glob(filepath.Join(night, "extracts/current/dim_month/*.parquet")); len(months) != 1 {
		t.Errorf("dim_month has %d files, want 1", len(months))
	}
}

// clinic drops the file that docs/extending.md shows.
func clinic(t *testing.T, inbox string) {
	for _, f := range fences(t, "extending.md") {
		if strings.HasPrefix(f.text, "Appt No;") {
			if err := os.WriteFile(filepath.Join(inbox, "clinic-visits.csv"), []byte(f.text), 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("docs/extending.md shows no visits")
}
