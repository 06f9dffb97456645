package x837

import (
	"errors"
	"io"
	"iter"

	"revcycle/claim"
	"revcycle/parsers/x12"
)

// Span is a run of whole segments in a file.
type Span struct {
	From, To int64 // bytes
	Ordinal  int   // of its first segment in the file
	Segments int   // how many it holds; refused ones are counted
}

// Chunk is a part of one set that can be read by itself: about a megabyte of claims, cut where a claim ends, with what they
// inherit.
type Chunk struct {
	Set     int    // ordinal of the set in the file, from 1
	First   int    // ordinal in the set of the first claim, from 1
	Context []Span // ISA, GS, the set's header and the levels open where the chunk begins; empty for a chunk that begins with its ISA
	Span           // the chunk's own segments
	More    bool   // the set goes on behind it, so that its last claim is whole
	Wrapped bool   // the file is broken into lines regardless of segments
}

// Read gives the claims of every 837 set of a file, in file order. File goes into the sightings and may be zero. Sets of
// other kinds are passed over. Trouble with a claim is a Reject; an error is a source that failed or a file that is no X12,
// and ends the reading. Envelopes are not judged: parsers.Scan does that.
func Read(r io.Reader, file claim.Digest) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		p := newParser(file, yield)
		p.position = func(ordinal int, offset int64) (int, int64) { return ordinal, offset }
		p.run(r, false)
	}
}

// ReadChunk gives the claims of one chunk: what Read gives of the same bytes. File is the whole file. Several chunks of one
// file may be read at once.
func ReadChunk(c Chunk, file io.ReaderAt, digest claim.Digest) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		p := newParser(digest, yield)
		p.chunk(c, file)
	}
}

func newParser(file claim.Digest, yield func(Item, error) bool) *parser {
	p := &parser{file: file, names: make(map[string]string), yield: yield}
	p.b.p = p
	return p
}

// chunk reads a chunk behind its context.
func (p *parser) chunk(c Chunk, file io.ReaderAt) {
	src := newSource(file, append(append([]Span(nil), c.Context...), c.Span), c.Wrapped)
	p.position = src.position
	for _, s := range c.Context {
		p.context += s.Segments
	}
	p.firstOwn, p.firstSet, p.before = c.Ordinal, c.Set, c.First-1
	p.run(src, c.More)
}

// run reads a source to its end. More says that the last set goes on elsewhere.
func (p *parser) run(src io.Reader, more bool) {
	r := x12.NewReader(src)
	for !p.done {
		s, err := r.Read()
		if err == nil {
			p.segment(s)
			continue
		}
		if err == io.EOF {
			break
		}
		bad, ok := errors.AsType[*x12.SyntaxError](err)
		if !ok || bad.Fatal && !p.inSet {
			p.fault(err)
			return
		}
		p.broken(bad)
	}
	if more {
		p.flush(false)
		p.shutAll()
		return
	}
	p.endSet(false)
}

// fault ends the reading with an error of the source.
func (p *parser) fault(err error) {
	if !p.done {
		p.done = true
		p.yield(Item{}, err)
	}
}
