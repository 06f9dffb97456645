package x12

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

const (
	isa501 = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261122*0130*^*00501*000000001*0*P*:~"
	sample = isa501 + "GS*HC*S*R*20261122*0130*1*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20261122*0130*CH~" +
		"HL*1**20*1~NM1*85*2*CLINIC*****XX*1234567893~CLM*A1*100***11:B:1*Y*A*Y*Y~HI*ABK:J189*ABF:I10^ABF:E119~SE*7*0001~GE*1*1~IEA*1*000000001~"
)

// slow gives at most n bytes a read.
type slow struct {
	r io.Reader
	n int
}

func (s slow) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), s.n)]) }

// transcript is everything that reading a file gives, as text: segments with places and elements, errors, faults.
func transcript(src io.Reader, set func(*Reader)) string {
	var b strings.Builder
	report := func(f Fault) { fmt.Fprintf(&b, "fault %+v\n", f) }
	r := NewReader(src)
	r.Report = report
	if set != nil {
		set(r)
	}
	e := Envelope{Report: report}
	for {
		s, err := r.Read()
		if err == io.EOF {
			break
		}
		if se, ok := errors.AsType[*SyntaxError](err); ok {
			fmt.Fprintf(&b, "error %+v\n", *se)
			continue
		}
		if err != nil {
			fmt.Fprintf(&b, "source %v\n", err)
			break
		}
		fmt.Fprintf(&b, "%d@%d-%d %q", s.Ordinal, s.Byte, r.Offset(), s.Delims())
		for i := range s.Len() + 1 {
			fmt.Fprintf(&b, " %q", s.Elem(i))
		}
		fmt.Fprintf(&b, " %d\n", e.Feed(s))
	}
	e.Finish()
	i, g, n, k := e.Counts()
	fmt.Fprintf(&b, "counts %d %d %d %d\n", i, g, n, k)
	return b.String()
}

// faultsOf gives the codes of errors and faults, in order.
func faultsOf(data string) (codes []string) {
	r := NewReader(strings.NewReader(data))
	report := func(f Fault) { codes = append(codes, f.Code) }
	r.Report = report
	e := Envelope{Report: report}
	for {
		s, err := r.Read()
		if err == io.EOF {
			e.Finish()
			return codes
		}
		if se, ok := errors.AsType[*SyntaxError](err); ok {
			codes = append(codes, se.Code)
			continue
		}
		e.Feed(s)
	}
}

func read(t *testing.T, data string) (out []*Segment, codes []string) {
	t.Helper()
	r := NewReader(strings.NewReader(data))
	r.Report = func(f Fault) { codes = append(codes, f.Code) }
	for {
		s, err := r.Read()
		if err == io.EOF {
			return out, codes
		}
		if se, ok := errors.AsType[*SyntaxError](err); ok {
			codes = append(codes, se.Code)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s.Clone())
	}
}

func wrap(s string, width int, brk string) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + brk)
		s = s[width:]
	}
	return b.String() + s + brk
}

func lines(s, brk string) string { return strings.ReplaceAll(s, "~", "~"+brk) }

// odd are files that exercise each special path of the reader.
func odd() map[string]string {
	bin := isa501 + "GS*HI*S*R*20261122*0130*1*X*005010X210~ST*275*0001~BIN*12*ab~cd*e\n~ISA~BDS*ASC*4*~~\r\n~SE*4*0001~GE*1*1~IEA*1*000000001~"
	second := strings.NewReplacer("*", "|", ":", ">", "^", "!", "~", "\n", "000000001", "000000002").Replace(sample)
	short := strings.NewReplacer("SENDER         ", "SENDER", "RECEIVER       ", "RECEIVER").Replace(sample)
	long := strings.Replace(sample, "*CLINIC*", "*"+strings.Repeat("X", 70_000)+"*", 1)
	many := strings.Replace(sample, "*CLINIC*", strings.Repeat("*", 300), 1)
	return map[string]string{
		"plain": sample, "lf": lines(sample, "\n"), "crlf": lines(sample, "\r\n"), "blank lines": lines(sample, "\n\r\n\n"), "indented": lines(sample, "\n \t "),
		"newline terminator": strings.ReplaceAll(sample, "~", "\n"), "crlf terminator": strings.ReplaceAll(sample, "~", "\r\n"),
		"group separator": strings.ReplaceAll(sample, "~", "\x1d"), "unit separators": strings.NewReplacer("*", "\x1d", ":", "\x1f", "^", "\x1e", "~", "\x1c").Replace(sample),
		"bom": "\xef\xbb\xbf" + sample, "wrapped 80": wrap(sample, 80, "\n"), "wrapped 80 crlf": wrap(sample, 80, "\r\n"), "wrapped 128": wrap(sample, 128, "\n"),
		"wrapped bom": "\xef\xbb\xbf" + wrap(sample+sample, 72, "\r\n"), "wrapped long": wrap(strings.Repeat(sample, 900), 80, "\n"),
		"two interchanges": sample + second, "blank between": sample + "\n \n\x00\x1a" + second, "text between": sample + "*** end of file\nISAACS\n" + second,
		"binary": bin, "binary count wrong": strings.Replace(bin, "BIN*12*", "BIN*9*", 1), "binary no count": strings.Replace(bin, "BIN*12*", "BIN*x*", 1),
		"binary cut off": bin[:strings.Index(bin, "ab~")+5], "binary too long": strings.Replace(bin, "BIN*12*ab~cd*e\n~ISA", "BIN*70000*"+strings.Repeat("~*", 35_000), 1),
		"short isa": short, "no isa": sample[len(isa501):], "st first": sample[strings.Index(sample, "ST*"):],
		"too long": long, "too many elements": many, "no terminator at all": isa501 + strings.Repeat("A", 200_000),
		"last terminator missing": strings.TrimSuffix(sample, "~"), "truncated": sample[:len(sample)-40], "torn set then isa": sample[:300] + "~" + second,
		"empty segments": strings.Replace(sample, "~CLM", "~~~CLM", 1), "trailing separator": strings.Replace(sample, "*CH~", "*CH*~", 1),
		"newline in element": strings.Replace(sample, "CLINIC", "CLI\nNIC", 1), "lower-case id": strings.Replace(sample, "~CLM", "~clm", 1),
		"ISA inside a set": strings.Replace(sample, "~CLM", "~ISA*1*2~IEAX*3~CLM", 1), "4010": strings.NewReplacer("*^*00501*", "*U*00401*").Replace(sample),
		"empty": "", "prose": "Dear payer, please find attached ISA*00*", "isa only": "ISA*", "isa torn": isa501[:60], "zip": "PK\x03\x04....", "only newlines": "\n\n\n",
		"later isa unreadable": sample + "ISA*00*x~" + second, "hostile tildes": isa501 + strings.Repeat("~", 300_000), "hostile stars": isa501 + strings.Repeat("*", 300_000) + "~" + sample,
		"hostile newlines": wrap(sample, 80, "\n") + strings.Repeat("\n", 600_000) + wrap(sample, 80, "\n"),
	}
}

// A reader whose buffer ends inside a segment, a delimiter or an ISA must give what it gives with the file in one piece.
func TestWhatIsReadDoesNotDependOnTheSizeOfReads(t *testing.T) {
	for name, data := range odd() {
		checkSizes(t, name, []byte(data))
	}
}

func checkSizes(t *testing.T, name string, data []byte) {
	t.Helper()
	want := transcript(bytes.NewReader(data), nil)
	sizes := []int{1, 2, 7, 106, 107, 4096}
	if len(data) > 200_000 {
		sizes = sizes[2:]
	}
	for _, n := range sizes {
		for _, buffer := range []int{0, 1 << 20} {
			if got := transcript(slow{bytes.NewReader(data), n}, func(r *Reader) { r.Buffer = buffer }); got != want {
				t.Errorf("%s: reads of %d bytes: %s", name, n, firstDifference(got, want))
				return
			}
		}
	}
	// A small segment limit makes a small buffer, so that it moves often.
	small := func(r *Reader) { r.MaxSegment, r.Buffer = 2000, 0 }
	if got, want := transcript(slow{bytes.NewReader(data), 107}, small), transcript(bytes.NewReader(data), small); got != want {
		t.Errorf("%s: small buffer: %s", name, firstDifference(got, want))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d: got %.300s\nwant %.300s", i, g[i], strings.Join(w[i:min(i+1, len(w))], ""))
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}

// Byte is where the segment stands in the file as it was received, whatever was trimmed, skipped or unwrapped before it.
func TestBytePointsIntoTheFile(t *testing.T) {
	for name, data := range odd() {
		if name == "hostile newlines" {
			continue
		}
		segs, _ := read(t, data)
		for _, s := range segs {
			got := data[s.Byte:]
			if strings.HasPrefix(name, "wrapped") {
				got = strings.NewReplacer("\r", "", "\n", "").Replace(got[:min(len(got), 400)])
			}
			if !strings.HasPrefix(got, string(s.Raw())) {
				t.Errorf("%s: segment %d at byte %d: file has %.20q, segment is %.20q", name, s.Ordinal, s.Byte, got, s.Raw())
			}
		}
	}
}

// However a file is dressed up, its segments are the same.
func TestDressDoesNotChangeSegments(t *testing.T) {
	plain, _ := read(t, sample)
	if len(plain) != 11 {
		t.Fatalf("got %d segments, want 11", len(plain))
	}
	for _, name := range []string{"lf", "crlf", "blank lines", "indented", "newline terminator", "crlf terminator", "group separator", "unit separators", "bom",
		"wrapped 80", "wrapped 80 crlf", "wrapped 128", "short isa"} {
		segs, _ := read(t, odd()[name])
		if len(segs) != len(plain) {
			t.Errorf("%s: got %d segments, want %d", name, len(segs), len(plain))
			continue
		}
		for i, s := range segs[1:] {
			p := plain[i+1]
			if !s.Is(string(p.ID())) || s.Len() != p.Len() || s.Ordinal != p.Ordinal {
				t.Errorf("%s: segment %d is %q", name, s.Ordinal, s.Raw())
			}
			for e := range p.Len() + 1 {
				for r := range max(1, p.Reps(e)) {
					for c := range 4 {
						if got, want := s.RepComp(e, r+1, c+1), p.RepComp(e, r+1, c+1); !bytes.Equal(got, want) {
							t.Errorf("%s: %s%02d-%d: got %q, want %q", name, p.ID(), e, c+1, got, want)
						}
					}
				}
			}
		}
	}
}

// A wrapped file of several interchanges that one read delivers whole ends in a short line behind the
// window that is looked at: it must be unwrapped to its end all the same.
func TestAWrappedFileInOneReadIsUnwrapped(t *testing.T) {
	for n := range 12 {
		whole := strings.Repeat(sample, n+1)
		plain, _ := read(t, whole)
		wrapped, codes := read(t, wrap(whole, 80, "\n"))
		if len(wrapped) != len(plain) || !slices.Equal(codes, []string{CodeWrapped}) {
			t.Errorf("%d interchanges: got %d segments and faults %v, want %d and %s", n+1, len(wrapped), codes, len(plain), CodeWrapped)
		}
	}
}

func TestSegmentGivesElementsRepetitionsAndComponents(t *testing.T) {
	segs, codes := read(t, sample)
	if len(codes) != 0 {
		t.Errorf("a sound file: got faults %v", codes)
	}
	clm, hi := segs[6], segs[7]
	for _, c := range []struct{ got, want string }{
		{string(clm.Elem(1)), "A1"}, {string(clm.Elem(5)), "11:B:1"}, {string(clm.Comp(5, 1)), "11"}, {string(clm.Comp(5, 3)), "1"}, {string(clm.Comp(2, 1)), "100"},
		{string(hi.Rep(2, 2)), "ABF:E119"}, {string(hi.RepComp(2, 2, 2)), "E119"}, {string(hi.Comp(2, 2)), "I10"}, {string(clm.Raw()), "CLM*A1*100***11:B:1*Y*A*Y*Y"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if clm.Elem(3) == nil || len(clm.Elem(3)) != 0 || clm.Elem(10) != nil || clm.Elem(-1) != nil || clm.Comp(5, 4) != nil || clm.Comp(5, 0) != nil || hi.Rep(2, 3) != nil {
		t.Error("an empty element is not nil; what is past the end is")
	}
	if clm.Len() != 9 || clm.Comps(5) != 3 || clm.Comps(3) != 0 || hi.Reps(2) != 2 || hi.Reps(1) != 1 || hi.Reps(3) != 0 {
		t.Error("wrong number of elements, components or repetitions")
	}
	if got := segs[0].Elem(16); string(got) != ":" {
		t.Errorf("ISA16: got %q", got)
	}
}

func TestFaultsHaveTheirCodes(t *testing.T) {
	for name, want := range map[string][]string{
		"plain": nil, "lf": nil, "crlf": nil, "newline terminator": nil, "4010": nil, "two interchanges": nil, "blank between": nil, "binary": nil,
		"bom": {CodeBOM}, "indented": {CodeIndented}, "wrapped 80": {CodeWrapped}, "wrapped 128": {CodeWrapped}, "short isa": {CodeISALength}, "no isa": {CodeNoISA, CodeIEAOutside},
		"text between": {CodeOutsideInterchange}, "too long": {CodeSegmentTooLong}, "too many elements": {CodeTooManyElements},
		"no terminator at all": {CodeSegmentTooLong, CodeMissingIEA}, "last terminator missing": {CodeNoLastTerminator},
		"truncated": {CodeTruncated, CodeMissingSE, CodeMissingGE, CodeMissingIEA}, "empty segments": {CodeEmptySegment},
		"trailing separator": {CodeTrailingSeparator}, "newline in element": {CodeControlCharacter}, "lower-case id": {CodeSegmentID},
		"empty": {CodeNotX12}, "prose": {CodeNotX12}, "isa only": {CodeTruncated}, "isa torn": {CodeTruncated}, "zip": {CodeNotX12}, "only newlines": {CodeNotX12},
		"torn set then isa":  {CodeMissingSE, CodeMissingGE, CodeMissingIEA},
		"binary count wrong": {CodeBinaryLength, CodeSegmentID, CodeSE01Count}, "later isa unreadable": {CodeISAUnreadable},
	} {
		got := faultsOf(odd()[name])
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// A segment of 8 MB is refused without being held, and what follows it is read.
func TestEightMegabyteSegmentIsRefusedInBoundedMemory(t *testing.T) {
	data := strings.Replace(sample, "*CLINIC*", "*"+strings.Repeat("X", 8<<20)+"*", 1)
	r := NewReader(strings.NewReader(data))
	n, refused := 0, 0
	for {
		_, err := r.Read()
		if err == io.EOF {
			break
		}
		if se, ok := errors.AsType[*SyntaxError](err); ok {
			refused++
			if se.Code != CodeSegmentTooLong || se.ID != "NM1" || se.Segment != 6 || se.Fatal {
				t.Errorf("got %+v", *se)
			}
			continue
		}
		n++
	}
	if n != 10 || refused != 1 {
		t.Errorf("got %d segments and %d refused, want 10 and 1", n, refused)
	}
	if len(r.buf) > 512<<10 || cap(r.at.hits) > 256<<10 {
		t.Errorf("buffer %d, index %d: not bounded", len(r.buf), cap(r.at.hits))
	}
}

// A file torn at any byte is reported, never silently taken for whole; nothing panics.
func TestFileTornAtEveryByteIsReported(t *testing.T) {
	for i := range len(sample) - 1 {
		if codes := faultsOf(sample[:i]); len(codes) == 0 {
			t.Errorf("torn at byte %d: no fault", i)
		}
	}
}

type failing struct{ after io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.after.Read(p)
	if err == io.EOF {
		err = errors.New("disk on fire")
	}
	return n, err
}

// A broken disk is an error, not a truncated file; what was read before it is delivered.
func TestFailingSourceIsItsOwnError(t *testing.T) {
	r := NewReader(failing{strings.NewReader(sample[:len(sample)-40])})
	n := 0
	for {
		_, err := r.Read()
		if err != nil {
			if err.Error() != "disk on fire" {
				t.Errorf("got %v", err)
			}
			break
		}
		n++
	}
	if n != 7 {
		t.Errorf("got %d segments before the failure, want 7", n)
	}
}

func TestMessagesShowNoContent(t *testing.T) {
	bad := strings.Replace(sample, "CLM*A1", "JOHNSMITH*A1", 1)
	for _, data := range []string{"JOHNSMITH 1970", bad, strings.Replace(bad, "~SE*7", "~SE*JOHNSMITH", 1)} {
		if got := transcript(strings.NewReader(data), nil); strings.Contains(strings.Join(slices.DeleteFunc(strings.Split(got, "\n"), func(l string) bool {
			return !strings.HasPrefix(l, "fault") && !strings.HasPrefix(l, "error")
		}), "\n"), "JOHN") {
			t.Errorf("a message holds content: %s", got)
		}
	}
}
