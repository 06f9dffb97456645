package x837

import (
	"revcycle/civil"
	"revcycle/claim"
	"revcycle/parsers/x12"
)

// Item is one claim of a file, as claim.Claim or, where it could not be read, claim.Reject.
type Item struct {
	// Document is nil where a set ends with faults and no claim to put them beside.
	Document claim.Document
	// Sighting gives the set and the ordinal of the claim's CLM in it, rejected ones counted; 0 for a Reject that is no claim.
	Sighting claim.Sighting
	// Faults are what was noticed in the claim and in the levels that were opened for it: segments that no loop takes.
	Faults []x12.Fault
}

// Counts tells where the segments of the 837 sets that were read have gone. Read is the sum of the others.
type Counts struct {
	Read     int // from ST to SE
	Placed   int // in a field, or structure: ST, BHT, HL, SE
	Kept     int // in Kept, under the name of their loop
	Reported int // in the text of a Reject, or kept without a loop and reported by a Fault
}

// parser turns the segments of a file, or of a chunk of one, into items.
type parser struct {
	file  claim.Digest
	yield func(Item, error) bool
	done  bool // yield wants no more

	set     int // ordinal of the set in the file
	inSet   bool
	group   string
	guide   *guide
	walker  *x12.Walker
	name    string // of the guide
	use     claim.Use
	created civil.Date
	claims  int // CLMs seen in the set

	head, billing, subscriber, patient level
	level                              *level // the lowest one open: where segments before a CLM go
	claim                              block
	open                               bool // a claim is being collected
	pending                            []x12.Fault
	counts                             Counts
	scratch                            []byte
	names                              map[string]string
	b                                  builder

	// Where the reader's counts begin: a chunk is read behind a copy of its context.
	context  int                                          // segments of the context: the chunk that holds them counts and reports them
	seen     int                                          // segments read so far
	firstOwn int                                          // ordinal in the file of the first segment that is the chunk's own
	firstSet int                                          // ordinal of the set the chunk is of; 0 for a whole file
	before   int                                          // claims of the set in the chunks before
	position func(ordinal int, offset int64) (int, int64) // turns the reader's places into the file's; asked in file order
	ordinal  int                                          // place in the file of the segment at hand
	offset   int64
}

// segment takes the next segment of the source.
func (p *parser) segment(s *x12.Segment) {
	p.seen++
	p.ordinal, p.offset = p.position(s.Ordinal, s.Byte)
	id := s.ID()
	if len(id) == 2 || id[0] == 'I' || id[0] == 'T' {
		switch string(id) {
		case "ISA", "GE", "IEA", "TA1":
			p.endSet(false)
			return
		case "GS":
			p.endSet(false)
			p.group = string(s.Elem(8))
			return
		case "ST":
			p.endSet(false)
			p.beginSet(s)
			return
		case "SE":
			if p.inSet {
				p.count(1, 0, 0)
				p.endSet(true)
			}
			return
		}
	}
	switch {
	case !p.inSet:
	case p.guide == nil:
		p.count(0, 0, 1)
	default:
		p.body(s)
	}
}

// body takes a segment between ST and SE of a set whose guide we read.
func (p *parser) body(s *x12.Segment) {
	where, loop := p.locate(s)
	switch {
	case s.Is("HL"):
		p.flush(false)
		p.count(1, 0, 0)
		p.openLevel(string(s.Elem(3)))
		if where == nowhere {
			p.unplaced(s)
		}
		return
	case s.Is("CLM"):
		p.flush(false)
		p.claims++
		p.open = true
		p.claim.reset()
		if where == nowhere {
			p.claim.fail(trouble{CodeStray, "CLM", "", "the claim stands under no subscriber or patient level", p.ordinal, p.offset})
		}
	case s.Is("BHT"):
		p.use = claim.Use(s.Elem(6))
		p.created, _ = civil.Parse8(s.Elem(4))
		p.count(1, 0, 0)
		return
	}
	b := &p.level.block
	if p.open {
		b = &p.claim
	}
	if where == nowhere && !s.Is("CLM") {
		p.unplaced(s)
	}
	b.add(s, where, loop, p.ordinal, p.offset)
}

// unplaced reports a segment that no loop takes, once: in the chunk that holds it.
func (p *parser) unplaced(s *x12.Segment) {
	if p.seen <= p.context {
		return
	}
	p.pending = append(p.pending, x12.Fault{SNIP: 2, Code: CodeUnplaced, Severity: x12.Warn, Segment: string(s.ID()), Ordinal: p.ordinal, Byte: p.offset,
		Set: p.set, Message: "no loop of " + p.name + " takes this segment here; it is kept without a loop"})
}

// openLevel opens the level that an HL begins; those below it end. A level we do not know (there is none in the guides)
// leaves its segments with the level before.
func (p *parser) openLevel(code string) {
	switch code {
	case "20":
		p.shut(&p.patient, &p.subscriber, &p.billing)
		p.level = &p.billing
	case "22":
		p.shut(&p.patient, &p.subscriber)
		p.level = &p.subscriber
	case "23":
		p.shut(&p.patient)
		p.level = &p.patient
	default:
		return
	}
	p.level.open = true
}

// shut ends levels, the lowest first. One that no claim has read is read now, so that its segments are counted.
func (p *parser) shut(levels ...*level) {
	for _, l := range levels {
		if l.open {
			p.read(l)
		}
		l.reset()
		l.open, l.done = false, false
		l.said = claim.Claim{}
	}
}

func (p *parser) shutAll() { p.shut(&p.patient, &p.subscriber, &p.billing, &p.head) }

func (p *parser) beginSet(s *x12.Segment) {
	p.set++
	if p.firstSet > 0 {
		p.set = p.firstSet
	}
	p.claims = p.before
	if string(s.Elem(1)) != "837" {
		return
	}
	p.inSet = true
	p.count(1, 0, 0)
	p.name = string(s.Elem(3))
	if p.name == "" {
		p.name = p.group
	}
	p.guide, p.walker = guideOf(p.name), nil
	if p.guide == nil {
		p.emit(Item{Document: p.reject(trouble{CodeGuide, "ST", "ST03", "the guide of this set is none that we read: wanted X222, X223 or X224", p.ordinal, p.offset}, "set", 0),
			Sighting: claim.Sighting{File: p.file, Set: p.set}})
		return
	}
	p.walker = p.guide.table.Walker()
	p.walker.Place(s)
	p.use, p.created = "", 0
	p.head.open, p.level = true, &p.head
}

// endSet ends the set at hand; closed says that its SE was read.
func (p *parser) endSet(closed bool) {
	if !p.inSet {
		return
	}
	p.inSet = false
	if p.guide == nil {
		return
	}
	p.flush(!closed)
	p.shutAll()
	if len(p.pending) > 0 {
		p.emit(Item{Sighting: claim.Sighting{File: p.file, Set: p.set}, Faults: p.pending})
		p.pending = nil
	}
}

// flush emits the claim that was being collected; torn says that its set ends without an SE.
func (p *parser) flush(torn bool) {
	if !p.open {
		return
	}
	p.open = false
	at := claim.Sighting{File: p.file, Set: p.set, Ordinal: p.claims}
	first := &p.claim.parts[0]
	if torn {
		p.claim.fail(trouble{CodeTorn, "CLM", "", "the set ends without an SE: whether the claim is whole cannot be known", first.ordinal, first.byte})
	}
	item := Item{Sighting: at, Faults: p.pending}
	p.pending = nil
	if c, bad := p.build(); bad != nil {
		p.count(0, 0, len(p.claim.parts))
		item.Document = p.reject(*bad, "claim", p.claims)
	} else {
		item.Document = c
	}
	p.emit(item)
}

// emit hands an item on, unless nobody wants more.
func (p *parser) emit(it Item) {
	if !p.done && !p.yield(it, nil) {
		p.done = true
	}
}

// reject makes the Reject of a trouble.
func (p *parser) reject(t trouble, unit string, ordinal int) claim.Reject {
	at := claim.Sighting{File: p.file, Set: p.set, Ordinal: ordinal}
	return claim.Reject{ID: claim.RejectID(at, t.code, t.ordinal), Code: t.code, Unit: unit, Segment: t.segment, Element: t.element,
		Ordinal: t.ordinal, Byte: t.byte, Message: t.message}
}

// broken takes bytes that the reader could not cut into a segment: they forbid using the claim, or the level, they stand in.
// Outside a set they are nobody's here.
func (p *parser) broken(e *x12.SyntaxError) {
	p.seen++
	p.ordinal, p.offset = p.position(e.Segment, e.Byte)
	if !p.inSet || p.guide == nil {
		return
	}
	p.count(0, 0, 1)
	t := trouble{e.Code, e.ID, "", e.Message, p.ordinal, p.offset}
	if p.open {
		p.claim.fail(t)
		return
	}
	p.level.fail(t)
	if p.seen > p.context {
		p.emit(Item{Document: p.reject(t, "segment", 0), Sighting: claim.Sighting{File: p.file, Set: p.set}})
	}
}

// count adds to the counts, but for segments of the context: the chunk that holds them counts them.
func (p *parser) count(placed, kept, reported int) {
	if p.seen <= p.context {
		return
	}
	p.counts.Read += placed + kept + reported
	p.counts.Placed += placed
	p.counts.Kept += kept
	p.counts.Reported += reported
}
