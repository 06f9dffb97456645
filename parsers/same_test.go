package parsers

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"revcycle/parsers/x12"
)

// verdict is what a report says of a file but where: counts, totals, and the faults without their places.
func verdict(r Report) string {
	var faults []string
	for _, f := range r.Faults {
		faults = append(faults, fmt.Sprintf("%d %s %s %s %s", f.SNIP, f.Code, f.Loop, f.Segment, f.Element))
	}
	slices.Sort(faults)
	return fmt.Sprintf("%s %d/%d/%d %d segments, %d claims, %d remits, %s, %s; %s", r.Kind, r.Interchanges, r.Groups, r.Transactions, r.Segments,
		r.Claims, r.Remits, r.Charge, r.Paid, strings.Join(faults, "; "))
}

func inspected(t *testing.T, file []byte) Report {
	t.Helper()
	r, err := Inspect("sample", bytes.NewReader(file), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// rewritten reads a file and writes it back with other delimiters; ok is false where a segment could not be read or the delimiters stand in
// the data.
func rewritten(file []byte, d x12.Delimiters) (out []byte, ok bool) {
	r := x12.NewReader(bytes.NewReader(file))
	var b bytes.Buffer
	w := x12.NewWriter(&b, d)
	for {
		s, err := r.Read()
		if err != nil {
			break
		}
		if s.Is("ISA") && s.Delims().Repetition == 0 {
			return nil, false // the writer puts a separator where the file has none
		}
		if w.Segment(s) != nil {
			return nil, false
		}
	}
	err := w.Flush()
	return b.Bytes(), err == nil
}

// normal is a file as the writer would leave it: no line breaks or blanks around segments, no byte order mark, no empty segments.
func normal(file []byte) []byte {
	r := x12.NewReader(bytes.NewReader(file))
	var out []byte
	for {
		s, err := r.Read()
		if err != nil {
			return out
		}
		out = append(append(out, s.Raw()...), s.Delims().Segment)
	}
}

// What was read is what is written, byte for byte but for what stands around segments; with other delimiters it says the same.
func TestWhatIsReadIsWritten(t *testing.T) {
	files, whole, changed := corpus(t), 0, 0
	rng := rand.New(rand.NewPCG(7, 7))
	for _, path := range slices.Sorted(maps.Keys(files)) {
		file := files[path]
		before := inspected(t, file)
		if before.Interchanges != 1 || slices.ContainsFunc(before.Faults, func(f x12.Fault) bool { return f.Code == x12.CodeTruncated || f.Code == x12.CodeISALength }) {
			continue
		}
		r := x12.NewReader(bytes.NewReader(file))
		first, err := r.Read()
		if err != nil {
			continue
		}
		d := first.Delims()
		if same, ok := rewritten(file, d); ok && d.Segment != '\n' && d.Segment != '\r' {
			whole++
			if !bytes.Equal(same, normal(file)) {
				t.Errorf("%s: written back it is another file", path)
			}
		}
		bytesOf := []byte("|>!\x1d\x1e\x1f}")
		rng.Shuffle(len(bytesOf), func(i, j int) { bytesOf[i], bytesOf[j] = bytesOf[j], bytesOf[i] })
		other := x12.Delimiters{Element: bytesOf[0], Component: bytesOf[1], Repetition: bytesOf[2], Segment: bytesOf[3]}
		if rng.IntN(4) == 0 {
			other.Segment = '\n' // it ends segments, and is nothing else
		}
		if again, ok := rewritten(file, other); ok {
			changed++
			if got, want := verdict(inspected(t, again)), verdict(inspected(t, normal(file))); got != want {
				t.Errorf("%s with %q:\n got %s\nwant %s", path, other, got, want)
			}
		}
	}
	t.Logf("%d files written back, %d with other delimiters", whole, changed)
	if whole < 60 || changed < 60 {
		t.Errorf("only %d files written back and %d with other delimiters", whole, changed)
	}
}

// Line breaks between segments, lines of eighty characters, and readers that give a byte at a time say the same.
func TestLineBreaksAndReadSizesChangeNothing(t *testing.T) {
	for path, file := range corpus(t) {
		want := verdict(inspected(t, file))
		for name, r := range map[string]*bytes.Buffer{"a byte at a time": bytes.NewBuffer(file)} {
			got, err := Inspect("sample", iotest.OneByteReader(r), nil, nil)
			if err != nil || verdict(got) != want {
				t.Errorf("%s, %s: %v\n got %s\nwant %s", path, name, err, verdict(got), want)
			}
		}
	}
	for name, base := range bases() {
		want := verdict(inspected(t, []byte(base)))
		for how, text := range map[string]string{
			"a line a segment":         strings.ReplaceAll(base, "~", "~\n"),
			"lines of another machine": strings.ReplaceAll(base, "~", "~\r\n"),
			"blank lines at the end":   base + "\n\n \r\n",
		} {
			if got := verdict(inspected(t, []byte(text))); got != want {
				t.Errorf("%s, %s:\n got %s\nwant %s", name, how, got, want)
			}
		}
		wrapped := inspected(t, wrap([]byte(base), 80, "\n"))
		wrapped.Faults = slices.DeleteFunc(wrapped.Faults, func(f x12.Fault) bool { return f.Code == x12.CodeWrapped })
		if got := verdict(wrapped); got != want {
			t.Errorf("%s, wrapped:\n got %s\nwant %s", name, got, want)
		}
	}
}

// Files that are put together hold what they held apart: the same totals, the same faults.
func TestFilesPutTogetherSayTheSame(t *testing.T) {
	var one, apart []Report
	var together bytes.Buffer
	var names []string
	for name := range bases() {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		control := fmt.Sprintf("%09d", 101+i)
		text := []byte(strings.ReplaceAll(bases()[name], "000000101", control))
		apart = append(apart, inspected(t, text))
		together.Write(text)
	}
	one = append(one, inspected(t, together.Bytes()))
	sum := func(list []Report) string {
		var s Report
		for _, r := range list {
			s.Interchanges, s.Groups, s.Transactions, s.Segments = s.Interchanges+r.Interchanges, s.Groups+r.Groups, s.Transactions+r.Transactions, s.Segments+r.Segments
			s.Claims, s.Remits, s.Charge, s.Paid = s.Claims+r.Claims, s.Remits+r.Remits, s.Charge+r.Charge, s.Paid+r.Paid
			s.Faults = append(s.Faults, r.Faults...)
		}
		slices.SortFunc(s.Faults, func(a, b x12.Fault) int { return cmp.Compare(a.Code, b.Code) })
		return verdict(s)
	}
	if got, want := sum(one), sum(apart); got != want {
		t.Errorf("together %s\n apart %s", got, want)
	}
}
