package pipeline

import (
	"fmt"
	"path/filepath"
	"strings"

	"revcycle/workspace"
)

// writeMetrics writes metrics/revcycle.prom for Prometheus' text file collector: counts and dollars of
// the last batch, labels from fixed lists only.
func (env *Env) writeMetrics(sum Summary) error {
	var b strings.Builder
	gauge := func(name, help string, value any) {
		fmt.Fprintf(&b, "# HELP revcycle_%s %s\n# TYPE revcycle_%s gauge\nrevcycle_%s %v\n", name, help, name, name, value)
	}
	gauge("last_batch_end_timestamp_seconds", "when the last batch ended", env.Clock().Unix())
	gauge("last_batch_exit_code", "exit code of the last batch", sum.Exit)
	fmt.Fprintf(&b, "# HELP revcycle_documents documents of the last batch\n# TYPE revcycle_documents gauge\n")
	for _, c := range []struct {
		kind string
		n    int
	}{{"files", sum.Counts.Files}, {"claims", sum.Counts.Claims}, {"remits", sum.Counts.Remits}, {"payments", sum.Counts.Payments},
		{"encounters", sum.Counts.Encounters}, {"rejects", sum.Counts.Rejects}, {"denials", sum.Counts.Denials}, {"orphan_remits", sum.Counts.OrphanRemits},
		{"held_remits", sum.Counts.HeldRemits}, {"quarantined", sum.Counts.Quarantined}, {"gaps", sum.Counts.Gaps}} {
		fmt.Fprintf(&b, "revcycle_documents{kind=%q} %d\n", c.kind, c.n)
	}
	fmt.Fprintf(&b, "# HELP revcycle_dollars dollars of the last batch\n# TYPE revcycle_dollars gauge\n")
	for _, d := range []struct {
		kind  string
		value fmt.Stringer
	}{{"charged", sum.Totals.Charged}, {"expected", sum.Totals.Expected}, {"paid", sum.Totals.Paid}, {"contractual", sum.Totals.Contractual},
		{"denied", sum.Totals.Denied}, {"unapplied", sum.Totals.Unapplied}, {"gaps", sum.Totals.Gaps}} {
		fmt.Fprintf(&b, "revcycle_dollars{kind=%q} %s\n", d.kind, d.value)
	}
	fmt.Fprintf(&b, "# HELP revcycle_stage_seconds seconds of each stage of the last batch\n# TYPE revcycle_stage_seconds gauge\n")
	for _, s := range sum.Stages {
		text, err := s.Seconds.MarshalJSON()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "revcycle_stage_seconds{stage=%q} %s\n", s.Name, text)
	}
	if err := workspace.WriteFile(filepath.Join(env.Workspace.MetricsDir(), "revcycle.prom"), []byte(b.String())); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}
