package x837

import (
	"errors"
	"io"
	"iter"

	"revcycle/claim"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
)

// Read gives the claims of every 837 set of a file, in file order, as claim.Claim or claim.Reject. File goes into the
// sightings and may be zero. Sets of other kinds are passed over. Trouble with a claim is a Reject; an error is a source that
// failed or a file that is no X12, and ends the reading. Envelopes are not judged: parsers.Scan does that.
func Read(r io.Reader, file claim.Digest) iter.Seq2[set.Item, error] {
	return func(yield func(set.Item, error) bool) {
		p := newParser(file, yield)
		p.position = func(ordinal int, offset int64) (int, int64) { return ordinal, offset }
		p.run(r, false)
	}
}

// ReadChunk gives the claims of one chunk: what Read gives of the same bytes. R is the whole file. Several chunks of one
// file may be read at once.
func ReadChunk(c set.Chunk, r io.ReaderAt, file claim.Digest) iter.Seq2[set.Item, error] {
	return func(yield func(set.Item, error) bool) {
		p := newParser(file, yield)
		p.chunk(c, r)
	}
}

func newParser(file claim.Digest, yield func(set.Item, error) bool) *parser {
	p := &parser{file: file, names: make(set.Names), yield: yield}
	p.b.p = p
	return p
}

// chunk reads a chunk behind its context.
func (p *parser) chunk(c set.Chunk, r io.ReaderAt) {
	src := set.NewSource(r, c)
	p.position = src.Position
	p.context = src.Context()
	p.firstOwn, p.firstSet, p.before = c.Own.Ordinal, c.Set, c.First-1
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
			p.stop(err)
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

// stop ends the reading with an error of the source.
func (p *parser) stop(err error) {
	if !p.done {
		p.done = true
		p.yield(set.Item{}, err)
	}
}
