package workspace

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// The bounds of what one received file may unpack to.
const (
	maxUnpacked = 2 << 30 // bytes in all
	maxRatio    = 200     // times the size of the file …
	freeRatio   = 1 << 20 // … where more than so many bytes come out
	maxMembers  = 10_000
	maxDepth    = 3 // a gzip in a zip in a zip
)

// Member is one file that lay packed in another.
type Member struct {
	Name string // outer!inner
	Archived
	Refused string // why it was not unpacked: a sentence; the embedded Archived is zero then
}

// Unpack opens a gzip or zip file that the archive holds under a name, and archives its members as
// files of their own, so that a rerun needs a member's digest alone. Packed members are unpacked in
// turn. nil members and a nil error mean that the file is not packed. A member that cannot or must
// not be unpacked (damaged, encrypted, a name that leads elsewhere, more than 2 GiB or 200 times the
// file) is Refused and the others go on, save those after one that burst the bound; where the whole is unreadable, the one member is the file
// itself. An error means that our own disk failed.
func (w *Workspace) Unpack(name string, outer Archived) ([]Member, error) {
	u := &unpacking{w: w, left: min(maxUnpacked, max(freeRatio, maxRatio*outer.Size))}
	if err := u.open(name, outer, 1); err != nil {
		return nil, fmt.Errorf("workspace: unpacking %s: %w", name, err)
	}
	return u.members, nil
}

// unpacking is the state of one Unpack: what may still come out of the outermost file.
type unpacking struct {
	w       *Workspace
	left    int64
	count   int
	members []Member
}

func (u *unpacking) refuse(name, why string) {
	u.members = append(u.members, Member{Name: name, Refused: why})
}

// open unpacks one archived file, or leaves it where it is not packed.
func (u *unpacking) open(name string, arc Archived, depth int) error {
	o, err := u.w.OpenArchived(arc.SHA256)
	if err != nil {
		return err
	}
	defer o.Close()
	var magic [4]byte
	if _, err := o.ReadAt(magic[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	isGzip := magic[0] == 0x1f && magic[1] == 0x8b
	isZip := string(magic[:]) == "PK\x03\x04" || string(magic[:]) == "PK\x05\x06"
	switch {
	case (isGzip || isZip) && depth > maxDepth:
		u.refuse(name, "it is packed more than three deep; unpack it and send what is inside")
		return nil
	case isGzip:
		return u.gzip(name, o, depth)
	case isZip:
		return u.zip(name, o, depth)
	}
	return nil
}

func (u *unpacking) gzip(name string, o *Original, depth int) error {
	r, err := gzip.NewReader(o)
	if err != nil {
		u.refuse(name, "it begins like a gzip file and is none; ask for it again")
		return nil
	}
	defer r.Close()
	inner := strings.TrimSuffix(path.Base(name), ".gz")
	if _, last, ok := strings.Cut(inner, "!"); ok {
		inner = path.Base(last)
	}
	if r.Name != "" && memberName(r.Name) == "" {
		inner = r.Name
	}
	return u.member(name+"!"+inner, r, depth)
}

func (u *unpacking) zip(name string, o *Original, depth int) error {
	z, err := zip.NewReader(o, o.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		u.refuse(name, "the zip file is damaged; ask for it again")
		return nil
	}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue // folders, and what one system writes beside each file
		}
		if u.count++; u.count > maxMembers {
			u.refuse(name, fmt.Sprintf("it holds more than %d files", maxMembers))
			return nil
		}
		if why := memberName(f.Name); why != "" {
			u.refuse(fmt.Sprintf("%s!member-%d", name, u.count), why)
			continue
		}
		full := name + "!" + f.Name
		switch {
		case f.Flags&1 != 0:
			u.refuse(full, "it is encrypted; send it without a password")
			continue
		case !f.Mode().IsRegular():
			u.refuse(full, "it is not a plain file")
			continue
		}
		r, err := f.Open()
		if err != nil {
			u.refuse(full, "the zip file is damaged here or packed in a way that is not known; ask for it again")
			continue
		}
		err = u.member(full, r, depth)
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// memberName says why a name may not stand, "" where it may. The name itself is never used as a
// path; it is shown to people and written to the ledger.
func memberName(name string) string {
	bad := name == "" || len(name) > 1000 || strings.ContainsAny(name, "\\\x00\r\n!") || strings.HasPrefix(name, "/") ||
		len(name) > 1 && name[1] == ':'
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || part == ".."
	}
	if bad {
		return "its name leads out of the archive or holds characters that no name should"
	}
	return ""
}

// member archives what r gives within the bounds, then looks into it.
func (u *unpacking) member(name string, r io.Reader, depth int) error {
	in := &bounded{r: r, left: u.left}
	arc, err := u.w.store(in, func(int64) error { return in.fault })
	switch {
	case in.over:
		u.left = 0
		u.refuse(name, "it unpacks to more than 2 GiB or 200 times its size")
		return nil
	case in.fault != nil:
		u.refuse(name, "it is damaged or ends early; ask for it again")
		return nil
	case err != nil:
		return err
	}
	u.left = in.left
	before := len(u.members)
	if err := u.open(name, arc, depth+1); err != nil {
		return err
	}
	if len(u.members) == before {
		u.members = append(u.members, Member{Name: name, Archived: arc})
	}
	return nil
}

// bounded gives at most so many bytes and keeps the fault of its source apart from those of our disk.
type bounded struct {
	r     io.Reader
	left  int64
	over  bool
	fault error
}

var errOver = errors.New("over the bound")

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.over, b.fault = true, errOver
		return 0, errOver
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.fault = err
	}
	return n, err
}
