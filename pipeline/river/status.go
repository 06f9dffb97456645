package river

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Status is who works, on what, and what waits.
type Status struct {
	Workers []WorkerStatus `json:"workers"`
	Waiting int            `json:"waiting"` // jobs that nobody has yet
	// Failing are jobs that failed and will be tried again, or are dead.
	Failing []FailingJob `json:"failing"`
}

// WorkerStatus is a worker that is alive.
type WorkerStatus struct {
	Host  string      `json:"host"`
	PID   int         `json:"pid"`
	Since time.Time   `json:"since"`
	Jobs  []JobStatus `json:"jobs"`
}

// JobStatus is a job under way.
type JobStatus struct {
	Batch int64     `json:"batch"` // number of the batch, 0 for a whole run
	Step  string    `json:"step"`
	Units int       `json:"units"`
	First string    `json:"first"` // of the units
	Since time.Time `json:"since"`
	Try   int       `json:"try"`
}

// FailingJob is a job that failed.
type FailingJob struct {
	Batch int64     `json:"batch"`
	Step  string    `json:"step"`
	First string    `json:"first"`
	Tries int       `json:"tries"`
	Error string    `json:"error"` // of the last try
	Next  time.Time `json:"next"`  // when it is tried again
	Dead  bool      `json:"dead"`  // it is not; the run says so and ends
}

// lastError is the sentence of a job's last failed try.
const lastError = `coalesce(errors[array_upper(errors, 1)]->>'error', '')`

// Status tells who works on what. Dead jobs are those of the newest batch that has any.
func (q *Queue) Status(ctx context.Context) (Status, error) {
	s := Status{Workers: []WorkerStatus{}, Failing: []FailingJob{}}
	err := q.status(ctx, &s)
	if err != nil {
		err = fmt.Errorf("queue: status: %w", err)
	}
	return s, err
}

func (q *Queue) status(ctx context.Context, s *Status) error {
	names, err := q.alive(ctx)
	if err != nil {
		return err
	}
	at := map[string]int{}
	for _, name := range names {
		if host, pid, since, ok := cutName(name); ok {
			at[name] = len(s.Workers)
			s.Workers = append(s.Workers, WorkerStatus{Host: host, PID: pid, Since: since, Jobs: []JobStatus{}})
		}
	}
	rows, err := q.pool.Query(ctx, `SELECT state::text, coalesce(attempted_by[array_upper(attempted_by, 1)], ''), coalesce(attempted_at, now()), attempt,
	  scheduled_at, args, `+lastError+` FROM `+schema+`.river_job
	WHERE state IN ('available', 'pending', 'running', 'retryable', 'scheduled') AND kind = 'revcycle_units' OR state = 'running'
	  OR state = 'discarded' AND (args->>'batch')::bigint = (SELECT max((args->>'batch')::bigint) FROM `+schema+`.river_job)
	ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var state, by, fault string
		var since, next time.Time
		var try int
		var args []byte
		if err := rows.Scan(&state, &by, &since, &try, &next, &args, &fault); err != nil {
			return err
		}
		var j unitsJob
		if err := json.Unmarshal(args, &j); err != nil {
			return err
		}
		switch i, known := at[by]; {
		case state == "running" && known:
			s.Workers[i].Jobs = append(s.Workers[i].Jobs, JobStatus{j.Batch, stepOf(j), len(j.keys()), j.First, since.UTC(), try})
		case fault != "":
			s.Failing = append(s.Failing, FailingJob{j.Batch, stepOf(j), j.First, try, firstLine(fault), next.UTC(), state == "discarded"})
		default:
			s.Waiting++
		}
	}
	return rows.Err()
}

// stepOf names a job's step; a whole run has none.
func stepOf(j unitsJob) string {
	if j.Step == "" {
		return "run"
	}
	return j.Step
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// alive gives the names of the workers that have a session, one each.
func (q *Queue) alive(ctx context.Context) ([]string, error) {
	rows, err := q.pool.Query(ctx, `SELECT DISTINCT application_name COLLATE "C" FROM pg_stat_activity
	WHERE datname = current_database() AND application_name LIKE $1 ORDER BY 1`, workerPrefix+"%/%/%")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}
