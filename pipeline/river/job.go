package river

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	queue "github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"revcycle/party"
	"revcycle/pipeline"
	"revcycle/workspace"
)

// unitsJob is some units of one step of a batch, as the queue keeps them.
type unitsJob struct {
	Batch int64  `json:"batch" river:"unique"`
	Step  string `json:"step" river:"unique"`
	First string `json:"first" river:"unique"` // the first unit
	// Groups are the units. Those of a group are done in their order and by one worker.
	Groups [][]string `json:"groups"`
	Stamp  Stamp      `json:"stamp"`
}

// Kind implements queue.JobArgs. It never changes.
func (unitsJob) Kind() string { return "revcycle_units" }

// keys are all units, in order.
func (j unitsJob) keys() []string {
	var out []string
	for _, g := range j.Groups {
		out = append(out, g...)
	}
	return out
}

// name tells people which units it is.
func (j unitsJob) name() string {
	all := j.keys()
	if len(all) == 1 {
		return j.Step + " " + j.First
	}
	return fmt.Sprintf("%s %s and %d more", j.Step, j.First, len(all)-1)
}

// pending are the states of a job that is still to be done or under way.
var pending = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
	rivertype.JobStateRetryable, rivertype.JobStateScheduled}

// insertion says how a job is put into the queue: once while one like it is pending.
func (q *Queue) insertion(j unitsJob) queue.InsertManyParams {
	return queue.InsertManyParams{Args: j, InsertOpts: &queue.InsertOpts{Queue: j.Stamp.queue(), MaxAttempts: q.Attempts,
		UniqueOpts: queue.UniqueOpts{ByArgs: true, ByState: pending}}}
}

// What a job holds: about a second's work, but enough jobs for every core of a few machines, and none so small that
// the queue is what takes the time.
const (
	mostRows  = 30_000
	leastRows = 2_000
	manyJobs  = 32
)

// cut shares units out to jobs, in their order. Units with the same With come into one job.
func cut(step pipeline.Step, batch int64, stamp Stamp, todo []pipeline.Todo) []unitsJob {
	type group struct {
		keys []string
		rows int
	}
	var groups []*group
	with := map[string]*group{}
	all := 0
	for _, t := range todo {
		g := with[t.With]
		if t.With == "" || g == nil {
			g = new(group)
			groups = append(groups, g)
		}
		if t.With != "" {
			with[t.With] = g
		}
		rows := cmp.Or(t.Rows, step.Rows)
		g.keys, g.rows, all = append(g.keys, t.Key), g.rows+rows, all+rows
	}
	enough := min(max(all/manyJobs, leastRows), mostRows)
	var jobs []unitsJob
	full := enough
	for _, g := range groups {
		if full >= enough {
			jobs = append(jobs, unitsJob{Batch: batch, Step: step.Name, First: g.keys[0], Stamp: stamp})
			full = 0
		}
		last := &jobs[len(jobs)-1]
		last.Groups, full = append(last.Groups, g.keys), full+g.rows
	}
	return jobs
}

// Stamp names all that the rows of a unit depend on beside the ledger and the archive. Whoever has another one would
// make other rows: each stamp has a queue of its own.
type Stamp struct {
	Program  string `json:"program"`
	Edition  string `json:"edition"`  // of the rule book
	Masters  string `json:"masters"`  // digest of masters/*.csv
	Settings string `json:"settings"` // those of revcycle.yaml that change results
}

// StampOf gives the stamp of what an Env works with. Its masters are read from the disk.
func StampOf(env *pipeline.Env) (Stamp, error) {
	masters, err := mastersDigest(env.Workspace)
	return Stamp{Program: program(env.Version), Edition: env.Book.Edition().String(), Masters: masters, Settings: settings(&env.Workspace.Config)}, err
}

// queue is where the units of runs with this stamp are.
func (s Stamp) queue() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{s.Program, s.Edition, s.Masters, s.Settings}))
	return "units_" + hex.EncodeToString(sum[:8])
}

// against says what stands otherwise with them than here, "" where nothing does.
func (s Stamp) against(theirs Stamp) string {
	switch {
	case s.Program != theirs.Program:
		return fmt.Sprintf("the run is by program %s, this worker is %s; install the same version on every machine", theirs.Program, s.Program)
	case s.Edition != theirs.Edition:
		return fmt.Sprintf("the run has edition %.12s of the rule book, this worker's rulebook/ is edition %.12s; give every machine the same files", theirs.Edition, s.Edition)
	case s.Masters != theirs.Masters:
		return fmt.Sprintf("the run has other masters (%.12s) than this worker (%.12s); give every machine the same masters/", theirs.Masters, s.Masters)
	case s.Settings != theirs.Settings:
		return fmt.Sprintf("revcycle.yaml of the run says %s, this worker's %s; make them equal", theirs.Settings, s.Settings)
	}
	return ""
}

// settings are those that the rows of units depend on.
func settings(c *workspace.Config) string {
	return fmt.Sprintf("tolerance %s, bill_hold_days %d, timezone %s", c.Tolerance, c.BillHoldDays, cmp.Or(c.Timezone, time.UTC))
}

// program is the version, and the commit where the build knows it.
func program(version string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			version += " " + s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			version += " changed"
		}
	}
	return version
}

func mastersDigest(w *workspace.Workspace) (string, error) {
	h := sha256.New()
	for _, m := range party.Masters() {
		text, err := os.ReadFile(filepath.Join(w.Path("masters"), m.File))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("masters: %w", err)
		}
		fmt.Fprintf(h, "%s %d\n%s", m.File, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
