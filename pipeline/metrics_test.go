package pipeline_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"revcycle/ledger/mem"
	"revcycle/pipeline"
	"revcycle/workspace"
)

// The lines of the text format, as Prometheus' page "Exposition formats" (text-based format, 0.0.4) has them.
var (
	helpLine   = regexp.MustCompile(`^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\\n]|\\\\|\\n)+)$`)
	typeLine   = regexp.MustCompile(`^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$`)
	sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*")*,?)?\})? ([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|NaN|[+-]Inf)(?: (-?[0-9]+))?$`)
)

// exposed reads a file strictly by the grammar: every family has HELP and TYPE, once and before its samples, which
// stand together; no sample comes twice; a counter's name ends in _total. It gives the values by name and labels.
func exposed(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(text), "\n") {
		t.Errorf("%s: the last line has no end", path)
	}
	values, helped, typed := map[string]string{}, map[string]bool{}, map[string]string{}
	family := ""
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if m := helpLine.FindStringSubmatch(line); m != nil {
			if helped[m[1]] {
				t.Errorf("line %d: a second HELP of %s", i+1, m[1])
			}
			helped[m[1]], family = true, m[1]
			continue
		}
		if m := typeLine.FindStringSubmatch(line); m != nil {
			if typed[m[1]] != "" || m[1] != family {
				t.Errorf("line %d: the TYPE of %s does not follow its HELP", i+1, m[1])
			}
			typed[m[1]] = m[2]
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("line %d is no line of the format: %q", i+1, line)
			continue
		}
		if _, twice := values[m[1]+m[2]]; twice || m[1] != family || typed[family] == "" {
			t.Errorf("line %d: %s comes twice, or outside its family, or without a TYPE", i+1, m[1]+m[2])
		}
		if (typed[family] == "counter") != strings.HasSuffix(family, "_total") {
			t.Errorf("line %d: %s is a %s", i+1, family, typed[family])
		}
		if !strings.HasPrefix(family, "revcycle_") {
			t.Errorf("line %d: %s is not ours by its name", i+1, family)
		}
		values[m[1]+m[2]] = m[3]
	}
	return values
}

func wantValues(t *testing.T, got map[string]string, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: got %q, want %q", name, got[name], value)
		}
	}
}

// A night watch looks at how long ago the last success was: a run that fails must not move it, and one that had
// nothing to do must.
func TestOnlyASuccessMovesTheTimeOfTheLastSuccess(t *testing.T) {
	dir := t.TempDir()
	if err := workspace.Init(dir, workspace.Options{}); err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "inbox", "waits.835"), []byte("ISA"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "metrics", "revcycle_run.prom")
	at := time.Date(2026, 11, 22, 3, 30, 0, 0, time.UTC)
	ended := func(exit, notTold int) map[string]string {
		at = at.Add(24 * time.Hour)
		if err := pipeline.WriteRunMetrics(w, pipeline.Outcome{Exit: exit, Started: at.Add(-90500 * time.Millisecond), Ended: at, NotTold: notTold, Waiting: exit}); err != nil {
			t.Fatal(err)
		}
		return exposed(t, file)
	}
	const success = "revcycle_last_success_timestamp_seconds"
	if v := ended(1, 0); v[success] != "" {
		t.Errorf("no run has succeeded, and yet one did at %s", v[success])
	}
	wantValues(t, ended(3, 1), map[string]string{success: "1795491000", "revcycle_run_exit_code": "3", "revcycle_run_duration_seconds": "90.500",
		"revcycle_notify_failures_total": "1", `revcycle_inbox_files{state="complete"}`: "1", "revcycle_quarantine_units": "3"})
	for _, exit := range []int{1, 2, 4, 7, 130} {
		v := ended(exit, 0)
		if v[success] != "1795491000" || v["revcycle_run_end_timestamp_seconds"] == "1795491000" {
			t.Errorf("exit %d moved the last success: %v", exit, v)
		}
	}
	wantValues(t, ended(6, 2), map[string]string{success: "1796009400", "revcycle_notify_failures_total": "3"})
	wantValues(t, ended(0, 0), map[string]string{success: "1796095800"})
	// What stands in the file's place and is none of ours is replaced.
	if err := os.WriteFile(file, []byte(success+" soon\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v := ended(1, 0); v[success] != "" {
		t.Errorf("got %q of a file that is not ours", v[success])
	}
}

// The batch's figures stand in the file as the summary has them, and nothing of a person does.
func TestABatchsMetricsAreValidAndItsSummarys(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.drop(golden+"/in/submitted.837p", golden+"/in/g01_paid.835")
	sum := n.run(april)
	file := filepath.Join(n.dir, "metrics", "revcycle.prom")
	got := exposed(t, file)
	wantValues(t, got, map[string]string{
		`revcycle_batch_info{batch="` + sum.Batch + `",as_of="` + april.String() + `"}`: "1",
		`revcycle_documents{kind="files"}`:                                              "2",
		`revcycle_documents{kind="claims"}`:                                             strconv.Itoa(sum.Counts.Claims),
		`revcycle_dollars{kind="charged"}`:                                              sum.Totals.Charged.String(),
		`revcycle_dollars{kind="paid"}`:                                                 sum.Totals.Paid.String(),
		"revcycle_last_batch_exit_code":                                                 "0",
	})
	for _, s := range pipeline.Stages {
		if got[`revcycle_stage_seconds{stage="`+s.Name+`"}`] == "" {
			t.Errorf("no seconds of %s", s.Name)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"submitted", "835", "GOLDEN"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the metrics show %q", secret)
		}
	}
}
