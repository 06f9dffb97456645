package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"revcycle/ledger"
)

var errClosed = fmt.Errorf("ledger: the store is closed: %w", ledger.ErrStore)

// fault says what was being done when SQLite failed, and what to do about it.
func fault(doing string, err error) error {
	if errors.Is(err, ledger.ErrStore) || errors.Is(err, ErrSchema) {
		return err
	}
	if advice := advise(sqlite.ErrCode(err).ToPrimary()); advice != "" {
		return fmt.Errorf("ledger: %s: %s: %w: %w", doing, advice, ledger.ErrStore, err)
	}
	return fmt.Errorf("ledger: %s: %w: %w", doing, ledger.ErrStore, err)
}

func advise(code sqlite.ResultCode) string {
	switch code {
	case sqlite.ResultFull:
		return "the disk is full, make room and run it again"
	case sqlite.ResultNotADB:
		return "the file is not an SQLite database, name another file"
	case sqlite.ResultCorrupt:
		return "the file is damaged, restore it from a backup"
	case sqlite.ResultBusy:
		return "another program is writing to the ledger, run it again when that is done"
	case sqlite.ResultReadOnly, sqlite.ResultPerm, sqlite.ResultCantOpen:
		return "the file or its folder cannot be written, see to the permissions"
	case sqlite.ResultIOErr:
		return "the disk does not answer, see to it and run it again"
	}
	return ""
}

// faultIn is fault for work under a context: where that is over, it is the reason.
func faultIn(ctx context.Context, doing string, err error) error {
	if cause := ctx.Err(); cause != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultInterrupt {
		return fmt.Errorf("ledger: %s: %w", doing, cause)
	}
	return fault(doing, err)
}
