package x12

import "io"

const (
	defaultMaxSegment  = 64 << 10
	defaultMaxElements = 256
	defaultBuffer      = 256 << 10
	scanBlock          = 16 << 10 // bytes indexed at a time: the index of one block stays in the first-level cache
	maxEmptyReads      = 100
)

// Reader cuts a stream into segments. Its exported fields are options and limits; set them before the first Read. It
// holds one buffer and never more, whatever the size of the file. Not for use by several goroutines at once.
type Reader struct {
	// MaxSegment is the longest segment in bytes that is read, 64 KiB unless set; a longer one is a SyntaxError.
	MaxSegment int
	// MaxElements is the greatest number of elements in a segment, 256 unless set.
	MaxElements int
	// Buffer is the size in bytes of what is asked of the source at once, 256 KiB unless set. It does not change what is read.
	Buffer int
	// Report is told of each deviation that was read around, in file order and before the segment it stands in is
	// returned. Nil discards them.
	Report func(Fault)

	src  io.Reader
	buf  []byte
	pos  int   // first byte not yet consumed
	end  int   // end of what was read into buf
	base int64 // offset in the file of buf[0], line breaks removed by unwrapping not counted
	eof  bool
	fail error // what Read returns from now on

	at              positions // of buf[pos:scanned]
	scanned         int
	head, term, ctl int      // first of at.hits, at.terms and at.controls not yet used
	own             []uint32 // ends of a segment not cut by the index: ISA, BIN, BDS

	wrapped bool
	breaks  []lineBreak // in buf
	counted int         // of breaks, in removed already
	removed int64       // bytes of line breaks removed before what was consumed

	d           Delimiters
	seg         Segment
	ordinal     int
	interchange int
	started     bool
	sourceErr   error // what ended the source, where that was not io.EOF; returned behind the last segment
	inSet       bool  // between ST and SE
	header      bool  // the next segment is an ISA that opens an interchange
	outside     bool  // behind an IEA
	skipping    bool  // inside a refused segment, up to its terminator
	skipBytes   int64
	junk        bool // behind an IEA, in a line that is no segment
	indented    bool // blanks were passed over before the next segment
	indentTold  bool
	emptyTold   bool
	outsideTold bool
}

// NewReader gives a Reader of r with the default limits. The file need not be complete or sound.
func NewReader(r io.Reader) *Reader {
	return &Reader{MaxSegment: defaultMaxSegment, MaxElements: defaultMaxElements, Buffer: defaultBuffer, src: r}
}

// Delims gives the delimiters in force: those of the ISA last read.
func (r *Reader) Delims() Delimiters { return r.d }

// Offset gives the offset in the file behind what was consumed.
func (r *Reader) Offset() int64 { return r.offset(r.pos-1) + 1 }

// Read gives the next segment, which stays valid until the next call. It returns io.EOF at the end, a *SyntaxError for
// bytes that could not be read as a segment (call it again to go on), and the source's own error when that fails.
func (r *Reader) Read() (*Segment, error) {
	if r.fail != nil {
		return nil, r.fail
	}
	if !r.started {
		if err := r.begin(); err != nil {
			return nil, r.stop(err)
		}
	}
	for {
		seg, err := r.next()
		if err != nil {
			return nil, r.stop(err)
		}
		if seg != nil {
			return seg, nil
		}
	}
}

// stop remembers an error that ends the file.
func (r *Reader) stop(err error) error {
	if s, ok := err.(*SyntaxError); !ok {
		r.fail = err
	} else if s.Fatal {
		r.fail = io.EOF
	}
	return err
}

// next reads one segment, or returns nil, nil when it consumed something that is none.
func (r *Reader) next() (*Segment, error) {
	if r.skipping {
		return nil, r.skip()
	}
	for r.pos < r.end {
		if c := r.buf[r.pos]; c > ' ' || !isBreak(c) && !r.isIndent(c) {
			break
		}
		r.pos++
	}
	if r.end-r.pos < 4 && !r.eof {
		r.fill()
		return nil, nil
	}
	if r.pos == r.end {
		return nil, r.atEnd()
	}
	if r.outside {
		if more, err := r.skipOutside(); more || err != nil {
			return nil, err
		}
	}
	switch b := r.buf[r.pos:r.end]; {
	case b[0] == 'I' && isISA(b):
		if seg, err := r.readISA(); seg != nil || err != nil {
			return seg, err
		}
	case b[0] == 'B' && isBinary(b, r.d.Element):
		return r.readBinary()
	}
	return r.cut()
}

// isIndent reports whether c is a blank that may stand before a segment without being part of it.
func (r *Reader) isIndent(c byte) bool {
	if (c != ' ' && c != '\t') || c == r.d.Segment || c == r.d.Element {
		return false
	}
	r.indented = !r.outside
	return true
}

// cut takes the segment that starts at pos up to its terminator, by way of the index.
func (r *Reader) cut() (*Segment, error) {
	if r.scanned < r.pos {
		r.forget() // what was consumed without the index need not be indexed
	}
	for {
		for r.head < len(r.at.hits) && int(r.at.hits[r.head]) < r.pos {
			r.head++
		}
		for r.term < len(r.at.terms) && int(r.at.terms[r.term]) < r.head {
			r.term++
		}
		if r.term < len(r.at.terms) {
			k := int(r.at.terms[r.term]) + 1
			ends := r.at.hits[r.head:k:k]
			p := int(ends[len(ends)-1])
			if p-r.pos > r.MaxSegment {
				return nil, r.tooLong()
			}
			r.head = k
			r.term++
			if p > r.pos && isBreak(r.buf[p-1]) {
				r.trim(ends)
			}
			return r.emit(ends, p+1)
		}
		switch {
		case r.scanned < r.end:
			r.scan()
		case r.end-r.pos > r.MaxSegment:
			return nil, r.tooLong()
		case r.eof:
			return r.unterminated()
		default:
			r.fill()
		}
	}
}

// trim takes line breaks off the end of the last element: they stood around the terminator.
func (r *Reader) trim(ends []uint32) {
	last, lo := len(ends)-1, r.pos
	if last > 0 {
		lo = int(ends[last-1]) + 1
	}
	e := int(ends[last])
	for e > lo && isBreak(r.buf[e-1]) {
		e--
	}
	ends[last] = uint32(e)
}

// emit makes the segment at pos whose parts end at ends, and consumes it up to after.
func (r *Reader) emit(ends []uint32, after int) (*Segment, error) {
	start, last := r.pos, len(ends)-1
	if int(ends[last]) == start {
		r.empty()
		r.pos = after
		return nil, nil
	}
	r.ordinal++
	s := &r.seg
	s.Ordinal, s.Byte = r.ordinal, r.offset(start)
	s.data, s.start, s.ends, s.d = r.buf, uint32(start), ends, r.d
	s.header, r.header = r.header, false
	r.pos = after
	if r.indented {
		r.indentation()
	}
	if last > r.MaxElements {
		e := r.syntax(CodeTooManyElements, "the segment has more elements than the limit")
		e.ID = validID(s.ID())
		return nil, e
	}
	r.check(s)
	return s, nil
}

// scan indexes the next block of what is in the buffer, moving what is left of the index to its front.
func (r *Reader) scan() {
	hi := min(r.end, r.scanned+scanBlock)
	r.at.drop(r.head, r.term, r.ctl)
	r.head, r.term, r.ctl = 0, 0, 0
	r.at.add(r.buf, r.scanned, hi, r.d)
	r.scanned = hi
}

// forget throws the index away: the delimiters changed or the buffer moved.
func (r *Reader) forget() {
	r.at.reset()
	r.head, r.term, r.ctl, r.scanned = 0, 0, 0, r.pos
}
