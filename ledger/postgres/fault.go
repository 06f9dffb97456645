package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"revcycle/ledger"
)

var errClosed = fmt.Errorf("ledger: the store is closed: %w", ledger.ErrStore)

// storeError is a failure of the store. It says what was being done and what to do about it, and never what
// PostgreSQL tells of rows: its messages and details may name values.
type storeError struct {
	text    string
	cause   error
	refused bool
}

func (e *storeError) Error() string { return e.text }

func (e *storeError) Unwrap() []error {
	if e.refused {
		return []error{ledger.ErrStore, ErrRefused, e.cause}
	}
	return []error{ledger.ErrStore, e.cause}
}

// ErrRefused is wrapped where the server takes neither this user nor this work of it, or has no such database: a matter of
// configuration, which another try does not mend.
var ErrRefused = errors.New("the server refuses it")

// needsSetting reports whether PostgreSQL's condition is one of ErrRefused.
func needsSetting(code string) bool {
	return strings.HasPrefix(code, "28") || code == "3D000" || code == "42501"
}

// fault says what was being done when PostgreSQL failed, and what to do about it.
func fault(doing string, err error) error {
	if err == nil || errors.Is(err, ledger.ErrStore) || errors.Is(err, ErrSchema) || errors.Is(err, ErrAddress) {
		return err
	}
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return &storeError{fmt.Sprintf("ledger: %s: %s", doing, advise(err)), err, ok && needsSetting(pe.Code)}
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
		return fmt.Sprintf("cannot connect to %s port %d as %s: %s", ce.Config.Host, ce.Config.Port, ce.Config.User, unreached(err))
	}
	_, network := errors.AsType[net.Error](err)
	if network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) {
		return "the connection was lost, run it again"
	}
	return "the connection failed, run it again"
}

// unreached says why no connection came about, without any word of the server.
func unreached(err error) string {
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the server's certificate is not for " + host.Host + ": write the name that it is for, or have it made for this one"
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired {
		return "the server's certificate has expired, or this machine's clock is wrong"
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	dns, unnamed := errors.AsType[*net.DNSError](err)
	timer, network := errors.AsType[net.Error](err)
	switch {
	case unknown:
		return "its certificate is signed by an authority that is not known here: name the authority's certificate with sslrootcert="
	case unverified:
		return "its certificate does not hold: see sslrootcert= and the server's certificate"
	case strings.Contains(err.Error(), "server refused TLS connection"): // pgconn has no name for it
		return "the server speaks no TLS: set ssl = on there"
	case unnamed:
		return fmt.Sprintf("the name %s is not known: see the URL, and this machine's name service", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there: is the server up, and the port right?"
	case errors.Is(err, syscall.ENOENT):
		return "there is no such socket: is the server up, and host= its folder?"
	case errors.Is(err, syscall.EACCES):
		return "this user may not use the socket"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to it: see network and firewall"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), network && timer.Timeout():
		return "it did not answer in time: see network and firewall"
	}
	return "is the server up, and the URL right?"
}

// oursError is a sentence of this package, which names no values, and what it is about.
type oursError struct {
	text  string
	cause error
}

func (e *oursError) Error() string { return e.text }
func (e *oursError) Unwrap() error { return e.cause }

func ours(format string, args ...any) error { return &oursError{fmt.Sprintf(format, args...), nil} }
