package parsers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
)

// threeClaims is a set with two subscribers, the first with two claims; each change is made once, in its place.
func threeClaims(t *testing.T, changes ...string) string {
	t.Helper()
	level := func(n int, member string, claims ...string) string {
		return fmt.Sprintf("HL*%d*1*22*0\nSBR*P*18*******CI\nNM1*IL*1*DOE*JOHN****MI*%s\nN3*2 OAK ST\nN4*SPRINGFIELD*IL*627010002\nDMG*D8*20100101*M\nNM1*PR*2*PAYER*****PI*PY1\n%s",
			n, member, strings.Join(claims, ""))
	}
	one := func(control string) string {
		return "CLM*" + control + "*100***11:B:1*Y*A*Y*Y\nHI*ABK:J069\nLX*1\nSV1*HC:99213*100*UN*1***1\nDTP*472*D8*20250301\n"
	}
	text := "BHT*0019*00*B1*20250310*0915*CH\nNM1*41*2*CLINIC*****46*CL1\nPER*IC*DESK*TE*5555550100\nNM1*40*2*PAYER*****46*PY1\n" +
		"HL*1**20*1\nNM1*85*2*CLINIC*****XX*1234567893\nN3*1 MAIN ST\nN4*SPRINGFIELD*IL*627010001\nREF*EI*123456789\n" +
		level(2, "M1", one("A"), one("B")) + level(3, "M2", one("C"))
	for _, c := range changes {
		was, is, _ := strings.Cut(c, " => ")
		if strings.Count(text, was) < 1 {
			t.Fatalf("no %q in the set", was)
		}
		text = strings.Replace(text, was, is, 1)
	}
	return wrapSet("HC", "005010X222A1", "837", text)
}

// twoRemits is a payment of two claims.
func twoRemits(changes ...string) string {
	text := "BPR*I*150*C*ACH*CCP*01*011000015*DA*1*1990000111**01*011000028*DA*2*20250203\nTRN*1*TRN1*1990000111\nDTM*405*20250203\nN1*PR*PAYER*XV*12345\nN3*1 MAIN ST\nN4*SPRINGFIELD*IL*62701\n" +
		"PER*BL*DESK*TE*5555550100\nN1*PE*CLINIC*XX*1234567893\nLX*1\n" +
		"CLP*A*1*100*80**12*ICN1*11*1\nNM1*QC*1*DOE*JOHN****MI*M1\nSVC*HC:99213*100*80**1\nDTM*472*20250106\nCAS*CO*45*20\n" +
		"CLP*B*1*100*70**12*ICN2*11*1\nNM1*QC*1*DOE*JANE****MI*M2\nSVC*HC:99214*100*70**1\nDTM*472*20250107\nCAS*CO*45*30"
	for _, c := range changes {
		was, is, _ := strings.Cut(c, " => ")
		text = strings.Replace(text, was, is, 1)
	}
	return wrapSet("HP", "005010X221A1", "835", text)
}

// taken says what becomes of each document: A, then ! and the code of what keeps it from being taken, or ~ and what was let through.
func taken(t *testing.T, file string, policy *snip.Policy) string {
	t.Helper()
	l, err := Scan(strings.NewReader(file), func(string, string) *snip.Policy { return policy })
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range l.Sets {
		if s.Held != "" {
			code, _, _ := strings.Cut(s.Held, ":")
			out = append(out, "set!"+code)
			continue
		}
		for _, c := range s.Chunks {
			for it, err := range ReadChunk(&s, c, bytes.NewReader([]byte(file)), claim.Digest{}) {
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, word(&it))
			}
		}
	}
	return strings.Join(out, " ")
}

func word(it *Item) string {
	name, why := "", it.Held
	switch d := it.Document.(type) {
	case claim.Claim:
		name = d.Control
	case claim.Remit:
		name = fmt.Sprintf("%s(%s)", d.Control, d.Paid)
	case claim.Payment:
		name, why = "payment", d.Held
	case claim.Reject:
		name, why = fmt.Sprint(it.Sighting.Ordinal), d.Code
	}
	if why != "" {
		why, _, _ = strings.Cut(why, ":")
		name += "!" + why
	}
	for _, x := range it.Tolerated {
		name += "~" + x
	}
	return name
}

func tolerant(how ...string) *snip.Policy {
	p := snip.Default
	p.Name = "ALPHA"
	p.Codes = map[string]x12.Severity{}
	for _, h := range how {
		p.Codes[h] = x12.Warn
	}
	return &p
}

// A fault costs the claim it stands in; one in a level the claims below it; one in the head of a set the whole set.
func TestAFaultCostsWhatItConcerns(t *testing.T) {
	ended := strings.Replace(threeClaims(t), "SE*", "N3*X~SE*", 1)
	for _, c := range []struct {
		what, file, want string
		policy           *snip.Policy
	}{
		{"a sound set", threeClaims(t), "A B C", &snip.Default},
		{"a sum of the second claim", threeClaims(t, "CLM*B*100 => CLM*B*90"), "A 2!CHARGE_SUM C", &snip.Default},
		{"a segment that the second claim lacks", threeClaims(t, "CLM*B*100***11:B:1*Y*A*Y*Y\nHI*ABK:J069\n => CLM*B*100***11:B:1*Y*A*Y*Y\n"), "A 2!SEGMENT_MISSING C", &snip.Default},
		{"a segment that the last claim lacks", threeClaims(t, "CLM*C*100***11:B:1*Y*A*Y*Y\nHI*ABK:J069\n => CLM*C*100***11:B:1*Y*A*Y*Y\n"), "A B 3!SEGMENT_MISSING", &snip.Default},
		{"an NPI of the billing provider", threeClaims(t, "1234567893 => 1234567894"), "1!NPI 2!NPI 3!NPI", &snip.Default},
		{"a code of the first subscriber", threeClaims(t, "N4*SPRINGFIELD*IL*627010002 => N4*SPRINGFIELD*ILL*627010002"), "1!ELEMENT_LONG 2!ELEMENT_LONG C", &snip.Default},
		{"a segment that the second subscriber lacks", threeClaims(t, "HL*3*1*22*0\nSBR*P*18*******CI\n => HL*3*1*22*0\n"), "A B 3!SEGMENT_MISSING", &snip.Default},
		{"the head of the set", threeClaims(t, "PER*IC*DESK*TE*5555550100\n => "), "set!SEGMENT_MISSING", &snip.Default},
		{"a segment that no loop takes, behind the last line", ended, "A~ALPHA: SE01_COUNT SE01 B~ALPHA: SE01_COUNT SE01 3!SEGMENT_UNPLACED", tolerant("SE01_COUNT")},
		{"a situation is let through", threeClaims(t, "11:B:1*Y*A*Y*Y => 11:B:1*Y*A*Y*Y**AA:::IL"), "A~default: ACCIDENT_DATE CLM B C", &snip.Default},
		{"a situation that was agreed to reject", threeClaims(t, "11:B:1*Y*A*Y*Y => 11:B:1*Y*A*Y*Y**AA:::IL"), "1!ACCIDENT_DATE B C", &snip.Strict},
		{"a count that was agreed on", strings.Replace(threeClaims(t), "SE*", "SE*9", 1), "A~ALPHA: SE01_COUNT SE01 B~ALPHA: SE01_COUNT SE01 C~ALPHA: SE01_COUNT SE01", tolerant("SE01_COUNT")},
		{"a count that was not", strings.Replace(threeClaims(t), "SE*", "SE*9", 1), "set!SE01_COUNT", &snip.Default},
		{"an agreement on one place alone", threeClaims(t, "1234567893 => 1234567894"), "A~ALPHA: NPI NM109 B~ALPHA: NPI NM109 C~ALPHA: NPI NM109", tolerant("NPI NM109")},
		{"an agreement on another place", threeClaims(t, "1234567893 => 1234567894"), "1!NPI 2!NPI 3!NPI", tolerant("NPI N104")},
		{"a sound payment", twoRemits(), "A(80.00) B(70.00) payment", &snip.Default},
		{"a code of the second remit", twoRemits("HC:99214 => AD:99214"), "A(80.00) B(70.00) payment", &snip.Default},
		{"a code that no remit has", twoRemits("HC:99214 => XX:99214"), "A(80.00) B(70.00)!ELEMENT_CODE_UNUSED payment", &snip.Default},
		{"the payer's number", twoRemits("TRN*1*TRN1*1990000111 => TRN*1*TRN1"), "A(80.00) B(70.00) payment!ELEMENT_MISSING", &snip.Default},
		{"the payer's number, agreed", twoRemits("TRN*1*TRN1*1990000111 => TRN*1*TRN1"), "A(80.00)~ALPHA: ELEMENT_MISSING TRN03 B(70.00)~ALPHA: ELEMENT_MISSING TRN03 payment~ALPHA: ELEMENT_MISSING TRN03", tolerant("ELEMENT_MISSING TRN03")},
	} {
		for _, size := range []int64{1, ChunkBytes} {
			chunkBytes = size
			if got := taken(t, c.file, c.policy); got != c.want {
				t.Errorf("%s, cut at %d: got %s, want %s", c.what, size, got, c.want)
			}
		}
	}
	chunkBytes = ChunkBytes
}

// What a payer is known to send otherwise is read as it means it, and only where that ties.
func TestReadings(t *testing.T) {
	repeated := twoRemits("NM1*QC*1*DOE*JOHN => CAS*CO*45*20\nNM1*QC*1*DOE*JOHN")
	other := twoRemits("NM1*QC*1*DOE*JOHN => CAS*CO*45*25\nNM1*QC*1*DOE*JOHN")
	positive := twoRemits("BPR*I*150 => BPR*I*-10", "CLP*A*1 => CLP*A*22")
	plain := snip.Default
	lines, negate := plain, plain
	lines.Name, lines.Readings = "ALPHA", []snip.Reading{snip.RepeatedAtClaim}
	negate.Name, negate.Readings = "ALPHA", []snip.Reading{snip.PositiveReversal}
	for _, c := range []struct {
		what, file, want string
		policy           *snip.Policy
	}{
		{"adjustments repeated, strictly", repeated, "A(80.00) off -20.00, B(70.00), payment", &plain},
		{"adjustments repeated", repeated, "A(80.00)~ALPHA: cas_repeated, B(70.00), payment", &lines},
		{"adjustments that are not those of the lines", other, "A(80.00) off -25.00, B(70.00), payment", &lines},
		{"a reversal with positive amounts, strictly", positive, "A(80.00), B(70.00), payment!SET_UNBALANCED off by -160.00", &plain},
		{"a reversal with positive amounts", positive, "A(-80.00)~ALPHA: reversal_positive, B(70.00), payment", &negate},
		{"a payer that counts it as positive too", twoRemits("CLP*A*1 => CLP*A*22"), "A(-80.00)~ALPHA: reversal_positive, B(70.00), payment!SET_UNBALANCED off by 160.00", &negate},
	} {
		l, err := Scan(strings.NewReader(c.file), func(string, string) *snip.Policy { return c.policy })
		if err != nil {
			t.Fatal(err)
		}
		s := &l.Sets[0]
		var got []string
		var paid string
		for it, err := range ReadChunk(s, s.Chunks[0], strings.NewReader(c.file), claim.Digest{}) {
			if err != nil {
				t.Fatal(err)
			}
			w := word(&it)
			switch d := it.Document.(type) {
			case claim.Remit:
				if off := d.Imbalance(); off != 0 {
					w += " off " + off.String()
				}
			case claim.Payment:
				paid = d.ClaimsTotal.String()
			}
			got = append(got, w)
		}
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("%s: got %s, want %s", c.what, g, c.want)
		}
		if s.Paid.String() != paid {
			t.Errorf("%s: the scan counts %s as paid, the payment %s", c.what, s.Paid, paid)
		}
		if tied := s.Untied == ""; tied == slices.ContainsFunc(got, func(w string) bool { return strings.Contains(w, "UNBALANCED") }) {
			t.Errorf("%s: the scan says %q", c.what, s.Untied)
		}
	}
}

// A set of which nearly every claim has a fault is one unit, however many claims it has.
func TestASetWithTooManyFaultsIsHeldWhole(t *testing.T) {
	v := verdicts{}
	for i := range MaxVerdicts + 2 {
		v.add(i+1, i+1, x12.Fault{Code: "NPI", Severity: x12.Reject}, &snip.Default)
	}
	s := Set{}
	v.end(&s, &snip.Default)
	if len(s.Verdicts) > 0 || !strings.HasPrefix(s.Held, CodeTooManyFaults) {
		t.Errorf("got %d verdicts, held for %q", len(s.Verdicts), s.Held)
	}
}

// The policy of a partner who sends production only keeps tests away, the other way about too.
func TestATestIsNoProduction(t *testing.T) {
	p := snip.Default
	p.Usage = "P"
	if got := taken(t, threeClaims(t), &p); got != "set!PARTNER_USAGE" {
		t.Errorf("a test: %s", got)
	}
	if got := taken(t, strings.Replace(threeClaims(t), "*0*T*:", "*0*P*:", 1), &p); got != "A B C" {
		t.Errorf("production: %s", got)
	}
}

// What a partner file may name is known, and what cannot be read around is not among it.
func TestTolerableFaults(t *testing.T) {
	for key, want := range map[string]string{"SE01_COUNT": "", "ELEMENT_MISSING TRN03": "", "ACCIDENT_DATE": "", "NPI N104": "", "SE01_CONT": "did you mean SE01_COUNT?",
		"TRUNCATED": "cannot be tolerated", "CLAIM_BALANCE": "cannot be tolerated", "NPI n104": "is no place", "": "no fault is called"} {
		err := Tolerable(key)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %s", key, err, want)
		}
	}
}
