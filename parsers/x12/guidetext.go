package x12

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseGuide reads a table of loops from text and compiles it. One loop a line; blank lines and lines that start with #
// are passed over:
//
//	guide 005010X222A1
//	ST     -            ST        R 1   | ST R; BHT*0019 R; ...; SE R
//	1000A  -            NM1*41    R 1   | NM1*41 R; PER*IC R 2
//	2000A  -            HL*20     R >1  | HL*20 R; PRV*BI S; CUR*85 S
//	2300   2000B/2000C  CLM       S 100 | CLM R; DTP*431 S; REF*G1 S; HI*ABK/BK R
//
// The columns are: loop, parent (- for none; several with slashes), trigger, usage (R or S), repeat (a number, or >1 for no
// limit), and behind the bar its segments with semicolons between: what, usage, repeat (1 unless given). What is
// ID*qualifier/qualifier, or a bare ID for any qualifier. The qualifier is the first component of element 1, of element 3
// for HL, of element 2 for LIN; ID@4*qualifier names another element. Tabs may stand for blanks, and (R ×2) for R 2.
//
// The first loop is the set itself, opened by ST: its segments are header and trailer, with three points where the other loops stand.
// Where it is left out, ST and SE are all it holds.
//
// How elements are used stands in lines of their own, those of one loop indented below it, those of all loops behind the word segment:
//
//	dictionary 005010
//	segment N3   1 R; 2 S
//	2010AA 2000A  NM1*85  R 1  | NM1*85 R; N3 R; N4 R
//	    NM1*85   2 R 1/2; 3 R; 4..5 S; 6 N; 7 S; 8 S XX; 10..12 N
//
// An item is an element (or several, 4..7; a component, 5-1; components of several, 2..12-3..8), its usage R, S or N (not used), and what it
// may hold: codes with slashes, and :10 for a greatest length below that of the standard. What is not named is as the standard has it. The
// lines of a loop come behind those of all loops, and those that name a qualifier behind those that do not.
func ParseGuide(text string) (*Guide, error) {
	g := &Guide{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if err := g.parseLine(line); err != nil {
			return nil, fmt.Errorf("x12: guide %s: line %d: %w", g.ID, n, err)
		}
	}
	if err := g.Compile(); err != nil {
		return nil, err
	}
	return g, nil
}

// parseLine takes one line of a table.
func (g *Guide) parseLine(line string) error {
	indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
	line = strings.TrimSpace(line)
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case line == "" || line[0] == '#':
	case word == "guide":
		g.ID = rest
	case word == "dictionary":
		if g.Dictionary = dictionaries[rest]; g.Dictionary == nil {
			return fmt.Errorf("no dictionary %q", rest)
		}
	case word == "segment":
		e, err := parseElements(rest)
		g.Elements = append(g.Elements, e)
		return err
	case indented:
		if len(g.Loops) == 0 {
			return fmt.Errorf("elements of a segment before the first loop")
		}
		e, err := parseElements(line)
		l := &g.Loops[len(g.Loops)-1]
		l.Elements = append(l.Elements, e)
		return err
	default:
		l, err := parseLoop(line)
		g.Loops = append(g.Loops, l)
		return err
	}
	return nil
}

// MustGuide is ParseGuide for a table that is part of the program: it panics where the table is wrong.
func MustGuide(text string) *Guide {
	g, err := ParseGuide(text)
	if err != nil {
		panic(err)
	}
	return g
}

func parseLoop(line string) (Loop, error) {
	head, tail, _ := strings.Cut(line, "|")
	f := strings.Fields(head)
	if len(f) != 5 {
		return Loop{}, fmt.Errorf("%d columns before the bar; wanted loop, parent, trigger, usage, repeat", len(f))
	}
	l := Loop{ID: f[0]}
	if f[1] != "-" {
		l.Parent = f[1]
	}
	trigger, err := parseUse(f[2] + " " + f[3] + " " + f[4])
	if err != nil {
		return l, fmt.Errorf("loop %s: %w", l.ID, err)
	}
	l.Trigger, l.At, l.Codes, l.Required, l.Repeat = trigger.ID, trigger.At, trigger.Codes, trigger.Required, trigger.Repeat
	for part := range strings.SplitSeq(tail, ";") {
		switch strings.TrimSpace(part) {
		case "":
			continue
		case "...":
			l.Before = len(l.Segments)
			continue
		}
		u, err := parseUse(part)
		if err != nil {
			return l, fmt.Errorf("loop %s: %w", l.ID, err)
		}
		l.Segments = append(l.Segments, u)
	}
	return l, nil
}

// parseUse reads e.g. "REF*EI/SY R 2".
func parseUse(s string) (Use, error) {
	f := strings.Fields(strings.NewReplacer("(", "", ")", "", "×", "").Replace(s))
	if len(f) < 2 || len(f) > 3 {
		return Use{}, fmt.Errorf("%q: wanted segment, usage and perhaps repeat", s)
	}
	what, codes, qualified := strings.Cut(f[0], "*")
	id, at, placed := strings.Cut(what, "@")
	u := Use{ID: id, At: 1, Repeat: 1}
	switch {
	case placed:
		n, err := strconv.Atoi(at)
		if err != nil {
			return u, fmt.Errorf("%q: %q is no element", s, at)
		}
		u.At = n
	case id == "HL":
		u.At = 3
	case id == "LIN":
		u.At = 2
	}
	if qualified {
		u.Codes = strings.Split(codes, "/")
	}
	switch f[1] {
	case "R":
		u.Required = true
	case "S":
	default:
		return u, fmt.Errorf("%q: usage is R or S, not %q", s, f[1])
	}
	if len(f) == 3 {
		n, err := strconv.Atoi(f[2])
		switch {
		case f[2] == ">1":
			n = 0
		case err != nil || n < 1:
			return u, fmt.Errorf("%q: repeat is a number or >1, not %q", s, f[2])
		}
		u.Repeat = n
	}
	return u, nil
}
