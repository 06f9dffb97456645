package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"revcycle/ledger"
)

const (
	schemaName   = "revcycle"
	versionTable = "revcycle.schema_version"
)

// ErrSchema is wrapped where a database holds no ledger, or one of another version of the schema.
var ErrSchema = errors.New("not a ledger of this schema")

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrated says what Migrate did.
type Migrated struct {
	From, To int64    // versions of the schema; 0 = there was none
	Notes    []string // what a database administrator still has to do, a sentence each
}

// Migrate makes the schema revcycle in a database, or brings it to this program's version: its tables by goose, then
// what follows from them (views, triggers, functions, comments) and the rights of the roles. It may run again, and
// several at once: they take turns. The URL's user becomes, or must be, the owner; it needs CREATE on the database the
// first time, and CREATEROLE where the group roles are missing: without it they are named in Notes. A newer schema, and
// a database in another encoding than UTF8, are refused with ErrSchema.
func Migrate(ctx context.Context, url string) (Migrated, error) {
	cfg, err := parse(url)
	if err != nil {
		return Migrated{}, err
	}
	db := stdlib.OpenDB(*cfg.ConnConfig)
	defer db.Close()
	c, err := db.Conn(ctx)
	if err != nil {
		return Migrated{}, faultIn(ctx, "migrate", withPassfile(url, &cfg.ConnConfig.Config, err))
	}
	defer c.Close() // ends the lock too
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lockKey("migrate")); err != nil {
		return Migrated{}, faultIn(ctx, "migrate", err)
	}
	m, err := migrate(ctx, db, c)
	if err != nil {
		return Migrated{}, faultIn(ctx, "migrate", err)
	}
	return m, nil
}

func migrate(ctx context.Context, db *sql.DB, c *sql.Conn) (Migrated, error) {
	var encoding string
	if err := c.QueryRowContext(ctx, "SELECT current_setting('server_encoding')").Scan(&encoding); err != nil {
		return Migrated{}, err
	}
	if encoding != "UTF8" {
		return Migrated{}, fmt.Errorf("ledger: the database's encoding is %s, and names of patients and payers need UTF8: make it with createdb --encoding UTF8 --template template0: %w",
			encoding, ErrSchema)
	}
	var there bool
	if err := c.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'revcycle')").Scan(&there); err != nil {
		return Migrated{}, err
	}
	if !there {
		if _, err := c.ExecContext(ctx, "CREATE SCHEMA revcycle"); err != nil {
			return Migrated{}, err
		}
	}
	p, err := provider(db)
	if err != nil {
		return Migrated{}, err
	}
	from, target, err := p.GetVersions(ctx)
	if err != nil {
		return Migrated{}, err
	}
	if from > target {
		return Migrated{}, newer(from, target)
	}
	if _, err := p.Up(ctx); err != nil {
		return Migrated{}, err
	}
	if err := derive(ctx, c); err != nil {
		return Migrated{}, err
	}
	notes, err := grantAll(ctx, c)
	return Migrated{From: from, To: target, Notes: notes}, err
}

func provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	// Whoever migrates with goose's own tool waits for us, and we for them.
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName(versionTable), goose.WithSessionLocker(locker),
		goose.WithDisableGlobalRegistry(true))
}

func newer(found, ours int64) error {
	return fmt.Errorf("ledger: the database's schema has version %d, this program's is %d: use the newer program: %w", found, ours, ErrSchema)
}

// derivedDigest is what the table derived must hold.
func derivedDigest() string { return digestOf(append(describe(), derived()...)) }

// derive makes what follows from the tables, where it is not what it should be.
func derive(ctx context.Context, c *sql.Conn) error {
	var found string
	err := c.QueryRowContext(ctx, "SELECT digest FROM revcycle.derived").Scan(&found)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if found == derivedDigest() {
		return nil
	}
	return inTx(ctx, c, append(derived(),
		"INSERT INTO revcycle.derived (digest) VALUES ('"+derivedDigest()+"') ON CONFLICT (one) DO UPDATE SET digest = excluded.digest"))
}

// grantAll takes every right on the tables from everyone and gives the roles theirs.
func grantAll(ctx context.Context, c *sql.Conn) (notes []string, err error) {
	list := []string{
		"REVOKE ALL ON SCHEMA revcycle FROM PUBLIC",
		"REVOKE ALL ON ALL TABLES IN SCHEMA revcycle FROM PUBLIC",
		"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA revcycle FROM PUBLIC",
	}
	for _, t := range ledger.Tables {
		list = append(list, "REVOKE UPDATE, DELETE, TRUNCATE ON "+named(t.Name)+" FROM CURRENT_USER")
	}
	for _, r := range Roles {
		made, err := makeRole(ctx, c, r.Name)
		if err != nil {
			return nil, err
		}
		if !made {
			notes = append(notes, fmt.Sprintf("role %s is missing and this user may not make roles: as a superuser, CREATE ROLE %s NOLOGIN; then migrate again", r.Name, r.Name))
			continue
		}
		list = append(list, grants(r.Name)...)
	}
	return notes, inTx(ctx, c, list)
}

// makeRole sees to it that a group role exists; false where we may not make it.
func makeRole(ctx context.Context, c *sql.Conn, name string) (bool, error) {
	var there bool
	if err := c.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", name).Scan(&there); err != nil || there {
		return there, err
	}
	_, err := c.ExecContext(ctx, "CREATE ROLE "+name+" NOLOGIN")
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pe.Code {
		case "42710", "23505": // made by the migration of another database of this server meanwhile
			return true, nil
		case "42501":
			return false, nil
		}
	}
	return err == nil, err
}

func inTx(ctx context.Context, c *sql.Conn, list []string) error {
	x, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// One message for all: they take no parameters.
	if _, err := x.ExecContext(ctx, strings.Join(list, ";\n")); err != nil {
		return errors.Join(err, x.Rollback())
	}
	return x.Commit()
}

// latest is the version of the newest migration of this program.
func latest() (version int64, err error) {
	files, err := fs.ReadDir(migrationFiles, "migrations")
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		n, err := goose.NumericComponent(f.Name())
		if err != nil {
			return 0, err
		}
		version = max(version, n)
	}
	return version, nil
}
