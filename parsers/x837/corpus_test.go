package x837

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
)

// shared finds the folder of real inputs beside the repository; the test is skipped where there is none.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	root := os.Getenv("REVCYCLE_SHARED")
	if root == "" {
		dir, _ := os.Getwd()
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				root = filepath.Join(filepath.Dir(dir), "shared")
				break
			}
		}
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared data are not here: under CI nothing is passed over")
		}
		t.Skipf("no shared data at %s", path)
	}
	return path
}

// table reads a tab separated file with a header into rows by column name.
func table(t testing.TB, path string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	var head []string
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if head == nil {
			head = f
			continue
		}
		row := make(map[string]string)
		for i, name := range head {
			if i < len(f) {
				row[name] = f[i]
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// all reads a whole file: its items and where its segments went.
func all(t testing.TB, file []byte) ([]set.Item, set.Counts) {
	t.Helper()
	var items []set.Item
	p := newParser(claim.Digest{}, func(it set.Item, err error) bool {
		if err == nil {
			items = append(items, it)
		}
		return true
	})
	p.position = func(ordinal int, offset int64) (int, int64) { return ordinal, offset }
	p.run(bytes.NewReader(file), false)
	return items, p.counts
}

// inSets counts the segments from ST to SE of the 837 sets of a file, and those that could not be cut, with the reader alone.
func inSets(file []byte) int {
	n, open := 0, false
	r := x12.NewReader(bytes.NewReader(file))
	for {
		s, err := r.Read()
		if err == io.EOF {
			return n
		}
		if err != nil {
			if open {
				n++
			}
			continue
		}
		switch string(s.ID()) {
		case "ISA", "IEA", "GS", "GE":
			open = false
		case "ST":
			open = string(s.Elem(1)) == "837"
		}
		if open {
			n++
		}
		if s.Is("SE") {
			open = false
		}
	}
}

// Every CLM of the public samples is a claim or a reject, and every segment is placed, kept or reported.
func TestCorpusIsAccountedFor(t *testing.T) {
	for _, row := range table(t, shared(t, "data", "x12", "INDEX.tsv")) {
		sets := strings.Split(row["transaction_sets"], ",")
		if len(sets) == 0 || !strings.Contains(row["transaction_sets"], "837") {
			continue
		}
		file, err := os.ReadFile(shared(t, "data", "x12", row["path"]))
		if err != nil {
			t.Fatal(err)
		}
		items, counts := all(t, file)
		if want := inSets(file); counts.Read != want || counts.Read != counts.Placed+counts.Kept+counts.Reported {
			t.Errorf("%s: %d segments stand in sets, accounted for are %+v", row["path"], want, counts)
		}
		claims := 0
		for _, it := range items {
			switch d := it.Document.(type) {
			case claim.Claim:
				claims++
			case claim.Reject:
				if d.Unit == "claim" {
					claims++
				}
			}
		}
		if want, _ := strconv.Atoi(row["n_CLM"]); claims != want {
			t.Errorf("%s: got %d claims want %d", row["path"], claims, want)
		}
	}
}

// The claims of the golden case are those of its tables, to the cent.
func TestGoldenClaims(t *testing.T) {
	got := make(map[string]claim.Claim)
	for _, name := range []string{"submitted.837p", "submitted.837i"} {
		file, err := os.ReadFile(shared(t, "data", "remits", "golden", name))
		if err != nil {
			t.Fatal(err)
		}
		items, _ := all(t, file)
		for _, it := range items {
			c, ok := it.Document.(claim.Claim)
			if !ok || len(it.Faults) > 0 {
				t.Fatalf("%s: an item that is no sound claim: %+v", name, it)
			}
			got[c.Control] = c
		}
	}
	rows := table(t, shared(t, "data", "remits", "golden", "claims.tsv"))
	if len(rows) != len(got) {
		t.Errorf("got %d claims want %d", len(got), len(rows))
	}
	for _, row := range rows {
		c, ok := got[row["clm01"]]
		if !ok {
			t.Errorf("no claim %s", row["clm01"])
			continue
		}
		who, from := c.Patient.Fields(), strings.ReplaceAll(c.StatementFrom.String(), "-", "")
		if c.Charge.String() != row["total_charge"] || c.LineSum() != c.Charge || string(c.Kind) != row["type"] ||
			who.MemberID != row["member_id"] || who.Last != row["last"] || who.First != row["first"] || from != row["dos"] {
			t.Errorf("%s: charge %s, kind %s, service %s; want %v", row["clm01"], c.Charge, c.Kind, from, row)
		}
	}
	for _, row := range table(t, shared(t, "data", "remits", "golden", "claim_lines.tsv")) {
		c := got[row["clm01"]]
		found := false
		for _, l := range c.Lines {
			if l.Control != row["line_ctl"] {
				continue
			}
			found = true
			mods := strings.Trim(strings.Join(l.Procedure.Modifiers[:], ":"), ":")
			code := l.Procedure.Code
			if code == "" {
				code = l.Revenue
			}
			if code != row["proc"] || mods != strings.ReplaceAll(row["mods"], " ", ":") || l.Units.String() != row["units"] || string(l.Charge.X12(nil)) != row["charge"] {
				t.Errorf("%s: got %s %s %s %s want %v", row["line_ctl"], code, mods, l.Units, l.Charge, row)
			}
		}
		if !found {
			t.Errorf("no line %s", row["line_ctl"])
		}
	}
}
