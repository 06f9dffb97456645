package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// The modes of all that is written here.
const (
	fileMode = 0o600
	dirMode  = 0o700
)

// WriteFile puts data at path, whole or not at all: after a crash there is the old file or the new
// one. The file is private (0600). When it returns nil the data are on the disk.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		discard(f)
		return err
	}
	return commit(f, path)
}

// commit makes a temporary file of the same file system durable under its name. The temporary file
// is gone when it fails.
func commit(f *os.File, path string) error {
	err := f.Chmod(fileMode)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		discard(f)
		return err
	}
	if err := f.Close(); err != nil {
		os.Remove(f.Name())
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncDir(filepath.Dir(path))
}

func discard(f *os.File) {
	f.Close()
	os.Remove(f.Name())
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// mkdir makes a folder and those above it, private whatever the umask; folders that exist keep their mode.
func mkdir(dir string) error {
	if st, err := os.Stat(dir); err == nil {
		if !st.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: errors.New("a file stands where a folder is wanted")}
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := mkdir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Chmod(dir, dirMode); err != nil {
		return err
	}
	return syncDir(parent)
}
