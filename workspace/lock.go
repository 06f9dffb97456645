package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

// Owner is who holds a workspace.
type Owner struct {
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
}

// HeldError names the run that holds the workspace; it wraps ErrHeld.
type HeldError struct {
	Owner Owner // zero where the holder has not written its name yet
}

// Error says who holds the workspace, since when, and whether that process still lives, where that can be seen.
func (e *HeldError) Error() string {
	o := e.Owner
	since := o.Started.UTC().Format(time.RFC3339)
	switch o.life() {
	case living:
		return fmt.Sprintf("workspace: held by process %d on %s since %s; it lives: wait for it to end", o.PID, o.Host, since)
	case ended:
		return fmt.Sprintf("workspace: held since %s under the name of process %d on %s, which has ended: one that it started holds the lock; end that one", since, o.PID, o.Host)
	case elsewhere:
		return fmt.Sprintf("workspace: held by process %d on %s since %s; whether it lives is seen there: wait for it to end", o.PID, o.Host, since)
	}
	return "workspace: held by another run; wait for it to end"
}

// life is what can be said of a process from here.
type life int

const (
	unnamed life = iota // nobody has written a name
	living
	ended
	elsewhere // on another host
)

func (o Owner) life() life {
	host, err := os.Hostname()
	switch {
	case o.PID <= 0:
		return unnamed
	case err != nil || o.Host != host:
		return elsewhere
	case errors.Is(unix.Kill(o.PID, 0), unix.ESRCH):
		return ended
	}
	return living
}

// Unwrap is ErrHeld.
func (e *HeldError) Unwrap() error { return ErrHeld }

// Lock is the hold on a workspace. It ends with Release or with the process, even with one that is killed.
type Lock struct {
	f      *flock.Flock
	w      *Workspace
	former Owner
}

// Former is the owner before, where it did not give the workspace back: it was killed, or its machine went down.
// It is for people to know; it blocks nobody.
func (l *Lock) Former() (o Owner, ok bool) { return l.former, l.former.PID > 0 }

const (
	lockTries = 3
	lockPause = 20 * time.Millisecond
)

// Lock takes the workspace for one run and waits no more than a moment: *HeldError where another has it. The hold
// is a flock: the name in the file is for people, and what a killed process wrote there holds nobody up, whatever
// the clock says. What killed processes left half written is swept away.
func (w *Workspace) Lock(now func() time.Time) (*Lock, error) {
	name := w.Path(".lock")
	f := flock.New(name, flock.SetPermissions(fileMode))
	ok, err := f.TryLock()
	for tries := 0; err == nil && !ok && tries < lockTries; tries++ {
		time.Sleep(lockPause) // Holder looks for a moment, and a new owner takes one to write its name
		ok, err = f.TryLock()
	}
	if err != nil {
		return nil, fmt.Errorf("workspace: lock: %w", err)
	}
	if !ok {
		return nil, &HeldError{owner(name)}
	}
	former := owner(name)
	host, err := os.Hostname()
	if err == nil {
		var text []byte
		if text, err = json.Marshal(Owner{host, os.Getpid(), now().UTC()}); err == nil {
			// The lock hangs on the file itself, so that it is written in place and never renamed.
			err = os.WriteFile(name, append(text, '\n'), fileMode)
		}
	}
	if err == nil {
		err = w.sweep()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("workspace: lock: %w", err), f.Unlock())
	}
	return &Lock{f, w, former}, nil
}

// Release gives the workspace back, without the plain copies made under it. A second call does nothing.
func (l *Lock) Release() error {
	if !l.f.Locked() {
		return nil
	}
	err := errors.Join(l.w.DropSpools(), os.Truncate(l.f.Path(), 0))
	return errors.Join(err, l.f.Unlock())
}

// Holder tells who holds the workspace now; ok is false where nobody does.
func (w *Workspace) Holder() (o Owner, ok bool) {
	name := w.Path(".lock")
	if _, err := os.Stat(name); err != nil {
		return Owner{}, false
	}
	f := flock.New(name)
	free, err := f.TryRLock()
	if err != nil || free {
		f.Unlock()
		return Owner{}, false
	}
	return owner(name), true
}

func owner(name string) (o Owner) {
	text, err := os.ReadFile(name)
	if err != nil || json.Unmarshal(text, &o) != nil {
		return Owner{}
	}
	return o
}

// sweep removes what killed processes left half done, and the files that WriteFile had not renamed yet.
func (w *Workspace) sweep() error {
	for _, d := range w.desks() {
		if err := d.sweep(); err != nil {
			return err
		}
	}
	dirs := []string{w.dir, w.MetricsDir(), w.ReportsDir()}
	for _, f := range append([]string{OutAnswers}, outFolders...) {
		dirs = append(dirs, w.Path("outbox/"+f))
	}
	for _, dir := range dirs {
		left, err := fs.Glob(os.DirFS(dir), ".tmp-*")
		if err != nil {
			return err
		}
		for _, name := range left {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
