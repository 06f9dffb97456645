package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"revcycle/fixtures/synth"
	"revcycle/ledger/sqlite"
	"revcycle/rules/book"
	"revcycle/workspace"
)

// benchClaims is how many claims BenchmarkRun takes: REVCYCLE_BENCH_CLAIMS, else 50,000 (about 46 MB).
func benchClaims() int {
	if n, err := strconv.Atoi(os.Getenv("REVCYCLE_BENCH_CLAIMS")); err == nil {
		return n
	}
	return 50_000
}

// BenchmarkRun is a whole night over claims alone, on the embedded ledger: receive to published
// extracts. It prints claims a second, and the seconds of each stage.
func BenchmarkRun(b *testing.B) {
	var file bytes.Buffer
	if _, err := synth.Bulk837(&file, 1, benchClaims()); err != nil {
		b.Fatal(err)
	}
	rules, err := book.Load(book.Sample())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		dir := filepath.Join(b.TempDir(), "w")
		if err := workspace.Init(dir, workspace.Options{}); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "inbox", "bulk.837"), file.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		store, err := sqlite.Open(filepath.Join(dir, "ledger.db"))
		if err != nil {
			b.Fatal(err)
		}
		n := &night{t: b, dir: dir, store: store, book: rules, workers: 2}
		env := n.env(april)
		env.Clock = time.Now
		b.StartTimer()
		sum, err := env.Run(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if sum.Counts.Claims != benchClaims() {
			b.Fatalf("claims: got %d want %d", sum.Counts.Claims, benchClaims())
		}
		for _, s := range sum.Stages {
			b.ReportMetric(float64(s.Seconds)/1000, s.Name+"-s")
		}
		store.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(benchClaims())*float64(b.N)/b.Elapsed().Seconds(), "claims/s")
}
