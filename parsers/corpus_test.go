package parsers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/parsers/snip"
	"revcycle/parsers/x835"
	"revcycle/parsers/x837"
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

// rows reads a tab separated table with a header.
func rows(t testing.TB, path string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
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
		out = append(out, row)
	}
	return out
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

// corpus gives every public sample that has an ISA, with its row of the index.
func corpus(t testing.TB) map[string][]byte {
	out := make(map[string][]byte)
	for _, row := range rows(t, shared(t, "data", "x12", "INDEX.tsv")) {
		if number(row["n_ISA"]) == 0 {
			continue
		}
		b, err := os.ReadFile(shared(t, "data", "x12", row["path"]))
		if err != nil {
			t.Fatal(err)
		}
		out[row["path"]] = b
	}
	return out
}

// What inspect counts is what an independent scan of the same files counted.
func TestInspectCountsTheCorpus(t *testing.T) {
	files := corpus(t)
	for _, row := range rows(t, shared(t, "data", "x12", "INDEX.tsv")) {
		file, ok := files[row["path"]]
		if !ok {
			continue
		}
		r, err := Inspect(row["path"], bytes.NewReader(file), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := []int{r.Interchanges, r.Groups, r.Transactions, r.Claims, r.Remits, int(r.Bytes)}
		want := []int{number(row["n_ISA"]), number(row["n_GS"]), number(row["n_ST"]), number(row["n_CLM"]), number(row["n_CLP"]), len(file)}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v want %v; %v", row["path"], got, want, r.Faults)
		}
		l, err := Scan(bytes.NewReader(file), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := []int{len(l.Interchanges), l.Groups, len(l.Sets), l.Claims, l.Remits, int(l.Bytes)}; !reflect.DeepEqual(n, want) {
			t.Errorf("%s: scan: got %v want %v", row["path"], n, want)
		}
	}
}

// An independent check found the same claims and HL levels at fault, set by set where a file has one set.
func TestInspectAgreesOnClaimFaults(t *testing.T) {
	files := corpus(t)
	want := make(map[string][3]int)
	for _, row := range rows(t, shared(t, "data", "x12", "837_checks.tsv")) {
		w := want[row["path"]]
		w[0] += number(row["claims_charge_mismatch"])
		if number(row["HL_faults"]) > 0 {
			w[1] = 1
		}
		if number(row["NPI_luhn_fail"]) > 0 {
			w[2] = 1
		}
		want[row["path"]] = w
	}
	for path, w := range want {
		file, ok := files[path]
		if !ok {
			continue
		}
		r, err := Inspect(path, bytes.NewReader(file), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got [3]int
		cut := false
		for _, f := range r.Faults {
			switch f.Code {
			case snip.CodeChargeSum:
				got[0]++
			case CodeHLSequence, CodeHLParent:
				got[1] = 1
			case snip.CodeNPI:
				got[2] = 1
			case CodeFaultsCut:
				cut = true
			}
		}
		if got != w && !cut {
			t.Errorf("%s: got %v want %v", path, got, w)
		}
	}
}

// items reads all documents of a file, whole: claims, then remits.
func items(t testing.TB, file []byte, kind Kind) []string {
	t.Helper()
	var out []string
	all := x837.Read(bytes.NewReader(file), claim.Digest{})
	if kind == Remittance {
		all = x835.Read(bytes.NewReader(file), int64(len(file)), claim.Digest{})
	}
	for it, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, show(it))
	}
	return out
}

// chunks reads the same by the chunks of a scan.
func chunks(t testing.TB, file []byte, kind Kind) (out []string, n int) {
	t.Helper()
	l, err := Scan(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range l.Sets {
		if isAckKind(s.Kind) {
			continue
		}
		if (s.Kind == Remittance) != (kind == Remittance) {
			continue
		}
		for _, c := range s.Chunks {
			n++
			for it, err := range ReadChunk(&s, c, bytes.NewReader(file), claim.Digest{}) {
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, show(it))
			}
		}
	}
	return out, n
}

// show prints an item with everything but the people in it.
func show(it Item) string {
	j, _ := json.Marshal(it.Document)
	return fmt.Sprintf("%T %s %v %v", it.Document, j, it.Sighting, it.Faults)
}

// Every sample gives the same claims, remits, rejects, places and faults whether it is read whole or by chunks.
func TestChunksGiveWhatTheWholeFileGives(t *testing.T) {
	defer func(n int64) { chunkBytes = n }(chunkBytes)
	for path, file := range corpus(t) {
		for _, kind := range []Kind{Professional, Remittance} {
			whole := items(t, refusedOut(t, file), kind)
			for _, size := range []int64{1, 500, 1 << 20} {
				chunkBytes = size
				got, n := chunks(t, refusedOut(t, file), kind)
				if !reflect.DeepEqual(got, whole) {
					t.Errorf("%s in %d chunks of %d bytes differs:\n%s\nwant\n%s", path, n, size, strings.Join(got, "\n"), strings.Join(whole, "\n"))
				}
			}
		}
	}
}

// refusedOut gives a file, empty where it has sets that are refused: they have no chunks.
func refusedOut(t testing.TB, file []byte) []byte {
	l, err := Scan(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range l.Sets {
		if s.Refused != "" {
			return []byte("ISA*00*          *00*          *ZZ*A              *ZZ*B              *250125*1200*^*00501*000000001*0*T*:~IEA*0*000000001~")
		}
	}
	return file
}

// A file wrapped at 80 columns is read in chunks as it is whole, to the byte.
func TestChunksOfAWrappedFile(t *testing.T) {
	defer func(n int64) { chunkBytes = n }(chunkBytes)
	chunkBytes = 400
	plain, err := os.ReadFile(shared(t, "data", "remits", "golden", "submitted.837p"))
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"\n", "\r\n"} {
		file := wrap(plain, 80, end)
		whole := items(t, file, Professional)
		got, n := chunks(t, file, Professional)
		if n < 5 || !reflect.DeepEqual(got, whole) {
			t.Errorf("%d chunks; got\n%s\nwant\n%s", n, strings.Join(got, "\n"), strings.Join(whole, "\n"))
		}
	}
}

// wrap takes a file's line ends out and breaks it every n bytes.
func wrap(file []byte, n int, end string) []byte {
	file = bytes.ReplaceAll(file, []byte("\n"), nil)
	var out bytes.Buffer
	for len(file) > n {
		out.Write(file[:n])
		out.WriteString(end)
		file = file[n:]
	}
	out.Write(file)
	return out.Bytes()
}
