package pipeline_test

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// bulkFile streams the claims to a file, so that the memory of the benchmark is the run's.
func bulkFile(b *testing.B) string {
	name := filepath.Join(b.TempDir(), "bulk.837")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	if _, err := synth.Bulk837(out, 1, benchClaims()); err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(out.Flush(), f.Close()); err != nil {
		b.Fatal(err)
	}
	return name
}

// peak is the most memory in kB that this process ever had, 0 where the system does not tell.
func peak(b *testing.B) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	return 0
}

// BenchmarkRun is a whole night over claims alone, on the embedded ledger: receive to published
// extracts. It prints claims a second, the seconds of each stage, and the peak memory.
func BenchmarkRun(b *testing.B) {
	bulk := bulkFile(b)
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
		if err := os.Link(bulk, filepath.Join(dir, "inbox", "bulk.837")); err != nil {
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
	b.ReportMetric(float64(peak(b))/1000, "peak-MB")
	b.ReportMetric(float64(benchClaims())*float64(b.N)/b.Elapsed().Seconds(), "claims/s")
}
