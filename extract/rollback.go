package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrGone is wrapped where the files of an earlier view are no longer what its manifest says: removed, or damaged.
var ErrGone = errors.New("the view can no longer be published")

// View reads the manifest whose view lies in current/: that of the last published batch, or of the earlier one that
// Rollback put there. Where current/ is the view of no batch it gives the last published one, which Verify then finds
// missing; ErrNoManifest where nothing was published.
func View(dir string) (Manifest, error) {
	there, err := currentNames(dir)
	if err != nil {
		return Manifest{}, err
	}
	newest, err := Latest(dir)
	if err != nil {
		return newest, err
	}
	for m := newest; ; {
		if m.names(there) {
			return m, nil
		}
		if m, err = latestBefore(dir, m.Number); errors.Is(err, ErrNoManifest) {
			return newest, nil
		}
		if err != nil {
			return m, err
		}
	}
}

// currentNames gives the names of the files in current/, by their paths below it.
func currentNames(dir string) (map[string]bool, error) {
	out := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, currentDir, "*", "*"))
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", currentDir, err)
	}
	for _, path := range files {
		name, err := filepath.Rel(filepath.Join(dir, currentDir), path)
		if err != nil {
			return nil, fmt.Errorf("look into %s: %w", currentDir, err)
		}
		out[filepath.ToSlash(name)] = true
	}
	return out, nil
}

// names reports whether these are the files of the view.
func (m *Manifest) names(there map[string]bool) bool {
	if len(there) != len(m.Files) {
		return false
	}
	for _, f := range m.Files {
		if !there[currentName(f)] {
			return false
		}
	}
	return true
}

// Whole holds the view of a published batch to its manifest, byte for byte: the manifest's own SHA-256 and that of each file.
// It wraps ErrGone where something is missing or damaged, and ErrNoManifest where the batch published nothing.
func Whole(ctx context.Context, dir, batch string) (Manifest, error) {
	m, err := ReadManifest(dir, batch)
	if err != nil {
		return m, err
	}
	if err := verifyManifest(dir, &m); err != nil {
		return m, fmt.Errorf("manifest of batch %s: %w: %w", batch, err, ErrGone)
	}
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return m, err
		}
		sum, err := hashFile(filepath.Join(dir, filepath.FromSlash(f.Path)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return m, fmt.Errorf("batch %s: %s was removed: %w", batch, f.Path, ErrGone)
		case err != nil:
			return m, fmt.Errorf("batch %s: %w", batch, err)
		case sum != f.SHA256:
			return m, fmt.Errorf("batch %s: %s is damaged, its SHA-256 is not the manifest's: %w", batch, f.Path, ErrGone)
		}
	}
	return m, nil
}

// Rollback publishes the view of a published batch again: current/ is built from the files of its manifest and swapped
// whole, so that a kill leaves the view before or the new one. It changes nothing else: a later batch goes on from the last
// published one. Its errors are those of Whole; then nothing was changed. One Publish or Rollback at a time may work on a folder.
func Rollback(ctx context.Context, dir, batch string) (Manifest, error) {
	return rollback(ctx, dir, batch, nil)
}

// ClearRollback removes what a rollback left that was killed behind its swap. Nobody may be publishing.
func ClearRollback(dir, batch string) error {
	st, err := newStage(dir, "rollback-"+batch, nil)
	if err != nil {
		return fmt.Errorf("clear the rollback: %w", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, nextDir)); err != nil {
		return fmt.Errorf("clear the rollback: %w", err)
	}
	return st.clear()
}

func rollback(ctx context.Context, dir, batch string, fault func(op, path string) error) (Manifest, error) {
	if batch == "" || strings.ContainsAny(batch, `/\`) {
		return Manifest{}, fmt.Errorf("roll back: want the ID of a batch: %w", ErrNoManifest)
	}
	m, err := Whole(ctx, dir, batch)
	if err != nil {
		return m, fmt.Errorf("roll back: %w", err)
	}
	st, err := newStage(dir, "rollback-"+batch, fault)
	if err != nil {
		return m, fmt.Errorf("roll back: %w", err)
	}
	if err := st.link(m.Files); err != nil {
		return m, fmt.Errorf("roll back: %w", err)
	}
	return m, st.clear()
}
