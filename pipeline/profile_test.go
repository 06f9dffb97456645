package pipeline_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"revcycle/ledger/mem"
	"revcycle/pipeline"
)

// A clinic's own layout, laid into the workspace, is read by the next run.
func TestACSVProfileOfTheWorkspaceIsRead(t *testing.T) {
	n := newNight(t, sample, mem.New())
	profile := strings.Join([]string{"profile: clinic", "dates: us", "delimiter: ;", "tables:", "  visits:", "    file: clinic-visits.csv", "    noun: encounter",
		"    needs: [appt no, seen on, state]", "    columns:", "      number: appt no", "      from: seen on", "      to: seen on", "      status: state",
		"      cost: fees", "    constants: {class: ambulatory, facility: NORTH}", ""}, "\n")
	dir := filepath.Join(n.dir, "rulebook", "profiles")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "clinic.yaml"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	n.put("clinic-visits.csv", []byte("Appt No;Seen On;State;Fees\n77;03/02/2025;DONE;120.00\n"))
	sum := n.run(april)
	if sum.Counts.Encounters != 1 || sum.Totals.Gaps != 12000 {
		t.Errorf("got %d visits, gaps of %s; want 1 and 120.00", sum.Counts.Encounters, sum.Totals.Gaps)
	}
}

// What could not be published must be told before anything is taken in.
func TestAProfileThatCannotBePublishedTakesNothingIn(t *testing.T) {
	for _, profile := range []string{"safe-harbor", "limited"} {
		n := newNight(t, sample, mem.New())
		n.setting("profile", profile)
		n.drop(golden + "/in/submitted.837p")
		_, err := n.env(april).Run(context.Background())
		if !errors.Is(err, pipeline.ErrUsage) {
			t.Errorf("%s: got %v", profile, err)
		}
		if left, _ := os.ReadDir(filepath.Join(n.dir, "inbox")); len(left) != 1 {
			t.Errorf("%s: the inbox was touched", profile)
		}
	}
}

// A whole export holds files that are no part of the revenue cycle: known, named, and no trouble.
func TestFilesOfAnExportThatAreOfNoUseAreNoTrouble(t *testing.T) {
	n := newNight(t, sample, mem.New())
	n.put("observations.csv", []byte("DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n2025-01-01T00:00:00Z,p,e,c,1,d,2,u,numeric\n"))
	sum := n.run(april)
	if sum.Exit != pipeline.ExitDone || len(sum.Files) != 1 || sum.Files[0].State != "ingested" || !strings.Contains(sum.Files[0].Reason, "left unread") {
		t.Errorf("got exit %d, %+v", sum.Exit, sum.Files)
	}
}
