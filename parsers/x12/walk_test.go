package x12

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// orders is a small guide in the text form, with what real guides do: levels, a loop with two parents, one trigger with
// different qualifiers at several depths, a segment that is header in one loop and opens another elsewhere, a trailer.
const orders = `
# a guide for tests
guide TEST1
ST    -          ST        R 1  | ST R; BHT*0019 R; REF*EV S 2; PLB S >1; ...; SE R
1000  -          NM1*41    R 1  | NM1*41 R; PER*IC R 2
2000A -          HL*20     R >1 | HL*20 R; PRV S
2010A 2000A      NM1*85    R 1  | NM1*85 R; N3 R; REF*EI/SY S
2000B 2000A      HL*22     S >1 | HL*22 R; SBR R
2010B 2000B      NM1*PR    R 1  | NM1*PR R
2000C 2000B      HL*23     S >1 | HL*23 R; PAT R
2300  2000B/2000C CLM      S 2  | CLM R; DTP*431 S; REF*G1 S; REF S; HI*ABK/BK R
2310  2300       NM1*82    S 1  | NM1*82 R; REF*G2 S
2320  2300       SBR       S 10 | SBR R; CAS*CO/PR S 5
2330  2320       NM1*PR    R 1  | NM1*PR R
2400  2300       LX        R 50 | LX R; SV1*HC S; REF*6R S
2410  2400       LIN*N4    S 1  | LIN*N4 R
2420  2400       NM1*82    S 1  | NM1*82 R
`

// place gives, for each segment, the loop it was placed in: + for opened, ! for opened with loops missing, ? for not
// placed; and the faults.
func place(t *testing.T, g *Guide, body string) (string, []string) {
	t.Helper()
	var faults, out []string
	w := g.Walker()
	w.Report = func(f Fault) { faults = append(faults, f.Code+" "+f.Loop+" "+f.Segment) }
	segs, _ := read(t, isa501+body)
	for _, s := range segs[1:] {
		p := w.Place(s)
		mark := ""
		switch {
		case p.Loop == nil:
			out = append(out, "?")
			continue
		case w.Skipped():
			mark = "!"
		case p.Opened:
			mark = "+"
		}
		if p.Use == nil || !s.Is(p.Use.ID) || g.Loops[p.Index].ID != p.Loop.ID {
			t.Errorf("segment %q: use %+v, index %d", s.Raw(), p.Use, p.Index)
		}
		out = append(out, mark+p.Loop.ID)
	}
	w.Finish(nil)
	return strings.Join(out, " "), faults
}

func TestSegmentsGoToTheirLoops(t *testing.T) {
	g := MustGuide(orders)
	head := "ST*837*0001~BHT*0019~NM1*41~PER*IC~HL*1**20*1~NM1*85~N3*X~HL*2*1*22*0~SBR*P~NM1*PR~"
	placed := "+ST ST +1000 1000 +2000A +2010A 2010A +2000B 2000B +2010B "
	claim, claimed := "CLM*1~HI*ABK:J189~LX*1~", "+2300 2300 +2400 "
	for _, c := range []struct{ name, body, want string }{
		{"a claim", head + claim + "SV1*HC:99213~SE*1~", placed + claimed + "2400 ST"},
		{"the same name at three depths", head + "CLM*1~HI*BK:1~NM1*82~SBR*S~NM1*PR~LX*1~NM1*82~SE*1~", placed + "+2300 2300 +2310 +2320 +2330 +2400 +2420 ST"},
		{"a level closes those below", head + claim + "HL*3*1*22*1~SBR*P~NM1*PR~HL*4*3*23*0~PAT*1~" + claim + "HL*5**20*1~", placed + claimed + "+2000B 2000B +2010B +2000C 2000C " + claimed + "+2000A"},
		{"a new claim", head + claim + claim, placed + claimed + claimed},
		{"qualifiers choose the use, one without takes the rest", head + "CLM*1~REF*G1*X~REF*ZZ*X~NM1*82~REF*G2*X~REF*G1*X~", placed + "+2300 2300 2300 +2310 2310 2300"},
		{"a trailer", head + claim + "PLB*1~PLB*2~SE*1~", placed + claimed + "ST ST ST"},
		{"a qualifier in element 2", head + claim + "LIN**N4*123~LIN*N4*UP~", placed + claimed + "+2410 ?"},
		{"no place", head + "CLM*1~N3*X~XXX*1~SV1*HC~", placed + "+2300 ? ? ?"},
		{"a claim whose levels are missing", "ST*837*1~CLM*1~HI*BK:1~SBR*S~NM1*PR~LX*1~SE*1~", "+ST !2300 2300 +2320 +2330 +2400 ST"},
		{"a level whose parent is missing", "ST*837*1~HL*1**23~PAT*1~CLM*1~", "+ST !2000C 2000C +2300"},
		{"no ST", "BHT*0019~NM1*41~", "ST +1000"},
		{"two sets", "ST*837*1~BHT*0019~SE*1~ST*837*2~BHT*0019~SE*1~", "+ST ST ST +ST ST ST"},
	} {
		if got, _ := place(t, g, c.body); got != strings.TrimSpace(c.want) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestWalkerReportsWhatTheGuideForbids(t *testing.T) {
	g := MustGuide(orders)
	head := "ST*837*0001~BHT*0019~NM1*41~PER*IC~HL*1**20*1~NM1*85~N3*X~HL*2*1*22*0~SBR*P~NM1*PR~"
	claim := "CLM*1~HI*ABK:J189~LX*1~"
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"nothing", head + claim + "SE*1~", nil},
		{"a segment too often", head + "CLM*1~DTP*431~DTP*431~HI*BK:1~LX*1~SE*1~", []string{"SEGMENT_REPEAT 2300 DTP"}},
		{"a loop too often", head + claim + claim + claim + "SE*1~", []string{"LOOP_REPEAT 2300 CLM"}},
		{"a level starts the count anew", head + claim + claim + "HL*3*1*22~SBR~NM1*PR~" + claim + "SE*1~", nil},
		{"a segment missing", head + "CLM*1~LX*1~SE*1~", []string{"SEGMENT_MISSING 2300 HI"}},
		{"a loop missing", strings.Replace(head, "NM1*PR~", "", 1) + claim + "SE*1~", []string{"LOOP_MISSING 2010B NM1"}},
		{"the header missing", "ST*1*1~NM1*41~PER*IC~HL*1**20~NM1*85~N3*X~SE*1~", []string{"SEGMENT_MISSING ST BHT"}},
		{"no place", head + claim + "N3*X~SE*1~", []string{"SEGMENT_UNPLACED 2400 N3"}},
		{"no end", head + claim, []string{"SEGMENT_MISSING ST SE"}},
		{"levels missing", "ST*1*1~BHT*0019~NM1*41~PER*IC~" + claim + "SE*1~", []string{"LOOP_SKIPPED 2300 CLM", "LOOP_MISSING 2000A HL"}},
	} {
		if _, got := place(t, g, c.body); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %v\nwant %v", c.name, got, c.want)
		}
	}
}

func TestGuideTablesAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"A - NM1 R 1 |\nB C N3 R 1 |":                        `no loop "C"`,
		"A - NM1 R 1 |\nA - N3 R 1 |":                        "stands twice",
		"A - NM1 R |":                                        "4 columns",
		"A - NM1 X 1 |":                                      "usage is R or S",
		"A - NM1 R 1 | N3 R x":                               "repeat is a number",
		"A - NM1 R 1 | n3 R":                                 "no segment ID",
		"A - NM1 R 1 | N3@x*1 R":                             "is no element",
		"A - NM1 R 1 | N3*123456789 R":                       "one to eight bytes",
		"A B NM1 R 1 |\nB A N3 R 1 |":                        "stands in itself",
		"A - NM1 R 1 |\nST - ST R 1 |":                       "must come first",
		"S - ST R 1 |\nA S NM1 R 1 |\nB A/B N3 R 1 | N3 R 1": "stands in itself",
	} {
		if _, err := ParseGuide(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v, want %q", text, err, want)
		}
	}
}

// A table given as Go values walks like the one given as text.
func TestGuideOfGoValues(t *testing.T) {
	g := &Guide{ID: "G", Loops: []Loop{
		{ID: "2000", Trigger: "LX", Required: true},
		{ID: "2100", Parent: "2000", Trigger: "CLP", At: 2, Codes: []string{"1", "22"}, Segments: []Use{{ID: "CLP", At: 2}, {ID: "CAS", Codes: []string{"CO"}}}},
	}}
	if err := g.Compile(); err != nil {
		t.Fatal(err)
	}
	if got, _ := place(t, g, "ST*835*1~LX*1~CLP*A*22~CAS*CO~CLP*A*9~SE*1~"); got != "+ST +2000 +2100 2100 ? ST" {
		t.Errorf("got %s", got)
	}
	if g.Index("2100") != 2 || g.Index("9999") != -1 {
		t.Errorf("Index: got %d and %d", g.Index("2100"), g.Index("9999"))
	}
}

// many is a file of n claims, about 1.2 KB each.
func many(n int) []byte {
	var b bytes.Buffer
	b.WriteString(isa501 + "GS*HC*S*R*20261122*0130*1*X*TEST1~\nST*837*0001*TEST1~\nBHT*0019*00*1*20261122*0130*CH~\nNM1*41*2*SUBMITTER*****46*S1~\nPER*IC*X~\n")
	b.WriteString("HL*1**20*1~\nPRV*BI*PXC*207Q00000X~\nNM1*85*2*CLINIC*****XX*1234567893~\nN3*100 MAIN STREET~\nREF*EI*123456789~\n")
	for i := range n {
		fmt.Fprintf(&b, "HL*%d*1*22*0~\nSBR*P*18*GROUP123******MC~\nNM1*PR*2*PAYER NAME*****PI*12345~\nCLM*PCN%08d*%d.00***11:B:1*Y*A*Y*Y~\nDTP*431*D8*20261101~\n", i+2, i, 100+i%900)
		b.WriteString("REF*G1*AUTH12345~\nHI*ABK:J189*ABF:I10*ABF:E119~\nNM1*82*1*DOCTOR*JANE****XX*1234567893~\nREF*G2*X1~\n")
		for l := range 5 {
			fmt.Fprintf(&b, "LX*%d~\nSV1*HC:99213:25*120.00*UN*1***1:2~\nDTP*472*D8*20261101~\nREF*6R*LINE%d~\nNM1*82*1*DOCTOR*JANE****XX*1234567893~\n", l+1, l)
		}
	}
	fmt.Fprintf(&b, "SE*%d*0001~\nGE*1*1~\nIEA*1*000000001~\n", bytes.Count(b.Bytes(), []byte("~"))-1)
	return b.Bytes()
}

// No memory is taken for a segment: a night's file must not depend on the garbage collector.
func TestNoAllocationPerSegment(t *testing.T) {
	data := many(3000)
	r, w := NewReader(bytes.NewReader(data)), MustGuide(orders).Walker()
	var e Envelope
	step := func() {
		for range 10 {
			s, err := r.Read()
			if err != nil {
				t.Fatal(err)
			}
			e.Feed(s)
			w.Place(s)
			for i := range s.Len() {
				s.Comp(i+1, 1)
			}
		}
	}
	for range 2000 {
		step()
	}
	if n := testing.AllocsPerRun(5000, step); n != 0 {
		t.Errorf("got %v allocations for ten segments, want 0", n)
	}
}

func BenchmarkRead(b *testing.B) {
	data := many(10_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(bytes.NewReader(data))
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkReadWithLoops(b *testing.B) {
	data := many(10_000)
	g := MustGuide(orders)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, w := NewReader(bytes.NewReader(data)), g.Walker()
		var e Envelope
		for {
			s, err := r.Read()
			if err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			e.Feed(s)
			w.Place(s)
		}
	}
}
