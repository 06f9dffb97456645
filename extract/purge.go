package extract

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Removable is something of an extracts folder that no kept batch needs.
type Removable struct {
	Path  string // below the extracts folder, with /; a folder goes with all that is in it
	Bytes int64
	Why   string
}

// ListRemovable lists what may go when the last `keep` published batches stay (0: all of them), in the order in which it must go:
// first the manifests of earlier batches, so that nothing names a file that is gone; then the files that no kept
// manifest names; then what killed runs left in staging. The view that readers see is always kept, and nothing of
// the batch `open` ("" for none), which is under way, is listed.
func ListRemovable(dir string, keep int, open string) ([]Removable, error) {
	kept, out, err := divide(dir, keep, open)
	if err != nil {
		return nil, err
	}
	files, err := unnamed(dir, kept, open)
	if err != nil {
		return nil, err
	}
	out = append(out, files...)
	left, err := leftovers(dir, open)
	return append(out, left...), err
}

// divide gives the batches that stay, in the order of their numbers, and the manifests that go, oldest first.
func divide(dir string, keep int, open string) (kept []string, gone []Removable, err error) {
	type batch struct {
		number int64
		id     string
	}
	var all []batch
	entries, err := os.ReadDir(filepath.Join(dir, batchesDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("list published batches: %w", err)
	}
	drop := func(id, why string) error {
		size, err := sizeOf(pathIn(dir, batchesDir+"/"+id))
		gone = append(gone, Removable{batchesDir + "/" + id, size, why})
		return err
	}
	for _, e := range entries {
		n, err := published(filepath.Join(dir, batchesDir, e.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist) && e.Name() != open:
			err = drop(e.Name(), "a purge was killed before it was gone")
		case errors.Is(err, fs.ErrNotExist):
			err = nil
		case err == nil:
			all = append(all, batch{n, e.Name()})
		}
		if err != nil {
			return nil, nil, fmt.Errorf("published batch %s: %w", e.Name(), err)
		}
	}
	slices.SortFunc(all, func(a, b batch) int { return cmp.Compare(a.number, b.number) })
	for i, b := range all {
		if keep == 0 || i >= len(all)-keep {
			kept = append(kept, b.id)
		} else if err := drop(b.id, fmt.Sprintf("manifest of a batch before the last %d", keep)); err != nil {
			return nil, nil, fmt.Errorf("published batch %s: %w", b.id, err)
		}
	}
	return kept, gone, nil
}

// unnamed lists the files that no kept manifest names.
func unnamed(dir string, kept []string, open string) ([]Removable, error) {
	named := map[string]bool{}
	for _, batch := range kept {
		m, err := ReadManifest(dir, batch)
		if err != nil {
			return nil, err
		}
		for _, f := range m.Files {
			named[f.Path] = true
		}
	}
	var out []Removable
	err := filepath.WalkDir(filepath.Join(dir, filesDir), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && d == nil {
			return fs.SkipAll // nothing is published yet
		}
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if named[rel] || open != "" && strings.HasPrefix(d.Name(), "part-"+open+"-") {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		out = append(out, Removable{rel, info.Size(), "no kept manifest names it"})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list extract files: %w", err)
	}
	return out, nil
}

// leftovers lists what killed runs left behind.
func leftovers(dir, open string) ([]Removable, error) {
	var out []Removable
	list := []string{nextDir, currentDir + "-old"}
	entries, err := os.ReadDir(filepath.Join(dir, stagingDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list %s: %w", stagingDir, err)
	}
	for _, e := range entries {
		if e.Name() != open {
			list = append(list, stagingDir+"/"+e.Name())
		}
	}
	for _, path := range list {
		size, err := sizeOf(pathIn(dir, path))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Removable{path, size, "a killed run left it"})
	}
	return out, nil
}

// sizeOf sums the bytes of the files below a folder.
func sizeOf(folder string) (sum int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}

// Remove takes away what ListRemovable listed. What is gone already is fine. Of a published batch its mark goes first, so
// that a kill leaves a batch that is not published and never half a one.
func Remove(dir string, r Removable) error {
	path := pathIn(dir, r.Path)
	if !filepath.IsLocal(filepath.FromSlash(r.Path)) {
		return fmt.Errorf("remove %s: it does not lie in the extracts folder", r.Path)
	}
	if strings.HasPrefix(r.Path, batchesDir+"/") {
		if err := os.Remove(filepath.Join(path, successName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", r.Path, err)
		}
		if err := syncDir(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", r.Path, err)
		}
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove %s: %w", r.Path, err)
	}
	parent := filepath.Dir(path)
	if err := syncDir(parent); err != nil {
		return fmt.Errorf("remove %s: %w", r.Path, err)
	}
	if strings.HasPrefix(r.Path, filesDir+"/") {
		_ = os.Remove(parent) // a partition without files; where one is left the folder stays
	}
	return nil
}
