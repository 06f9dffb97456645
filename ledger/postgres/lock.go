package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"revcycle/ledger"
)

// ErrLocked is wrapped by LockRun's error where another run holds the lock; errors.As to *HeldError tells who.
var ErrLocked = errors.New("another run holds the ledger")

// ErrLockLost is wrapped by Do's error where the store's run lock is gone: its connection was ended, and another run
// may have begun.
var ErrLockLost = errors.New("the run lock was lost: its connection has ended, and another run may have begun: run it again")

// The advisory lock of a run, in the two-number form; advisory locks are each database's own.
const (
	lockClass  uint32 = 0x52564359 // RVCY
	lockObject uint32 = 1
)

// Holder is who holds, or held, the run lock.
type Holder struct {
	Owner       string // as given to LockRun
	Application string // of its connection
	Client      string // address, "local" for a unix socket
	PID         int64  // of the server's process
	Since       time.Time
}

// String names the holder for people.
func (h Holder) String() string {
	if h.PID == 0 {
		return "a run that has just begun"
	}
	return fmt.Sprintf("%s (%s, from %s), since %s", h.Owner, h.Application, h.Client, h.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// HeldError says who holds the run lock.
type HeldError struct{ Holder Holder }

// Error says who and since when.
func (e *HeldError) Error() string {
	return fmt.Sprintf("ledger: %v: %v: wait for its end, or stop it", ErrLocked, e.Holder)
}

// Unwrap is ErrLocked.
func (e *HeldError) Unwrap() error { return ErrLocked }

// RunLock is the right to run, held by a connection of its own: it ends with Unlock, with the connection, or with the
// process; a machine that is gone without a word loses it within a minute.
type RunLock struct {
	// Stale is the holder before this one where that never unlocked: it was killed, or its connection was.
	Stale *Holder

	store *Store
	conn  *pgx.Conn
	token int64
	pid   int64
}

// LockRun takes the run lock of the database for this store, in the name of owner (a sentence part: "revcycle run of
// billing on host 4711"). Where another store has it, at once a *HeldError, which wraps ErrLocked. From then on each Do
// of this store fails with ErrLockLost when the lock is no longer held. Stores that hold no lock do not ask: those of
// workers, whose units belong to the run of another.
func (s *Store) LockRun(ctx context.Context, owner string) (*RunLock, error) {
	if s.isClosed() {
		return nil, errClosed
	}
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return nil, faultIn(ctx, "take the run lock", err)
	}
	l := &RunLock{store: s, conn: conn}
	if err := l.take(ctx, owner); err != nil {
		conn.Close(ctx)
		return nil, err
	}
	s.fence.Store(l)
	return l, nil
}

func (l *RunLock) take(ctx context.Context, owner string) error {
	var taken bool
	if err := l.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1::bigint::int, $2::bigint::int), pg_backend_pid()", int64(lockClass), int64(lockObject)).Scan(&taken, &l.pid); err != nil {
		return faultIn(ctx, "take the run lock", err)
	}
	if !taken {
		h, err := l.holder(ctx)
		if err != nil {
			return faultIn(ctx, "ask who holds the run lock", err)
		}
		return &HeldError{h}
	}
	var h Holder
	var released bool
	// The row waits for units of a run before that are still being committed: they hold a share of it.
	err := pgx.BeginFunc(ctx, l.conn, func(x pgx.Tx) error {
		err := x.QueryRow(ctx, `SELECT released, coalesce(owner, ''), coalesce(application, ''), coalesce(client, ''), coalesce(pid, 0), coalesce(since, 'epoch')
			FROM revcycle.run_lock FOR UPDATE`).Scan(&released, &h.Owner, &h.Application, &h.Client, &h.PID, &h.Since)
		if err != nil {
			return err
		}
		return x.QueryRow(ctx, `UPDATE revcycle.run_lock SET token = token + 1, owner = $1, pid = pg_backend_pid(),
			client = coalesce(host(inet_client_addr()), 'local'), application = current_setting('application_name'), since = now(), released = false
			RETURNING token`, owner).Scan(&l.token)
	})
	if err != nil {
		return faultIn(ctx, "take the run lock", err)
	}
	if !released {
		l.Stale = &h
	}
	return nil
}

// holder reads who has the lock: nobody known where its row is not written yet.
func (l *RunLock) holder(ctx context.Context) (h Holder, err error) {
	err = l.conn.QueryRow(ctx, `SELECT r.owner, r.application, r.client, r.pid, r.since FROM revcycle.run_lock AS r WHERE `+advisoryHeld+` AND l.pid = r.pid)`,
		lockClass, lockObject).Scan(&h.Owner, &h.Application, &h.Client, &h.PID, &h.Since)
	if errors.Is(err, pgx.ErrNoRows) {
		return Holder{}, nil
	}
	return h, err
}

// advisoryHeld asks whether a session of this database has the lock; more conditions on l and a bracket follow.
const advisoryHeld = `EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2
	AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`

// stillHeld asks, inside a unit's transaction, whether the lock is held under the token, and keeps whoever takes it next
// from beginning before the unit has ended.
const stillHeld = `SELECT 1 FROM revcycle.run_lock AS r WHERE ` + advisoryHeld + ` AND l.pid = $4) AND r.token = $3 FOR SHARE OF r`

// Holder tells who holds the run lock of the database now; false where nobody does.
func (s *Store) Holder(ctx context.Context) (Holder, bool, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return Holder{}, false, faultIn(ctx, "ask who holds the run lock", err)
	}
	defer conn.Release()
	var held bool
	if err := conn.QueryRow(ctx, "SELECT "+advisoryHeld+")", lockClass, lockObject).Scan(&held); err != nil || !held {
		return Holder{}, false, faultIn(ctx, "ask who holds the run lock", err)
	}
	h, err := (&RunLock{conn: conn.Conn()}).holder(ctx)
	return h, err == nil, faultIn(ctx, "ask who holds the run lock", err)
}

// Lacks names the rights that a run needs and the store's user has not, a sentence part each: none where it may run. It
// changes nothing.
func (s *Store) Lacks(ctx context.Context) ([]string, error) {
	var tables []string
	for _, t := range ledger.Tables {
		tables = append(tables, named(t.Name))
	}
	var out []string
	for _, q := range []string{
		`SELECT 'SELECT and INSERT on ' || t FROM unnest($1::text[]) AS t WHERE NOT (has_table_privilege(t, 'SELECT') AND has_table_privilege(t, 'INSERT'))`,
		`SELECT 'SELECT and UPDATE on revcycle.run_lock' WHERE $1::text[] IS NOT NULL
			AND NOT (has_table_privilege('revcycle.run_lock', 'SELECT') AND has_table_privilege('revcycle.run_lock', 'UPDATE'))`,
		`SELECT 'EXECUTE on revcycle.make_month' WHERE $1::text[] IS NOT NULL AND NOT has_function_privilege('revcycle.make_month(date)', 'EXECUTE')`,
	} {
		rows, err := s.pool.Query(ctx, q, tables)
		if err != nil {
			return nil, faultIn(ctx, "ask what this user may do", err)
		}
		some, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, faultIn(ctx, "ask what this user may do", err)
		}
		out = append(out, some...)
	}
	return out, nil
}

// Unlock gives the lock back; units of the store no longer ask for it. Where the lock was lost before, the error
// wraps ErrLockLost. Unlocking again does nothing.
func (l *RunLock) Unlock(ctx context.Context) error {
	if !l.store.fence.CompareAndSwap(l, nil) {
		return nil
	}
	defer l.conn.Close(ctx)
	tag, err := l.conn.Exec(ctx, "UPDATE revcycle.run_lock SET released = true WHERE token = $1", l.token)
	if err != nil || tag.RowsAffected() != 1 {
		return fmt.Errorf("ledger: give the run lock back: %w: %w", ErrLockLost, ledger.ErrStore)
	}
	return nil
}
