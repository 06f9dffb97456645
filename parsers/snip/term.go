package snip

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"revcycle/parsers/x12"
)

// term is one thing that can be true of a loop: a loop stands in it, a segment is there, an element is filled, or has one of some
// codes.
type term struct {
	text string
	not  bool
	all  bool // "every": each loop of that name, not one of them

	in   int16 // the loop that it speaks of: the loop itself or one around it
	down int16 // a loop below that one, in which the segment stands; -1 for itself
	want int16 // the loop that must stand there; -1 where it asks for a segment

	id      uint32   // of the segment
	quals   []string // of element at
	at      int
	element int // 0 for the segment
	lo, hi  int // components; 0 for the whole element
	codes   []codeRange
}

// codeRange is a code, or all codes of one length from one to another.
type codeRange struct{ lo, hi string }

func (c codeRange) has(e []byte) bool {
	return len(e) == len(c.lo) && string(e) >= c.lo && string(e) <= c.hi
}

// parseTerm reads a term of a table; the loop it speaks of is one of a guide:
//
//	2310A                   the loop stands in this one
//	REF*F8/G1               the segment with one of these qualifiers is there
//	CLM05-3 in 7/8          a component has one of these codes; a range is A0425..A0436
//	CLM11-1..3 in AA/OA     one of these components has
//	SBR02                   the element is filled
//	2000B:SBR02 in 18       in a loop around this one
//	2400:SV101-2 in 77065   in some loop below this one; "every 2400:DTP*472" in each
//	not REF*F8              any of them, turned round
//
// The qualifier is element 1, of LIN element 2, of HL element 3, or as in REF@2*X.
func parseTerm(text string, g *x12.Guide, scope int) (term, error) {
	t := term{text: text, in: int16(scope), down: -1, want: -1, at: 1}
	rest := text
	for {
		if after, ok := strings.CutPrefix(rest, "not "); ok {
			t.not, rest = !t.not, after
		} else if after, ok := strings.CutPrefix(rest, "every "); ok {
			t.all, rest = true, after
		} else {
			break
		}
	}
	if loop, after, ok := strings.Cut(rest, ":"); ok {
		if err := t.place(g, scope, loop); err != nil {
			return t, err
		}
		rest = after
	}
	what, codes, coded := strings.Cut(rest, " in ")
	if coded {
		for c := range strings.SplitSeq(codes, "/") {
			lo, hi, ranged := strings.Cut(c, "..")
			if !ranged {
				hi = lo
			}
			if lo == "" || len(lo) != len(hi) {
				return t, fmt.Errorf("%q: the ends of a range have one length", text)
			}
			t.codes = append(t.codes, codeRange{lo, hi})
		}
	}
	if what[0] >= '0' && what[0] <= '9' {
		if coded {
			return t, fmt.Errorf("%q: a loop has no codes", text)
		}
		return t, t.loop(g, what)
	}
	return t, t.what(what, coded)
}

// place finds the loop that a term names: around the scope, or below it.
func (t *term) place(g *x12.Guide, scope int, name string) error {
	i := g.Index(name)
	switch {
	case i < 0:
		return fmt.Errorf("%q: no loop %s in guide %s", t.text, name, g.ID)
	case i == scope || isAbove(g, i, scope):
		t.in = int16(i)
	case isAbove(g, scope, i):
		t.down = int16(i)
	default:
		return fmt.Errorf("%q: loop %s is neither around nor below %s", t.text, name, g.Loops[scope].ID)
	}
	return nil
}

// isAbove reports whether a loop of the guide stands somewhere around another.
func isAbove(g *x12.Guide, above, below int) bool {
	if below == 0 {
		return false
	}
	parents := g.Loops[below].Parent
	if parents == "" {
		return above == 0
	}
	for p := range strings.SplitSeq(parents, "/") {
		if i := g.Index(p); i == above || isAbove(g, above, i) {
			return true
		}
	}
	return false
}

func (t *term) loop(g *x12.Guide, name string) error {
	i := g.Index(name)
	if i < 0 {
		return fmt.Errorf("%q: no loop %s in guide %s", t.text, name, g.ID)
	}
	if !slices.Contains(strings.Split(g.Loops[i].Parent, "/"), g.Loops[t.in].ID) {
		return fmt.Errorf("%q: loop %s does not stand in %s", t.text, name, g.Loops[t.in].ID)
	}
	t.want = int16(i)
	return nil
}

// what reads REF*F8, CLM05-3, SV101-2, CLM11-1..3.
func (t *term) what(s string, coded bool) error {
	s, quals, qualified := strings.Cut(s, "*")
	if qualified {
		t.quals = strings.Split(quals, "/")
	}
	if name, at, ok := strings.Cut(s, "@"); ok {
		s = name
		t.at, _ = strconv.Atoi(at)
	}
	base, _, _ := strings.Cut(s, "-")
	if len(base) < 2 || len(base) > 5 {
		return fmt.Errorf("%q: no segment", t.text)
	}
	name := base[:2+len(base)%2] // an ID has two or three letters, an element two digits
	t.id = pack(name)
	if t.at == 1 && name == "LIN" {
		t.at = 2
	}
	if t.at == 1 && name == "HL" {
		t.at = 3
	}
	rest := s[len(name):]
	if rest == "" {
		if coded {
			return fmt.Errorf("%q: only an element has codes", t.text)
		}
		return nil
	}
	element, comps, composite := strings.Cut(rest, "-")
	var err error
	if t.element, err = strconv.Atoi(element); err != nil || len(element) != 2 {
		return fmt.Errorf("%q: %q is no element", t.text, element)
	}
	if composite {
		lo, hi, ranged := strings.Cut(comps, "..")
		if !ranged {
			hi = lo
		}
		if t.lo, err = strconv.Atoi(lo); err != nil {
			return fmt.Errorf("%q: %q is no component", t.text, comps)
		}
		if t.hi, err = strconv.Atoi(hi); err != nil || t.hi < t.lo {
			return fmt.Errorf("%q: %q is no component", t.text, comps)
		}
	}
	return nil
}

// holds reports whether the term is true of a loop.
func (t *term) holds(v view) bool { return t.true(v) != t.not }

func (t *term) true(v view) bool {
	if v, ok := v.above(t.in); ok {
		switch {
		case t.want >= 0:
			return v.holds(int(t.want))
		case t.down < 0:
			_, ok := t.find(v)
			return ok
		}
		for i := int(v.i) + 1; i < len(v.r.loops); i++ {
			if v.r.loops[i].index != t.down {
				continue
			}
			if _, ok := t.find(view{v.r, int32(i)}); ok != t.all {
				return ok
			}
		}
		return t.all
	}
	return false
}

// find gives the first segment of a loop of which the term is true.
func (t *term) find(v view) (seg, bool) {
	for s, ok := v.firstOf(t.id); ok; s, ok = s.nextOf() {
		if len(t.quals) > 0 && !slices.Contains(t.quals, string(s.comp(t.at, 1))) {
			continue
		}
		if t.element == 0 || t.filled(s) {
			return s, true
		}
	}
	return seg{}, false
}

// filled reports whether the element of a segment is there, with one of the codes where there are some.
func (t *term) filled(s seg) bool {
	for j := t.lo; j <= t.hi; j++ {
		e := s.comp(t.element, j)
		if len(e) == 0 {
			continue
		}
		if len(t.codes) == 0 {
			return true
		}
		for i := range t.codes {
			if t.codes[i].has(e) {
				return true
			}
		}
	}
	return false
}
