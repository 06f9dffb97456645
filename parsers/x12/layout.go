package x12

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Elements says how a guide uses elements of a segment: one line of its table.
type Elements struct {
	Segment string   // ID
	Codes   []string // qualifiers of the uses it speaks of; empty for all
	Items   []Item
}

// Item is how a guide uses an element, or a run of them.
type Item struct {
	From, To int // elements, from 1
	// FromPart and ToPart are components, from 1; 0 for the whole element.
	FromPart, ToPart int
	Usage            byte     // R required, S situational, N not used
	Codes            []string // what it may hold; empty for anything
	Most             int      // greatest length where the guide narrows that of the standard; 0 where it does not
}

// parseElements reads e.g. "NM1*85 1 R; 2 R 1/2; 3 R; 4..7 S; 8 S XX; 9 S :10; 10..12 N".
func parseElements(line string) (Elements, error) {
	what, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	id, codes, qualified := strings.Cut(what, "*")
	e := Elements{Segment: id}
	if validID([]byte(id)) == "" {
		return e, fmt.Errorf("%q is no segment ID", id)
	}
	if qualified {
		e.Codes = strings.Split(codes, "/")
	}
	for part := range strings.SplitSeq(rest, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		i, err := parseItem(strings.Fields(part))
		if err != nil {
			return e, fmt.Errorf("%s: %w", what, err)
		}
		e.Items = append(e.Items, i)
	}
	return e, nil
}

// parseItem reads e.g. "8 S XX", "2..12-3..9 N", "9 S :10".
func parseItem(f []string) (Item, error) {
	var i Item
	if len(f) < 2 || len(f) > 4 {
		return i, fmt.Errorf("%q: wanted an element, its usage and perhaps its codes", strings.Join(f, " "))
	}
	whole, parts, composed := strings.Cut(f[0], "-")
	var err error
	if i.From, i.To, err = parseRange(whole); err != nil {
		return i, err
	}
	if composed {
		if i.FromPart, i.ToPart, err = parseRange(parts); err != nil {
			return i, err
		}
	}
	if i.Usage = f[1][0]; len(f[1]) != 1 || !strings.Contains("RSN", f[1]) {
		return i, fmt.Errorf("%q: usage is R, S or N, not %q", f[0], f[1])
	}
	for _, w := range f[2:] {
		if most, ok := strings.CutPrefix(w, ":"); ok {
			if i.Most, err = strconv.Atoi(most); err != nil {
				return i, fmt.Errorf("%q: %q is no length", f[0], w)
			}
			continue
		}
		i.Codes = strings.Split(w, "/")
		for _, c := range i.Codes {
			if c == "" || len(c) > 8 {
				return i, fmt.Errorf("%q: a code has one to eight bytes, not %q", f[0], c)
			}
		}
	}
	return i, nil
}

// parseRange reads "3" or "3..7".
func parseRange(s string) (from, to int, err error) {
	a, b, many := strings.Cut(s, "..")
	if from, err = strconv.Atoi(a); err == nil {
		to = from
		if many {
			to, err = strconv.Atoi(b)
		}
	}
	if err != nil || from < 1 || to < from {
		return 0, 0, fmt.Errorf("%q is no element", s)
	}
	return from, to, nil
}

// layout is how a use of a segment is filled: what the standard wants and what the guide makes of it. Element i is bit i.
type layout struct {
	rules    []rule
	must     uint64 // elements that the standard wants
	required uint64 // elements that the guide wants
	notUsed  uint64
	notes    []note
}

// rule is how one element or component is filled.
type rule struct {
	element
	repeat    uint8
	mandatory bool // by the standard
	required  bool // by the guide
	notUsed   bool
	codes     []uint64 // packed; none for any
	parts     []rule   // of a composite
}

// newLayout copies a segment of the standard.
func (s standard) newLayout() *layout {
	l := &layout{notes: s.notes, rules: rulesOf(s.parts)}
	l.sum()
	return l
}

func rulesOf(parts []member) []rule {
	out := make([]rule, len(parts))
	for i, p := range parts {
		out[i] = rule{element: p.element, repeat: p.repeat, mandatory: p.mandatory, parts: rulesOf(p.parts)}
	}
	return out
}

// sum gathers the usage of the elements in bits.
func (l *layout) sum() {
	l.must, l.required, l.notUsed = 0, 0, 0
	for i, r := range l.rules {
		bit := uint64(1) << (i + 1)
		if r.mandatory {
			l.must |= bit
		}
		if r.required {
			l.required |= bit
		}
		if r.notUsed {
			l.notUsed |= bit
		}
	}
}

// apply lays a line of the guide over the layout.
func (l *layout) apply(e Elements) error {
	for _, i := range e.Items {
		if i.To > len(l.rules) {
			return fmt.Errorf("%s has no element %d", e.Segment, i.To)
		}
		for k := i.From; k <= i.To; k++ {
			if i.FromPart == 0 {
				l.rules[k-1].use(i)
				continue
			}
			parts := l.rules[k-1].parts
			if i.ToPart > len(parts) {
				return fmt.Errorf("%s%02d has no component %d", e.Segment, k, i.ToPart)
			}
			for c := i.FromPart; c <= i.ToPart; c++ {
				parts[c-1].use(i)
			}
		}
	}
	l.sum()
	return nil
}

// use narrows the rule.
func (r *rule) use(i Item) {
	r.required, r.notUsed = i.Usage == 'R', i.Usage == 'N'
	if i.Most > 0 {
		r.most = uint16(i.Most)
	}
	if len(i.Codes) == 0 {
		return
	}
	r.codes = nil
	for _, c := range i.Codes {
		r.codes = append(r.codes, packCode([]byte(c)))
	}
}

// lay gives each use of the guide its layout: the standard's, then the guide's lines for the segment, then those for its loop; a line that
// names qualifiers comes after one that does not.
func (g *Guide) lay() error {
	if g.Dictionary == nil {
		return nil
	}
	for i := range g.Loops {
		loop := &g.Loops[i]
		for _, e := range loop.Elements {
			if !slices.ContainsFunc(loop.Segments, func(u Use) bool { return e.speaksOf(&u) }) {
				return fmt.Errorf("x12: guide %s: loop %s: elements of %s, which the loop does not hold", g.ID, loop.ID, e.Segment)
			}
		}
		for j := range loop.Segments {
			u := &loop.Segments[j]
			s, ok := g.Dictionary.segments[u.ID]
			if !ok {
				return fmt.Errorf("x12: guide %s: loop %s: the dictionary has no segment %s", g.ID, loop.ID, u.ID)
			}
			u.layout = s.newLayout()
			for _, lines := range [][]Elements{g.Elements, loop.Elements} {
				for _, qualified := range []bool{false, true} {
					for _, e := range lines {
						if (len(e.Codes) > 0) != qualified || !e.speaksOf(u) {
							continue
						}
						if err := u.layout.apply(e); err != nil {
							return fmt.Errorf("x12: guide %s: loop %s: %w", g.ID, loop.ID, err)
						}
					}
				}
			}
		}
	}
	return nil
}

// speaksOf reports whether a line is about a use: of its segment, and where it names qualifiers, one of them is the use's.
func (e Elements) speaksOf(u *Use) bool {
	return e.Segment == u.ID && (len(e.Codes) == 0 || slices.ContainsFunc(e.Codes, func(c string) bool { return slices.Contains(u.Codes, c) }))
}
