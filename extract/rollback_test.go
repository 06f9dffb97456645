package extract

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A kill at any step of a rollback leaves the view before or the earlier one, whole; said again, it is done, and nothing
// else in the folder has changed.
func TestAKilledRollbackShowsOneViewOrTheOther(t *testing.T) {
	published := t.TempDir()
	w := night1(t, false)
	w.publish(w.env(published))
	first := tree(t, filepath.Join(published, currentDir))
	w.night2()
	w.publish(w.env2(published))
	second := tree(t, filepath.Join(published, currentDir))
	killed := errors.New("killed")
	ctx := context.Background()
	for step := 0; ; step++ {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(published)); err != nil {
			t.Fatal(err)
		}
		at := 0
		_, err := rollback(ctx, dir, "2025-04-01-001", func(op, path string) error {
			if at++; at > step {
				return fmt.Errorf("%s %s: %w", op, path, killed)
			}
			return nil
		})
		now := tree(t, filepath.Join(dir, currentDir))
		if err == nil {
			if step < 3 {
				t.Errorf("only %d steps", step)
			}
			sameTree(t, "rolled back", now, first)
			return
		}
		if !errors.Is(err, killed) {
			t.Fatal(err)
		}
		if !mapsEqual(now, first) && !mapsEqual(now, second) {
			t.Fatalf("step %d: current/ is half swapped", step)
		}
		if _, err := Rollback(ctx, dir, "2025-04-01-001"); err != nil {
			t.Fatal(err)
		}
		sameTree(t, fmt.Sprintf("killed at step %d", step), tree(t, filepath.Join(dir, currentDir)), first)
		if m, err := View(dir); err != nil || m.Number != 1 {
			t.Errorf("step %d: the view is that of batch %d, want 1: %v", step, m.Number, err)
		}
	}
}

// A batch behind a rollback publishes what it would have published without it, and verify speaks of the view that is there.
func TestABatchBehindARollbackGoesOnFromTheLast(t *testing.T) {
	ctx := context.Background()
	publish := func(back bool) (string, *world) {
		dir := t.TempDir()
		w := night1(t, false)
		w.publish(w.env(dir))
		if back { // between a batch and the next, to the batch itself
			if _, err := Rollback(ctx, dir, "2025-04-01-001"); err != nil {
				t.Fatal(err)
			}
		}
		w.night2()
		w.publish(w.env2(dir))
		return dir, w
	}
	quiet, _ := publish(false)
	dir, w := publish(true)
	sameTree(t, "published behind a rollback", tree(t, dir), tree(t, quiet))
	if _, err := Rollback(ctx, dir, "2025-04-01-001"); err != nil {
		t.Fatal(err)
	}
	checks, err := Verify(ctx, dir, w.store)
	if err != nil || len(checks) < 5 || checks[0].Name != "manifest of batch 2025-04-01-001" {
		t.Fatal(checks, err)
	}
	for _, c := range checks {
		if !c.OK {
			t.Errorf("%s: %s", c.Name, c.Detail)
		}
	}
	w.publish(w.env2(dir)) // the batch that a rollback hid, published again
	sameTree(t, "published again", tree(t, dir), tree(t, quiet))
}

// What purge removed, or somebody damaged, is not published.
func TestARollbackWantsEveryFileAsItWas(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	w := night1(t, false)
	m := w.publish(w.env(dir))
	w.night2()
	w.publish(w.env2(dir))
	want := tree(t, filepath.Join(dir, currentDir))
	path := filepath.Join(dir, filepath.FromSlash(m.Files[0].Path))
	for name, spoil := range map[string]func() error{
		"removed": func() error { return os.RemoveAll(path) },
		"damaged": func() error { return errors.Join(os.RemoveAll(path), os.WriteFile(path, []byte("PAR1"), 0o600)) }, // current/ links the old one
		"a manifest that was changed": func() error {
			return os.WriteFile(filepath.Join(dir, batchesDir, m.Batch, manifestName), []byte(`{"batch":"`+m.Batch+`"}`), 0o600)
		},
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := Rollback(ctx, dir, m.Batch); !errors.Is(err, ErrGone) {
			t.Errorf("%s: got %v", name, err)
		}
		sameTree(t, name, tree(t, filepath.Join(dir, currentDir)), want)
	}
	for _, batch := range []string{"2025-04-09-001", "", "../x"} {
		if _, err := Rollback(ctx, dir, batch); !errors.Is(err, ErrNoManifest) {
			t.Errorf("%q: got %v", batch, err)
		}
	}
}
