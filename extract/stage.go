package extract

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"revcycle/money"
)

// stage is the folder where a batch's files are written before anybody may see them. Buckets may be
// written at once; no two of them share a partition of a table.
type stage struct {
	dir   string // the extracts folder
	batch string // batch ID
	fault func(op, path string) error

	mu    sync.Mutex
	parts map[string]int // files so far, by table and partition
}

const (
	stagingDir = ".staging"
	filesDir   = "files"
)

// newStage empties the batch's staging folder, which a killed run may have left.
func newStage(dir, batch string, fault func(op, path string) error) (*stage, error) {
	s := &stage{dir: dir, batch: batch, fault: fault, parts: map[string]int{}}
	if err := s.clear(); err != nil {
		return nil, err
	}
	return s, os.MkdirAll(s.root(), 0o700)
}

func (s *stage) root() string { return filepath.Join(s.dir, stagingDir, s.batch) }

func (s *stage) clear() error {
	if err := os.RemoveAll(s.root()); err != nil {
		return fmt.Errorf("clear %s: %w", s.root(), err)
	}
	return nil
}

// at fails where a test wants a kill at this step.
func (s *stage) at(op, path string) error {
	if s.fault == nil {
		return nil
	}
	return s.fault(op, path)
}

// file is a staged file; what is written to it is hashed.
type file struct {
	stage *stage
	path  string // below the extracts folder, with /
	part  string // partition folder
	f     *os.File
	buf   *bufio.Writer
	sum   hash.Hash
}

// create opens the next file of a bucket.
func (s *stage) create(t *Table, partition string) (*file, error) {
	folder := filesDir + "/" + t.Name + "/" + partition
	s.mu.Lock()
	n := s.parts[folder]
	s.parts[folder] = n + 1
	s.mu.Unlock()
	path := fmt.Sprintf("%s/part-%s-%04d.parquet", folder, s.batch, n)
	if err := s.at("create", path); err != nil {
		return nil, err
	}
	full := filepath.Join(s.root(), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return nil, fmt.Errorf("stage %s: %w", path, err)
	}
	f, err := os.OpenFile(full, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", path, err)
	}
	return &file{stage: s, path: path, part: partition, f: f, buf: bufio.NewWriterSize(f, 256<<10), sum: sha256.New()}, nil
}

// Write is io.Writer's.
func (f *file) Write(b []byte) (int, error) {
	f.sum.Write(b)
	return f.buf.Write(b)
}

// finish makes the file durable and says what it holds.
func (f *file) finish(rows int64, t *Table, sums []int64) (File, error) {
	out := File{Table: t.Name, Partition: f.part, Path: f.path, Rows: rows, Sums: map[string]money.Cents{}, SHA256: hex.EncodeToString(f.sum.Sum(nil))}
	for i, at := range t.sums {
		out.Sums[t.Columns[at].Name] = money.Cents(sums[i])
	}
	err := f.stage.at("sync", f.path)
	err = errors.Join(err, f.buf.Flush(), f.f.Sync(), f.f.Close())
	if err != nil {
		return out, fmt.Errorf("stage %s: %w", f.path, err)
	}
	return out, nil
}

// locate gives where a file of the view lies now: staged, or published before.
func (s *stage) locate(path string) string {
	staged := filepath.Join(s.root(), filepath.FromSlash(path))
	if _, err := os.Stat(staged); err == nil {
		return staged
	}
	return filepath.Join(s.dir, filepath.FromSlash(path))
}

// drop removes staged files that turned out to say what published ones say.
func (s *stage) drop(files []File) error {
	for _, f := range files {
		if err := os.Remove(filepath.Join(s.root(), filepath.FromSlash(f.Path))); err != nil {
			return fmt.Errorf("drop staged %s: %w", f.Path, err)
		}
	}
	return nil
}

// install moves the staged files of the view to their place. Files of a batch that no _SUCCESS marks
// belong to nobody yet and are replaced.
func (s *stage) install(files []File) error {
	folders := map[string]bool{}
	for _, f := range files {
		from, to := filepath.Join(s.root(), filepath.FromSlash(f.Path)), filepath.Join(s.dir, filepath.FromSlash(f.Path))
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue // of an earlier batch
		}
		if err := s.at("rename", f.Path); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return fmt.Errorf("install %s: %w", f.Path, err)
		}
		if err := os.Rename(from, to); err != nil {
			return fmt.Errorf("install %s: %w", f.Path, err)
		}
		folders[filepath.Dir(to)] = true
		folders[filepath.Dir(filepath.Dir(to))] = true
	}
	folders[filepath.Join(s.dir, filesDir)] = true
	for d := range folders {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

// write puts a small file in its place at once: temporary name, fsync, rename, fsync of the folder.
func (s *stage) write(path string, content []byte) error {
	if err := s.at("write", path); err != nil {
		return err
	}
	full := filepath.Join(s.dir, filepath.FromSlash(path))
	if old, err := os.ReadFile(full); err == nil && string(old) == string(content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	temporary := filepath.Join(s.root(), "small-file")
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(temporary, full); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncDir(filepath.Dir(full))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// hashFile is the SHA-256 of a file in hexadecimal digits.
func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// staged reports whether a file lies in the staging folder.
func (s *stage) staged(path string) bool {
	_, err := os.Stat(filepath.Join(s.root(), filepath.FromSlash(path)))
	return err == nil
}
