package x12

import (
	"bytes"
	"fmt"
)

// fault reports a deviation in the segment with the given ordinal that starts at file offset at.
func (r *Reader) fault(code string, sev Severity, id string, element int, ordinal int, at int64, message string) {
	if r.Report == nil {
		return
	}
	f := Fault{SNIP: 1, Code: code, Severity: sev, Segment: id, Ordinal: ordinal, Byte: at, Message: message, Interchange: r.interchange}
	if element > 0 {
		f.Element = fmt.Sprintf("%s%02d", id, element)
	}
	r.Report(f)
}

// syntax makes the error for the segment just counted, which starts at the Byte last set.
func (r *Reader) syntax(code, message string) *SyntaxError {
	return &SyntaxError{Code: code, Segment: r.ordinal, Byte: r.seg.Byte, Message: message}
}

// refuse counts the segment at pos and makes the error that says why it is not read.
func (r *Reader) refuse(code, message string) *SyntaxError {
	r.ordinal++
	r.seg.Byte = r.offset(r.pos)
	e := r.syntax(code, message)
	b := r.buf[r.pos:min(r.end, r.pos+4)]
	if i := bytes.IndexByte(b, r.d.Element); i > 0 {
		e.ID = validID(b[:i])
	}
	return e
}

// tooLong refuses the segment at pos and goes on behind its terminator, wherever that is.
func (r *Reader) tooLong() error {
	r.skipping = true
	return r.refuse(CodeSegmentTooLong, fmt.Sprintf("the segment is longer than %d bytes", r.MaxSegment))
}

// skip consumes what is left of a refused segment.
func (r *Reader) skip() error {
	if n := min(r.skipBytes, int64(r.end-r.pos)); n > 0 {
		r.pos += int(n)
		r.skipBytes -= n
	}
	if r.skipBytes == 0 {
		if i := bytes.IndexByte(r.buf[r.pos:r.end], r.d.Segment); i >= 0 {
			r.pos += i + 1
			r.skipping = false
			r.forget()
			return nil
		}
		r.pos = r.end
	}
	if r.eof {
		return r.atEnd()
	}
	r.forget()
	r.fill()
	return nil
}

// skipOutside consumes what may stand behind an IEA without being part of an interchange. It reports whether there
// was something, so that the caller must look again.
func (r *Reader) skipOutside() (bool, error) {
	b := r.buf[r.pos:r.end]
	if r.junk {
		i := bytes.IndexFunc(b, func(c rune) bool { return c == '\n' || c == '\r' })
		if j := bytes.IndexByte(b, r.d.Segment); j >= 0 && (i < 0 || j < i) {
			i = j
		}
		if i >= 0 {
			r.pos += i + 1
			r.junk = false
			return true, nil
		}
		r.pos = r.end
		return true, r.refill()
	}
	n := 0
	for n < len(b) && isBlank(b[n]) && b[n] != r.d.Segment {
		n++
	}
	if n > 0 {
		r.pos += n
		if r.pos == r.end {
			return true, r.refill()
		}
		return true, nil
	}
	if isISA(b) || b[0] == r.d.Segment || looksLikeSegment(b, r.d) {
		return false, nil
	}
	if !r.outsideTold {
		r.outsideTold = true
		r.fault(CodeOutsideInterchange, Reject, "", 0, r.ordinal, r.offset(r.pos), "text after the IEA that is no segment; it was skipped")
	}
	r.junk = true
	return true, nil
}

// refill reads on when everything in the buffer is consumed.
func (r *Reader) refill() error {
	if r.eof {
		return r.atEnd()
	}
	r.fill()
	return nil
}

// unterminated deals with what stands behind the last terminator at the end of the file. An IEA is taken: nothing can
// be missing that its control number would not show. Any other segment may have lost a part of its last element.
func (r *Reader) unterminated() (*Segment, error) {
	b := r.buf[r.pos:r.end]
	n := len(b)
	for n > 0 && isBlank(b[n-1]) {
		n--
	}
	if n == 0 || r.sourceErr != nil {
		return nil, r.atEnd()
	}
	if len(b) > 4 && string(b[:3]) == "IEA" && b[3] == r.d.Element {
		r.own = append(append(r.own[:0], r.at.hits[r.head:]...), uint32(r.pos+n))
		r.fault(CodeNoLastTerminator, Warn, "IEA", 0, r.ordinal+1, r.offset(r.pos), "the last segment has no terminator")
		return r.emit(r.own, r.end)
	}
	e := r.refuse(CodeTruncated, "the file ends inside a segment")
	r.pos = r.end
	return nil, e
}

// empty reports two terminators in a row, once an interchange.
func (r *Reader) empty() {
	if r.emptyTold {
		return
	}
	r.emptyTold = true
	r.fault(CodeEmptySegment, Warn, "", 0, r.ordinal+1, r.offset(r.pos), "two segment terminators in a row")
}

// indentation reports blanks before a segment, once an interchange.
func (r *Reader) indentation() {
	r.indented = false
	if r.indentTold {
		return
	}
	r.indentTold = true
	r.fault(CodeIndented, Warn, validID(r.seg.ID()), 0, r.ordinal, r.seg.Byte, "blanks before a segment; they were passed over")
}
