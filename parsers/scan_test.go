package parsers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/parsers/x837"
)

const (
	isa    = "ISA*00*          *00*          *ZZ*SAMPLECLINIC   *ZZ*CLEAR1         *250125*1200*^*00501*%09d*0*T*:~"
	gs     = "GS*HC*SAMPLECLINIC*CLEAR1*20250125*1200*%d*X*005010X222A1~"
	header = "BHT*0019*00*B1*20250125*1200*CH~NM1*41*2*CLINIC*****46*S1~NM1*40*2*HOUSE*****46*R1~HL*1**20*1~NM1*85*2*CLINIC*****XX*1234567893~HL*2*1*22*0~SBR*P*18*******12~NM1*IL*1*A*B****MI*M1~NM1*PR*2*PLAN*****PI*P1~"
	body   = "CLM*C%d*100***11:B:1*Y*A*Y*Y~HI*ABK:M545~LX*1~SV1*HC:99213*100*UN*1***1~DTP*472*D8*20250106~"
)

// claimSet is a sound set with a number of claims.
func claimSet(control string, claims int) string {
	var b strings.Builder
	b.WriteString("ST*837*" + control + "*005010X222A1~" + header)
	for i := range claims {
		fmt.Fprintf(&b, body, i)
	}
	fmt.Fprintf(&b, "SE*%d*%s~", strings.Count(b.String(), "~")+1, control)
	return b.String()
}

// interchange wraps sets soundly.
func interchange(control int, sets ...string) string {
	return fmt.Sprintf(isa, control) + fmt.Sprintf(gs, control) + strings.Join(sets, "") + fmt.Sprintf("GE*%d*%d~IEA*1*%09d~", len(sets), control, control)
}

func scan(t testing.TB, file string) Layout {
	t.Helper()
	l, err := Scan(strings.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// held gives the code by which each set of a file is held, then the file's.
func held(l Layout) string {
	var out []string
	for _, s := range l.Sets {
		code, _, _ := strings.Cut(s.Held, ":")
		out = append(out, code)
	}
	code, _, _ := strings.Cut(l.Held, ":")
	return strings.Join(append(out, code), "|")
}

// A fault holds what it forbids to post, and no more.
func TestFaultsHoldTheSmallestUnit(t *testing.T) {
	a, b, c := claimSet("0001", 2), claimSet("0002", 1), claimSet("0003", 1)
	whole := interchange(1, a, b) + interchange(2, c)
	for name, x := range map[string]struct{ file, want string }{
		"sound":                      {whole, "|||"},
		"a count in SE":              {strings.Replace(whole, "SE*21*0001", "SE*20*0001", 1), "SE01_COUNT|||"},
		"another number in SE":       {strings.Replace(whole, "*0002~GE", "*0009~GE", 1), "|SE02_CONTROL||"},
		"a count in GE":              {strings.Replace(whole, "GE*2*1", "GE*3*1", 1), "GE01_COUNT|GE01_COUNT||"},
		"another number in IEA":      {strings.Replace(whole, "IEA*1*000000001", "IEA*1*000000009", 1), "IEA02_CONTROL|IEA02_CONTROL||"},
		"no SE":                      {strings.Replace(whole, "SE*21*0001~", "", 1), "MISSING_SE|||"},
		"torn in the last set":       {whole[:strings.LastIndex(whole, "SV1")+5], "||MISSING_SE|MISSING_GE"},
		"torn between sets":          {whole[:strings.Index(whole, "ST*837*0002")], "|MISSING_GE"},
		"a level that names itself":  {strings.Replace(whole, "HL*2*1*22", "HL*2*2*22", 1), "HL_PARENT|||"},
		"a level with lost parent":   {strings.Replace(whole, "HL*2*1*22", "HL*2*7*22", 1), "|||"},
		"letters in a charge":        {strings.Replace(whole, "*100***11", "*1OO***11", 1), "|||"},
		"a set without an ISA":       {c, "NO_ISA|NO_ISA"},
		"an empty file":              {"", "NOT_X12"},
		"two sets with one number":   {interchange(1, a, a), "|ST02_DUPLICATE|"},
		"two groups with one number": {strings.Replace(interchange(1, a), "IEA*1", fmt.Sprintf(gs, 1)+b+"GE*1*1~IEA*2", 1), "|GS06_DUPLICATE|"},
		"a guide that is not read":   {strings.ReplaceAll(whole, "X222A1", "X999"), "|||"},
		"a segment behind the SE":    {strings.Replace(whole, "GE*2*1", "REF*EA*1~GE*2*1", 1), "|||SEGMENT_OUTSIDE_SET"},
		"an interchange without end": {strings.Replace(whole, "IEA*1*000000001~", "", 1), "|||MISSING_IEA"},
	} {
		got := held(scan(t, x.file))
		if got != x.want {
			t.Errorf("%s: got %q want %q: %v", name, got, x.want, scan(t, x.file).Faults)
		}
	}
}

// The chunks of a large set begin where a claim ends, and together hold all of it with the same claims.
func TestLargeSetsAreCut(t *testing.T) {
	defer func(n int64) { chunkBytes = n }(chunkBytes)
	chunkBytes = 1 << 20
	var sb strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&sb, "HL*%d*1*22*0~SBR*P*18*******12~NM1*IL*1*A*B****MI*M%d~NM1*PR*2*PLAN*****PI*P1~", i+3, i)
		fmt.Fprintf(&sb, body, i)
		if i%3 == 0 {
			fmt.Fprintf(&sb, body, i+100000)
		}
	}
	set := "ST*837*0001*005010X222A1~" + header + sb.String()
	file := interchange(1, set+fmt.Sprintf("SE*%d*0001~", strings.Count(set, "~")+1))
	l := scan(t, file)
	if len(l.Faults) > 0 || len(l.Sets) != 1 || len(l.Sets[0].Chunks) != 2 || l.Claims != 12000 {
		t.Fatalf("faults %v, %d sets, %d claims in %d chunks", l.Faults, len(l.Sets), l.Claims, len(l.Sets[0].Chunks))
	}
	whole := items(t, []byte(file), Professional)
	got, _ := chunks(t, []byte(file), Professional)
	if len(whole) != 12000 || strings.Join(got, "\n") != strings.Join(whole, "\n") {
		t.Errorf("%d items by chunks, %d whole", len(got), len(whole))
	}
}

// 200,000 nested levels take no memory to speak of, are said once, and hold their set.
func TestNestedLevels(t *testing.T) {
	var b strings.Builder
	b.WriteString("ST*837*0001*005010X222A1~BHT*0019*00*B1*20250125*1200*CH~HL*1**20*1~")
	for i := 2; i <= 200000; i++ {
		fmt.Fprintf(&b, "HL*%d*%d*22*1~", i, i-1)
	}
	set := b.String()
	file := interchange(1, set+fmt.Sprintf("SE*%d*0001~", strings.Count(set, "~")+1))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l := scan(t, file)
	n := 0
	for range x837.Read(strings.NewReader(file), claim.Digest{}) {
		n++
	}
	runtime.ReadMemStats(&after)
	if got := held(l); got != "HL_DEPTH|" {
		t.Errorf("held %q", got)
	}
	if len(l.Faults) > MaxFaults+1 || l.Faults[len(l.Faults)-1].Code != CodeFaultsCut {
		t.Errorf("%d faults", len(l.Faults))
	}
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 64<<20 {
		t.Errorf("%d bytes were allocated", spent)
	}
}

// The JSON of inspect is the contract's, and knows no nulls.
func TestInspectJSON(t *testing.T) {
	r, err := Inspect("march.837", strings.NewReader(interchange(1, claimSet("0001", 2))), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(r)
	want := `{"file":"march.837","bytes":` + fmt.Sprint(len(interchange(1, claimSet("0001", 2)))) + `,"kind":"837P","interchanges":1,"groups":1,"transactions":1,"segments":25,"claims":2,"remits":0,` +
		`"charge":"200.00","paid":"0.00","delimiters":{"element":"*","component":":","repetition":"^","segment":"~"},"faults":`
	if !strings.HasPrefix(string(got), want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for _, f := range r.Faults {
		if f.Severity == "reject" {
			t.Errorf("a sound file has the fault %v", f)
		}
	}
	r, err = Inspect("x.835", strings.NewReader(""), nil, nil)
	if got, _ := json.Marshal(r.Faults); err != nil || r.Kind != Empty || !strings.Contains(string(got), "NOT_X12") {
		t.Errorf("an empty file: %v %+v", err, r)
	}
}

func TestSniff(t *testing.T) {
	p := interchange(1, claimSet("0001", 1))
	for text, want := range map[string]Kind{
		p: Professional, strings.ReplaceAll(p, "X222A1", "X223A3"): Institutional, strings.ReplaceAll(p, "X222A1", "X224A2"): Dental, strings.ReplaceAll(p, "X222A1", "X298"): Claims,
		strings.Replace(p, "ST*837*0001*005010X222A1", "ST*277*0001*005010X214", 1): ClaimAck, strings.Replace(p, "ST*837", "ST*999", 1): "999",
		fmt.Sprintf(isa, 1) + "TA1*000000001*250125*1200*A*000~IEA*0*000000001~": KindTA1, "\xef\xbb\xbf" + p: Professional, "": Empty, " \r\n": Empty,
		"\x1f\x8b\x08": "gzip", "PK\x03\x04": "zip", "%PDF-1.7": "PDF", "MSH|^~\\&|": "HL7", "hello": Unknown, "STATE,ZIP\nTX,75001\n": Unknown, `{"resourceType":"Bundle"}`: "JSON",
	} {
		if got := Sniff([]byte(text), "f", nil); got != want {
			t.Errorf("%.40q: got %s want %s", text, got, want)
		}
	}
	for _, f := range Formats() {
		if f.Run == (f.Refusal != "") {
			t.Errorf("%s: taken %t, refused because %q", f.Kind, f.Run, f.Refusal)
		}
	}
}

// A source that fails is an error, not a short file.
func TestBrokenSourceIsAnError(t *testing.T) {
	p := interchange(1, claimSet("0001", 1))
	_, err := Scan(io.MultiReader(strings.NewReader(p[:300]), failing{}), nil)
	if err == nil {
		t.Error("a scan of a broken source gave no error")
	}
	if _, err := Inspect("x", io.MultiReader(strings.NewReader(p[:300]), failing{}), nil, nil); err == nil {
		t.Error("an inspection of a broken source gave no error")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// It prints bytes a second of one core for the pass that runs before anything is believed.
func BenchmarkScan(b *testing.B) {
	file := []byte(interchange(1, claimSet("0001", 40000)))
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if l, err := Scan(bytes.NewReader(file), nil); err != nil || l.Claims != 40000 {
			b.Fatal(err)
		}
	}
}

// It prints bytes a second of one core for the deep pass: loops, elements, sums, situations and codes of every claim.
func BenchmarkInspect(b *testing.B) {
	base := strings.ReplaceAll(strings.TrimSpace(soundProfessional), "\n", "~") + "~"
	set := "ST*837*0001*005010X222A1~" + base + fmt.Sprintf("SE*%d*0001~", strings.Count(base, "~")+2)
	remit := strings.ReplaceAll(strings.TrimSpace(soundRemittance), "\n", "~") + "~"
	for name, file := range map[string]string{
		"claims": interchange(1, strings.Repeat(set, 5000)),
		"remits": strings.ReplaceAll(interchange(1, strings.Repeat("ST*835*0001*005010X221A1~"+remit+fmt.Sprintf("SE*%d*0001~", strings.Count(remit, "~")+2), 5000)), "GS*HC", "GS*HP"),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if r, err := Inspect("bench", strings.NewReader(file), nil, nil); err != nil || r.Transactions != 5000 {
					b.Fatal(r, err)
				}
			}
		})
	}
}
