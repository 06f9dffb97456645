// Package ledger keeps the facts, the opinions and the journal.
//
// Tables are described once, in schema.go; every store (mem, sqlite, postgres) keeps the same tables
// and answers the same few questions, held to it by storetest. Rows are only ever appended: a fact is
// never changed, a newer opinion is a newer row, a correction is a new entry. The typed files
// (claims.go, remits.go, opinions.go, journal.go) turn nouns into rows and back; posting.go says which
// entries a fact makes, as pure functions.
//
// To add a table: a description in schema.go and a typed file; the stores need no change.
package ledger

import (
	"context"
	"errors"
	"io"
	"iter"
)

// Store is a ledger on some medium. All methods may be called at once from several goroutines.
type Store interface {
	// Do runs f in one transaction and commits what f appended together with u's row in table unit:
	// all or nothing, durable when Do returns. Where u was done before, f is not called and done is
	// true. An error of f, or of ctx, leaves no trace. Calls for one unit take turns, and all of them where the
	// store has one writer: a Do inside a Do may wait for itself.
	Do(ctx context.Context, u Unit, f func(Tx) error) (done bool, err error)

	// Rows gives the rows that meet q, in key order. The range is a snapshot: what is appended after
	// its first row does not show. A row is valid until the next one. Breaking off is allowed.
	Rows(ctx context.Context, q Query) iter.Seq2[Row, error]

	// Sums groups the rows that meet q by some columns and gives, in the order of the groups' values,
	// a row of the group's values, the count of its rows, and the sum of each column of `of`
	// (nulls count as nothing; a sum of nothing but nulls is null).
	Sums(ctx context.Context, q Query, by, of []string) ([]Row, error)

	io.Closer
}

// Tx is the transaction of one unit.
type Tx interface {
	// Append adds rows to a table. A row whose key is there already, from before or from this
	// transaction, is left as it is: keys come from content. fresh counts the rows that were new.
	Append(t *Table, rows ...Row) (fresh int, err error)
	// AppendEach is Append that tells of each row, in order, whether it was new.
	AppendEach(t *Table, rows []Row, tell func(i int, fresh bool)) error
	// Tally records counts with the unit's row (a small JSON document).
	Tally(json []byte)
}

// ErrStore is wrapped by a store's own failures (disk full, a damaged file), to tell them from a caller's.
var ErrStore = errors.New("ledger store")
