package nacha

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/bank"
)

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

func pad(s string) string { return fmt.Sprintf("%-94s\n", s) }

// control8 is a batch control record as the format lays it out.
func control8(entries, hash, credit int, company string, number int) string {
	return pad(fmt.Sprintf("8220%06d%010d%012d%012d%-10s%25s11100002%07d", entries, hash, 0, credit, company, "", number))
}

// addendum is an addenda record with 80 characters of text.
func addendum(text string, number int) string {
	return pad(fmt.Sprintf("705%-80s%04d0000001", text, number))
}

// file has three batches: CCD+ with its trace, CTX with an addenda text that is cut in the middle of the trace, and PPD that no
// plan sends.
var file = pad("101 222000118 1110000252601020600A094101HARBOR BANK            PAYER BANK") +
	pad("5220LAKE HEALTH                         1770000001CCDHCCLAIMPMT260102260102   1111000020000001") +
	pad("62222200011812345            0000076000REF1           HARBOR CLINIC           1111000020000001") +
	addendum(`TRN*1*EFT77001*1770000001\`, 1) +
	control8(2, 22200011, 76000, "1770000001", 1) +
	pad("5220LAKE HEALTH                         1770000001CTXHCCLAIMPMT260102260103   1111000020000002") +
	pad("62222200011812345            0000012050REF2           0002HARBOR CLINIC       1111000020000001") +
	addendum("ISA*00*"+strings.Repeat("X", 66)+"~TRN*1*", 1) +
	addendum(`EFT77002*1770000001\`, 2) +
	control8(3, 22200011, 12050, "1770000001", 2) +
	pad("5220PATIENTS                            9990000009PPDPAYMENT   260102260102   1111000020000003") +
	pad("62222200011812345            0000000500REF3           SOMEBODY                0111000020000001") +
	control8(1, 22200011, 500, "9990000009", 3) +
	pad("9000003000002000000060066600033000000000000000000088550") +
	strings.Repeat("9", 94) + "\n"

func TestEntriesComeWithTheirTraces(t *testing.T) {
	got, held := read(t, file)
	if len(held) > 0 {
		t.Fatalf("held: %+v", held[0].Reject)
	}
	if len(got) != 2 {
		t.Fatalf("%d deposits: %+v", len(got), got)
	}
	for i, w := range []struct {
		trace, date string
		amount      money.Cents
	}{{"EFT77001", "2026-01-02", 76000}, {"EFT77002", "2026-01-03", 12050}} {
		if d := got[i]; fmt.Sprint(d.Traces) != "["+w.trace+"]" || d.Company != "1770000001" || d.Amount != w.amount || d.Account != "12345" || d.Date.String() != w.date {
			t.Errorf("entry %d: %+v", i+1, d)
		}
	}
	one := strings.ReplaceAll(file, "\n", "")
	if joined, held := read(t, one); len(joined) != 2 || len(held) > 0 || joined[0].ID != got[0].ID {
		t.Errorf("without line feeds: %d deposits, held %+v", len(joined), held)
	}
}

// Each row breaks one thing: the batch that holds it is held, or the file, and nothing else.
func TestWhatDoesNotTieIsHeldAlone(t *testing.T) {
	for _, c := range []struct {
		name, old, new, unit, code string
		left                       int
	}{
		{"an amount", "0000076000REF1", "0000076001REF1", "batch", "BATCH_CONTROL", 1},
		{"no amount", "0000076000REF1", "00000760O0REF1", "batch", "AMOUNT", 1},
		{"the hash", "622222000118", "622222000119", "", "", 2}, // a check digit is no part of it
		{"routing", "622222000118", "622222000218", "batch", "BATCH_CONTROL", 1},
		{"the count", "8220000002", "8220000003", "batch", "BATCH_CONTROL", 1},
		{"the batch number", "111000020000001\n5220LAKE", "111000020000009\n5220LAKE", "batch", "BATCH_CONTROL", 1},
		{"the date", "HCCLAIMPMT260102260102", "HCCLAIMPMT260102269902", "batch", "DATE", 1},
		{"the file's total", "0000088550", "0000088551", "file", "FILE_CONTROL", 0},
		{"the file's batches", "9000003", "9000004", "file", "FILE_CONTROL", 0},
		{"a record type", "5220PATIENTS", "4220PATIENTS", "file", "RECORD", 0},
	} {
		text := strings.Replace(file, c.old, c.new, 1)
		if text == file {
			t.Fatalf("%s: nothing was changed", c.name)
		}
		got, held := read(t, text)
		if len(got) != c.left || (len(held) == 0) != (c.unit == "") {
			t.Errorf("%s: %d taken, %d held; wanted %d taken", c.name, len(got), len(held), c.left)
			continue
		}
		if c.unit != "" && (held[0].Reject.Unit != c.unit || held[0].Reject.Code != c.code || held[0].Reject.Message == "") {
			t.Errorf("%s: %+v\nwanted %s %s", c.name, *held[0].Reject, c.unit, c.code)
		}
	}
	if got, held := read(t, file[:len(file)/2]); len(held) == 0 || len(got) > 0 {
		t.Errorf("cut off: %d taken, %d held", len(got), len(held))
	}
}

func TestTheGoldenFile(t *testing.T) {
	text, err := os.ReadFile("../../fixtures/remits-golden/in-later/eft_ccd_plus.ach")
	if err != nil {
		t.Fatal(err)
	}
	got, held := read(t, string(text))
	var sum money.Cents
	for _, d := range got {
		sum += d.Amount
		if len(d.Traces) != 1 || len(d.Company) != 10 {
			t.Errorf("%+v", d)
		}
	}
	if len(got) != 22 || sum != 838083 || len(held) > 0 { // the file control record says 8,380.83
		t.Errorf("%d deposits, %s, held %+v", len(got), sum, held)
	}
}

// Whatever the bytes: no panic, and the same again.
func FuzzRead(f *testing.F) {
	f.Add(file)
	f.Fuzz(func(t *testing.T, text string) {
		var first string
		for i := range 2 {
			var b strings.Builder
			for it, err := range Read(strings.NewReader(text), int64(len(text))) {
				if err != nil && err != bank.ErrLongLine {
					t.Fatal(err)
				}
				if it.Reject != nil && (it.From < 0 || it.To > int64(len(text)) || it.From > it.To) {
					t.Fatalf("held from %d to %d of %d bytes", it.From, it.To, len(text))
				}
				if it.Deposit != nil {
					b.WriteString(it.Deposit.ID.String())
				}
			}
			if i == 1 && first != b.String() {
				t.Fatal("read twice, it differs")
			}
			first = b.String()
		}
	})
}
