package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
)

const (
	commitWait   = 5 * time.Minute // for the answer to a COMMIT
	rollbackWait = 10 * time.Second
)

// Tx is the transaction of one Do.
type Tx struct {
	ctx    context.Context
	conn   *pgx.Conn
	tx     pgx.Tx
	store  *Store
	unit   ledger.Unit
	doing  string
	tally  []byte
	ownRow bool // the unit's row was appended inside it
	err    error
	over   bool

	months  map[int64]civil.Date // of batches that this transaction may see
	unknown map[int64]bool       // batches that it does not
	purged  map[civil.Date]bool
	homes   map[claim.ID]home
	touched map[*kept]bool // tables that have got rows of documents in this unit
	staged  map[*kept]bool // temporary tables made in this unit
}

// Pgx is PostgreSQL's own transaction, for work that is to commit with the unit (a queue's job). It must not be
// committed or rolled back, and counts only until the unit is over.
func (x *Tx) Pgx() pgx.Tx { return x.tx }

// PgxTx is Pgx of a transaction of this package; false for another store's.
func PgxTx(x ledger.Tx) (pgx.Tx, bool) {
	if ours, ok := x.(*Tx); ok {
		return ours.tx, true
	}
	return nil, false
}

// Do is ledger.Store's. Units run side by side; of one unit, the second Do waits for the first. Where the connection
// is lost after COMMIT was sent, Do asks the server whether the unit was committed, and waits up to a minute for it to
// answer. A unit of a store that holds the run lock commits only as long as it does.
func (s *Store) Do(ctx context.Context, u ledger.Unit, f func(ledger.Tx) error) (done bool, err error) {
	doing := strings.TrimSpace(fmt.Sprintf("unit %d %s %s", u.Batch, u.Stage, u.Key))
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("ledger: %s: %w", doing, err)
	}
	conn, tx, err := s.begin(ctx)
	if err != nil {
		return false, faultIn(ctx, doing+": begin", err)
	}
	x := &Tx{ctx: ctx, conn: conn.Conn(), tx: tx, store: s, unit: u, doing: doing, months: map[int64]civil.Date{}, unknown: map[int64]bool{},
		purged: map[civil.Date]bool{}, homes: map[claim.ID]home{}, touched: map[*kept]bool{}, staged: map[*kept]bool{}}
	defer func() { // also when f panics
		x.over = true
		x.rollBack()
		conn.Release()
	}()
	if done, err := x.open(); err != nil || done {
		return done, err
	}
	if err := f(x); err != nil {
		return false, err
	}
	done, err = x.commit()
	if errors.Is(err, errLost) {
		conn.Conn().Close(ctx) // so that asking does not wait for it in vain
		return false, s.ask(ctx, u, doing, err)
	}
	return done, err
}

// begin starts a transaction. Where the server was started again, connections that lay idle are dead: the second try has a new one.
func (s *Store) begin(ctx context.Context) (*pgxpool.Conn, pgx.Tx, error) {
	for try := 0; ; try++ {
		conn, err := s.acquire(ctx)
		if err != nil {
			return nil, nil, err
		}
		tx, err := conn.Begin(ctx)
		if err == nil {
			return conn, tx, nil
		}
		dead := conn.Conn().IsClosed()
		conn.Release()
		if !dead || try > 0 || ctx.Err() != nil {
			return nil, nil, err
		}
		s.pool.Reset()
	}
}

func (u unitKey) lock() int64 { return lockKey("unit", strconv.FormatInt(u.Batch, 10), u.Stage, u.Key) }

type unitKey ledger.Unit

// open waits for others that do the same unit, and says whether it is done. The question is a statement of its own
// after the lock's: it sees what was committed while we waited.
func (x *Tx) open() (done bool, err error) {
	b := &pgx.Batch{}
	b.Queue("SELECT pg_advisory_xact_lock($1)", unitKey(x.unit).lock())
	b.Queue(unitIsDone, x.unit.Batch, escape(x.unit.Stage), escape(x.unit.Key)).QueryRow(func(r pgx.Row) error { return r.Scan(&done) })
	b.Queue("SELECT posting_month FROM revcycle.month WHERE purged").Query(func(rows pgx.Rows) error {
		for rows.Next() {
			m, err := field(ledger.KindDate, rows.RawValues()[0], ledger.Value{})
			if err != nil {
				return err
			}
			x.purged[m.Date()] = true
		}
		return rows.Err()
	})
	held := true
	if l := x.store.fence.Load(); l != nil {
		b.Queue(stillHeld, lockClass, lockObject, l.token, l.pid).QueryRow(func(r pgx.Row) error { return noRow(r.Scan(new(int)), &held) })
	}
	if err := x.tx.SendBatch(x.ctx, b).Close(); err != nil {
		return false, faultIn(x.ctx, x.doing, err)
	}
	if !held {
		return false, fmt.Errorf("ledger: %s: %w: %w", x.doing, ErrLockLost, ledger.ErrStore)
	}
	return done, nil
}

const unitIsDone = `SELECT EXISTS (SELECT FROM revcycle."unit" WHERE "batch" = $1 AND "stage" = $2 AND "key" = $3)`

// noRow notes where a question had no answer.
func noRow(err error, found *bool) error {
	if errors.Is(err, pgx.ErrNoRows) {
		*found = false
		return nil
	}
	return err
}

// errLost marks a COMMIT whose outcome nobody told us.
var errLost = errors.New("the connection was lost while the unit was committed")

// commit adds the unit's own row and makes everything durable. Once the COMMIT has begun, the context no longer counts.
// Where another process was first, nothing is kept and done is true.
func (x *Tx) commit() (done bool, err error) {
	if x.err != nil {
		return false, x.err
	}
	own := x.ownRow
	fresh, err := x.Append(ledger.Units, x.unit.Row(x.tally))
	switch {
	case err != nil:
		return false, err
	case fresh == 0 && own:
		return false, fmt.Errorf("ledger: %s: the unit's own row was appended inside it", x.doing)
	case fresh == 0:
		return true, nil
	}
	if err := x.ctx.Err(); err != nil {
		return false, fmt.Errorf("ledger: %s: %w", x.doing, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), commitWait)
	defer cancel()
	switch err := x.tx.Commit(ctx); {
	case err == nil:
		x.keepStaged()
		x.store.learn(x.months)
		return false, nil
	case refused(err):
		return false, fault(x.doing+": commit", err)
	default:
		return false, errors.Join(errLost, err)
	}
}

// refused reports whether an error of COMMIT says that nothing was committed. A connection that was ended says nothing:
// the server may have committed before.
func refused(err error) bool {
	if errors.Is(err, pgx.ErrTxCommitRollback) {
		return true
	}
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pe.SeverityUnlocalized == "ERROR"
}

// rollBack ends the transaction where commit did not. Its error tells nothing new: the server rolls back a connection
// that is gone.
func (x *Tx) rollBack() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), rollbackWait)
	defer cancel()
	if err := x.tx.Rollback(ctx); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
		x.conn.Close(ctx)
	}
}

// ask finds out what became of a COMMIT. Waiting for the unit's lock waits for the lost connection's transaction to
// end, if the server still works at it.
func (s *Store) ask(ctx context.Context, u ledger.Unit, doing string, lost error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.patience)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		done, err := s.isDone(ctx, u)
		switch {
		case err == nil && done:
			return nil
		case err == nil:
			return fault(doing+": commit", ours("%v, and it was not committed: run it again", errLost))
		}
		select {
		case <-ctx.Done():
			return fault(doing+": commit", errors.Join(ours("%v, and the server does not say what became of it: run it again, the unit is done or not", errLost), lost))
		case <-time.After(wait):
		}
	}
}

func (s *Store) isDone(ctx context.Context, u ledger.Unit) (done bool, err error) {
	s.pool.Reset() // what lies idle may be as dead
	conn, tx, err := s.begin(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", unitKey(u).lock()); err != nil {
		return false, err
	}
	err = tx.QueryRow(ctx, unitIsDone, u.Batch, escape(u.Stage), escape(u.Key)).Scan(&done)
	return done, err
}

// Tally is ledger.Tx's.
func (x *Tx) Tally(json []byte) { x.tally = slices.Clone(json) }

// monthOf gives the month of a batch's business date: where the rows of the batch lie. Rows of a batch that the ledger
// does not know are undated.
func (x *Tx) monthOf(batch int64) (civil.Date, error) {
	if m, ok := x.months[batch]; ok {
		return m, nil
	}
	if m, ok := x.store.month(batch); ok {
		return m, nil
	}
	if x.unknown[batch] {
		return undatedMonth, nil
	}
	var raw []byte
	rows, err := x.tx.Query(x.ctx, `SELECT "as_of" FROM revcycle."batch" WHERE "batch" = $1`, batch)
	if err != nil {
		return 0, err
	}
	found := rows.Next()
	if found {
		raw = slices.Clone(rows.RawValues()[0])
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if !found {
		x.unknown[batch] = true
		return undatedMonth, nil
	}
	day, err := field(ledger.KindDate, raw, ledger.Value{})
	if err != nil {
		return 0, err
	}
	x.months[batch] = monthOfDay(day.Date())
	return x.months[batch], nil
}

// makeMonths makes the partitions of new batches' months.
func (x *Tx) makeMonths(rows []ledger.Row, fresh []bool) error {
	clear(x.unknown)
	for i, r := range rows {
		day := r[ledger.Batches.At("as_of")].Date()
		if !fresh[i] || monthOfDay(day) == undatedMonth {
			continue
		}
		if _, err := x.tx.Exec(x.ctx, "SELECT revcycle.make_month($1)", asDate(day)); err != nil {
			return err
		}
	}
	return nil
}

var (
	undatedMonth = civil.Of(1, 1, 1)
	oldestMonth  = civil.Of(1900, 1, 1)
)

// monthOfDay is the first day of a day's month, undatedMonth where there are no partitions for it.
func monthOfDay(d civil.Date) civil.Date {
	if d < oldestMonth {
		return undatedMonth
	}
	year, month, _ := d.YMD()
	return civil.Of(year, month, 1)
}

func (s *Store) month(batch int64) (civil.Date, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.months[batch]
	return m, ok
}

// learn keeps what a committed transaction knew of batches.
func (s *Store) learn(months map[int64]civil.Date) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.months, months)
}
