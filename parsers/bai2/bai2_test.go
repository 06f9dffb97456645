package bai2

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/bank"
)

// read gives what a statement holds: deposits and what is held.
func read(t testing.TB, text string) (deposits []claim.Deposit, held []bank.Item) {
	t.Helper()
	for it, err := range Read(strings.NewReader(text), int64(len(text))) {
		if err != nil {
			t.Fatal(err)
		}
		if it.Reject != nil {
			held = append(held, it)
			continue
		}
		deposits = append(deposits, *it.Deposit)
	}
	return deposits, held
}

// statement has two accounts: EFTs whose trace is cut by a continuation, a lockbox with its items, a card settlement, and lines that
// bring no payer's money (interest, a fee).
const statement = `01,222000118,HARBOR,260105,0500,7,80,,2/
02,HARBOR,222000118,1,260102,,USD,2/
03,1122334455,USD,010,900000,,,100,148050,4,S,148050,0,0/
88,040,910000,,Z/
16,142,76000,S,76000,0,0,BR1,CR1,HCCLAIMPMT LAKE HEALTH/
88,TRN*1*EFT77
88,001*1770000001\/
16,165,12050,,,,LAKE HEALTH CO ID:1770000002 HCCLAIMPMT/
16,115,50000,V,260102,0800,LBX9,,LOCKBOX 44/
16,116,20000,,,CK5001,CHECK 5001/
16,116,30000,,,CK5002,CHECK 5002/
16,147,10000,,BC1,,CARD SETTLEMENT 0102, BATCH 5/
16,354,55,,,,INTEREST/
16,475,1200,,,,CHECK PAID/
49,2157355,13/
03,5566778899,,015,0,,/
16,195,250000,D,1,0,250000,WIRE1,,INCOMING WIRE/
49,250000,3/
98,2407355,2,18/
99,2407355,1,20/
`

func TestAStatementGivesTheMoneyThatPayersBring(t *testing.T) {
	got, held := read(t, statement)
	if len(held) > 0 {
		t.Fatalf("held: %+v", held[0].Reject)
	}
	want := []struct {
		class            claim.DepositClass
		amount           money.Cents
		account, company string
		traces, refs     string
	}{
		{claim.ByACH, 76000, "1122334455", "1770000001", "EFT77001", "BR1 CR1"},
		{claim.ByACH, 12050, "1122334455", "1770000002", "", ""},
		{claim.ByLockbox, 50000, "1122334455", "", "", "LBX9 CK5001 5001 CK5002 5002"},
		{claim.ByCard, 10000, "1122334455", "", "", "BC1 0102"},
		{claim.ByWire, 250000, "5566778899", "", "", "WIRE1"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d deposits, wanted %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		d := got[i]
		if d.Class != w.class || d.Amount != w.amount || d.Account != w.account || d.Company != w.company || d.Date.String() != "2026-01-02" ||
			strings.Join(d.Traces, " ") != w.traces || strings.Join(d.References, " ") != w.refs {
			t.Errorf("deposit %d: %+v\nwanted %+v", i+1, d, w)
		}
	}
}

// The record counts and totals of the fixture were counted by hand; each row breaks one thing, and the smallest part that
// holds it is held: nothing of it is taken, all else is.
func TestWhatDoesNotTieIsHeldAlone(t *testing.T) {
	for _, c := range []struct {
		name, old, new, unit, code string
		record, left               int
	}{
		{"an amount", "16,142,76000,", "16,142,76001,", "account", "ACCOUNT_TOTAL", 15, 1},
		{"no amount", "16,142,76000,", "16,142,7x000,", "account", "AMOUNT", 5, 1},
		{"a record too few", "16,354,55,,,,INTEREST/\n", "", "account", "ACCOUNT_TOTAL", 14, 1},
		{"a summary", "010,900000", "010,9000.00", "account", "AMOUNT", 3, 1},
		{"another currency", "03,5566778899,,", "03,5566778899,CAD,", "account", "CURRENCY", 16, 4},
		{"a type code", "16,195,", "16,19,", "account", "TYPE_CODE", 17, 4},
		{"an unknown record", "16,354,55,,,,INTEREST/", "17,354,55,,,,INTEREST/", "account", "RECORD", 13, 1},
		{"the group's accounts", "98,2407355,2,", "98,2407355,3,", "group", "GROUP_TOTAL", 19, 0},
		{"the group's total", "98,2407355,", "98,2407356,", "group", "GROUP_TOTAL", 19, 0},
		{"a test group", "02,HARBOR,222000118,1,", "02,HARBOR,222000118,4,", "group", "GROUP_STATUS", 2, 0},
		{"no date", ",1,260102,", ",1,261302,", "group", "DATE", 2, 0},
		{"the file's records", "99,2407355,1,20", "99,2407355,1,21", "file", "FILE_TOTAL", 20, 0},
		{"version 1", ",80,,2/", ",80,,1/", "file", "VERSION", 1, 0},
		{"no trailer", "99,2407355,1,20/\n", "", "file", "TORN", 19, 0},
	} {
		text := strings.Replace(statement, c.old, c.new, 1)
		if text == statement {
			t.Fatalf("%s: nothing was changed", c.name)
		}
		got, held := read(t, text)
		if len(got) != c.left || len(held) == 0 {
			t.Errorf("%s: %d deposits taken, %d parts held; wanted %d taken", c.name, len(got), len(held), c.left)
			continue
		}
		if r := held[0].Reject; r.Unit != c.unit || r.Code != c.code || r.Ordinal != c.record || r.Message == "" {
			t.Errorf("%s: %+v\nwanted %s %s in record %d", c.name, *r, c.unit, c.code, c.record)
		}
	}
}

// A line that is there twice is two deposits; a file that comes again brings the same ones.
func TestLinesThatSayTheSameAreTwoDeposits(t *testing.T) {
	text := "01,A,B,260105,0500,7,80,,2/\n02,A,B,1,260102,,USD,2/\n03,1,USD/\n16,301,500,,,,/\n16,301,500,,,,/\n49,1000,4/\n98,1000,1,6/\n99,1000,1,8/\n"
	got, held := read(t, text)
	again, _ := read(t, strings.ReplaceAll(text, "\n", "\r\n"))
	if len(held) > 0 || len(got) != 2 || got[0].ID == got[1].ID || got[0].ID != again[0].ID || got[1].ID != again[1].ID {
		t.Errorf("got %+v, held %+v, again %+v", got, held, again)
	}
}

func TestTheGoldenStatement(t *testing.T) {
	text, err := os.ReadFile("../../fixtures/remits-golden/in-later/bank_statement.bai2")
	if err != nil {
		t.Fatal(err)
	}
	got, held := read(t, string(text))
	var sum money.Cents
	for _, d := range got {
		sum += d.Amount
	}
	// 22 lines of credit in the file; its control total counts each twice, in the summary and in the line: 17,201.66 / 2.
	if len(got) != 23 || sum != 860083 || len(held) > 0 {
		t.Errorf("%d deposits, %s, %d held", len(got), sum, len(held))
	}
	if d := got[0]; fmt.Sprint(d.Traces) != "[TRN0000001]" || d.Company != "1990000111" {
		t.Errorf("the first: %+v", d)
	}
}

// Whatever the bytes: no panic, no deposit inside what is held, and the same again.
func FuzzRead(f *testing.F) {
	f.Add(statement)
	f.Add("01,A,B,260105,0500,7,80,,2/\n02,A,B,1,260102,,USD,2/\n03,1,USD,100,,,D,9,1\n88,2/\n16,142,-5,D,1/\n88,88,\n49,/")
	f.Fuzz(func(t *testing.T, text string) {
		var first []string
		for range 2 {
			var list []string
			for it, err := range Read(strings.NewReader(text), int64(len(text))) {
				if err != nil {
					t.Fatal(err)
				}
				if it.Reject != nil {
					if it.From < 0 || it.To > int64(len(text)) || it.From > it.To || it.Reject.Message == "" {
						t.Fatalf("held from %d to %d of %d bytes: %+v", it.From, it.To, len(text), it.Reject)
					}
					list = append(list, it.Reject.Message)
					continue
				}
				if !it.Deposit.Date.Known() || it.Deposit.Amount == 0 || !it.Deposit.ID.Known() {
					t.Fatalf("%+v", it.Deposit)
				}
				list = append(list, it.Deposit.ID.String())
			}
			if first == nil {
				first = list
			} else if strings.Join(first, "|") != strings.Join(list, "|") {
				t.Fatal("read twice, it differs")
			}
		}
	})
}
