package parsers

import (
	"errors"
	"io"
	"slices"

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

func (s *scanner) openSet(seg *x12.Segment) {
	s.lookUp()
	e := &s.env
	kind := kindOf(e.Set.Kind, e.Set.Guide)
	f := FormatOf(kind, nil)
	s.set = &Set{Ordinal: e.Set.Ordinal, Interchange: e.Interchange.Ordinal, Group: e.Group.Ordinal, Kind: kind, Guide: e.Set.Guide, Control: e.Set.Control,
		GroupKind: e.Group.Kind, GroupSender: e.Group.Sender, GroupControl: e.Group.Control, Usage: e.Interchange.Usage, Sender: e.Interchange.Sender, Receiver: e.Interchange.Receiver,
		From: seg.Byte, Refused: f.Refusal}
	if kind == Remittance && x835.Guide(e.Set.Guide) == nil {
		s.set.Refused = "the set names no guide that is read: wanted X221"
	}
	if s.unclear > 0 && s.unclear == e.Interchange.Ordinal {
		s.set.Refused = "the delimiters of its interchange cannot be told apart: its ISA needs four different ones"
	}
	s.kinds[kind] = true
	if s.set.Held = s.ahead.of(s.set); e.Interchange.Ordinal == 0 {
		s.set.Held = x12.CodeNoISA + ": the set stands in no interchange"
	}
	for i := range s.ahead.tolerated {
		if f := &s.ahead.tolerated[i]; concerns(f, s.set) {
			s.set.tolerate(s.policy.Agreement(f))
		}
	}
	s.pieces.begin(seg, s.isa, s.gs)
	s.hl.begin(kind)
	s.judges = s.policies != nil && !f.Ack // an acknowledgement says what can be read of it
	s.verdicts.begin(seg, kind == Remittance)
	if s.moved = 0; kind == Remittance {
		s.tally.Begin(seg)
	}
	if p := s.policy; p != nil && p.Usage != "" && p.Usage != s.set.Usage {
		s.fault(s.env.Stamp(s.inSet(x12.Fault{SNIP: 7, Code: CodePartnerUsage, Severity: x12.Reject, Segment: "ISA", Element: "ISA15", Ordinal: s.isa.Ordinal, Byte: s.isa.From,
			Message: "the interchange is marked " + usages[s.set.Usage] + ", and its partner's agreement takes " + usages[p.Usage] + " only"})))
	}
	s.check(seg)
}

// usages are the names of ISA15.
var usages = map[string]string{"P": "production", "T": "test", "": "neither test nor production"}

// body takes a segment from ST to SE, these not included but the SE.
func (s *scanner) body(seg *x12.Segment) {
	if s.set == nil {
		return
	}
	if s.checker != nil {
		s.checker.Take(seg)
	}
	switch s.set.Kind {
	case Remittance:
		if seg.Is("CLP") {
			s.remit(seg)
		}
		s.tally.Feed(seg)
	case Professional, Institutional, Dental, Claims:
		s.claimSegment(seg)
	default:
		if seg.Is("HL") {
			s.hl.take(seg)
		}
	}
	if s.judges {
		s.verdicts.segment(seg, s.policy)
	}
}

// claimSegment takes a segment of an 837.
func (s *scanner) claimSegment(seg *x12.Segment) {
	id := seg.ID()
	switch {
	case len(id) == 2 && id[0] == 'H' && id[1] == 'L':
		s.hl.take(seg)
		s.pieces.level(seg)
	case len(id) == 3 && id[0] == 'C' && id[1] == 'L' && id[2] == 'M':
		s.pieces.claim(seg)
		s.set.Claims++
		s.layout.Claims++
		if c, err := money.Parse(seg.Elem(2)); err == nil {
			s.set.Charge += c
			s.layout.Charge += c
		}
	}
}

// remit counts a CLP.
func (s *scanner) remit(seg *x12.Segment) {
	s.set.Remits++
	s.layout.Remits++
	charge, chargeErr := money.Parse(seg.Elem(3))
	paid, paidErr := money.Parse(seg.Elem(4))
	if s.policy != nil && slices.Contains(s.policy.Readings, snip.PositiveReversal) && positive(string(seg.Elem(2)), paid, charge) {
		s.moved -= 2 * paid
		charge, paid = -charge, -paid
	}
	if chargeErr == nil {
		s.set.Charge += charge
		s.layout.Charge += charge
	}
	if paidErr == nil {
		s.set.Paid += paid
		s.layout.Paid += paid
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

// check begins to check the set by its guide.
func (s *scanner) check(st *x12.Segment) {
	if s.checker = nil; !s.deep && s.policies == nil {
		return
	}
	g := guideOf(s.set)
	if g == nil {
		return
	}
	if s.checkers[g] == nil {
		s.checkers[g] = snip.MustNew(g)
	}
	s.checker = s.checkers[g]
	if s.policy != nil {
		s.checker.Sets = s.policy.Sets
	}
	for _, name := range snip.SetsOf(g) {
		if !slices.Contains(s.checker.Sets.Names(), name) && !slices.Contains(s.unchecked, name) {
			s.unchecked = append(s.unchecked, name)
		}
	}
	same := s.checker.Version(s.set.Guide)
	s.checker.Report = func(f x12.Fault) {
		// What the guide of another version says is no matter of this set: its syntax, its sums and its codes are.
		if same || f.SNIP == 1 || f.SNIP == 3 || f.SNIP == 5 || f.Code == x12.CodeAmount {
			s.fault(s.env.Stamp(s.inSet(f)))
		}
	}
	s.checker.Take(st)
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
