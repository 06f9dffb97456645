package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Arrival is a file in the inbox as it was seen at one moment.
type Arrival struct {
	Name     string // from the top of the inbox, with slashes
	Size     int64
	Complete bool
	Why      string // why it is not complete: still growing, or nothing that may be read
	info     fs.FileInfo
}

// doneMark beside a file says that it is complete.
const doneMark = ".done"

// unfinished are the endings under which senders and tools write before they rename.
var unfinished = []string{".tmp", ".part", ".partial", ".filepart", ".crdownload", "~"}

// Inbox lists what lies in the inbox and its folders, by name. Hidden files, .done marks and names
// of unfinished copies are left out. A file is complete when nothing of it has changed for the
// settle time, or when its .done mark is there. A link that leads out of the inbox, a file or folder
// that may not be read, and anything that is not a plain file, is listed and never complete.
func (w *Workspace) Inbox(now time.Time) ([]Arrival, error) {
	root, err := os.OpenRoot(w.InboxDir)
	if err != nil {
		return nil, fmt.Errorf("workspace: inbox: %w", err)
	}
	defer root.Close()
	var names []string
	var shut []Arrival
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrPermission) && name != "." {
			shut = append(shut, Arrival{Name: name, Why: "a folder that this user may not read; give it read permission, or take it away"})
			return fs.SkipDir
		}
		if err != nil {
			return err
		}
		if name != "." && strings.HasPrefix(path.Base(name), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.IsDir() {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("workspace: inbox: %w", err)
	}
	slices.Sort(names)
	var out []Arrival
	for _, name := range names {
		if strings.HasSuffix(name, doneMark) || isUnfinished(name) {
			continue
		}
		_, marked := slices.BinarySearch(names, name+doneMark)
		a, err := w.arrival(root, name, marked, now)
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken away between listing and looking
		}
		if err != nil {
			return nil, fmt.Errorf("workspace: inbox: %w", err)
		}
		out = append(out, a)
	}
	out = append(out, shut...)
	slices.SortFunc(out, func(a, b Arrival) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func isUnfinished(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(unfinished, func(end string) bool { return strings.HasSuffix(name, end) })
}

func (w *Workspace) arrival(root *os.Root, name string, marked bool, now time.Time) (Arrival, error) {
	a := Arrival{Name: name}
	link, err := root.Lstat(name)
	if err != nil {
		return a, err
	}
	info, err := root.Stat(name)
	switch {
	case err != nil && link.Mode()&fs.ModeSymlink != 0:
		a.Why = "a link that leads out of the inbox, or to nothing; copy the file itself"
		return a, nil
	case err != nil:
		return a, err
	case !info.Mode().IsRegular():
		a.Why = "not a plain file"
		return a, nil
	}
	if !readable(root, name) {
		a.Why = "this user may not read it; give it read permission, or take it away"
		return a, nil
	}
	a.Size, a.info = info.Size(), info
	if rest := now.Sub(touched(info)); !marked && w.Settle > 0 && rest < w.Settle {
		a.Why = fmt.Sprintf("still changing: %s of %s have passed", max(0, rest).Truncate(time.Second), w.Settle)
		return a, nil
	}
	a.Complete = true
	return a, nil
}

// readable reports whether a file may be opened; one that is gone is for others to notice.
func readable(root *os.Root, name string) bool {
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err == nil {
		f.Close()
	}
	return !errors.Is(err, fs.ErrPermission)
}

// openArrival opens a complete arrival and makes sure that it is the file that was seen.
func (w *Workspace) openArrival(a Arrival) (*os.File, error) {
	if !a.Complete {
		return nil, fmt.Errorf("workspace: inbox: %s: %s", a.Name, a.Why)
	}
	root, err := os.OpenRoot(w.InboxDir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// Without O_NONBLOCK a pipe put in the file's place would hold the run for ever.
	f, err := root.OpenFile(a.Name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("workspace: inbox: %w", err)
	}
	if err := a.unchanged(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("workspace: inbox: %s: %w", a.Name, err)
	}
	return f, nil
}

// unchanged holds an open file to what was seen of it.
func (a Arrival) unchanged(f interface{ Stat() (fs.FileInfo, error) }) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !a.same(info) {
		return ErrChanged
	}
	return nil
}

func (a Arrival) same(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && os.SameFile(a.info, info) && info.Size() == a.info.Size() && info.ModTime().Equal(a.info.ModTime())
}

// RemoveFromInbox takes an arrival and its .done mark away, once it is archived. A file that is gone
// already is fine; one that was written anew since it was seen stays, and the error wraps ErrChanged.
func (w *Workspace) RemoveFromInbox(a Arrival) error {
	root, err := os.OpenRoot(w.InboxDir)
	if err != nil {
		return fmt.Errorf("workspace: inbox: %w", err)
	}
	defer root.Close()
	info, err := root.Stat(a.Name)
	if err == nil && (a.info == nil || !a.same(info)) {
		return fmt.Errorf("workspace: inbox: %s: %w; it stays in the inbox", a.Name, ErrChanged)
	}
	// The file first: a mark without a file means nothing, a file without its mark waits to settle.
	for _, name := range []string{a.Name, a.Name + doneMark} {
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("workspace: inbox: %w", err)
		}
	}
	if err := syncDir(filepath.Join(w.InboxDir, filepath.FromSlash(path.Dir(a.Name)))); err != nil {
		return fmt.Errorf("workspace: inbox: %w", err)
	}
	return nil
}
