package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"revcycle/workspace"
)

// ErrNoBackup is wrapped where a folder holds no whole backup.
var ErrNoBackup = errors.New("there is no backup")

// copying is one backup that is being made.
type copying struct {
	ctx     context.Context
	root    string // the folder it is made in
	last    string // the folder of the backup before; "" = none
	have    map[string]BackupFile
	files   []BackupFile
	folders map[string]bool // made here
	copied  int64
}

// takeFrom lets the backup share what the one before has.
func (c *copying) takeFrom(b Backup, folder string) {
	c.last, c.have = folder, map[string]BackupFile{}
	for _, f := range b.Files {
		c.have[f.Path] = f
	}
}

// folder makes a folder of the backup.
func (c *copying) folder(rel string) error {
	if c.folders[rel] {
		return nil
	}
	c.folders[rel] = true
	return workspace.MakeFolder(filepath.Join(c.root, filepath.FromSlash(rel)))
}

// immutable reports whether a file never changes once it is there: its name tells its content, or its batch.
func immutable(rel string) bool {
	return strings.HasPrefix(rel, "archive/") || strings.HasPrefix(rel, "extracts/files/")
}

// file takes a file into the backup. sum is the SHA-256 that it must have; "" where nobody knows.
func (c *copying) file(from, rel, sum string) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := c.folder(filepath.ToSlash(filepath.Dir(rel))); err != nil {
		return err
	}
	to := filepath.Join(c.root, filepath.FromSlash(rel))
	if had, ok := c.have[rel]; ok && immutable(rel) && had.Bytes == info.Size() && (sum == "" || sum == had.SHA256) {
		if os.Link(filepath.Join(c.last, filepath.FromSlash(rel)), to) == nil {
			c.files = append(c.files, had)
			return nil
		}
	}
	got, err := copyFile(from, to)
	if err != nil {
		return err
	}
	if sum != "" && got.SHA256 != sum {
		return fmt.Errorf("its SHA-256 is %s, not %s as its manifest says; revcycle verify tells more", got.SHA256, sum)
	}
	got.Path = rel
	c.files, c.copied = append(c.files, got), c.copied+got.Bytes
	return nil
}

// enter lists a file that lies in the backup already.
func (c *copying) enter(rel string) error {
	f, err := hashed(filepath.Join(c.root, rel))
	if err != nil {
		return err
	}
	f.Path = rel
	c.files, c.copied = append(c.files, f), c.copied+f.Bytes
	return nil
}

// settle makes the names of all that was copied durable.
func (c *copying) settle() error {
	for rel := range c.folders {
		if err := workspace.SyncFolder(filepath.Join(c.root, filepath.FromSlash(rel))); err != nil {
			return err
		}
	}
	return workspace.SyncFolder(c.root)
}

// copyFile copies a file, durably, to one that is not there yet.
func copyFile(from, to string) (BackupFile, error) {
	in, err := os.Open(from)
	if err != nil {
		return BackupFile{}, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return BackupFile{}, err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), in)
	if err == nil {
		err = out.Sync()
	}
	return BackupFile{Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}, errors.Join(err, out.Close())
}

func hashed(name string) (BackupFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return BackupFile{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return BackupFile{Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// backupNames lists the folders below into that are named as backups are, oldest first.
func backupNames(into string) ([]string, error) {
	entries, err := os.ReadDir(into)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && len(e.Name()) >= len(backupStamp) && strings.HasPrefix(e.Name(), "2") && e.Name()[8] == 'T' && e.Name()[15] == 'Z' {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out, nil
}

// newestBackup reads the manifest of the last whole backup below into, or of into itself.
func newestBackup(into string) (b Backup, folder string, err error) {
	if b, err := readBackup(into); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return b, into, err
	}
	names, err := backupNames(into)
	if err != nil {
		return b, "", err
	}
	for _, name := range slices.Backward(names) {
		folder = filepath.Join(into, name)
		if b, err = readBackup(folder); !errors.Is(err, fs.ErrNotExist) {
			return b, folder, err
		}
	}
	return b, "", fmt.Errorf("%s: %w", into, ErrNoBackup)
}

func readBackup(folder string) (b Backup, err error) {
	text, err := os.ReadFile(filepath.Join(folder, backupManifest))
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(text, &b); err != nil || b.Format != 1 {
		return b, fmt.Errorf("%s: its manifest cannot be read (%v); take another backup", folder, err)
	}
	return b, nil
}

// sweepBackups removes what killed backups left: what has no manifest is none.
func sweepBackups(into string) error {
	names, err := backupNames(into)
	if err != nil {
		return err
	}
	for _, name := range append(names, backupPart) {
		folder := filepath.Join(into, name)
		if _, err := os.Stat(filepath.Join(folder, backupManifest)); name != backupPart && !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	return nil
}

// freeName is a folder for a backup of this moment.
func freeName(into, stamp string) (string, error) {
	for n := 1; ; n++ {
		name := stamp
		if n > 1 {
			name = fmt.Sprintf("%s-%d", stamp, n)
		}
		_, err := os.Stat(filepath.Join(into, name))
		if errors.Is(err, fs.ErrNotExist) {
			return filepath.Join(into, name), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// ForgetBackups removes the oldest backups below into until `keep` are left, and gives the folders that went. Of each the
// manifest goes first: what is left of one after a kill is no backup, and the next Write sweeps it.
func ForgetBackups(into string, keep int) (gone []string, err error) {
	names, err := backupNames(into)
	if err != nil {
		return nil, fmt.Errorf("forget backups: %w", err)
	}
	for len(names) > keep {
		folder := filepath.Join(into, names[0])
		names = names[1:]
		if err := os.Remove(filepath.Join(folder, backupManifest)); err != nil {
			return gone, fmt.Errorf("forget backups: %w", err)
		}
		if err := os.RemoveAll(folder); err != nil {
			return gone, fmt.Errorf("forget backups: %w", err)
		}
		gone = append(gone, folder)
	}
	return gone, nil
}

// CheckBackup reads every file of the newest backup below a folder, or of that folder itself, and says, a sentence each,
// what is not as it was written. The error wraps ErrNoBackup where there is none.
func CheckBackup(ctx context.Context, dir string) (b Backup, folder string, faults []string, err error) {
	b, folder, err = newestBackup(dir)
	if err != nil {
		return b, folder, nil, fmt.Errorf("check the backup: %w", err)
	}
	for _, f := range b.Files {
		if err := ctx.Err(); err != nil {
			return b, folder, faults, err
		}
		got, err := hashed(filepath.Join(folder, filepath.FromSlash(f.Path)))
		switch {
		case err != nil:
			faults = append(faults, fmt.Sprintf("%s: %v", f.Path, err))
		case got.Bytes != f.Bytes:
			faults = append(faults, fmt.Sprintf("%s: %d bytes, not %d", f.Path, got.Bytes, f.Bytes))
		case got.SHA256 != f.SHA256:
			faults = append(faults, fmt.Sprintf("%s: its SHA-256 is another", f.Path))
		}
	}
	return b, folder, faults, nil
}
