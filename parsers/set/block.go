package set

import (
	"revcycle/claim"
	"revcycle/parsers/x12"
)

// Block is a run of segments that is collected before it is read: one level's, or one claim's. Its bytes are copied from the
// reader's buffer as they come and become one string when it is sealed; every string taken from it is a piece of that one.
type Block struct {
	// Bad is the first thing that forbids using the block, nil for none.
	Bad *Trouble

	buf   []byte
	ends  []uint32 // the end of each element in buf, the ID first
	parts []part
	text  string // buf, once sealed
	d     x12.Delimiters
}

// part is one segment of a block.
type part struct {
	// Place is what the parser that added the segment says of its loop.
	Place uint8
	// Loop is the guide's name of its loop, "" where no loop takes it.
	Loop string
	// Ordinal and Byte are its place in the file.
	Ordinal int
	Byte    int64

	at, first uint32 // its start in buf and its first entry in ends
	n         uint16 // elements, the ID not counted
}

// Trouble is what makes a claim or a remit a Reject. Its message never holds the value of an element.
type Trouble struct {
	Code, Segment, Element, Message string
	Ordinal                         int
	Byte                            int64
}

// keepBuffer is the largest buffer that is kept for the next block: one huge claim must not keep its memory for the rest
// of the file.
const keepBuffer = 1 << 20

// Reset empties the block for the next run.
func (b *Block) Reset() {
	if cap(b.buf) > keepBuffer {
		b.buf, b.ends, b.parts = nil, nil, nil
	}
	b.buf, b.ends, b.parts, b.text, b.Bad = b.buf[:0], b.ends[:0], b.parts[:0], "", nil
}

// Add copies a segment to the end of the block. The terminator goes with it, so that the block hashes as it was sent.
func (b *Block) Add(s *x12.Segment, place uint8, loop string, ordinal int, offset int64) {
	at, n := uint32(len(b.buf)), s.Len()
	b.d = s.Delims()
	b.parts = append(b.parts, part{at: at, first: uint32(len(b.ends)), n: uint16(n), Place: place, Loop: loop, Ordinal: ordinal, Byte: offset})
	b.buf = append(b.buf, s.Raw()...)
	b.buf = append(b.buf, b.d.Segment)
	end := at
	for i := 0; i <= n; i++ {
		end += uint32(len(s.Elem(i)))
		b.ends = append(b.ends, end)
		end++
	}
}

// Seal makes the block's text. Segments may be asked for after it.
func (b *Block) Seal() { b.text = string(b.buf) }

// Len is the number of segments.
func (b *Block) Len() int { return len(b.parts) }

// Bytes are the segments as they were sent, each with its terminator; valid until the next Add or Reset.
func (b *Block) Bytes() []byte { return b.buf }

// Delims are the delimiters of the block.
func (b *Block) Delims() x12.Delimiters { return b.d }

// Fail remembers the first trouble.
func (b *Block) Fail(t Trouble) {
	if b.Bad == nil {
		b.Bad = &t
	}
}

// First is the place in the file of the block's first segment, which must be there.
func (b *Block) First() (ordinal int, offset int64) { return b.parts[0].Ordinal, b.parts[0].Byte }

// Segment is one segment of a sealed block.
type Segment struct {
	*part
	b *Block
}

// Segment gives the i-th segment, from 0.
func (b *Block) Segment(i int) Segment { return Segment{&b.parts[i], b} }

// Len is the number of elements, the ID not counted.
func (s Segment) Len() int { return int(s.n) }

// Separator is the component separator of the file.
func (s Segment) Separator() byte { return s.b.d.Component }

// Sound reports whether nothing was wrong with the block so far.
func (s Segment) Sound() bool { return s.b.Bad == nil }

// ID is the segment's ID.
func (s Segment) ID() string { return s.b.text[s.at:s.b.ends[s.first]] }

// Elem gives element i, from 1, with all its components; "" past the end.
func (s Segment) Elem(i int) string {
	if i > int(s.n) {
		return ""
	}
	k := s.first + uint32(i)
	return s.b.text[s.b.ends[k-1]+1 : s.b.ends[k]]
}

// Comp gives component j, from 1, of element i; "" past the end.
func (s Segment) Comp(i, j int) string { return Nth(s.Elem(i), s.b.d.Component, j) }

// Nth gives the n-th piece, from 1, of e between separators; "" past the end.
func Nth(e string, sep byte, n int) string {
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

// Cut takes the first component off a composite.
func Cut(e string, sep byte) (first, rest string) {
	for i := 0; i < len(e); i++ {
		if e[i] == sep {
			return e[:i], e[i+1:]
		}
	}
	return e, ""
}

// Kept is the segment as a noun keeps it, with the usual delimiters.
func (s Segment) Kept() claim.KeptSegment {
	return claim.KeptSegment{Loop: s.Loop, Text: Usual(s.b.text[s.at:s.b.ends[s.first+uint32(s.n)]], s.b.d)}
}

// Mask is a set of element positions: bit i stands for element i.
type Mask uint32

// The element positions.
const (
	E1  Mask = 1 << 1
	E2  Mask = 1 << 2
	E3  Mask = 1 << 3
	E4  Mask = 1 << 4
	E5  Mask = 1 << 5
	E6  Mask = 1 << 6
	E7  Mask = 1 << 7
	E8  Mask = 1 << 8
	E9  Mask = 1 << 9
	E10 Mask = 1 << 10
	E11 Mask = 1 << 11
	E12 Mask = 1 << 12
	E13 Mask = 1 << 13
	E14 Mask = 1 << 14
	E15 Mask = 1 << 15
	E16 Mask = 1 << 16
	E17 Mask = 1 << 17
	E18 Mask = 1 << 18
	E19 Mask = 1 << 19
	E20 Mask = 1 << 20
	E21 Mask = 1 << 21
	E22 Mask = 1 << 22
	E23 Mask = 1 << 23
	E24 Mask = 1 << 24
	E25 Mask = 1 << 25
)

// Held says where the content of a segment went.
type Held uint8

// What a parser made of a segment.
const (
	None   Held = iota // in no field: keep the segment
	Partly             // in fields but for some of it: keep the segment too
	Whole              // in fields
)

// All is Whole where no element but those of the mask is filled, else Partly.
func (s Segment) All(held Mask) Held {
	for i := 1; i <= int(s.n); i++ {
		k := s.first + uint32(i)
		if s.b.ends[k] > s.b.ends[k-1]+1 && (i > 31 || held&(1<<i) == 0) {
			return Partly
		}
	}
	return Whole
}
