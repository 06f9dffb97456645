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
	"regexp"
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
	// nightQueue holds whole runs at their time. Units are in the queue of their Stamp.
	nightQueue = "night"
	// connections of a queue: River listens, elects, fetches and completes; we sweep and watch.
	connections = 6
)

// migrateLock keeps two programs from making the tables at once.
const migrateLock = 0x7265766571756575

// Options say how patient a queue is. The zero value is for production.
type Options struct {
	Attempts int           // tries before a job is dead; 0 is 8
	Losses   int           // tries that may fail or lose their worker before a job that loses another one is dead; 0 is 20
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
	if o.Losses == 0 {
		o.Losses = 20
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

// Open connects to the queue in the database of a PostgreSQL URL, which is held to what the ledger asks of one. It has
// connections of its own: a ledger that is busy holds up no queue. The error wraps ErrTables where Migrate is wanted.
func Open(ctx context.Context, url string, as Role, clock func() time.Time, log *slog.Logger, o Options) (*Queue, error) {
	q := &Queue{Options: o.filled(), name: ourName(as, clock()), clock: clock, log: log}
	if err := q.open(ctx, url); err != nil {
		q.Close()
		return nil, fmt.Errorf("queue: %w", err)
	}
	return q, nil
}

func (q *Queue) open(ctx context.Context, url string) error {
	c, err := config(url)
	if err != nil {
		return err
	}
	c.MaxConns = connections
	set := c.ConnConfig.RuntimeParams
	set["application_name"] = q.name
	// A machine that died says no goodbye: the server asks after ten seconds of silence, and gives up after 25.
	set["tcp_keepalives_idle"], set["tcp_keepalives_interval"], set["tcp_keepalives_count"] = "10", "5", "3"
	if q.pool, err = pgxpool.NewWithConfig(ctx, c); err != nil {
		return err
	}
	if err := q.check(ctx); err != nil {
		return err
	}
	q.client, err = queue.NewClient(riverpgxv5.New(q.pool), &queue.Config{Schema: schema, Logger: quiet(q.log)})
	return err
}

// config reads a URL that the ledger takes too.
func config(url string) (*pgxpool.Config, error) {
	if err := postgres.CheckURL(url, true); err != nil {
		return nil, err
	}
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the database's URL cannot be read") // the library's error may show a password
	}
	return c, nil
}

// Close ends the connections. What is in the queue stays there.
func (q *Queue) Close() {
	if q.pool != nil {
		q.pool.Close()
	}
}

// ErrTables is wrapped where a database holds no queue, or one that another version of the program made.
var ErrTables = errors.New("not a queue of this version")

// check refuses a database that Migrate did not bring to this program's version of the queue.
func (q *Queue) check(ctx context.Context) error {
	m, err := migrator(q.pool, q.log)
	if err != nil {
		return err
	}
	v, err := m.Validate(ctx, nil)
	if err != nil {
		return err
	}
	if !v.OK {
		return fmt.Errorf("the database's tables in schema %s are missing or old: let its owner run `revcycle migrate`: %w", schema, ErrTables)
	}
	return nil
}

func migrator(pool *pgxpool.Pool, log *slog.Logger) (*rivermigrate.Migrator[pgx.Tx], error) {
	return rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: schema, Logger: quiet(log)})
}

// Migrate makes the queue's tables in the ledger's database, or brings them to this program's version, and lets the
// role of runs and workers use them. It may run again, and several at once: they take turns. The URL's user must be the
// database's owner. Run it after the ledger's own, which makes the roles.
func Migrate(ctx context.Context, url string) error {
	c, err := config(url)
	if err != nil {
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return fmt.Errorf("queue: migrate: %w", err)
	}
	defer pool.Close()
	if err := migrate(ctx, pool); err != nil {
		return fmt.Errorf("queue: migrate: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	c, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Conn().Close(context.WithoutCancel(ctx)) // ends the lock too
	defer c.Release()
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock($1)", migrateLock); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+schema); err != nil {
		return err
	}
	m, err := migrator(pool, nil)
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	var there bool
	if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role).Scan(&there); err != nil || !there {
		return err
	}
	_, err = c.Exec(ctx, grants)
	return err
}

// role is the ledger's role of runs and workers.
const role = "revcycle_engine"

// grants lets the role move jobs, but not change tables.
const grants = "GRANT USAGE ON SCHEMA " + schema + " TO " + role +
	"; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema + " TO " + role +
	"; GRANT USAGE ON ALL SEQUENCES IN SCHEMA " + schema + " TO " + role

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

// Handle passes on what happened, without the names in why it did. That the server cannot be reached, which River says
// several times a second, a worker says by itself, and a run ends with it.
func (w warnings) Handle(ctx context.Context, r slog.Record) error {
	told, away := slog.NewRecord(r.Time, r.Level, r.Message, r.PC), false
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "err" || a.Key == "error" {
			a = slog.String("error", plain(a.Value.String()))
			away = a.Value.String() == unreached
		}
		told.AddAttrs(a)
		return true
	})
	if away {
		return nil
	}
	return w.Handler.Handle(ctx, told)
}

// sqlState is how the driver shows the code of an error of PostgreSQL's.
var sqlState = regexp.MustCompile(`SQLSTATE \w{5}`)

// unreached is what plain says of a connection that could not be made.
const unreached = "the server cannot be reached, or refuses the connection"

// plain says what an error was. Of PostgreSQL's only the code stays, and of one in connecting nothing: their words name
// user, database and rows.
func plain(text string) string {
	if code := sqlState.FindString(text); code != "" {
		return code
	}
	if strings.Contains(text, "failed to connect to") {
		return unreached
	}
	return text
}

// WithAttrs keeps the threshold.
func (w warnings) WithAttrs(as []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(as)} }

// WithGroup keeps the threshold.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
