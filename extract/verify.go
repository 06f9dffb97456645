package extract

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"crypto/sha256"

	"revcycle/ledger"
	"revcycle/money"
	"revcycle/party"
)

// Check is one thing that Verify looked at.
type Check struct {
	Name   string
	OK     bool
	Detail string // what was found where it is not as it should be
}

// Verify proves the view in current/ of an extracts folder again: each file's SHA-256, rows and sums, the
// manifest's own hash, current/ against the manifest, the identity of every claim, and the sums of the
// view against the ledger as it was at the batch. The error says that something could not be looked at.
// ErrNoManifest: nothing is published.
func Verify(ctx context.Context, dir string, store ledger.Store) ([]Check, error) {
	m, err := View(dir)
	if err != nil {
		return nil, err
	}
	newest, err := Latest(dir)
	if err != nil {
		return nil, err
	}
	var out []Check
	add := func(name string, ok bool, format string, args ...any) {
		c := Check{Name: name, OK: ok}
		if !ok {
			c.Detail = fmt.Sprintf(format, args...)
		}
		out = append(out, c)
	}
	if err := verifyManifest(dir, &m); err != nil {
		add("manifest of batch "+m.Batch, false, "%v", err)
	} else {
		add("manifest of batch "+m.Batch, true, "")
	}
	bad := 0
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if err := verifyFile(dir, f); err != nil {
			bad++
			add("file "+f.Path, false, "%v", err)
		}
	}
	add("files, their hashes, rows and sums", bad == 0, "%d of %d files differ from the manifest", bad, len(m.Files))
	if newest.Number != m.Number { // the next batch goes on from the last one
		_, err := Whole(ctx, dir, newest.Batch)
		add("rolled back: all below is of batch "+m.Batch+"; the last published one, "+newest.Batch+", is whole", err == nil, "%v", err)
	}
	wrong := verifyCurrent(dir, &m)
	add("current/ is the manifest's view", wrong == "", "%s", wrong)
	off, err := verifyIdentity(dir, &m)
	add("the identity of every claim", off == 0 && err == nil, "%d claims are off (%v)", off, err)
	b, err := newBuilder(ctx, Env{Store: store, Party: &party.Directory{}, Batch: Batch{m.Number, m.Batch}, AsOf: m.AsOf}, nil)
	if err != nil {
		return out, err
	}
	controls, err := ledgerControls(ctx, b, &m)
	if err != nil {
		return out, err
	}
	for _, c := range controls {
		add(c.Name, c.OK, "%s against %s, a difference of %s", c.Left, c.Right, c.Difference)
	}
	return out, nil
}

func verifyManifest(dir string, m *Manifest) error {
	folder := filepath.Join(dir, batchesDir, m.Batch)
	content, err := os.ReadFile(filepath.Join(folder, manifestName))
	if err != nil {
		return err
	}
	mark, err := os.ReadFile(filepath.Join(folder, successName))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	if _, want, _ := strings.Cut(strings.TrimSpace(string(mark)), " "); want != hex.EncodeToString(sum[:]) {
		return fmt.Errorf("its SHA-256 is not the one that %s holds", successName)
	}
	return nil
}

func verifyFile(dir string, f File) error {
	path := filepath.Join(dir, filepath.FromSlash(f.Path))
	sum, err := hashFile(path)
	if err != nil {
		return err
	}
	if sum != f.SHA256 {
		return fmt.Errorf("its SHA-256 is %s, not %s", sum, f.SHA256)
	}
	rows, sums, err := recount(path)
	if err != nil {
		return err
	}
	if rows != f.Rows {
		return fmt.Errorf("%d rows, not %d", rows, f.Rows)
	}
	for column, want := range f.Sums {
		if sums[column] != want {
			return fmt.Errorf("Σ %s is %s, not %s", column, sums[column], want)
		}
	}
	return nil
}

// verifyCurrent says in what current/ is not the manifest's view; "" where it is.
func verifyCurrent(dir string, m *Manifest) string {
	want := map[string]string{}
	for _, f := range m.Files {
		want[currentName(f)] = f.SHA256
	}
	files, err := filepath.Glob(filepath.Join(dir, currentDir, "*", "*"))
	if err != nil {
		return err.Error()
	}
	for _, path := range files {
		name, _ := filepath.Rel(filepath.Join(dir, currentDir), path)
		name = filepath.ToSlash(name)
		sum, err := hashFile(path)
		switch {
		case err != nil:
			return err.Error()
		case want[name] == "":
			return name + " is not in the manifest"
		case want[name] != sum:
			return name + " differs from the manifest"
		}
		delete(want, name)
	}
	if len(want) > 0 {
		return fmt.Sprintf("%d files of the manifest are missing, %s first", len(want), sortedKeys(want)[0])
	}
	return ""
}

// verifyIdentity counts the claims whose money does not add up.
func verifyIdentity(dir string, m *Manifest) (off int, err error) {
	for _, f := range m.Files {
		if f.Table != factClaim.Name {
			continue
		}
		err := readRows(filepath.Join(dir, filepath.FromSlash(f.Path)), func(r *claimView) error {
			if r.imbalance() != money.Cents(0) {
				off++
			}
			return nil
		})
		if err != nil {
			return off, err
		}
	}
	return off, nil
}
