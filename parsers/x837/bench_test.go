package x837

import (
	"bytes"
	"fmt"
	"testing"

	"revcycle/claim"
)

// synthetic is a file of n claims of about 944 bytes and three lines each.
func synthetic(n int) []byte {
	var b bytes.Buffer
	segments := 0
	put := func(format string, args ...any) {
		fmt.Fprintf(&b, format, args...)
		b.WriteString("~\n")
		segments++
	}
	put("ISA*00*          *00*          *ZZ*SAMPLECLINIC   *ZZ*CLEAR1         *250125*1200*^*00501*000000001*0*T*:")
	put("GS*HC*SAMPLECLINIC*CLEAR1*20250125*1200*1*X*005010X222A1")
	segments = 0
	put("ST*837*0001*005010X222A1")
	put("BHT*0019*00*B000001*20250125*1200*CH")
	put("NM1*41*2*SAMPLE CLINIC*****46*SAMPLECLINIC")
	put("PER*IC*DESK*TE*8005550101")
	put("NM1*40*2*TEST CLEARINGHOUSE*****46*CLEAR1")
	hl := 0
	for i := range n {
		if i%500 == 0 {
			hl++
			put("HL*%d**20*1", hl)
			put("PRV*BI*PXC*207Q00000X")
			put("NM1*85*2*SAMPLE CLINIC*****XX*1234567893")
			put("N3*2 TEST WAY")
			put("N4*TESTVILLE*TX*750010002")
			put("REF*EI*990000001")
		}
		hl++
		put("HL*%d*%d*22*0", hl, hl-1-i%500)
		put("SBR*P*18*GRP%04d******12", i%100)
		put("NM1*IL*1*SURNAME%d*GIVEN****MI*MEMBER%08d", i, i)
		put("N3*%d NORTH TEST STREET*APARTMENT %d", i%1000, i%90)
		put("N4*TESTVILLE*TX*750010003")
		put("DMG*D8*1970%02d%02d*F", 1+i%12, 1+i%28)
		put("NM1*PR*2*ALPHA HEALTH PLAN*****PI*12345")
		put("N3*100 PAYER PLAZA")
		put("N4*TESTVILLE*TX*750010001")
		put("CLM*PCN%09d*%d***11:B:1*Y*A*Y*Y", i, 300+i%50)
		put("DTP*431*D8*20250101")
		put("DTP*454*D8*20250102")
		put("REF*G1*AUTH%08d", i)
		put("REF*EA*RECORD%010d", i)
		put("REF*D9*CLEARING%010d", i)
		put("HI*ABK:M545*ABF:E119*ABF:I10")
		put("NM1*82*1*DOCTOR%d*ANN****XX*1234567893", i%50)
		put("PRV*PE*PXC*207Q00000X")
		put("NM1*DN*1*REFERRER%d*BOB*C***XX*1987654328", i%50)
		put("NM1*77*2*SAMPLE CLINIC AT THE RIVER*****XX*1234567893")
		put("N3*77 RIVER ROAD")
		put("N4*TESTVILLE*TX*750010009")
		for l := range 3 {
			put("LX*%d", l+1)
			charge := 100
			if l == 0 {
				charge += i % 50
			}
			put("SV1*HC:9921%d:25*%d*UN*1***1:2", l+3, charge)
			put("DTP*472*D8*202501%02d", 1+i%28)
			put("REF*6R*PCN%09d%d", i, l+1)
		}
	}
	segments++
	fmt.Fprintf(&b, "SE*%d*0001~\nGE*1*1~\nIEA*1*000000001~\n", segments)
	return b.Bytes()
}

// It prints bytes and claims a second of one core, from bytes to typed claims with their IDs.
func BenchmarkRead837(b *testing.B) {
	const n = 5000
	file := synthetic(n)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	claims := 0
	for b.Loop() {
		for it, err := range Read(bytes.NewReader(file), claim.Digest{}) {
			if err != nil {
				b.Fatal(err)
			}
			if _, ok := it.Document.(claim.Claim); ok {
				claims++
			}
		}
	}
	if claims != n*b.N {
		b.Fatalf("%d claims of %d", claims, n*b.N)
	}
	b.ReportMetric(float64(claims)/b.Elapsed().Seconds(), "claims/s")
	b.ReportMetric(float64(len(file))/n, "bytes/claim")
}
