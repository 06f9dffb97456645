package x12

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	lows    = 0x0101010101010101
	highs   = 0x8080808080808080
	sevens  = 0x7f7f7f7f7f7f7f7f
	above   = 0x6060606060606060 // the bits below the top one that any byte of 0x20 and above may have
	gather  = 0x0002040810204081 // times a word of top bits, gives them side by side in the top byte
	topByte = 0xff << 56
	stride  = 64 // bytes looked at before positions are written
)

// positions is the index of a stretch of the buffer. Positions are those in the buffer.
type positions struct {
	hits     []uint32 // of element separators and segment terminators
	terms    []uint32 // which of the hits are terminators
	controls []uint32 // of bytes below 0x20
}

// reset forgets everything.
func (x *positions) reset() {
	x.hits, x.terms, x.controls = x.hits[:0], x.terms[:0], x.controls[:0]
}

// drop forgets the first hits and controls. Terms before the first hit kept must have been used.
func (x *positions) drop(hits, terms, controls int) {
	x.hits = x.hits[:copy(x.hits, x.hits[hits:])]
	x.terms = x.terms[:copy(x.terms, x.terms[terms:])]
	x.controls = x.controls[:copy(x.controls, x.controls[controls:])]
	for i := range x.terms {
		x.terms[i] -= uint32(hits)
	}
}

// add appends what stands in buf[lo:hi]. It looks at eight bytes at a time: a byte of x^pattern is zero where x holds the
// wanted byte, and ((v&0x7f)+0x7f | v) has its top bit clear exactly for zero bytes. The bits of 64 bytes are collected
// before any position is written, four at once, so that the processor need not guess how many there are in each word.
func (x *positions) add(buf []byte, lo, hi int, d Delimiters) {
	elem, term := uint64(d.Element)*lows, uint64(d.Segment)*lows
	for ; lo+stride <= hi; lo += stride {
		b := (*[stride]byte)(buf[lo:])
		var seps, ends, ctls uint64 // inverted: ones where there is nothing
		for j := 0; j < stride; j += 8 {
			v := binary.LittleEndian.Uint64(b[j : j+8])
			e, t := v^elem, v^term
			seps = seps>>8 | ((((e&sevens)+sevens)|e)&highs)*gather&topByte
			ends = ends>>8 | ((((t&sevens)+sevens)|t)&highs)*gather&topByte
			ctls = ctls>>8 | ((((v&above)+sevens)|v)&highs)*gather&topByte
		}
		seps, ends, ctls = ^seps, ^ends, ^ctls
		x.write(uint32(lo), seps|ends, ends, ctls)
	}
	if lo == hi {
		return
	}
	var seps, ends, ctls uint64
	for j, c := range buf[lo:hi] {
		if c == d.Element {
			seps |= 1 << j
		}
		if c == d.Segment {
			ends |= 1 << j
		}
		if c < 0x20 {
			ctls |= 1 << j
		}
	}
	x.write(uint32(lo), seps|ends, ends, ctls)
}

// write appends the positions that the bits of 64 bytes from lo stand for.
func (x *positions) write(lo uint32, hits, ends, ctls uint64) {
	n, count := len(x.hits), bits.OnesCount64(hits)
	if cap(x.hits)-n < count+4 {
		x.hits = slices.Grow(x.hits, stride+4)
	}
	for ; ends != 0; ends &= ends - 1 {
		x.terms = append(x.terms, uint32(n+bits.OnesCount64(hits&(ends&-ends-1))))
	}
	out := x.hits[n : n+count+4]
	x.hits = x.hits[:n+count]
	for ; hits != 0 && len(out) >= 4; out = out[4:] {
		o := (*[4]uint32)(out)
		o[0] = lo + uint32(bits.TrailingZeros64(hits))
		hits &= hits - 1
		o[1] = lo + uint32(bits.TrailingZeros64(hits))
		hits &= hits - 1
		o[2] = lo + uint32(bits.TrailingZeros64(hits))
		hits &= hits - 1
		o[3] = lo + uint32(bits.TrailingZeros64(hits))
		hits &= hits - 1
	}
	for ; ctls != 0; ctls &= ctls - 1 {
		x.controls = append(x.controls, lo+uint32(bits.TrailingZeros64(ctls)))
	}
}
