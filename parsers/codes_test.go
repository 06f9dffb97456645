package parsers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
)

// loaded are some code sets, each with the one or two codes of the sound sets; POS 11 since 2003, procedure 99213 until the day of service, CARC 45 closed before.
func loaded(t *testing.T, replace ...string) *snip.Policy {
	t.Helper()
	p := snip.Default
	p.Sets = new(snip.CodeSets)
	for _, text := range []string{
		"# set: pos\ncode,from,to\n11,2003-01-01,\n", "# set: hcpcs\n# source: invented\ncode,from,to\n99213,,2025-03-01\n99214,,\n", "# set: icd10cm\ncode,from,to\nJ06.9,2015-10-01,\n",
		"# set: carc\ncode,from,to\n45,1995-01-01,\n",
	} {
		for _, r := range replace {
			was, is, _ := strings.Cut(r, " => ")
			text = strings.Replace(text, was, is, 1)
		}
		if _, _, err := p.Sets.Load(strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	return &p
}

// A code is of its set, and valid on the day that counts; a set that is not loaded is not checked, and the report says so.
func TestCodesAreOfTheirSets(t *testing.T) {
	for _, c := range []struct {
		what, file, want string
		policy           *snip.Policy
	}{
		{"all of them known", threeClaims(t), "", loaded(t)},
		{"no place of service", threeClaims(t, "CLM*B*100***11 => CLM*B*100***97"), "CODE_UNKNOWN CLM05-1 of 2300", loaded(t)},
		{"no diagnosis", threeClaims(t, "HI*ABK:J069 => HI*ABK:J06Z"), "CODE_UNKNOWN HI01-2 of 2300", loaded(t)},
		{"no procedure", threeClaims(t, "HC:99213 => HC:99999"), "CODE_UNKNOWN SV101-2 of 2400", loaded(t)},
		{"a day after its last", threeClaims(t, "D8*20250301 => D8*20250302"), "CODE_EXPIRED SV101-2 of 2400", loaded(t)},
		{"a day before its first", threeClaims(t), "CODE_EXPIRED CLM05-1 of 2300, CODE_EXPIRED CLM05-1 of 2300, CODE_EXPIRED CLM05-1 of 2300", loaded(t, "2003-01-01 => 2025-03-02")},
		{"another qualifier, another set", threeClaims(t, "HC:99213 => WK:99999"), "", loaded(t)},
		{"a remittance", twoRemits(), "", loaded(t)},
		{"a reason that is none", twoRemits("CAS*CO*45*20 => CAS*CO*945*20"), "CODE_UNKNOWN CAS02 of 2110", loaded(t)},
		{"a reason that was closed", twoRemits(), "CODE_EXPIRED CAS02 of 2110, CODE_EXPIRED CAS02 of 2110", loaded(t, "45,1995-01-01, => 45,1995-01-01,2025-02-02")},
		{"nothing loaded", threeClaims(t, "HC:99213 => HC:99999"), "", &snip.Default},
	} {
		r, err := Inspect("x", strings.NewReader(c.file), nil, func(string, string) *snip.Policy { return c.policy })
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range r.Faults {
			if f.SNIP != 5 || f.Severity != x12.Reject {
				t.Errorf("%s: %s", c.what, f)
			}
			got = append(got, fmt.Sprintf("%s %s of %s", f.Code, f.Element, f.Loop))
		}
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("%s: got %s, want %s", c.what, g, c.want)
		}
		if slices.Contains(r.Unchecked, "hcpcs") != (c.policy == &snip.Default) && strings.Contains(c.file, "ST*837") {
			t.Errorf("%s: not checked: %v", c.what, r.Unchecked)
		}
	}
	if got := taken(t, threeClaims(t, "CLM*B*100***11 => CLM*B*100***97"), loaded(t)); got != "A 2!CODE_UNKNOWN C" {
		t.Errorf("in a run: %s", got)
	}
}

// A file of codes says where it is wrong.
func TestCodeSetFiles(t *testing.T) {
	for text, want := range map[string]string{
		"code,from,to\n11,,\n":                        "line 1: wanted # set:",
		"# set: places\ncode,from,to\n":               "line 1: wanted # set:",
		"# set: pos\ncode,from,to\n11,soon,\n":        "line 3: wanted a code and days",
		"# set: pos\n# source: x\ncode,from,to\n11\n": "line 4: wanted code,from,to",
		"# set: pos\ncode,from,to\n,,\n":              "line 3: wanted a code",
	} {
		var c snip.CodeSets
		if _, _, err := c.Load(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	var c snip.CodeSets
	if name, n, err := c.Load(strings.NewReader("# set: rarc\ncode,from,to\nN1,2000-01-01,\nN1,,1999-12-31\nMA01,,\n")); name != "rarc" || n != 3 || err != nil {
		t.Errorf("got %s, %d, %v", name, n, err)
	}
}
