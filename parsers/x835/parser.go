package x835

import (
	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
)

// parser turns the segments of a file, or of one set, into items.
type parser struct {
	file  claim.Digest
	yield func(set.Item, error) bool
	done  bool // yield wants no more

	payments func(set int) claim.ID // the ID of each set's payment
	set      int
	firstSet int // ordinal of the set a chunk is of; 0 for a whole file
	inSet    bool
	known    bool // the set's guide is one we read
	group    string
	walker   *x12.Walker
	frame    frame
	read     bool // the frame was read, for its trouble
	claims   int
	total    claimTotal
	claim    set.Block
	open     bool
	pending  []x12.Fault
	counts   set.Counts
	b        builder

	position func(ordinal int, offset int64) (int, int64)
	ordinal  int
	offset   int64
	start    set.Trouble // where the set's ST stands
}

func newParser(file claim.Digest, yield func(set.Item, error) bool) *parser {
	p := &parser{file: file, yield: yield, walker: remittance.Walker()}
	p.b.names = make(set.Names)
	p.b.counts = &p.counts
	return p
}

// segment takes the next segment of the source.
func (p *parser) segment(s *x12.Segment) {
	p.ordinal, p.offset = p.position(s.Ordinal, s.Byte)
	switch string(s.ID()) {
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
	switch {
	case !p.inSet:
	case !p.known:
		p.counts.Read++
		p.counts.Reported++
	default:
		p.body(s)
	}
}

// body takes a segment between ST and SE.
func (p *parser) body(s *x12.Segment) {
	at := p.walker.Place(s)
	where, loop := nowhere, ""
	if at.Loop != nil {
		where, loop = places[at.Index], at.Loop.ID
	} else {
		p.pending = append(p.pending, x12.Fault{SNIP: 2, Code: x12.CodeSegmentUnplaced, Severity: x12.Warn, Segment: string(s.ID()), Ordinal: p.ordinal, Byte: p.offset,
			Set: p.set, Message: "no loop of " + remittance.ID + " takes the segment here; it is kept without a loop"})
	}
	switch string(s.ID()) {
	case "LX", "PLB":
		p.flush(false)
	case "CLP":
		p.flush(false)
		p.claims++
		p.open = true
		p.claim.Reset()
		if paid, err := money.Parse(s.Elem(4)); err == nil {
			p.total.paid += paid
		} else {
			p.total.unread++
		}
		if where != own {
			p.claim.Fail(set.Trouble{Code: CodeStray, Segment: "CLP", Message: "the claim stands where the guide has no place for one", Ordinal: p.ordinal, Byte: p.offset})
		}
	}
	b := &p.frame.block
	if p.open {
		b = &p.claim
	}
	b.Add(s, uint8(where), loop, p.ordinal, p.offset)
}

// structure counts a segment that has no content beside its place.
func (p *parser) structure() {
	p.counts.Read++
	p.counts.Placed++
}

func (p *parser) beginSet(s *x12.Segment) {
	p.set++
	if p.firstSet > 0 {
		p.set = p.firstSet
	}
	if string(s.Elem(1)) != "835" {
		return
	}
	p.inSet = true
	p.structure()
	name := string(s.Elem(3))
	if name == "" {
		name = p.group
	}
	if p.known = Guide(name) != nil; !p.known {
		t := set.Trouble{Code: set.CodeGuide, Segment: "ST", Element: "ST03", Message: "the guide of the set is none that we read: wanted X221", Ordinal: p.ordinal, Byte: p.offset}
		p.emit(set.Item{Document: t.Reject(p.sighting(0), "set"), Sighting: p.sighting(0)})
		return
	}
	p.start = set.Trouble{Segment: "ST", Ordinal: p.ordinal, Byte: p.offset}
	p.walker.Place(s)
	p.frame.block.Reset()
	p.claims, p.total, p.read = 0, claimTotal{}, false
}

// endSet ends the set at hand with its payment; closed says that its SE was read.
func (p *parser) endSet(closed bool) {
	if !p.inSet {
		return
	}
	p.inSet = false
	if !p.known {
		return
	}
	p.flush(!closed)
	p.frame.read()
	p.frame.close(p.claims, p.total)
	item := set.Item{Sighting: p.sighting(0), Faults: p.pending}
	p.pending = nil
	n := p.frame.block.Len()
	switch {
	case p.frame.missing != nil:
		p.counts.Read += n
		p.counts.Reported += n
		t := *p.frame.missing
		if t.Ordinal == 0 {
			t.Ordinal, t.Byte = p.start.Ordinal, p.start.Byte
		}
		item.Document = t.Reject(item.Sighting, "set")
	default:
		c := p.frame.counts
		p.counts.Read += c.Read
		p.counts.Placed += c.Placed
		p.counts.Kept += c.Kept
		p.counts.Reported += c.Reported
		pay := p.frame.payment
		pay.ID = p.payments(p.set)
		if !closed && pay.Held == "" {
			pay.Held = set.CodeTorn + ": the set ends without an SE"
		}
		item.Document = pay
	}
	p.emit(item)
}

func (p *parser) sighting(ordinal int) claim.Sighting {
	return claim.Sighting{File: p.file, Set: p.set, Ordinal: ordinal}
}

// flush emits the remit that was being collected; torn says that its set ends without an SE.
func (p *parser) flush(torn bool) {
	if !p.open {
		return
	}
	p.open = false
	blk := &p.claim
	ordinal, offset := blk.First()
	id := p.payments(p.set)
	switch {
	case torn:
		blk.Fail(set.Trouble{Code: set.CodeTorn, Segment: "CLP", Message: "the set ends without an SE: whether the remit is whole cannot be known", Ordinal: ordinal, Byte: offset})
	case !id.Known():
		blk.Fail(set.Trouble{Code: CodeNoPayment, Segment: "CLP", Message: "the set has no payment that can be read", Ordinal: ordinal, Byte: offset})
	}
	item := set.Item{Sighting: p.sighting(p.claims), Faults: p.pending}
	p.pending = nil
	before := p.counts
	r := claim.Remit{ID: claim.RemitID(id, p.claims), Payment: id, Ordinal: p.claims}
	blk.Seal()
	if blk.Bad == nil {
		p.b.build(&r, blk)
	}
	if blk.Bad != nil {
		p.counts = before
		p.counts.Read += blk.Len()
		p.counts.Reported += blk.Len()
		item.Document = blk.Bad.Reject(item.Sighting, "claim")
	} else {
		item.Document = r
	}
	p.emit(item)
}

// emit hands an item on, unless nobody wants more.
func (p *parser) emit(it set.Item) {
	if !p.done && !p.yield(it, nil) {
		p.done = true
	}
}

// broken takes bytes that the reader could not cut into a segment: they forbid using the remit they stand in, or hold the set.
func (p *parser) broken(e *x12.SyntaxError) {
	p.ordinal, p.offset = p.position(e.Segment, e.Byte)
	if !p.inSet {
		return
	}
	p.counts.Read++
	p.counts.Reported++
	if !p.known {
		return
	}
	t := set.Broken(e, p.ordinal, p.offset)
	if p.open {
		p.claim.Fail(t)
		return
	}
	p.frame.block.Fail(t)
	p.emit(set.Item{Document: t.Reject(p.sighting(0), "segment"), Sighting: p.sighting(0)})
}
