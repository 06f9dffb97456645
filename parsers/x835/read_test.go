package x835

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"revcycle/claim"
)

const head = "ISA*00*          *00*          *ZZ*12345          *ZZ*SAMPLECLINIC   *250203*1200*^*00501*000000101*0*T*:~GS*HP*12345*SAMPLECLINIC*20250203*1200*101*X*005010X221A1~"

// full is a set with all that a remit may say; 100+62 charged, 57 paid, 40 contractual and 25+40 the patient's.
const full = "ST*835*0001~BPR*I*52*C*ACH*CCP*01*111000025*DA*123456789*1990000111**01*222000118*DA*987654321*20250203~TRN*1*T1*1990000111*SUP~REF*EV*R~DTM*405*20250203~" +
	"N1*PR*ALPHA HEALTH PLAN~N3*1 TEST WAY~N4*TESTVILLE*TX*750010001~REF*2U*12345~PER*BL*TEST DESK*TE*8005550100~N1*PE*SAMPLE CLINIC*XX*1234567893~N4*TESTVILLE*TX*75001~REF*TJ*99-0000001~" +
	"LX*1~TS3*1234567893*11*20251231*1*162~CLP*C1*19*162*57*25*12*ICN1*11*1**470~CAS*PR*1*40~NM1*QC*1*ADAMS*AMY****MI*AL1~NM1*74*1*ADAMSON*****C*AL2~NM1*82*1*DOC*ANN****XX*1234567893~NM1*TT*2*NEXT PLAN*****PI*77~" +
	"MIA*4***57*N1~MOA***MA01*N2~REF*EA*MRN~REF*F8*OLD~DTM*232*20250106~DTM*050*20250107~PER*CX*X*TE*1~AMT*I*1.25~QTY*CA*3~" +
	"SVC*HC:99213:25*100*55**1*HC:99214*2~DTM*150*20250106~DTM*151*20250107~CAS*CO*45*20**253*-0.00*1~CAS*PR*3*25~REF*6R*L1~REF*LU*11~AMT*B6*80~QTY*ZK*2~LQ*HE*N386~LQ*RX*Z~" +
	"SVC*NU:0250*62*2~CAS*CO*45*20~CAS*OA*23*40~PLB*1234567893*20251231*WO:ICN9*10*L6*-5~SE*52*0001~"

const foot = "GE*1*101~IEA*1*000000101~"

// read gives the items of a file as they come, printed.
func read(t testing.TB, file string) ([]claim.Document, string) {
	t.Helper()
	var docs []claim.Document
	var b strings.Builder
	for it, err := range Read(strings.NewReader(file), int64(len(file)), claim.Digest{}) {
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, it.Document)
		j, _ := json.Marshal(it.Document)
		fmt.Fprintf(&b, "%T %s %v %v\n", it.Document, j, it.Sighting, it.Faults)
	}
	return docs, b.String()
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s want %s", what, g, w)
	}
}

func TestEveryFieldOfARemit(t *testing.T) {
	docs, _ := read(t, head+full+foot)
	if len(docs) != 2 {
		t.Fatalf("%d documents", len(docs))
	}
	r, p := docs[0].(claim.Remit), docs[1].(claim.Payment)
	check(t, "claim", []any{r.Ordinal, r.Control, r.Status, r.Charge, r.Paid, *r.PatientDue, r.FilingCode, r.PayerControl, r.Facility, r.Frequency, r.DRG},
		"[1 C1 19 162.00 57.00 25.00 12 ICN1 11 1 470]")
	check(t, "people", []any{r.Patient.MemberID(), r.Corrected.Fields().Last, r.Corrected.MemberID(), r.Rendering.NPI, r.Rendering.Name, r.Crossover}, "[AL1 ADAMSON AL2 1234567893 DOC, ANN {PI 77 NEXT PLAN}]")
	check(t, "dates", []any{r.From, r.To, r.Received}, "[2025-01-06 2025-01-06 2025-01-07]")
	check(t, "remarks", []any{r.Remarks, r.Inpatient, r.Outpatient}, "[[N1 MA01 N2] [4   57 N1] [  MA01 N2]]")
	check(t, "rest", []any{r.References, r.Amounts, r.Quantities[0].Quantity, r.Kept, len(r.Adjustments)}, "[[{EA MRN} {F8 OLD}] [{I 1.25}] 3 [{2100 PER*CX*X*TE*1}] 1]")
	l := r.Lines[0]
	check(t, "line", []any{l.Procedure, l.Submitted.Code, l.Charge, l.Paid, l.Units, *l.SubmittedUnits, l.From, l.To, l.Control, l.Remarks, l.References, l.Amounts, l.Quantities[0].Quantity, l.Kept},
		"[{HC 99213 [25   ]} 99214 100.00 55.00 1 2 2025-01-06 2025-01-07 L1 [N386] [{LU 11}] [{B6 80.00}] 2 [{2110 LQ*RX*Z}]]")
	check(t, "adjustments", []any{len(l.Adjustments), l.Adjustments[1].Reason, l.Adjustments[1].Amount, *l.Adjustments[1].Quantity, l.Adjustments[2].Group}, "[3 253 0.00 1 PR]")
	check(t, "second line", []any{r.Lines[1].Revenue, r.Lines[1].Units, r.Lines[1].Procedure.Qualifier}, "[0250 1 NU]")
	check(t, "payment", []any{p.Handling, p.Amount, p.Method, p.Date, p.Trace, p.PayerTIN, p.Supplement, p.Payer, p.Payee.NPI, p.Payee.TaxID, p.Payee.ZIP, p.Produced, p.Claims, p.ClaimsTotal, p.Adjustments, p.Held},
		"[I 52.00 ACH 2025-02-03 T1 1990000111 SUP {2U 12345 ALPHA HEALTH PLAN} 1234567893 990000001 75001 2025-02-03 1 57.00 [{1234567893 2025-12-31 WO ICN9 10.00} {1234567893 2025-12-31 L6  -5.00}] ]")
	if r.Payment != p.ID || !p.ID.Known() || r.ID != claim.RemitID(p.ID, 1) {
		t.Errorf("the remit names the payment %s, which is %s", r.Payment, p.ID)
	}
}

// What is wrong costs the smallest unit, and the money that came is known all the same.
func TestTroubleInASet(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a line of letters":   {"*100*55**1", "*1OO*55**1", "claim.Reject AMOUNT SVC02|claim.Payment "},
		"a paid amount":       {"*162*57*", "*162*5T*", "claim.Reject AMOUNT CLP04|claim.Payment SET_UNBALANCED off by 57.00"},
		"a set off by a cent": {"BPR*I*52*", "BPR*I*52.01*", "claim.Remit |claim.Payment SET_UNBALANCED off by 0.01"},
		"no trace":            {"TRN*1*T1*", "TRN*1**", "claim.Reject NO_PAYMENT |claim.Reject NO_PAYMENT TRN02"},
		"no BPR":              {"BPR*I*52*", "XXX*I*52*", "claim.Reject NO_PAYMENT |claim.Reject NO_PAYMENT "},
		"a PLB of letters":    {"*L6*-5", "*L6*-S", "claim.Remit |claim.Payment AMOUNT PLB06: the amount is no decimal number of dollars with whole cents"},
		"no claims":           {full[strings.Index(full, "LX*"):strings.Index(full, "PLB")], "", "claim.Payment SET_UNBALANCED off by 57.00"},
		"torn":                {"", "", "claim.Reject TRUNCATED |claim.Payment SET_UNBALANCED off by -5.00"},
	} {
		text := head + strings.Replace(full, c.old, c.new, 1) + foot
		if name == "torn" {
			text = text[:strings.Index(text, "SVC*NU")+5]
		}
		docs, _ := read(t, text)
		var got []string
		for _, d := range docs {
			switch d := d.(type) {
			case claim.Reject:
				got = append(got, "claim.Reject "+d.Code+" "+d.Element)
			case claim.Payment:
				got = append(got, "claim.Payment "+d.Held)
			default:
				got = append(got, fmt.Sprintf("%T ", d))
			}
		}
		check(t, name, strings.Join(got, "|"), c.want)
	}
}

// The claims of a payment of nothing are part of its identity; those of a payment of money are not.
func TestIdentityOfAPayment(t *testing.T) {
	id := func(text string) claim.ID {
		docs, _ := read(t, head+text+foot)
		return docs[len(docs)-1].(claim.Payment).ID
	}
	none := strings.Replace(strings.Replace(full, "BPR*I*52*C*ACH", "BPR*I*0*C*NON", 1), "L6*-5", "L6*47", 1)
	if id(none) == id(strings.Replace(none, "CLP*C1*", "CLP*C2*", 1)) {
		t.Error("two payments of nothing for other claims are one")
	}
	if id(full) != id(strings.Replace(full, "CLP*C1*", "CLP*C2*", 1)) {
		t.Error("a payment's identity depends on a claim's control number")
	}
}

func TestReadsOfAnySizeGiveTheSameRemits(t *testing.T) {
	file := head + full + strings.ReplaceAll(full, "0001", "0002") + foot
	_, want := read(t, file)
	for _, n := range []int{1, 2, 7, 106, 107, 4096} {
		var b strings.Builder
		for it := range Read(small{strings.NewReader(file), n}, int64(len(file)), claim.Digest{}) {
			j, _ := json.Marshal(it.Document)
			fmt.Fprintf(&b, "%T %s %v %v\n", it.Document, j, it.Sighting, it.Faults)
		}
		if b.String() != want {
			t.Errorf("reads of %d bytes differ", n)
		}
	}
}

// small reads n bytes at a time.
type small struct {
	r *strings.Reader
	n int
}

func (s small) ReadAt(b []byte, at int64) (int, error) {
	if len(b) > s.n {
		n, _ := s.r.ReadAt(b[:s.n], at)
		return n, nil
	}
	return s.r.ReadAt(b, at)
}

// FuzzRead835 must never panic, and must account for every segment.
func FuzzRead835(f *testing.F) {
	f.Add([]byte(head + full + foot))
	f.Add([]byte("ST*835*1*005010X221A1~SVC*1~PLB*1*2*3~CLP~SE*1*1~"))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, counts := all(t, file)
		if want := inSets(file); counts.Read != want || counts.Read != counts.Placed+counts.Kept+counts.Reported {
			t.Errorf("%d segments stand in sets, accounted for are %+v", want, counts)
		}
	})
}

// It prints bytes and remits a second of one core, with the pass for the identities.
func BenchmarkRead835(b *testing.B) {
	var set bytes.Buffer
	set.WriteString(head + full[:strings.Index(full, "CLP*")])
	one := full[strings.Index(full, "CLP*"):strings.Index(full, "PLB*")]
	const n = 2000
	for range n {
		set.WriteString(one)
	}
	set.WriteString("SE*52*0001~" + foot)
	file := set.Bytes()
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	remits := 0
	for b.Loop() {
		for it := range Read(bytes.NewReader(file), int64(len(file)), claim.Digest{}) {
			if _, ok := it.Document.(claim.Remit); ok {
				remits++
			}
		}
	}
	if remits != n*b.N {
		b.Fatalf("%d remits of %d", remits, n*b.N)
	}
	b.ReportMetric(float64(remits)/b.Elapsed().Seconds(), "remits/s")
}
