package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"revcycle/fixtures/pgserver"
	"revcycle/fixtures/synth"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
	"revcycle/ledger/sqlite"
)

// benchClaims is how many claims a night of BenchmarkNight has: REVCYCLE_BENCH_CLAIMS, else 100,000.
func benchClaims() int {
	if n, err := strconv.Atoi(os.Getenv("REVCYCLE_BENCH_CLAIMS")); err == nil {
		return n
	}
	return 100_000
}

// BenchmarkNight is a whole night of claims with their remits, from the inbox to the published extracts, by the
// program itself: embedded, on a PostgreSQL server beside it, and shared out to workers of that. It prints claims a
// second, rows of the ledger a second, the most memory that the run's process held, and the CPU of our own processes a claim.
func BenchmarkNight(b *testing.B) {
	o := synth.Defaults()
	o.Claims, o.Days, o.ClaimsPerFile, o.Encounters, o.EncounterGaps, o.AbsentVisits = benchClaims(), 20, 5_000, false, 0, 0
	full := place{b, filepath.Join(b.TempDir(), "full")}
	if e := revcycle(b, "init", full.dir); e.code != 0 {
		b.Fatalf("init: %s", e.err)
	}
	if _, err := synth.WriteAll(full.dir, o); err != nil {
		b.Fatal(err)
	}
	b.Run("SQLite", func(b *testing.B) { benchNight(b, place{b, full.dir}, -1) })
	b.Run("PostgreSQL", func(b *testing.B) { benchNight(b, place{b, full.dir}.served(b), -1) })
	for _, workers := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("PostgreSQL_%d_workers", workers), func(b *testing.B) { benchNight(b, place{b, full.dir}.served(b), workers) })
	}
}

// served is the workspace copied, with its ledger on a durable server of its own.
func (p place) served(b *testing.B) place {
	s, err := pgserver.Start(pgserver.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Stop() })
	url, err := s.Database(migrated, "")
	if err != nil {
		b.Fatal(err)
	}
	if e := revcycle(b, "migrate", "--database", url); e.code != 0 {
		b.Fatalf("migrate: %s", e.err)
	}
	w := place{b, p.dir}.copied()
	w.setDatabase(url)
	return w
}

// benchNight runs one night in a copy of the workspace; workers of -1 is without a queue.
func benchNight(b *testing.B, p place, workers int) {
	w := place{b, p.dir}.copied()
	args := []string{"run", "-C", w.dir, "--as-of", simulatedAsOf, "--json"}
	if workers >= 0 {
		args = append(args, "--distributed")
	}
	var crew []*exec.Cmd
	for range max(workers, 0) {
		c := command(b, "worker", "-C", w.dir, "--workers", "1")
		if err := c.Start(); err != nil {
			b.Fatal(err)
		}
		crew = append(crew, c)
	}
	b.ResetTimer()
	var e ended
	for range b.N {
		e = revcycle(b, args...)
	}
	b.StopTimer()
	took := b.Elapsed()
	if e.code != 0 && e.code != 3 {
		b.Fatalf("run: exit %d: %s", e.code, e.err)
	}
	cpu := e.cpu
	for _, c := range crew {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
		cpu += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	b.ReportMetric(per(w.claims(e), took), "claims/s")
	b.ReportMetric(per(w.rows(), took), "rows/s")
	b.ReportMetric(float64(e.peakKB>>10), "MB")
	b.ReportMetric(float64(cpu.Microseconds())/float64(max(1, w.claims(e))), "us-cpu/claim")
	b.ReportMetric(0, "ns/op")
	w.discard()
}

func per(n int64, took time.Duration) float64 { return float64(n) / took.Seconds() }

func (p place) claims(e ended) int64 {
	var sum struct{ Counts struct{ Claims int64 } }
	p.decode(e.out, &sum)
	return sum.Counts.Claims
}

// rows counts the rows of the ledger.
func (p place) rows() (n int64) {
	p.Helper()
	s, err := p.ledger()
	if err != nil {
		p.Fatal(err)
	}
	defer s.Close()
	for _, t := range ledger.Tables {
		sums, err := s.Sums(context.Background(), ledger.Query{Table: t}, nil, nil)
		if err != nil {
			p.Fatal(err)
		}
		n += sums[0][0].Int()
	}
	return n
}

// ledger opens the workspace's ledger for reading.
func (p place) ledger() (ledger.Store, error) {
	if url := p.database(); url != "" {
		return postgres.Open(context.Background(), url, postgres.Options{ReadOnly: true})
	}
	return sqlite.OpenReadOnly(filepath.Join(p.dir, "ledger.db"))
}
