package parsers

import (
	"errors"
	"io"

	"revcycle/money"
	"revcycle/parsers/set"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
	"revcycle/parsers/x835"
	"revcycle/parsers/x999"
)

// Scan reads an X12 file from end to end. What is wrong with the file is in the Layout; an error is a source that failed. A file
// that is no X12 gives a Layout without sets whose faults say so.
//
// Policies gives the policy for an interchange; its sets are checked by their guides, and it judges what is found. Nil checks the
// envelopes alone.
func Scan(r io.Reader, policies Policies) (Layout, error) {
	s := newScanner(r, false)
	s.policies = policies
	err := s.run()
	return s.layout, err
}

// scanner walks a file once. Memory grows with the number of sets and chunks, not of segments; an inspection keeps no sets.
type scanner struct {
	src    counter
	r      *x12.Reader
	env    x12.Envelope
	deep   bool // an inspection: check the loops and sums of every set, and keep no sets
	layout Layout
	kinds  map[Kind]bool
	cut    bool // FAULTS_CUT was said

	set       *Set // the one that is open
	tally     x835.Tally
	hl        hierarchy
	pieces    pieces
	ahead     ahead
	checkers  map[*x12.Guide]*snip.Checker
	checker   *snip.Checker // of the open set, where it is checked
	policies  Policies      // nil where faults stay as they were found
	policy    *snip.Policy  // of the interchange policyOf, nil before the first
	policyOf  int
	verdicts  verdicts
	unchecked []string    // code sets that were not loaded
	judges    bool        // the open set is judged document by document
	moved     money.Cents // what the policy's readings add to the sum of the open set's remits

	// What an answer to the file wants to be told, in an inspection; nil where nobody does.
	sink     func(x12.Fault)
	envelope func(x12.Event, *x12.Segment)
	closed   func(*Set)

	isa, gs set.Span
	filling *set.Span // the span whose end is the next segment
	wrapped bool
	unclear int // ordinal of the last interchange whose delimiters cannot be told apart
	next    int // ordinal of the segment at hand: what a set that ends here ends before
}

func newScanner(r io.Reader, deep bool) *scanner {
	s := &scanner{src: counter{r: r}, deep: deep, kinds: make(map[Kind]bool), checkers: make(map[*x12.Guide]*snip.Checker)}
	s.r = x12.NewReader(&s.src)
	s.r.Report = func(f x12.Fault) {
		s.wrapped = s.wrapped || f.Code == x12.CodeWrapped
		if f.Code == x12.CodeDelimiters {
			s.unclear = f.Interchange
		}
		s.fault(s.env.Stamp(f))
	}
	s.env.Report = s.fault
	s.tally.Report = func(f x12.Fault) {
		if s.checker == nil || f.Code != x12.CodeAmount { // a checker has said so
			s.fault(s.env.Stamp(s.inSet(f)))
		}
	}
	s.hl.report = func(f x12.Fault) { s.fault(s.env.Stamp(s.inSet(f))) }
	return s
}

// inSet gives f the ordinal of the open set: an envelope that was closed no longer stamps it.
func (s *scanner) inSet(f x12.Fault) x12.Fault {
	if s.set != nil {
		f.Interchange, f.Group, f.Set = s.set.Interchange, s.set.Group, s.set.Ordinal
	}
	return f
}

// counter counts the bytes of a source.
type counter struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// run reads the whole file.
func (s *scanner) run() error {
	for {
		seg, err := s.r.Read()
		if err == nil {
			s.segment(seg)
			continue
		}
		if err == io.EOF {
			break
		}
		bad, ok := errors.AsType[*x12.SyntaxError](err)
		if !ok {
			return err
		}
		s.broken(bad)
	}
	if _, err := io.Copy(io.Discard, &s.src); err != nil { // what lies behind a fatal error
		return err
	}
	s.layout.Bytes = s.src.n
	s.next++
	s.fill(s.layout.Bytes)
	s.closeSet(s.layout.Bytes, false)
	s.closeInterchange(s.layout.Bytes)
	s.env.Finish()
	s.layout.Kind = s.kind()
	return nil
}

// segment takes the next segment.
func (s *scanner) segment(seg *x12.Segment) {
	s.layout.Segments++
	s.next = seg.Ordinal
	s.fill(seg.Byte)
	if s.set != nil && s.env.InSet() {
		if id := seg.ID(); len(id) > 2 && id[0] != 'I' { // not ST, SE, GS, GE, ISA or IEA
			s.env.Feed(seg)
			s.body(seg)
			return
		}
	}
	set := s.set
	event := s.env.Feed(seg)
	switch event {
	case x12.OpenInterchange:
		s.closeSet(seg.Byte, false)
		s.openInterchange(seg)
	case x12.CloseInterchange:
		s.closeSet(seg.Byte, false)
		s.closeInterchange(seg.Byte)
	case x12.OpenGroup:
		s.closeSet(seg.Byte, false)
		s.layout.Groups++
		s.gs = s.span(seg, &s.gs)
	case x12.CloseGroup:
		s.closeSet(seg.Byte, false)
	case x12.OpenSet:
		s.closeSet(seg.Byte, false)
		s.openSet(seg)
	case x12.CloseSet:
		s.body(seg)
		s.endSet()
	case x12.Body:
		s.body(seg)
	case x12.Outside:
		if set == nil && seg.Is("TA1") {
			s.kinds[KindTA1] = true
			if i := &s.env.Interchange; !s.deep && len(s.layout.TA1s) < MaxTA1 {
				s.layout.TA1s = append(s.layout.TA1s, TA1{x999.ReadTA1(seg), i.Sender, i.Receiver, i.Date})
			}
		}
	}
	if s.envelope != nil {
		s.envelope(event, seg)
	}
}

// span begins one at a segment; its end is where the next segment begins.
func (s *scanner) span(seg *x12.Segment, to *set.Span) set.Span {
	s.filling = to
	return set.Span{From: seg.Byte, Ordinal: seg.Ordinal, Segments: 1}
}

// fill ends what waited for the next segment.
func (s *scanner) fill(at int64) {
	if s.filling != nil {
		s.filling.To, s.filling = at, nil
	}
	if s.set != nil && s.pieces.done {
		s.closeSet(at, true)
	}
}

func (s *scanner) openInterchange(seg *x12.Segment) {
	s.closeInterchange(seg.Byte)
	if s.env.Interchange.Ordinal == 1 {
		s.layout.Delims = seg.Delims()
	}
	if !s.deep || len(s.layout.Interchanges) == 0 {
		s.layout.Interchanges = append(s.layout.Interchanges, Interchange{Interchange: s.env.Interchange})
	}
	if seg.Len() != 16 { // its terminator stands in it
		s.unclear = s.env.Interchange.Ordinal
	}
	s.isa = s.span(seg, &s.isa)
}

func (s *scanner) closeInterchange(at int64) {
	if n := len(s.layout.Interchanges); n > 0 && s.layout.Interchanges[n-1].To == 0 {
		i := &s.layout.Interchanges[n-1]
		i.To, i.Groups = at, s.env.Interchange.Groups
	}
}

// broken takes bytes that could not be cut into a segment. What they do to a claim or a remit is for its parser to say.
func (s *scanner) broken(e *x12.SyntaxError) {
	s.next = e.Segment
	s.fill(e.Byte)
	f := e.Fault()
	if s.set != nil {
		f = s.inSet(f)
		s.pieces.whole()
		s.tally.Broken()
		if s.checker != nil {
			s.checker.Broken()
		}
	}
	s.fault(s.env.Stamp(f))
}

// endSet is the SE of the set: it ends where the next segment begins.
func (s *scanner) endSet() { s.pieces.done = true }

// closeSet ends the open set at an offset; whole says that its SE was read.
func (s *scanner) closeSet(at int64, closed bool) {
	t := s.set
	if t == nil {
		return
	}
	t.To, t.Segments = at, s.next-s.pieces.st.Ordinal
	if t.Kind == Remittance {
		total := s.tally.End()
		retie(&total.Payment, s.moved)
		t.Payment, t.Untied = total.Payment.ID, total.Payment.Held
		if total.Reason != "" {
			t.Untied = x835.CodeNoPayment + ": " + total.Reason
		}
	}
	if s.checker != nil && !closed {
		s.checker.Finish(nil)
	}
	if s.judges {
		s.verdicts.end(t, s.policy)
	}
	if !s.deep {
		t.Chunks = s.pieces.end(t, s.wrapped)
		s.layout.Sets = append(s.layout.Sets, *t)
	}
	if s.closed != nil {
		s.closed(t)
	}
	s.set, s.checker, s.pieces.done = nil, nil, false
}

// kind is what the file is by its sets.
func (s *scanner) kind() Kind {
	sets := 0
	only := Kind("")
	for k := range s.kinds {
		if k != KindTA1 {
			sets++
			only = k
		}
	}
	switch {
	case sets > 1:
		return Mixed
	case sets == 1:
		return only
	case s.kinds[KindTA1]:
		return KindTA1
	case s.layout.Segments > 0:
		return X12
	}
	return Unknown
}
