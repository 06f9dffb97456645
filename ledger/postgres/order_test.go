package postgres_test

import (
	"bytes"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
)

// Rows of unequal length go in and are told of in the order in which they were given. A temporary table that an earlier
// unit made keeps short rows in room that long ones left, and returns them in another order.
func TestRowsOfUnequalLengthKeepTheirOrder(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	rows := make([]ledger.Row, 4_000)
	for i := range rows {
		row := make(ledger.Row, len(ledger.Matches.Columns))
		row[0], row[1] = ledger.ID(claim.ID{byte(i >> 8), byte(i), 1}), ledger.Int(1)
		row[ledger.Matches.At("doc")] = ledger.Bytes(bytes.Repeat([]byte{byte(i)}, i*1009%1900))
		rows[i] = row
	}
	tellEach(t, s, ledger.Unit{Batch: 1, Stage: "match", Key: "some"}, ledger.Matches, rows[1_000:2_000]) // makes the temporary table
	got := tellEach(t, s, ledger.Unit{Batch: 1, Stage: "match", Key: "all"}, ledger.Matches, rows)
	if want := strings.Repeat("1", 1_000) + strings.Repeat("0", 1_000) + strings.Repeat("1", 2_000); got != want {
		t.Errorf("of 4,000 rows %d are told of as new, want 3,000 at their places", strings.Count(got, "1"))
	}
}
