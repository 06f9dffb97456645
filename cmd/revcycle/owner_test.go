package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"revcycle/pipeline"
)

// Root works in a workspace of its own, and in nobody else's: there it leaves nothing, not even metrics.
func TestRootLeavesNothingInSomebodysWorkspace(t *testing.T) {
	p := newPlace(t, "operations")
	a := &app{dir: p.dir, user: func() int { return 0 }, clock: time.Now, err: new(bytes.Buffer), verb: "run", ctx: t.Context()}
	if os.Geteuid() == 0 {
		if err := a.mayWrite(); err != nil {
			t.Errorf("root in its own workspace: %v", err)
		}
		if err := os.Chown(p.dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	err := a.locked(func(*pipeline.Env) error { t.Error("it ran"); return nil })
	if codeOf(t.Context(), err) != exitUsage || !strings.Contains(err.Error(), "runuser -u ") || !strings.Contains(err.Error(), " -- revcycle run -C "+p.dir) {
		t.Errorf("got %v", err)
	}
	a.tell(t.Context(), time.Now(), exitUsage)
	for _, name := range []string{".lock", "ledger.db", "metrics/revcycle_run.prom"} {
		if _, err := os.Stat(filepath.Join(p.dir, name)); err == nil {
			t.Errorf("it left %s", name)
		}
	}
}

// Metrics that cannot be written are said, and hold no batch open; the next run writes them.
func TestANightEndsWithoutItsMetrics(t *testing.T) {
	p := newSimulation(t, 41, 10)
	dir := filepath.Join(p.dir, "metrics")
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if e := finish(p, p.job()); e.code != 3 || !strings.Contains(e.err, "the batch's metrics are not written") {
		t.Errorf("exit %d: %s", e.code, e.err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if e := finish(p, p.job()); e.code != 0 {
		t.Errorf("exit %d: %s", e.code, e.err)
	}
	if text := string(p.read(filepath.Join(dir, "revcycle.prom"))); !strings.Contains(text, "revcycle_last_batch_exit_code 3") {
		t.Errorf("metrics: %s", text)
	}
}
