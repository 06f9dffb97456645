package x12

import "bytes"

// Delimiters are the four bytes with which one interchange separates its parts. Repetition is 0 when there is none
// (ISA12 below 00402).
type Delimiters struct{ Element, Component, Repetition, Segment byte }

// Standard are the delimiters that most senders use, and that are guessed for a file without an ISA.
var Standard = Delimiters{Element: '*', Component: ':', Repetition: '^', Segment: '~'}

// Segment is one segment of a file. The bytes that its methods give are those of the Reader's buffer: they are valid
// until the next Read and must not be written to. Use Clone to keep one.
type Segment struct {
	Ordinal int   // of the segment in the file, from 1; refused segments are counted
	Byte    int64 // offset of the segment's first byte in the file

	data  []byte   // the buffer
	start uint32   // of the ID in data
	ends  []uint32 // ends[i] is the end of element i in data; element 0 is the ID
	d     Delimiters

	header bool // an ISA that opens an interchange, not a segment of a set that bears its name
}

// ID gives the segment ID, e.g. CLM.
func (s *Segment) ID() []byte { return s.Elem(0) }

// Is reports whether the segment ID is id.
func (s *Segment) Is(id string) bool {
	return len(s.ends) > 0 && string(s.data[s.start:s.ends[0]]) == id
}

// Len gives the number of elements, the ID not counted.
func (s *Segment) Len() int { return len(s.ends) - 1 }

// Elem gives element i with all its repetitions and components; Elem(1) of a CLM is CLM01. It is empty for an empty element and
// nil past the end. Element 0 is the ID.
func (s *Segment) Elem(i int) []byte {
	if uint(i) >= uint(len(s.ends)) {
		return nil
	}
	lo := s.start
	if i > 0 {
		lo = s.ends[i-1] + 1
	}
	hi := s.ends[i]
	return s.data[lo:hi:hi]
}

// Comp gives component j, from 1, of the first repetition of element i; Comp(5, 1) of a CLM is CLM05-1. It is nil past
// the end. The components of an ISA16 cannot be asked for: Elem(16) is the component separator.
func (s *Segment) Comp(i, j int) []byte { return s.RepComp(i, 1, j) }

// Comps gives the number of components of the first repetition of element i: 0 when the element is empty or absent.
func (s *Segment) Comps(i int) int {
	e := s.Rep(i, 1)
	if len(e) == 0 {
		return 0
	}
	return 1 + bytes.Count(e, []byte{s.d.Component})
}

// Reps gives the number of repetitions of element i: 0 when the element is empty or absent.
func (s *Segment) Reps(i int) int {
	e := s.Elem(i)
	if len(e) == 0 {
		return 0
	}
	if s.d.Repetition == 0 {
		return 1
	}
	return 1 + bytes.Count(e, []byte{s.d.Repetition})
}

// Rep gives repetition r, from 1, of element i with its components. It is nil past the end.
func (s *Segment) Rep(i, r int) []byte {
	e := s.Elem(i)
	if s.d.Repetition == 0 {
		if r != 1 {
			return nil
		}
		return e
	}
	return part(e, s.d.Repetition, r)
}

// RepComp gives component j of repetition r of element i, both from 1. It is nil past the end.
func (s *Segment) RepComp(i, r, j int) []byte { return part(s.Rep(i, r), s.d.Component, j) }

// part gives the n-th piece, from 1, of b between separators, or nil. Elements are short: a plain loop beats a call.
func part(b []byte, sep byte, n int) []byte {
	if b == nil || n < 1 {
		return nil
	}
	lo := 0
	for i, c := range b {
		if c != sep {
			continue
		}
		if n--; n == 0 {
			return b[lo:i:i]
		}
		lo = i + 1
	}
	if n > 1 {
		return nil
	}
	return b[lo:len(b):len(b)]
}

// Raw gives the bytes of the segment without its terminator and without line breaks around it.
func (s *Segment) Raw() []byte {
	if len(s.ends) == 0 {
		return nil
	}
	hi := s.ends[len(s.ends)-1]
	return s.data[s.start:hi:hi]
}

// Delims gives the delimiters with which the segment was read.
func (s *Segment) Delims() Delimiters { return s.d }

// Clone gives a copy that stays valid after the next Read.
func (s *Segment) Clone() *Segment {
	c := &Segment{Ordinal: s.Ordinal, Byte: s.Byte, d: s.d, header: s.header, data: bytes.Clone(s.Raw()), ends: make([]uint32, len(s.ends))}
	for i, e := range s.ends {
		c.ends[i] = e - s.start
	}
	return c
}
