package snip

import (
	"bytes"
	"slices"

	"revcycle/parsers/x12"
)

// record is the part of a set that is open, as a tree of loops in the order of the file. A claim that was judged is cut off again, so
// that memory does not grow with the set.
type record struct {
	buf   []byte
	ends  []uint32 // of each element in buf, the ID first
	segs  []segment
	loops []loop
	d     x12.Delimiters
	acked acked // of a 277CA: the claims that were cut off
}

// segment is one segment of the record.
type segment struct {
	id      uint32 // packed
	at      uint32 // its start in buf
	first   uint32 // its first entry in ends
	next    int32  // the next segment of its loop, -1 for none
	n       uint16 // elements, the ID not counted
	ordinal int
	offset  int64
}

// loop is one loop of the record. Its descendants lie behind it.
type loop struct {
	table       *x12.Loop
	index       int16  // in Guide.Loops
	parent      int32  // -1 for the set
	first, last int32  // segments, -1 for none
	buf, ends   uint32 // where the record ended when the loop was opened
	segs        uint32
	held        [4]uint64 // loops of the guide, by index, that stood in it
	implied     bool      // never opened in the file
}

// most bounds a record: a claim with more segments is not judged.
const most = 1 << 18

// full reports whether nothing more can be kept.
func (r *record) full() bool { return len(r.segs) >= most || len(r.buf) >= 1<<28 }

// open appends a loop and gives its place.
func (r *record) open(table *x12.Loop, index int, parent int32, implied bool) int32 {
	if parent >= 0 {
		r.loops[parent].held[index>>6] |= 1 << (index & 63)
	}
	r.loops = append(r.loops, loop{table: table, index: int16(index), parent: parent, first: -1, last: -1, implied: implied,
		buf: uint32(len(r.buf)), ends: uint32(len(r.ends)), segs: uint32(len(r.segs))})
	return int32(len(r.loops) - 1)
}

// add appends a copy of s to a loop.
func (r *record) add(in int32, s *x12.Segment) {
	at, n := uint32(len(r.buf)), s.Len()
	seg := segment{id: packID(s.ID()), at: at, first: uint32(len(r.ends)), next: -1, n: uint16(n), ordinal: s.Ordinal, offset: s.Byte}
	r.d = s.Delims()
	r.buf = append(r.buf, s.Raw()...)
	end := at
	for i := 0; i <= n; i++ {
		end += uint32(len(s.Elem(i)))
		r.ends = append(r.ends, end)
		end++
	}
	k := int32(len(r.segs))
	r.segs = append(r.segs, seg)
	l := &r.loops[in]
	if l.last < 0 {
		l.first = k
	} else {
		r.segs[l.last].next = k
	}
	l.last = k
}

// cut takes a loop that has ended, and all behind it, off the record.
func (r *record) cut(i int32) {
	l := &r.loops[i]
	r.buf, r.ends, r.segs, r.loops = r.buf[:l.buf], r.ends[:l.ends], r.segs[:l.segs], r.loops[:i]
}

// view is a loop of a record and the way up and down from it.
type view struct {
	r *record
	i int32
}

// id is the guide's name of the loop.
func (v view) id() string { return v.r.loops[v.i].table.ID }

// holds reports whether a loop of that index in the guide stands, or stood, in this one.
func (v view) holds(index int) bool {
	return index >= 0 && v.r.loops[v.i].held[index>>6]&(1<<(index&63)) != 0
}

// up is the loop that this one stands in; ok is false at the set.
func (v view) up() (view, bool) {
	p := v.r.loops[v.i].parent
	return view{v.r, p}, p >= 0
}

// above is the innermost loop around this one, or itself, with an index in the guide.
func (v view) above(index int16) (view, bool) {
	for i := v.i; i >= 0; i = v.r.loops[i].parent {
		if v.r.loops[i].index == index {
			return view{v.r, i}, true
		}
	}
	return view{}, false
}

// child is the next loop behind place i of the record that stands in this one, has one of some names, and is still kept: children are gone
// through from child(v.i, …), each from the one before it. It is no iterator, whose functions would be allocated for each claim.
func (v view) child(i int32, names ...string) (view, bool) {
	for i++; i < int32(len(v.r.loops)); i++ {
		if l := &v.r.loops[i]; l.parent == v.i && slices.Contains(names, l.table.ID) {
			return view{v.r, i}, true
		}
	}
	return view{}, false
}

// trigger is the segment that opened the loop; ok is false where it never was.
func (v view) trigger() (seg, bool) { return v.seg(v.r.loops[v.i].first) }

func (v view) seg(k int32) (seg, bool) {
	if k < 0 {
		return seg{}, false
	}
	return seg{v.r, k}, true
}

// first is the first segment of the loop with an ID; ok is false where there is none.
func (v view) firstOf(id uint32) (seg, bool) {
	for k := v.r.loops[v.i].first; k >= 0; k = v.r.segs[k].next {
		if v.r.segs[k].id == id {
			return seg{v.r, k}, true
		}
	}
	return seg{}, false
}

// nextOf is the next segment of the same loop with the same ID.
func (s seg) nextOf() (seg, bool) {
	id := s.r.segs[s.k].id
	for k := s.r.segs[s.k].next; k >= 0; k = s.r.segs[k].next {
		if s.r.segs[k].id == id {
			return seg{s.r, k}, true
		}
	}
	return seg{}, false
}

// seg is a segment of a record.
type seg struct {
	r *record
	k int32
}

// id is the segment's ID.
func (s seg) id() string { return string(s.elem(0)) }

// elem gives element i with its components; empty past the end.
func (s seg) elem(i int) []byte {
	p := &s.r.segs[s.k]
	if i > int(p.n) {
		return nil
	}
	k := p.first + uint32(i)
	lo := p.at
	if i > 0 {
		lo = s.r.ends[k-1] + 1
	}
	return s.r.buf[lo:s.r.ends[k]]
}

// comp gives component j of the first repetition of element i; with j = 0 the whole element.
func (s seg) comp(i, j int) []byte {
	e := s.elem(i)
	if j == 0 {
		return e
	}
	if c := s.r.d.Repetition; c != 0 {
		if k := bytes.IndexByte(e, c); k >= 0 {
			e = e[:k]
		}
	}
	for ; j > 1; j-- {
		k := bytes.IndexByte(e, s.r.d.Component)
		if k < 0 {
			return nil
		}
		e = e[k+1:]
	}
	if k := bytes.IndexByte(e, s.r.d.Component); k >= 0 {
		e = e[:k]
	}
	return e
}

// is reports whether component j of element i is one of the codes.
func (s seg) is(i, j int, codes ...string) bool {
	e := s.comp(i, j)
	for _, c := range codes {
		if string(e) == c {
			return true
		}
	}
	return false
}

// len is the number of elements.
func (s seg) len() int { return int(s.r.segs[s.k].n) }

// packID packs a segment ID of two or three bytes.
func packID(b []byte) uint32 {
	var v uint32
	for _, c := range b[:min(len(b), 4)] {
		v = v<<8 | uint32(c)
	}
	return v
}

func pack(s string) uint32 { return packID([]byte(s)) }
