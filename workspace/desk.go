package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// desk is a folder for the unfinished work of one Workspace: parent/HOST-RANDOM, with parent/HOST-RANDOM.lock
// beside it, on which its owner holds a flock. So processes and machines that share the parent never touch each
// other's files, and what a killed one left is known by its free lock and swept by the next that sits down.
type desk struct {
	parent string
	guard  bool // parent may lie where other users write, so that it must be held to be ours

	mu   sync.Mutex
	dir  string   // "" while there is none
	hold *os.File // the lock file, locked
}

const (
	deskLock = ".lock"
	// idle is how long a desk of another host must have rested before it is swept: some network folders
	// keep a flock within one host only. What is at work touches its lock with each new file.
	idle = 24 * time.Hour
)

// file makes a new file on the desk.
func (d *desk) file() (f *os.File, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.sit(); err != nil {
		return nil, err
	}
	return os.CreateTemp(d.dir, ".tmp-*")
}

// folder makes a new folder on the desk.
func (d *desk) folder() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.sit(); err != nil {
		return "", err
	}
	return os.MkdirTemp(d.dir, "tmp-*")
}

// sit makes the desk where there is none.
func (d *desk) sit() error {
	if d.dir != "" {
		_, err := os.Stat(d.dir)
		if err == nil {
			_, err = d.hold.WriteAt([]byte{'.'}, 0) // still at work
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		d.hold.Close() // somebody took the desk away: a new one
		d.dir = ""
	}
	if err := mkdir(d.parent); err != nil {
		return err
	}
	if d.guard {
		if err := private(d.parent); err != nil {
			return err
		}
	}
	const tries = 10 // a sweeper may take a lock in the moment between its making and its locking
	for range tries {
		hold, err := takeLock(d.parent)
		if err != nil {
			return err
		}
		if hold == nil {
			continue
		}
		dir := strings.TrimSuffix(hold.Name(), deskLock)
		if err := os.Mkdir(dir, dirMode); err != nil {
			hold.Close()
			return err
		}
		d.dir, d.hold = dir, hold
		return sweepDesks(d.parent, hold)
	}
	return fmt.Errorf("%s: no folder could be made for this process; run again", d.parent)
}

// takeLock makes a lock file with a new name and locks it; nil where a sweeper was faster. It is free
// again when it is closed, at the latest by the end of the process.
func takeLock(parent string) (*os.File, error) {
	f, err := os.CreateTemp(parent, hostName()+"-*"+deskLock)
	if err != nil {
		return nil, err
	}
	if free, err := lockFile(f); err != nil || !free {
		f.Close()
		return nil, err
	}
	mine, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if there, err := os.Stat(f.Name()); err != nil || !os.SameFile(mine, there) {
		f.Close()
		return nil, nil
	}
	return f, nil
}

// lockFile takes the lock of an open file, if it is free.
func lockFile(f *os.File) (free bool, err error) {
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// leave gives the desk up where nothing lies on it any more.
func (d *desk) leave() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir == "" {
		return nil
	}
	if err := os.Remove(d.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, fs.ErrExist) {
			return nil // somebody works here
		}
		return err
	}
	d.dir = ""
	os.Remove(d.hold.Name())
	err := d.hold.Close()
	os.Remove(d.parent) // stays where others work in it
	return err
}

// sweep takes away what killed processes left.
func (d *desk) sweep() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := os.Stat(d.parent); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return sweepDesks(d.parent, nil)
}

// sweepDesks removes the desks under parent whose owner is gone. What it cannot remove it leaves: it is in nobody's way.
func sweepDesks(parent string, mine *os.File) error {
	locks, err := filepath.Glob(filepath.Join(parent, "*"+deskLock))
	if err != nil {
		return err
	}
	for _, name := range locks {
		if mine != nil && name == mine.Name() {
			continue
		}
		sweepDesk(name, mine)
	}
	return nil
}

func sweepDesk(name string, mine *os.File) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if free, err := lockFile(f); err != nil || !free {
		return
	}
	host := filepath.Base(name)
	host = host[:max(0, strings.LastIndex(host, "-"))]
	if host != hostName() && !rested(f, mine) {
		return
	}
	if os.RemoveAll(strings.TrimSuffix(name, deskLock)) == nil {
		os.Remove(name)
	}
}

// rested compares two files by the clock of the machine that keeps them, which may be another than ours.
func rested(f, fresh *os.File) bool {
	if fresh == nil {
		return false
	}
	then, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := fresh.Stat()
	return err == nil && now.ModTime().Sub(then.ModTime()) > idle
}

// private refuses a folder in which somebody else could put or read files.
func private(dir string) error {
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return &fs.PathError{Op: "lstat", Path: dir, Err: err}
	}
	if int(st.Uid) != os.Geteuid() || st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Mode&0o022 != 0 {
		return fmt.Errorf("%s belongs to another user or is open to others; take it away, or name another folder (spool: in %s)", dir, File)
	}
	return nil
}

// hostName is this machine's name as it may stand in a file's name.
func hostName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "host"
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, host[:min(len(host), 100)])
}
