package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
)

func partners(t *testing.T, files map[string]string) (Partners, error) {
	t.Helper()
	home := t.TempDir()
	dir := filepath.Join(home, "partners")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return ReadPartners(home)
}

const alpha = `name: ALPHA HEALTH
sender: [ALPHAPAYER, "0012345"]
receiver: CLINIC
types: {4: reject, 3: warn}
tolerate:
  SE01_COUNT: warn
  ELEMENT_MISSING TRN03: warn
readings: {cas_repeated: lines}
duplicates: 90
usage: production
`

func TestAPartnerIsFoundByItsEnvelope(t *testing.T) {
	all, err := partners(t, map[string]string{"alpha.yaml": alpha, "beta.yaml": "sender: BETA\n", "notes.txt": "no partner"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ sender, receiver, want string }{
		{"ALPHAPAYER", "CLINIC", "ALPHA HEALTH"}, {"0012345", "CLINIC", "ALPHA HEALTH"}, {"ALPHAPAYER", "HOSPITAL", "default"}, {"BETA", "ANY", "beta"}, {"", "", "default"},
	} {
		if got := all.Policy(c.sender, c.receiver).Name; got != c.want {
			t.Errorf("%s to %s: got %s, want %s", c.sender, c.receiver, got, c.want)
		}
	}
	p := all.For("ALPHAPAYER", "CLINIC")
	if p.Duplicates != 90 || p.Policy.Usage != "P" || p.Policy.Types[4] != x12.Reject || p.Policy.Types[3] != x12.Warn || p.Policy.Types[2] != x12.Reject ||
		p.Policy.Codes["ELEMENT_MISSING TRN03"] != x12.Warn || len(p.Policy.Readings) != 1 || p.Policy.Readings[0] != snip.RepeatedAtClaim {
		t.Errorf("got %+v", p)
	}
	if snip.Default.Types[4] != x12.Warn {
		t.Error("a partner's file changed the default")
	}
}

// A word that is not understood stops a run: a typing error must not tolerate nothing, or everything.
func TestAPartnerFileSaysWhatIsWrongWithIt(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "keys and values are wanted",
		"- a":                          "keys and values are wanted",
		"name: A":                      "sender: is missing",
		"sender: A\nsendr: B":          `line 2: "sendr" is no key here; did you mean sender?`,
		"sender: A\nsender: B":         "line 2: sender stands in line 1 already",
		"sender: ABCDEFGHIJKLMNOP":     "up to 15 characters",
		"sender: A\ntypes: {1: warn}":  "no SNIP type that can be set",
		"sender: A\ntypes: {4: maybe}": "neither reject nor warn",
		"sender: A\ntolerate:\n  SE01_CONT: warn": "line 3: tolerate: no fault is called \"SE01_CONT\"; did you mean SE01_COUNT?",
		"sender: A\ntolerate:\n  TRUNCATED: warn": "line 3: tolerate: TRUNCATED cannot be tolerated",
		"sender: A\ntolerate:\n  NPI: yes":        "line 3: tolerate: \"yes\" is neither reject nor warn",
		"sender: A\ntolerate: SE01_COUNT":         "line 2: keys and values are wanted",
		"sender: A\nreadings: {cas: lines}":       "is no key here",
		"sender: A\nreadings: {cas_repeated: no}": "write lines",
		"sender: A\nduplicates: soon":             "no whole number",
		"sender: A\nusage: prod":                  "none of production, test, both",
		"sender: A\nanswers: maybe":               "neither yes nor no",
		"sender: {":                               "alpha.yaml: yaml",
	} {
		_, err := partners(t, map[string]string{"alpha.yaml": text})
		if err == nil || !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "partners/alpha.yaml: ") {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	_, err := partners(t, map[string]string{"a.yaml": "sender: A\nreceiver: X", "b.yaml": "sender: [B, A]"})
	if err == nil || !strings.Contains(err.Error(), `partners/b.yaml: the sender "A" has its agreement in partners/a.yaml already`) {
		t.Errorf("two files for one interchange: %v", err)
	}
	if _, err := partners(t, map[string]string{"a.yaml": "sender: A\nreceiver: X", "b.yaml": "sender: A\nreceiver: Y"}); err != nil {
		t.Errorf("two receivers of one sender: %v", err)
	}
}
