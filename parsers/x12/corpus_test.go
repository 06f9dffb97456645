package x12

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// shared gives the folder of shared data, or skips: these tests add to those that need nothing.
func shared(t *testing.T, sub string) string {
	t.Helper()
	dir := os.Getenv("REVCYCLE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, sub)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared data are not here: under CI nothing is passed over")
		}
		t.Skip("no shared data at hand")
	}
	return dir
}

// indexed is one row of INDEX.tsv.
type indexed struct {
	path           string
	isa, gs, st, n int
	flags, faults  string
	data           []byte
}

func corpus(t *testing.T) (rows []indexed) {
	t.Helper()
	dir := shared(t, "data/x12")
	index, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(index)), "\n") {
		f := strings.Split(line, "\t")
		if i == 0 || len(f) < 17 {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f[0]))
		if err != nil {
			t.Fatal(err)
		}
		number := func(s string) int {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		rows = append(rows, indexed{f[0], number(f[6]), number(f[7]), number(f[8]), number(f[11]), f[14], f[15], data})
	}
	if len(rows) < 100 {
		t.Fatalf("only %d rows in INDEX.tsv", len(rows))
	}
	return rows
}

// Interchanges, groups and sets of every public sample are as an independent scan counted them.
func TestCorpusCountsAgree(t *testing.T) {
	for _, row := range corpus(t) {
		if row.isa == 0 && !strings.Contains(row.flags, "no-envelope") {
			if _, err := NewReader(bytes.NewReader(row.data)).Read(); err == nil || !strings.Contains(err.Error(), "not X12") {
				t.Errorf("%s: got %v, want not X12", row.path, err)
			}
			continue
		}
		var e Envelope
		found := map[string]int{}
		e.Report = func(f Fault) { found[f.Code]++ }
		r := NewReader(bytes.NewReader(row.data))
		refused := 0
		for {
			s, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				refused++
				continue
			}
			e.Feed(s)
		}
		e.Finish()
		i, g, st, n := e.Counts()
		if i != row.isa || g != row.gs || st != row.st {
			t.Errorf("%s: got %d ISA, %d GS, %d ST; want %d, %d, %d", row.path, i, g, st, row.isa, row.gs, row.st)
		}
		if n+refused != row.n && !strings.Contains(row.flags, "empty-segments") {
			t.Errorf("%s: got %d segments and %d refused, want %d", row.path, n, refused, row.n)
		}
		checkFaults(t, row, found)
	}
}

// checkFaults compares the structural faults of a file with those that the independent scan listed.
func checkFaults(t *testing.T, row indexed, found map[string]int) {
	t.Helper()
	if strings.Contains(row.flags, "last-segment-unterminated") {
		return
	}
	for code, marks := range map[string][]string{
		CodeSE01Count: {"SE01 ", " counted"}, CodeSE02Control: {"SE02 "}, CodeGE01Count: {"GE01 "}, CodeGE02Control: {"GE02 "},
		CodeIEA01Count: {"IEA01 "}, CodeIEA02Control: {"IEA02 "}, CodeMissingSE: {"missing SE"}, CodeMissingGE: {"missing GE"}, CodeMissingIEA: {"missing IEA"},
	} {
		want := 0
		for _, f := range strings.Split(row.faults, "; ") {
			if strings.HasPrefix(strings.TrimSpace(f), marks[0]) {
				want++
			}
		}
		if strings.Contains(row.faults, "... 312 faults") && code == CodeSE01Count {
			want = 312
		}
		if found[code] != want {
			t.Errorf("%s: got %d of %s, want %d (%s)", row.path, found[code], code, want, row.faults)
		}
	}
}

func TestCorpusReadsTheSameInAnyPieces(t *testing.T) {
	for _, row := range corpus(t) {
		checkSizes(t, row.path, row.data)
	}
}

// Every byte of a sound file is in a segment, is its terminator, or is a line break around it.
func TestCorpusLosesNoByte(t *testing.T) {
	for _, row := range corpus(t) {
		r := NewReader(bytes.NewReader(row.data))
		at := int64(0)
		for {
			s, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				at = -1
				break
			}
			if gap := bytes.Trim(row.data[at:s.Byte], "\r\n "); len(gap) > 0 && !strings.Contains(row.flags, "empty-segments") {
				t.Errorf("%s: %d bytes before segment %d are in none", row.path, len(gap), s.Ordinal)
			}
			at = s.Byte + int64(len(s.Raw())) + 1
		}
		if at > 0 && len(bytes.TrimSpace(row.data[min(at, int64(len(row.data))):])) > 0 {
			t.Errorf("%s: bytes behind the last segment", row.path)
		}
	}
}
