package snip

import (
	"cmp"
	"slices"
	"strings"

	"revcycle/parsers/x12"
)

// Tolerated marks a fault that Strict would reject and that a partner's agreement lets through: it stays in the list, and rejects nothing.
const Tolerated x12.Severity = "tolerated"

// Reading is how a partner's known deviation is read.
type Reading string

// The readings there are.
const (
	// RepeatedAtClaim: the adjustments of the lines are sent again at claim level. Those of the lines are taken.
	RepeatedAtClaim Reading = "cas_repeated"
	// PositiveReversal: a reversal (CLP02 = 22) is sent with the amounts of what it reverses. They are taken as negative.
	PositiveReversal Reading = "reversal_positive"
)

// Codes lists the faults that this package finds.
func Codes() []string {
	out := []string{CodeChargeSum, CodeOtherPaidSum, CodeLinePaidSum, CodeAckSum, CodeTooLarge, CodeDateOrder, CodeServiceFuture, CodeServiceBirth, CodeOutsideStatement, CodeLineDate,
		CodeUnknown, CodeExpired, CodePointer, CodeDiagnosisMixed, CodeDiagnosisVersion, CodePayerOrder, CodeAdjudicator, CodeOtherPayerDate, CodeBillingBox, CodeBillingZIP, CodeNPI}
	for i := range situations {
		if !slices.Contains(out, situations[i].code) {
			out = append(out, situations[i].code)
		}
	}
	return out
}

// Policy says which faults reject: by SNIP type, and by code where a partner's deviation is known.
type Policy struct {
	Name string // of the partner, "" where nothing was agreed
	// Types is the severity of the faults of each SNIP type, 1 to 7; "" leaves a fault as it was found.
	Types [8]x12.Severity
	// Codes is the severity of single faults: by their code (SE01_COUNT), or by code and place (ELEMENT_MISSING TRN03, SEGMENT_MISSING
	// N4). It goes before Types, and one with a place before one without.
	Codes    map[string]x12.Severity
	Readings []Reading
	Usage    string    // ISA15 that is taken: P or T; "" for both
	Sets     *CodeSets // by which codes are judged; nil where none is loaded
}

// Strict is the policy of a partner with whom nothing else was agreed: faults of type 1 as they were found (what could be read around
// without loss is a warning), all of types 2 to 5 and 7 reject, and a line of business (6) warns.
var Strict = Policy{Types: [8]x12.Severity{2: x12.Reject, 3: x12.Reject, 4: x12.Reject, 5: x12.Reject, 6: x12.Warn, 7: x12.Reject}}

// Default is the policy of a run for a partner with whom nothing else was agreed: Strict, but that a situation between segments (4) is let
// through and recorded. Such a claim may be denied, and it is a receivable all the same; an answer to its sender (a 277CA) is by Strict.
var Default = Policy{Name: "default", Types: [8]x12.Severity{2: x12.Reject, 3: x12.Reject, 4: x12.Warn, 5: x12.Reject, 6: x12.Warn, 7: x12.Reject}}

// Judge gives a fault with the severity that the policy wants.
func (p *Policy) Judge(f x12.Fault) x12.Fault {
	s, agreed := p.agreed(&f)
	if !agreed {
		s = f.Severity
		if f.SNIP < len(p.Types) && p.Types[f.SNIP] != "" {
			s = p.Types[f.SNIP]
		}
	}
	if s == x12.Warn && p != &Strict && Strict.Judge(f).Severity == x12.Reject {
		s = Tolerated
	}
	f.Severity = s
	return f
}

// agreed is what was agreed about a single fault.
func (p *Policy) agreed(f *x12.Fault) (s x12.Severity, ok bool) {
	if len(p.Codes) == 0 {
		return "", false
	}
	for _, place := range []string{f.Element, f.Segment} {
		if place == "" {
			continue
		}
		if s, ok = p.Codes[f.Code+" "+place]; ok {
			return s, true
		}
	}
	s, ok = p.Codes[f.Code]
	return s, ok
}

// Agreement names what lets a fault through: the partner, and the fault with its place.
func (p *Policy) Agreement(f *x12.Fault) string {
	return strings.TrimRight(p.Name+": "+f.Code+" "+cmp.Or(f.Element, f.Segment), " ")
}
