package csv

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"revcycle/claim"
)

func table(t *testing.T, profile, name string) *Table {
	t.Helper()
	tb, ok := Builtin().Table(profile, name)
	if !ok {
		t.Fatalf("no table %s/%s", profile, name)
	}
	return tb
}

// gather splits a sequence into documents of one noun and rejects.
func gather[D claim.Document](t *testing.T, seq iter.Seq2[Item, error]) (docs []D, rejects []claim.Reject) {
	t.Helper()
	for it, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		switch d := it.Doc.(type) {
		case D:
			docs = append(docs, d)
		case claim.Reject:
			rejects = append(rejects, d)
		default:
			t.Fatalf("an item of type %T", d)
		}
	}
	return docs, rejects
}

const visits = "Visit_ID,account,class,status,admit,discharge,facility,payer,amount,remark\n" +
	"V1,A1,outpatient,FIN,2026-01-05,2026-01-05,MAIN,ACME,120.50,\"said \"\"ow\"\", left\"\n" +
	"V2,A2,inpatient,CAN,2026-01-06 08:30,,MAIN,ACME,,\n" +
	"V3,A3,emergency,?,20260107,,EAST,,0,\"two\nlines\"\n"

func TestVisitsAreMappedByHeader(t *testing.T) {
	tb, ok := Builtin().Sniff([]byte(visits), "nightly/2026-01-08.txt")
	if !ok || tb.String() != "csv-visits/visits" {
		t.Fatalf("sniffed %v %v", tb, ok)
	}
	var tally Tally
	es, rejects := gather[claim.Encounter](t, ReadEncounters(tb, strings.NewReader(visits), &tally))
	if len(es) != 3 || len(rejects) != 0 || tally.Rows != 3 || tally.Taken != 3 {
		t.Fatalf("%d visits, %d rejects, %+v", len(es), len(rejects), tally)
	}
	for i, want := range []string{
		"V1 A1 outpatient finished 2026-01-05 2026-01-05 MAIN ACME 120.50",
		"V2 A2 inpatient cancelled 2026-01-06  MAIN ACME -",
		"V3 A3 emergency ? 2026-01-07  EAST  0.00",
	} {
		e, cost := es[i], "-"
		if e.Cost != nil {
			cost = e.Cost.String()
		}
		if got := fmt.Sprint(e.Number, " ", e.Account, " ", e.Class, " ", e.Status, " ", e.From, " ", e.To, " ", e.Facility, " ", e.Payer, " ", cost); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if !e.ClaimsDue || !e.ID.Known() {
			t.Errorf("%s: claims due %v, ID %v", e.Number, e.ClaimsDue, e.ID)
		}
	}
}

// The same visit told with other columns around it, another delimiter and another form of its
// amount is the same document; another amount is not.
func TestAnIDDependsOnWhatTheRowSaysAlone(t *testing.T) {
	tb := table(t, "csv-visits", "visits")
	id := func(text string) claim.ID {
		es, rejects := gather[claim.Encounter](t, ReadEncounters(tb, strings.NewReader(text), nil))
		if len(es) != 1 {
			t.Fatalf("%d visits, %v", len(es), rejects)
		}
		return es[0].ID
	}
	want := id("visit_id,account,class,status,admit,facility,amount\nV1,A1,x,,2026-01-05,F,120.5\n")
	if got := id("\xef\xbb\xbfAMOUNT|facility|admit|status|class|account|visit_id|note\r\n120.50|F|2026-01-05 10:00|| x |A1|V1|n\r\n"); got != want {
		t.Error("another way of writing gave another ID")
	}
	if got := id("visit_id,account,class,status,admit,facility,amount\nV1,A1,x,,2026-01-05,F,120.51\n"); got == want {
		t.Error("another amount gave the same ID")
	}
}

func TestABadRowIsARejectWithItsColumnAndNoValue(t *testing.T) {
	text := "visit_id,account,class,status,admit,facility,amount\n" +
		"V1,A,x,,2026-01-05,F,12.345\n" +
		"V2,A,x,,Smith,F,1\n" +
		",A,x,,2026-01-05,F,1\n" +
		"V4,A,x\n" +
		"V5,\"Smith\"x,x,,2026-01-05,F,1\n" +
		"V6,\"Smith,x,,2026-01-05,F,1\n" +
		"V7,A,x,,2026-01-05,F,1,,\n"
	es, rejects := gather[claim.Encounter](t, ReadEncounters(table(t, "csv-visits", "visits"), strings.NewReader(text), nil))
	if len(es) != 1 || es[0].Number != "V7" {
		t.Errorf("%d visits read, want V7 alone", len(es))
	}
	want := []string{"AMOUNT amount 1", "DATE admit 2", "EMPTY visit_id 3", "COLUMNS  4", "QUOTES  5", "QUOTES  6"}
	for i, r := range rejects {
		if i >= len(want) || fmt.Sprint(r.Code, " ", r.Element, " ", r.Ordinal) != want[i] {
			t.Errorf("reject %d: %s %s %d", i, r.Code, r.Element, r.Ordinal)
		}
		if strings.Contains(r.Message, "Smith") || strings.Contains(r.Message, "12.345") {
			t.Errorf("a value in a message: %s", r.Message)
		}
		if at := text[r.Byte:]; !strings.HasPrefix(at, "V") && !strings.HasPrefix(at, ",A") {
			t.Errorf("reject %d lies at byte %d", i, r.Byte)
		}
	}
	if len(rejects) != len(want) {
		t.Errorf("%d rejects, want %d", len(rejects), len(want))
	}
}

// A quote that opens and never closes must not eat the rows that follow it, nor the memory.
func TestAnOpenQuoteCostsOneRow(t *testing.T) {
	var b strings.Builder
	b.WriteString("visit_id,account,class,status,admit,facility,amount\n")
	for i := range 200 {
		quote := ""
		if i == 3 {
			quote = "\""
		}
		fmt.Fprintf(&b, "V%d,%sA,x,,2026-01-05,F,1\n", i, quote)
	}
	es, rejects := gather[claim.Encounter](t, ReadEncounters(table(t, "csv-visits", "visits"), strings.NewReader(b.String()), nil))
	if len(es) != 199 || len(rejects) != 1 || rejects[0].Ordinal != 4 {
		t.Errorf("%d visits and %v, want 199 and a reject of row 4", len(es), rejects)
	}
}

func TestAHugeLineIsOneReject(t *testing.T) {
	text := "visit_id,account,class,status,admit,facility,amount\nV1," + strings.Repeat("a", 3<<20) + "\nV2,A,x,,2026-01-05,F,1\n"
	es, rejects := gather[claim.Encounter](t, ReadEncounters(table(t, "csv-visits", "visits"), strings.NewReader(text), nil))
	if len(es) != 1 || len(rejects) != 1 || rejects[0].Code != "ROW_TOO_LONG" {
		t.Errorf("%d visits, %v", len(es), rejects)
	}
}

// Rows must not depend on where a read ends.
func TestReadsOfAnySizeGiveTheSameRows(t *testing.T) {
	tb := table(t, "csv-visits", "visits")
	want, _ := gather[claim.Encounter](t, ReadEncounters(tb, strings.NewReader(visits), nil))
	for name, r := range map[string]io.Reader{
		"one byte": iotest.OneByteReader(strings.NewReader(visits)), "half": iotest.HalfReader(strings.NewReader(visits)),
		"EOF with data": iotest.DataErrReader(strings.NewReader(visits)),
	} {
		got, _ := gather[claim.Encounter](t, ReadEncounters(tb, r, nil))
		if fmt.Sprint(len(got), got[2].ID) != fmt.Sprint(len(want), want[2].ID) {
			t.Errorf("%s: other rows", name)
		}
	}
}

func TestABrokenDiskIsAnErrorAndAWrongHeaderIsNot(t *testing.T) {
	tb := table(t, "csv-visits", "visits")
	disk := errors.New("disk")
	for _, err := range ReadEncounters(tb, io.MultiReader(strings.NewReader(visits), iotest.ErrReader(disk)), nil) {
		if err != nil && !errors.Is(err, disk) {
			t.Errorf("got %v, want the disk's error", err)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "lacks a column": "visit_id,account\n", "twice": "visit_id,account,class,status,admit,facility,amount,AMOUNT\n", "UTF-16": "v\x00i\x00s\x00\n",
	} {
		var he *HeaderError
		for _, err := range ReadEncounters(tb, strings.NewReader(text), nil) {
			if !errors.As(err, &he) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if he == nil {
			t.Errorf("%s: no HeaderError", name)
		}
	}
}

const (
	claimHead  = "Id,PATIENTID,PROVIDERID,PRIMARYPATIENTINSURANCEID,SECONDARYPATIENTINSURANCEID,DIAGNOSIS1,DIAGNOSIS2,APPOINTMENTID,SERVICEDATE,HEALTHCARECLAIMTYPEID1\n"
	chargeHead = "ID,CLAIMID,CHARGEID,TYPE,AMOUNT,FROMDATE,TODATE,PLACEOFSERVICE,PROCEDURECODE,MODIFIER1,MODIFIER2,UNITS,APPOINTMENTID\n"
)

func readClaims(t *testing.T, claims, charges string) ([]claim.Claim, []claim.Reject) {
	t.Helper()
	dir := t.TempDir()
	cs, rejects := gather[claim.Claim](t, ReadClaims(table(t, "synthea", "claims"), table(t, "synthea", "claims_transactions"),
		strings.NewReader(claimHead+claims), strings.NewReader(chargeHead+charges), dir, nil))
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d temporary files left", len(left))
	}
	return cs, rejects
}

func TestAClaimIsJoinedWithItsCharges(t *testing.T) {
	cs, rejects := readClaims(t,
		"c1,p1,d1,payA,payB,S1,S2,e1,2026-01-05T10:00:00Z,2\n",
		"t2,c1,10,CHARGE,20.25,2026-01-06,2026-01-07,org,P2,25,,2,e1\n"+
			"t3,c1,11,PAYMENT,99.00,,,org,,,,,e1\n"+
			"t1,c1,9,CHARGE,100.00,2026-01-05,,org,P1,,59,1,e1\n"+
			"t1,c1,9,CHARGE,100.00,2026-01-05,,org,P1,,59,1,e1\n"+ // the same row twice is one charge
			"t9,c9,1,CHARGE,5,2026-01-05,,org,P1,,,1,e9\n") // a charge whose claim never came
	if len(cs) != 1 || len(rejects) != 0 {
		t.Fatalf("%d claims, %v", len(cs), rejects)
	}
	c := cs[0]
	if got := fmt.Sprint(c.Control, " ", c.Kind, " ", c.Use, " ", c.Charge, " ", c.Encounter, " ", c.Payer.ID, " ", c.Other[0].Payer.ID, " ", c.StatementFrom, " ", c.StatementTo, " ", c.Patient.MemberID()); got !=
		"c1 I CH 120.25 e1 payA payB 2026-01-05 2026-01-07 p1" {
		t.Error("got", got)
	}
	var lines []string
	for _, l := range c.Lines {
		lines = append(lines, fmt.Sprint(l.Number, " ", l.Control, " ", l.Procedure.Code, " ", l.Procedure.Modifiers, " ", l.Charge, " ", l.Units, " ", l.From, " ", l.To))
	}
	if got, want := strings.Join(lines, "\n"), "1 9 P1 [59   ] 100.00 1 2026-01-05 2026-01-05\n2 10 P2 [25   ] 20.25 2 2026-01-06 2026-01-07"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if c.Billing.References[0] != (claim.Reference{Qualifier: "LU", Value: "org"}) || c.Providers[0].References[0].Value != "d1" {
		t.Errorf("billing %v, rendering %v", c.Billing, c.Providers)
	}
}

func TestAClaimThatCannotBeWholeIsHeld(t *testing.T) {
	claims := "c1,p,d,a,,,,e1,2026-01-05,1\n" + // no charge
		"c2,p,d,a,,,,e2,2026-01-05,3\n" + // no such kind
		"c3,p,d,a,,,,e3,2026-01-05,1\nc3,p,d,B,,,,e3,2026-01-05,1\nc3,p,d,a,,,,e3,2026-01-05,1\n" + // twice otherwise, twice equal
		"c4,p,d,a,,,,e4,2026-01-05,1\n" + // a charge without amount
		"c5,p,d,a,,,,e5,2026-01-05,1\n" + // a torn charge
		"c6,p,d,a,,,,e6,2026-01-05,1\n" + // two charges of one number
		"c7,p,d\n"
	charges := "t2,c2,1,CHARGE,1,2026-01-05,,o,P,,,1,e\nt3,c3,1,CHARGE,1,2026-01-05,,o,P,,,1,e\n" +
		"t4,c4,1,CHARGE,,2026-01-05,,o,P,,,1,e\nt4b,c4,2,CHARGE,7,2026-01-05,,o,P,,,1,e\n" +
		"t5,c5,1,CHARGE,1,2026-01-05,,o,P,,,1,e\nt5b,c5,2,CHARGE\n" +
		"t6,c6,1,CHARGE,1,2026-01-05,,o,P,,,1,e\nt6,c6,1,CHARGE,2,2026-01-05,,o,P,,,1,e\n"
	cs, rejects := readClaims(t, claims, charges)
	if len(cs) != 1 || cs[0].Control != "c3" || cs[0].Payer.ID != "a" {
		t.Errorf("%d claims, want c3 alone", len(cs))
	}
	got := map[int]string{}
	for _, r := range rejects {
		got[r.Ordinal] = r.Code
	}
	if want := "map[1:NO_CHARGE 2:KIND 4:DUPLICATE_CLAIM 6:LINE 7:LINE 8:LINE 9:COLUMNS]"; fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	docs, lost := gather[claim.Charge](t, ReadCharges(table(t, "synthea", "claims_transactions"), strings.NewReader(chargeHead+charges), nil))
	if len(docs) != 6 || len(lost) != 2 {
		t.Errorf("%d charges and %d rejects, want 6 and 2", len(docs), len(lost))
	}
}

// Rows that came in another order are the same claim with the same lines.
func TestTheOrderOfTheChargeFileChangesNothing(t *testing.T) {
	row := "c1,p,d,a,,,,e1,2026-01-05,1\n"
	a, b := "t1,c1,1,CHARGE,1,2026-01-05,,o,P,,,1,e\n", "t2,c1,2,CHARGE,2,2026-01-06,,o,Q,,,1,e\n"
	x, _ := readClaims(t, row, a+b)
	y, _ := readClaims(t, row, b+a)
	if x[0].ID != y[0].ID || x[0].Lines[0].Control != y[0].Lines[0].Control {
		t.Error("another order gave another claim")
	}
	z, _ := readClaims(t, row, a)
	if z[0].ID == x[0].ID {
		t.Error("a claim short of a line has the same ID")
	}
}

func TestStoppingEarlyLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	seq := ReadClaims(table(t, "synthea", "claims"), table(t, "synthea", "claims_transactions"),
		strings.NewReader(claimHead+"c1,p,d,a,,,,e1,2026-01-05,1\nc2,p,d,a,,,,e1,2026-01-05,1\n"), strings.NewReader(chargeHead), dir, nil)
	for range seq {
		break
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d temporary files left", len(left))
	}
}

func TestCompanionsWaitForEachOther(t *testing.T) {
	ps := Builtin()
	claims, _ := ps.Table("synthea", "claims")
	lines, _ := ps.Table("synthea", "claims_transactions")
	for _, c := range []struct {
		came []*Table
		want string
	}{
		{[]*Table{claims, lines}, "[]"},
		{nil, "[]"},
		{[]*Table{claims}, "[claims.csv came without claims_transactions.csv of the same synthea export; it waits in the inbox until that comes too]"},
		{[]*Table{lines}, "[claims_transactions.csv came without claims.csv of the same synthea export; it waits in the inbox until that comes too]"},
	} {
		if got := fmt.Sprint(ps.Unpaired(c.came)); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestAUsersProfileWinsAndIsHeldToTheVocabulary(t *testing.T) {
	one := func(text string) (*Profiles, error) {
		return Load(fstest.MapFS{"mine.yaml": &fstest.MapFile{Data: []byte(text)}})
	}
	ps, err := one("profile: mine\ndates: us\ntables:\n  bills:\n    noun: claim\n    needs: [Bill, Total]\n    columns: {control: Bill, charge: Total, from: Day, diagnoses: [Dx1, Dx2]}\n    constants: {kind: P}\n")
	if err != nil {
		t.Fatal(err)
	}
	text := "bill;total;day;dx1;dx2;\nB1;10.00;1/5/2026;J069;R05;\n"
	tb, ok := ps.Sniff([]byte(text), "x.csv")
	if !ok {
		t.Fatal("not recognised")
	}
	cs, rejects := gather[claim.Claim](t, ReadClaims(tb, nil, strings.NewReader(text), nil, "", nil))
	if len(cs) != 1 {
		t.Fatal(rejects)
	}
	if got := fmt.Sprint(cs[0].Charge, cs[0].Kind, cs[0].StatementTo, cs[0].Diagnoses); got != "10.00P2026-01-05 [{ABK J069 } {ABF R05 }]" {
		t.Error("got", got)
	}
	head := "profile: mine\ntables:\n  a:\n    "
	for text, want := range map[string]string{
		head + "noun: encounter\n    needs: [A, B]\n    columns: {numbr: A}\n":                       `"numbr" is no field of the noun encounter`,
		head + "noun: encounter\n    needs: [A, B]\n    columns: {account: A}\n":                     "field number is mapped to no column",
		head + "noun: encounter\n    needs: [A, B]\n    columns: {number: [A, B]}\n":                 "takes one column",
		head + "noun: encounter\n    needs: [A]\n    columns: {number: A}\n":                         "at least two columns",
		head + "noun: visit\n    needs: [A, B]\n":                                                    "is none of encounter",
		head + "noun: none\n    needs: [A, B]\n":                                                     "because",
		head + "noun: claim\n    needs: [A, B]\n    columns: {control: A, kind: B}\n    lines: zz\n": "no charge table",
		head + "noun: claim\n    needs: [A, B]\n    columns: {control: A, kind: B}\n":                "needs lines:",
		head + "nuon: claim\n": "nuon",
		"profile: x\n":         "no tables",
	} {
		if _, err := one(text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "mine.yaml") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestFilesOfAnExportThatAreNotOursAreRefusedPolitely(t *testing.T) {
	for header, want := range map[string]string{
		"DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n": "observations.csv of a synthea export: not part of the revenue cycle; left unread",
		"ISA*00*          *00*": "",
		"Id,NAME\n":             "",
	} {
		tb, ok := Builtin().Sniff([]byte(header), "f.csv")
		if ok != (want != "") || ok && tb.Refusal() != want {
			t.Errorf("%q: %v %v", header, tb, ok)
		}
	}
}
