package extract

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	currentDir = "current"
	nextDir    = ".current-new"
)

// link builds current/ anew from the view's files and swaps it whole, so that a reader sees one batch
// or the other and never a mixture. A kill leaves the old folder or the new one, and at most a spare
// that the next publish removes.
func (s *stage) link(files []File) error {
	next, current := filepath.Join(s.dir, nextDir), filepath.Join(s.dir, currentDir)
	if err := s.at("link", nextDir); err != nil {
		return err
	}
	if err := os.RemoveAll(next); err != nil {
		return fmt.Errorf("build %s: %w", currentDir, err)
	}
	folders := map[string]bool{next: true}
	for _, f := range files {
		to := filepath.Join(next, filepath.FromSlash(currentName(f)))
		folder := filepath.Dir(to)
		if !folders[folder] {
			if err := os.MkdirAll(folder, 0o700); err != nil {
				return fmt.Errorf("build %s: %w", currentDir, err)
			}
			folders[folder] = true
		}
		if err := linkOrCopy(filepath.Join(s.dir, filepath.FromSlash(f.Path)), to); err != nil {
			return fmt.Errorf("build %s: %w", currentDir, err)
		}
	}
	for d := range folders {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	if err := s.at("swap", currentDir); err != nil {
		return err
	}
	if err := exchange(next, current); err != nil {
		return fmt.Errorf("swap %s: %w", currentDir, err)
	}
	if err := syncDir(s.dir); err != nil {
		return err
	}
	if err := s.at("clean", nextDir); err != nil {
		return err
	}
	if err := os.RemoveAll(next); err != nil {
		return fmt.Errorf("remove the earlier %s: %w", currentDir, err)
	}
	return nil
}

// currentName is a file's path below current/: one folder a table, the partition in the name.
func currentName(f File) string {
	return f.Table + "/" + f.Partition + "-" + f.Path[strings.LastIndexByte(f.Path, '/')+1:]
}

// linkOrCopy makes a hard link; a file system without them gets a copy.
func linkOrCopy(from, to string) error {
	if err := os.Link(from, to); err == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// twoRenames swaps folders where the file system cannot exchange them at once. A kill between the
// renames leaves no current/, which the next publish makes again.
func twoRenames(next, current string) error {
	old := current + "-old"
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(current, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(next, current); err != nil {
		return err
	}
	return os.RemoveAll(old)
}
