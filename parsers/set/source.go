package set

import (
	"errors"
	"io"
)

// Source reads spans of a file one behind the other, and knows where in the file each byte and segment of what it gave
// stands.
type Source struct {
	file  io.ReaderAt
	spans []Span
	next  int   // span being read
	at    int64 // bytes of it already read

	unwrap bool
	given  int64       // bytes given
	breaks []lineBreak // those position has not passed

	// What position has passed: bytes and segments of the spans before the one it is in.
	span     int
	bytes    int64
	segments int
	removed  int64 // bytes of line ends
}

// lineBreak is a run of line ends that was taken out: where, in the bytes given, and how many.
type lineBreak struct {
	at    int64
	bytes int64
}

// NewSource gives a chunk of a file as one stream: its context, then its own segments. The line ends of a wrapped file are
// taken out.
func NewSource(file io.ReaderAt, c Chunk) *Source {
	spans := make([]Span, 0, len(c.Context)+1)
	return &Source{file: file, spans: append(append(spans, c.Context...), c.Own), unwrap: c.Wrapped}
}

// Context is the number of segments before the chunk's own.
func (s *Source) Context() int {
	n := 0
	for _, sp := range s.spans[:len(s.spans)-1] {
		n += sp.Segments
	}
	return n
}

// Read implements io.Reader.
func (s *Source) Read(b []byte) (int, error) {
	for s.next < len(s.spans) {
		sp := s.spans[s.next]
		left := sp.To - sp.From - s.at
		if left <= 0 {
			s.next, s.at = s.next+1, 0
			continue
		}
		n, err := s.file.ReadAt(b[:min(int64(len(b)), left)], sp.From+s.at)
		s.at += int64(n)
		if err == io.EOF && int64(n) < left && n == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		if s.unwrap {
			if n = s.join(b[:n]); n == 0 {
				continue
			}
		}
		s.given += int64(n)
		return n, nil
	}
	return 0, io.EOF
}

// join takes the line ends out of b.
func (s *Source) join(b []byte) int {
	n := 0
	for _, c := range b {
		if c != '\r' && c != '\n' {
			b[n] = c
			n++
			continue
		}
		at := s.given + int64(n)
		if k := len(s.breaks); k > 0 && s.breaks[k-1].at == at {
			s.breaks[k-1].bytes++
		} else {
			s.breaks = append(s.breaks, lineBreak{at, 1})
		}
	}
	return n
}

// Position turns the ordinal and the offset of a segment of what was read into those of the file. It must be asked in order.
func (s *Source) Position(ordinal int, offset int64) (int, int64) {
	passed := 0
	for passed < len(s.breaks) && s.breaks[passed].at <= offset {
		s.removed += s.breaks[passed].bytes
		passed++
	}
	s.breaks = s.breaks[:copy(s.breaks, s.breaks[passed:])]
	offset += s.removed
	for s.span < len(s.spans)-1 && ordinal > s.segments+s.spans[s.span].Segments {
		sp := s.spans[s.span]
		s.segments += sp.Segments
		s.bytes += sp.To - sp.From
		s.span++
	}
	sp := s.spans[s.span]
	return sp.Ordinal + ordinal - s.segments - 1, sp.From + offset - s.bytes
}
