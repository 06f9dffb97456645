package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
)

// Part is a place of a workspace that holds what came and what was made of it; revcycle.yaml may put it elsewhere.
type Part struct {
	Name   string // inbox, archive, quarantine, extracts
	At     string // a folder, or the URL of a bucket, which shows no secret
	Bucket bool
}

// Parts lists them.
func (w *Workspace) Parts() []Part {
	var out []Part
	for _, p := range []Part{{Name: "inbox", At: w.InboxAt}, {Name: "archive", At: w.ArchiveAt}, {Name: "quarantine", At: w.QuarantineAt}, {Name: "extracts", At: w.ExtractsDir}} {
		p.Bucket = isBucket(p.At)
		out = append(out, p)
	}
	return out
}

// Holds reports whether a path lies in the workspace, or is its folder.
func (w *Workspace) Holds(path string) bool {
	rel, err := filepath.Rel(w.dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// Secrets lists the files that revcycle.yaml names and that belong to nobody else: a copy of the workspace must not hold them.
func (w *Workspace) Secrets() []string {
	var out []string
	for _, path := range append([]string{w.KeyFile}, headerFiles(w.Notify)...) {
		if path != "" && !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	return out
}

func headerFiles(list []Notice) []string {
	var out []string
	for _, n := range list {
		out = append(out, n.HeaderFile)
	}
	return out
}

// HoldFolder holds a folder, which is made where it is not there, against others who call it; ErrHeld where one has it.
// The hold ends with the process at the latest.
func HoldFolder(dir string) (release func() error, err error) {
	if err := mkdir(dir); err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	f := flock.New(filepath.Join(dir, ".lock"), flock.SetPermissions(fileMode))
	ok, err := f.TryLock()
	if err != nil {
		return nil, fmt.Errorf("workspace: lock: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("%s: another command works on it: %w", dir, ErrHeld)
	}
	return f.Unlock, nil
}

// SyncFolder makes the names in a folder durable.
func SyncFolder(dir string) error { return syncDir(dir) }

// Hidden reports whether a name is that of unfinished work, which no copy wants: it begins with a dot.
func Hidden(name string) bool { return strings.HasPrefix(name, ".") }

// MakeFolder makes a folder and those above it, private whatever the umask.
func MakeFolder(dir string) error {
	if err := mkdir(dir); err != nil {
		return fmt.Errorf("workspace: %w", err)
	}
	return os.Chmod(dir, dirMode)
}
