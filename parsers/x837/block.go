package x837

import (
	"revcycle/claim"
	"revcycle/parsers/x12"
)

// block is a run of segments that is still being read: one level's, or one claim's. Its bytes are copied from the
// reader's buffer as they come and become one string when it is sealed.
type block struct {
	buf   []byte
	ends  []uint32 // the end of each element in buf, the ID first
	parts []part
	text  string // buf, once sealed
	d     x12.Delimiters
	bad   *trouble // the first thing that forbids using the block
}

// part is one segment of a block.
type part struct {
	at, first uint32 // its start in buf and its first entry in ends
	n         uint16 // elements, the ID not counted
	place     place
	loop      string // the guide's name of its loop, "" where no loop takes it
	ordinal   int
	byte      int64
}

// trouble is what makes a claim a Reject. Its message never holds the value of an element.
type trouble struct {
	code, segment, element, message string
	ordinal                         int
	byte                            int64
}

func (b *block) reset() {
	b.buf, b.ends, b.parts, b.text, b.bad = b.buf[:0], b.ends[:0], b.parts[:0], "", nil
	// One huge claim must not keep its memory for the rest of the file.
	if cap(b.buf) > keepBuffer {
		b.buf, b.ends, b.parts = nil, nil, nil
	}
}

// keepBuffer is the largest buffer that is kept for the next claim.
const keepBuffer = 1 << 20

// add copies a segment to the end of the block. The terminator goes with it, so that the block hashes as it was sent.
func (b *block) add(s *x12.Segment, p place, loop string, ordinal int, offset int64) {
	raw := s.Raw()
	at, n := uint32(len(b.buf)), s.Len()
	b.d = s.Delims()
	b.parts = append(b.parts, part{at: at, first: uint32(len(b.ends)), n: uint16(n), place: p, loop: loop, ordinal: ordinal, byte: offset})
	b.buf = append(b.buf, raw...)
	b.buf = append(b.buf, b.d.Segment)
	end := at
	for i := 0; i <= n; i++ {
		end += uint32(len(s.Elem(i)))
		b.ends = append(b.ends, end)
		end++
	}
}

// seal makes the block's text; the strings taken from it share its one allocation.
func (b *block) seal() { b.text = string(b.buf) }

// fail remembers the first trouble.
func (b *block) fail(t trouble) {
	if b.bad == nil {
		b.bad = &t
	}
}

// segment is one segment of a sealed block.
type segment struct {
	b *block
	*part
}

func (b *block) segment(i int) segment { return segment{b, &b.parts[i]} }

// id is the segment's ID.
func (s segment) id() string { return s.b.text[s.at:s.b.ends[s.first]] }

// elem gives element i, from 1, with all its components; "" past the end.
func (s segment) elem(i int) string {
	if i > int(s.n) {
		return ""
	}
	k := s.first + uint32(i)
	return s.b.text[s.b.ends[k-1]+1 : s.b.ends[k]]
}

// comp gives component j, from 1, of element i; "" past the end.
func (s segment) comp(i, j int) string { return nth(s.elem(i), s.b.d.Component, j) }

// nth gives the n-th piece, from 1, of e between separators; "" past the end.
func nth(e string, sep byte, n int) string {
	lo := 0
	for i := 0; i < len(e); i++ {
		if e[i] != sep {
			continue
		}
		if n--; n == 0 {
			return e[lo:i]
		}
		lo = i + 1
	}
	if n > 1 {
		return ""
	}
	return e[lo:]
}

// cut takes the first component off a composite.
func cut(e string, sep byte) (first, rest string) {
	for i := 0; i < len(e); i++ {
		if e[i] == sep {
			return e[:i], e[i+1:]
		}
	}
	return e, ""
}

// others reports whether an element is filled that the mask does not name: bit i stands for element i.
func (s segment) others(held uint32) bool {
	for i := 1; i <= int(s.n); i++ {
		k := s.first + uint32(i)
		if s.b.ends[k] > s.b.ends[k-1]+1 && (i > 31 || held&(1<<i) == 0) {
			return true
		}
	}
	return false
}

// kept is the segment as a noun keeps it, with the usual delimiters.
func (s segment) kept() claim.KeptSegment {
	return claim.KeptSegment{Loop: s.loop, Text: usual(s.b.text[s.at:s.b.ends[s.first+uint32(s.n)]], s.b.d)}
}

// elements is a mask of element positions for others.
func elements(positions ...int) uint32 {
	var m uint32
	for _, p := range positions {
		m |= 1 << p
	}
	return m
}
