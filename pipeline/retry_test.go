package pipeline_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/pipeline"
)

// mendedTable is a night over a simulation with a fee table that was wrong; the rule book has been mended since.
func mendedTable(t *testing.T, store ledger.Store, claims int) (*night, pipeline.Summary) {
	t.Helper()
	files, _ := simulated(t, 41, claims)
	folder := copied(t, sample)
	table := filepath.Join(folder, "tables", "alpha-fees.csv")
	replace(t, table, "# kind: fee", "# kind: fees")
	n := newNight(t, sample, store)
	n.open(folder)
	for name, data := range files {
		n.put(name, data)
	}
	first := n.run(simulatedEnd)
	replace(t, table, "# kind: fees", "# kind: fee")
	return n, first
}

// The units of a retry are those of the files whose claims were held; it makes every held claim a judged one, settles it,
// and a second retry has nothing to do.
func TestARetryTakesUpOnlyWhatFailed(t *testing.T) {
	for name, store := range map[string]ledger.Store{"sqlite": nil, "mem": mem.New()} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			n, first := mendedTable(t, store, 120)
			if r, err := n.env(simulatedEnd).Retry(ctx, "", ""); err != nil || r.Batch != "" || r.Exit() != 3 || len(r.Failed) != len(first.Held) {
				t.Fatalf("before it is mended: got %+v, %v", r, err)
			}
			n.open(sample)
			held, _ := n.opinions()
			r, err := n.env(simulatedEnd).Retry(ctx, first.Batch, "the table was mended")
			if err != nil {
				t.Fatal(err)
			}
			units := 0
			for row, err := range n.store.Rows(ctx, ledger.Query{Table: ledger.Units, Where: []ledger.Cond{ledger.OfBatch(2), ledger.Named("stage", "assess", "ingest")}}) {
				if err != nil {
					t.Fatal(err)
				}
				if units++; !strings.HasPrefix(row[2].Text(), "again/"+first.Batch+"/") {
					t.Errorf("unit %q is not of a failed file", row[2].Text())
				}
			}
			claims := 0
			for i, f := range r.Files {
				claims += f.Claims
				units -= len(f.Units)
				if g := first.Held[i]; f.File != g.File || f.Claims != g.Claims || f.Charge != g.Charge || f.Priced == 0 || f.Expected == 0 || f.Held != 0 {
					t.Errorf("file: got %+v want what was held, %+v", f, g)
				}
			}
			if claims != held || units != 0 || r.Exit() != 0 || r.Parent != first.Batch {
				t.Errorf("got %d claims, %d units left over, exit %d, parent %s; want %d, 0, 0, %s", claims, units, r.Exit(), r.Parent, held, first.Batch)
			}
			if held, _ := n.opinions(); held != 0 {
				t.Errorf("%d claims are held still", held)
			}
			n.sound()
			if r, err := n.env(simulatedEnd).Retry(ctx, "", ""); err != nil || r.Batch != "" || r.Exit() != 0 {
				t.Errorf("again: got %+v, %v; want nothing to do", r, err)
			}
		})
	}
}

// What a retry says of the claims is what one night with the mended book would have said; killed at any commit it goes on.
func TestAStoppedRetryGoesOn(t *testing.T) {
	ctx := context.Background()
	var want string
	for stop := 0; ; stop++ {
		n, _ := mendedTable(t, mem.New(), 60)
		n.open(sample)
		whole := n.store
		if stop > 0 {
			n.store = &stopping{whole, stop, stop%2 == 0}
		}
		_, err := n.env(simulatedEnd).CommitEach(1).Retry(ctx, "", "")
		n.store = whole
		if stop > 0 && err == nil {
			if stop < 5 {
				t.Errorf("only %d commits were stopped at", stop-1)
			}
			return
		}
		if stop > 0 && !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if _, err := n.env(simulatedEnd).Retry(ctx, "", ""); err != nil {
			t.Fatal(err)
		}
		if stop > 6 {
			stop += 3
		}
		if got := n.digest(simulatedEnd); stop == 0 {
			want = got
		} else if got != want {
			t.Fatalf("stopped at commit %d: the retry differs:\n%s", stop, diff(got, want))
		}
	}
}

// A chunk on which the program breaks is held with its bytes; the rest of the night ties and is published. A retry reads it.
func TestAPartOnWhichTheProgramBreaksIsHeldAndReadAgain(t *testing.T) {
	ctx := context.Background()
	files, truth := simulated(t, 43, 90)
	for _, kind := range []string{".837", ".835"} {
		n := newNight(t, sample, nil)
		n.workers = 1
		for name, data := range files {
			n.put(name, data)
		}
		broken := ""
		sum, err := n.env(simulatedEnd).BreakOn(func(on string) {
			if broken == "" && strings.HasPrefix(on, "unit ") && strings.Contains(on, kind) || on == broken {
				broken = on
				panic("SMITH")
			}
		}).Run(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if broken == "" || sum.Exit != 3 || sum.Counts.Quarantined == 0 || sum.Counts.Claims == truth.Totals.Claims && kind == ".837" {
			t.Fatalf("%s: broken %q, exit %d, %+v", kind, broken, sum.Exit, sum.Counts)
		}
		for _, c := range sum.Controls {
			if !c.OK {
				t.Errorf("%s: control %s: %s against %s", kind, c.Name, c.Left, c.Right)
			}
		}
		r, err := n.env(simulatedEnd).Retry(ctx, "", "")
		if err != nil || len(r.Files) != 1 || len(r.Unread) != 0 || r.Batch == "" {
			t.Fatalf("%s: retry: got %+v, %v", kind, r, err)
		}
		status, err := n.env(simulatedEnd).Status(ctx, "")
		if err != nil || status.Totals.Charged != truth.Totals.Charge || status.Totals.Paid != truth.Totals.Paid {
			t.Errorf("%s: got %s charged, %s paid, %v; want %s, %s", kind, status.Totals.Charged, status.Totals.Paid, err, truth.Totals.Charge, truth.Totals.Paid)
		}
		n.sound()
	}
}
