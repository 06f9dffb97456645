// Package river shares the units of a night out to workers, on as many machines as wanted.
//
// It stands on River (github.com/riverqueue/river), a queue in tables of the ledger's own PostgreSQL database. The
// coordinator (`revcycle run --distributed`) is an ordinary run whose Runner cuts the units of a step into jobs, puts
// them into the queue and waits until the ledger has the row of each. A worker (`revcycle worker`) takes jobs and does
// their units with pipeline.Share: the facts, the units' rows and the job's completion are one transaction.
//
// Nothing here decides what is in the ledger. A job may run twice, be lost or be handed to two workers at once: the
// row of a unit lets one of them through and undoes the others. So the queue may be quick to take a job away from a
// worker that is gone (sweep), and the tables of the queue may be emptied while nothing runs.
//
// To share out a new step, give it a row in pipeline.Steps: nothing changes here.
package river

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	queue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"revcycle/ledger/postgres"
)

const (
	// schema holds the queue's tables, beside the ledger's.
	schema = "river"
	// unitsQueue and nightQueue are the queues: units of steps, and whole runs at their time.
	unitsQueue = "units"
	nightQueue = "night"
	// connections of a queue: River listens, elects, fetches and completes; we sweep and watch.
	connections = 6
)

// migrateLock keeps two programs from making the tables at once.
const migrateLock = 0x7265766571756575

// Options say how patient a queue is. The zero value is for production.
type Options struct {
	Attempts int           // tries before a job is dead; 0 is 8
	Backoff  time.Duration // before the second try, doubled before each further one up to a minute; 0 is a second
	Timeout  time.Duration // of one try; 0 is 5 minutes
	Grace    time.Duration // that a worker which is told to stop leaves its jobs to end; 0 is 20 seconds
}

func (o Options) filled() Options {
	fill := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	if o.Attempts == 0 {
		o.Attempts = 8
	}
	fill(&o.Backoff, time.Second)
	fill(&o.Timeout, 5*time.Minute)
	fill(&o.Grace, 20*time.Second)
	return o
}

// Queue is an open queue. Its methods may be called from several goroutines at once.
type Queue struct {
	Options
	pool   *pgxpool.Pool
	client *queue.Client[pgx.Tx] // puts jobs in; takes none
	name   string                // of this process: its sessions and its tries carry it
	clock  func() time.Time
	log    *slog.Logger
}

// Open connects to the queue in the database of a PostgreSQL URL, which is held to what the ledger asks of one, and
// makes or renews its tables where need be. It has connections of its own: a ledger that is busy holds up no queue.
func Open(ctx context.Context, url string, as Role, clock func() time.Time, log *slog.Logger, o Options) (*Queue, error) {
	q := &Queue{Options: o.filled(), name: ourName(as, clock()), clock: clock, log: log}
	if err := q.open(ctx, url); err != nil {
		q.Close()
		return nil, fmt.Errorf("queue: %w", err)
	}
	return q, nil
}

func (q *Queue) open(ctx context.Context, url string) error {
	if err := postgres.CheckURL(url, true); err != nil {
		return err
	}
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return errors.New("the database's URL cannot be read") // the library's error may show a password
	}
	c.MaxConns = connections
	set := c.ConnConfig.RuntimeParams
	set["application_name"] = q.name
	// A machine that died says no goodbye: the server asks after ten seconds of silence, and gives up after 25.
	set["tcp_keepalives_idle"], set["tcp_keepalives_interval"], set["tcp_keepalives_count"] = "10", "5", "3"
	if q.pool, err = pgxpool.NewWithConfig(ctx, c); err != nil {
		return err
	}
	if err := q.migrate(ctx); err != nil {
		return err
	}
	q.client, err = queue.NewClient(riverpgxv5.New(q.pool), &queue.Config{Schema: schema, Logger: quiet(q.log)})
	return err
}

// Close ends the connections. What is in the queue stays there.
func (q *Queue) Close() {
	if q.pool != nil {
		q.pool.Close()
	}
}

// migrate makes the schema and River's tables, unless they are as this version of River wants them.
func (q *Queue) migrate(ctx context.Context) error {
	m, err := rivermigrate.New(riverpgxv5.New(q.pool), &rivermigrate.Config{Schema: schema, Logger: quiet(q.log)})
	if err != nil {
		return err
	}
	if v, err := m.Validate(ctx, nil); err != nil {
		return fmt.Errorf("look at the tables: %w", err)
	} else if v.OK {
		return nil
	}
	c, err := q.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock($1)", migrateLock); err != nil {
		return fmt.Errorf("wait for who makes the tables: %w", err)
	}
	_, err = c.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+schema)
	if err == nil {
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		err = fmt.Errorf("make the tables in schema %s: %w; let the database's owner run revcycle worker --status once, which makes them", schema, err)
	}
	_, unlocked := c.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrateLock)
	return errors.Join(err, unlocked)
}

// A worker's name is that of its sessions in the database, so that everyone can see which workers are alive. Names in
// PostgreSQL have at most 63 bytes.
const (
	workerPrefix = "revcycle worker "
	longestHost  = 28
)

// Role is what a process wants of the queue.
type Role string

// The roles. Who only looks is a coordinator that puts nothing in.
const (
	Coordinator Role = "revcycle run "
	Worker      Role = workerPrefix
)

// ourName is the name of this process: its role, its host, its process ID and its start.
func ourName(r Role, start time.Time) string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	host = strings.SplitN(host, ".", 2)[0]
	return fmt.Sprintf("%s%s/%d/%s", r, host[:min(len(host), longestHost)], os.Getpid(), strconv.FormatInt(start.UnixMilli(), 36))
}

// cutName splits the name of a worker; ok is false where it is none.
func cutName(name string) (host string, pid int, start time.Time, ok bool) {
	rest, ok := strings.CutPrefix(name, workerPrefix)
	parts := strings.Split(rest, "/")
	if len(parts) != 3 || !ok {
		return "", 0, start, false
	}
	pid, err := strconv.Atoi(parts[1])
	ms, err2 := strconv.ParseInt(parts[2], 36, 64)
	return parts[0], pid, time.UnixMilli(ms).UTC(), err == nil && err2 == nil
}

// quiet is a log of River's warnings and errors; what it tells of each job we tell in our own words.
func quiet(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return slog.New(warnings{log.Handler()})
}

type warnings struct{ slog.Handler }

// Enabled lets warnings and errors pass.
func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

// WithAttrs keeps the threshold.
func (w warnings) WithAttrs(as []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(as)} }

// WithGroup keeps the threshold.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
