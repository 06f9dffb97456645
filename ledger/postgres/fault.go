package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"revcycle/ledger"
)

var errClosed = fmt.Errorf("ledger: the store is closed: %w", ledger.ErrStore)

// storeError is a failure of the store. It says what was being done and what to do about it, and never what
// PostgreSQL tells of rows: its messages and details may name values.
type storeError struct {
	text  string
	cause error
}

func (e *storeError) Error() string   { return e.text }
func (e *storeError) Unwrap() []error { return []error{ledger.ErrStore, e.cause} }

// fault says what was being done when PostgreSQL failed, and what to do about it.
func fault(doing string, err error) error {
	if err == nil || errors.Is(err, ledger.ErrStore) || errors.Is(err, ErrSchema) || errors.Is(err, ErrAddress) {
		return err
	}
	return &storeError{fmt.Sprintf("ledger: %s: %s: %v", doing, advise(err), ledger.ErrStore), err}
}

// faultIn is fault for work under a context: where that is over, it is the reason.
func faultIn(ctx context.Context, doing string, err error) error {
	if cause := ctx.Err(); cause != nil && err != nil {
		return fmt.Errorf("ledger: %s: %w", doing, cause)
	}
	return fault(doing, err)
}

// advice is what to do about PostgreSQL's conditions (its manual's appendix A).
var advice = map[string]string{
	"53100": "the server's disk is full, make room and run it again",
	"53200": "the server is out of memory or locks: raise max_locks_per_transaction (see docs/postgres.md) and run it again",
	"53300": "the server takes no more connections: raise max_connections or run fewer workers",
	"57P01": "the server's administrator ended the connection, run it again",
	"57P02": "the server crashed or was stopped, run it again when it is back",
	"57P03": "the server is starting or stopping, run it again when it is back",
	"57014": "the server's administrator cancelled the statement, or a timeout of the server did; run it again",
	"25P03": "the transaction waited longer than the server's idle_in_transaction_session_timeout, run it again",
	"25006": "the server takes no changes (a standby, or the ledger was opened for reading only)",
	"40P01": "two units waited for each other, run it again",
	"40001": "two units were in each other's way, run it again",
	"42501": "the user lacks the right: grant it the role that the work needs (revcycle_engine for a run), or use the owner's URL",
	"42P01": "a table is missing: see `revcycle doctor`",
	"42703": "a column is missing: see `revcycle doctor`",
	"2BP01": "another view or function uses one that the ledger makes anew: drop it, run it again, and make it again",
	"55P03": "somebody reads or writes the tables: run it again when they are idle",
	"3D000": "there is no such database: make it (createdb)",
	"28000": "the server refuses the user: see its pg_hba.conf",
	"28P01": "the server refuses the password: see the passfile",
	"22021": "a text holds bytes that are no UTF-8, which the store should have escaped",
	"23514": "a row falls into a month without partitions: see `revcycle doctor`",
	"58030": "the server's disk does not answer, see to it and run it again",
	"XX001": "the server's files are damaged: restore them from a backup",
	"XX002": "an index of the server is damaged: REINDEX it or restore a backup",
}

// advise says in words what an error is, without any value of a row.
func advise(err error) string {
	if local, ok := errors.AsType[*oursError](err); ok {
		return local.Error()
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		words, known := advice[pe.Code]
		if !known {
			words = "PostgreSQL refuses it, see the server's log"
		}
		return words + " (SQLSTATE " + pe.Code + ")"
	}
	if ce, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Sprintf("cannot connect to %s port %d as %s: is the server up, and the URL right?", ce.Config.Host, ce.Config.Port, ce.Config.User)
	}
	_, network := errors.AsType[net.Error](err)
	if network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) {
		return "the connection was lost, run it again"
	}
	return "the connection failed, run it again"
}

// oursError is a sentence of this package, which names no values.
type oursError struct{ text string }

func (e *oursError) Error() string { return e.text }

func ours(format string, args ...any) error { return &oursError{fmt.Sprintf(format, args...)} }
