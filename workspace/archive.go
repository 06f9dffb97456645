package workspace

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/klauspost/compress/zstd"

	"revcycle/claim"
)

// The archive keeps every file twice while a batch runs, for two reasons that do not go together.
// What is kept is ab/ab….zst in the archive: compressed, durable, content-addressed. What is read is
// a plain copy on this process's own desk: the plain bytes, because a scan that cuts a file and workers
// that parse its chunks need any offset at once. The plain copy is a cache of one process: not made durable,
// hashed before it is trusted, made from the archive where it is missing, and removed by DropSpools.

// Archived is a file that the archive holds.
type Archived struct {
	SHA256 claim.Digest // of the plain bytes
	Size   int64        // of the plain bytes
	Known  bool         // the archive had it before
}

// Archive copies an arrival into the archive and hashes it on the way. The same content archived
// again is the same file. When it returns nil the bytes are durable in the archive, and the arrival may be
// removed from the inbox. A file that changes meanwhile is an error that wraps ErrChanged, one that may not
// be read one that wraps ErrUnreadable; both leave nothing.
func (w *Workspace) Archive(a Arrival) (Archived, error) {
	f, now, err := w.openArrival(a)
	if err != nil {
		return Archived{}, err
	}
	defer f.Close()
	arc, err := w.archive(now, f)
	if err != nil {
		return Archived{}, fmt.Errorf("workspace: archiving %s: %w", a.Name, err)
	}
	return arc, nil
}

// archive keeps an open arrival, if it is at the end what it was when it was opened.
func (w *Workspace) archive(before item, f opened) (Archived, error) {
	return w.store(f, func(size int64) error {
		if size != before.size {
			return fmt.Errorf("%d bytes of %d: %w", size, before.size, ErrChanged)
		}
		now, err := f.now()
		if err != nil {
			return leftAlone(err)
		}
		return before.holds(now)
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
	spool, err := w.spools.desk.file()
	if err != nil {
		return Archived{}, err
	}
	packed, err := w.spools.desk.file()
	if err != nil {
		discard(spool)
		return Archived{}, err
	}
	defer discard(packed)
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
	arc := Archived{SHA256: claim.Digest(h.Sum(nil)), Size: size}
	if err == nil {
		arc.Known, err = w.keep(packed, archiveName(arc.SHA256))
	}
	if err != nil {
		discard(spool)
		return Archived{}, err
	}
	return arc, w.spools.keep(spool, arc.SHA256)
}

// onlyReader hides WriteTo, which would pass the buffer by.
type onlyReader struct{ io.Reader }

// keep puts the compressed file into the archive, unless the archive has it.
func (w *Workspace) keep(packed *os.File, name string) (known bool, err error) {
	ctx := context.Background()
	if _, err := w.archived.stat(ctx, name); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err == nil, err
	}
	if _, err := packed.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	return false, w.archived.put(ctx, name, packed)
}

func archiveName(sha claim.Digest) string {
	s := sha.String()
	return path.Join(s[:2], s+".zst")
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
	o, err := w.spools.open(sha)
	for try := 0; errors.Is(err, fs.ErrNotExist) && try < spoolTries; try++ {
		if err := w.unspool(sha); err != nil {
			return nil, fmt.Errorf("workspace: archive: %s: %w", sha.Short(), err)
		}
		o, err = w.spools.open(sha)
	}
	if err != nil {
		return nil, fmt.Errorf("workspace: spool: %w", err)
	}
	return o, nil
}

// spoolTries is how often a plain copy is made, where DropSpools takes it away before it is opened.
const spoolTries = 5

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
	spool, err := w.spools.desk.file()
	if err != nil {
		return err
	}
	if err := w.unpackTo(spool, sha); err != nil {
		discard(spool)
		return err
	}
	return w.spools.keep(spool, sha)
}

// unpackTo writes the plain bytes of an archived file and holds them to their digest.
func (w *Workspace) unpackTo(out io.Writer, sha claim.Digest) error {
	f, err := w.archived.open(context.Background(), archiveName(sha))
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
