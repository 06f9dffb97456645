package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/ledger/sqlite"
	"revcycle/money"
	"revcycle/pipeline"
)

const decisions = "../fixtures/decisions"

// units gives what is or was held with a code, "" for any.
func (n *night) units(code string) []pipeline.HeldUnit {
	n.t.Helper()
	all, err := n.env(april).Quarantine(context.Background())
	if err != nil {
		n.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(u pipeline.HeldUnit) bool { return code != "" && u.Code != code })
}

func (n *night) release(p pipeline.Pick) {
	n.t.Helper()
	if _, err := n.env(april).Release(context.Background(), p, "the sender confirms it"); err != nil {
		n.t.Fatal(err)
	}
}

func (n *night) unmatch(what, on string, undo bool) {
	n.t.Helper()
	env := n.env(april)
	do := env.Unmatch
	if undo {
		do = env.UndoUnmatch
	}
	if _, err := do(context.Background(), what, on, "another patient's"); err != nil {
		n.t.Fatal(err)
	}
}

// proven wants every invariant to hold, the published extracts among them.
func (n *night) proven(step string) {
	n.t.Helper()
	all, err := n.env(april).Verify(context.Background())
	if err != nil {
		n.t.Fatal(err)
	}
	for _, v := range all {
		if !v.OK {
			n.t.Errorf("%s: %s: %v", step, v.Name, v.Examples)
		}
	}
}

// standing is the whole ledger as want/standing.tsv has it.
func (n *night) standing() string {
	n.t.Helper()
	s, err := n.env(april).Status(context.Background(), "")
	if err != nil {
		n.t.Fatal(err)
	}
	waits, err := n.env(april).Held(context.Background())
	if err != nil {
		n.t.Fatal(err)
	}
	t := s.Totals
	return fmt.Sprintf("%s %s %s %s %s %s %d", t.Charged, t.Paid, t.Contractual, t.Patient, t.Open, t.Unapplied, len(waits))
}

// position is what payers and patient owe on the claim with a control number.
func (n *night) position(control string) money.Cents {
	n.t.Helper()
	stories, err := n.env(april).Explain(context.Background(), control)
	if err != nil || len(stories) != 1 {
		n.t.Fatal(len(stories), err)
	}
	return stories[0].Position.Payer + stories[0].Position.Patient
}

// What people decide moves the money that it should, as worked out by hand, and nothing else; on both stores.
func TestDecisionsMoveWhatTheyShould(t *testing.T) {
	want := map[string]string{}
	for _, r := range table(t, decisions+"/want/standing.tsv") {
		want[r["step"]] = strings.Join([]string{r["charged"], r["paid"], r["contractual"], r["patient"], r["open"], r["unapplied"], r["held"]}, " ")
	}
	for name, store := range map[string]ledger.Store{"sqlite": nil, "mem": mem.New()} {
		t.Run(name, func(t *testing.T) {
			n := newNight(t, sample, store)
			is := func(step string) {
				t.Helper()
				if got := n.standing(); got != want[step] {
					t.Errorf("%s: got %s want %s", step, got, want[step])
				}
				n.proven(step)
			}
			n.drop(decisions+"/in/counted.837", decisions+"/in/torn.837", decisions+"/in/untied.835")
			n.run(april)
			is("came")
			n.release(pipeline.Pick{All: true, Code: "SE01_COUNT"})
			n.release(pipeline.Pick{All: true, Code: "SET_UNBALANCED"})
			if _, err := n.env(april).Drop(context.Background(), pipeline.Pick{All: true, File: "torn*"}, "sent again"); err != nil {
				t.Fatal(err)
			}
			n.run(april)
			is("released")
			n.unmatch("EFT1", "S1", false)
			n.run(april)
			is("unmatched")
			n.unmatch("EFT1", "", true)
			n.run(april)
			is("undone")
			n.drop(decisions + "/in/twin.837")
			n.run(april)
			is("twin came")
			n.unmatch("EFT1", "S1", false)
			n.run(april)
			is("moved")
			if s1, t7 := n.position("S1"), n.position("T7"); s1 != 16200 || t7 != 3700 {
				t.Errorf("moved: S1 owes %s and T7 %s, want 162.00 and 37.00", s1, t7)
			}
			if b := n.run(april).Batch; b != "2025-04-01-006" {
				t.Errorf("a run with nothing decided made batch %s", b)
			}
		})
	}
}

// A unit that cannot be read comes back with what it was, and its first decision is told with it.
func TestWhatStillCannotBeReadComesBack(t *testing.T) {
	n := newNight(t, sample, mem.New())
	n.drop(decisions + "/in/torn.837")
	n.run(april)
	was := n.units("")[0]
	n.release(pipeline.Pick{IDs: []string{was.ID}})
	if sum := n.run(april); sum.Exit != 3 || sum.Counts.Quarantined != 1 || sum.Files[0].State != "quarantined" {
		t.Errorf("the second batch: exit %d, %d held, %+v", sum.Exit, sum.Counts.Quarantined, sum.Files)
	}
	all := n.units("")
	if len(all) != 2 || all[0].State != pipeline.HeldReturned || all[1].State != pipeline.HeldOpen || all[0].Became != all[1].ID ||
		all[1].Was != was.ID || all[1].Code != "MISSING_SE" {
		t.Errorf("held: %+v", all)
	}
	n.proven("returned")
	ctx := context.Background()
	if _, err := n.env(april).Release(ctx, pipeline.Pick{IDs: []string{was.ID}}, "again"); !errors.Is(err, pipeline.ErrRefused) || !strings.Contains(err.Error(), all[1].ID) {
		t.Errorf("a second release of it: %v", err)
	}
	if _, err := n.env(april).Drop(ctx, pipeline.Pick{IDs: []string{"x"}}, "again"); !errors.Is(err, pipeline.ErrRefused) {
		t.Errorf("a drop of nothing: %v", err)
	}
	if _, err := n.env(april).Drop(ctx, pipeline.Pick{IDs: []string{all[1].ID}}, " \n"); !errors.Is(err, pipeline.ErrRefused) {
		t.Errorf("a drop without a reason: %v", err)
	}
}

// Money posts once, whichever way its set comes: resent whole before it is released, and after.
func TestAReleasedSetThatCameAgainPostsOnce(t *testing.T) {
	data, err := os.ReadFile(decisions + "/in/counted.837")
	if err != nil {
		t.Fatal(err)
	}
	sound := []byte(strings.Replace(string(data), "SE*42*", "SE*41*", 1))
	for name, first := range map[string]bool{"resent before": true, "resent after": false} {
		n := newNight(t, sample, mem.New())
		n.put("counted.837", data)
		n.run(april)
		if first {
			n.put("again.837", sound)
			n.run(april)
		}
		n.release(pipeline.Pick{All: true})
		sum := n.run(april)
		if !first {
			n.put("again.837", sound)
			sum = n.run(april)
		}
		if sum.Counts.DuplicateClaims != 2 || sum.Counts.Claims != 0 {
			t.Errorf("%s: %d new claims and %d seen before, want 0 and 2", name, sum.Counts.Claims, sum.Counts.DuplicateClaims)
		}
		if got := strings.Fields(n.standing())[0]; got != "242.00" {
			t.Errorf("%s: charged %s, want 242.00", name, got)
		}
		n.proven(name)
	}
}

// Of a set in which one claim cannot be read the others post at once; the one alone is released, and what is known of it does
// not come twice.
func TestOneClaimIsReleasedByItself(t *testing.T) {
	data, err := os.ReadFile(decisions + "/in/counted.837")
	if err != nil {
		t.Fatal(err)
	}
	bad := strings.NewReplacer("SE*42*", "SE*41*", "CLM*S2*80*", "CLM*S2*8O*").Replace(string(data))
	n := newNight(t, sample, mem.New())
	n.put("letters.837", []byte(bad))
	n.run(april)
	n.release(pipeline.Pick{All: true})
	sum := n.run(april)
	if sum.Counts.Claims+sum.Counts.DuplicateClaims != 0 || sum.Counts.Quarantined != 1 {
		t.Errorf("%d new claims, %d seen before, %d held, want 0, 0 and 1", sum.Counts.Claims, sum.Counts.DuplicateClaims, sum.Counts.Quarantined)
	}
	if all := n.units(""); len(all) != 2 || all[1].Was != all[0].ID || all[1].Document != 2 {
		t.Errorf("held: %+v", all)
	}
	n.proven("one claim")
}

// A file that nothing reads is looked at again with the profiles of the day: here a profile was written meanwhile.
func TestAReleasedFileIsReadWithTodaysProfiles(t *testing.T) {
	n := newNight(t, sample, mem.New())
	n.put("clinic-visits.csv", []byte("Appt No;Seen On;State;Fees\n77;03/02/2025;DONE;120.00\n"))
	n.run(april)
	if all := n.units(""); len(all) != 1 || all[0].Unit != "file" {
		t.Fatalf("held: %+v", all)
	}
	folder := filepath.Join(n.dir, "rulebook", "profiles")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	profile := strings.Join([]string{"profile: clinic", "dates: us", "delimiter: ;", "tables:", "  visits:", "    file: clinic-visits.csv", "    noun: encounter",
		"    needs: [appt no, seen on, state]", "    columns:", "      number: appt no", "      from: seen on", "      to: seen on", "      status: state", ""}, "\n")
	if err := os.WriteFile(filepath.Join(folder, "clinic.yaml"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	n.release(pipeline.Pick{All: true})
	if sum := n.run(april); sum.Counts.Encounters != 1 || sum.Exit != 0 {
		t.Errorf("%d visits, exit %d, want 1 and 0", sum.Counts.Encounters, sum.Exit)
	}
}

// A run that is killed at any commit of a batch of decisions goes on to the same ledger.
func TestAStoppedBatchOfDecisionsGoesOn(t *testing.T) {
	prepared := func(t *testing.T, store ledger.Store) *night {
		n := newNight(t, sample, store)
		n.drop(decisions+"/in/counted.837", decisions+"/in/torn.837", decisions+"/in/untied.835")
		n.run(april)
		n.release(pipeline.Pick{All: true})
		return n
	}
	quiet := prepared(t, mem.New())
	quiet.run(april)
	want := quiet.digest(april)
	for stop := 1; ; stop++ {
		inner := mem.New()
		n := prepared(t, inner)
		n.store = &stopping{inner, stop, stop%2 == 0}
		if _, err := n.env(april).CommitEach(1).Run(context.Background()); err == nil {
			if stop < 5 {
				t.Errorf("only %d commits", stop)
			}
			return
		}
		n.store = inner
		n.run(april)
		if d := diff(n.digest(april), want); d != "" {
			t.Fatalf("stopped at commit %d:\n%s", stop, d)
		}
	}
}

// A rollback shows the earlier view, which verify proves as of its batch; the next night is the one of a night without it.
func TestARollbackIsForgottenByTheNextNight(t *testing.T) {
	nights := func(rollback bool) (*night, map[string]string) {
		n := newNight(t, sample, mem.New())
		n.drop(decisions + "/in/twin.837")
		n.run(april)
		n.drop(decisions + "/in/untied.835")
		n.run(april)
		if rollback {
			r, err := n.env(april).Rollback(context.Background(), "2025-04-01-001", "a wrong fee table")
			if err != nil || r.Before != "2025-04-01-002" || r.Files == 0 {
				t.Fatal(r, err)
			}
			n.proven("rolled back")
			v, err := n.env(april).Published(context.Background())
			if err != nil || !v.Behind || v.Batch != "2025-04-01-001" || v.Newest != "2025-04-01-002" || v.Reason != "a wrong fee table" {
				t.Errorf("published: %+v, %v", v, err)
			}
			if again, err := n.env(april).Rollback(context.Background(), "2025-04-01-001", "once more"); err != nil || !again.Already {
				t.Errorf("the same again: %+v, %v", again, err)
			}
		}
		n.run(civil.Of(2025, 4, 2))
		n.proven("the next night")
		return n, current(t, n.dir)
	}
	_, want := nights(false)
	n, got := nights(true)
	if len(want) < 10 || len(got) != len(want) {
		t.Fatalf("%d files, want %d", len(got), len(want))
	}
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%s differs from that of a night without a rollback", name)
		}
	}
	ctx := context.Background()
	old, err := filepath.Glob(filepath.Join(n.dir, "extracts", "files", "fact_claim", "*", "part-2025-04-01-001-*"))
	if err != nil || len(old) == 0 {
		t.Fatal(old, err)
	}
	if err := os.WriteFile(old[0], []byte("PAR1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := n.env(april).Rollback(ctx, "2025-04-01-001", "again"); !errors.Is(err, pipeline.ErrRefused) || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged file: %v", err)
	}
	if _, err := n.env(april).Rollback(ctx, "2025-04-09-001", "again"); !errors.Is(err, pipeline.ErrRefused) {
		t.Errorf("no such batch: %v", err)
	}
}

// current is every file of extracts/current with its bytes.
func current(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "extracts", "current", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimPrefix(f, dir)] = string(data)
	}
	return out
}

// A decision is recorded with one act of the audit, its row names who and why, and a settlement that lost its remits is told no more.
func TestADecisionIsInTheAuditAndInTheStory(t *testing.T) {
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	n := newNight(t, sample, store)
	n.drop(decisions+"/in/twin.837", decisions+"/in/untied.835")
	n.run(april)
	n.release(pipeline.Pick{All: true})
	n.run(april)
	n.unmatch("EFT1", "T7", false)
	n.run(april)
	ctx := context.Background()
	acts := map[string]int{}
	for row, err := range store.Rows(ctx, ledger.Query{Table: ledger.Audit}) {
		if err != nil {
			t.Fatal(err)
		}
		acts[row[2].Text()]++
	}
	if acts["quarantine release"] != 1 || acts["unmatch"] != 1 {
		t.Errorf("acts of the audit: %v", acts)
	}
	stories, err := n.env(april).Explain(ctx, "T7")
	if err != nil || len(stories) != 1 {
		t.Fatal(len(stories), err)
	}
	s := stories[0]
	if len(s.Settlements) != 0 || len(s.Remits) != 0 || len(s.Decisions) != 1 || s.Decisions[0].Claim != s.Claim || s.Decisions[0].Actor != "test" ||
		s.Decisions[0].TakenBy != "2025-04-01-003" {
		t.Errorf("story: %d settlements, %d remits, decisions %+v", len(s.Settlements), len(s.Remits), s.Decisions)
	}
	rows, err := ledger.Latest(ctx, store, ledger.Denials, ledger.OneOf("claim", s.Claim))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if d := ledger.DenialOf(row); d.Status != "closed" {
			t.Errorf("denial %s is %s, want closed", claim.ID(d.ID), d.Status)
		}
	}
}
