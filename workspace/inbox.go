package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Arrival is a file in the inbox as it was seen at one moment.
type Arrival struct {
	Name     string // from the top of the inbox, with slashes; quoted where it is refused for its name
	Size     int64
	Complete bool
	Why      string // why it is not complete: still growing, or nothing that may be read
	seen     item
}

// doneMark beside a file says that it is complete.
const doneMark = ".done"

// unfinished are the endings under which senders and tools write before they rename.
var unfinished = []string{".tmp", ".part", ".partial", ".filepart", ".crdownload", "~"}

// Inbox lists what lies in the inbox and its folders, by name. Hidden files, .done marks and names
// of unfinished copies are left out. A file is complete when nothing of it has changed for the
// settle time, or when its .done mark is there; an object of object storage is whole when it is
// listed, and settles like a file. A link that leads out of the inbox, a file or folder that may not
// be read, a name that leads elsewhere or holds control characters, and anything that is not a plain
// file, is listed and never complete.
func (w *Workspace) Inbox(now time.Time) ([]Arrival, error) {
	var items []item
	marks := map[string]bool{}
	for it, err := range w.inbox.list(context.Background(), "") {
		switch {
		case err != nil:
			return nil, fmt.Errorf("workspace: inbox: %w", err)
		case it.hidden:
		case strings.HasSuffix(it.name, doneMark):
			marks[it.name] = true
		case !isUnfinished(it.name):
			items = append(items, it)
		}
	}
	out := make([]Arrival, 0, len(items))
	for _, it := range items {
		out = append(out, w.arrival(it, marks[it.name+doneMark], now))
	}
	slices.SortFunc(out, func(a, b Arrival) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func isUnfinished(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(unfinished, func(end string) bool { return strings.HasSuffix(name, end) })
}

// arrival judges a file of the inbox at a moment. A time of change that lies ahead is one of another
// clock, or of ours before it was set back: it cannot be said how long the file has rested, so it waits.
func (w *Workspace) arrival(it item, marked bool, now time.Time) Arrival {
	a := Arrival{Name: it.name, Size: it.size, Why: it.refused, seen: it}
	rest := now.Sub(it.touched)
	switch {
	case it.refused == refusedName:
		a.Name = strconv.Quote(it.name)
	case it.refused != "":
	case marked || w.Settle == 0 || rest >= w.Settle:
		a.Complete = true
	case rest < 0:
		a.Why = fmt.Sprintf("it was changed %s after the clock's time, so that nobody knows how long it has rested; set the clock, or put %s beside it",
			(-rest).Round(time.Second), path.Base(it.name)+doneMark)
	default:
		a.Why = fmt.Sprintf("still changing: %s of %s have passed", rest.Truncate(time.Second), w.Settle)
	}
	return a
}

// OpenArrival opens a complete arrival for reading, if it still is the file that was seen; else the
// error wraps ErrChanged. A file of the inbox is evidence of nothing before it is archived.
func (w *Workspace) OpenArrival(a Arrival) (io.ReadCloser, error) {
	f, _, err := w.openArrival(a)
	return f, err
}

// openArrival gives an open arrival and what it is now.
func (w *Workspace) openArrival(a Arrival) (opened, item, error) {
	if !a.Complete {
		return nil, item{}, fmt.Errorf("workspace: inbox: %s: %s", a.Name, a.Why)
	}
	f, err := w.inbox.open(context.Background(), a.seen.name)
	if err != nil {
		return nil, item{}, fmt.Errorf("workspace: inbox: %s: %w", a.Name, leftAlone(err))
	}
	now, err := f.now()
	if err == nil {
		err = a.seen.holds(now)
	}
	if err != nil {
		f.Close()
		return nil, item{}, fmt.Errorf("workspace: inbox: %s: %w", a.Name, leftAlone(err))
	}
	return f, now, nil
}

// leftAlone marks what is wrong with one file only, and not with the inbox.
func leftAlone(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: it is gone", ErrChanged)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return err
}

// holds reports with ErrChanged that a file is no longer what was seen.
func (it item) holds(now item) error {
	same := it.size == now.size
	if it.info != nil {
		same = same && now.info != nil && sameFile(it.info, now.info)
	} else {
		// A listing may tell the time more finely than the object's own headers, and may leave out the version.
		same = same && it.touched.Unix() == now.touched.Unix() && (it.version == "" || now.version == "" || it.version == now.version)
	}
	if !same {
		return ErrChanged
	}
	return nil
}

// RemoveFromInbox takes an arrival and its .done mark away, once it is archived. A file that is gone
// already is fine; one that was written anew since it was seen stays, and the error wraps ErrChanged.
func (w *Workspace) RemoveFromInbox(a Arrival) error {
	ctx := context.Background()
	now, err := w.inbox.stat(ctx, a.seen.name)
	if err == nil {
		if err := a.seen.holds(now); err != nil {
			return fmt.Errorf("workspace: inbox: %s: %w; it stays in the inbox", a.Name, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("workspace: inbox: %s: %w", a.Name, err)
	}
	// The file first: a mark without a file means nothing, a file without its mark waits to settle.
	for _, name := range []string{a.seen.name, a.seen.name + doneMark} {
		if err := w.inbox.remove(ctx, name); err != nil {
			return fmt.Errorf("workspace: inbox: %w", err)
		}
	}
	return nil
}
