package extract

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// PublishedFile is a file that belongs to the views of some batches.
type PublishedFile struct {
	Path   string // below the extracts folder, with /
	SHA256 string // as the manifest has it; "" of a manifest itself and of what stands beside it
}

// PublishedFiles lists, by path, all that the published views of some batches are made of: the files that their
// manifests name, the manifests, and what stands beside them. A batch that was not published, or whose manifest was
// purged, has none.
func PublishedFiles(dir string, batches []string) ([]PublishedFile, error) {
	all := map[string]string{}
	for _, batch := range batches {
		m, err := ReadManifest(dir, batch)
		if errors.Is(err, ErrNoManifest) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, f := range m.Files {
			all[f.Path] = f.SHA256
		}
		for _, name := range []string{manifestName, "views.sql", successName} {
			all[batchesDir+"/"+batch+"/"+name] = ""
		}
	}
	out := make([]PublishedFile, 0, len(all))
	for path, sum := range all {
		out = append(out, PublishedFile{path, sum})
	}
	slices.SortFunc(out, func(a, b PublishedFile) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// Current makes what readers look at anew from a published batch of a folder whose files are all there, or from the last one
// where that batch's manifest is not there: the folder current/, swapped whole, and the texts beside it. Where nothing is
// published it does nothing.
func Current(dir, batch string) error {
	m, err := ReadManifest(dir, batch)
	if batch == "" || errors.Is(err, ErrNoManifest) {
		m, err = Latest(dir)
	}
	if errors.Is(err, ErrNoManifest) {
		return nil
	}
	if err != nil {
		return err
	}
	s, err := newStage(dir, m.Batch, nil)
	if err != nil {
		return fmt.Errorf("current: %w", err)
	}
	texts := docs()
	for _, path := range sortedKeys(texts) {
		if err := s.write(path, texts[path]); err != nil {
			return errors.Join(fmt.Errorf("current: %w", err), s.clear())
		}
	}
	if err := s.link(m.Files); err != nil {
		return errors.Join(fmt.Errorf("current: %w", err), s.clear())
	}
	return s.clear()
}

// pathIn is a slash-separated path below a folder.
func pathIn(dir, path string) string { return filepath.Join(dir, filepath.FromSlash(path)) }
