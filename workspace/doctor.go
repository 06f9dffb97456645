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

	"revcycle/civil"
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
	Message string `json:"message"` // what was found
	Advice  string `json:"advice"`  // what to do; empty where nothing is to be done
}

// Fine is a check that found nothing wrong.
func Fine(name, found string) Check { return Check{name, OK, found, ""} }

// Warning is a check that found what a run can live with.
func Warning(name, found, advice string) Check { return Check{name, Warn, found, advice} }

// Fault is a check that found what a run cannot live with.
func Fault(name, found, advice string) Check { return Check{name, Fail, found, advice} }

// What doctor asks of the disk.
const (
	diskFail = 256 << 20
	diskWarn = 2 << 30
)

// Doctor looks at the workspace and changes nothing, save that it puts a small file into each place outside the
// workspace and takes it away again. revcycle.yaml is sound, or Open had failed.
func (w *Workspace) Doctor(now time.Time) []Check {
	checks := []Check{Fine("configuration", "every key of "+File+" is known and sound")}
	checks = append(checks, w.checkFolders(), w.checkShared(), w.checkModes(), w.checkInbox(now))
	checks = append(checks, w.checkPlaces()...)
	checks = append(checks, w.checkDisk(), w.checkKey(), w.checkSecrets(), w.checkClock(now), w.checkHolder())
	return append(checks, w.checkMasters(w.BusinessDate(now))...)
}

func (w *Workspace) checkFolders() Check {
	elsewhere := map[string]string{"inbox": "", "extracts": "", "archive": w.ArchiveAt, "quarantine": w.QuarantineAt}
	var gone []string
	for _, f := range folders {
		if at, ok := elsewhere[f]; ok && at != w.Path(f) {
			continue
		}
		if st, err := os.Stat(w.Path(f)); err != nil || !st.IsDir() {
			gone = append(gone, f)
		}
	}
	if len(gone) > 0 {
		return Warning("folders", "missing: "+strings.Join(gone, ", "), "make them, mode 0700")
	}
	return Fine("folders", "all there")
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
		return Fault("permissions", err.Error(), "run as the user who owns the workspace")
	}
	look(".", info)
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return Fault("permissions", err.Error(), "run as the user who owns the workspace")
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.Name() != "inbox" {
			look(e.Name(), info)
		}
	}
	if len(wide) > 0 {
		return Warning("permissions", "others may read "+strings.Join(wide, ", "), "take it from them with chmod go=")
	}
	return Fine("permissions", "nobody else may read the workspace")
}

func (w *Workspace) checkInbox(now time.Time) Check {
	arrivals, err := w.Inbox(now)
	if err != nil {
		return Fault("inbox", err.Error(), "make the folder, or name another in "+File)
	}
	waiting := 0
	for _, a := range arrivals {
		if !a.Complete {
			waiting++
		}
		if !a.Complete || isBucket(w.InboxAt) {
			continue // objects are not asked for one by one
		}
		f, err := w.OpenArrival(a)
		if err != nil {
			return Fault("inbox", fmt.Sprintf("%s cannot be read: %v", a.Name, err), "give it to the user who runs revcycle")
		}
		f.Close()
	}
	return Fine("inbox", fmt.Sprintf("%d files, %d of them not complete", len(arrivals), waiting))
}

func (w *Workspace) checkDisk() Check {
	var st unix.Statfs_t
	if err := unix.Statfs(w.dir, &st); err != nil {
		return Fault("disk", err.Error(), "see to the disk")
	}
	free := uint64(st.Bavail) * uint64(st.Bsize)
	text, room := fmt.Sprintf("%d MB free", free>>20), "make room: a run needs several times the size of its files"
	switch {
	case free < diskFail:
		return Fault("disk", text, room)
	case free < diskWarn:
		return Warning("disk", text, room)
	}
	return Fine("disk", text)
}

func (w *Workspace) checkKey() Check {
	if w.KeyFile == "" {
		if w.Profile == Limited {
			return Fault("key_file", "the profile limited needs one", "name a file of 32 random bytes in "+File)
		}
		return Fine("key_file", "none, and none is needed")
	}
	info, err := os.Stat(w.KeyFile)
	switch {
	case err != nil:
		return Fault("key_file", err.Error(), "put it back; without it pseudonyms cannot go on")
	case info.Size() < 32:
		return Fault("key_file", "it holds fewer than 32 bytes", "make it of /dev/urandom")
	case !Private(w.KeyFile, info):
		return Fault("key_file", "others may read it", "chmod 0600 "+w.KeyFile)
	}
	return Fine("key_file", "there and private")
}

// Private reports whether nobody but its owner may read a file that holds a secret. What systemd hands to a service
// (LoadCredential=) is private by its folder, whatever the mode of the file shows.
func Private(path string, info fs.FileInfo) bool {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" && filepath.Dir(path) == filepath.Clean(dir) {
		return true
	}
	return info.Mode().Perm()&0o077 == 0
}

func (w *Workspace) checkSecrets() Check {
	if u, err := url.Parse(w.Database); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			return Warning("database", "its password stands in "+File, "name a file that holds the URL in REVCYCLE_DATABASE_FILE")
		}
	}
	return Fine("database", "no password in "+File)
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
		return Fault("clock", name+" was written later than the clock says it is now", "set the clock")
	}
	return Fine("clock", "business date "+w.BusinessDate(now).String())
}

func (w *Workspace) checkHolder() Check {
	if o, held := w.Holder(); held {
		return Warning("lock", (&HeldError{o}).Error(), "")
	}
	return Fine("lock", "free")
}

func (w *Workspace) checkMasters(day civil.Date) []Check {
	masters, problems, err := w.Masters()
	if err != nil {
		return []Check{Fault("masters", err.Error(), "mend or remove the file")}
	}
	var out []Check
	for _, p := range problems {
		state := Fail
		if p.Kept {
			state = Warn
		}
		out = append(out, Check{"masters", state, filepath.ToSlash(filepath.Join("masters", p.String())), ""})
	}
	for _, e := range w.Expect {
		if _, known := masters.FacilityByID(e.Facility, day); e.Facility != "" && !known {
			out = append(out, Warning("expect", fmt.Sprintf("%s is the file of %s, which masters/facilities.csv does not know on %s", e.Files, e.Facility, day), "write it as the master does"))
		}
	}
	if len(out) == 0 {
		out = append(out, Fine("masters", "sound"))
	}
	return out
}
