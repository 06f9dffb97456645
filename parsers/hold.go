package parsers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
)

// Policies gives the policy for an interchange by its ISA06 and ISA08, without the blanks behind them; never nil.
type Policies func(sender, receiver string) *snip.Policy

// lookUp finds the policy of the interchange at hand.
func (s *scanner) lookUp() {
	if i := &s.env.Interchange; s.policies != nil && (s.policy == nil || s.policyOf != i.Ordinal) {
		s.policy, s.policyOf = s.policies(i.Sender, i.Receiver), i.Ordinal
	}
}

// judged gives a fault as the policy of its interchange wants it.
func (s *scanner) judged(f x12.Fault) x12.Fault {
	if s.lookUp(); s.policy == nil {
		return f
	}
	return s.policy.Judge(f)
}

// fault lists a fault, and holds what it forbids to post.
func (s *scanner) fault(f x12.Fault) {
	f = s.judged(f)
	l := &s.layout
	if s.sink != nil {
		s.sink(f)
	}
	switch {
	case len(l.Faults) < MaxFaults:
		l.Faults = append(l.Faults, f)
	case !s.cut:
		s.cut = true
		l.Faults = append(l.Faults, x12.Fault{SNIP: 1, Code: CodeFaultsCut, Severity: x12.Warn, Ordinal: f.Ordinal, Byte: f.Byte,
			Message: "there are more faults than are listed"})
	}
	if s.deep {
		return
	}
	_, far := reach[f.Code]
	switch {
	case f.Severity == snip.Tolerated && (far || isAhead(f.Code) || f.Set == 0):
		s.tolerate(f)
	case f.Severity == snip.Tolerated || f.Severity == x12.Reject && !far && s.judges && s.set != nil && f.Set == s.set.Ordinal:
		s.verdicts.waiting = append(s.verdicts.waiting, f)
	case f.Severity == x12.Reject:
		s.hold(f)
	}
}

// tolerate records a fault of an envelope that was let through on each set that it would have held.
func (s *scanner) tolerate(f x12.Fault) {
	if isAhead(f.Code) {
		if f.Code == x12.CodeST02Duplicate {
			f.Set = s.env.Set.Ordinal
		} else {
			f.Group = s.env.Group.Ordinal
		}
		s.ahead.tolerated = append(s.ahead.tolerated, f)
		return
	}
	what := s.policy.Agreement(&f)
	if s.set != nil && concerns(&f, s.set) {
		s.set.tolerate(what)
	}
	for i := range s.layout.Sets {
		if t := &s.layout.Sets[i]; concerns(&f, t) {
			t.tolerate(what)
		}
	}
}

// concerns reports whether a fault of an envelope stands in a set or around it.
func concerns(f *x12.Fault, t *Set) bool {
	switch {
	case f.Set > 0:
		return t.Ordinal == f.Set
	case f.Group > 0:
		return t.Group == f.Group
	}
	return t.Interchange == f.Interchange
}

// reach says what a fault of severity reject holds.
var reach = map[string]func(l *Layout, open *Set, f x12.Fault, why string){
	x12.CodeSE01Count: holdSet, x12.CodeSE02Control: holdSet, x12.CodeMissingSE: holdSet,
	CodeHLParent: holdSet, CodeHLDepth: holdSet, CodePartnerUsage: holdSet,
	x12.CodeGE01Count: holdGroup, x12.CodeGE02Control: holdGroup,
	x12.CodeIEA01Count: holdInterchange, x12.CodeIEA02Control: holdInterchange, x12.CodeNoISA: holdInterchange, x12.CodeDelimiters: holdInterchange,
	// What breaks off loses what did not come, and the set that is torn is held by its own fault: the sets before it are whole.
	x12.CodeMissingGE: holdFile, x12.CodeMissingIEA: holdFile,
	x12.CodeSEOutside: holdFile, x12.CodeGEOutside: holdFile, x12.CodeIEAOutside: holdFile, x12.CodeSegmentOutside: holdFile,
}

// acceptable are the faults for which a set is held and that a person may accept: a count or a control number of an
// envelope that does not agree with the other. All that the set says can be read.
var acceptable = []string{x12.CodeSE01Count, x12.CodeSE02Control, x12.CodeGE01Count, x12.CodeGE02Control, x12.CodeIEA01Count, x12.CodeIEA02Control,
	x12.CodeST02Duplicate, x12.CodeGS06Duplicate, x12.CodeISA13Duplicate, CodePartnerUsage}

// Acceptable reports whether a set that is held for a fault of this code may be taken as it stands where a person says so: what a
// partner's agreement may tolerate, but levels that hang together otherwise than they say. A set is held for such a fault only where it
// has no other.
func Acceptable(code string) bool {
	return slices.Contains(acceptable, code) || code != CodeHLParent && slices.Contains(tolerable, code)
}

// graver is the reason that stays of two for which a set is held: the first one that nobody may accept, else the first.
func graver(was, why string) string {
	code := func(s string) string { c, _, _ := strings.Cut(s, ":"); return c }
	if was == "" || Acceptable(code(was)) && !Acceptable(code(why)) {
		return why
	}
	return was
}

// hold applies a fault. One that cuts a segment of a set is for the set's parser: it rejects the claim the segment stands in.
func (s *scanner) hold(f x12.Fault) {
	why := sentence(&f)
	if s.holdAhead(f, why) {
		return
	}
	apply, ok := reach[f.Code]
	switch {
	case ok:
		apply(&s.layout, s.set, f, why)
	case f.Set == 0:
		holdFile(&s.layout, s.set, f, why)
	}
}

// sentence is a fault with its code in front and its place behind.
func sentence(f *x12.Fault) string { return f.Code + ": " + f.Message + place(*f) }

// place says where a fault stands, for a sentence that people read.
func place(f x12.Fault) string {
	if f.Ordinal == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s, segment %d, byte %d)", cmp.Or(f.Element, f.Segment, "no ID"), f.Ordinal, f.Byte)
}

// ahead is a hold on what has not been opened yet: a control number that came before is noticed at its ST or GS.
type ahead struct {
	group, set       int
	groupWhy, setWhy string
	tolerated        []x12.Fault
}

// isAhead reports whether a fault is noticed before the set or group that it concerns is open.
func isAhead(code string) bool {
	switch code {
	case x12.CodeST02Duplicate, x12.CodeSTOutside, x12.CodeGS06Duplicate, x12.CodeGSOutside:
		return true
	}
	return false
}

func (s *scanner) holdAhead(f x12.Fault, why string) bool {
	switch {
	case f.Code == x12.CodeST02Duplicate || f.Code == x12.CodeSTOutside:
		s.ahead.set, s.ahead.setWhy = s.env.Set.Ordinal, why
	case f.Code == x12.CodeGS06Duplicate || f.Code == x12.CodeGSOutside:
		s.ahead.group, s.ahead.groupWhy = s.env.Group.Ordinal, why
	default:
		return false
	}
	return true
}

// of says why a set is held from its beginning.
func (a *ahead) of(t *Set) string {
	switch {
	case a.groupWhy != "" && a.group == t.Group:
		return a.groupWhy
	case a.setWhy != "" && a.set == t.Ordinal:
		return a.setWhy
	}
	return ""
}

func holdFile(l *Layout, _ *Set, _ x12.Fault, why string) {
	if l.Held == "" {
		l.Held = why
	}
}

func holdSet(l *Layout, open *Set, f x12.Fault, why string) {
	holdWhere(l, open, why, func(t *Set) bool { return t.Ordinal == f.Set }, func(t *Set) bool { return t.Ordinal < f.Set })
}

func holdGroup(l *Layout, open *Set, f x12.Fault, why string) {
	holdWhere(l, open, why, func(t *Set) bool { return t.Group == f.Group }, func(t *Set) bool { return t.Group < f.Group })
}

func holdInterchange(l *Layout, open *Set, f x12.Fault, why string) {
	holdWhere(l, open, why, func(t *Set) bool { return t.Interchange == f.Interchange }, func(t *Set) bool { return t.Interchange < f.Interchange })
}

// holdWhere holds the sets that match, looking back until one lies before all that can; where there is none, the file.
func holdWhere(l *Layout, open *Set, why string, match, before func(*Set) bool) {
	found := false
	mark := func(t *Set) {
		if match(t) {
			found = true
			t.Held = graver(t.Held, why)
		}
	}
	if open != nil {
		mark(open)
	}
	for i := len(l.Sets) - 1; i >= 0 && !before(&l.Sets[i]); i-- {
		mark(&l.Sets[i])
	}
	if !found {
		holdFile(l, open, x12.Fault{}, why)
	}
}
