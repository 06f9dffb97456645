package river

import (
	"context"
	"fmt"
)

// lost begins the fault of a try whose worker is gone.
const lost = "the worker is gone: "

// sweepSQL takes jobs away from workers that are gone. A worker is gone when no session of the database bears its
// name: the server notices within moments when a process dies, and within half a minute when a machine does (the
// keepalives of open). River itself would wait for the job's longest time. A worker that lives and only lost its
// sessions may end its job all the same: the rows of the units let one of the two through. The try does not count as
// failed, but a job that loses one worker after the other may be what kills them: it ends as dead.
var sweepSQL = fmt.Sprintf(`
UPDATE %[1]s.river_job SET
  state = (CASE WHEN coalesce(array_length(errors, 1), 0) >= $1 THEN 'discarded' ELSE 'available' END)::%[1]s.river_job_state,
  finalized_at = CASE WHEN coalesce(array_length(errors, 1), 0) >= $1 THEN now() END,
  scheduled_at = now(),
  attempt = greatest(attempt - 1, 0),
  errors = array_append(errors, jsonb_build_object('at', now(), 'attempt', attempt, 'trace', '',
    'error', '%[2]s' || coalesce(attempted_by[array_upper(attempted_by, 1)], 'unknown')))
WHERE state = 'running' AND NOT EXISTS (
  SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = attempted_by[array_upper(attempted_by, 1)])
RETURNING attempted_by[array_upper(attempted_by, 1)]`, schema, lost)

// sweep makes the jobs of workers that are gone available to others, and gives how many there were.
func (q *Queue) sweep(ctx context.Context) (int, error) {
	rows, err := q.pool.Query(ctx, sweepSQL, q.Losses)
	if err != nil {
		return 0, fmt.Errorf("queue: look for workers that are gone: %w", err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return n, fmt.Errorf("queue: look for workers that are gone: %w", err)
		}
		n++
		q.log.Warn("a worker is gone; its job is given to another", "worker", name)
	}
	return n, rows.Err()
}
