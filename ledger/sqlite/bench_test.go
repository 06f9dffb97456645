package sqlite_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/sqlite"
	"revcycle/money"
)

// hashed is an ID as a hash gives it: its order has nothing to do with n.
func hashed(n int) claim.ID {
	r := rand.NewPCG(uint64(n), 1)
	var id claim.ID
	binary.BigEndian.PutUint64(id[:8], r.Uint64())
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	return id
}

func control(n int) ledger.Value { return ledger.Text(fmt.Sprintf("PCN%09d", n)) }

// claimRows gives n claims from the given one on, and three lines for each.
func claimRows(from, n, docBytes int) (claims, lines []ledger.Row) {
	doc := make([]byte, docBytes)
	for i := range doc {
		doc[i] = byte(i * 7)
	}
	for i := from; i < from+n; i++ {
		id := ledger.ID(hashed(i))
		day := ledger.Date(civil.Of(2026, 1+i/3000%12, 1+i/100%28))
		claims = append(claims, rowOf(ledger.Claims, map[string]ledger.Value{
			"id": id, "batch": ledger.Int(1), "control": control(i), "control_norm": control(i), "patient": ledger.ID(hashed(i / 3)),
			"payer": ledger.Text("60054"), "billing_npi": ledger.Text("1234567893"), "kind": ledger.Text("P"), "use": ledger.Text("CH"),
			"frequency": ledger.Text("1"), "payer_order": ledger.Text("P"), "service_from": day, "service_to": day,
			"service_month": ledger.Text(day.Date().Month()), "created": day, "charge": ledger.Cents(money.Cents(10000 + i%977)),
			"doc": ledger.Bytes(doc), "file": ledger.Digest(claim.Digest{byte(i / 10000), 31: 1}), "set": ledger.Int(int64(i / 1000)),
			"ordinal": ledger.Int(int64(i % 1000))}))
		for no := range 3 {
			lines = append(lines, rowOf(ledger.Lines, map[string]ledger.Value{
				"claim": id, "line_no": ledger.Int(int64(no + 1)), "control": ledger.Text(fmt.Sprintf("%d.%d", i, no)),
				"procedure": ledger.Text("99213"), "units": ledger.Text("1"), "charge": ledger.Cents(5000),
				"service_from": day, "service_to": day}))
		}
	}
	return claims, lines
}

func rowOf(t *ledger.Table, values map[string]ledger.Value) ledger.Row {
	r := make(ledger.Row, len(t.Columns))
	for name, v := range values {
		r[t.At(name)] = v
	}
	return r
}

// BenchmarkAppend appends batches of claims with three lines each to a ledger that grows.
func BenchmarkAppend(b *testing.B) {
	for _, claims := range []int{1000, 5000} {
		b.Run(fmt.Sprintf("unit=%d", claims), func(b *testing.B) {
			s := openBench(b)
			rows := 0
			var spent time.Duration
			for b.Loop() {
				c, l := claimRows(rows/4, claims, 600)
				start := time.Now()
				_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "ingest", Key: fmt.Sprint(rows)}, func(x ledger.Tx) error {
					if _, err := x.Append(ledger.Claims, c...); err != nil {
						return err
					}
					_, err := x.Append(ledger.Lines, l...)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				spent += time.Since(start)
				rows += len(c) + len(l)
			}
			b.ReportMetric(float64(rows)/spent.Seconds(), "rows/s")
			b.ReportMetric(float64(rows), "rows")
		})
	}
}

func openBench(b *testing.B) ledger.Store {
	s, err := sqlite.Open(filepath.Join(b.TempDir(), "ledger.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// fill makes a ledger of n claims in units of 5,000.
func fill(b *testing.B, s ledger.Store, n int) {
	for from := 0; from < n; from += 5000 {
		c, l := claimRows(from, 5000, 600)
		_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "ingest", Key: fmt.Sprint(from)}, func(x ledger.Tx) error {
			if _, err := x.Append(ledger.Claims, c...); err != nil {
				return err
			}
			_, err := x.Append(ledger.Lines, l...)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLookup asks for the claims of a thousand control numbers, as matching does, and for those of a batch's range.
func BenchmarkLookup(b *testing.B) {
	const claims = 100_000
	s := openBench(b)
	fill(b, s, claims)
	random := rand.New(rand.NewPCG(1, 2))
	ask := func(b *testing.B, rows int, q func() ledger.Query) {
		got := 0
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range s.Rows(context.Background(), q()) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != rows {
				b.Fatalf("got %d rows want %d", n, rows)
			}
			got += n
		}
		b.ReportMetric(float64(got)/b.Elapsed().Seconds(), "rows/s")
	}
	b.Run("control_norm in 1000", func(b *testing.B) {
		ask(b, 1000, func() ledger.Query {
			at := random.IntN(claims / 2)
			var v []ledger.Value
			for i := range 1000 {
				v = append(v, control(at+i*37%(claims/2)))
			}
			return ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{{Column: "control_norm", Op: ledger.In, Values: v}}}
		})
	})
	b.Run("id in 1000", func(b *testing.B) {
		ask(b, 1000, func() ledger.Query {
			at := random.IntN(claims / 2)
			var v []ledger.Value
			for i := range 1000 {
				v = append(v, ledger.ID(hashed(at+i*37%(claims/2))))
			}
			return ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{{Column: "id", Op: ledger.In, Values: v}}}
		})
	})
	b.Run("lines of 1000", func(b *testing.B) {
		ask(b, 3000, func() ledger.Query {
			at := random.IntN(claims / 2)
			var v []ledger.Value
			for i := range 1000 {
				v = append(v, ledger.ID(hashed(at+i*37%(claims/2))))
			}
			return ledger.Query{Table: ledger.Lines, Where: []ledger.Cond{{Column: "claim", Op: ledger.In, Values: v}}}
		})
	})
	b.Run("one id", func(b *testing.B) {
		ask(b, 1, func() ledger.Query {
			return ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{{Column: "id", Op: ledger.In, Values: []ledger.Value{ledger.ID(hashed(random.IntN(claims)))}}}}
		})
	})
	b.Run("all of a batch", func(b *testing.B) {
		ask(b, claims, func() ledger.Query {
			return ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{{Column: "batch", Op: ledger.In, Values: []ledger.Value{ledger.Int(1)}}}}
		})
	})
	b.Run("all lines", func(b *testing.B) {
		ask(b, 3*claims, func() ledger.Query { return ledger.Query{Table: ledger.Lines} })
	})
}
