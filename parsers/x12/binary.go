package x12

import "bytes"

// binaryHead is how many bytes the head of a BIN or BDS (ID, filter, count) may have.
const binaryHead = 64

// isBinary reports whether b starts a BIN or BDS: their last element is raw bytes of a counted length.
func isBinary(b []byte, element byte) bool {
	return len(b) > 3 && b[3] == element && (string(b[:3]) == "BIN" || string(b[:3]) == "BDS")
}

// readBinary reads BIN*count*bytes~ or BDS*filter*count*bytes~ by its count.
func (r *Reader) readBinary() (*Segment, error) {
	r.need(binaryHead)
	n, data := r.binaryCount()
	if n < 0 {
		r.skipping = true
		return nil, r.refuse(CodeBinaryLength, "the byte count is not a number")
	}
	if data+n > r.MaxSegment {
		e := r.tooLong()
		r.skipBytes = int64(data + n)
		return nil, e
	}
	if !r.need(data + n + 1) {
		if r.sourceErr != nil {
			return nil, r.sourceErr
		}
		e := r.refuse(CodeTruncated, "the file ends inside a segment")
		r.pos = r.end
		return nil, e
	}
	if r.buf[r.pos+data+n] != r.d.Segment {
		r.skipping = true
		return nil, r.refuse(CodeBinaryLength, "no terminator stands where the byte count says the segment ends")
	}
	r.own = r.own[:0]
	for i, c := range r.buf[r.pos : r.pos+data] {
		if c == r.d.Element {
			r.own = append(r.own, uint32(r.pos+i))
		}
	}
	r.own = append(r.own, uint32(r.pos+data+n))
	after := r.pos + data + n + 1
	for r.ctl < len(r.at.controls) && int(r.at.controls[r.ctl]) < after {
		r.ctl++
	}
	return r.emit(r.own, after)
}

// binaryCount gives the byte count of the BIN or BDS at pos and where its data starts, counted from pos; -1 when
// there is none.
func (r *Reader) binaryCount() (n, data int) {
	b := r.buf[r.pos:min(r.end, r.pos+binaryHead)]
	at := 4
	if b[1] == 'D' { // BDS01 is the filter
		i := bytes.IndexByte(b[at:], r.d.Element)
		if i < 0 {
			return -1, 0
		}
		at += i + 1
	}
	i := bytes.IndexByte(b[at:], r.d.Element)
	if i < 1 || i > 12 {
		return -1, 0
	}
	for _, c := range b[at : at+i] {
		if c < '0' || c > '9' {
			return -1, 0
		}
		n = n*10 + int(c-'0')
	}
	return n, at + i + 1
}
