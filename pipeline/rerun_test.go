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

// A rerun of ingest reads a file again from the archive: what was held is taken, what was taken stays as it is, and the
// unit is held no longer.
func TestARerunReadsAFileAgain(t *testing.T) {
	ctx := context.Background()
	files, truth := simulated(t, 47, 90)
	n := newNight(t, sample, nil)
	n.workers = 1
	for name, data := range files {
		n.put(name, data)
	}
	broken := ""
	first, err := n.env(simulatedEnd).BreakOn(func(on string) {
		if broken == "" && strings.HasPrefix(on, "unit ") && strings.Contains(on, ".837") || on == broken {
			broken = on
			panic("broken")
		}
	}).Run(ctx)
	if err != nil || first.Counts.Claims >= truth.Totals.Claims {
		t.Fatalf("got %d claims, %v", first.Counts.Claims, err)
	}
	held, err := n.env(simulatedEnd).Held(ctx)
	if err != nil {
		t.Fatal(err)
	}
	file, _, _ := strings.Cut(strings.TrimPrefix(broken, "unit "), "/")
	again := pipeline.Again{Batch: first.Batch, Stage: "ingest", Files: []string{file}, Reason: "a newer program"}
	dry, err := n.env(simulatedEnd).TryRerun(ctx, again)
	if err != nil {
		t.Fatal(err)
	}
	done, err := n.env(simulatedEnd).Rerun(ctx, again)
	if err != nil {
		t.Fatal(err)
	}
	missing := truth.Totals.Claims - first.Counts.Claims
	if c := &done.Changes; c.Came != missing || dry.Changes.Came != missing || dry.Changes.Posted != c.Posted || c.Posted.Charged == 0 || c.Moved != 0 {
		t.Errorf("got %d claims that came, dry %d; want %d: %+v", c.Came, dry.Changes.Came, missing, c)
	}
	if got := done.Summary; len(got.Files) != 1 || got.Files[0].Name != file || got.Files[0].State != "ingested" || got.Counts.Claims != missing {
		t.Errorf("got %+v, %+v", got.Files, got.Counts)
	}
	status, err := n.env(simulatedEnd).Status(ctx, "")
	if err != nil || status.Totals.Charged != truth.Totals.Charge || status.Totals.Paid != truth.Totals.Paid {
		t.Errorf("got %s charged, %s paid, %v; want %s, %s", status.Totals.Charged, status.Totals.Paid, err, truth.Totals.Charge, truth.Totals.Paid)
	}
	if left, err := n.env(simulatedEnd).Held(ctx); err != nil || len(left) != len(held)-1 {
		t.Errorf("got %d units held, %v; want one less than %d", len(left), err, len(held))
	}
	n.sound()
	if r, err := n.env(simulatedEnd).Rerun(ctx, again); err != nil || !r.Nothing {
		t.Errorf("the same again: got %+v, %v; want nothing to do", r, err)
	}
}

// A rerun of reconcile settles again, closed claims too: with a tolerance that takes every difference no claim is under- or
// overpaid, and no money moves. Of one payment it settles what that payment pays.
func TestARerunSettlesAgain(t *testing.T) {
	ctx := context.Background()
	files, _ := simulated(t, 48, 120)
	n := newNight(t, sample, nil)
	n.over(files, simulatedEnd)
	first := simulatedEnd.String() + "-001"
	replace(t, filepath.Join(n.dir, "revcycle.yaml"), `tolerance: "1.00"`, `tolerance: "100000.00"`)
	var trace string
	for row, err := range n.store.Rows(ctx, ledger.Query{Table: ledger.Payments}) {
		if err != nil {
			t.Fatal(err)
		}
		trace = row[ledger.Payments.At("trace")].Text()
	}
	again := pipeline.Again{Batch: first, Stage: "reconcile", Reason: "the tolerance of the new contract", Payments: []string{trace}}
	one, err := n.env(simulatedEnd).TryRerun(ctx, again)
	if err != nil {
		t.Fatal(err)
	}
	again.Payments = nil
	dry, err := n.env(simulatedEnd).TryRerun(ctx, again)
	if err != nil {
		t.Fatal(err)
	}
	done, err := n.env(simulatedEnd).Rerun(ctx, again)
	if err != nil {
		t.Fatal(err)
	}
	c := &done.Changes
	p := c.Payment
	if p.Underpaid.CountBefore == 0 || p.Underpaid.CountAfter != 0 || p.Overpaid.CountBefore == 0 || p.Overpaid.CountAfter != 0 || p != dry.Changes.Payment {
		t.Errorf("got %+v, dry %+v; want none under- or overpaid", p, dry.Changes.Payment)
	}
	if one.Changes.Payment.Variance >= p.Variance || one.Changes.Payment.Underpaid.CountAfter == 0 {
		t.Errorf("one payment: got %+v, the batch %+v", one.Changes.Payment, p)
	}
	if c.Judged != 0 || len(c.Postings) != 0 || c.Denials != (pipeline.DenialMove{}) {
		t.Errorf("got %+v: a tolerance moves no money", c)
	}
	n.sound()
	if r, err := n.env(simulatedEnd).Rerun(ctx, again); err != nil || !r.Nothing {
		t.Errorf("the same again: got %+v, %v; want nothing to do", r, err)
	}
}

// What cannot be meant is refused before anything is made, with what to write instead.
func TestARerunRefusesWhatItCannotMean(t *testing.T) {
	ctx := context.Background()
	files, _ := simulated(t, 49, 30)
	n := newNight(t, sample, mem.New())
	if _, err := n.env(simulatedEnd).Rerun(ctx, pipeline.Again{Batch: pipeline.EveryBatch, Reason: "r"}); !errors.Is(err, pipeline.ErrUsage) {
		t.Errorf("an empty ledger: got %v", err)
	}
	n.over(files, simulatedEnd)
	first := simulatedEnd.String() + "-001"
	for want, a := range map[string]pipeline.Again{
		"needs a reason":          {Batch: first},
		"no batch is called":      {Batch: "2020-01-01-001", Reason: "r"},
		"write ingest, assess":    {Batch: first, Reason: "r", Stage: "asses"},
		"no file called":          {Batch: first, Reason: "r", Files: []string{"none.837"}},
		"no claim bears":          {Batch: first, Reason: "r", Claims: []string{"none"}},
		"no payment has":          {Batch: first, Reason: "r", Payments: []string{"none"}},
		"a batch at a time":       {Batch: pipeline.EveryBatch, Reason: "r", Stage: "ingest"},
		"nothing posts into the ": {Batch: first, Reason: "r", Since: simulatedEnd},
	} {
		day := simulatedEnd
		if a.Since.Known() {
			day = day.AddDays(-1)
		}
		if _, err := n.env(day).Rerun(ctx, a); !errors.Is(err, pipeline.ErrUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if all, err := pipeline.Batches(ctx, n.store); err != nil || len(all) != 1 {
		t.Errorf("got %d batches, %v", len(all), err)
	}
}

// A rerun of one claim leaves the others for the run: that what it judged with the new book was not all that is open must
// not hide from the run that the book has changed.
func TestARunJudgesWhatARerunLeft(t *testing.T) {
	ctx := context.Background()
	n, first := corrected(t, mem.New(), 120)
	again := pipeline.Again{Batch: first.Batch, Reason: "one first"}
	whole, err := n.env(simulatedEnd).TryRerun(ctx, again)
	if err != nil || whole.Changes.Moved < 2 {
		t.Fatalf("got %+v, %v", whole.Changes, err)
	}
	again.Claims = []string{whole.Changes.Claims[0].Control}
	one, err := n.env(simulatedEnd).Rerun(ctx, again)
	if err != nil || one.Changes.Judged != 1 || one.Changes.Expected.Difference != whole.Changes.Claims[0].Difference {
		t.Fatalf("one claim: got %+v, %v", one.Changes, err)
	}
	n.run(simulatedEnd)
	after, err := n.env(simulatedEnd).Diff(ctx, one.Batch, simulatedEnd.String()+"-003")
	if err != nil || after.Judged == 0 {
		t.Errorf("the run judged %d claims, %v; want those that are open", after.Judged, err)
	}
}
