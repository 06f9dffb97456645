package x12

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The marks by which the strings given to Writer.Write tell their parts, whatever the delimiters of the file. They cannot
// be data.
const (
	componentMark  = '\x1f'
	repetitionMark = '\x1e'
)

// Comp joins components to one element for Writer.Write; trailing empty ones are dropped.
func Comp(components ...string) string {
	return strings.TrimRight(strings.Join(components, string(componentMark)), string(componentMark))
}

// Repeat joins repetitions to one element for Writer.Write.
func Repeat(repetitions ...string) string {
	return strings.Join(repetitions, string(repetitionMark))
}

// Writer writes segments and counts them, so that trailers are right. Data that holds a delimiter is refused, for X12 has
// no way to escape one. Errors stick: after one, every call returns it. Call Flush at the end.
type Writer struct {
	// Replace stands in the place of each byte of the data that cannot be written: a delimiter or a control character. 0
	// refuses the segment.
	Replace byte

	// LineBreaks puts a newline behind each terminator.
	LineBreaks bool

	w   *bufio.Writer
	d   Delimiters
	err error
	buf []byte

	segments, sets, groups         int
	isaControl, gsControl, control string
	inInterchange, inGroup, inSet  bool
}

// NewWriter gives a Writer to w with the given delimiters. They must differ from each other and be neither letters nor
// digits, or every write fails. Repetition may be 0 for none.
func NewWriter(w io.Writer, d Delimiters) *Writer {
	out := &Writer{w: bufio.NewWriter(w), d: d}
	all := []byte{d.Element, d.Component, d.Segment}
	if d.Repetition != 0 {
		all = append(all, d.Repetition)
	}
	for i, c := range all {
		if isAlnum(c) || c == 0 || strings.IndexByte(string(all[:i]), c) >= 0 {
			out.err = fmt.Errorf("x12: write: the delimiters must be four different bytes and neither letters nor digits")
		}
	}
	return out
}

// Delims gives the delimiters in use.
func (w *Writer) Delims() Delimiters { return w.d }

// Write writes one segment. Trailing empty elements are dropped. An element with several components or repetitions is made
// with Comp and Repeat. It fails, naming segment and element but no value, where data holds a delimiter or a control
// character.
func (w *Writer) Write(id string, elems ...string) error {
	if w.err != nil {
		return w.err
	}
	if validID([]byte(id)) == "" {
		return w.refuse(fmt.Errorf("x12: write: %q is no segment ID", id))
	}
	for len(elems) > 0 && elems[len(elems)-1] == "" {
		elems = elems[:len(elems)-1]
	}
	w.buf = append(w.buf[:0], id...)
	for i, e := range elems {
		w.buf = append(w.buf, w.d.Element)
		if err := w.element(e); err != nil {
			return w.refuse(fmt.Errorf("x12: write %s%02d: %w", id, i+1, err))
		}
	}
	return w.put(id, elem(elems, 1), elem(elems, 2), elem(elems, 6), elem(elems, 13))
}

// element appends e to the buffer with its marks turned into delimiters.
func (w *Writer) element(e string) error {
	for i := range len(e) {
		c := e[i]
		switch {
		case c == componentMark:
			c = w.d.Component
		case c == repetitionMark && w.d.Repetition == 0:
			return fmt.Errorf("a repetition, but the interchange has no separator for it")
		case c == repetitionMark:
			c = w.d.Repetition
		case w.Replace != 0 && w.foreign(c):
			c = w.Replace
		case c == w.d.Element, c == w.d.Component, c == w.d.Segment, c == w.d.Repetition && c != 0:
			return fmt.Errorf("the data holds a delimiter")
		case c < 0x20:
			return fmt.Errorf("the data holds a control character")
		}
		w.buf = append(w.buf, c)
	}
	return nil
}

// Segment writes s, with its delimiters changed to those of the Writer. An ISA gets the Writer's own separators.
func (w *Writer) Segment(s *Segment) error {
	if w.err != nil {
		return w.err
	}
	from := s.Delims()
	w.buf = append(w.buf[:0], s.ID()...)
	for i := 1; i <= s.Len(); i++ {
		w.buf = append(w.buf, w.d.Element)
		e := s.Elem(i)
		switch {
		case s.Is("ISA") && i == 16:
			w.buf = append(w.buf, w.d.Component)
			continue
		case s.Is("ISA") && i == 11:
			w.buf = append(w.buf, w.isa11(string(s.Elem(12)), e)...)
			continue
		case isRaw(s, i) || from == w.d:
			w.buf = append(w.buf, e...)
			continue
		}
		for _, c := range e {
			switch {
			case c == from.Component:
				c = w.d.Component
			case c == from.Repetition && c != 0 && w.d.Repetition != 0:
				c = w.d.Repetition
			case c == from.Repetition && c != 0, c == w.d.Element, c == w.d.Component, c == w.d.Segment, c == w.d.Repetition && c != 0:
				return w.refuse(fmt.Errorf("x12: write %s%02d: the data of segment %d holds a delimiter of the new file", validID(s.ID()), i, s.Ordinal))
			}
			w.buf = append(w.buf, c)
		}
	}
	return w.put(string(s.ID()), string(s.Elem(1)), string(s.Elem(2)), string(s.Elem(6)), string(s.Elem(13)))
}

// foreign reports whether data cannot hold a byte.
func (w *Writer) foreign(c byte) bool {
	return c < 0x20 || c == w.d.Element || c == w.d.Component || c == w.d.Segment || c == w.d.Repetition
}

// isRaw reports whether element i of s is binary data, which its count delimits.
func isRaw(s *Segment, i int) bool {
	return s.Is("BIN") && i == 2 || s.Is("BDS") && i == 3
}

// isa11 gives the repetition separator, or what stands in its place where there is none.
func (w *Writer) isa11(version string, old []byte) []byte {
	switch {
	case version >= "00402" && w.d.Repetition != 0:
		return []byte{w.d.Repetition}
	case len(old) == 1 && isAlnum(old[0]):
		return old
	}
	return []byte{'U'}
}

// put writes the buffer as one segment and counts it.
func (w *Writer) put(id, e1, e2, e6, e13 string) error {
	w.segments++
	switch id {
	case "ISA":
		w.inInterchange, w.inGroup, w.inSet, w.groups, w.isaControl = true, false, false, 0, e13
	case "GS":
		w.inGroup, w.inSet, w.sets, w.gsControl = true, false, 0, e6
		w.groups++
	case "ST":
		w.inSet, w.segments, w.control = true, 1, e2
		w.sets++
	case "SE":
		w.inSet = false
	case "GE":
		w.inGroup, w.inSet = false, false
	case "IEA":
		w.inInterchange, w.inGroup, w.inSet = false, false, false
	}
	w.buf = append(w.buf, w.d.Segment)
	if w.LineBreaks && w.d.Segment != '\n' {
		w.buf = append(w.buf, '\n')
	}
	if _, err := w.w.Write(w.buf); err != nil {
		return w.refuse(fmt.Errorf("x12: write: %w", err))
	}
	return nil
}

func (w *Writer) refuse(err error) error {
	w.err = err
	return err
}

// ISA opens an interchange with what i says; its Ordinal, Delims, Groups, Byte and Segment are not used. An empty Version is
// 00501, an empty Usage P, an empty qualifier ZZ. Control must be nine digits. It fails where a value is too long.
func (w *Writer) ISA(i Interchange) error {
	if w.err != nil {
		return w.err
	}
	version, ack := or(i.Version, "00501"), "0"
	if i.AckRequested {
		ack = "1"
	}
	if len(i.Control) != 9 || !isDigits(i.Control) {
		return w.refuse(fmt.Errorf("x12: write ISA13: the control number must be nine digits"))
	}
	values := [16]string{"00", "", "00", "", or(i.SenderQualifier, "ZZ"), i.Sender, or(i.ReceiverQualifier, "ZZ"), i.Receiver, i.Date, i.Time,
		string(w.isa11(version, nil)), version, i.Control, ack, or(i.Usage, "P"), string(w.d.Component)}
	w.buf = append(w.buf[:0], "ISA"...)
	for n, v := range values {
		w.buf = append(w.buf, w.d.Element)
		width := isaWidth(n)
		if len(v) > width || n != 10 && n != 15 && strings.ContainsAny(v, w.delimiters()) {
			return w.refuse(fmt.Errorf("x12: write ISA%02d: longer than %d bytes, or holds a delimiter", n+1, width))
		}
		w.buf = append(append(w.buf, v...), strings.Repeat(" ", width-len(v))...)
	}
	return w.put("ISA", "", "", "", i.Control)
}

// isaWidth gives the width of the n-th element of an ISA, from 0.
func isaWidth(n int) int {
	if n == 15 {
		return 1
	}
	return isaSeparators[n+1] - isaSeparators[n] - 1
}

func (w *Writer) delimiters() string {
	s := string([]byte{w.d.Element, w.d.Component, w.d.Segment})
	if w.d.Repetition != 0 {
		s += string([]byte{w.d.Repetition})
	}
	return s
}

// GS opens a group with what g says; its Ordinal, Sets, Byte and Segment are not used.
func (w *Writer) GS(g Group) error {
	return w.Write("GS", g.Kind, g.Sender, g.Receiver, g.Date, g.Time, g.Control, "X", g.Version)
}

// ST opens a set; guide may be empty.
func (w *Writer) ST(kind, control, guide string) error { return w.Write("ST", kind, control, guide) }

// SE closes the set with its count and control number.
func (w *Writer) SE() error {
	if w.err == nil && !w.inSet {
		return w.refuse(fmt.Errorf("x12: write SE: no set is open"))
	}
	return w.Write("SE", strconv.Itoa(w.segments+1), w.control)
}

// GE closes the group with its count and control number.
func (w *Writer) GE() error {
	if w.err == nil && (!w.inGroup || w.inSet) {
		return w.refuse(fmt.Errorf("x12: write GE: no group is open, or its last set is"))
	}
	return w.Write("GE", strconv.Itoa(w.sets), w.gsControl)
}

// IEA closes the interchange with its count and control number.
func (w *Writer) IEA() error {
	if w.err == nil && (!w.inInterchange || w.inGroup) {
		return w.refuse(fmt.Errorf("x12: write IEA: no interchange is open, or its last group is"))
	}
	return w.Write("IEA", strconv.Itoa(w.groups), w.isaControl)
}

// Segments gives how many segments the open set has so far, its ST included.
func (w *Writer) Segments() int { return w.segments }

// Flush writes what is buffered, and returns the first error there was.
func (w *Writer) Flush() error {
	if w.err != nil {
		return w.err
	}
	if err := w.w.Flush(); err != nil {
		return w.refuse(fmt.Errorf("x12: write: %w", err))
	}
	return nil
}

func elem(elems []string, i int) string {
	if i > len(elems) {
		return ""
	}
	return elems[i-1]
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
