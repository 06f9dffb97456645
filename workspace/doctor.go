package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
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
	checks = append(checks, w.checkFolders(), w.checkOwner(), w.checkShared(), w.checkModes(), w.checkInbox(now))
	checks = append(checks, w.checkPlaces()...)
	checks = append(checks, w.checkDisk(), w.checkKey(), w.checkSecrets(), w.checkClock(now), w.checkHolder(), w.checkPartners())
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
	if shut := w.shut(); len(shut) > 0 {
		return Fault("folders", "this user cannot write to "+strings.Join(shut, ", "), "run as the owner of "+w.dir+", or as root: chown -R OWNER "+w.dir+" and chmod -R u+rwX "+w.dir)
	}
	if len(gone) > 0 {
		return Warning("folders", "missing: "+strings.Join(gone, ", "), "make them, mode 0700")
	}
	return Fine("folders", "all there")
}

// written are the folders that a run writes to, the workspace's own first.
func (w *Workspace) written() []string {
	dirs := []string{w.dir, w.ReportsDir(), w.MetricsDir(), w.ExtractsDir}
	for _, at := range []string{w.ArchiveAt, w.QuarantineAt} {
		if !isBucket(at) {
			dirs = append(dirs, at)
		}
	}
	return dirs
}

// shut names the folders that a run writes to and this user cannot.
func (w *Workspace) shut() (names []string) {
	for _, dir := range w.written() {
		err := unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
		if err != nil && !errors.Is(err, unix.ENOENT) {
			names = append(names, fmt.Sprintf("%s (%v)", w.called(dir), err))
		}
	}
	return names
}

// called is a path as it is told to people: below the workspace by its name.
func (w *Workspace) called(path string) string {
	if rel, err := filepath.Rel(w.dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// OwnerIs is the user whose folder the workspace is: its number, and its name where that is known.
func (w *Workspace) OwnerIs() (uid int, name string, err error) {
	info, err := os.Stat(w.dir)
	if err != nil {
		return 0, "", fmt.Errorf("workspace: %w", err)
	}
	uid = ownerOf(info)
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return uid, u.Username, nil
	}
	return uid, "#" + strconv.Itoa(uid), nil
}

func ownerOf(info fs.FileInfo) int {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1
	}
	return int(st.Uid)
}

// foreignShown bounds the files that are named.
const foreignShown = 3

// checkOwner looks whether all is the owner's.
func (w *Workspace) checkOwner() Check {
	uid, name, err := w.OwnerIs()
	if err != nil {
		return Fault("owner", err.Error(), "run as the user who owns the workspace")
	}
	return w.checkForeign(uid, name)
}

// checkForeign looks for what belongs to somebody else where a run writes: what a run as root has left, often.
func (w *Workspace) checkForeign(uid int, name string) Check {
	var found []string
	count := 0
	for i, top := range w.written() {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // who may not look here is told by the other checks
			}
			if info, err := d.Info(); err == nil && ownerOf(info) != uid {
				if count++; count <= foreignShown {
					found = append(found, w.called(path))
				}
			}
			if i == 0 && d.IsDir() && path != top {
				return fs.SkipDir // of the workspace itself only what lies right in it
			}
			return nil
		})
		if err != nil {
			return Fault("owner", err.Error(), "see to the disk")
		}
	}
	if count > 0 {
		return Fault("owner", fmt.Sprintf("%d files or folders are not %s's, whose the workspace is: %s", count, name, strings.Join(found, ", ")), "as root: chown -R "+name+" "+w.dir)
	}
	return Fine("owner", "all is "+name+"'s")
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
