package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"revcycle/ledger"
)

// copiedAtOnce is how many pages Backup copies before it looks whether it should stop: 16 MB.
const copiedAtOnce = 4096

// Backup copies the ledger at from, as it stands at one moment, to a new file at to, also while another program
// writes to it. That file must not be there; it is readable by its owner only, and on the disk when Backup returns
// nil. After an error what was begun is removed.
func Backup(ctx context.Context, from, to string) (err error) {
	f, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("ledger: back up: %w: %w", ledger.ErrStore, err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	source, err := sqlite.OpenConn(from, sqlite.OpenReadOnly)
	if err != nil {
		return fault("back up "+from, err)
	}
	defer source.Close()
	source.SetBusyTimeout(busyWait)
	if err := checkSchema(source, from); err != nil {
		return err
	}
	if err := copyPages(ctx, source, to); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("ledger: back up: %w: %w", ledger.ErrStore, err)
	}
	return nil
}

// copyPages copies within one read transaction: what others commit meanwhile neither shows nor makes it begin again.
func copyPages(ctx context.Context, source *sqlite.Conn, to string) (err error) {
	target, err := sqlite.OpenConn(to, sqlite.OpenReadWrite)
	if err != nil {
		return fault("back up to "+to, err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if err := sqlitex.ExecuteTransient(source, "BEGIN", nil); err != nil {
		return fault("back up", err)
	}
	if _, err := one(source, "SELECT count(*) FROM sqlite_schema"); err != nil { // the snapshot begins with the first read
		return fault("back up", err)
	}
	b, err := sqlite.NewBackup(target, "main", source, "main")
	if err != nil {
		return fault("back up", err)
	}
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return errors.Join(fmt.Errorf("ledger: back up: %w", err), b.Close())
		}
		if more, err = b.Step(copiedAtOnce); err != nil {
			return errors.Join(fault("back up to "+to, err), b.Close())
		}
	}
	if err := b.Close(); err != nil {
		return fault("back up to "+to, err)
	}
	return nil
}
