package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// heldCmd reads the ID of the one unit of `quarantine ls --json`.
func heldCmd(ts *testscript.TestScript, neg bool, args []string) {
	var list []struct{ ID string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &list))
	if len(list) != 1 {
		ts.Fatalf("%d units are held, want 1", len(list))
	}
	ts.Setenv(args[1], list[0].ID)
}

// A purge that is killed anywhere is ended by the next one: all that should go is gone, what is kept is whole, and the
// audit names each thing that went, once.
func TestAKilledPurgeIsEndedByTheNext(t *testing.T) {
	p := newPlace(t, "operations")
	p.drop(goldenCase + "/in/submitted.837p")
	p.night("2025-01-10", 0)
	p.drop(goldenCase + "/in/g0*.835")
	first := revcycle(t, "run", "-C", p.dir, "--as-of", "2025-02-10")
	p.drop(demoInbox + "/*.83*")
	second := revcycle(t, "run", "-C", p.dir, "--as-of", "2025-04-10")
	if first.code != 0 && first.code != 3 || second.code != 0 && second.code != 3 {
		t.Fatalf("exit %d and %d: %s%s", first.code, second.code, first.err, second.err)
	}
	p.configure("keep: {extract_batches: 1, reports: 1, archive_months: 1}\n")
	type listing struct {
		Removed int
		List    []struct{ Kind, Name string }
	}
	var plan, rest listing
	p.decode(revcycle(t, "purge", "--dry-run", "--json", "-C", p.dir, "--as-of", "2025-04-10").out, &plan)
	if len(plan.List) < 20 {
		t.Fatalf("only %d things would go", len(plan.List))
	}
	killed := 0
	for i := range 5 {
		c := command(t, "purge", "-C", p.dir, "--as-of", "2025-04-10")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(60+50*i)*time.Millisecond, func() { c.Process.Kill() })
		if c.Wait() != nil {
			killed++
		}
	}
	e := revcycle(t, "purge", "--json", "-C", p.dir, "--as-of", "2025-04-10")
	if e.code != 0 {
		t.Fatalf("the purge behind killed ones: exit %d: %s", e.code, e.err)
	}
	p.decode(e.out, &rest)
	t.Logf("%d purges were killed; the last one had %d of %d left to do", killed, len(rest.List), len(plan.List))
	if rest.Removed != len(rest.List) {
		t.Errorf("%d of %d were removed: %s", rest.Removed, len(rest.List), e.err)
	}
	p.verified()
	audit := string(p.read(filepath.Join(p.dir, "audit.jsonl")))
	for _, r := range plan.List {
		if n := strings.Count(audit, `"act":"purge `+r.Kind+`","subject":"`+r.Name+`"`); n != 1 {
			t.Errorf("%s %s stands in the audit %d times", r.Kind, r.Name, n)
		}
		if r.Kind == "extract" {
			if _, err := os.Stat(filepath.Join(p.dir, "extracts", r.Name)); err == nil {
				t.Errorf("%s is there still", r.Name)
			}
		}
	}
}
