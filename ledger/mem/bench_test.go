package mem_test

import (
	"context"
	"fmt"
	"testing"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/mem"
)

// BenchmarkAppend appends units of a thousand lines to a ledger that grows.
func BenchmarkAppend(b *testing.B) {
	s, rows := mem.New(), 0
	for b.Loop() {
		lines := make([]ledger.Row, 1000)
		for i := range lines {
			lines[i] = make(ledger.Row, len(ledger.Lines.Columns))
			lines[i][0], lines[i][1] = ledger.ID(claim.IDOf("bench", fmt.Sprint(rows+i))), ledger.Int(1)
			lines[i][ledger.Lines.At("charge")] = ledger.Cents(5000)
		}
		_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "ingest", Key: fmt.Sprint(rows)}, func(x ledger.Tx) error {
			_, err := x.Append(ledger.Lines, lines...)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		rows += len(lines)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
