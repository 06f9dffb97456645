package x12

import (
	"encoding/binary"
	"math/bits"
	"strconv"

	"revcycle/civil"
	"revcycle/money"
)

// Codes of the faults that a [Validator] finds. Those against the standard are of SNIP type 1 and reject; those against the guide are of
// type 2 and severity warn: which of them reject is for the caller to say.
const (
	CodeElementMissing    = "ELEMENT_MISSING"     // an element that the standard (1) or the guide (2) wants
	CodeElementDependent  = "ELEMENT_DEPENDENT"   // 1: an element that others, which are there, want
	CodeElementExcluded   = "ELEMENT_EXCLUDED"    // 1: an element that may not stand beside another
	CodeElementTooMany    = "ELEMENT_TOO_MANY"    // 1: more elements than the segment has
	CodeElementComponents = "ELEMENT_COMPONENTS"  // 1: more components than the element has
	CodeElementRepeat     = "ELEMENT_REPEAT"      // 1: more repetitions than the element may have
	CodeElementShort      = "ELEMENT_SHORT"       // 1
	CodeElementLong       = "ELEMENT_LONG"        // 1, and 2 where the guide narrows the length
	CodeElementCharacter  = "ELEMENT_CHARACTER"   // 1: a character that the type or X12's character set does not have
	CodeElementDate       = "ELEMENT_DATE"        // 1: no day of the calendar
	CodeElementTime       = "ELEMENT_TIME"        // 1: no time of day
	CodeElementNotUsed    = "ELEMENT_NOT_USED"    // 2: an element that the guide leaves empty
	CodeElementCode       = "ELEMENT_CODE_UNUSED" // 2: a code that is not on the guide's list
	CodeAmount            = "AMOUNT"              // 2, and it rejects: a number that is no amount of whole cents, or too large for one
)

// ElementCodes are the faults of elements that can be read around.
var ElementCodes = []string{CodeElementMissing, CodeElementDependent, CodeElementExcluded, CodeElementTooMany, CodeElementComponents, CodeElementRepeat, CodeElementShort,
	CodeElementLong, CodeElementCharacter, CodeElementDate, CodeElementTime, CodeElementNotUsed, CodeElementCode}

// Validator checks the elements of segments. It does not allocate but for faults.
type Validator struct {
	Report func(Fault) // is told of each fault; must not be nil

	guide *Guide
	bare  map[string]*layout // of another version than the guide's; nil where the guide's is meant
	s     *Segment
	loop  string
}

// Validator gives a new validator of segments that follow a compiled guide.
func (g *Guide) Validator() *Validator { return &Validator{guide: g} }

// Version says of which version the sets are that come, by the name of their guide (ST03 or GS08), and reports whether it is that of the
// guide. Where it is another, elements are checked by the standard of that version alone. A version without a dictionary is taken for the guide's.
func (v *Validator) Version(name string) (same bool) {
	d := dictionaries[name[:min(len(name), len("005010"))]]
	if d == nil || d == v.guide.Dictionary {
		v.bare = nil
		return true
	}
	v.bare = d.layouts()
	return false
}

// Check checks the elements of a segment by its use in a loop, as a Walker has placed it; a segment without a place is checked by the
// standard alone.
func (v *Validator) Check(s *Segment, at Placement) {
	l := (*layout)(nil)
	v.s, v.loop = s, ""
	if at.Loop != nil {
		l, v.loop = at.Use.layout, at.Loop.ID
	}
	switch {
	case v.bare != nil:
		l = v.bare[string(s.ID())]
	case l == nil && v.guide.Dictionary != nil:
		l = v.guide.Dictionary.layouts()[string(s.ID())]
	}
	if l == nil {
		return
	}
	composed := v.characters()
	n := s.Len()
	if n > len(l.rules) {
		n = len(l.rules)
		v.fault(CodeElementTooMany, n+1, 0, 0, 1, "the segment has more elements than the standard allows")
	}
	present := uint64(0)
	lo := s.ends[0] + 1
	for i := range n {
		hi := s.ends[i+1]
		if lo < hi {
			present |= 2 << i
			v.element(&l.rules[i], i+1, s.data[lo:hi:hi], composed)
		}
		lo = hi + 1
	}
	if lacks := (l.must | l.required) &^ present; lacks != 0 {
		v.lacks(l, lacks)
	}
	if extra := l.notUsed & present; extra != 0 {
		for ; extra != 0; extra &= extra - 1 {
			v.fault(CodeElementNotUsed, bits.TrailingZeros64(extra), 0, 0, 2, "the guide leaves the element empty")
		}
	}
	for i := range l.notes {
		if n := &l.notes[i]; n.broken(present) {
			v.relation(n, present)
		}
	}
}

// lacks reports elements that must be there and are not.
func (v *Validator) lacks(l *layout, lacks uint64) {
	for ; lacks != 0; lacks &= lacks - 1 {
		i := bits.TrailingZeros64(lacks)
		if l.must&(1<<i) != 0 {
			v.fault(CodeElementMissing, i, 0, 0, 1, "the standard wants the element")
		} else {
			v.fault(CodeElementMissing, i, 0, 0, 2, "the guide wants the element")
		}
	}
}

// broken reports whether the elements that are there do not keep the relation.
func (n *note) broken(present uint64) bool {
	have := present & n.all
	switch n.letter {
	case 'P':
		return have != 0 && have != n.all
	case 'R':
		return have == 0
	case 'E':
		return have&(have-1) != 0
	case 'C':
		return have&n.first != 0 && have != n.all
	}
	return have == n.first // L
}

// relation reports a relation that is broken, at the element that is missing, or is one too many.
func (v *Validator) relation(n *note, present uint64) {
	if n.letter == 'E' {
		last := 63 - bits.LeadingZeros64(present&n.all)
		v.fault(CodeElementExcluded, last, 0, 0, 1, "the element may not stand beside another that is there")
		return
	}
	v.fault(CodeElementDependent, bits.TrailingZeros64(n.all&^present), 0, 0, 1, "another element of the segment wants this one")
}

// element checks an element that is not empty.
func (v *Validator) element(r *rule, i int, b []byte, composed bool) {
	if r.isComposed {
		v.repetitions(r, i, b)
		return
	}
	if !composed {
		v.value(r, i, 0, 0, b)
		return
	}
	d := v.s.d
	for _, c := range b {
		if c == d.Component {
			v.fault(CodeElementComponents, i, 0, 0, 1, "the element is not made of components")
			return
		}
		if c == d.Repetition && c != 0 {
			v.repetitions(r, i, b)
			return
		}
	}
	v.value(r, i, 0, 0, b)
}

// repetitions checks each repetition of an element, a composite or not.
func (v *Validator) repetitions(r *rule, i int, b []byte) {
	sep := v.s.d.Repetition
	for rep, lo := 1, 0; lo <= len(b); rep++ {
		hi := lo
		for hi < len(b) && (b[hi] != sep || sep == 0) {
			hi++
		}
		if rep == int(r.repeat)+1 {
			v.fault(CodeElementRepeat, i, 0, rep, 1, "the element may not be repeated so often")
			return
		}
		shown := rep
		if hi == len(b) && rep == 1 {
			shown = 0
		}
		switch {
		case r.isComposed:
			v.composite(r, i, shown, b[lo:hi])
		case lo < hi:
			v.value(r, i, 0, shown, b[lo:hi])
		}
		lo = hi + 1
	}
}

// composite checks the components of one repetition.
func (v *Validator) composite(r *rule, i, rep int, b []byte) {
	var format []byte
	k, sep := 0, v.s.d.Component
	for lo := 0; lo <= len(b); k++ {
		hi := lo
		for hi < len(b) && b[hi] != sep {
			hi++
		}
		if k == len(r.parts) {
			v.fault(CodeElementComponents, i, k+1, rep, 1, "the element has fewer components")
			return
		}
		p := &r.parts[k]
		switch {
		case lo == hi && (p.mandatory || p.required):
			v.noComponent(p, i, k+1, rep)
		case lo < hi && p.notUsed:
			v.fault(CodeElementNotUsed, i, k+1, rep, 2, "the guide leaves the component empty")
		case lo < hi && p.isPeriod:
			v.period(p, format, i, k+1, rep, b[lo:hi])
		case lo < hi:
			if p.isFormat {
				format = b[lo:hi]
			}
			v.value(p, i, k+1, rep, b[lo:hi])
		}
		lo = hi + 1
	}
	for ; k < len(r.parts); k++ {
		if p := &r.parts[k]; p.mandatory || p.required {
			v.noComponent(p, i, k+1, rep)
		}
	}
}

func (v *Validator) noComponent(p *rule, i, comp, rep int) {
	if p.mandatory {
		v.fault(CodeElementMissing, i, comp, rep, 1, "the standard wants the component")
	} else {
		v.fault(CodeElementMissing, i, comp, rep, 2, "the guide wants the component")
	}
}

// value checks one value that is not empty: its type, its length and its list.
func (v *Validator) value(r *rule, i, comp, rep int, b []byte) {
	if r.isPeriod && comp == 0 {
		v.period(r, v.s.Elem(i-1), i, comp, rep, b)
		return
	}
	n := len(b)
	switch r.kind {
	case decimal:
		if r.isMoney {
			v.amount(i, comp, rep, b)
			return
		}
		fallthrough
	case whole:
		if n = digits(b, r.kind == decimal); n == 0 {
			v.fault(CodeElementCharacter, i, comp, rep, 1, "the element is no number as X12 writes them")
			return
		}
	case text:
		if b[0] == ' ' && blank(b) {
			v.fault(CodeElementCharacter, i, comp, rep, 1, "the element holds blanks alone")
			return
		}
	case day:
		if _, err := civil.Parse8(b); err != nil {
			v.fault(CodeElementDate, i, comp, rep, 1, "the day is not in the calendar; wanted CCYYMMDD")
			return
		}
	case clock:
		if !isTime(b) {
			v.fault(CodeElementTime, i, comp, rep, 1, "this is no time of day; wanted HHMM, HHMMSS or more")
			return
		}
	}
	v.length(r, i, comp, rep, n)
	if len(r.codes) > 0 && !listed(r.codes, b) {
		v.fault(CodeElementCode, i, comp, rep, 2, "the code is not on the guide's list")
	}
}

// amount checks dollars and whole cents.
func (v *Validator) amount(i, comp, rep int, b []byte) {
	if _, err := money.Parse(b); err == nil {
		return
	}
	if digits(b, true) == 0 {
		v.fault(CodeElementCharacter, i, comp, rep, 1, "the element is no number as X12 writes them")
		return
	}
	v.fault(CodeAmount, i, comp, rep, 2, "the amount is no decimal number of dollars with whole cents, or too large")
}

func (v *Validator) length(r *rule, i, comp, rep, n int) {
	switch {
	case n < int(r.least):
		v.fault(CodeElementShort, i, comp, rep, 1, "the element has "+strconv.Itoa(n)+" characters, at least "+strconv.Itoa(int(r.least))+" are wanted")
	case n > int(r.most):
		v.fault(CodeElementLong, i, comp, rep, 1, "the element has "+strconv.Itoa(n)+" characters, at most "+strconv.Itoa(int(r.most))+" are allowed")
	}
}

// period checks a date or time by the format that stands before it (element 1250). A format that is not known here is not checked.
func (v *Validator) period(r *rule, format []byte, i, comp, rep int, b []byte) {
	switch string(format) {
	case "D8":
		if !isDay(b) {
			v.fault(CodeElementDate, i, comp, rep, 1, "the day is not in the calendar; its format wants CCYYMMDD")
		}
	case "RD8":
		if len(b) != 17 || b[8] != '-' || !isDay(b[:8]) || !isDay(b[9:]) {
			v.fault(CodeElementDate, i, comp, rep, 1, "the days are not in the calendar; their format wants CCYYMMDD-CCYYMMDD")
		}
	case "DT":
		if len(b) < 12 || !isDay(b[:8]) || !isTime(b[8:]) {
			v.fault(CodeElementDate, i, comp, rep, 1, "the day or the time does not exist; the format wants CCYYMMDDHHMM")
		}
	case "TM":
		if !isTime(b) {
			v.fault(CodeElementTime, i, comp, rep, 1, "this is no time of day; the format wants HHMM")
		}
	default:
		v.length(r, i, comp, rep, len(b))
	}
}

// fault reports trouble with an element.
func (v *Validator) fault(code string, i, comp, rep, snip int, message string) {
	s := v.s
	f := Fault{SNIP: snip, Code: code, Severity: Reject, Loop: v.loop, Segment: validID(s.ID()), Ordinal: s.Ordinal, Byte: s.Byte, Repetition: rep, Message: message}
	if snip == 2 && code != CodeAmount {
		f.Severity = Warn
	}
	f.Element = elementName(f.Segment, i, comp)
	v.Report(f)
}

// elementName gives e.g. CLM05-1.
func elementName(id string, i, comp int) string {
	name := id + strconv.Itoa(i/10) + strconv.Itoa(i%10)
	if comp > 0 {
		name += "-" + strconv.Itoa(comp)
	}
	return name
}

// characters checks that the segment holds characters of X12's extended set alone, and reports whether it holds a component or repetition
// separator. Control characters are the reader's to report. It looks at eight bytes at a time.
func (v *Validator) characters() (composed bool) {
	raw, d := v.s.Raw(), v.s.d
	comp, rep := uint64(d.Component)*lows, uint64(d.Repetition)*lows
	var high, seps uint64 // seps: a clear top bit where there is a separator
	seps = highs
	b := raw
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		high |= w
		c, r := w^comp, w^rep
		seps &= (((c & sevens) + sevens) | c) & (((r & sevens) + sevens) | r)
	}
	for _, c := range b {
		high |= uint64(c)
		if c == d.Component || c == d.Repetition && c != 0 {
			seps = 0
		}
	}
	if high&highs != 0 {
		v.foreign()
	}
	return seps&highs != highs
}

// foreign reports the elements that hold bytes beyond ASCII.
func (v *Validator) foreign() {
	for i := 1; i <= v.s.Len(); i++ {
		for _, c := range v.s.Elem(i) {
			if c >= 0x7f {
				v.fault(CodeElementCharacter, i, 0, 0, 1, "a character that is not in X12's character set")
				break
			}
		}
	}
}

// blank reports whether b holds blanks alone.
func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' {
			return false
		}
	}
	return true
}

// digits counts the digits of a number: a minus perhaps, digits, and a point where the type is decimal. It gives 0 for what is no number.
func digits(b []byte, point bool) int {
	if b[0] == '-' {
		b = b[1:]
	}
	n := 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			n++
		case c == '.' && point:
			point = false
		default:
			return 0
		}
	}
	return n
}

func isDay(b []byte) bool {
	_, err := civil.Parse8(b)
	return err == nil
}

// isTime reports whether b is HHMM, HHMMSS, or with tenths or hundredths of a second.
func isTime(b []byte) bool {
	if len(b) < 4 || len(b) == 5 || len(b) > 8 {
		return false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return string(b[:2]) < "24" && string(b[2:4]) < "60" && (len(b) < 6 || string(b[4:6]) < "60")
}

// listed reports whether a value is one of the packed codes.
func listed(codes []uint64, b []byte) bool {
	c := packCode(b)
	for _, k := range codes {
		if k == c {
			return true
		}
	}
	return false
}
