package parsers

import (
	"strings"
	"testing"
)

// inspect and run must not disagree: the row that run would reject is a fault with its place.
func TestInspectReadsTheRowsOfATable(t *testing.T) {
	const text = "visit_id,account,class,status,admit,discharge,facility,payer,amount\n" +
		"V1,A1,ambulatory,finished,2025-03-01,2025-03-01,EAST,12345,100.00\n" +
		"V2,A2,ambulatory,finished,2025-02-30,2025-03-02,EAST,12345,200.00\n"
	r, err := Inspect("visits.csv", strings.NewReader(text), nil, nil)
	if err != nil || len(r.Faults) != 1 || r.Faults[0].Code != "DATE" || r.Faults[0].Ordinal != 2 || r.Bytes != int64(len(text)) {
		t.Errorf("got %+v, %v", r, err)
	}
}
