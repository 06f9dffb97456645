package x12

import "fmt"

// Codes of the faults that a [Walker] finds, of SNIP type 2 where nothing else is said. All have the severity warn: which of them reject
// is for the caller to say.
const (
	CodeSegmentUnplaced = "SEGMENT_UNPLACED" // the guide has no place for the segment here
	CodeSegmentRepeat   = "SEGMENT_REPEAT"   // more of them than the loop allows
	CodeSegmentMissing  = "SEGMENT_MISSING"  // a loop ended without a segment it must have
	CodeLoopRepeat      = "LOOP_REPEAT"      // more of them than the parent allows
	CodeLoopMissing     = "LOOP_MISSING"     // a loop ended without a loop it must hold
	CodeLoopSkipped     = "LOOP_SKIPPED"     // a loop stands where its parent is missing
	CodeSegmentOrder    = "SEGMENT_ORDER"    // a segment stands behind one that must follow it; type 1
)

// Placement says where a segment belongs. It has four fields and no more: the compiler keeps such a struct in registers, and
// with a fifth placing a segment takes half as long again.
type Placement struct {
	Loop   *Loop // nil when the guide has no place for the segment
	Index  int   // of Loop in Guide.Loops; -1 with a nil Loop
	Use    *Use  // the use of the segment in Loop
	Opened bool  // the segment opened Loop
}

// GuideCodes are the faults of a guide's loops and segments.
var GuideCodes = []string{CodeSegmentUnplaced, CodeSegmentRepeat, CodeSegmentMissing, CodeLoopRepeat, CodeLoopMissing, CodeLoopSkipped, CodeSegmentOrder}

// Walker follows the segments of one set after another through the loops of a guide. It does not allocate but for faults.
type Walker struct {
	// Report is told of what the guide does not allow; nil discards it.
	Report func(Fault)

	g      *Guide
	stack  []frame
	counts []uint32 // maxSlots for each frame

	skipped bool
}

type frame struct {
	loop    int16
	rank    uint8 // of the furthest segment or loop in it
	implied bool  // never opened in the file
}

// Walker gives a new walker through a compiled guide.
func (g *Guide) Walker() *Walker {
	if g.spans == nil {
		panic("x12: guide " + g.ID + " is not compiled")
	}
	depth := len(g.Loops)
	return &Walker{g: g, stack: make([]frame, 0, depth), counts: make([]uint32, depth*g.maxSlots)}
}

// Skipped reports whether the segment last placed opened a loop whose parent was missing in the file.
func (w *Walker) Skipped() bool { return w.skipped }

// Depth gives the number of open loops, the set included.
func (w *Walker) Depth() int { return len(w.stack) }

// Open gives the i-th open loop, 0 being the set.
func (w *Walker) Open(i int) *Loop { return &w.g.Loops[w.stack[i].loop] }

// Index gives the place in Guide.Loops of the i-th open loop.
func (w *Walker) Index(i int) int { return int(w.stack[i].loop) }

// Finish closes every loop and reports what they lack: to be called when a set ends without its SE. The place of the
// faults is that of s, the segment that showed the end; nil for the end of the file.
func (w *Walker) Finish(s *Segment) {
	w.popTo(0, s)
}

// Place says where s belongs: it looks in the innermost open loop, then among the loops that may open there, then in
// the same way one loop further out. Loops further in than the place found are closed. A segment that opens a loop
// somewhere below an open loop, with loops between missing, is placed too, see Skipped. ST starts anew, SE closes all.
func (w *Walker) Place(s *Segment) Placement {
	g := w.g
	w.skipped = false
	id := s.ID()
	n := g.id(packID(id))
	if n >= 0 && len(id) == 2 && id[0] == 'S' && id[1] == 'T' {
		w.popTo(0, s)
		w.push(0, false)
		return Placement{Loop: &g.Loops[0], Use: &g.Loops[0].Segments[0], Opened: true}
	}
	if n < 0 {
		return w.unplaced(s)
	}
	if len(w.stack) == 0 {
		w.push(0, true)
	}
	var q qualifier
	for i := len(w.stack) - 1; i >= 0; i-- {
		sp := g.spans[int(w.stack[i].loop)*g.nids+n]
		if sp.lo == sp.hi {
			continue
		}
		if m := w.find(i, g.rules[sp.lo:sp.hi], s, &q); m != nil {
			return w.take(i, m, s)
		}
	}
	return w.reach(n, s, &q)
}

// qualifier keeps the qualifier of the segment at hand: most uses of a segment look at the same element.
type qualifier struct {
	at    uint8
	value uint64
}

func (q *qualifier) in(codes []uint64, at uint8, s *Segment) bool {
	if len(codes) == 0 {
		return true
	}
	if q.at != at {
		q.at, q.value = at, s.code(int(at))
	}
	for _, c := range codes {
		if c == q.value {
			return true
		}
	}
	return false
}

// find gives what s is in the i-th open loop: the first that fits and is not used up, else the first that fits.
func (w *Walker) find(i int, rules []matcher, s *Segment, q *qualifier) *matcher {
	var used *matcher
	for k := range rules {
		m := &rules[k]
		if !q.in(m.codes, m.at, s) {
			continue
		}
		if m.limit == 0 || w.counts[i*w.g.maxSlots+int(m.slot)] < m.limit {
			return m
		}
		if used == nil {
			used = m
		}
	}
	return used
}

// take places s in the i-th open loop, or opens a loop there.
func (w *Walker) take(i int, m *matcher, s *Segment) Placement {
	if len(w.stack) > i+1 {
		w.popTo(i+1, s)
	}
	c := &w.counts[i*w.g.maxSlots+int(m.slot)]
	*c++
	f := &w.stack[i]
	late := m.rank < f.rank
	f.rank = max(f.rank, m.rank)
	count, loop, opened := *c, f.loop, m.opens >= 0
	if opened {
		loop = m.opens
		w.push(loop, false)
	}
	if m.limit > 0 && count > m.limit && w.Report != nil {
		w.tooMany(m, count, &w.g.Loops[loop], s)
	}
	if late && w.Report != nil {
		w.late(&w.g.Loops[loop], s)
	}
	if i == 0 && m.last {
		w.popTo(0, s)
	}
	return Placement{Loop: &w.g.Loops[loop], Index: int(loop), Use: m.use, Opened: opened}
}

// late reports a segment that stands behind one that must follow it.
func (w *Walker) late(l *Loop, s *Segment) {
	w.Report(Fault{SNIP: 1, Code: CodeSegmentOrder, Severity: Warn, Loop: l.ID, Segment: validID(s.ID()), Ordinal: s.Ordinal, Byte: s.Byte,
		Message: "the segment stands behind one that must follow it"})
}

// tooMany reports a segment or loop beyond its limit.
func (w *Walker) tooMany(m *matcher, count uint32, l *Loop, s *Segment) {
	code, message := CodeSegmentRepeat, "%d of these segments in the loop, at most %d are allowed"
	if m.opens >= 0 {
		code, message = CodeLoopRepeat, "%d of these loops in their parent, at most %d are allowed"
	}
	w.fault(code, l.ID, m.use, s, fmt.Sprintf(message, count, m.limit))
}

// reach opens the nearest loop below an open one that s can open, with the loops between taken as open.
func (w *Walker) reach(n int, s *Segment, q *qualifier) Placement {
	g, loops := w.g, len(w.g.Loops)
	sp := g.triggers[n]
	for i := len(w.stack) - 1; i >= 0 && sp.lo < sp.hi; i-- {
		from, best, steps := int(w.stack[i].loop), -1, uint8(255)
		for _, c := range g.openers[sp.lo:sp.hi] {
			if d := g.dist[from*loops+int(c)]; d == 0 || d >= steps {
				continue
			} else if m := w.opener(int(c), from); q.in(m.codes, m.at, s) {
				best, steps = int(c), d
			}
		}
		if best < 0 {
			continue
		}
		w.popTo(i+1, s)
		w.skipped = true
		w.imply(from, int(g.via[from*loops+best]))
		l := &g.Loops[best]
		top := len(w.stack) - 1
		m := w.opener(best, from)
		w.counts[top*g.maxSlots+int(m.slot)]++
		w.push(int16(best), false)
		if w.Report != nil {
			w.fault(CodeLoopSkipped, l.ID, &l.Segments[0], s, "the loop stands where its parent is missing")
		}
		return Placement{Loop: l, Index: best, Use: &l.Segments[0], Opened: true}
	}
	return w.unplaced(s)
}

// opener gives the matcher that opens loop c in the last loop on the way to it.
func (w *Walker) opener(c, from int) *matcher {
	g := w.g
	p := int(g.via[from*len(g.Loops)+c])
	sp := g.spans[p*g.nids+g.id(packID([]byte(g.Loops[c].Trigger)))]
	for k := sp.lo; k < sp.hi; k++ {
		if int(g.rules[k].opens) == c {
			return &g.rules[k]
		}
	}
	panic("x12: guide " + g.ID + ": loop " + g.Loops[c].ID + " has no opening in its parent")
}

// imply takes the loops on the way from one down to another as open.
func (w *Walker) imply(from, to int) {
	if from == to {
		return
	}
	w.imply(from, int(w.g.via[from*len(w.g.Loops)+to]))
	w.push(int16(to), true)
}

func (w *Walker) push(loop int16, implied bool) {
	lo := len(w.stack) * w.g.maxSlots
	clear(w.counts[lo : lo+w.g.slots[loop]])
	w.stack = append(w.stack, frame{loop: loop, implied: implied})
}

// popTo closes loops until n are open and reports what they lack.
func (w *Walker) popTo(n int, s *Segment) {
	for len(w.stack) > n {
		i := len(w.stack) - 1
		f := w.stack[i]
		if w.Report != nil && !f.implied {
			w.lacks(i, s)
		}
		w.stack = w.stack[:i]
	}
}

// lacks reports what the i-th open loop must hold and does not.
func (w *Walker) lacks(i int, s *Segment) {
	g, loop := w.g, int(w.stack[i].loop)
	for _, slot := range g.required[loop] {
		if w.counts[i*g.maxSlots+int(slot)] != 0 {
			continue
		}
		for k := range g.rules[g.spans[loop*g.nids].lo:g.spans[loop*g.nids+g.nids-1].hi] {
			m := &g.rules[int(g.spans[loop*g.nids].lo)+k]
			if m.slot != slot {
				continue
			}
			if m.opens >= 0 {
				w.fault(CodeLoopMissing, g.Loops[m.opens].ID, m.use, s, "loop "+g.Loops[loop].ID+" ended without it")
			} else {
				w.fault(CodeSegmentMissing, g.Loops[loop].ID, m.use, s, "the loop ended without it")
			}
		}
	}
}

// unplaced reports a segment that the guide has no place for; one whose ID is none the reader has reported.
func (w *Walker) unplaced(s *Segment) Placement {
	if w.Report != nil && validID(s.ID()) != "" {
		loop := ""
		if len(w.stack) > 0 {
			loop = w.Open(len(w.stack) - 1).ID
		}
		w.Report(Fault{SNIP: 2, Code: CodeSegmentUnplaced, Severity: Warn, Loop: loop, Segment: validID(s.ID()), Ordinal: s.Ordinal, Byte: s.Byte,
			Message: "the guide has no place for the segment here"})
	}
	return Placement{Index: -1}
}

// fault reports trouble with a use of a segment, noticed at s.
func (w *Walker) fault(code, loop string, u *Use, s *Segment, message string) {
	f := Fault{SNIP: 2, Code: code, Severity: Warn, Loop: loop, Segment: u.ID, Message: message}
	if len(u.Codes) > 0 {
		f.Message = fmt.Sprintf("%s*%s: %s", u.ID, u.Codes[0], message)
	}
	if s != nil {
		f.Ordinal, f.Byte = s.Ordinal, s.Byte
	}
	w.Report(f)
}
