package x12

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	lows   = 0x0101010101010101
	highs  = 0x8080808080808080
	sevens = 0x7f7f7f7f7f7f7f7f
	above  = 0x6060606060606060 // the bits below the top one that any byte of 0x20 and above may have
)

// index appends to hits the positions in buf[lo:hi] of the element separator and the segment terminator, and to controls
// those of bytes below 0x20. It looks at eight bytes at a time: a byte of x^pattern is zero where x holds the wanted
// byte, and ((v&0x7f)+0x7f | v) has its top bit clear exactly for zero bytes.
func index(buf []byte, lo, hi int, d Delimiters, hits, controls []uint32) ([]uint32, []uint32) {
	hits = slices.Grow(hits, hi-lo)
	n, out := len(hits), hits[:cap(hits)]
	elem, term := uint64(d.Element)*lows, uint64(d.Segment)*lows
	i := lo
	for ; i+8 <= hi; i += 8 {
		x := binary.LittleEndian.Uint64(buf[i:])
		e, t := x^elem, x^term
		m := (^(((e & sevens) + sevens) | e) | ^(((t & sevens) + sevens) | t)) & highs
		for ; m != 0; m &= m - 1 {
			out[n] = uint32(i + bits.TrailingZeros64(m)>>3)
			n++
		}
		for c := ^(((x & above) + sevens) | x) & highs; c != 0; c &= c - 1 {
			controls = append(controls, uint32(i+bits.TrailingZeros64(c)>>3))
		}
	}
	for ; i < hi; i++ {
		c := buf[i]
		if c == d.Element || c == d.Segment {
			out[n] = uint32(i)
			n++
		}
		if c < 0x20 {
			controls = append(controls, uint32(i))
		}
	}
	return out[:n], controls
}
