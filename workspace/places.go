package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// checkPlaces tries each place that lies outside this folder: it lists, puts a small file, reads it and takes it
// away again. What lies in the workspace itself is looked at by the other checks.
func (w *Workspace) checkPlaces() []Check {
	var out []Check
	for _, p := range []struct {
		name, home string
		shelf      shelf
	}{{"inbox", "inbox", w.inbox}, {"archive", "archive", w.archived}, {"quarantine", "quarantine", w.held}} {
		if p.shelf.String() != w.Path(p.home) {
			out = append(out, checkPlace(p.name, p.shelf))
		}
	}
	return append(out, w.checkSpool())
}

const (
	probeText   = "put here by revcycle doctor; it may be taken away\n"
	placeAdvice = "see docs/storage.md for what must be allowed"
)

func checkPlace(name string, s shelf) Check {
	ctx := context.Background()
	for _, err := range s.list(ctx, "") {
		if err != nil {
			return Fault(name, "listing: "+err.Error(), placeAdvice)
		}
		break // one is enough
	}
	// A name with a dot is none that an inbox takes or an archive has.
	probe := fmt.Sprintf(".probe-%s-%d", hostName(), os.Getpid())
	if err := s.put(ctx, probe, strings.NewReader(probeText)); err != nil {
		if name == "inbox" {
			return Warning(name, "it can be listed; whether files may be taken away could not be tried: "+err.Error(), "allow this user to put a file, or try it by a run")
		}
		return Fault(name, "putting a file: "+err.Error(), placeAdvice)
	}
	text, err := readAll(ctx, s, probe)
	if rerr := s.remove(ctx, probe); err == nil && rerr != nil {
		return Fault(name, "taking a file away: "+rerr.Error(), placeAdvice)
	}
	if f, ok := s.(*folderShelf); ok {
		err = errors.Join(err, f.desk.leave())
	}
	if err == nil && text != probeText {
		err = errors.New("another text came back than was put")
	}
	if err != nil {
		return Fault(name, "reading a file: "+err.Error(), placeAdvice)
	}
	return Fine(name, s.String()+" can be listed, read and written")
}

func readAll(ctx context.Context, s shelf, name string) (string, error) {
	f, err := s.open(ctx, name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	return string(text), err
}

// checkSpool looks at where plain copies lie: on a disk of this machine, with room.
func (w *Workspace) checkSpool() Check {
	dir := w.SpoolDir
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir) // it is made by the first run
	}
	if kind := networkFolder(dir); kind != "" {
		return Warning("spool", fmt.Sprintf("%s lies on a network folder (%s)", w.SpoolDir, kind), "name a folder of this machine's own disk (spool: in "+File+")")
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return Fault("spool", err.Error(), "name another folder (spool: in "+File+")")
	}
	free := uint64(st.Bavail) * uint64(st.Bsize)
	text := fmt.Sprintf("%s, %d MB free", w.SpoolDir, free>>20)
	if free < diskFail {
		return Fault("spool", text, "make room: a plain copy of each file of a night lies there")
	}
	return Fine("spool", text)
}

// checkShared says what holds, and what does not, where the workspace itself is on a network folder.
func (w *Workspace) checkShared() Check {
	kind := networkFolder(w.dir)
	switch {
	case kind == "":
		return Fine("folder", "on a disk of this machine")
	case w.Database == "":
		return Warning("folder", fmt.Sprintf("the workspace lies on a network folder (%s): an embedded ledger is not safe there, and the lock may hold on one machine only", kind),
			"run on one machine with the workspace on its own disk, or keep the ledger in PostgreSQL")
	}
	return Fine("folder", fmt.Sprintf("on a network folder (%s): one run at a time is the database's care", kind))
}
