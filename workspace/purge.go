package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"revcycle/claim"
)

// Kept is an original that the archive holds.
type Kept struct {
	SHA256  claim.Digest
	Bytes   int64     // compressed, as it lies there
	Touched time.Time // when it was archived, by the clock of the place that keeps it
}

// Originals lists what the archive holds, by digest. What lies there under another name is not ours and is left out.
func (w *Workspace) Originals(ctx context.Context) ([]Kept, error) {
	var out []Kept
	for it, err := range w.archived.list(ctx, "") {
		if err != nil {
			return nil, fmt.Errorf("workspace: archive: %w", err)
		}
		name, ok := strings.CutSuffix(path.Base(it.name), ".zst")
		if it.hidden || it.refused != "" || !ok {
			continue
		}
		var sha claim.Digest
		if err := sha.UnmarshalText([]byte(name)); err != nil || archiveName(sha) != it.name {
			continue
		}
		out = append(out, Kept{sha, it.size, it.touched})
	}
	slices.SortFunc(out, func(a, b Kept) int { return strings.Compare(a.SHA256.String(), b.SHA256.String()) })
	return out, nil
}

// DropOriginal takes an original out of the archive for good. One that is gone is fine.
func (w *Workspace) DropOriginal(ctx context.Context, sha claim.Digest) error {
	if err := w.archived.remove(ctx, archiveName(sha)); err != nil {
		return fmt.Errorf("workspace: archive: %s: %w", sha.Short(), err)
	}
	return nil
}

// HeldBytes is how much a unit in quarantine takes; nothing for one that is gone.
func (w *Workspace) HeldBytes(id string) (sum int64, err error) {
	if !safeName(id) {
		return 0, fmt.Errorf("workspace: quarantine: %w", errBadID)
	}
	for _, name := range []string{reasonName, rawName} {
		it, err := w.held.stat(context.Background(), path.Join(id, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("workspace: quarantine: %s: %w", id, err)
		}
		sum += it.size
	}
	return sum, nil
}
