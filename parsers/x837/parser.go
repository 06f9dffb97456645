package x837

import (
	"revcycle/civil"
	"revcycle/claim"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
)

// Codes of what is found here, beside those of package set and of the x12 reader.
const (
	CodeStray = "CLAIM_MISPLACED" // a CLM where the guide has no place for one
	CodeLevel = "HL_LEVEL"        // a level that the guide does not have
	CodeLine  = "LINE_MISPLACED"  // a service without its LX, or a line without its service
)

// parser turns the segments of a file, or of a chunk of one, into items.
type parser struct {
	file  claim.Digest
	yield func(set.Item, error) bool
	done  bool // yield wants no more

	set     int // ordinal of the set in the file
	inSet   bool
	group   string // GS08
	guide   *guide
	walker  *x12.Walker
	name    string // of the guide
	use     claim.Use
	created civil.Date
	claims  int // CLMs seen in the set

	head, billing, subscriber, patient level
	level                              *level // the lowest one open: where segments before a CLM go
	claim                              set.Block
	open                               bool // a claim is being collected
	pending                            []x12.Fault
	counts                             set.Counts
	scratch                            []byte
	names                              set.Names
	b                                  builder

	// A chunk is read behind its context, which is counted and reported by the chunk that owns it.
	context  int                                          // segments of the context
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
	if id := s.ID(); len(id) == 2 || len(id) == 3 && id[0] == 'I' {
		switch string(id) {
		case "ISA", "GE", "IEA":
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
				p.structure()
				p.endSet(true)
			}
			return
		}
	}
	switch {
	case !p.inSet:
	case p.guide == nil:
		p.counts.Read++
		p.counts.Reported++
	default:
		p.body(s)
	}
}

// body takes a segment between ST and SE of a set whose guide we read.
func (p *parser) body(s *x12.Segment) {
	at := p.walker.Place(s)
	where, loop := nowhere, ""
	if at.Loop != nil {
		where, loop = p.guide.places[at.Index], at.Loop.ID
	}
	switch {
	case s.Is("HL"):
		p.flush(false)
		p.structure()
		p.openLevel(string(s.Elem(3)))
		if where == nowhere {
			p.unplaced(s)
		}
		return
	case s.Is("CLM"):
		p.openClaim(s, where)
	case s.Is("BHT") && p.level == &p.head && !p.open && !p.head.done:
		p.use = claim.Use(s.Elem(6))
		p.created, _ = civil.Parse8(s.Elem(4))
		p.structure()
		return
	case where == nowhere:
		p.unplaced(s)
	}
	b := &p.level.block
	if p.open {
		b = &p.claim
	}
	b.Add(s, uint8(where), loop, p.ordinal, p.offset)
}

func (p *parser) openClaim(s *x12.Segment, where place) {
	p.flush(false)
	p.claims++
	p.open = true
	p.claim.Reset()
	if where != own {
		p.claim.Fail(set.Trouble{Code: CodeStray, Segment: "CLM", Message: "the claim stands where the guide has no place for one: wanted a subscriber or patient level above it",
			Ordinal: p.ordinal, Byte: p.offset})
	}
}

// structure counts a segment that has no content beside its place.
func (p *parser) structure() {
	if p.seen > p.context {
		p.counts.Read++
		p.counts.Placed++
	}
}

// unplaced reports a segment that no loop takes, once: in the chunk that owns it.
func (p *parser) unplaced(s *x12.Segment) {
	if p.seen > p.context {
		p.pending = append(p.pending, x12.Fault{SNIP: 2, Code: x12.CodeSegmentUnplaced, Severity: x12.Warn, Segment: string(s.ID()), Ordinal: p.ordinal, Byte: p.offset,
			Set: p.set, Message: "no loop of " + p.guide.table.ID + " takes the segment here; it is kept without a loop"})
	}
}

// openLevel opens the level that an HL begins; it and those below it end. Claims under a level that the guides do not have are
// rejected: whose they are cannot be known.
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
		p.shut(&p.patient)
		p.level = &p.patient
		p.level.block.Fail(set.Trouble{Code: CodeLevel, Segment: "HL", Element: "HL03", Message: "the guide has no such level: wanted 20, 22 or 23", Ordinal: p.ordinal, Byte: p.offset})
	}
	p.level.open = true
}

// shut ends levels, the lowest first. One that no claim has needed is read now, so that its segments are counted.
func (p *parser) shut(levels ...*level) {
	for _, l := range levels {
		if l.open {
			p.read(l)
		}
		l.open, l.done = false, false
		l.block.Reset()
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
	if p.name = string(s.Elem(3)); p.name == "" {
		p.name = p.group
	}
	p.structure()
	if p.guide = guideOf(p.name); p.guide == nil {
		t := set.Trouble{Code: set.CodeGuide, Segment: "ST", Element: "ST03", Message: "the guide of the set is none that we read: wanted X222, X223 or X224", Ordinal: p.ordinal, Byte: p.offset}
		p.emit(set.Item{Document: t.Reject(p.sighting(0), "set"), Sighting: p.sighting(0)})
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
		p.emit(set.Item{Sighting: p.sighting(0), Faults: p.pending})
		p.pending = nil
	}
}

func (p *parser) sighting(ordinal int) claim.Sighting {
	return claim.Sighting{File: p.file, Set: p.set, Ordinal: ordinal}
}

// flush emits the claim that was being collected; torn says that its set ends without an SE.
func (p *parser) flush(torn bool) {
	if !p.open {
		return
	}
	p.open = false
	if torn {
		ordinal, offset := p.claim.First()
		p.claim.Fail(set.Trouble{Code: set.CodeTorn, Segment: "CLM", Message: "the set ends without an SE: whether the claim is whole cannot be known", Ordinal: ordinal, Byte: offset})
	}
	item := set.Item{Sighting: p.sighting(p.claims), Faults: p.pending}
	p.pending = nil
	c, bad := p.build()
	if item.Document = c; bad != nil {
		p.counts.Read += p.claim.Len()
		p.counts.Reported += p.claim.Len()
		item.Document = bad.Reject(item.Sighting, "claim")
	}
	p.emit(item)
}

// emit hands an item on, unless nobody wants more.
func (p *parser) emit(it set.Item) {
	if !p.done && !p.yield(it, nil) {
		p.done = true
	}
}

// broken takes bytes that the reader could not cut into a segment: they forbid using the claim, or the level, they stand in.
// Outside a set they are nobody's here.
func (p *parser) broken(e *x12.SyntaxError) {
	p.seen++
	p.ordinal, p.offset = p.position(e.Segment, e.Byte)
	if p.inSet && p.seen > p.context {
		p.counts.Read++
		p.counts.Reported++
	}
	if !p.inSet || p.guide == nil {
		return
	}
	t := set.Broken(e, p.ordinal, p.offset)
	if p.open {
		p.claim.Fail(t)
		return
	}
	p.level.block.Fail(t)
	if p.seen > p.context {
		p.emit(set.Item{Document: t.Reject(p.sighting(0), "segment"), Sighting: p.sighting(0)})
	}
}
