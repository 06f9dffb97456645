package x12

import (
	"bytes"
	"strings"
	"testing"
)

func writeSample(w *Writer) error {
	w.ISA(Interchange{Sender: "SENDER", Receiver: "RECEIVER", Date: "261122", Time: "0130", Control: "000000001"})
	w.GS(Group{Kind: "HC", Sender: "S", Receiver: "R", Date: "20261122", Time: "0130", Control: "1", Version: "005010X222A1"})
	w.ST("837", "0001", "005010X222A1")
	w.Write("BHT", "0019", "00", "1", "20261122", "0130", "CH")
	w.Write("HL", "1", "", "20", "1")
	w.Write("NM1", "85", "2", "CLINIC", "", "", "", "", "XX", "1234567893")
	w.Write("CLM", "A1", "100", "", "", Comp("11", "B", "1", ""), "Y", "A", "Y", "Y", "", "")
	w.Write("HI", Comp("ABK", "J189"), Repeat(Comp("ABF", "I10"), Comp("ABF", "E119")))
	w.SE()
	w.GE()
	w.IEA()
	return w.Flush()
}

// The envelope's widths, counts and control numbers are those of the hand-written sample, byte for byte.
func TestWriterWritesTheSample(t *testing.T) {
	var b bytes.Buffer
	if err := writeSample(NewWriter(&b, Standard)); err != nil {
		t.Fatal(err)
	}
	if b.String() != sample {
		t.Errorf("got  %s\nwant %s", b.String(), sample)
	}
}

// A file written with other delimiters reads as the same segments, and rewritten with the first ones is the same file.
func TestDelimitersCanBeChangedAndChangedBack(t *testing.T) {
	other := Delimiters{Element: '|', Component: '>', Repetition: '!', Segment: '\n'}
	rewrite := func(data string, d Delimiters) string {
		var b bytes.Buffer
		w := NewWriter(&b, d)
		segs, _ := read(t, data)
		for _, s := range segs {
			w.Segment(s)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	changed := rewrite(sample, other)
	if len(changed) != len(sample) || strings.ContainsAny(changed, "*~:^") {
		t.Errorf("got %s", changed)
	}
	if back := rewrite(changed, Standard); back != sample {
		t.Errorf("got  %s\nwant %s", back, sample)
	}
}

func TestWriterRefusesWhatCannotBeWritten(t *testing.T) {
	none := Standard
	none.Repetition = 0
	for name, f := range map[string]func(*Writer) error{
		"element separator":   func(w *Writer) error { return w.Write("N3", "1 MAIN * ST") },
		"component separator": func(w *Writer) error { return w.Write("N3", "1 MAIN : ST") },
		"terminator":          func(w *Writer) error { return w.Write("N3", "1 MAIN ~ ST") },
		"newline":             func(w *Writer) error { return w.Write("N3", "1 MAIN\nST") },
		"segment ID":          func(w *Writer) error { return w.Write("n3", "1") },
		"repetition":          func(w *Writer) error { return w.Write("N3", Repeat("1", "2")) },
		"control number":      func(w *Writer) error { return w.ISA(Interchange{Control: "1"}) },
		"long sender": func(w *Writer) error {
			return w.ISA(Interchange{Control: "000000001", Sender: strings.Repeat("S", 16)})
		},
		"trailer with nothing": func(w *Writer) error { return w.SE() },
	} {
		var b bytes.Buffer
		w := NewWriter(&b, none)
		err := f(w)
		if err == nil || w.Flush() == nil || b.Len() != 0 {
			t.Errorf("%s: got %v and %d bytes, want an error that sticks", name, err, b.Len())
		} else if strings.Contains(err.Error(), "MAIN") {
			t.Errorf("%s: the error shows the data: %v", name, err)
		}
	}
	if NewWriter(&bytes.Buffer{}, Delimiters{'*', '*', 0, '~'}).Flush() == nil || NewWriter(&bytes.Buffer{}, Delimiters{'*', ':', 0, 'A'}).Flush() == nil {
		t.Error("delimiters that are equal or letters were taken")
	}
}

// Binary data passes whatever it holds.
func TestBinarySurvivesRewriting(t *testing.T) {
	segs, codes := read(t, odd()["binary"])
	if len(codes) != 0 || string(segs[3].Elem(2)) != "ab~cd*e\n~ISA" || string(segs[4].Elem(3)) != "~~\r\n" {
		t.Fatalf("got %q, %q, faults %v", segs[3].Raw(), segs[4].Raw(), codes)
	}
	var b bytes.Buffer
	w := NewWriter(&b, Delimiters{'|', ':', '^', '~'})
	for _, s := range segs {
		w.Segment(s)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	again, _ := read(t, b.String())
	if len(again) != len(segs) || !bytes.Equal(again[3].Elem(2), segs[3].Elem(2)) {
		t.Errorf("got %s", b.String())
	}
}
