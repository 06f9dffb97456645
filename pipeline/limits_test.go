package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/pipeline"
)

// setting gives a key of the night's revcycle.yaml another value.
func (n *night) setting(key, value string) {
	n.t.Helper()
	path := filepath.Join(n.dir, "revcycle.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		n.t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, key+":") {
			lines[i] = key + ": " + value
		}
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// A file that must come every day and did not is exit 6, and stops nothing of the rest.
func TestAnExpectedFileThatDidNotComeIsSaid(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.setting("expect", `[{files: "*.bai2"}]`)
	n.drop(golden+"/in/submitted.837p", golden+"/in/g01_paid.835")
	sum := n.run(april)
	if sum.Exit != pipeline.ExitExpected || len(sum.Missing) != 1 || !strings.Contains(sum.Missing[0], "*.bai2") {
		t.Errorf("got exit %d, missing %q", sum.Exit, sum.Missing)
	}
	if sum.Counts.Remits != 1 || sum.Manifest == "" {
		t.Errorf("the rest did not post: %+v", sum.Counts)
	}
	if again := n.run(april); again.Exit != pipeline.ExitExpected {
		t.Errorf("a run with nothing to do: got exit %d want %d", again.Exit, pipeline.ExitExpected)
	}
}

// A file of one facility that did not come stops no other facility, and fact_batch_facility says whose batch is
// whole; when it comes later the same day, its facility is complete.
func TestAFacilityWhoseFileIsMissingStopsNoOther(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	if err := os.WriteFile(filepath.Join(n.dir, "masters", "facilities.csv"), []byte("facility_id,name,entity,tin,npi,from,to\n"+
		"NORTH,North,House,990000001,1234567893,2020-01-01,\nSOUTH,South,House,990000002,1245319599,2020-01-01,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n.setting("expect", `[{files: "*.837p", facility: NORTH}, {files: "south_*.835", facility: SOUTH}, {files: "*.bai2"}]`)
	n.drop(golden+"/in/submitted.837p", golden+"/in/g01_paid.835")
	for _, c := range []struct{ batch, missing, north, south string }{
		{"-001", "south_*.835 of SOUTH: 0 of 1 expected files came; ask the sender|*.bai2: 0 of 1 expected files came; ask the sender",
			"NORTH true ", "SOUTH false south_*.835: 0 of 1 files"},
		{"-002", "*.bai2: 0 of 1 expected files came; ask the sender", "NORTH true ", "SOUTH true "},
	} {
		sum := n.run(april)
		if got := strings.Join(sum.Missing, "|"); sum.Exit != pipeline.ExitExpected || got != c.missing || sum.Counts.Remits != 1 {
			t.Errorf("%s: exit %d, %d remits, missing %s", sum.Batch, sum.Exit, sum.Counts.Remits, got)
		}
		got := map[string]bool{}
		files, _ := filepath.Glob(filepath.Join(n.dir, "extracts/files/fact_batch_facility/*/part-*"+c.batch+"-*.parquet"))
		for _, f := range files {
			rows, err := parquet.ReadFile[extract.BatchFacilityRow](f)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if strings.HasSuffix(r.BatchID, c.batch) {
					got[fmt.Sprint(r.FacilityID, " ", r.IsComplete, " ", r.Missing)] = true
				}
			}
		}
		if !got[c.north] || !got[c.south] {
			t.Errorf("fact_batch_facility of %s: %v, want %s and %s", sum.Batch, got, c.north, c.south)
		}
		data, err := os.ReadFile(golden + "/in/g02_partial_denial.835")
		if err != nil {
			t.Fatal(err)
		}
		n.put("south_1.835", data)
	}
}

// A batch that is mostly refuse publishes nothing and stays open.
func TestTheErrorBudgetStopsABatch(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.setting("error_budget", "1")
	n.put("a.837", []byte("nothing"))
	n.put("b.837", []byte("nothing either"))
	n.drop(golden + "/in/submitted.837p")
	_, err := n.env(april).Run(context.Background())
	if !errors.Is(err, pipeline.ErrStopped) {
		t.Fatalf("got %v, want it stopped", err)
	}
	if _, err := os.Stat(filepath.Join(n.dir, "extracts", "current")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was published: %v", err)
	}
}

// Each act of a night is sealed, and a changed act breaks the chain.
func TestTheAuditChainIsSealed(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.drop(golden + "/in/submitted.837p")
	n.run(april)
	rows, broken, err := ledger.CheckAudit(context.Background(), n.store)
	if err != nil || rows != 3 || broken != 0 {
		t.Errorf("got %d rows, broken at %d, %v; want the begin, the publication and the end", rows, broken, err)
	}
	data, err := os.ReadFile(filepath.Join(n.dir, "audit.jsonl"))
	if err != nil || strings.Count(string(data), "\n") != 3 {
		t.Errorf("audit.jsonl: %q, %v", data, err)
	}
}

// What somebody wrote into audit.jsonl while a run was at work is kept beside it, never written over.
func TestAnAuditFileThatIsNotTheLedgersIsKept(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.drop(golden + "/in/submitted.837p")
	n.run(april)
	path := filepath.Join(n.dir, "audit.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := []byte(strings.Replace(string(whole), "end batch", "end match", 1))
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	n.run(april)
	now, err := os.ReadFile(path)
	act, ok := strings.CutPrefix(string(now), string(whole))
	if err != nil || !ok || !strings.HasPrefix(act, `{"seq":4,"act":"put aside audit.jsonl"`) || strings.Count(act, "\n") != 1 {
		t.Errorf("audit.jsonl: %q, %v", now, err)
	}
	found, err := filepath.Glob(path + ".found-*")
	if err != nil || len(found) != 1 {
		t.Fatalf("kept: %q, %v", found, err)
	}
	if kept, err := os.ReadFile(found[0]); err != nil || string(kept) != string(changed) {
		t.Errorf("kept: %q, %v", kept, err)
	}
}
