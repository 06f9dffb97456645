package x835

import (
	"errors"
	"io"
	"iter"

	"revcycle/claim"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
)

// Read gives the remits and the payment of every 835 set of a file of the given size, in file order, the payment behind its
// remits. File goes into the sightings and may be zero. Sets of other kinds are passed over. It reads the file twice: a
// payment's identity may need the whole set. Trouble with a remit or a set is a Reject; an error is a source that failed or a
// file that is no X12, and ends the reading. Envelopes are not judged: parsers.Scan does that.
func Read(r io.ReaderAt, size int64, file claim.Digest) iter.Seq2[set.Item, error] {
	return func(yield func(set.Item, error) bool) {
		ids, err := identities(io.NewSectionReader(r, 0, size))
		if err != nil {
			yield(set.Item{}, err)
			return
		}
		p := newParser(file, yield)
		p.position = func(ordinal int, offset int64) (int, int64) { return ordinal, offset }
		p.payments = func(n int) claim.ID { return ids[n] }
		p.run(io.NewSectionReader(r, 0, size))
	}
}

// ReadChunk gives what Read gives of one set. R is the whole file. Several sets of one file may be read at once.
func ReadChunk(c set.Chunk, r io.ReaderAt, file claim.Digest) iter.Seq2[set.Item, error] {
	return func(yield func(set.Item, error) bool) {
		p := newParser(file, yield)
		src := set.NewSource(r, c)
		p.position, p.firstSet = src.Position, c.Set
		p.payments = func(int) claim.ID { return c.Payment }
		p.run(src)
	}
}

// run reads a source to its end.
func (p *parser) run(src io.Reader) {
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
			if !p.done {
				p.done = true
				p.yield(set.Item{}, err)
			}
			return
		}
		p.broken(bad)
	}
	p.endSet(false)
}

// identities gives the ID of each set's payment, by the ordinal of the set.
func identities(src io.Reader) (map[int]claim.ID, error) {
	ids := make(map[int]claim.ID)
	var t Tally
	n, open := 0, false
	end := func() {
		if open {
			ids[n], open = t.End().Payment.ID, false
		}
	}
	r := x12.NewReader(src)
	for {
		s, err := r.Read()
		if err == io.EOF {
			end()
			return ids, nil
		}
		if err != nil {
			if _, ok := errors.AsType[*x12.SyntaxError](err); !ok {
				return nil, err
			}
			t.Broken()
			continue
		}
		switch string(s.ID()) {
		case "ISA", "GS", "GE", "IEA", "SE":
			end()
		case "ST":
			end()
			n++
			if open = string(s.Elem(1)) == "835"; open {
				t.Begin(s)
			}
		default:
			if open {
				t.Feed(s)
			}
		}
	}
}
