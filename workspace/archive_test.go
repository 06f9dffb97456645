package workspace

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
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
	path := filepath.Join(w.InboxDir, filepath.FromSlash(name))
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

func TestTheInboxListsWhatIsComplete(t *testing.T) {
	w := fresh(t)
	for _, name := range []string{"b.835", "a.837", "acme/x/c.835", ".hidden", ".dir/z.835", "d.835.tmp", "e.PART", "f.filepart", "g.835~", "b.835.done", "gone.done"} {
		drop(t, w, name, []byte("x"))
	}
	outside := filepath.Join(t.TempDir(), "secret")
	os.WriteFile(outside, []byte("x"), 0o600)
	os.Symlink(outside, filepath.Join(w.InboxDir, "link-out"))
	os.Symlink("a.837", filepath.Join(w.InboxDir, "link-in"))
	os.Symlink("acme", filepath.Join(w.InboxDir, "link-dir"))
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
	os.Chtimes(filepath.Join(w.InboxDir, "a.835"), old, old)
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
	if !again.Known || again.Path != first.Path || first.Path != fmt.Sprintf("archive/%x/%x.zst", sum[:1], sum) {
		t.Errorf("again: %+v", again)
	}
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
	info, err := os.Stat(w.Path(first.Path))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() > int64(len(data))/100 {
		t.Errorf("kept as %v %v", info, err)
	}
	if err := w.CheckArchived(sum); err != nil {
		t.Error(err)
	}
}

// A plain copy of an earlier process may be torn by a power cut: its name alone proves nothing.
func TestAPlainCopyOfAnotherProcessIsNotTrusted(t *testing.T) {
	w := fresh(t)
	arc := archived(t, w, "a", []byte("right"))
	if err := os.WriteFile(w.spoolPath(arc.SHA256), []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, other, arc.SHA256); got != "right" {
		t.Errorf("got %q", got)
	}
	// What lies there when a run begins belongs to a run that is gone, even in one process.
	os.WriteFile(w.spoolPath(arc.SHA256), []byte("wrong"), 0o600)
	l, err := w.Lock(clockAt(start))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if _, err := os.Stat(w.Path(spoolFolder)); err == nil {
		t.Error("the working folder outlived the lock")
	}
	if got := content(t, w, arc.SHA256); got != "right" {
		t.Errorf("after the lock's sweep: %q", got)
	}
}

func TestADamagedArchiveIsFound(t *testing.T) {
	w := fresh(t)
	arc := archived(t, w, "a", []byte(strings.Repeat("some text ", 100)))
	other := archived(t, w, "b", []byte("other"))
	swapped, _ := os.ReadFile(w.Path(other.Path))
	whole, _ := os.ReadFile(w.Path(arc.Path))
	for name, bytes := range map[string][]byte{"cut": whole[:len(whole)-3], "swapped": swapped} {
		os.WriteFile(w.Path(arc.Path), bytes, 0o600)
		w.DropSpools()
		if _, err := w.OpenArchived(arc.SHA256); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: opened with %v", name, err)
		}
		if err := w.CheckArchived(arc.SHA256); err == nil {
			t.Errorf("%s: checked", name)
		}
		if left, _ := os.ReadDir(w.Path(spoolFolder)); len(left) > 0 {
			t.Errorf("%s: %d files left", name, len(left))
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
	f, err := w.openArrival(a)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	drop(t, w, "a", []byte("FIRST and more")) // the same length, while it is open
	os.Chtimes(filepath.Join(w.InboxDir, "a"), start, start)
	if _, err := w.archive(a, f); !errors.Is(err, ErrChanged) {
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
	if left, _ := os.ReadDir(w.InboxDir); len(left) > 0 {
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

func zipped(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		m, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(m, members[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	g.Name = name
	io.WriteString(g, text)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack shows the members as "name=content" or "name: refusal".
func unpack(t *testing.T, w *Workspace, name string, data []byte) string {
	t.Helper()
	ms, err := w.Unpack(name, archived(t, w, name, data))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range ms {
		if m.Refused != "" {
			out = append(out, m.Name+": "+m.Refused)
			continue
		}
		out = append(out, m.Name+"="+content(t, w, m.SHA256))
	}
	return strings.Join(out, "\n")
}

func TestPackedFilesAreUnpackedMemberByMember(t *testing.T) {
	w := fresh(t)
	flip := func(b []byte, at int) []byte { b[at] ^= 0xff; return b }
	secret := zipped(t, "a.835", "x")
	binary.LittleEndian.PutUint16(secret[bytes.Index(secret, []byte("PK\x01\x02"))+8:], 1)
	deep := []byte("x")
	for range 4 {
		deep = gzipped(t, "", string(deep))
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"plain.835", []byte("ISA*00*"), ""},
		{"empty", nil, ""},
		{"a.835.gz", gzipped(t, "", "one"), "a.835.gz!a.835=one"},
		{"two.gz", append(gzipped(t, "", "one"), gzipped(t, "", "two")...), "two.gz!two=onetwo"},
		{"named.gz", gzipped(t, "inner.837", "one"), "named.gz!inner.837=one"},
		{"evil-name.gz", gzipped(t, "../../etc/x", "one"), "evil-name.gz!evil-name=one"},
		{"z.zip", zipped(t, "a.835", "A", "sub/b.835", "B", "sub/", "", "__MACOSX/._a", "junk"), "z.zip!a.835=A\nz.zip!sub/b.835=B"},
		{"nest.zip", zipped(t, "in.gz", string(gzipped(t, "", "N"))), "nest.zip!in.gz!in=N"},
		{"slip.zip", zipped(t, "../evil", "E", "/abs", "E", "ok/../../x", "E", `c:\x`, "E", "good", "G"),
			strings.Repeat("slip.zip!member-N: its name leads out of the archive or holds characters that no name should\n", 4) + "slip.zip!good=G"},
		{"secret.zip", secret, "secret.zip!a.835: it is encrypted; send it without a password"},
		{"cut.gz", gzipped(t, "", strings.Repeat("one", 1000))[:30], "cut.gz!cut: it is damaged or ends early; ask for it again"},
		{"crc.gz", flip(gzipped(t, "", "one"), 15), "crc.gz!crc: it is damaged or ends early; ask for it again"},
		{"bad.gz", []byte{0x1f, 0x8b, 0, 0}, "bad.gz: it begins like a gzip file and is none; ask for it again"},
		{"bad.zip", []byte("PK\x03\x04 and no more"), "bad.zip: the zip file is damaged; ask for it again"},
		{"deep.gz", deep, "deep.gz!deep!deep!deep!deep: it is packed more than three deep; unpack it and send what is inside"},
	} {
		got := unpack(t, w, c.name, c.data)
		for i := range 9 {
			got = strings.ReplaceAll(got, fmt.Sprintf("member-%d", i), "member-N")
		}
		if got != c.want {
			t.Errorf("%s\n got  %s\n want %s", c.name, got, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(w.Dir(), "..", "evil")); err == nil {
		t.Error("a member escaped")
	}
}

// 16 MiB of zeros pack into some 16 KiB; the bound is 200 times that, and nothing of it may stay.
func TestABombIsRefusedAndTheRestOfTheArchiveIsNot(t *testing.T) {
	w := fresh(t)
	zeros := strings.Repeat("\x00", 16<<20)
	if got, want := unpack(t, w, "bomb.gz", gzipped(t, "", zeros)), "bomb.gz!bomb: it unpacks to more than 2 GiB or 200 times its size"; got != want {
		t.Errorf("got %s", got)
	}
	got := unpack(t, w, "bomb.zip", zipped(t, "before", "B", "zeros", zeros, "after", "A"))
	if want := "bomb.zip!before=B\nbomb.zip!zeros: it unpacks to more than 2 GiB or 200 times its size\nbomb.zip!after: it unpacks to more than 2 GiB or 200 times its size"; got != want {
		t.Errorf("got %s", got)
	}
	left, _ := os.ReadDir(w.Path(spoolFolder))
	for _, f := range left {
		if info, _ := f.Info(); info.Size() > 1<<20 {
			t.Errorf("left %s of %d bytes", f.Name(), info.Size())
		}
	}
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
	info, _ := f.Stat()
	f.Close()
	if string(raw) != "ST*835" || info.Mode().Perm() != 0o600 {
		t.Errorf("raw %q, mode %v", raw, info.Mode())
	}
	if err := errors.Join(w.DropQuarantined("b-2"), w.DropQuarantined("b-2")); err != nil {
		t.Error(err)
	}
	if held, err := w.Quarantined(); len(held) != 0 || err != nil {
		t.Errorf("held %v %v", held, err)
	}
	if left, _ := os.ReadDir(w.Path(quarantineWork)); len(left) > 0 {
		t.Errorf("%d folders left", len(left))
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
