package parsers

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"revcycle/parsers/snip"
)

// The bases are sound: each mutant changes one thing, and what is found must be that, at its place, and nothing else. A change that adds or
// takes away a segment mends SE01 by itself (see mutate), so that the count is not blamed.

// wrapSet puts the lines of a set between envelopes.
func wrapSet(group, guide, kind, lines string) string {
	body := strings.ReplaceAll(strings.TrimSpace(lines), "\n", "~") + "~"
	n := strings.Count(body, "~") + 2
	return fmt.Sprintf("ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *250310*0915*^*00501*000000101*0*T*:~"+
		"GS*%s*SENDER*RECEIVER*20250310*0915*101*X*%s~ST*%s*0001*%s~%sSE*%d*0001~GE*1*101~IEA*1*000000101~", group, guide, kind, guide, body, n)
}

const soundProfessional = `BHT*0019*00*B1*20250310*0915*CH
NM1*41*2*CLINIC*****46*CL1
PER*IC*DESK*TE*5555550100
NM1*40*2*PAYER*****46*PY1
HL*1**20*1
NM1*85*2*CLINIC*****XX*1234567893
N3*1 MAIN ST
N4*SPRINGFIELD*IL*627010001
REF*EI*123456789
HL*2*1*22*1
SBR*S********CI
NM1*IL*1*DOE*JOHN****MI*M1
NM1*PR*2*PAYER*****PI*PY1
HL*3*2*23*0
PAT*19
NM1*QC*1*DOE*JANE
N3*2 OAK ST
N4*SPRINGFIELD*IL*627010002
DMG*D8*20100101*F
CLM*A-1*150***11:B:1*Y*A*Y*Y
HI*ABK:J069*ABF:R05
SBR*P*18*G1******CI
AMT*D*90
OI***Y***Y
NM1*IL*1*DOE*JOHN****MI*P77
NM1*PR*2*FIRST*****PI*PY0
LX*1
SV1*HC:99213*100*UN*1***1:2
DTP*472*D8*20250301
SVD*PY0*70*HC:99213**1
CAS*CO*45*20**253*10
DTP*573*D8*20250305
LX*2
SV1*HC:87880*50*UN*1***1
DTP*472*D8*20250301
SVD*PY0*20*HC:87880**1
CAS*PR*1*30
DTP*573*D8*20250305`

const soundInstitutional = `BHT*0019*00*B2*20250310*0915*CH
NM1*41*2*HOSPITAL*****46*HO1
PER*IC*DESK*TE*5555550100
NM1*40*2*PAYER*****46*PY1
HL*1**20*1
NM1*85*2*HOSPITAL*****XX*1234567893
N3*1 MAIN ST
N4*SPRINGFIELD*IL*627010001
REF*EI*123456789
HL*2*1*22*0
SBR*P*18*******MA
NM1*IL*1*DOE*JANE****MI*M1
N3*2 OAK ST
N4*SPRINGFIELD*IL*627010002
DMG*D8*19500101*F
NM1*PR*2*PAYER*****PI*PY1
CLM*B-1*1500***11:A:1**A*Y*Y
DTP*096*TM*1100
DTP*434*RD8*20250301-20250304
DTP*435*DT*202503011015
CL1*1*1*01
HI*ABK:I5023
HI*ABJ:I509
HI*BBR:02HV33Z:D8:20250302
HI*BBQ:5A1955Z:D8:20250302
NM1*71*1*HEALER*ANN****XX*1234567893
LX*1
SV2*0120**1000*DA*3
LX*2
SV2*0450*HC:99284*500*UN*1
DTP*472*D8*20250301`

const soundOutpatient = `BHT*0019*00*B3*20250310*0915*CH
NM1*41*2*HOSPITAL*****46*HO1
PER*IC*DESK*TE*5555550100
NM1*40*2*PAYER*****46*PY1
HL*1**20*1
NM1*85*2*HOSPITAL*****XX*1234567893
N3*1 MAIN ST
N4*SPRINGFIELD*IL*627010001
REF*EI*123456789
HL*2*1*22*0
SBR*P*18*******MA
NM1*IL*1*DOE*JANE****MI*M1
N3*2 OAK ST
N4*SPRINGFIELD*IL*627010002
DMG*D8*19500101*F
NM1*PR*2*PAYER*****PI*PY1
CLM*B-2*500***13:A:1**A*Y*Y
DTP*434*RD8*20250301-20250302
CL1*1*1*01
HI*ABK:I5023
HI*APR:R0602
NM1*71*1*HEALER*ANN****XX*1234567893
LX*1
SV2*0450*HC:99284*500*UN*1
DTP*472*D8*20250301`

const soundRemittance = `BPR*I*80*C*ACH*CCP*01*999999992*DA*123*1512345678**01*999988880*DA*98765*20250315
TRN*1*TRACE1*1512345678
N1*PR*PAYER
N3*1 PAYER RD
N4*CHICAGO*IL*606010001
PER*BL*WEB DESK*UR*WWW.EXAMPLE.COM
N1*PE*CLINIC*XX*1234567893
LX*1
CLP*A-1*1*150*90*20*12*PCN1*11*1
NM1*QC*1*DOE*JANE
SVC*HC:99213*100*70**1
DTM*472*20250301
CAS*CO*45*30
SVC*HC:87880*50*20**1
DTM*472*20250301
CAS*PR*1*20
CAS*CO*45*10
PLB*1234567893*20251231*WO:A-0*10`

const soundAcknowledgement = `BHT*0085*08*ANSWER7*20250312*0915*TH
HL*1**20*1
NM1*PR*2*PAYER*****PI*PY1
TRN*1*ANSWER7
DTP*050*D8*20250311
DTP*009*D8*20250312
HL*2*1*21*1
NM1*41*2*CLINIC*****46*CL1
TRN*2*B1
STC*A1:19*20250312*WQ*250
QTY*90*1
QTY*AA*1
AMT*YU*150
AMT*YY*100
HL*3*2*19*1
NM1*85*2*CLINIC*****XX*1234567893
HL*4*3*PT
NM1*QC*1*DOE*JANE****MI*M1
TRN*2*A-1
STC*A2:20*20250312*WQ*150
REF*1K*PCN1
DTP*472*D8*20250301
TRN*2*A-2
STC*A7:477*20250312*U*100
DTP*472*D8*20250301`

// mutants: what is put for what, and all that follows: one fault, but where the change breaks several things.
var mutants = []struct {
	name, base string
	was, is    string
	want       string // SNIP, code, loop, element or segment
}{
	{"place of service that is none", "P", "11:B:1", "97:B:1", "5 CODE_UNKNOWN 2300 CLM05-1"},
	{"procedure that is none", "P", "HC:99213*100*UN", "HC:99299*100*UN", "5 CODE_UNKNOWN 2400 SV101-2"},
	{"procedure before its end", "P", "~SV1*HC:87880*50*UN*1***1~DTP*472*D8*20250301", "~SV1*HC:87880*50*UN*1***1~DTP*472*D8*20260301", "5 CODE_EXPIRED 2400 SV101-2; 4 SERVICE_AFTER_CREATION 2400 DTP03"},
	{"diagnosis that is none", "P", "ABF:R05", "ABF:R059", "5 CODE_UNKNOWN 2300 HI02-2"},
	{"reason code that is none", "P", "CAS*PR*1*30", "CAS*PR*901*30", "5 CODE_UNKNOWN 2430 CAS02"},
	{"revenue code that is none", "O", "SV2*0450", "SV2*9450", "5 CODE_UNKNOWN 2400 SV201"},
	{"inpatient procedure that is none", "I", "BBR:02HV33Z", "BBR:02HV33Q", "5 CODE_UNKNOWN 2300 HI01-2"},
	{"reason code that is none", "R", "CAS*CO*45*30", "CAS*CO*945*30", "5 CODE_UNKNOWN 2110 CAS02"},
	{"a production file of a partner who sends tests", "P", "*0*T*:", "*0*P*:", "7 PARTNER_USAGE  ISA15"},
	{"a production file of a partner who sends tests", "R", "*0*T*:", "*0*P*:", "7 PARTNER_USAGE  ISA15"},
	{"interchange count", "P", "IEA*1", "IEA*2", "1 IEA01_COUNT  IEA01"},
	{"interchange control", "P", "IEA*1*000000101", "IEA*1*000000102", "1 IEA02_CONTROL  IEA02"},
	{"group count", "P", "GE*1*", "GE*2*", "1 GE01_COUNT  GE01"},
	{"group control", "P", "GE*1*101", "GE*1*102", "1 GE02_CONTROL  GE02"},
	{"set control", "P", "*0001~GE", "*0002~GE", "1 SE02_CONTROL  SE02"},
	{"segment count", "P", "SE*", "SE*9", "1 SE01_COUNT  SE01"},
	{"guide of the set", "P", "ST*837*0001*005010X222A1", "ST*837*0001*005010X222A2", "1 ST03_GUIDE  ST03"},
	{"test or production", "P", "*0*T*", "*0*Q*", "1 ISA15_USAGE  ISA15; 7 PARTNER_USAGE  ISA15"},
	{"segment ID", "P", "N3*2 OAK ST~", "N3*2 OAK ST~x1*1~", "1 SEGMENT_ID  segment"},
	{"trailing separator", "P", "N3*1 MAIN ST~", "N3*1 MAIN ST*~", "1 TRAILING_SEPARATOR  N302"},
	{"control character", "P", "N3*1 MAIN ST~", "N3*1\tMAIN ST~", "1 CONTROL_CHARACTER  N301"},
	{"HL number", "P", "HL*3*2*23", "HL*4*2*23", "1 HL_SEQUENCE  HL01"},
	{"HL parent", "P", "HL*3*2*23", "HL*3*1*23", "2 HL_PARENT  HL02"},
	{"segment not in the guide", "P", "REF*EI*123456789~", "REF*EI*123456789~REF*ZZ*1~", "2 SEGMENT_UNPLACED 2010AA REF"},
	{"segment too often", "P", "AMT*D*90~", "AMT*D*90~AMT*EAF*1~AMT*EAF*1~", "2 SEGMENT_REPEAT 2320 AMT"},
	{"segment missing", "P", "OI***Y***Y~", "", "2 SEGMENT_MISSING 2320 OI"},
	{"segments out of order", "P", "N3*1 MAIN ST~N4*SPRINGFIELD*IL*627010001~", "N4*SPRINGFIELD*IL*627010001~N3*1 MAIN ST~", "1 SEGMENT_ORDER 2010AA N3"},
	{"a segment behind the loops", "P", "~AMT*D*90~OI***Y***Y~NM1*IL*1*DOE*JOHN****MI*P77~", "~OI***Y***Y~NM1*IL*1*DOE*JOHN****MI*P77~AMT*D*90~", "1 SEGMENT_ORDER 2320 AMT"},
	{"loop missing", "P", "NM1*40*2*PAYER*****46*PY1~", "", "2 LOOP_MISSING 1000B NM1"},
	{"loop too often", "P", "NM1*40*2*PAYER*****46*PY1~", "NM1*40*2*PAYER*****46*PY1~NM1*40*2*PAYER*****46*PY1~", "2 LOOP_REPEAT 1000B NM1"},
	{"amount", "P", "SV1*HC:99213*100*", "SV1*HC:99213*100.005*", "2 AMOUNT 2400 SV102"},
	{"charge", "P", "CLM*A-1*150*", "CLM*A-1*151*", "3 CHARGE_SUM 2300 CLM02"},
	{"other payer's payment", "P", "AMT*D*90", "AMT*D*91", "3 OTHER_PAID_SUM 2320 AMT02"},
	{"other payer's adjustment", "P", "CAS*PR*1*30", "CAS*PR*1*29", "3 LINE_PAID_SUM 2430 SVD02"},
	{"replacement", "P", "11:B:1", "11:B:7", "4 REPLACEMENT_REFERENCE 2300 CLM"},
	{"subrogation", "P", "0915*CH", "0915*31", "4 SUBROGATION_PLAN 2000A HL"},
	{"subscriber and patient", "P", "SBR*S********CI~NM1*IL*1*DOE*JOHN****MI*M1~", "SBR*S*18*******CI~NM1*IL*1*DOE*JOHN****MI*M1~N3*2 OAK ST~N4*SPRINGFIELD*IL*627010002~DMG*D8*19700101*M~", "4 SELF_WITH_PATIENT 2000B HL"},
	{"group and its name", "P", "SBR*P*18*G1*", "SBR*P*18*G1*GROUP", "4 GROUP_NAME 2320 SBR04"},
	{"first name of an organisation", "P", "NM1*85*2*CLINIC**", "NM1*85*2*CLINIC*X*", "4 ENTITY_WITH_FIRST_NAME 2010AA NM104"},
	{"first name of a payer", "P", "NM1*PR*2*PAYER***", "NM1*PR*2*PAYER*X**", "2 ELEMENT_NOT_USED 2010BB NM104"},
	{"entity that is neither person nor organisation", "P", "NM1*QC*1*", "NM1*QC*3*", "2 ELEMENT_CODE_UNUSED 2010CA NM102"},
	{"no type of entity", "P", "NM1*40*2*", "NM1*40**", "1 ELEMENT_MISSING 1000B NM102"},
	{"no name of the submitter", "P", "NM1*41*2*CLINIC*", "NM1*41*2**", "2 ELEMENT_MISSING 1000A NM103"},
	{"qualifier without its number", "P", "*46*CL1", "*46", "2 ELEMENT_MISSING 1000A NM109; 1 ELEMENT_DEPENDENT 1000A NM109"},
	{"city of one letter", "P", "N4*SPRINGFIELD*IL*627010002", "N4*S*IL*627010002", "1 ELEMENT_SHORT 2010CA N401"},
	{"state of three letters", "P", "SPRINGFIELD*IL*627010002", "SPRINGFIELD*ILL*627010002", "1 ELEMENT_LONG 2010CA N402"},
	{"a month that does not exist", "P", "DMG*D8*20100101", "DMG*D8*20101301", "1 ELEMENT_DATE 2010CA DMG02"},
	{"a day that does not exist", "P", "BHT*0019*00*B1*20250310", "BHT*0019*00*B1*20250230", "1 ELEMENT_DATE ST BHT04"},
	{"an hour that does not exist", "P", "20250310*0915*CH", "20250310*2515*CH", "1 ELEMENT_TIME ST BHT05"},
	{"day of another format", "P", "*D8*20250301~SVD*PY0*70", "*D8*2025-03-01~SVD*PY0*70", "1 ELEMENT_DATE 2400 DTP03"},
	{"letters in an amount", "P", "AMT*D*90", "AMT*D*9O", "1 ELEMENT_CHARACTER 2320 AMT02"},
	{"letters in a count", "P", "LX*2", "LX*B", "1 ELEMENT_CHARACTER 2400 LX01"},
	{"character beyond ASCII", "P", "N3*1 MAIN ST", "N3*1 MA\u00cfN ST", "1 ELEMENT_CHARACTER 2010AA N301"},
	{"name of blanks", "P", "NM1*QC*1*DOE*", "NM1*QC*1*  *", "1 ELEMENT_CHARACTER 2010CA NM103"},
	{"more elements than the segment has", "P", "N3*1 MAIN ST", "N3*1 MAIN ST*B*C", "1 ELEMENT_TOO_MANY 2010AA N303"},
	{"components where there are none", "P", "N3*1 MAIN ST", "N3*1:MAIN ST", "1 ELEMENT_COMPONENTS 2010AA N301"},
	{"more components than the element has", "P", "11:B:1*Y", "11:B:1:X*Y", "1 ELEMENT_COMPONENTS 2300 CLM05-4"},
	{"component missing", "P", "CLM*A-1*150***11:B:1", "CLM*A-1*150***11::1", "2 ELEMENT_MISSING 2300 CLM05-2"},
	{"repetition where there is none", "P", "REF*EI*123456789", "REF*EI*123456789^2", "1 ELEMENT_REPEAT 2010AA REF02"},
	{"relation of a phone", "P", "PER*IC*DESK*TE*5555550100", "PER*IC*DESK*TE*5555550100*FX", "1 ELEMENT_DEPENDENT 1000A PER06"},
	{"state beside a subdivision", "P", "N4*SPRINGFIELD*IL*627010002", "N4*SPRINGFIELD*IL*627010002*CA***ON", "1 ELEMENT_EXCLUDED 2010CA N407"},
	{"code of assignment", "P", "11:B:1*Y*A*Y*Y", "11:B:1*Y*Q*Y*Y", "2 ELEMENT_CODE_UNUSED 2300 CLM07"},
	{"unit of a line", "P", "SV1*HC:99213*100*UN", "SV1*HC:99213*100*DA", "2 ELEMENT_CODE_UNUSED 2400 SV103"},
	{"modifier of three letters", "P", "SV1*HC:99213*", "SV1*HC:99213:25A*", "1 ELEMENT_LONG 2400 SV101-3"},
	{"not used in an institutional claim", "I", "11:A:1**A", "11:A:1*Y*A", "2 ELEMENT_NOT_USED 2300 CLM06"},
	{"present on admission", "I", "HI*ABK:I5023~", "HI*ABK:I5023:::::::X~", "2 ELEMENT_CODE_UNUSED 2300 HI01-9"},
	{"procedure without its day", "I", "HI*BBQ:5A1955Z:D8:20250302", "HI*BBQ:5A1955Z", "2 ELEMENT_MISSING 2300 HI01-3; 2 ELEMENT_MISSING 2300 HI01-4"},
	{"status of a remit", "R", "CLP*A-1*1*", "CLP*A-1*99*", "2 ELEMENT_CODE_UNUSED 2100 CLP02"},
	{"day of payment", "R", "20250315~TRN", "2025031~TRN", "1 ELEMENT_DATE ST BPR16; 2 NO_PAYMENT  BPR16"},
	{"adjustment without amount", "R", "PLB*1234567893*20251231*WO:A-0*10", "PLB*1234567893*20251231*WO:A-0*10*WO:B-0", "1 ELEMENT_DEPENDENT ST PLB06"},
	{"reason of a provider adjustment", "R", "*WO:A-0", "*QQ:A-0", "2 ELEMENT_CODE_UNUSED ST PLB03-1"},
	{"box", "P", "N3*1 MAIN ST", "N3*P.O. BOX 7", "4 BILLING_PO_BOX 2010AA N301"},
	{"short ZIP", "P", "627010001", "62701", "4 BILLING_ZIP 2010AA N403"},
	{"no state", "P", "SPRINGFIELD*IL*627010002", "SPRINGFIELD**627010002", "4 ADDRESS_STATE 2010CA N402"},
	{"no ZIP", "P", "SPRINGFIELD*IL*627010002", "SPRINGFIELD*IL", "4 ADDRESS_ZIP 2010CA N403"},
	{"attachment", "P", "HI*ABK", "PWK*OZ*FX~HI*ABK", "4 ATTACHMENT_NUMBER 2300 PWK06"},
	{"accident", "P", "11:B:1*Y*A*Y*Y", "11:B:1*Y*A*Y*Y**OA", "4 ACCIDENT_DATE 2300 CLM"},
	{"automobile", "P", "11:B:1*Y*A*Y*Y~", "11:B:1*Y*A*Y*Y**AA~DTP*439*D8*20250228~", "4 ACCIDENT_STATE 2300 CLM11-4"},
	{"admission", "P", "***11:B:1", "***21:B:1", "4 ADMISSION_DATE 2300 CLM"},
	{"pointer", "P", "UN*1***1:2", "UN*1***1:3", "4 DIAGNOSIS_POINTER 2400 SV107-2"},
	{"payer order", "P", "SBR*P*18", "SBR*S*18", "4 PAYER_ORDER 2320 SBR01"},
	{"adjudicator", "P", "NM1*PR*2*FIRST*****PI*PY0", "NM1*PR*2*FIRST*****PI*PY9", "4 ADJUDICATOR 2430 SVD01; 4 ADJUDICATOR 2430 SVD01; 4 OTHER_PAYER_DATE 2320 AMT"},
	{"editions of ICD", "P", "ABF:R05~", "BF:7862~", "4 DIAGNOSIS_MIXED 2300 HI02-1"},
	{"ICD-9", "P", "HI*ABK:J069*ABF:R05", "HI*BK:4660*BF:7862", "5 DIAGNOSIS_VERSION 2300 HI01-1"},
	{"service before birth", "P", "DMG*D8*2010", "DMG*D8*2026", "4 SERVICE_BEFORE_BIRTH 2400 DTP03; 4 SERVICE_BEFORE_BIRTH 2400 DTP03"},
	{"service later than the set", "P", "UN*1***1:2~DTP*472*D8*20250301", "UN*1***1:2~DTP*472*D8*20250311", "4 SERVICE_AFTER_CREATION 2400 DTP03"},
	{"span turned round", "P", "UN*1***1:2~DTP*472*D8*20250301", "UN*1***1:2~DTP*472*RD8*20250302-20250301", "4 DATE_ORDER 2400 DTP03"},
	{"screening", "P", "SV1*HC:99213*100*UN*1***1:2", "SV1*HC:99213*100*UN*1***1:2****Y", "4 RELATED_CAUSE_EPSDT 2400 LX"},
	{"NPI", "P", "XX*1234567893", "XX*1234567890", "5 NPI 2010AA NM109"},
	{"anaesthesia", "P", "SV1*HC:99213*100*UN", "SV1*HC:00540*100*UN", "6 ANESTHESIA_MINUTES 2400 SV103"},
	{"laboratory", "P", "***11:B:1", "***81:B:1", "6 INDEPENDENT_LAB_CLIA 2300 CLM"},
	{"mammography", "P", "SV1*HC:99213*100*UN", "SV1*HC:77067*100*UN", "6 MAMMOGRAPHY_CERTIFICATE 2400 LX"},
	{"inpatient without admission", "I", "DTP*435*DT*202503011015~", "", "4 INPATIENT_ADMISSION 2300 CLM"},
	{"admitting diagnosis", "I", "HI*ABJ:I509~", "", "4 ADMITTING_DIAGNOSIS 2300 CLM"},
	{"discharge hour", "I", "DTP*096*TM*1100~", "", "4 DISCHARGE_HOUR 2300 CLM"},
	{"principal procedure", "I", "HI*BBR:02HV33Z:D8:20250302~", "", "4 PRINCIPAL_PROCEDURE 2300 CLM"},
	{"attending provider", "I", "NM1*71*1*HEALER*ANN****XX*1234567893~", "", "4 ATTENDING_PROVIDER 2300 CLM"},
	{"line outside the statement", "I", "DTP*472*D8*20250301", "DTP*472*D8*20250305", "4 OUTSIDE_STATEMENT 2400 DTP03"},
	{"admission behind the statement", "I", "DT*202503011015", "DT*202503051015", "4 DATE_ORDER 2300 DTP03"},
	{"statement turned round", "I", "20250301-20250304", "20250304-20250301", "4 DATE_ORDER 2300 DTP03"},
	{"no diagnosis", "I", "HI*ABK:I5023~", "", "2 SEGMENT_MISSING 2300 HI"},
	{"lines", "I", "SV2*0120**1000", "SV2*0120**999.99", "3 CHARGE_SUM 2300 CLM02"},
	{"address of the subscriber", "I", "N3*2 OAK ST~", "", "4 SUBSCRIBER_ADDRESS 2010BA NM1"},
	{"city of the subscriber", "I", "N4*SPRINGFIELD*IL*627010002~", "", "4 SUBSCRIBER_CITY 2010BA NM1"},
	{"birth of the subscriber", "I", "DMG*D8*19500101*F~", "", "4 SUBSCRIBER_BIRTH 2010BA NM1"},
	{"number of the subscriber", "I", "NM1*IL*1*DOE*JANE****MI*M1", "NM1*IL*1*DOE*JANE", "4 SUBSCRIBER_ID 2010BA NM109"},
	{"reason for the visit", "O", "HI*APR:R0602~", "", "4 VISIT_REASON 2300 CLM"},
	{"line date", "O", "DTP*472*D8*20250301~", "", "4 LINE_DATE 2400 LX"},
	{"line", "R", "SVC*HC:99213*100*70", "SVC*HC:99213*100*71", "3 LINE_BALANCE  SVC03"},
	{"claim", "R", "CLP*A-1*1*150*90", "CLP*A-1*1*151*90", "3 CLAIM_BALANCE  CLP04"},
	{"payment", "R", "BPR*I*80", "BPR*I*81", "3 SET_BALANCE  BPR02"},
	{"bank", "R", "*01*999988880*DA*98765*", "*****", "4 ACH_ROUTING ST BPR13"},
	{"nothing paid", "R", "C*ACH", "C*NON", "4 NOTHING_PAID ST BPR02"},
	{"forwarded", "R", "CLP*A-1*1*", "CLP*A-1*19*", "4 FORWARDED_TO 2100 CLP"},
	{"no service date", "R", "**1~DTM*472*20250301~CAS*CO*45*30", "**1~CAS*CO*45*30", "4 SERVICE_DATE 2110 SVC"},
	{"half a span", "R", "DTM*472*20250301~CAS*CO*45*30", "DTM*150*20250301~CAS*CO*45*30", "4 SERVICE_END 2110 SVC"},
	{"payee's NPI", "R", "N1*PE*CLINIC*XX*1234567893", "N1*PE*CLINIC*XX*1234567890", "5 NPI 1000B N104"},
	{"date of the answer", "A", "BHT*0085*08*ANSWER7*20250312", "BHT*0085*08*ANSWER7*20251312", "1 ELEMENT_DATE ST BHT04"},
	{"purpose of the answer", "A", "BHT*0085*08*", "BHT*0085*11*", "2 ELEMENT_CODE_UNUSED ST BHT02"},
	{"no day of receipt", "A", "DTP*050*D8*20250311~", "", "2 SEGMENT_MISSING 2200A DTP"},
	{"no status", "A", "STC*A7:477*20250312*U*100~", "", "2 SEGMENT_MISSING 2200D STC; 3 ACK_SUM 2200B QTY02; 3 ACK_SUM 2200B AMT02"},
	{"status without its code", "A", "STC*A7:477*", "STC*A7*", "1 ELEMENT_MISSING 2200D STC01-2"},
	{"verdict", "A", "*WQ*150", "*XX*150", "2 ELEMENT_CODE_UNUSED 2200D STC03"},
	{"levels", "A", "HL*4*3*PT", "HL*4*2*PT", "2 HL_PARENT  HL02"},
	{"number of the accepted", "A", "QTY*90*1", "QTY*90*2", "3 ACK_SUM 2200B QTY02"},
	{"sum of the refused", "A", "AMT*YY*100", "AMT*YY*101", "3 ACK_SUM 2200B AMT02"},
	{"refused and accepted", "A", "STC*A2:20*", "STC*A7:20*", "4 REFUSED_BUT_ACCEPTED 2200D STC03"},
	{"accepted and refused", "A", "STC*A7:477*", "STC*A2:477*", "4 ACCEPTED_BUT_REFUSED 2200D STC03"},
	{"NPI in an answer", "A", "XX*1234567893", "XX*1234567890", "5 NPI 2100C NM109"},
	{"payer's web address", "R", "PER*BL*WEB DESK*UR*WWW.EXAMPLE.COM~", "", "2 SEGMENT_MISSING 1000A PER"},
}

// bases are the sound sets.
func bases() map[string]string {
	return map[string]string{
		"P": wrapSet("HC", "005010X222A1", "837", soundProfessional), "I": wrapSet("HC", "005010X223A2", "837", soundInstitutional),
		"A": wrapSet("HN", "005010X214", "277", soundAcknowledgement),
		"O": wrapSet("HC", "005010X223A2", "837", soundOutpatient), "R": wrapSet("HP", "005010X221A1", "835", soundRemittance),
	}
}

// mutate makes one change, and mends SE01 where the change brought or took segments.
func mutate(t *testing.T, base, was, is string) string {
	t.Helper()
	if !strings.Contains(base, was) {
		t.Fatalf("the base does not hold %q", was)
	}
	out := strings.Replace(base, was, is, 1)
	if d := strings.Count(is, "~") - strings.Count(was, "~"); d != 0 {
		n := 0
		at := strings.Index(out, "~SE*")
		fmt.Sscanf(out[at:], "~SE*%d*", &n)
		out = strings.Replace(out, fmt.Sprintf("~SE*%d*", n), fmt.Sprintf("~SE*%d*", n+d), 1)
	}
	return out
}

// baseCodes are the codes of the bases, as files of code sets.
var baseCodes = []string{
	"# set: pos\n11,2003-01-01,\n21,,\n81,,\n", "# set: hcpcs\n99213,,\n99284,,\n87880,,2025-12-31\n00540,,\n77067,,\n", "# set: revenue\n0120,,\n0450,,\n",
	"# set: icd10cm\nJ06.9,,\nR05,,2021-09-30\nR05,2024-10-01,\nI50.23,,\nI50.9,,\nR06.02,,\n", "# set: icd10pcs\n02HV33Z,2015-10-01,\n5A1955Z,2015-10-01,\n", "# set: carc\n45,,\n253,,\n1,,\n",
}

// mutantPolicy leaves faults as they were found; it has the code sets of the bases, and an agreement about tests.
func mutantPolicy(t *testing.T) *snip.Policy {
	t.Helper()
	p := &snip.Policy{Usage: "T", Sets: new(snip.CodeSets)}
	for _, text := range baseCodes {
		if _, _, err := p.Sets.Load(strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// found lists the faults of a file.
func found(t *testing.T, text string) []string {
	t.Helper()
	r, err := Inspect("mutant", bytes.NewReader([]byte(text)), nil, func(string, string) *snip.Policy { return mutantPolicy(t) })
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range r.Faults {
		where := f.Element
		if where == "" {
			where = f.Segment
		}
		if where == "" {
			where = "segment"
		}
		out = append(out, fmt.Sprintf("%d %s %s %s", f.SNIP, f.Code, f.Loop, where))
	}
	return out
}

func TestTheBasesAreSound(t *testing.T) {
	for name, text := range bases() {
		if f := found(t, text); len(f) > 0 {
			t.Errorf("%s: %q", name, f)
		}
	}
}

// Would catch a rule that does not fire, fires elsewhere, or blames something beside what is wrong.
func TestEachMutantIsFoundAndNothingElseIsBlamed(t *testing.T) {
	all := bases()
	for _, m := range mutants {
		got := found(t, mutate(t, all[m.base], m.was, m.is))
		if strings.Join(got, "; ") != m.want {
			t.Errorf("%s (%s): got %q, want %q", m.name, m.base, got, m.want)
		}
	}
}

// An answer names the fault: the TA1 or 999 those of types 1 and 2, the 277CA those of types 3 to 5. What is wrong with a remittance's money
// is no matter of either, and a line of business (6) only warns.
func TestEachMutantIsAnswered(t *testing.T) {
	all := bases()
	for name, base := range all {
		if _, _, done := answerTo(t, name, []byte(base)); done.Rejected+done.Refused > 0 {
			t.Errorf("the sound base %s is refused: %+v", name, done)
		}
	}
	for _, m := range mutants {
		if strings.Contains(m.want, "5 CODE_") || m.want[0] == '7' {
			continue // an answer knows no code sets and no agreements but those of its policy
		}
		out, in, done := answerTo(t, m.name, []byte(mutate(t, all[m.base], m.was, m.is)))
		if m.base == "A" { // an acknowledgement is never answered
			if done.Sets+done.Claims > 0 {
				t.Errorf("%s: an answer was answered: %+v", m.name, done)
			}
			continue
		}
		if f := found(t, string(out)); len(f) > 0 && m.name != "NPI" { // it is repeated as it came
			t.Errorf("the answer to %s: %q", m.name, f)
		}
		sets, claims, ta1 := readAnswer(t, out)
		said := false
		for _, a := range ta1 {
			said = said || a.Note != "000"
		}
		for _, a := range sets {
			said = said || len(a.Errors)+len(a.Sets[0].Errors) > 0
		}
		for i := range claims {
			said = said || claims[i].Refused()
		}
		silent := m.want[0] == '6' || m.base == "R" && m.want[0] > '2'
		if said == silent {
			t.Errorf("%s (%s): said %v: %+v, faults %+v", m.name, m.want, said, done, in.Interchanges[0].Faults)
		}
	}
}

var update = flag.Bool("update", false, "write docs/x12-mutants.md anew; read the diff before you commit it")

// The table in the docs is that of the mutants: run with -update after a change.
func TestTheTableOfMutants(t *testing.T) {
	names := map[string]string{"P": "837 professional", "I": "837 institutional", "O": "837 outpatient", "R": "835", "A": "277CA"}
	var b strings.Builder
	fmt.Fprintf(&b, "# Single faults\n\n%d sound sets are broken in one way each, %d times. Each fault is found at its place, and nothing else is blamed; the sound sets have none.\n"+
		"`parsers/mutants_test.go` holds the changes, runs them, and writes this table. A fault that breaks two things has two lines.\n\n"+
		"| set | what is broken | SNIP | fault | where |\n|---|---|---|---|---|\n", len(names), len(mutants))
	for _, m := range mutants {
		for i, fault := range strings.Split(m.want, "; ") {
			f := strings.SplitN(fault, " ", 4)
			set, name := names[m.base], m.name
			if i > 0 {
				set, name = "", ""
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", set, name, f[0], f[1], strings.TrimSpace(f[2]+" "+f[3]))
		}
	}
	const path = "../docs/x12-mutants.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(path); string(got) != b.String() {
		t.Errorf("%s is not the table of the mutants: run go test ./parsers -run TheTable -update", path)
	}
}
