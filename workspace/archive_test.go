package workspace

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"revcycle/claim"
)

// drop puts a file into the inbox.
func drop(t *testing.T, w *Workspace, name string, data []byte) {
	t.Helper()
	path := filepath.Join(w.InboxAt, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, w *Workspace, now time.Time) []Arrival {
	t.Helper()
	as, err := w.Inbox(now)
	if err != nil {
		t.Fatal(err)
	}
	return as
}

// archived takes the one file of the inbox into the archive.
func archived(t *testing.T, w *Workspace, name string, data []byte) Archived {
	t.Helper()
	drop(t, w, name, data)
	for _, a := range list(t, w, time.Now()) {
		if a.Name == name {
			arc, err := w.Archive(a)
			if err != nil {
				t.Fatal(err)
			}
			return arc
		}
	}
	t.Fatalf("%s is not in the inbox", name)
	return Archived{}
}

func content(t *testing.T, w *Workspace, sha claim.Digest) string {
	t.Helper()
	o, err := w.OpenArchived(sha)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	b, err := io.ReadAll(o)
	if err != nil || int64(len(b)) != o.Size() {
		t.Fatalf("%d bytes of %d, %v", len(b), o.Size(), err)
	}
	return string(b)
}

// unfinishedIn names the files that lie on the desks of a workspace beside its plain copies.
func unfinishedIn(t *testing.T, w *Workspace) string {
	t.Helper()
	if err := w.DropSpools(); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range w.desks() {
		filepath.WalkDir(d.parent, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				out = append(out, path)
			}
			return nil
		})
	}
	return strings.Join(out, " ")
}

func TestTheInboxListsWhatIsComplete(t *testing.T) {
	w := fresh(t)
	for _, name := range []string{"b.835", "a.837", "acme/x/c.835", ".hidden", ".dir/z.835", "d.835.tmp", "e.PART", "f.filepart", "g.835~", "b.835.done", "gone.done"} {
		drop(t, w, name, []byte("x"))
	}
	outside := filepath.Join(t.TempDir(), "secret")
	os.WriteFile(outside, []byte("x"), 0o600)
	os.Symlink(outside, filepath.Join(w.InboxAt, "link-out"))
	os.Symlink("a.837", filepath.Join(w.InboxAt, "link-in"))
	os.Symlink("acme", filepath.Join(w.InboxAt, "link-dir"))
	var got []string
	for _, a := range list(t, w, time.Now()) {
		got = append(got, fmt.Sprint(a.Name, " ", a.Complete))
	}
	if want := "a.837 true, acme/x/c.835 true, b.835 true, link-dir false, link-in true, link-out false"; strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
	for _, a := range list(t, w, time.Now()) {
		if !a.Complete {
			if _, err := w.Archive(a); err == nil {
				t.Errorf("%s was archived", a.Name)
			}
		}
	}
}

func TestAFileIsTakenWhenItHasSettledOrIsMarked(t *testing.T) {
	w := fresh(t, "settle: 10m")
	drop(t, w, "a.835", []byte("x"))
	drop(t, w, "b.835", []byte("x"))
	drop(t, w, "b.835.done", nil)
	// The sender's own time is kept by some copies; it must not make a file look old.
	old := time.Now().Add(-24 * time.Hour)
	os.Chtimes(filepath.Join(w.InboxAt, "a.835"), old, old)
	for minutes, want := range map[int]string{0: "false true", 9: "false true", 11: "true true"} {
		as := list(t, w, time.Now().Add(time.Duration(minutes)*time.Minute))
		if got := fmt.Sprint(as[0].Complete, as[1].Complete); got != want {
			t.Errorf("after %d minutes: %s, want %s (%s)", minutes, got, want, as[0].Why)
		}
	}
}

func TestTheArchiveKeepsEachContentOnce(t *testing.T) {
	w := fresh(t)
	data := []byte(strings.Repeat("CLM*1*100~\n", 50_000))
	sum := sha256.Sum256(data)
	first := archived(t, w, "a.837", data)
	if first.SHA256 != sum || first.Size != int64(len(data)) || first.Known {
		t.Errorf("got %+v, want the digest of coreutils' kind and %d bytes", first, len(data))
	}
	again := archived(t, w, "copy/b.837", data)
	if !again.Known {
		t.Errorf("again: %+v", again)
	}
	kept := w.Path(fmt.Sprintf("archive/%x/%x.zst", sum[:1], sum))
	if content(t, w, sum) != string(data) {
		t.Error("the content read back is another")
	}
	if err := w.DropSpools(); err != nil {
		t.Fatal(err)
	}
	if content(t, w, sum) != string(data) {
		t.Error("the content unpacked from the archive is another")
	}
	if _, err := w.OpenArchived(claim.Digest{1}); !errors.Is(err, ErrNotArchived) {
		t.Errorf("an unknown digest: %v", err)
	}
	info, err := os.Stat(kept)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() > int64(len(data))/100 {
		t.Errorf("kept as %v %v", info, err)
	}
	if err := w.CheckArchived(sum); err != nil {
		t.Error(err)
	}
}

func TestADamagedArchiveIsFound(t *testing.T) {
	w := fresh(t)
	arc := archived(t, w, "a", []byte(strings.Repeat("some text ", 100)))
	other := archived(t, w, "b", []byte("other"))
	kept := w.Path("archive/" + archiveName(arc.SHA256))
	swapped, _ := os.ReadFile(w.Path("archive/" + archiveName(other.SHA256)))
	whole, _ := os.ReadFile(kept)
	for name, bytes := range map[string][]byte{"cut": whole[:len(whole)-3], "swapped": swapped} {
		os.WriteFile(kept, bytes, 0o600)
		w.DropSpools()
		if _, err := w.OpenArchived(arc.SHA256); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: opened with %v", name, err)
		}
		if err := w.CheckArchived(arc.SHA256); err == nil {
			t.Errorf("%s: checked", name)
		}
		if left := unfinishedIn(t, w); left != "" {
			t.Errorf("%s: left %s", name, left)
		}
	}
}

func TestAFileThatChangesWhileItIsReadIsLeftForAnotherNight(t *testing.T) {
	w := fresh(t)
	drop(t, w, "a", []byte("first"))
	a := list(t, w, time.Now())[0]
	drop(t, w, "a", []byte("first and more"))
	if _, err := w.Archive(a); !errors.Is(err, ErrChanged) {
		t.Errorf("archived with %v", err)
	}
	if err := w.RemoveFromInbox(a); !errors.Is(err, ErrChanged) {
		t.Errorf("removed with %v", err)
	}
	a = list(t, w, time.Now())[0]
	f, seen, err := w.openArrival(a)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	drop(t, w, "a", []byte("FIRST and more")) // the same length, while it is open
	os.Chtimes(filepath.Join(w.InboxAt, "a"), start, start)
	if _, err := w.archive(seen, f); !errors.Is(err, ErrChanged) {
		t.Errorf("archived with %v", err)
	}
	if _, err := os.Stat(w.Path("archive/" + fmt.Sprintf("%x", sha256.Sum256([]byte("FIRST and more")))[:2])); err == nil {
		t.Error("the changed file came into the archive")
	}
	a = list(t, w, time.Now())[0]
	drop(t, w, "a.done", nil)
	if _, err := w.Archive(a); err != nil {
		t.Error(err)
	}
	if err := errors.Join(w.RemoveFromInbox(a), w.RemoveFromInbox(a)); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(w.InboxAt); len(left) > 0 {
		t.Errorf("left in the inbox: %v", left)
	}
}

// The reader that grows stands for a sender who goes on writing under the same name.
func TestATornReadLeavesNothingInTheArchive(t *testing.T) {
	w := fresh(t)
	torn := errors.New("torn")
	if _, err := w.store(strings.NewReader("half"), func(int64) error { return torn }); !errors.Is(err, torn) {
		t.Fatalf("got %v", err)
	}
	filepath.WalkDir(w.Path("archive"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("left: %s", path)
		}
		return nil
	})
	if left := unfinishedIn(t, w); left != "" {
		t.Errorf("left: %s", left)
	}
}

func TestTheSameFilesMayBeArchivedAtOnce(t *testing.T) {
	w := fresh(t)
	for i := range 8 {
		drop(t, w, fmt.Sprint(i), []byte(strings.Repeat("same ", 20_000)))
	}
	var wg sync.WaitGroup
	for _, a := range list(t, w, time.Now()) {
		wg.Go(func() {
			arc, err := w.Archive(a)
			if err != nil {
				t.Error(err)
				return
			}
			o, err := w.OpenArchived(arc.SHA256)
			if err != nil {
				t.Error(err)
				return
			}
			o.Close()
		})
	}
	wg.Wait()
}

func TestQuarantineHoldsAUnitOnceAndWhole(t *testing.T) {
	w := fresh(t)
	reason := Reason{Batch: "2026-11-22-001", File: "a.835", SHA256: claim.Digest{0xab}, Unit: "set", Set: 2, Code: "TORN",
		Message: "the file ends inside a set", Advice: "ask the payer to send it again"}
	if err := w.Quarantine("b-2", reason, strings.NewReader("ST*835")); err != nil {
		t.Fatal(err)
	}
	if err := w.Quarantine("b-2", Reason{Code: "OTHER"}, strings.NewReader("other")); err != nil {
		t.Errorf("again: %v", err)
	}
	disk := errors.New("disk")
	if err := w.Quarantine("a-1", reason, io.MultiReader(strings.NewReader("half"), failing{disk})); !errors.Is(err, disk) {
		t.Errorf("got %v", err)
	}
	for _, id := range []string{"", "../x", ".x", "a/b", "a b"} {
		if err := w.Quarantine(id, reason, strings.NewReader("")); err == nil {
			t.Errorf("ID %q was taken", id)
		}
	}
	held, err := w.Quarantined()
	reason.ID = "b-2"
	if err != nil || len(held) != 1 || held[0] != reason {
		t.Fatalf("held %+v %v", held, err)
	}
	f, err := w.OpenQuarantined("b-2")
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(f)
	f.Close()
	info, _ := os.Stat(w.Path("quarantine/b-2/raw"))
	if string(raw) != "ST*835" || info.Mode().Perm() != 0o600 {
		t.Errorf("raw %q, mode %v", raw, info.Mode())
	}
	if err := errors.Join(w.DropQuarantined("b-2"), w.DropQuarantined("b-2")); err != nil {
		t.Error(err)
	}
	if held, err := w.Quarantined(); len(held) != 0 || err != nil {
		t.Errorf("held %v %v", held, err)
	}
	if left, _ := filepath.Glob(w.Path("quarantine/[^.]*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if left := unfinishedIn(t, w); left != "" {
		t.Errorf("left: %s", left)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestWriteFileLeavesTheOldFileWhenItFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := errors.Join(WriteFile(path, []byte("old")), WriteFile(path, []byte("new"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, "folder"), []byte("x")); err == nil {
		t.Error("a folder was written over")
	}
	if b, _ := os.ReadFile(path); string(b) != "new" {
		t.Errorf("got %q", b)
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}
