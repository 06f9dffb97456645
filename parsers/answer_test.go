package parsers

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
	"revcycle/parsers/x277ca"
	"revcycle/parsers/x999"
)

// answerTo gives what is written in answer to a file.
func answerTo(t testing.TB, name string, b []byte) ([]byte, Received, Answers) {
	t.Helper()
	in, err := Receive(bytes.NewReader(b), &snip.Strict)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	n := 0
	var out bytes.Buffer
	done, err := WriteAnswers(&out, bytes.NewReader(b), in, Answering{
		Date: civil.Of(2026, 11, 24), Time: "0930",
		Interchange: func() (string, error) { n++; return fmt.Sprintf("%09d", n), nil },
		Group:       func() (string, error) { n++; return fmt.Sprint(n), nil },
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out.Bytes(), in, done
}

// read gives the 999 answers, the claims of the 277CAs and the TA1s of an answer.
func readAnswer(t testing.TB, b []byte) (sets []x999.Answer, claims []x277ca.Claim, ta1 []x999.TA1) {
	t.Helper()
	r := x12.NewReader(bytes.NewReader(b))
	var a x999.Reader
	var c x277ca.Reader
	kind := ""
	for {
		s, err := r.Read()
		if err == io.EOF {
			return sets, claims, ta1
		}
		if err != nil {
			t.Fatal(err)
		}
		if s.Is("ST") {
			kind = string(s.Elem(1))
		}
		switch {
		case s.Is("TA1"):
			ta1 = append(ta1, x999.ReadTA1(s))
		case kind == "277":
			c.Take(s)
			claims = append(claims, c.Claims()...)
		default:
			a.Take(s)
		}
		if s.Is("SE") && kind != "277" {
			sets = append(sets, a.Answer())
		}
	}
}

// Would catch an answer that is no sound X12, one that leaves out a set or a claim, and totals that are not those of the claims.
func TestEveryFileOfTheCorpusIsAnswered(t *testing.T) {
	answered := 0
	for name, b := range corpus(t) {
		out, in, done := answerTo(t, name, b)
		if len(out) == 0 {
			continue
		}
		answered++
		rep, err := Inspect(name, bytes.NewReader(out), nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, f := range rep.Faults {
			if f.Code != snip.CodeNPI { // a provider's number is repeated as it came
				t.Errorf("the answer to %s: %v", name, f)
			}
		}
		sets, claims, ta1 := readAnswer(t, out)
		if len(ta1) != done.TA1 || len(claims) != done.Claims {
			t.Errorf("%s: wrote %d TA1 and %d claims, read %d and %d", name, done.TA1, done.Claims, len(ta1), len(claims))
		}
		var want []x999.Answer
		claimsWanted := 0
		for _, i := range in.Interchanges {
			if _, rejected := x999.Note(i.Faults); rejected {
				continue
			}
			for _, g := range i.Groups {
				if isAck(g.Kind) {
					continue
				}
				var received []x999.Received
				for _, s := range g.Sets {
					received = append(received, s.Received)
				}
				a := x999.Judge(g.Group, g.Included, received, g.Faults)
				for k := range a.Sets {
					if a.Sets[k].Verdict != x999.Rejected && isClaims(g.Sets[k].Kind) && !x999.Old(g.Version) {
						claimsWanted += g.Sets[k].Claims
					}
				}
				want = append(want, a)
			}
		}
		if len(claims) != claimsWanted {
			t.Errorf("%s: %d claims are answered, %d came in sets that were taken", name, len(claims), claimsWanted)
		}
		if !reflect.DeepEqual(plain(sets), plain(want)) {
			t.Errorf("%s: read %+v\nwant %+v", name, plain(sets), plain(want))
		}
	}
	if answered < 100 {
		t.Errorf("only %d files were answered", answered)
	}
}

// plain is what a 997 can say of an answer too: verdicts, counts and places.
func plain(list []x999.Answer) []string {
	var out []string
	for _, a := range list {
		line := fmt.Sprintf("%s %s %s %d %d %d", a.Kind, a.Control, a.Verdict, a.Included, a.Received, a.Taken)
		for _, s := range a.Sets {
			line += fmt.Sprintf("; %s %s %s", s.Kind, s.Control, s.Verdict)
			for _, e := range s.Segments {
				line += fmt.Sprintf(" %s@%d", e.ID, max(e.Position, 1))
			}
		}
		out = append(out, line)
	}
	return out
}

// An answer to an answer would be answered in turn, and so on.
func TestNoAnswerIsAnswered(t *testing.T) {
	for name, b := range corpus(t) {
		out, _, _ := answerTo(t, name, b)
		if len(out) == 0 {
			continue
		}
		if again, _, done := answerTo(t, name, out); len(again) > 0 || done != (Answers{}) {
			t.Errorf("the answer to %s was answered", name)
		}
	}
}

// soundClaim is an 837P of one claim, with what a test puts in the place of a part of it.
func soundClaim(changes ...string) []byte {
	text := strings.ReplaceAll(`ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *250310*0915*^*00501*000000101*1*T*:~
GS*HC*CLINIC*PAYER*20250310*0915*101*X*005010X222A1~
ST*837*0001*005010X222A1~
BHT*0019*00*B1*20250310*0915*CH~
NM1*41*2*CLINIC*****46*CL1~
PER*IC*DESK*TE*5555550100~
NM1*40*2*PAYER*****46*PY1~
HL*1**20*1~
NM1*85*2*CLINIC*****XX*1234567893~
N3*1 MAIN ST~
N4*SPRINGFIELD*IL*627010001~
REF*EI*123456789~
HL*2*1*22*0~
SBR*P*18*******CI~
NM1*IL*1*DOE*JANE****MI*M1~
N3*2 OAK ST~
N4*SPRINGFIELD*IL*627010002~
DMG*D8*19700101*F~
NM1*PR*2*PAYER*****PI*PY1~
CLM*A-1*150***11:B:1*Y*A*Y*Y~
HI*ABK:J069~
LX*1~
SV1*HC:99213*100*UN*1***1~
DTP*472*D8*20250301~
LX*2~
SV1*HC:87880*50*UN*1***1~
DTP*472*D8*20250301~
SE*26*0001~
GE*1*101~
IEA*1*000000101~
`, "\n", "")
	for i := 0; i+1 < len(changes); i += 2 {
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	return []byte(text)
}

func TestAnswersSayWhatWasWrong(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []string
		ta1     string // verdict and note
		group   string // verdict and codes of the group, verdict and codes of the set
		claim   string // statuses
	}{
		{"sound", nil, "A 000", "A [] A []", "A2:20"},
		{"segment count", []string{"SE*26", "SE*25"}, "A 000", "R [] R [4]", ""},
		{"set control", []string{"SE*26*0001", "SE*26*0002"}, "A 000", "R [] R [3]", ""},
		{"group count", []string{"GE*1", "GE*2"}, "A 000", "R [5] R []", ""},
		{"group control", []string{"GE*1*101", "GE*1*102"}, "A 000", "R [4] R []", ""},
		{"interchange count", []string{"IEA*1", "IEA*2"}, "R 021", "", ""},
		{"interchange control", []string{"IEA*1*000000101", "IEA*1*000000102"}, "R 001", "", ""},
		{"charge", []string{"A-1*150", "A-1*151"}, "A 000", "A [] A []", "A7:400"},
		{"pointer", []string{"100*UN*1***1", "100*UN*1***2"}, "A 000", "A [] A []", "A7:477"},
		{"replacement", []string{"11:B:1", "11:B:7"}, "A 000", "A [] A []", "A6:464:PR"},
		{"subscriber's address", []string{"N3*2 OAK ST~", "", "SE*26", "SE*25"}, "A 000", "A [] A []", "A6:503:IL"},
		{"billing provider's number", []string{"1234567893", "1234567890"}, "A 000", "A [] A []", "A7:562"},
	} {
		out, _, _ := answerTo(t, c.name, soundClaim(c.changes...))
		sets, claims, ta1 := readAnswer(t, out)
		if got := ta1[0].Verdict + " " + ta1[0].Note; got != c.ta1 {
			t.Errorf("%s: TA1 %s, want %s", c.name, got, c.ta1)
		}
		group := ""
		if len(sets) > 0 {
			group = fmt.Sprintf("%s %v %s %v", sets[0].Verdict, sets[0].Errors, sets[0].Sets[0].Verdict, sets[0].Sets[0].Errors)
		}
		if group != c.group {
			t.Errorf("%s: group %s, want %s", c.name, group, c.group)
		}
		var statuses []string
		for _, x := range claims {
			for _, s := range x.Statuses {
				statuses = append(statuses, s.String())
			}
		}
		if got := strings.Join(statuses, " "); got != c.claim {
			t.Errorf("%s: claim %s, want %s", c.name, got, c.claim)
		}
		if len(claims) > 0 && (claims[0].Control != "A-1" || claims[0].From != civil.Of(2025, 3, 1) || claims[0].Billing == "" ||
			claims[0].Amount != 150_00 && c.name != "charge") {
			t.Errorf("%s: %+v", c.name, claims[0])
		}
	}
}

// The totals of a 277CA are those of its claims: one taken, one refused.
func TestTotalsOfAnAnswerAreThoseOfItsClaims(t *testing.T) {
	two := bytes.Replace(soundClaim("SE*26", "SE*34"), []byte("SE*34"), []byte("CLM*A-2*70***11:B:1*Y*A*Y*Y~HI*ABK:J069~LX*1~SV1*HC:99213*60*UN*1***1~DTP*472*D8*20250301~LX*2~SV1*HC:99213*9.5*UN*1***1~DTP*472*D8*20250301~SE*34"), 1)
	out, _, done := answerTo(t, "two", two)
	if done.Claims != 2 || done.Refused != 1 {
		t.Fatalf("got %+v", done)
	}
	for _, want := range []string{"QTY*90*1~", "QTY*AA*1~", "AMT*YU*150~", "AMT*YY*70~", "STC*A1:19*20261124*WQ*220~"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("%s is not in the answer", want)
		}
	}
	_, claims, _ := readAnswer(t, out)
	var refused money.Cents
	for _, c := range claims {
		if c.Refused() {
			refused += c.Amount
		}
	}
	if refused != 70_00 {
		t.Errorf("refused %s, want 70.00", refused)
	}
	if i := slices.IndexFunc(claims, func(c x277ca.Claim) bool { return c.Control == "A-2" }); i != 1 {
		t.Errorf("A-2 is claim %d", i)
	}
}
