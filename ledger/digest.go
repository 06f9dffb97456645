package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"

	"revcycle/claim"
)

// TableDigest tells what a table holds: two ledgers that should be the same have the same ones.
type TableDigest struct {
	Table string
	Rows  int64
	// SHA256 is of the rows in key order, each column but the Run ones in its own form (Value.Append). It is zero
	// where Run is set.
	SHA256 claim.Digest
	// Run marks a table that tells of runs and sightings: its rows are counted, not compared.
	Run bool
}

// Digests gives the digest of each table, in the order of Tables. It reads each table once, as a stream; a ledger
// that is being written to gives each table as it was when its turn came.
func Digests(ctx context.Context, s Store) ([]TableDigest, error) {
	out := make([]TableDigest, 0, len(Tables))
	for _, t := range Tables {
		d, err := digest(ctx, s, t)
		if err != nil {
			return nil, fmt.Errorf("digest of %s: %w", t.Name, err)
		}
		out = append(out, d)
	}
	return out, nil
}

func digest(ctx context.Context, s Store, t *Table) (TableDigest, error) {
	d := TableDigest{Table: t.Name, Run: t.Run}
	if t.Run {
		sums, err := s.Sums(ctx, Query{Table: t}, nil, nil)
		if err != nil {
			return d, err
		}
		d.Rows = sums[0][0].Int()
		return d, nil
	}
	h := sha256.New()
	var buf []byte
	for r, err := range s.Rows(ctx, Query{Table: t}) {
		if err != nil {
			return d, err
		}
		buf = buf[:0]
		for i := range t.Columns {
			if !t.Columns[i].Run {
				buf = r[i].Append(buf)
			}
		}
		h.Write(buf)
		d.Rows++
	}
	h.Sum(d.SHA256[:0])
	return d, nil
}
