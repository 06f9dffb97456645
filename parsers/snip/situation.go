package snip

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"revcycle/parsers/x12"
)

//go:embed situations.txt
var situationsText string

// situation is a row of the table: where all of when is true of a loop, one of then must be.
type situation struct {
	code     string
	snip     int
	severity x12.Severity
	guides   []string // parts of the names of the guides
	loops    []string // each is judged by itself
	when     string
	then     string
	message  string // what is wanted, without a value
	cite     string
}

// bound is a situation of one loop of one guide.
type bound struct {
	*situation
	when, then []term
}

// situations is the table.
var situations = mustSituations(situationsText)

func mustSituations(text string) []situation {
	list, err := parseSituations(text)
	if err != nil {
		panic(err)
	}
	return list
}

// parseSituations reads the table, a row a line, blank lines and lines that start with # passed over:
//
//	code | SNIP | severity | guides | loops | when | then | message | cite
//
// Guides and loops have blanks between; the terms of when have "and", those of then "or". See parseTerm.
func parseSituations(text string) ([]situation, error) {
	var out []situation
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "|")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if len(f) != 9 || slices.Contains(f, "") || len(f[1]) != 1 || f[1] < "4" || f[1] > "6" {
			return nil, fmt.Errorf("snip: situations, line %d: wanted code, SNIP 4 to 6, severity, guides, loops, when, then, message, cite", n)
		}
		s := situation{code: f[0], snip: int(f[1][0] - '0'), severity: x12.Severity(f[2]), guides: strings.Fields(f[3]), loops: strings.Fields(f[4]),
			when: f[5], then: f[6], message: f[7], cite: f[8]}
		if s.severity != x12.Warn && s.severity != x12.Reject {
			return nil, fmt.Errorf("snip: situations, line %d: severity is warn or reject, not %q", n, f[2])
		}
		out = append(out, s)
	}
	return out, nil
}

// bind gives, for each loop of a guide by its index, the situations that are judged when it ends.
func bind(g *x12.Guide, table []situation) ([][]bound, error) {
	out := make([][]bound, len(g.Loops))
	for i := range table {
		s := &table[i]
		if !slices.ContainsFunc(s.guides, func(part string) bool { return strings.Contains(g.ID, part) }) {
			continue
		}
		for _, name := range s.loops {
			loop := g.Index(name)
			if loop < 0 {
				return nil, fmt.Errorf("snip: %s: no loop %s in guide %s", s.code, name, g.ID)
			}
			b := bound{situation: s}
			var err error
			if b.when, err = terms(g, loop, s.when, " and "); err == nil {
				b.then, err = terms(g, loop, s.then, " or ")
			}
			if err != nil {
				return nil, fmt.Errorf("snip: %s: %w", s.code, err)
			}
			out[loop] = append(out[loop], b)
		}
	}
	return out, nil
}

// terms reads what stands between separators; "always" is no term.
func terms(g *x12.Guide, loop int, text, separator string) ([]term, error) {
	if text == "always" {
		return nil, nil
	}
	var out []term
	for part := range strings.SplitSeq(text, separator) {
		t, err := parseTerm(strings.TrimSpace(part), g, loop)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// judge says where the fault of a loop stands; ok is false where there is none.
func (b *bound) judge(v view) (x12.Fault, bool) {
	for i := range b.when {
		if !b.when[i].holds(v) {
			return x12.Fault{}, false
		}
	}
	for i := range b.then {
		if b.then[i].holds(v) {
			return x12.Fault{}, false
		}
	}
	f := x12.Fault{SNIP: b.snip, Code: b.code, Severity: b.severity, Loop: v.id(), Message: b.message}
	s, ok := v.trigger()
	t := &b.then[0]
	if t.element > 0 || t.not {
		if own, found := t.culprit(v); found {
			s, ok = own, true
		}
	}
	if !ok {
		return f, true
	}
	at(&f, s, 0, 0)
	if t.element > 0 && s.is(0, 0, idOf(t.id)) {
		at(&f, s, t.element, t.lo)
	}
	return f, true
}

// culprit is the segment that a term which does not hold speaks of.
func (t *term) culprit(v view) (seg, bool) {
	v, ok := v.above(t.in)
	if !ok || t.want >= 0 || t.down >= 0 {
		return seg{}, false
	}
	if t.not {
		return t.find(v)
	}
	any := *t
	any.element = 0
	return any.find(v)
}

// at gives a fault its place: a segment, and where i is not 0 its element i, component j.
func at(f *x12.Fault, s seg, i, j int) {
	p := &s.r.segs[s.k]
	f.Segment, f.Ordinal, f.Byte = s.id(), p.ordinal, p.offset
	switch {
	case i > 0 && j > 0:
		f.Element = fmt.Sprintf("%s%02d-%d", f.Segment, i, j)
	case i > 0:
		f.Element = fmt.Sprintf("%s%02d", f.Segment, i)
	}
}

// idOf is a packed segment ID as text.
func idOf(id uint32) string {
	var b []byte
	for shift := 24; shift >= 0; shift -= 8 {
		if c := byte(id >> shift); c != 0 {
			b = append(b, c)
		}
	}
	return string(b)
}
