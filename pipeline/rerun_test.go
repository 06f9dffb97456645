package pipeline_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/pipeline"
)

// corrected is a night over a simulation whose book of rules is then corrected: a longer visit of Alpha pays ten dollars more.
func corrected(t *testing.T, store ledger.Store, claims int) (n *night, first pipeline.Summary) {
	t.Helper()
	files, _ := simulated(t, 31, claims)
	folder := copied(t, sample)
	n = newNight(t, folder, store)
	for name, data := range files {
		n.put(name, data)
	}
	first = n.run(simulatedEnd)
	replace(t, filepath.Join(folder, "tables", "alpha-fees.csv"), "\n99214,,130.00", "\n99214,,140.00")
	n.open(folder)
	return n, first
}

// sound fails the test where an invariant of the ledger or the extracts does not hold.
func (n *night) sound() {
	n.t.Helper()
	checks, err := n.env(simulatedEnd).Verify(context.Background())
	if err != nil {
		n.t.Fatal(err)
	}
	for _, c := range checks {
		if !c.OK {
			n.t.Errorf("verify: %+v", c)
		}
	}
}

// What a dry run says is what the rerun does and what diff says afterwards; it touches nothing, and a second rerun has
// nothing to do.
func TestADryRunSaysWhatTheRerunDoes(t *testing.T) {
	for name, store := range map[string]ledger.Store{"sqlite": nil, "mem": mem.New()} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			n, first := corrected(t, store, 120)
			before := n.digest(simulatedEnd)
			again := pipeline.Again{Batch: first.Batch, Reason: "the amendment of March"}
			dry, err := n.env(simulatedEnd).TryRerun(ctx, again)
			if err != nil {
				t.Fatal(err)
			}
			c := &dry.Changes
			if c.Moved == 0 || c.Expected.Difference <= 0 || c.Came != 0 || len(c.Claims) == 0 || dry.Batch != "" || dry.Nothing {
				t.Fatalf("dry run: got %+v", c)
			}
			if n.digest(simulatedEnd) != before {
				t.Error("the dry run wrote something")
			}
			done, err := n.env(simulatedEnd).Rerun(ctx, again)
			if err != nil {
				t.Fatal(err)
			}
			diffed, err := n.env(simulatedEnd).Diff(ctx, first.Batch, done.Batch)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(diffed, done.Changes) {
				t.Errorf("diff: got %+v want what the rerun says, %+v", diffed, done.Changes)
			}
			c.To.Batch = done.Batch
			if !reflect.DeepEqual(*c, done.Changes) {
				t.Errorf("dry run: got %+v want %+v", *c, done.Changes)
			}
			status, err := n.env(simulatedEnd).Status(ctx, "")
			if err != nil || status.Totals.Expected != c.Expected.After {
				t.Errorf("status expects %s, diff %s (%v)", status.Totals.Expected, c.Expected.After, err)
			}
			n.sound()
			if next, err := n.env(simulatedEnd).Rerun(ctx, again); err != nil || !next.Nothing {
				t.Errorf("the same again: got %+v, %v; want nothing to do", next, err)
			}
		})
	}
}

// The bytes do not depend on the number of workers, and a rerun that is killed at any commit goes on under its own batch,
// by a run or asked for again.
func TestAStoppedRerunGoesOn(t *testing.T) {
	ctx := context.Background()
	var want string
	for _, workers := range []int{1, 8} {
		n, first := corrected(t, mem.New(), 60)
		n.workers = workers
		if _, err := n.env(simulatedEnd).Rerun(ctx, pipeline.Again{Batch: first.Batch, Reason: "r"}); err != nil {
			t.Fatal(err)
		}
		if got := n.digest(simulatedEnd); want == "" {
			want = got
		} else if got != want {
			t.Errorf("%d workers: the rerun differs:\n%s", workers, diff(got, want))
		}
	}
	for stop := 1; ; stop++ {
		n, first := corrected(t, mem.New(), 60)
		again := pipeline.Again{Batch: first.Batch, Reason: "r"}
		whole := n.store
		n.store = &stopping{whole, stop, stop%2 == 0}
		_, err := n.env(simulatedEnd).CommitEach(1).Rerun(ctx, again)
		n.store = whole
		if err == nil {
			if stop < 5 {
				t.Errorf("only %d commits were stopped at", stop-1)
			}
			return
		}
		if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		all, err := pipeline.Batches(ctx, n.store)
		if err != nil {
			t.Fatal(err)
		}
		if last := all[len(all)-1]; stop%3 == 0 && last.Open && len(all) == 2 {
			n.run(simulatedEnd)
		}
		if r, err := n.env(simulatedEnd).Rerun(ctx, again); err != nil || r.Batch != "" && !strings.HasSuffix(r.Batch, "-002") {
			t.Fatalf("stopped at commit %d: got batch %q, %v", stop, r.Batch, err)
		}
		if got := n.digest(simulatedEnd); got != want {
			t.Fatalf("stopped at commit %d: the rerun differs:\n%s", stop, diff(got, want))
		}
		if stop > 6 {
			stop += 3
		}
	}
}
