package workspace

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// State is how a check of doctor ended.
type State string

// The states of a check.
const (
	OK   State = "ok"
	Warn State = "warn" // the run goes on
	Fail State = "fail" // the run would fail, or would be wrong
)

// Check is one thing that doctor looked at.
type Check struct {
	Name    string `json:"name"`
	State   State  `json:"state"`
	Message string `json:"message"` // what was found and what to do
}

// What doctor asks of the disk.
const (
	diskFail = 256 << 20
	diskWarn = 2 << 30
)

// Doctor looks at the workspace and changes nothing. revcycle.yaml is sound, or Open had failed.
func (w *Workspace) Doctor(now time.Time) []Check {
	checks := []Check{{"configuration", OK, "every key of " + File + " is known and sound"}}
	checks = append(checks, w.checkFolders(), w.checkModes(), w.checkInbox(now), w.checkDisk(), w.checkKey(), w.checkSecrets(), w.checkClock(now), w.checkHolder())
	return append(checks, w.checkMasters()...)
}

func (w *Workspace) checkFolders() Check {
	var gone []string
	for _, f := range folders {
		if f == "inbox" || f == "extracts" {
			continue // these may lie elsewhere
		}
		if st, err := os.Stat(w.Path(f)); err != nil || !st.IsDir() {
			gone = append(gone, f)
		}
	}
	if len(gone) > 0 {
		return Check{"folders", Warn, "missing: " + strings.Join(gone, ", ") + "; make them, mode 0700"}
	}
	return Check{"folders", OK, "all there"}
}

// checkModes looks at the folder and what lies right in it: who may not enter the folder reads nothing below.
func (w *Workspace) checkModes() Check {
	var wide []string
	look := func(name string, info fs.FileInfo) {
		if info.Mode()&fs.ModeSymlink == 0 && info.Mode().Perm()&0o077 != 0 {
			wide = append(wide, fmt.Sprintf("%s (%04o)", name, info.Mode().Perm()))
		}
	}
	info, err := os.Stat(w.dir)
	if err != nil {
		return Check{"permissions", Fail, err.Error()}
	}
	look(".", info)
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return Check{"permissions", Fail, err.Error()}
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.Name() != "inbox" {
			look(e.Name(), info)
		}
	}
	if len(wide) > 0 {
		return Check{"permissions", Warn, "others may read " + strings.Join(wide, ", ") + "; take it from them with chmod go="}
	}
	return Check{"permissions", OK, "nobody else may read the workspace"}
}

func (w *Workspace) checkInbox(now time.Time) Check {
	arrivals, err := w.Inbox(now)
	if err != nil {
		return Check{"inbox", Fail, err.Error()}
	}
	waiting := 0
	for _, a := range arrivals {
		if !a.Complete {
			waiting++
			continue
		}
		f, err := w.openArrival(a)
		if err != nil {
			return Check{"inbox", Fail, fmt.Sprintf("%s cannot be read: %v", a.Name, err)}
		}
		f.Close()
	}
	return Check{"inbox", OK, fmt.Sprintf("%d files, %d of them not complete", len(arrivals), waiting)}
}

func (w *Workspace) checkDisk() Check {
	var st unix.Statfs_t
	if err := unix.Statfs(w.dir, &st); err != nil {
		return Check{"disk", Fail, err.Error()}
	}
	free := uint64(st.Bavail) * uint64(st.Bsize)
	text := fmt.Sprintf("%d MB free", free>>20)
	switch {
	case free < diskFail:
		return Check{"disk", Fail, text + "; a run needs several times the size of its files"}
	case free < diskWarn:
		return Check{"disk", Warn, text + "; a run needs several times the size of its files"}
	}
	return Check{"disk", OK, text}
}

func (w *Workspace) checkKey() Check {
	if w.KeyFile == "" {
		if w.Profile == Limited {
			return Check{"key_file", Fail, "the profile limited needs one: name a file of 32 random bytes in " + File}
		}
		return Check{"key_file", OK, "none, and none is needed"}
	}
	info, err := os.Stat(w.KeyFile)
	switch {
	case err != nil:
		return Check{"key_file", Fail, err.Error()}
	case info.Size() < 32:
		return Check{"key_file", Fail, "it holds fewer than 32 bytes; make it of /dev/urandom"}
	case info.Mode().Perm()&0o077 != 0:
		return Check{"key_file", Fail, "others may read it; chmod 0600"}
	}
	return Check{"key_file", OK, "there and private"}
}

func (w *Workspace) checkSecrets() Check {
	if u, err := url.Parse(w.Database); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			return Check{"database", Warn, "its password stands in " + File + "; name a file that holds the URL in REVCYCLE_DATABASE_FILE"}
		}
	}
	return Check{"database", OK, "no password in " + File}
}

// checkClock compares the clock with the newest thing in the workspace: a clock set back dates money wrongly.
func (w *Workspace) checkClock(now time.Time) Check {
	newest, name := time.Time{}, ""
	for _, f := range []string{File, "ledger.db", "archive", "quarantine", "metrics"} {
		if info, err := os.Stat(w.Path(f)); err == nil && info.ModTime().After(newest) {
			newest, name = info.ModTime(), f
		}
	}
	if newest.After(now.Add(time.Hour)) {
		return Check{"clock", Fail, name + " was written later than the clock says it is now; set the clock"}
	}
	return Check{"clock", OK, "business date " + w.BusinessDate(now).String()}
}

func (w *Workspace) checkHolder() Check {
	if o, held := w.Holder(); held {
		return Check{"lock", Warn, (&HeldError{o}).Error()}
	}
	return Check{"lock", OK, "free"}
}

func (w *Workspace) checkMasters() []Check {
	_, problems, err := w.Masters()
	if err != nil {
		return []Check{{"masters", Fail, err.Error()}}
	}
	var out []Check
	for _, p := range problems {
		state := Fail
		if p.Kept {
			state = Warn
		}
		out = append(out, Check{"masters", state, filepath.ToSlash(filepath.Join("masters", p.String()))})
	}
	if len(out) == 0 {
		out = append(out, Check{"masters", OK, "sound"})
	}
	return out
}
