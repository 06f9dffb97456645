package snip

import (
	"fmt"
	"strings"

	"revcycle/parsers/x12"
)

// CodeTooLarge says that a claim has more segments than are kept to judge it: types 3 to 6 were not checked. A warning.
const CodeTooLarge = "TOO_LARGE_TO_CHECK"

// Checker judges one set after another of one guide. It does not allocate but for faults, once it has seen its largest claim.
type Checker struct {
	// Report is told of each fault; it must not be nil.
	Report func(x12.Fault)
	// Sets are the external code sets by which codes are judged (type 5); nil where none is loaded.
	Sets *CodeSets

	plan      *plan
	walker    *x12.Walker
	validator *x12.Validator
	r         record
	stack     []int32 // open loops, by their places in the record
	over      bool    // the record is full
	torn      bool    // a segment of the document at hand could not be read
}

// plan is what is judged at the end of each loop of a guide.
type plan struct {
	guide      *x12.Guide
	keeps      []bool // by loop: what it held is kept until a loop around it ends
	situations [][]bound
	computed   [][]rule
	codes      [][]*codeUse
}

// rule is a check that must be computed. Check is called when the loop ends, with what is known of it.
type rule struct {
	guides string // parts of the names of the guides, with blanks between
	loops  string
	check  func(v view, report func(x12.Fault))
}

// units are the loops that hold one document each, by a part of the name of the guide: what stands in them is kept until they end.
var units = []struct{ guide, loop string }{
	{"X222", "2300"}, {"X223", "2300"}, {"X224", "2300"}, {"X221", "2100"}, {"X214", "2200D"},
}

// New gives a checker of sets that follow a guide. It fails where the table of situations names what the guide does not have.
func New(g *x12.Guide) (*Checker, error) {
	p := &plan{guide: g, keeps: make([]bool, len(g.Loops)), computed: make([][]rule, len(g.Loops)), codes: bindCodes(g)}
	unit := -1
	for _, u := range units {
		if strings.Contains(g.ID, u.guide) {
			unit = g.Index(u.loop)
		}
	}
	for i := range g.Loops {
		p.keeps[i] = unit >= 0 && i != unit && !isAbove(g, i, unit)
	}
	var err error
	if p.situations, err = bind(g, situations); err != nil {
		return nil, err
	}
	for _, r := range computed {
		for part := range strings.FieldsSeq(r.guides) {
			if !strings.Contains(g.ID, part) {
				continue
			}
			if r.loops == "*" {
				for i := range p.computed {
					p.computed[i] = append(p.computed[i], r)
				}
			}
			for loop := range strings.FieldsSeq(strings.Trim(r.loops, "*")) {
				i := g.Index(loop)
				if i < 0 {
					return nil, fmt.Errorf("snip: no loop %s in guide %s", loop, g.ID)
				}
				p.computed[i] = append(p.computed[i], r)
			}
		}
	}
	return &Checker{plan: p, walker: g.Walker(), validator: g.Validator()}, nil
}

// MustNew is New for a guide that is part of the program: it panics where guide and table do not fit.
func MustNew(g *x12.Guide) *Checker {
	c, err := New(g)
	if err != nil {
		panic(err)
	}
	return c
}

// Version says of which version the next set is, by the name of its guide: see [x12.Validator.Version].
func (c *Checker) Version(name string) (same bool) { return c.validator.Version(name) }

// Broken says that the bytes at hand could not be cut into a segment: the document they stand in is not judged.
func (c *Checker) Broken() { c.torn = true }

// Take takes the next segment of a set, from its ST to its SE, and says where it belongs.
func (c *Checker) Take(s *x12.Segment) x12.Placement {
	c.walker.Report = c.Report
	at := c.walker.Place(s)
	c.validator.Report = c.Report
	c.validator.Check(s, at)
	depth := c.walker.Depth()
	switch {
	case at.Loop == nil: // kept where it stands: a line without its LX has a charge all the same
		c.keep(s)
		return at
	case at.Opened && at.Index == 0:
		c.closeTo(0)
		c.r, c.over = record{buf: c.r.buf[:0], ends: c.r.ends[:0], segs: c.r.segs[:0], loops: c.r.loops[:0]}, false
		c.torn = false
		c.open(s, at, 1)
	case at.Opened:
		c.open(s, at, depth)
	default:
		c.closeTo(max(depth, 1))
	}
	c.keep(s)
	if depth == 0 {
		c.closeTo(0)
	}
	return at
}

// Finish ends a set that has no SE.
func (c *Checker) Finish(s *x12.Segment) {
	c.walker.Finish(s)
	c.closeTo(0)
}

// Depth is the number of open loops, the set included.
func (c *Checker) Depth() int { return len(c.stack) }

// open opens the loop of a placement at a depth, and those above it that the file skipped.
func (c *Checker) open(s *x12.Segment, at x12.Placement, depth int) {
	keep := depth - 1
	if c.walker.Skipped() {
		for k := 0; k < keep; k++ {
			if k >= len(c.stack) || c.r.loops[c.stack[k]].table != c.walker.Open(k) {
				keep = k
			}
		}
	}
	c.closeTo(keep)
	for k := len(c.stack); k < depth; k++ {
		table := c.walker.Open(k)
		parent := int32(-1)
		if k > 0 {
			parent = c.stack[k-1]
		}
		c.stack = append(c.stack, c.r.open(table, c.walker.Index(k), parent, k < depth-1))
	}
}

// keep adds a segment to the innermost open loop.
func (c *Checker) keep(s *x12.Segment) {
	if len(c.stack) == 0 {
		return
	}
	if !c.r.full() {
		c.r.add(c.stack[len(c.stack)-1], s)
		return
	}
	if !c.over {
		c.over = true
		c.Report(x12.Fault{SNIP: 3, Code: CodeTooLarge, Severity: x12.Warn, Loop: c.r.loops[c.stack[len(c.stack)-1]].table.ID, Segment: string(s.ID()),
			Ordinal: s.Ordinal, Byte: s.Byte, Message: fmt.Sprintf("more than %d segments in one claim: its sums and situations are not checked", most)})
	}
}

// closeTo ends loops until n are open, and judges each.
func (c *Checker) closeTo(n int) {
	for len(c.stack) > n {
		i := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		l := &c.r.loops[i]
		if !c.over && !c.torn && !l.implied {
			c.judge(view{&c.r, i}, int(l.index))
		}
		if !c.plan.keeps[l.index] {
			c.r.cut(i)
			c.over, c.torn = c.over && c.r.full(), false
		}
	}
}

func (c *Checker) judge(v view, index int) {
	for i := range c.plan.situations[index] {
		if f, ok := c.plan.situations[index][i].judge(v); ok {
			c.Report(f)
		}
	}
	for i := range c.plan.computed[index] {
		c.plan.computed[index][i].check(v, c.Report)
	}
	if c.Sets != nil {
		c.Sets.codesOf(v, c.plan.codes[index], c.Report)
	}
}
