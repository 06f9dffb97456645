// Package sqlite keeps the ledger in one SQLite file, written by one connection and read by many at once.
//
// The tables are made from ledger.Tables: whole numbers, cents and truths are INTEGER, dates ISO text, texts TEXT
// compared by bytes, IDs and documents BLOB. A text that is unknown in a key is stored as the empty text;
// everywhere else an unknown value is NULL. Each table has a view, v_claim for claim, that shows IDs in hexadecimal, for people with
// an SQL prompt.
//
// The file is in WAL mode with synchronous FULL: a commit is on the disk when Do returns, and readers neither wait
// for the writer nor hold it up. A ledger of another schema version is refused. Copy a ledger with SQLite's
// own tools (.backup, VACUUM INTO), never the file alone while a program has it open.
package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"revcycle/ledger"
)

// ErrSchema is wrapped by Open where the file is not a ledger of this program's schema.
var ErrSchema = errors.New("not a ledger of this schema")

// ErrEmpty is wrapped by OpenReadOnly where the file holds nothing yet: whoever made it was killed before its tables were.
var ErrEmpty = errors.New("the ledger was not made yet")

// Measured on 600,000 rows of claims with five indexes: a checkpoint each 1,000 pages instead of 8,192 costs a fifth
// more CPU. Pages of 16 KB save a tenth there, but IDs are hashes: each new row writes a page of each index anew, and
// in a large ledger that would be four times as much. Tables clustered by key (WITHOUT ROWID) take three times as long.
const (
	pageBytes       = 4096
	writerCacheKiB  = 32 << 10
	readerCacheKiB  = 8 << 10
	checkpointPages = 8192             // a checkpoint each 32 MB of WAL
	walKeptBytes    = 64 << 20         // the WAL is cut to this after a checkpoint
	busyWait        = 10 * time.Second // for another program that writes
	idleReaders     = 4
)

// Store is a ledger.Store in a file.
type Store struct {
	path        string
	turn        chan struct{} // holds one token: the Do that has it owns the writer
	perSnapshot int           // rows: rowsPerSnapshot, fewer in tests
	writer      *sqlite.Conn  // nil where the ledger is read only
	insert      map[*ledger.Table]insertions

	mu     sync.Mutex // guards what follows
	idle   []*sqlite.Conn
	lent   int
	closed bool
}

// Open opens the ledger at path, and makes an empty one, readable by its owner only, where there is none. The error
// wraps ErrSchema where the file is something else, and ledger.ErrStore where it could not be read.
func Open(path string) (*Store, error) {
	full, err := absolute(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(full, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: open: %w: %w", ledger.ErrStore, err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("ledger: open %s: %w: %w", path, ledger.ErrStore, err)
	}
	s := &Store{path: full, perSnapshot: rowsPerSnapshot, turn: make(chan struct{}, 1), insert: wordInsertions()}
	s.writer, err = openWriter(full)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// OpenReadOnly opens a ledger that is there already, also while another program writes to it. Do fails. The error is that of
// Open, or wraps ErrEmpty.
func OpenReadOnly(path string) (*Store, error) {
	full, err := absolute(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(full); err != nil {
		return nil, fmt.Errorf("ledger: open: %w: %w", ledger.ErrStore, err)
	}
	s := &Store{path: full, perSnapshot: rowsPerSnapshot, turn: make(chan struct{}, 1)}
	c, err := s.openReader()
	if err != nil {
		return nil, err
	}
	made, err := one(c, "SELECT count(*) FROM sqlite_schema")
	switch {
	case err != nil:
		err = fault("open "+full+" for reading", err)
	case made == 0:
		err = fmt.Errorf("ledger: open %s: %w", path, ErrEmpty)
	default:
		err = checkSchema(c, full)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	s.idle = append(s.idle, c)
	return s, nil
}

func absolute(path string) (string, error) {
	if path == "" {
		return "", fmt.Errorf("ledger: open: no path was given")
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("ledger: open %s: %w: %w", path, ledger.ErrStore, err)
	}
	return full, nil
}

func openWriter(path string) (*sqlite.Conn, error) {
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fault("open "+path, err)
	}
	c.SetBusyTimeout(busyWait)
	if err := readyWriter(c, path); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func readyWriter(c *sqlite.Conn, path string) error {
	// Asked before anything is written, so that a file of another kind stays as it is.
	made, err := one(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return fault("open "+path, err)
	}
	if made != 0 {
		if err := checkSchema(c, path); err != nil {
			return err
		}
	}
	for _, p := range []string{
		fmt.Sprintf("PRAGMA page_size = %d", pageBytes), // of no effect in a file that has pages
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA foreign_keys = OFF",
		"PRAGMA trusted_schema = OFF",
		fmt.Sprintf("PRAGMA cache_size = -%d", writerCacheKiB),
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpointPages),
		fmt.Sprintf("PRAGMA journal_size_limit = %d", walKeptBytes),
	} {
		if err := sqlitex.ExecuteTransient(c, p, nil); err != nil {
			return fault("open "+path, err)
		}
	}
	if made == 0 {
		if err := createSchema(c, path); err != nil {
			return err
		}
	}
	if err := tellPlanner(c); err != nil {
		return fault("open "+path, err)
	}
	return nil
}

// createSchema makes the tables in one transaction; where another program was first, it only looks at them.
func createSchema(c *sqlite.Conn, path string) (err error) {
	end, err := sqlitex.ImmediateTransaction(c)
	if err != nil {
		return fault("create "+path, err)
	}
	defer end(&err)
	made, err := one(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return fault("create "+path, err)
	}
	if made != 0 {
		return checkSchema(c, path)
	}
	statements, digest := schema()
	statements = append(statements,
		fmt.Sprintf(`INSERT INTO "ledger_schema" VALUES (%d, '%s')`, schemaVersion, digest),
		fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
	for _, q := range statements {
		if err := sqlitex.ExecuteTransient(c, q, nil); err != nil {
			return fault("create "+path, err)
		}
	}
	return nil
}

// checkSchema refuses a database that is not a ledger with exactly our tables.
func checkSchema(c *sqlite.Conn, path string) error {
	id, err := one(c, "PRAGMA application_id")
	if err != nil {
		return fault("open "+path, err)
	}
	if id != applicationID {
		return fmt.Errorf("ledger: open %s: it is a database, but no ledger of revcycle: name another file: %w", path, ErrSchema)
	}
	version, err := one(c, "PRAGMA user_version")
	if err != nil {
		return fault("open "+path, err)
	}
	if version != schemaVersion {
		return fmt.Errorf("ledger: open %s: its schema version is %d, this program's %d: use the program that made it: %w",
			path, version, schemaVersion, ErrSchema)
	}
	var found string
	err = sqlitex.ExecuteTransient(c, `SELECT "digest" FROM "ledger_schema"`, &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error { found = s.ColumnText(0); return nil },
	})
	if err != nil {
		return fault("open "+path, err)
	}
	if _, want := schema(); found != want {
		return fmt.Errorf("ledger: open %s: its tables are those of another build of schema version %d: use the program that made it: %w",
			path, version, ErrSchema)
	}
	return nil
}

// one gives the whole number that a statement answers.
func one(c *sqlite.Conn, query string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(c, query, &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error { n = s.ColumnInt64(0); return nil },
	})
	return n, err
}

// Close waits for a Do that is under way, then closes the file. Rows that are still being read go on to their end.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, c := range s.idle {
		errs = append(errs, c.Close())
	}
	s.idle = nil
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fault("close "+s.path, err)
	}
	return nil
}
