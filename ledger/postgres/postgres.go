// Package postgres keeps the ledger in a PostgreSQL database, written and read by many connections and machines at once.
//
// The tables are made from ledger.Tables in the schema revcycle: whole numbers and cents are bigint, dates date, truths
// boolean, texts text in the order of their bytes, IDs uuid, digests and documents bytea. Each table has a view, v_claim
// for claim, with IDs in hexadecimal and amounts in dollars. Migrate makes and updates all of it; Open refuses what is
// not up to date.
//
// Tables that grow with every claim are partitioned by posting month, the month of the batch's business date, so that
// a month can be detached in one step (Detach). A row of a fact lies in the month in which its document was first seen
// (table home); a row of an opinion in the month of the batch in its key. So a key is unique over all months although
// each partition knows only its own, and rows of documents that are new need no look at what is there: they are
// copied straight into place.
//
// Units run side by side, each in a transaction of its own that holds an advisory lock named after the unit: of two
// that do the same one, the second waits and finds it done. Whoever runs the night holds the run lock (LockRun), and
// each of its units proves in its own transaction that it still does.
package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"revcycle/civil"
	"revcycle/ledger"
)

// connections is how many a store opens at most unless told otherwise: eight workers whose ranges nest three deep,
// each in a unit, and the run lock.
const connections = 40

// Options says how a store uses its database. The zero value will do.
type Options struct {
	// Application is shown in pg_stat_activity and to whom finds the run lock taken: "revcycle run host 4711".
	Application string
	// Connections bounds the pool; 0 means 40. A range that is open holds one, a unit one.
	Connections int
	// ReadOnly lets the server refuse every change.
	ReadOnly bool
}

// Store is a ledger.Store in a PostgreSQL database. Its methods may be called at once from several goroutines.
type Store struct {
	pool     *pgxpool.Pool
	patience time.Duration // for the server to come back when a COMMIT was lost
	fence    atomic.Pointer[RunLock]

	mu     sync.Mutex // guards what follows
	closed bool
	months map[int64]civil.Date // of batches that are committed
}

// PoolConfig is for whoever needs connections of its own to the database, as a queue does: the URL is held to the same
// rules, and a client that is gone is noticed as soon.
func PoolConfig(url string, o Options) (*pgxpool.Config, error) {
	cfg, err := parse(url)
	if err != nil {
		return nil, err
	}
	o.configure(cfg)
	delete(cfg.ConnConfig.RuntimeParams, planCache)
	delete(cfg.ConnConfig.RuntimeParams, seqScan)
	return cfg, nil
}

// Open connects to a ledger that Migrate made. The error wraps ErrAddress where the URL is refused (see CheckURL),
// ErrSchema where the database holds no ledger or one of another version, and ledger.ErrStore where it does not answer, with
// ErrRefused where it answers that this user, or this database, will not do.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	cfg, err := parse(url)
	if err != nil {
		return nil, err
	}
	o.configure(cfg)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, faultIn(ctx, "open", err)
	}
	if err := checkSchema(ctx, pool); err != nil {
		pool.Close()
		return nil, faultIn(ctx, "open", withPassfile(url, &cfg.ConnConfig.Config, err))
	}
	return &Store{pool: pool, patience: time.Minute, months: map[int64]civil.Date{}}, nil
}

const (
	planCache = "plan_cache_mode"
	seqScan   = "enable_seqscan"
)

// configure sets what each connection asks of the server. A client that is gone without a word is noticed within a
// minute, so that its locks do not outlive it.
func (o Options) configure(cfg *pgxpool.Config) {
	cfg.MaxConns = connections
	if o.Connections > 0 {
		cfg.MaxConns = int32(o.Connections)
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	p := cfg.ConnConfig.RuntimeParams
	if o.Application != "" {
		p["application_name"] = o.Application
	}
	p["timezone"] = "UTC"
	p["work_mem"] = "32MB" // staged rows are sorted in memory
	p["jit"] = "off"       // it costs more than these questions take
	// With 24 months a plan takes 5 to 15 ms to make, and the one for all values is the better one too: it looks into
	// the indexes, where the planner, told of 200 values, reads the months from end to end.
	p[planCache] = "force_generic_plan"
	// It is made when the month is new and its partitions empty, and must be the one for millions of rows: see question.
	p[seqScan] = "off"
	p["tcp_keepalives_idle"] = "20"
	p["tcp_keepalives_interval"] = "10"
	p["tcp_keepalives_count"] = "3"
	p["tcp_user_timeout"] = "50000"
	p["client_connection_check_interval"] = "10000"
	p["idle_in_transaction_session_timeout"] = "1800000"
	// Whatever the database's defaults are: a range lasts as long as its caller, the run lock as long as the run.
	p["statement_timeout"], p["lock_timeout"], p["idle_session_timeout"] = "0", "0", "0"
	if o.ReadOnly {
		p["default_transaction_read_only"] = "on"
	}
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 20 * time.Second, Interval: 10 * time.Second, Count: 3}}
	cfg.ConnConfig.DialFunc = dialer.DialContext
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		// A commit is durable when Do returns, whatever the database's default.
		_, err := c.Exec(ctx, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
		return err
	}
}

// checkSchema refuses a database that Migrate did not bring to this program's version.
func checkSchema(ctx context.Context, pool *pgxpool.Pool) error {
	var there bool
	if err := pool.QueryRow(ctx, "SELECT to_regclass('"+versionTable+"') IS NOT NULL").Scan(&there); err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("ledger: the database holds no ledger yet: run `revcycle migrate` with its owner's URL: %w", ErrSchema)
	}
	var found int64
	if err := pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+versionTable+" WHERE is_applied").Scan(&found); err != nil {
		return err
	}
	want, err := latest()
	switch {
	case err != nil:
		return err
	case found > want:
		return newer(found, want)
	case found < want:
		return fmt.Errorf("ledger: the database's schema has version %d, this program's is %d: run `revcycle migrate` with its owner's URL: %w",
			found, want, ErrSchema)
	}
	var digest string
	if err := pool.QueryRow(ctx, "SELECT coalesce(max(digest), '') FROM revcycle.derived").Scan(&digest); err != nil {
		return err
	}
	if digest != derivedDigest() {
		return fmt.Errorf("ledger: the database's views and triggers are those of another build of schema version %d: run `revcycle migrate` with its owner's URL: %w",
			found, ErrSchema)
	}
	return nil
}

// lockKey names an advisory lock.
func lockKey(parts ...string) int64 {
	h := sha256.New()
	for _, p := range append([]string{"revcycle"}, parts...) {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}

func (s *Store) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// acquire takes a connection from the pool that is alive: those that the server has dropped while they lay idle are
// left behind.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	if s.isClosed() {
		return nil, errClosed
	}
	return s.pool.Acquire(ctx)
}

// Close waits for units and ranges that are under way, then closes the connections, that of a run lock too.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.pool.Close()
	if l := s.fence.Swap(nil); l != nil {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackWait)
		defer cancel()
		return fault("close", l.conn.Close(ctx))
	}
	return nil
}

var _ ledger.Store = (*Store)(nil)
