package postgres_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/fixtures/pgserver"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
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

// claimRows gives n claims of a batch from the given one on, and three lines for each, sorted by key as the pipeline does.
func claimRows(batch int64, from, n, docBytes int) (claims, lines []ledger.Row) {
	doc := make([]byte, docBytes)
	for i := range doc {
		doc[i] = byte(i * 7)
	}
	for i := from; i < from+n; i++ {
		id := ledger.ID(hashed(i))
		day := ledger.Date(civil.Of(2026, 1+i/3000%12, 1+i/100%28))
		claims = append(claims, rowOf(ledger.Claims, map[string]ledger.Value{
			"id": id, "batch": ledger.Int(batch), "control": control(i), "control_norm": control(i), "patient": ledger.ID(hashed(i / 3)),
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
	slices.SortFunc(claims, ledger.Claims.CompareKeys)
	slices.SortFunc(lines, ledger.Lines.CompareKeys)
	return claims, lines
}

func rowOf(t *ledger.Table, values map[string]ledger.Value) ledger.Row {
	r := make(ledger.Row, len(t.Columns))
	for name, v := range values {
		r[t.At(name)] = v
	}
	return r
}

// appendRows runs a unit that appends rows of some tables.
func appendRows(s ledger.Store, u ledger.Unit, parts ...[]ledger.Row) error {
	tables := []*ledger.Table{ledger.Claims, ledger.Lines}
	_, err := s.Do(context.Background(), u, func(x ledger.Tx) error {
		for i, rows := range parts {
			if _, err := x.Append(tables[i], rows...); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// newBatch appends a batch's row, which makes its month.
func newBatch(t testing.TB, s ledger.Store, no int64, asOf civil.Date) {
	t.Helper()
	_, err := s.Do(context.Background(), ledger.Unit{Batch: no, Stage: "receive", Key: "begin"}, func(x ledger.Tx) error {
		_, err := x.Append(ledger.Batches, rowOf(ledger.Batches, map[string]ledger.Value{
			"batch": ledger.Int(no), "id": ledger.Text(fmt.Sprintf("%s-%03d", asOf, no)), "as_of": ledger.Date(asOf)}))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// durable is a server with fsync on, for figures that mean something.
var durable = sync.OnceValues(func() (*pgserver.Server, error) { return pgserver.Start(pgserver.Options{}) })

var databases atomic.Int64

// openBench gives an empty ledger with a month of each of some batches, 1 the latest.
func openBench(b *testing.B, months int) *postgres.Store {
	server, err := durable()
	if err != nil {
		b.Skip(err)
	}
	url, err := server.Database(fmt.Sprintf("bench%d", databases.Add(1)), "")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := postgres.Migrate(context.Background(), url); err != nil {
		b.Fatal(err)
	}
	s := open(b, url, postgres.Options{})
	for n := range months {
		newBatch(b, s, int64(n+1), civil.Of(2026-n/12, 12-n%12, 15))
	}
	return s
}

// BenchmarkAppend appends units of claims with three lines each, in one month of twelve.
func BenchmarkAppend(b *testing.B) {
	for _, workers := range []int{1, 2} {
		for _, claims := range []int{1000, 10_000} {
			b.Run(fmt.Sprintf("workers=%d/unit=%d", workers, claims), func(b *testing.B) {
				s := openBench(b, 12)
				rows := 0
				var spent time.Duration
				for b.Loop() {
					var g sync.WaitGroup
					parts := make([][2][]ledger.Row, workers)
					for w := range parts {
						parts[w][0], parts[w][1] = claimRows(1, rows/4+w*claims, claims, 600)
					}
					start := time.Now()
					for w, p := range parts {
						g.Go(func() {
							if err := appendRows(s, ledger.Unit{Batch: 1, Stage: "ingest", Key: fmt.Sprint(rows, w)}, p[0], p[1]); err != nil {
								b.Error(err)
							}
						})
					}
					g.Wait()
					spent += time.Since(start)
					rows += workers * claims * 4
				}
				b.ReportMetric(float64(rows)/spent.Seconds(), "rows/s")
				b.ReportMetric(float64(rows), "rows")
			})
		}
	}
}

// fill appends claims in units of 5,000 to a batch.
func fill(b *testing.B, s ledger.Store, batch int64, from, n int) {
	for at := from; at < from+n; at += 5000 {
		c, l := claimRows(batch, at, min(5000, from+n-at), 600)
		if err := appendRows(s, ledger.Unit{Batch: batch, Stage: "ingest", Key: fmt.Sprint(at)}, c, l); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads a ledger of 120,000 claims in 24 months.
func BenchmarkRead(b *testing.B) {
	const months, each = 24, 5000
	s := openBench(b, months)
	for n := range months {
		fill(b, s, int64(n+1), n*each, each)
	}
	random := rand.New(rand.NewPCG(1, 2))
	ask := func(name string, rows int, q func() ledger.Query) {
		b.Run(name, func(b *testing.B) {
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
		})
	}
	some := func(n int, v func(i int) ledger.Value) []ledger.Value {
		at := random.IntN(months * each)
		var out []ledger.Value
		for i := range n {
			out = append(out, v((at+i*37)%(months*each)))
		}
		return out
	}
	id := func(i int) ledger.Value { return ledger.ID(hashed(i)) }
	in := func(t *ledger.Table, column string, n int, v func(int) ledger.Value) func() ledger.Query {
		return func() ledger.Query {
			return ledger.Query{Table: t, Where: []ledger.Cond{{Column: column, Op: ledger.In, Values: some(n, v)}}}
		}
	}
	ask("claims, all", months*each, func() ledger.Query { return ledger.Query{Table: ledger.Claims} })
	ask("lines, all", 3*months*each, func() ledger.Query { return ledger.Query{Table: ledger.Lines} })
	ask("claims of a batch", each, func() ledger.Query {
		return ledger.Query{Table: ledger.Claims, Where: []ledger.Cond{{Column: "batch", Op: ledger.In, Values: []ledger.Value{ledger.Int(1)}}}}
	})
	ask("claims, 1 id", 1, in(ledger.Claims, "id", 1, id))
	ask("claims, 200 ids", 200, in(ledger.Claims, "id", 200, id))
	ask("claims, 5000 ids", 5000, in(ledger.Claims, "id", 5000, id))
	ask("lines of 200 claims", 600, in(ledger.Lines, "claim", 200, id))
	ask("claims, 200 control numbers", 200, in(ledger.Claims, "control_norm", 200, control))
}
