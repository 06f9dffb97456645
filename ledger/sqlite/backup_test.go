package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"revcycle/ledger"
	"revcycle/ledger/sqlite"
)

// A copy that is taken while units commit holds whole units, up to a moment, and nothing of those behind it.
func TestABackupIsTheLedgerOfOneMoment(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	unit := func(n int) {
		c, l := claimRows(n*100, 100, 600)
		_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "ingest", Key: fmt.Sprint(n)}, func(x ledger.Tx) error {
			if _, err := x.Append(ledger.Claims, c...); err != nil {
				return err
			}
			_, err := x.Append(ledger.Lines, l...)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	for n := range 20 {
		unit(n)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 20; n < 60; n++ {
			unit(n)
		}
	}()
	last := int64(0)
	for i := range 5 {
		to := filepath.Join(dir, fmt.Sprint("copy", i))
		if err := sqlite.Backup(context.Background(), path, to); err != nil {
			t.Fatal(err)
		}
		units, claims, lines := count(t, to, ledger.Units), count(t, to, ledger.Claims), count(t, to, ledger.Lines)
		if claims != 100*units || lines != 300*units || units < max(last, 20) {
			t.Errorf("copy %d: %d units, %d claims, %d lines; want 100 and 300 a unit, and no fewer than %d units", i, units, claims, lines, last)
		}
		if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("copy %d: %v, %v", i, info.Mode(), err)
		}
		last = units
	}
	<-done
}

func count(t *testing.T, path string, table *ledger.Table) int64 {
	t.Helper()
	s, err := sqlite.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.Sums(context.Background(), ledger.Query{Table: table}, nil, nil)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows[0][0].Int()
}

// A backup that cannot be made leaves nothing that looks like one, and writes over nothing.
func TestABackupThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path, to := filepath.Join(dir, "ledger.db"), filepath.Join(dir, "copy")
	if err := sqlite.Backup(context.Background(), path, to); err == nil {
		t.Error("there is no ledger, and yet a copy of it")
	}
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := sqlite.Backup(over, path, to); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
	if err := os.WriteFile(to, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Backup(context.Background(), path, to); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(to); string(text) != "mine" {
		t.Errorf("it was written over: %q, %v", text, err)
	}
}
