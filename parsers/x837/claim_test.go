package x837

import (
	"fmt"
	"strings"
	"testing"

	"revcycle/claim"
)

const head = "ISA*00*          *00*          *ZZ*SAMPLECLINIC   *ZZ*CLEAR1         *250125*1200*^*00501*000000001*0*T*:~GS*HC*S*R*20250125*1200*1*X*005010X222A1~"

// cob is a professional claim of a dependent with another payer, and all that may stand there.
const cob = head + "ST*837*0001*005010X222A1~BHT*0019*00*B1*20250125*1200*RP~NM1*41*2*SAMPLE CLINIC*****46*SUB1~PER*IC*DESK*TE*8005550101~NM1*40*2*TEST CLEARINGHOUSE*****46*REC1~" +
	"HL*1**20*1~PRV*BI*PXC*207Q00000X~NM1*85*2*SAMPLE CLINIC*****XX*1234567893~N3*2 TEST WAY*SUITE 4~N4*TESTVILLE*TX*750010002~REF*EI*99-0000001~" +
	"HL*2*1*22*1~SBR*P**GRP7*GROUP NAME*****CI~NM1*IL*1*ADAMS*AMY****MI*AL0001~N3*3 TEST WAY~N4*TESTVILLE*TX*750010003~DMG*D8*19700101*F~NM1*PR*2*ALPHA HEALTH PLAN*****PI*12345~" +
	"HL*3*2*23*0~PAT*19~NM1*QC*1*ADAMS*ABE~N3*3 TEST WAY~N4*TESTVILLE*TX*750010003~DMG*D8*20100203*M~" +
	"CLM*C1*150***23:B:7*Y*A*Y*Y**AA:OA::TX*01********3~DTP*439*D8*20250101~DTP*435*DT*202501060930~PWK*OZ*BM***AC*DMN1~AMT*F5*10~REF*F8*ICN9~REF*G1*AUTH~NTE*ADD*A NOTE~" +
	"HI*ABK:S72001A*ABF:E119~HI*BP:00100~HI*BG:AA~NM1*DN*1*SMITH*SUE*Q***XX*1987654328~NM1*82*1*JONES*JO****XX*1234567893~PRV*PE*PXC*207R00000X~NM1*77*2*THE PLACE*****XX*1234567893~N3*9 SITE~N4*SITEVILLE*TX*75009~" +
	"SBR*S*18*GRP8******MB~CAS*CO*45*20**253*1.60*2~AMT*D*60~AMT*EAF*68.40~AMT*A8*0~OI***Y***Y~MOA***MA15*N211~NM1*IL*1*BROWN*BO****MI*MB1~NM1*PR*2*OTHER PLAN*****PI*99~DTP*573*D8*20250110~REF*F8*OICN~" +
	"LX*1~SV1*HC:99285:25:59::::TEXT*100*UN*1.5*23**1:2**Y~DTP*472*RD8*20250103-20250104~REF*6R*L1~REF*G1*LAUTH~AMT*T*2.50~LIN**N4*00012345678~CTP****2*ML~NM1*QB*1*LINE*LOU****XX*1234567893~" +
	"SVD*99*60*HC:99285**1~CAS*CO*45*20~CAS*PR*2*20**3*0~DTP*573*D8*20250110~AMT*EAF*20~LX*2~SV1*HC:J1885*50*UN*2***A:B~DTP*472*D8*20250103~SE*60*0001~GE*1*1~IEA*1*000000001~"

// one reads the single claim of a file.
func one(t *testing.T, file string) claim.Claim {
	t.Helper()
	var out []claim.Claim
	for it, err := range Read(strings.NewReader(file), claim.Digest{}) {
		c, ok := it.Document.(claim.Claim)
		if err != nil || !ok || len(it.Faults) > 0 {
			t.Fatalf("no sound claim: %v %+v", err, it)
		}
		out = append(out, c)
	}
	if len(out) != 1 {
		t.Fatalf("%d claims", len(out))
	}
	return out[0]
}

// check compares what was read with what the segments say, both as text.
func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s want %s", what, g, w)
	}
}

func TestProfessionalClaimOfADependent(t *testing.T) {
	c := one(t, cob)
	check(t, "use", c.Use, "RP")
	check(t, "ends", c.SubmitterID+" "+c.ReceiverID, "SUB1 REC1")
	check(t, "biller", []any{c.Billing.NPI, c.Billing.TaxID, c.Billing.Taxonomy, c.Billing.Address, c.Billing.ZIP}, []any{"1234567893", "990000001", "207Q00000X", "2 TEST WAY SUITE 4", "750010002"})
	check(t, "coverage", []any{c.PayerOrder, c.Group, c.FilingCode, c.Relationship, c.Payer}, []any{"P", "GRP7", "CI", "19", "{PI 12345 ALPHA HEALTH PLAN}"})
	p, s := c.Patient.Fields(), c.Subscriber.Fields()
	check(t, "people", []any{s.First, s.MemberID, s.Birth, p.First, p.MemberID, p.Birth, p.Sex}, []any{"AMY", "AL0001", "1970-01-01", "ABE", "", "2010-02-03", "M"})
	check(t, "claim", []any{c.Control, c.Charge, c.Facility, c.Frequency, c.Signature, c.Assignment, c.Benefits, c.Release, c.Cause, c.Program, c.DelayReason},
		[]any{"C1", "150.00", "23", "7", "Y", "A", "Y", "Y", "AA:OA::TX", "01", "3"})
	check(t, "dates", []any{c.Dates, c.Admitted, c.StatementFrom, c.StatementTo}, "[[{439 2025-01-01 2025-01-01 } {435 2025-01-06 2025-01-06 0930}] 2025-01-06 2025-01-03 2025-01-04]")
	check(t, "references", c.References, "[{F8 ICN9} {G1 AUTH}]")
	check(t, "codes", []any{c.Diagnoses, c.Procedures, c.Codes[0].Code}, "[[{ABK S72001A } {ABF E119 }] [{BP 00100 }] AA]")
	check(t, "providers", []any{len(c.Providers), c.Providers[0].Name, c.Providers[1].Taxonomy, c.Providers[2].City}, "[3 SMITH, SUE Q 207R00000X SITEVILLE]")
	o := c.Other[0]
	check(t, "other payer", []any{o.Order, o.Group, o.FilingCode, o.Payer.ID, o.PayerControl, o.PaidDate, *o.Paid, *o.Remaining, *o.NonCovered, o.Remarks, o.Subscriber.MemberID()},
		"[S GRP8 MB 99 OICN 2025-01-10 60.00 68.40 0.00 [MA15 N211] MB1]")
	check(t, "its adjustments", []any{len(o.Adjustments), o.Adjustments[1].Reason, o.Adjustments[1].Amount, *o.Adjustments[1].Quantity}, "[2 253 1.60 2]")
	l := c.Lines[0]
	check(t, "line", []any{l.Number, l.Control, l.Procedure, l.Charge, l.Unit, l.Units, l.Place, l.Pointers, l.From, l.To, l.NDC, l.NDCUnit, l.NDCQuantity, l.References, l.Amounts, l.Providers[0].Role},
		"[1 L1 {HC 99285 [25 59  ]} 100.00 UN 1.5 23 [1 2] 2025-01-03 2025-01-04 00012345678 ML 2 [{G1 LAUTH}] [{T 2.50}] QB]")
	a := l.Adjudication[0]
	check(t, "adjudication", []any{a.PayerID, a.Paid, a.Procedure.Code, a.Units, len(a.Adjustments), a.Adjustments[2].Reason, a.Date, *a.Remaining}, "[99 60.00 99285 1 3 3 2025-01-10 20.00]")
	check(t, "second line", []any{c.Lines[1].Pointers, c.Lines[1].Units, len(c.Lines)}, "[[1 2] 2 2]")
	check(t, "kept", c.Kept, "[{1000A NM1*41*2*SAMPLE CLINIC*****46*SUB1} {1000A PER*IC*DESK*TE*8005550101} {1000B NM1*40*2*TEST CLEARINGHOUSE*****46*REC1} {2000B SBR*P**GRP7*GROUP NAME*****CI} {2300 PWK*OZ*BM***AC*DMN1} {2300 NTE*ADD*A NOTE}]")
	check(t, "kept of the line", l.Kept, "[{2400 SV1*HC:99285:25:59::::TEXT*100*UN*1.5*23**1:2**Y}]")
	check(t, "kept of the payer", o.Kept, "[{2320 OI***Y***Y}]")
	e := Encounter(c)
	check(t, "encounter", []any{e.Number, e.Class, *e.Cost, e.Facility, e.Provider, e.From, e.Reason, e.Service}, "[C1 emergency 150.00 1234567893 1234567893 2025-01-03 S72001A 99285]")
}

func TestInstitutionalCodes(t *testing.T) {
	c := one(t, strings.Replace(head, "X222A1", "X223A2", 1)+"ST*837*0001*005010X223A2~BHT*0019*00*B2*20250125*1200*CH~HL*1**20*1~NM1*85*2*H*****XX*1234567893~HL*2*1*22*0~SBR*P*18*******MA~NM1*IL*1*A*B****MI*M~"+
		"NM1*PR*2*MEDICARE*****PI*00099~CLM*I1*300***11:A:1**A*Y*Y~DTP*096*TM*1130~DTP*434*RD8*20250106-20250110~DTP*435*DT*202501060900~CL1*1*7*01~"+
		"HI*ABK:J189:::::::Y~HI*ABJ:R05~HI*APR:R509*APR:R51~HI*ABN:W19XXXA:::::::N~HI*DR:193~HI*ABF:E119:::::::W~HI*BBR:0BH17EZ:D8:20250107~HI*BBQ:5A1935Z:D8:20250108~"+
		"HI*BI:70:RD8:20250101-20250103~HI*BH:11:D8:20250105~HI*BE:A1:::20.50~HI*BG:09*BG:67~HI*TC:A01~NM1*71*1*DOC*ANN****XX*1234567893~LX*1~SV2*0120**300*DA*4**20~SE*30*0001~GE*1*1~IEA*1*000000001~")
	check(t, "bill", []any{c.Kind, c.TypeOfBill(), c.StatementFrom, c.StatementTo, c.Admitted, c.Discharged, c.AdmitType, c.AdmitSource, c.PatientStatus, c.DRG},
		"[I 0111 2025-01-06 2025-01-10 2025-01-06 2025-01-10 1 7 01 193]")
	check(t, "diagnoses", c.Diagnoses, "[{ABK J189 Y} {ABJ R05 } {APR R509 } {APR R51 } {ABN W19XXXA N} {ABF E119 W}]")
	check(t, "procedures", c.Procedures, "[{BBR 0BH17EZ 2025-01-07} {BBQ 5A1935Z 2025-01-08}]")
	var codes []string
	for _, b := range c.Codes {
		amount := ""
		if b.Amount != nil {
			amount = b.Amount.String()
		}
		codes = append(codes, fmt.Sprintf("%s %s %s %s %s", b.Qualifier, b.Code, b.From, b.To, amount))
	}
	check(t, "codes", strings.Join(codes, "|"), "BI 70 2025-01-01 2025-01-03 |BH 11 2025-01-05 2025-01-05 |BE A1   20.50|BG 09   |BG 67   |TC A01   ")
	l := c.Lines[0]
	check(t, "line", []any{l.Revenue, l.Procedure.Code, l.Charge, l.Unit, l.Units, l.NonCovered}, "[0120  300.00 DA 4 20.00]")
	check(t, "same person", c.Patient.MemberID()+c.Relationship, "M18")
}
