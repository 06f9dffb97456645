package parsers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
	"revcycle/parsers/x835"
)

// Verdict is a fault and the documents of its set that it concerns: a claim or a remit; all claims below a level; a payment.
type Verdict struct {
	First, Last int // ordinals of the claims or remits in the set, from 1; 0 for the payment
	Code        string
	Segment     string
	Element     string `json:",omitempty"`
	Ordinal     int    // of the segment in the file
	Byte        int64
	Message     string `json:",omitempty"`
	Tolerated   string `json:",omitempty"` // by which agreement the documents are taken all the same; "" where they are not
}

// MaxVerdicts bounds the verdicts on the documents of a set. A set with more is held whole: something is wrong with all of it.
const MaxVerdicts = 10_000

// CodeTooManyFaults is a set that was held because more than MaxVerdicts of its documents have faults.
const CodeTooManyFaults = "TOO_MANY_FAULTS"

// verdicts finds out, while a set is read, which documents each fault concerns: the claim it stands in, else all claims below the level it
// stands in. Faults are told when they are seen, which may be behind the loop that they are about.
type verdicts struct {
	remits  bool
	levels  [4]level // the set, 2000A, 2000B, 2000C
	deepest int
	claims  int // opened so far
	from    int // ordinal of the segment that began the claim at hand; 0 where none is open
	waiting []x12.Fault
	list    []Verdict
}

// level is a part of a set above its claims.
type level struct {
	from   int // ordinal of its first segment, 0 where it is not open
	claims int // opened before it
	faults []x12.Fault
}

// begin begins a set at its ST.
func (v *verdicts) begin(st *x12.Segment, remits bool) {
	*v = verdicts{remits: remits, waiting: v.waiting[:0]}
	v.levels[0].from = st.Ordinal
}

// segment takes the segment at hand, behind all faults that were told when it came: those of what it ends, then its own.
func (v *verdicts) segment(s *x12.Segment, policy *snip.Policy) {
	own := v.waiting[:0]
	for _, f := range v.waiting {
		if f.Ordinal >= s.Ordinal && f.Code != x12.CodeSegmentMissing && f.Code != x12.CodeLoopMissing {
			own = append(own, f)
			continue
		}
		v.place(f, policy)
	}
	switch {
	case v.remits && s.Is("CLP"), !v.remits && s.Is("CLM"):
		v.claims++
		v.from = s.Ordinal
	case v.remits && (s.Is("PLB") || s.Is("LX")):
		v.from = 0
	case !v.remits && s.Is("HL"):
		v.from = 0
		if n := strings.Index("20 22 23", string(s.Elem(3))); n >= 0 {
			n = n/3 + 1
			v.shut(n, policy)
			v.levels[n] = level{from: s.Ordinal, claims: v.claims}
			v.deepest = n
		}
	}
	for _, f := range own {
		v.place(f, policy)
	}
	v.waiting = v.waiting[:0]
}

// place puts a fault to the claim at hand where it stands in it, else to a level.
func (v *verdicts) place(f x12.Fault, policy *snip.Policy) {
	missing := f.Code == x12.CodeSegmentMissing || f.Code == x12.CodeLoopMissing
	above := aboveClaims(f.Loop, v.remits)
	switch {
	case v.from > 0 && (f.Ordinal >= v.from && !above || missing && !above):
		v.add(v.claims, v.claims, f, policy)
	case missing:
		n := min(v.deepest, levelOf(f.Loop, v.deepest))
		v.levels[n].faults = append(v.levels[n].faults, f)
	default:
		n := v.deepest
		for n > 0 && (v.levels[n].from == 0 || v.levels[n].from > f.Ordinal) {
			n--
		}
		v.levels[n].faults = append(v.levels[n].faults, f)
	}
}

// aboveClaims reports whether a loop of the guide stands around the claims or remits, or beside them.
func aboveClaims(loop string, remits bool) bool {
	if remits {
		return loop != "" && loop != "2100" && loop != "2110"
	}
	return loop != "" && loop < "23" || loop == "ST"
}

// levelOf is the level that a loop belongs to, by its name: 2010BA to 2000B.
func levelOf(loop string, otherwise int) int {
	if len(loop) < 5 || loop[0] != '2' || loop[1] != '0' {
		if loop == "" || loop[0] == '2' {
			return otherwise
		}
		return 0
	}
	return max(0, strings.IndexByte(" ABC", loop[4]))
}

// shut ends the levels from the n-th on: what was wrong with one concerns the claims below it.
func (v *verdicts) shut(n int, policy *snip.Policy) {
	for i := len(v.levels) - 1; i >= n; i-- {
		l := &v.levels[i]
		for _, f := range l.faults {
			if v.claims > l.claims {
				v.add(l.claims+1, v.claims, f, policy)
			}
		}
		*l = level{}
	}
	v.deepest = min(v.deepest, n-1)
}

func (v *verdicts) add(first, last int, f x12.Fault, policy *snip.Policy) {
	if len(v.list) > MaxVerdicts || summed(f.Code) {
		return
	}
	out := Verdict{First: first, Last: last, Code: f.Code, Segment: f.Segment, Element: f.Element, Ordinal: f.Ordinal, Byte: f.Byte, Message: f.Message}
	if f.Severity == snip.Tolerated {
		out.Tolerated, out.Message = policy.Agreement(&f), ""
	}
	v.list = append(v.list, out)
}

// summed reports whether a fault is that a remittance does not balance: a remit and a payment are held by their own sums, behind what
// the partner's readings make of them.
func summed(code string) bool {
	return code == x835.CodeClaimBalance || code == x835.CodeLineBalance || code == x835.CodeSetBalance
}

// end ends the set: what is wrong with its head holds it, or the payment of an 835.
func (v *verdicts) end(t *Set, policy *snip.Policy) {
	for _, f := range v.waiting {
		v.place(f, policy)
	}
	v.shut(1, policy)
	for _, f := range v.levels[0].faults {
		switch {
		case f.Severity == snip.Tolerated:
			t.tolerate(policy.Agreement(&f))
		case v.remits && !summed(f.Code):
			v.add(0, 0, f, policy)
			t.Untied = cmp.Or(t.Untied, sentence(&f))
		case v.remits:
		default:
			t.Held = graver(t.Held, sentence(&f))
		}
	}
	if len(v.list) > MaxVerdicts {
		v.list = nil
		t.Held = graver(t.Held, fmt.Sprintf("%s: more than %d of its documents have faults", CodeTooManyFaults, MaxVerdicts))
	}
	slices.SortStableFunc(v.list, func(a, b Verdict) int { return cmp.Compare(a.First, b.First) })
	t.Verdicts, t.Readings, t.Partner = v.list, policy.Readings, policy.Name
}

// tolerate records what was let through for the whole set, once.
func (t *Set) tolerate(what string) {
	if !slices.Contains(t.Tolerated, what) {
		t.Tolerated = append(t.Tolerated, what)
	}
}
