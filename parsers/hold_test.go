package parsers

import (
	"strings"
	"testing"

	"revcycle/parsers/x12"
)

// A set with a fault that a person may accept and one that nobody may is held for the second, whichever is read first: else
// who accepts a count would let in levels that are broken.
func TestASetIsHeldForItsGravestFault(t *testing.T) {
	a, b := claimSet("0001", 2), claimSet("0002", 1)
	broken := strings.Replace(a, "HL*2*1*22", "HL*2*2*22", 1)
	for name, c := range map[string]struct {
		file string
		want string // of the set that is read last
	}{
		"a count alone":                     {interchange(1, strings.Replace(a, "SE*21*", "SE*20*", 1)), x12.CodeSE01Count},
		"a level, then a count":             {interchange(1, strings.Replace(broken, "SE*21*", "SE*20*", 1)), CodeHLParent},
		"a number that came, then a level":  {interchange(1, a, broken), CodeHLParent},
		"a number that came, and no more":   {interchange(1, a, a), x12.CodeST02Duplicate},
		"no SE, then a count of the group":  {strings.Replace(strings.Replace(interchange(1, b, a), "SE*21*0001~", "", 1), "GE*2*", "GE*7*", 1), x12.CodeMissingSE},
		"a count of the group, and no more": {strings.Replace(interchange(1, b, a), "GE*2*", "GE*7*", 1), x12.CodeGE01Count},
	} {
		sets := scan(t, c.file).Sets
		code, _, _ := strings.Cut(sets[len(sets)-1].Held, ":")
		if code != c.want {
			t.Errorf("%s: held for %q, want %s", name, code, c.want)
		}
		count := c.want == x12.CodeSE01Count || c.want == x12.CodeST02Duplicate || c.want == x12.CodeGE01Count
		if Acceptable(code) != count {
			t.Errorf("%s: %s may be accepted: %t, want %t", name, code, Acceptable(code), count)
		}
	}
}
