package extract

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// exchange swaps two folders in one step; next holds the old one afterwards, or is gone.
func exchange(next, current string) error {
	err := unix.Renameat2(unix.AT_FDCWD, next, unix.AT_FDCWD, current, unix.RENAME_EXCHANGE)
	switch {
	case errors.Is(err, unix.ENOENT): // no current yet
		return os.Rename(next, current)
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return twoRenames(next, current)
	}
	return err
}
