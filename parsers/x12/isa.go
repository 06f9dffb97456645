package x12

import (
	"bytes"
	"fmt"
)

const (
	isaLength   = 106  // bytes of an ISA with its terminator
	isaWindow   = 512  // a padded ISA ends within so many bytes, or is none
	firstWindow = 4096 // what is looked at to tell a wrapped file
	minWrap     = 40   // shorter lines are not a wrapped file
)

// isaSeparators are the offsets of the sixteen element separators of an ISA.
var isaSeparators = [16]int{3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103}

// isISA reports whether b starts like an ISA: the ID and something that can be a separator.
func isISA(b []byte) bool {
	return len(b) > 3 && string(b[:3]) == "ISA" && !isAlnum(b[3])
}

// fixedISA reports whether b starts with an ISA whose separators stand where they must.
func fixedISA(b []byte) bool {
	if len(b) < isaLength {
		return false
	}
	for _, i := range isaSeparators {
		if b[i] != b[3] {
			return false
		}
	}
	return true
}

// tornISA reports whether b can be the beginning of an ISA of fixed width.
func tornISA(b []byte) bool {
	for _, i := range isaSeparators {
		if i < len(b) && b[i] != b[3] {
			return false
		}
	}
	return len(b) < isaLength
}

// isaDelimiters takes the delimiters from an ISA whose element separators stand at seps.
func isaDelimiters(b []byte, seps []int) Delimiters {
	d := Delimiters{Element: b[3], Component: b[seps[15]+1], Segment: b[seps[15]+2]}
	version := b[seps[11]+1 : seps[12]]
	if isa11 := b[seps[10]+1 : seps[11]]; string(version) >= "00402" && len(isa11) == 1 && !isAlnum(isa11[0]) && isa11[0] != ' ' {
		d.Repetition = isa11[0]
	}
	return d
}

// shortISA finds the sixteen separators of an ISA that is not 106 bytes long.
func shortISA(b []byte) ([]int, bool) {
	b = b[:min(len(b), isaWindow)]
	var seps []int
	for i, c := range b {
		if c == b[3] {
			if seps = append(seps, i); len(seps) == 16 {
				return seps, i+2 < len(b)
			}
		}
	}
	return nil, false
}

// readISA takes the delimiters from the ISA at pos. It returns nil, nil when the segment must be cut like any other:
// because the ISA is not of fixed width, or because it stands inside a set and is none.
func (r *Reader) readISA() (*Segment, error) {
	r.need(isaLength)
	fixed := fixedISA(r.buf[r.pos:r.end])
	if r.inSet && !fixed {
		return nil, nil
	}
	seps := isaSeparators[:]
	if !fixed {
		r.need(isaWindow)
		var ok bool
		if seps, ok = shortISA(r.buf[r.pos:r.end]); !ok {
			return nil, r.unreadableISA()
		}
	}
	b := r.buf[r.pos:r.end]
	r.d = isaDelimiters(b, seps)
	if r.d.Segment == r.d.Element || isAlnum(r.d.Segment) {
		e := r.refuse(CodeDelimiters, "the segment terminator of the ISA cannot be one: it is a letter, a digit or the element separator")
		e.ID, e.Element, e.Fatal = "ISA", 16, true
		return nil, e
	}
	r.interchange++
	r.header = true
	r.inSet, r.outside, r.outsideTold, r.emptyTold, r.indentTold, r.junk = false, false, false, false, false, false
	r.forget()
	r.checkISA(fixed, b[seps[10]+1:seps[11]], b[seps[11]+1:seps[12]])
	if !fixed {
		return nil, nil
	}
	r.own = r.own[:0]
	for _, i := range isaSeparators {
		r.own = append(r.own, uint32(r.pos+i))
	}
	r.own = append(r.own, uint32(r.pos+isaLength-1))
	return r.emit(r.own, r.pos+isaLength)
}

// unreadableISA refuses an ISA without sixteen elements: a later one is skipped like any bad segment, the first one
// leaves nothing to read.
func (r *Reader) unreadableISA() error {
	if r.interchange > 0 {
		r.skipping = true
		return r.refuse(CodeISAUnreadable, "the ISA does not have sixteen elements; its interchange is not read")
	}
	if r.sourceErr != nil {
		return r.sourceErr
	}
	e := r.refuse(CodeNotX12, "not X12: the file starts with ISA but sixteen elements do not follow")
	if r.eof && tornISA(r.buf[r.pos:r.end]) {
		e = &SyntaxError{Code: CodeTruncated, Segment: 1, Byte: e.Byte, Message: "the file ends inside its ISA"}
	}
	e.ID, e.Fatal = "ISA", true
	return e
}

// checkISA reports what is odd about an ISA that could be read.
func (r *Reader) checkISA(fixed bool, isa11, isa12 []byte) {
	at := r.offset(r.pos)
	if !fixed {
		r.fault(CodeISALength, Warn, "ISA", 0, r.ordinal+1, at, "the ISA is not 106 bytes of fixed width; it was read by its separators")
	}
	d := r.d
	same := d.Component == d.Element || d.Component == d.Segment || d.Repetition != 0 &&
		(d.Repetition == d.Element || d.Repetition == d.Segment || d.Repetition == d.Component)
	if same || isAlnum(d.Component) {
		r.fault(CodeDelimiters, Reject, "ISA", 16, r.ordinal+1, at, "the delimiters must be four different bytes and neither letters nor digits")
	}
	if string(isa12) >= "00402" && len(isa11) == 1 && d.Repetition == 0 {
		r.fault(CodeRepetition, Warn, "ISA", 11, r.ordinal+1, at, "a letter, digit or blank where this version has the repetition separator; no element is split by it")
	}
}

// begin makes the buffer and looks at how the file starts.
func (r *Reader) begin() error {
	r.started = true
	r.MaxSegment = min(max(r.MaxSegment, isaLength), 1<<28)
	r.buf = make([]byte, max(r.Buffer, 2*r.MaxSegment+firstWindow, 2*firstWindow))
	more := r.need(firstWindow + 1)
	if bytes.HasPrefix(r.buf[:r.end], []byte("\xef\xbb\xbf")) {
		r.fault(CodeBOM, Warn, "", 0, 0, 0, "the file starts with a byte order mark; it was skipped")
		r.pos = 3
	}
	// The window is the same for any size of reads: a short line at its end is the last one only where no byte follows.
	if isWrapped(r.buf[r.pos:min(r.end, firstWindow)], !more) {
		r.fault(CodeWrapped, Warn, "", 0, 0, int64(r.pos), "the file is broken into lines of equal length; the line breaks were removed")
		r.wrapped = true
		r.unwrap(r.pos)
		r.need(firstWindow)
	}
	for r.pos < r.end && isBlank(r.buf[r.pos]) {
		r.pos++
	}
	b := r.buf[r.pos:r.end]
	if isISA(b) {
		return nil
	}
	if r.sourceErr != nil {
		return r.sourceErr
	}
	if len(b) > 3 && (string(b[:2]) == "ST" || string(b[:2]) == "GS") && !isAlnum(b[2]) && b[2] > ' ' {
		r.d = Standard
		r.d.Element = b[2]
		if bytes.IndexByte(b, r.d.Segment) < 0 {
			r.d.Segment = '\n'
		}
		r.forget()
		r.fault(CodeNoISA, Reject, string(b[:2]), 0, 1, r.offset(r.pos), "the file has no ISA; the delimiters were guessed")
		return nil
	}
	return &SyntaxError{Code: CodeNotX12, Byte: r.offset(r.pos), Fatal: true, Message: "not X12: " + firstBytes(b) + "; wanted an ISA"}
}

// isWrapped reports whether the file that starts with b is broken into lines of equal length regardless of segments:
// at least one break stands where no segment ends.
func isWrapped(b []byte, whole bool) bool {
	width, inside, lines := 0, false, 0
	var flat []byte
	for rest := b; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			if len(rest) > width {
				return false
			}
			flat = append(flat, rest...)
			break
		}
		line := bytes.TrimSuffix(rest[:i], []byte("\r"))
		rest = rest[i+1:]
		if lines == 0 {
			width = len(line)
		}
		last := whole && len(bytes.TrimRight(rest, "\r\n")) == 0
		if len(line) != width && !(last && len(line) < width) {
			return false
		}
		flat = append(flat, line...)
		inside = inside || !last && (len(flat) < isaLength || line[len(line)-1] != flat[isaLength-1])
		lines++
		if last {
			break
		}
	}
	return (lines > 1 || width < isaLength) && width >= minWrap && inside && isISA(flat) && fixedISA(flat) && !isBreak(flat[isaLength-1])
}

// firstBytes says what a file that is no X12 starts with, by magic number or class of byte only.
func firstBytes(b []byte) string {
	for _, m := range []struct{ magic, name string }{
		{"\x1f\x8b", "a gzip file"}, {"PK\x03\x04", "a zip file"}, {"%PDF", "a PDF"}, {"\xff\xfe", "UTF-16 text"}, {"\xfe\xff", "UTF-16 text"},
		{"\x28\xb5\x2f\xfd", "a zstd file"}, {"<", "XML or HTML"}, {"{", "JSON"}, {"[", "JSON"}, {"MSH", "an HL7 message"}, {"UNA", "EDIFACT"},
		{"UNB", "EDIFACT"}, {"-----BEGIN", "an armoured (encrypted) message"}, {"ISA", "ISA without a separator"},
	} {
		if bytes.HasPrefix(b, []byte(m.magic)) {
			return "the file starts like " + m.name
		}
	}
	switch {
	case len(b) == 0:
		return "the file is empty"
	case b[0] >= '0' && b[0] <= '9':
		return "the file starts with a digit"
	case isAlnum(b[0]):
		return "the file starts with a letter"
	case b[0] > ' ' && b[0] < 0x7f:
		return fmt.Sprintf("the file starts with %q", b[0])
	}
	return "the file starts with a control or non-ASCII byte"
}
