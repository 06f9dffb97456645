package x837

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"revcycle/claim"
)

// small reads n bytes at a time.
type small struct {
	r io.Reader
	n int
}

func (s small) Read(b []byte) (int, error) { return s.r.Read(b[:min(len(b), s.n)]) }

// told prints all that reading a file gives, but for the people.
func told(t testing.TB, r io.Reader) string {
	t.Helper()
	var b strings.Builder
	for it, err := range Read(r, claim.Digest{}) {
		if err != nil {
			t.Fatal(err)
		}
		j, _ := json.Marshal(it.Document)
		fmt.Fprintf(&b, "%T %s %v %v\n", it.Document, j, it.Sighting, it.Faults)
	}
	return b.String()
}

// ids gives the sorted IDs of a file's claims, and its rejects' codes.
func ids(t testing.TB, file string) []string {
	t.Helper()
	var out []string
	for it, err := range Read(strings.NewReader(file), claim.Digest{}) {
		if err != nil {
			t.Fatal(err)
		}
		switch d := it.Document.(type) {
		case claim.Claim:
			out = append(out, d.ID.String())
		case claim.Reject:
			out = append(out, d.Code)
		}
	}
	slices.Sort(out)
	return out
}

// A segment that is cut by the end of a read must be read as one.
func TestReadsOfAnySizeGiveTheSameClaims(t *testing.T) {
	file := synthetic(40)
	want := told(t, bytes.NewReader(file))
	for _, n := range []int{1, 2, 7, 106, 107, 4096} {
		if got := told(t, small{bytes.NewReader(file), n}); got != want {
			t.Errorf("reads of %d bytes differ", n)
		}
	}
}

// The identity of a claim is what it says, not how or beside what it was sent. Each change below would make another claim of one
// whose hash covers an envelope, an HL number, a line end or a delimiter.
func TestIdentityOutlivesTheEnvelope(t *testing.T) {
	file := string(synthetic(6))
	want := ids(t, file)
	if len(want) != 6 || want[0] == want[1] {
		t.Fatalf("got %v", want)
	}
	redelimited := strings.NewReplacer("*", "|", ":", ">", "^", "!", "~\n", "\\").Replace(file)
	var wrapped strings.Builder
	for i, c := range strings.ReplaceAll(file, "\n", "") {
		if wrapped.WriteRune(c); i%80 == 79 {
			wrapped.WriteString("\r\n")
		}
	}
	renumbered := file
	for n := 9; n >= 1; n-- {
		renumbered = strings.ReplaceAll(renumbered, fmt.Sprintf("HL*%d*", n), fmt.Sprintf("HL*%d*", n+40))
	}
	for name, changed := range map[string]string{
		"twice in one file": file + file, "without line ends": strings.ReplaceAll(file, "\n", ""), "with CRLF": strings.ReplaceAll(file, "\n", "\r\n"), "wrapped": wrapped.String(),
		"re-delimited": redelimited, "another envelope": strings.NewReplacer("*000000001*0*T", "*000000777*1*P", "IEA*1*000000001", "IEA*1*000000777", "0001*005", "0009*005", "*0001~", "*0009~", "B000001*20250125", "B9*20250301").Replace(file),
		"renumbered levels": renumbered,
	} {
		got := ids(t, changed)
		if name == "twice in one file" {
			got = slices.Compact(got)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v want %v", name, got, want)
		}
	}
	for name, changed := range map[string]string{
		"a charge": strings.Replace(file, "*300***11", "*301***11", 1), "a member": strings.Replace(file, "MEMBER00000000", "MEMBER99999999", 1),
		"a report": strings.Replace(file, "*CH~", "*RP~", 1), "a biller's street": strings.Replace(file, "2 TEST WAY", "3 TEST WAY", 1),
	} {
		if got := ids(t, changed); reflect.DeepEqual(got, want) {
			t.Errorf("%s was changed and no claim is another", name)
		}
	}
}

// Split in the middle of a subscriber's claims and merged again from two files, the claims stay what they are.
func TestIdentityOutlivesSplitting(t *testing.T) {
	file := string(synthetic(6))
	header := file[:strings.Index(file, "HL*1*")]
	level := file[strings.Index(file, "HL*1*"):strings.Index(file, "HL*2*")]
	var split []string
	for rest := file[len(header)+len(level):]; ; {
		end := strings.Index(rest[1:], "HL*") + 1
		if end == 0 {
			end = strings.Index(rest, "\nSE*") + 1
			split = append(split, ids(t, header+level+rest[:end]+"SE*1*0001~GE*1*1~IEA*1*000000001~")...)
			break
		}
		split = append(split, ids(t, header+level+rest[:end]+"SE*1*0001~GE*1*1~IEA*1*000000001~")...)
		rest = rest[end:]
	}
	slices.Sort(split)
	if want := ids(t, file); !reflect.DeepEqual(split, want) {
		t.Errorf("got %v want %v", split, want)
	}
}

// A claim that cannot be read is named with its place, and costs no other.
func TestTroubleCostsOneClaim(t *testing.T) {
	file := string(synthetic(3))
	for name, c := range map[string]struct{ old, new, code, element string }{
		"letters in a charge":      {"*301***11", "*3O1***11", "AMOUNT", "CLM02"},
		"no charge":                {"*301***11", "****11", "MISSING", "CLM02"},
		"no control number":        {"CLM*PCN000000001*", "CLM**", "MISSING", "CLM01"},
		"an impossible day":        {"DTP*472*D8*20250102", "DTP*472*D8*20250231", "DATE", "DTP03"},
		"letters in a line charge": {"25*101*UN", "25*1O1*UN", "AMOUNT", "SV102"},
		"a quantity of words":      {"25*101*UN*1", "25*101*UN*ONE", "NUMBER", "SV104"},
		"a birth in no calendar":   {"D8*19700202*F", "D8*19700230*F", "DATE", "DMG02"},
	} {
		if !strings.Contains(file, c.old) {
			t.Fatalf("%s: the file has no %q", name, c.old)
		}
		var claims int
		var rejects []claim.Reject
		for it := range Read(strings.NewReader(strings.Replace(file, c.old, c.new, 1)), claim.Digest{}) {
			switch d := it.Document.(type) {
			case claim.Claim:
				claims++
			case claim.Reject:
				rejects = append(rejects, d)
				if it.Sighting.Ordinal != 2 {
					t.Errorf("%s: the reject is claim %d of its set, want 2", name, it.Sighting.Ordinal)
				}
			}
		}
		if claims != 2 || len(rejects) != 1 || rejects[0].Code != c.code || rejects[0].Element != c.element || rejects[0].Ordinal == 0 || rejects[0].Byte == 0 {
			t.Errorf("%s: %d claims, rejects %+v", name, claims, rejects)
		}
	}
}

// The claim at which a file breaks off is a reject; those before it are claims.
func TestTornFile(t *testing.T) {
	file := string(synthetic(3))
	torn := file[:strings.LastIndex(file, "SV1*")+9]
	if got := ids(t, torn); len(got) != 3 || !slices.Contains(got, "TRUNCATED") {
		t.Errorf("got %v", got)
	}
	if got := ids(t, file[:strings.Index(file, "\nSE*")+1]); len(got) != 3 || !slices.Contains(got, "TORN") {
		t.Errorf("got %v", got)
	}
}

// FuzzRead837 must never panic, and must account for every segment.
func FuzzRead837(f *testing.F) {
	f.Add(synthetic(2))
	f.Add([]byte(cob))
	f.Add([]byte("ST*837*1*005010X222A1~HL*1*1*22~CLM*A*1~SVD*1~LX~SE*1*1~"))
	f.Fuzz(func(t *testing.T, file []byte) {
		items, counts := all(t, file)
		if want := inSets(file); counts.Read != want || counts.Read != counts.Placed+counts.Kept+counts.Reported {
			t.Errorf("%d segments stand in sets, accounted for are %+v, items %d", want, counts, len(items))
		}
	})
}
