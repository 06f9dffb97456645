package parsers

import (
	"iter"

	"revcycle/parsers/set"
	"revcycle/parsers/x12"
)

// Item, Chunk and Items are what the parsers of sets give and take.
type (
	// Item is one document of a set, with its place and what was noticed in it.
	Item = set.Item
	// Chunk is a part of a set that can be read by itself.
	Chunk = set.Chunk
	// Items are the documents of a chunk or a file, in file order.
	Items = iter.Seq2[set.Item, error]
)

// ChunkBytes is how long a chunk of a claim set grows before it is cut where the next claim begins.
const ChunkBytes = 2 << 20

// chunkBytes is ChunkBytes but in tests.
var chunkBytes int64 = ChunkBytes

// pieces follows a set and cuts it into chunks. A cut is made only where a claim ends, so that what stands between two
// claims (levels, and the segments in them that no loop takes) is read with the claim behind it.
type pieces struct {
	done    bool // the SE was read
	isa, gs set.Span
	st      set.Span
	head    set.Span    // from ST to the first HL or CLM
	levels  [3]set.Span // 2000A, 2000B, 2000C: from HL to the next HL or CLM; empty where not open
	open    *set.Span   // the one that is still growing
	inClaim bool
	uncut   bool // a segment above the claims could not be read: what depends on it stays in one chunk
	claims  int
	own     set.Span
	context []set.Span
	first   int
	chunks  []set.Chunk
}

func (p *pieces) begin(st *x12.Segment, isa, gs set.Span) {
	*p = pieces{isa: isa, gs: gs, st: set.Span{From: st.Byte, Ordinal: st.Ordinal}}
	p.own, p.first = p.st, 1
	p.context = p.above()
	p.head = p.st
	p.open = &p.head
}

// above are the spans that every chunk of the set needs, with the given levels.
func (p *pieces) above(levels ...set.Span) []set.Span {
	var out []set.Span
	for _, s := range append([]set.Span{p.isa, p.gs}, levels...) {
		if s.Segments > 0 {
			out = append(out, s)
		}
	}
	return out
}

// shut ends the level that grows, where a segment begins.
func (p *pieces) shut(seg *x12.Segment) {
	if p.open != nil {
		p.open.To, p.open.Segments = seg.Byte, seg.Ordinal-p.open.Ordinal
		p.open = nil
	}
}

// level takes an HL.
func (p *pieces) level(seg *x12.Segment) {
	n := -1
	switch string(seg.Elem(3)) {
	case "20":
		n = 0
	case "22":
		n = 1
	case "23":
		n = 2
	}
	if n < 0 {
		// A level that no guide has: its segments stay with what came before.
		p.inClaim = false
		p.uncut = true
		return
	}
	p.shut(seg)
	p.cut(seg, n)
	for i := n; i < len(p.levels); i++ {
		p.levels[i] = set.Span{}
	}
	p.levels[n] = set.Span{From: seg.Byte, Ordinal: seg.Ordinal}
	p.open = &p.levels[n]
}

// claim takes a CLM.
func (p *pieces) claim(seg *x12.Segment) {
	p.shut(seg)
	p.cut(seg, len(p.levels))
	p.claims++
	p.inClaim = true
}

// cut ends the chunk before seg where it is long enough; the levels above the n-th go into the next one's context.
func (p *pieces) cut(seg *x12.Segment, n int) {
	if p.inClaim && !p.uncut && seg.Byte-p.own.From >= chunkBytes {
		p.own.To, p.own.Segments = seg.Byte, seg.Ordinal-p.own.Ordinal
		p.chunks = append(p.chunks, set.Chunk{First: p.first, Context: p.context, Own: p.own, More: true})
		p.own, p.first = set.Span{From: seg.Byte, Ordinal: seg.Ordinal}, p.claims+1
		p.context = p.above(append([]set.Span{p.head}, p.levels[:n]...)...)
	}
	p.inClaim = false
}

// whole keeps the rest of the set in one chunk where a segment outside the claims could not be read.
func (p *pieces) whole() {
	if !p.inClaim {
		p.uncut = true
	}
}

// end gives the chunks of the set, none for a set that run does not take.
func (p *pieces) end(t *Set, wrapped bool) []set.Chunk {
	if t.Refused != "" {
		return nil
	}
	p.own.To, p.own.Segments = t.To, t.Segments-(p.own.Ordinal-p.st.Ordinal)
	p.chunks = append(p.chunks, set.Chunk{First: p.first, Context: p.context, Own: p.own})
	for i := range p.chunks {
		c := &p.chunks[i]
		c.Set, c.Wrapped, c.Payment = t.Ordinal, wrapped, t.Payment
	}
	return p.chunks
}
