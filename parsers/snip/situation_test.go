package snip

import (
	"slices"
	"strings"
	"testing"

	"revcycle/parsers/x12"
)

const smallGuide = `
guide 005010X222A1
ST     -     ST     R 1  | ST R; BHT*0019 R; SE R
2000B  ST    HL*22  R >1 | HL*22 R; SBR R
2300   2000B CLM    S 100 | CLM R; REF*F8 S; REF*G1 S; DTP*439 S
2310A  2300  NM1*DN S 1  | NM1*DN R
2400   2300  LX     R 50 | LX R; SV1 R; DTP*472 S
`

// judge gives the codes that a table finds in a set.
func judge(t *testing.T, table, set string) []string {
	t.Helper()
	g := x12.MustGuide(smallGuide)
	rows, err := parseSituations(table)
	if err != nil {
		t.Fatal(err)
	}
	bound, err := bind(g, rows)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	c := &Checker{plan: &plan{guide: g, keeps: make([]bool, len(g.Loops)), situations: bound, computed: make([][]rule, len(g.Loops))}, walker: g.Walker(), validator: g.Validator()}
	for _, id := range []string{"2310A", "2400"} {
		c.plan.keeps[g.Index(id)] = true
	}
	c.Report = func(f x12.Fault) {
		if f.SNIP > 2 {
			out = append(out, f.Loop+" "+f.Segment+" "+f.Element+" "+f.Code)
		}
	}
	r := x12.NewReader(strings.NewReader("ISA*00*          *00*          *ZZ*S              *ZZ*R              *250101*0000*^*00501*000000001*0*T*:~GS*HC*S*R*20250101*0000*1*X*005010X222A1~ST*837*0001~BHT*0019*00*1*20250101*0000*CH~HL*2**22*0~SBR*P*18~" +
		set + "SE*9*0001~"))
	for {
		s, err := r.Read()
		if err != nil {
			break
		}
		if !s.Is("ISA") && !s.Is("GS") {
			c.Take(s)
		}
	}
	if len(c.r.segs) != 0 || len(c.r.loops) != 0 {
		t.Errorf("the record holds %d segments in %d loops behind the set", len(c.r.segs), len(c.r.loops))
	}
	return out
}

func TestTermsSayWhatTheyMean(t *testing.T) {
	const head, tail = "X | 4 | warn | X222 | 2300 | ", " | message | cite"
	for _, c := range []struct {
		row, set string
		want     string // "" for no fault
	}{
		{"CLM05-3 in 7/8 | REF*F8", "CLM*A*1***11:B:7~", "2300 CLM  X"},
		{"CLM05-3 in 7/8 | REF*F8", "CLM*A*1***11:B:7~REF*F8*1~", ""},
		{"CLM05-3 in 7/8 | REF*F8", "CLM*A*1***11:B:1~", ""},
		{"CLM05-3 in 7/8 | REF*F8", "CLM*A*1***11:B:7~REF*G1*1~", "2300 CLM  X"},
		{"CLM11-1..3 in AA/OA | DTP*439", "CLM*A*1*********EM:AA~", "2300 CLM  X"},
		{"CLM11-1..3 in AA/OA | DTP*439", "CLM*A*1*********EM~", ""},
		{"always | CLM02", "CLM*A~", "2300 CLM CLM02 X"},
		{"2000B:SBR02 in 18 | 2310A", "CLM*A~", "2300 CLM  X"},
		{"2000B:SBR02 in 18 | 2310A", "CLM*A~NM1*DN*1~", ""},
		{"2400:SV101-2 in A0425..A0436 | REF*G1 or REF*F8", "CLM*A~LX*1~SV1*HC:A0428~", "2300 CLM  X"},
		{"2400:SV101-2 in A0425..A0436 | REF*G1 or REF*F8", "CLM*A~REF*F8*1~LX*1~SV1*HC:A0428~", ""},
		{"2400:SV101-2 in A0425..A0436 | REF*G1 or REF*F8", "CLM*A~LX*1~SV1*HC:A0437~", ""},
		{"every 2400:DTP*472 | REF*G1", "CLM*A~LX*1~DTP*472*D8*20250101~LX*2~DTP*472*D8*20250101~", "2300 CLM  X"},
		{"every 2400:DTP*472 | REF*G1", "CLM*A~LX*1~DTP*472*D8*20250101~LX*2~", ""},
		{"REF*G1 | not REF*F8", "CLM*A~REF*G1*1~REF*F8*1~", "2300 REF  X"},
		{"not 2310A | not REF*F8", "CLM*A~REF*F8*1~NM1*DN*1~", ""},
	} {
		got := strings.Join(judge(t, head+c.row+tail, c.set), "; ")
		if got != c.want {
			t.Errorf("%s over %s: got %q, want %q", c.row, c.set, got, c.want)
		}
	}
}

// A claim must not be judged by what stood in the one before.
func TestAClaimIsForgottenWhenItEnds(t *testing.T) {
	got := judge(t, "X | 4 | warn | X222 | 2300 | CLM05-3 in 7 | REF*F8 | m | c", "CLM*A*1***11:B:7~REF*F8*1~CLM*B*1***11:B:7~CLM*C*1***11:B:1~")
	if want := []string{"2300 CLM  X"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheTableRefusesWhatItCannotMean(t *testing.T) {
	g := x12.MustGuide(smallGuide)
	for row, want := range map[string]string{
		"CLM05-3 in 7/8 | 2310X":        "no loop 2310X",
		"CLM05-3 in 7..88 | REF*F8":     "one length",
		"2310A in X | REF*F8":           "a loop has no codes",
		"CLM5 | REF*F8":                 "is no element",
		"2310A:NM1 | 2400:DTP*472":      "",
		"always | 2000B:2310A":          "does not stand in 2000B",
		"REF*F8 in 3 | REF*G1":          "only an element has codes",
		"CLM05-x in 3 | REF*G1":         "is no component",
		"CLM05-3 in /7 | REF*F8":        "one length",
		"LOOPS:REF*F8 in 3 | REF*G1":    "no loop LOOPS",
		"CLAIMS in 3 | REF*G1":          "no segment",
		"2000B:SBR02 in 18 | ST:BHT06":  "",
		"2400:SV101-2..1 in A | REF*F8": "is no component",
	} {
		rows, err := parseSituations("X | 4 | warn | X222 | 2300 | " + row + " | m | c")
		if err == nil {
			_, err = bind(g, rows)
		}
		if got := ""; err != nil {
			got = err.Error()
			if want == "" || !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q", row, got, want)
			}
		} else if want != "" {
			t.Errorf("%s: no error, want %q", row, want)
		}
	}
}
