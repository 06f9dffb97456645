package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"

	"revcycle/claim"
)

// Seal is the seal of a row of Audit: the SHA-256 of the seal before it (zeros for the first row) and of
// each of the row's columns but the seal, in its own form (Value.Append). Who changes, adds or removes a
// row breaks every seal behind it.
func Seal(before claim.Digest, row Row) claim.Digest {
	h := sha256.New()
	h.Write(before[:])
	var buf []byte
	for i := range Audit.At("seal") {
		buf = row[i].Append(buf)
	}
	h.Write(buf)
	return claim.Digest(h.Sum(nil))
}

// CheckAudit walks the audit chain and counts its rows. broken is the number of the first row that does
// not follow from the one before it: another seal, or a gap in the numbers; 0 where the chain is whole.
func CheckAudit(ctx context.Context, s Store) (rows int, broken int64, err error) {
	var before claim.Digest
	at := Audit.At("seal")
	next := int64(1)
	for row, err := range s.Rows(ctx, Query{Table: Audit}) {
		if err != nil {
			return rows, 0, fmt.Errorf("audit chain: %w", err)
		}
		rows++
		if broken == 0 && (row[0].Int() != next || row[at].Digest() != Seal(before, row)) {
			broken = row[0].Int()
		}
		before, next = row[at].Digest(), row[0].Int()+1
	}
	return rows, broken, nil
}
