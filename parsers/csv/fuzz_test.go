package csv

import (
	"errors"
	"strings"
	"testing"
)

// Whatever a file holds, every row is taken, rejected or left, and no reader panics.
func FuzzEveryRowIsAccountedFor(f *testing.F) {
	f.Add(chargeHead + "t1,c1,1,CHARGE,1.50,2026-01-05,,o,P,,,1,e\nt2,c1,2,PAYMENT\n\"open\n,,,\n")
	f.Add(chargeHead + "\"t\"\"1\",c1,1,CHARGE,-1,2026-01-05,2026-01-06,o,P,1,2,0.5,e,,\r\n\r\n\x00")
	f.Add("\xef\xbb\xbf" + strings.ReplaceAll(chargeHead, ",", "|") + "a|b|c|CHARGE|1|20260105||||||x|\n")
	ps := Builtin()
	tb, ok := ps.Table("synthea", "claims_transactions")
	if !ok {
		f.Fatal("no such table")
	}
	f.Fuzz(func(t *testing.T, text string) {
		ps.Sniff([]byte(text), "x.csv")
		var tally Tally
		items, last := 0, 0
		for it, err := range ReadCharges(tb, strings.NewReader(text), &tally) {
			if err != nil {
				if _, ok := errors.AsType[*HeaderError](err); !ok {
					t.Fatal(err)
				}
				return
			}
			if it.Row <= last || it.Byte >= int64(len(text)) {
				t.Fatalf("row %d at byte %d comes after row %d", it.Row, it.Byte, last)
			}
			items, last = items+1, it.Row
		}
		left := 0
		for _, n := range tally.Left {
			left += n
		}
		if tally.Taken+tally.Rejected != items || items+left != tally.Rows {
			t.Fatalf("%d items, %+v", items, tally)
		}
	})
}
