package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// folderShelf is a folder of this machine or of a network file system. No name leads out of it, not even by a link.
type folderShelf struct {
	dir   string // absolute
	ours  bool   // it lies in the workspace: it is made where it is missing. Elsewhere a mount may be missing
	prune bool   // a folder in it goes with its last file
	desk  desk
}

func (s *folderShelf) String() string { return s.dir }

func (s *folderShelf) list(_ context.Context, under string) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		root, err := s.top()
		if err != nil {
			yield(item{}, err)
			return
		}
		defer root.Close()
		top := path.Join(".", under)
		err = fs.WalkDir(root.FS(), top, func(name string, d fs.DirEntry, err error) error {
			it := item{name: name, hidden: isHidden(name)}
			switch {
			case name == top && under != "" && errors.Is(err, fs.ErrNotExist):
				return fs.SkipAll
			case name != "." && errors.Is(err, fs.ErrPermission):
				it.refused = "a folder that this user may not read; give it read permission, or take it away"
				if !yield(it, nil) {
					return fs.SkipAll
				}
				return fs.SkipDir
			case err != nil:
				return err
			case d.IsDir() && name != top && isHidden(path.Base(name)):
				return fs.SkipDir
			case d.IsDir():
				return nil
			}
			if it, err = s.look(root, name); errors.Is(err, fs.ErrNotExist) {
				return nil // taken away between listing and looking
			}
			if err == nil && !yield(it, nil) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			yield(item{}, err)
		}
	}
}

// look says what a file is, and why it cannot be read where it cannot.
func (s *folderShelf) look(root *os.Root, name string) (item, error) {
	it := item{name: name, hidden: isHidden(name)}
	if it.hidden {
		return it, nil
	}
	if !openable(name) {
		it.refused = refusedName
		return it, nil
	}
	link, err := root.Lstat(name)
	if err != nil {
		return it, err
	}
	info, err := root.Stat(name)
	switch {
	case err != nil && link.Mode()&fs.ModeSymlink != 0:
		it.refused = "a link that leads out of the folder, or to nothing; copy the file itself"
		return it, nil
	case err != nil:
		return it, err
	case !info.Mode().IsRegular():
		it.refused = "not a plain file"
		return it, nil
	case !readable(root, name):
		it.refused = "this user may not read it; give it read permission, or take it away"
		return it, nil
	}
	return itemOf(name, info), nil
}

func itemOf(name string, info fs.FileInfo) item {
	return item{name: name, size: info.Size(), touched: touched(info), info: info}
}

// sameFile reports whether two looks saw one file, unchanged.
func sameFile(a, b fs.FileInfo) bool {
	return b.Mode().IsRegular() && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// readable reports whether a file may be opened; one that is gone is for others to notice.
func readable(root *os.Root, name string) bool {
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err == nil {
		f.Close()
	}
	return !errors.Is(err, fs.ErrPermission)
}

// openFile is an open file of a folder.
type openFile struct {
	*os.File
	name string
}

func (f openFile) now() (item, error) {
	info, err := f.Stat()
	if err != nil {
		return item{}, err
	}
	return itemOf(f.name, info), nil
}

func (s *folderShelf) open(_ context.Context, name string) (opened, error) {
	root, err := s.root(name)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// Without O_NONBLOCK a pipe put in the file's place would hold the run for ever.
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, errors.Join(err, fmt.Errorf("%s is not a plain file", name))
	}
	return openFile{f, name}, nil
}

// root opens the folder for a name that may be used in it.
func (s *folderShelf) root(name string) (*os.Root, error) {
	if !openable(name) {
		return nil, fmt.Errorf("%q: %s", name, refusedName)
	}
	return s.top()
}

// top opens the folder. One elsewhere that is not there is no empty folder.
func (s *folderShelf) top() (*os.Root, error) {
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, fs.ErrNotExist) && !s.ours {
		return nil, fmt.Errorf("the folder %s is not there; mount it, or make it", s.dir)
	}
	return root, err
}

func (s *folderShelf) stat(_ context.Context, name string) (item, error) {
	root, err := s.root(name)
	if err != nil {
		return item{}, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err != nil {
		return item{}, err
	}
	return itemOf(name, info), nil
}

func (s *folderShelf) put(_ context.Context, name string, r io.Reader) error {
	if !openable(name) {
		return fmt.Errorf("%q: %s", name, refusedName)
	}
	if !s.ours {
		root, err := s.top()
		if err != nil {
			return err
		}
		root.Close()
	}
	f, err := s.desk.file()
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(f, onlyReader{r}, make([]byte, copyBuffer)); err != nil {
		discard(f)
		return err
	}
	target := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := mkdir(filepath.Dir(target)); err != nil {
		discard(f)
		return err
	}
	return commit(f, target)
}

func (s *folderShelf) remove(_ context.Context, name string) error {
	root, err := s.root(name)
	if err != nil {
		return err
	}
	defer root.Close()
	dir := path.Dir(name)
	err = root.Remove(name)
	if s.prune && dir != "." && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		if root.Remove(dir) == nil {
			dir = path.Dir(dir)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Join(s.dir, filepath.FromSlash(dir)))
}
