package x12

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

// Dictionary is the standard below the guides: which data elements there are, of what type and length, and how composites and segments are
// made of them. It does not change once it was read; any number of guides may use it at once.
type Dictionary struct {
	elements   map[string]element
	composites map[string][]member
	segments   map[string]standard
	bare       map[string]*layout // of each segment by the standard alone
}

// layouts gives the segments of the standard; those of no dictionary are none.
func (d *Dictionary) layouts() map[string]*layout {
	if d == nil {
		return map[string]*layout{}
	}
	return d.bare
}

// element is a data element of the standard.
type element struct {
	kind       kind
	least      uint16 // length in characters; of a number without its sign and point
	most       uint16
	isPeriod   bool // 1251, read by the format that stands before it
	isFormat   bool // 1250
	isMoney    bool // 782, of whole cents
	isComposed bool
}

// kind is the type of a data element.
type kind uint8

const (
	text    kind = iota // AN
	code                // ID
	whole               // N0
	decimal             // R
	day                 // DT
	clock               // TM
)

var kinds = map[string]kind{"AN": text, "ID": code, "N0": whole, "R": decimal, "DT": day, "TM": clock}

// member is an element's place in a composite or a segment.
type member struct {
	element
	parts     []member // of a composite
	mandatory bool
	repeat    uint8 // greatest number; 1 for one
}

// standard is a segment of the standard.
type standard struct {
	parts []member
	notes []note
}

// note is a relation between elements of a segment (a syntax note): the first letter of X12 and the elements, as bits from 1.
type note struct {
	letter byte
	first  uint64
	all    uint64
}

//go:embed dictionary/005010.txt
var text005010 string

//go:embed dictionary/004010.txt
var text004010 string

// dictionaries are those that a guide can name, by version. 004010 is 005010 with other lines behind it.
var dictionaries = map[string]*Dictionary{"005010": mustDictionary(text005010), "004010": mustDictionary(text005010 + text004010)}

func mustDictionary(text string) *Dictionary {
	d, err := ParseDictionary(text)
	if err != nil {
		panic(err)
	}
	return d
}

// ParseDictionary reads a dictionary from text. Blank lines and lines that start with # are passed over:
//
//	elem 66 ID 1 2
//	comp C003 235! 234! 1339 1339 1339 1339 352 234
//	seg NM1 98! 1065! 1035 1036 1037 1038 1039 66 67 706 98 1035 ; P0809 C1110 C1203
//
// An element has a number, a type (AN, ID, N0, R, DT, TM), and its least and greatest length. A composite and a segment list their parts:
// an element or a composite, ! behind one that must be there, x10 behind one that may stand so often. Behind the semicolon are the relations
// between the elements of a segment: P all or none, R at least one, E at most one, C if the first then all, L if the first then another.
// It fails naming the line.
func ParseDictionary(text string) (*Dictionary, error) {
	d := &Dictionary{make(map[string]element), make(map[string][]member), make(map[string]standard), make(map[string]*layout)}
	// Elements may stand behind what they are part of: three passes, one for each word.
	for _, word := range []string{"elem", "comp", "seg"} {
		n := 0
		for line := range strings.Lines(text) {
			n++
			f := strings.Fields(line)
			if len(f) < 3 || f[0] != word {
				continue
			}
			if err := d.add(f); err != nil {
				return nil, fmt.Errorf("x12: dictionary: line %d: %w", n, err)
			}
		}
	}
	return d, nil
}

// add takes the words of one line.
func (d *Dictionary) add(f []string) error {
	switch f[0] {
	case "elem":
		return d.addElement(f)
	case "comp":
		parts, err := d.parts(f[2:])
		d.composites[f[1]] = parts
		return err
	}
	words, notes := f[2:], []string(nil)
	for i, w := range words {
		if w == ";" {
			words, notes = words[:i], words[i+1:]
			break
		}
	}
	parts, err := d.parts(words)
	if err != nil {
		return err
	}
	s := standard{parts: parts}
	for _, w := range notes {
		n, err := parseNote(w, len(parts))
		if err != nil {
			return err
		}
		s.notes = append(s.notes, n)
	}
	d.segments[f[1]], d.bare[f[1]] = s, s.newLayout()
	return nil
}

func (d *Dictionary) addElement(f []string) error {
	if len(f) != 5 {
		return fmt.Errorf("%d words; wanted elem, number, type, least and greatest length", len(f))
	}
	k, ok := kinds[f[2]]
	least, err1 := strconv.ParseUint(f[3], 10, 16)
	most, err2 := strconv.ParseUint(f[4], 10, 16)
	if !ok || err1 != nil || err2 != nil || least > most {
		return fmt.Errorf("element %s: no type and lengths in %q", f[1], strings.Join(f[2:], " "))
	}
	d.elements[f[1]] = element{kind: k, least: uint16(least), most: uint16(most), isFormat: f[1] == "1250", isPeriod: f[1] == "1251", isMoney: f[1] == "782"}
	return nil
}

// parts resolves e.g. "98! 1065! C056x10".
func (d *Dictionary) parts(words []string) ([]member, error) {
	var out []member
	for _, w := range words {
		p := member{repeat: 1}
		w, p.mandatory = strings.CutSuffix(w, "!")
		name, times, many := strings.Cut(w, "x")
		if many {
			n, err := strconv.ParseUint(times, 10, 8)
			if err != nil {
				return nil, fmt.Errorf("%q: %q is no number of repetitions", w, times)
			}
			p.repeat = uint8(n)
		}
		var ok bool
		if p.element, ok = d.elements[name]; !ok {
			if p.parts, ok = d.composites[name]; !ok {
				return nil, fmt.Errorf("no element or composite %s", name)
			}
			p.isComposed = true
		}
		out = append(out, p)
	}
	if len(out) > 63 {
		return nil, fmt.Errorf("%d elements in one segment are too many", len(out))
	}
	return out, nil
}

// parseNote reads e.g. P0809.
func parseNote(w string, elements int) (note, error) {
	n := note{letter: w[0]}
	if !strings.Contains("PRECL", w[:1]) || len(w) < 5 || len(w)%2 == 0 {
		return n, fmt.Errorf("%q is no relation of two or more elements", w)
	}
	for i := 1; i < len(w); i += 2 {
		at, err := strconv.ParseUint(w[i:i+2], 10, 8)
		if err != nil || at < 1 || int(at) > elements {
			return n, fmt.Errorf("%q: the segment has no element %s", w, w[i:i+2])
		}
		n.all |= 1 << at
		if n.first == 0 {
			n.first = n.all
		}
	}
	return n, nil
}
