package extract

import (
	"errors"
	"fmt"
	"os"
)

// Glance looks whether the last published view is there: its manifest is the one that was published, and each file it names
// has its place, and bytes. It reads no file; Verify does. ErrNoManifest where nothing is published.
func Glance(dir string) (Manifest, error) {
	m, err := Latest(dir)
	if err != nil {
		return m, err
	}
	if err := verifyManifest(dir, &m); err != nil {
		return m, fmt.Errorf("manifest of batch %s: %w", m.Batch, err)
	}
	for _, f := range m.Files {
		for _, path := range []string{f.Path, currentDir + "/" + currentName(f)} {
			info, err := os.Stat(pathIn(dir, path))
			if err == nil && info.Size() == 0 {
				err = errors.New("it is empty")
			}
			if err != nil {
				return m, fmt.Errorf("batch %s: %s: %w", m.Batch, path, err)
			}
		}
	}
	return m, nil
}
