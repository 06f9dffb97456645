package postgres

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"revcycle/ledger"
)

// Would catch a patient's name that comes out with PostgreSQL's own words.
func TestNoErrorNamesValuesOfRows(t *testing.T) {
	for _, err := range []error{
		&pgconn.PgError{Code: "23505", Message: "duplicate SMITH", Detail: "Key (patient)=(SMITH)", Hint: "SMITH", Where: "COPY claim, line 1: SMITH"},
		&pgconn.PgError{Code: "22P02", Message: `invalid input syntax: "SMITH"`},
		&pgconn.PgError{Code: "53100", Message: "could not extend file"},
		fmt.Errorf("read: %w", io.ErrUnexpectedEOF),
		errors.New("SMITH"),
	} {
		got := fault("unit 1 ingest a: append to claim", err)
		if text := fmt.Sprintf("%v %+v", got, got); strings.Contains(text, "SMITH") || !strings.HasPrefix(text, "ledger: unit 1 ingest a: append to claim: ") {
			t.Errorf("got %s", text)
		}
		if !errors.Is(got, ledger.ErrStore) || !errors.Is(got, err) {
			t.Errorf("%v wraps neither the store's error nor its cause", got)
		}
	}
	if got, want := fault("x", &pgconn.PgError{Code: "53100"}).Error(), "ledger: x: the server's disk is full, make room and run it again (SQLSTATE 53100)"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
}
