package workspace

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/zstd"

	"revcycle/claim"
)

// The archive keeps every file twice while a batch runs, for two reasons that do not go together.
// What is kept is archive/ab/ab….zst: compressed, durable, content-addressed. What is read is
// archive/.work/ab…: the plain bytes, because a scan that cuts a file and workers that parse its
// chunks need any offset at once. The plain copy is a cache: not made durable, never trusted from an
// earlier process without hashing it again, made anew from the compressed one where it is missing,
// removed at the end of a batch (DropSpools) and by the next Lock.
const spoolFolder = "archive/.work"

// Archived is a file that the archive holds.
type Archived struct {
	SHA256 claim.Digest // of the plain bytes
	Size   int64        // of the plain bytes
	Path   string       // from the top of the workspace, with slashes
	Known  bool         // the archive had it before
}

// Archive copies an arrival into the archive and hashes it on the way. The same content archived
// again is the same file. When it returns nil the bytes are on the disk, and the arrival may be
// removed from the inbox. A file that changes meanwhile is an error that wraps ErrChanged, and
// leaves nothing.
func (w *Workspace) Archive(a Arrival) (Archived, error) {
	f, err := w.openArrival(a)
	if err != nil {
		return Archived{}, err
	}
	defer f.Close()
	arc, err := w.archive(a, f)
	if err != nil {
		return Archived{}, fmt.Errorf("workspace: archiving %s: %w", a.Name, err)
	}
	return arc, nil
}

// archive keeps an open arrival, if it is at the end what it was when it was seen.
func (w *Workspace) archive(a Arrival, f *os.File) (Archived, error) {
	return w.store(f, func(size int64) error {
		if size != a.Size {
			return fmt.Errorf("%d bytes of %d: %w", size, a.Size, ErrChanged)
		}
		return a.unchanged(f)
	})
}

// encoders are kept for reuse: each holds a few megabytes. One thread makes the bytes deterministic.
var encoders = sync.Pool{New: func() any {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // the options above are constants
	}
	return e
}}

const copyBuffer = 1 << 18

// store keeps what r gives, if check agrees when all of it has been read.
func (w *Workspace) store(r io.Reader, check func(size int64) error) (Archived, error) {
	work := w.Path(spoolFolder)
	if err := mkdir(work); err != nil {
		return Archived{}, err
	}
	spool, err := os.CreateTemp(work, ".tmp-*")
	if err != nil {
		return Archived{}, err
	}
	packed, err := os.CreateTemp(work, ".tmp-*")
	if err != nil {
		discard(spool)
		return Archived{}, err
	}
	h := sha256.New()
	enc := encoders.Get().(*zstd.Encoder)
	defer encoders.Put(enc)
	enc.Reset(packed)
	size, err := io.CopyBuffer(io.MultiWriter(h, spool, enc), onlyReader{r}, make([]byte, copyBuffer))
	if err == nil {
		err = enc.Close()
	}
	if err == nil {
		err = check(size)
	}
	if err != nil {
		discard(spool)
		discard(packed)
		return Archived{}, err
	}
	arc := Archived{SHA256: claim.Digest(h.Sum(nil)), Size: size}
	arc.Path = archivePath(arc.SHA256)
	if arc.Known, err = w.keep(packed, arc.Path); err != nil {
		discard(spool)
		return Archived{}, err
	}
	if err := w.keepSpool(spool, arc.SHA256); err != nil {
		return Archived{}, err
	}
	return arc, nil
}

// onlyReader hides WriteTo, which would pass the buffer by.
type onlyReader struct{ io.Reader }

// keep commits the compressed file, unless the archive has it.
func (w *Workspace) keep(packed *os.File, name string) (known bool, err error) {
	target := w.Path(name)
	if _, err := os.Stat(target); err == nil {
		discard(packed)
		return true, nil
	}
	if err := mkdir(filepath.Dir(target)); err != nil {
		discard(packed)
		return false, err
	}
	return false, commit(packed, target)
}

func (w *Workspace) keepSpool(spool *os.File, sha claim.Digest) error {
	err := errors.Join(spool.Chmod(fileMode), spool.Close())
	if err == nil {
		err = os.Rename(spool.Name(), w.spoolPath(sha))
	}
	if err != nil {
		os.Remove(spool.Name())
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spools[sha] = true
	return nil
}

func archivePath(sha claim.Digest) string {
	s := sha.String()
	return path.Join("archive", s[:2], s+".zst")
}

func (w *Workspace) spoolPath(sha claim.Digest) string {
	return w.Path(path.Join(spoolFolder, sha.String()))
}

// Original is an archived file as it came, readable at any offset by several goroutines (ReadAt).
type Original struct {
	*os.File
	size int64
}

// Size is the number of its bytes.
func (o *Original) Size() int64 { return o.size }

// OpenArchived opens a file of the archive by its digest. Where no checked plain copy is at hand it
// is unpacked and hashed first. The error wraps ErrNotArchived where the archive has no such file.
func (w *Workspace) OpenArchived(sha claim.Digest) (*Original, error) {
	w.mu.Lock()
	checked := w.spools[sha]
	w.mu.Unlock()
	if checked {
		if o, err := openOriginal(w.spoolPath(sha)); err == nil {
			return o, nil
		}
	}
	if err := w.unspool(sha); err != nil {
		return nil, fmt.Errorf("workspace: archive: %s: %w", sha.Short(), err)
	}
	o, err := openOriginal(w.spoolPath(sha))
	if err != nil {
		return nil, fmt.Errorf("workspace: archive: %w", err)
	}
	return o, nil
}

func openOriginal(name string) (*Original, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Original{f, st.Size()}, nil
}

// unspool makes the plain copy from the compressed file.
func (w *Workspace) unspool(sha claim.Digest) error {
	if err := mkdir(w.Path(spoolFolder)); err != nil {
		return err
	}
	spool, err := os.CreateTemp(w.Path(spoolFolder), ".tmp-*")
	if err != nil {
		return err
	}
	if err := w.unpackTo(spool, sha); err != nil {
		discard(spool)
		return err
	}
	return w.keepSpool(spool, sha)
}

// unpackTo writes the plain bytes of an archived file and holds them to their digest.
func (w *Workspace) unpackTo(out io.Writer, sha claim.Digest) error {
	f, err := os.Open(w.Path(archivePath(sha)))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotArchived
	}
	if err != nil {
		return err
	}
	defer f.Close()
	d, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<28))
	if err != nil {
		return err
	}
	defer d.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(io.MultiWriter(out, h), onlyReader{d}, make([]byte, copyBuffer)); err != nil {
		return fmt.Errorf("the archived file is damaged: %w", err)
	}
	if !bytes.Equal(h.Sum(nil), sha[:]) {
		return errors.New("the archived file is damaged: its bytes have another digest; restore it from a backup")
	}
	return nil
}

// CheckArchived unpacks an archived file and holds it to its digest, leaving nothing behind.
func (w *Workspace) CheckArchived(sha claim.Digest) error {
	if err := w.unpackTo(io.Discard, sha); err != nil {
		return fmt.Errorf("workspace: archive: %s: %w", sha.Short(), err)
	}
	return nil
}

// DropSpools removes the plain copies; the archive itself is untouched. Call it when a batch ends.
func (w *Workspace) DropSpools() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.spools)
	if err := os.RemoveAll(w.Path(spoolFolder)); err != nil {
		return fmt.Errorf("workspace: archive: %w", err)
	}
	return nil
}
