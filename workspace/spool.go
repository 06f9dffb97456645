package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"revcycle/claim"
)

// spools are the plain copies of archived files that this process works on, each under its own name on
// the desk. Only a copy whose bytes were hashed here is among them.
type spools struct {
	desk desk

	mu    sync.Mutex
	named map[claim.Digest]string
}

// keep takes a file of the desk, whose content has the digest, as the plain copy.
func (s *spools) keep(f *os.File, sha claim.Digest) error {
	if err := f.Close(); err != nil {
		os.Remove(f.Name())
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.named[sha]; ok && before != f.Name() {
		os.Remove(before) // who has it open reads on
	}
	s.named[sha] = f.Name()
	return nil
}

// open opens a plain copy; fs.ErrNotExist where there is none.
func (s *spools) open(sha claim.Digest) (*Original, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, ok := s.named[sha]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return openOriginal(name)
}

// drop removes the plain copies. Who has one open reads on, and what is being made stays.
func (s *spools) drop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, name := range s.named {
		if e := os.Remove(name); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	clear(s.named)
	return err
}

// DropSpools removes the plain copies that this Workspace made of archived files; the archive itself and the
// copies of others are untouched. Call it when a batch ends, and on a worker when it has nothing to do. It may be
// called at any time: what is open stays readable, what is needed again is made again.
func (w *Workspace) DropSpools() error {
	if err := errors.Join(w.spools.drop(), w.leaveDesks()); err != nil {
		return fmt.Errorf("workspace: spool: %w", err)
	}
	return nil
}

// TempDir makes a folder on the local disk for this process's own work. The caller removes it.
func (w *Workspace) TempDir() (string, error) {
	dir, err := w.spools.desk.folder()
	if err != nil {
		return "", fmt.Errorf("workspace: spool: %w", err)
	}
	return dir, nil
}

// desks are where this Workspace may have unfinished work.
func (w *Workspace) desks() []*desk {
	out := []*desk{&w.spools.desk}
	for _, s := range []shelf{w.archived, w.held} {
		if f, ok := s.(*folderShelf); ok {
			out = append(out, &f.desk)
		}
	}
	return out
}

func (w *Workspace) leaveDesks() error {
	var err error
	for _, d := range w.desks() {
		err = errors.Join(err, d.leave())
	}
	return err
}
