package workspace

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// shelf is a place that keeps files under names: a folder, or a part of a bucket of object storage. Inbox,
// archive and quarantine each are one. A name is relative, with slashes. Errors wrap fs.ErrNotExist and
// fs.ErrPermission where that is what they mean. Several goroutines, processes and machines may use
// one at once.
type shelf interface {
	// list gives what lies under a folder of the shelf ("" for all of it), in no promised order. A name
	// that openable refuses is listed with its reason. The first error ends the listing.
	list(ctx context.Context, under string) iter.Seq2[item, error]
	// open opens a file for reading from its beginning.
	open(ctx context.Context, name string) (opened, error)
	// stat tells what a file is now.
	stat(ctx context.Context, name string) (item, error)
	// put keeps what r gives under a name, in the place of what stood there: whole and durable when it
	// returns nil, else not at all, not even after a kill.
	put(ctx context.Context, name string, r io.Reader) error
	// remove takes a file away. One that is gone already is fine.
	remove(ctx context.Context, name string) error
	// String names the place for people; it holds no secret.
	String() string
}

// opened is an open file of a shelf.
type opened interface {
	io.ReadCloser
	// now tells what the file is now, to be held against what it was when it was listed.
	now() (item, error)
}

// item is a file of a shelf as it was seen at one moment.
type item struct {
	name    string
	size    int64
	touched time.Time   // when it last changed, by the clock of the place that keeps it
	version string      // of an object: changes with its bytes; "" where the listing does not tell
	info    fs.FileInfo // of a file in a folder
	hidden  bool        // its name, or that of a folder it lies in, begins with a dot
	refused string      // why it cannot be opened: a sentence
}

// refusedName is the reason of a name that is refused.
const refusedName = "its name leads elsewhere or holds characters that no name should; send it again under another"

// openable reports whether a name that others chose may be used: relative, in one piece, without
// anything that leads elsewhere, ends a line, moves a cursor, or was no character and so cannot be asked for.
func openable(name string) bool {
	return fs.ValidPath(name) && name != "." && len(name) <= 1000 && utf8.ValidString(name) &&
		!strings.ContainsAny(name, "\\\uFFFD") && strings.IndexFunc(name, unicode.IsControl) < 0
}

// isHidden reports whether a name or a folder in it begins with a dot.
func isHidden(name string) bool { return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") }
