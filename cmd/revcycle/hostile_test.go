package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"revcycle/fixtures/synth"
	"revcycle/pipeline"
)

// What a sender may put into the inbox by mistake or on purpose: each is refused with a sentence, the
// night goes on with the rest, and what is sound posts.
func TestHostileFilesCostTheNightNothing(t *testing.T) {
	p := newPlace(t, "operations")
	p.drop(demoInbox + "/837p-east-20250111-1.837")
	want := map[string]string{ // name: state and the sentence
		"837p-east-20250111-1.837": "ingested ",
		"packed.837.gz!packed.837": "ingested ",
		"zero.835":                 "quarantined the file is empty: ask its sender for it again",
		"letter.835":               "quarantined the file begins like none that is read: neither ISA nor a known CSV header",
		"binary.837":               "quarantined the file begins like none that is read: neither ISA nor a known CSV header",
		"head.837":                 "quarantined ",
		"torn.gz!torn":             "quarantined it is damaged or ends early; ask for it again",
		"bomb.gz!bomb":             "quarantined it unpacks to more than 2 GiB or 200 times its size",
		"mixed.zip!in/good.837":    "ingested ",
		"mixed.zip!member-1":       "quarantined its name leads out of the archive or holds characters that no name should",
		"mixed.zip!member-2":       "quarantined its name leads out of the archive or holds characters that no name should",
		"mixed.zip!bomb.837":       "quarantined it unpacks to more than 2 GiB or 200 times its size",
		"mixed.zip!after.837":      "quarantined it unpacks to more than 2 GiB or 200 times its size",
		"damaged.zip":              "quarantined the zip file is damaged; ask for it again",
		"visits.csv":               "partial row 2 has 11 fields where the header has 9; and 2 more",
		"folder/inner.837":         "ingested ",
		"elements.837":             "quarantined set 1: ",
	}
	north, south := p.read(demoInbox+"/837p-north-20250111-1.837"), p.read(demoInbox+"/837p-south-20250110-1.837")
	p.put("packed.837.gz", gzipped(t, bytes.NewReader(north)))
	p.put("zero.835", nil)
	p.put("letter.835", []byte("Dear Sir or Madam,\n"))
	p.put("binary.837", bytes.Repeat([]byte{0, 1, 2, 0xff, '~', '*'}, 1000))
	p.put("head.837", north[:60])
	whole := gzipped(t, bytes.NewReader(south))
	p.put("torn.gz", whole[:len(whole)/2])
	p.put("bomb.gz", gzipped(t, io.LimitReader(zeroes{}, 300<<20)))
	p.put("mixed.zip", zipped(t, [][2]string{{"../../escape.837", string(north)}, {"/abs.837", string(north)}, {"in/good.837", string(south)},
		{"bomb.837", strings.Repeat("B", 64<<20)}, {"after.837", "late"}}))
	p.put("damaged.zip", []byte("PK\x03\x04 and no more"))
	p.put("visits.csv", spoiledVisits(string(p.read(demoInbox+"/visits.csv"))))
	var elements bytes.Buffer
	if err := synth.HostileElements(&elements, 20_000); err != nil {
		t.Fatal(err)
	}
	p.put("elements.837", elements.Bytes())
	inbox := filepath.Join(p.dir, "inbox")
	for _, err := range []error{
		os.Mkdir(filepath.Join(inbox, "folder"), 0o700),
		os.Mkdir(filepath.Join(inbox, "claims.837"), 0o700),
		os.WriteFile(filepath.Join(inbox, "folder", "inner.837"), p.read(demoInbox+"/837i-east-20250113-1.837"), 0o600),
		os.Symlink("/etc/passwd", filepath.Join(inbox, "link.837")),
		os.Symlink("nowhere", filepath.Join(inbox, "dangling.837")),
		syscall.Mkfifo(filepath.Join(inbox, "pipe.837"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	e := revcycle(t, "run", "-C", p.dir, "--as-of", "2025-03-31", "--json")
	if e.code != 3 {
		t.Fatalf("exit %d, want 3: %s", e.code, e.err)
	}
	var sum pipeline.Summary
	p.decode(e.out, &sum)
	for _, f := range sum.Files {
		sentence, ok := want[f.Name]
		delete(want, f.Name)
		if got := f.State + " " + f.Reason; !ok || !strings.HasPrefix(got, sentence) || f.State != "ingested" && f.Reason == "" {
			t.Errorf("%s: got %q want %q", f.Name, got, sentence)
		}
	}
	for name := range want {
		t.Errorf("%s: nothing was said of it", name)
	}
	for _, left := range []string{"link.837", "dangling.837", "pipe.837"} {
		if _, err := os.Lstat(filepath.Join(inbox, left)); err != nil || !strings.Contains(e.err, left) {
			t.Errorf("%s: it must stay in the inbox with a sentence: %v\n%s", left, err, e.err)
		}
	}
	if sum.Counts.Rejects < sum.Counts.Quarantined || sum.Counts.Quarantined < 13 {
		t.Errorf("%d rejects and %d units in quarantine: every unit must have its reject", sum.Counts.Rejects, sum.Counts.Quarantined)
	}
	if n := p.bytesIn("quarantine"); n > 4<<20 {
		t.Errorf("quarantine holds %d bytes: an archive must lie there once", n)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(p.dir), "escape.837")); err == nil {
		t.Error("a name led out of its archive")
	}
	p.verified()
	if e := revcycle(t, "run", "-C", p.dir, "--as-of", "2025-03-31", "--json"); e.code != 0 {
		t.Errorf("the night after: exit %d: %s", e.code, e.err)
	}
}

// A file that this user may not read stays where it is, with a sentence; the night goes on. Root may
// read everything, so the child runs as nobody where the test runs as root.
func TestAnUnreadableFileStaysInTheInbox(t *testing.T) {
	p := newPlace(t, "operations")
	p.drop(demoInbox + "/837p-east-20250111-1.837")
	p.put("secret.837", []byte("ISA"))
	locked := filepath.Join(p.dir, "inbox", "closed")
	if err := os.Mkdir(locked, 0o700); err != nil {
		t.Fatal(err)
	}
	c := command(t, "run", "-C", p.dir, "--as-of", "2025-03-31", "--json")
	if os.Geteuid() == 0 {
		const nobody = 65534
		runAs(t, c, p.dir, nobody)
	}
	for path, mode := range map[string]os.FileMode{filepath.Join(p.dir, "inbox", "secret.837"): 0, locked: 0} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(locked, 0o700) })
	e := finish(t, c)
	if e.code != 0 && e.code != 3 {
		t.Fatalf("exit %d: %s", e.code, e.err)
	}
	var sum pipeline.Summary
	p.decode(e.out, &sum)
	if sum.Counts.Claims != 14 {
		t.Errorf("%d claims, want the 14 of the readable file", sum.Counts.Claims)
	}
	for _, name := range []string{"secret.837", "closed"} {
		if !strings.Contains(e.err, name) {
			t.Errorf("nothing was said of %s: %s", name, e.err)
		}
	}
}

// runAs gives the workspace, and the way to it and to the program, to another user and makes the command theirs.
func runAs(t *testing.T, c *exec.Cmd, dir string, uid int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, uid)
	})
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "revcycle")
	if err := os.WriteFile(program, place{TB: t}.read(c.Path), 0o755); err != nil {
		t.Fatal(err)
	}
	c.Path = program
	for _, at := range []string{dir, program} {
		for at = filepath.Dir(at); strings.HasPrefix(at, os.TempDir()+"/"); at = filepath.Dir(at) {
			if err := os.Chmod(at, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
}

// A segment of 8 MB and 200,000 nested levels are refused in the memory that a small sound file needs.
func TestMemoryStaysFlatOnHostileFiles(t *testing.T) {
	peak := func(hostile func(io.Writer) error) (kb int64) {
		p := newPlace(t, "operations")
		p.drop(demoInbox + "/837p-east-20250111-1.837")
		code := 0
		if hostile != nil {
			var b bytes.Buffer
			if err := hostile(&b); err != nil {
				t.Fatal(err)
			}
			p.put("hostile.837", b.Bytes())
			code = 3
		}
		e := revcycle(t, "run", "-C", p.dir, "--as-of", "2025-03-31", "--json")
		if e.code != code {
			t.Fatalf("exit %d, want %d: %s", e.code, code, e.err)
		}
		var sum pipeline.Summary
		p.decode(e.out, &sum)
		if sum.Counts.Claims != 14 {
			t.Errorf("%d claims, want the 14 of the sound file", sum.Counts.Claims)
		}
		for _, f := range sum.Files {
			if f.Name == "hostile.837" {
				t.Logf("%s %s", f.State, f.Reason)
				if f.Reason == "" || !strings.Contains(f.Reason, "segment") {
					t.Errorf("it does not say where: %q", f.Reason)
				}
			}
		}
		return e.peakKB
	}
	plain := peak(nil)
	for name, hostile := range map[string]func(io.Writer) error{
		"a segment of 8 MB":     func(w io.Writer) error { return synth.HostileSegment(w, 8<<20) },
		"a segment of 32 MB":    func(w io.Writer) error { return synth.HostileSegment(w, 32<<20) },
		"200,000 nested levels": func(w io.Writer) error { return synth.HostileNesting(w, 200_000) },
	} {
		t.Run(name, func(t *testing.T) {
			kb := peak(hostile)
			t.Logf("soak: %s: peak %d kB, %d kB without it", name, kb, plain)
			if plain == 0 || kb > plain+24<<10 {
				t.Errorf("peak %d kB, %d kB without it: memory grows with the file", kb, plain)
			}
		})
	}
}

type zeroes struct{}

func (zeroes) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func gzipped(t *testing.T, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, members [][2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		w, err := z.Create(m[0])
		if err == nil {
			_, err = io.WriteString(w, m[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// spoiledVisits are twenty visits: the second has too many fields, the fourth an amount with letters,
// the eighth a quote that never closes.
func spoiledVisits(text string) []byte {
	rows := strings.Split(text, "\n")[:21]
	rows[2] += ",extra,extra"
	rows[4] = rows[4][:strings.LastIndexByte(rows[4], ',')] + ",12A.00"
	rows[8] = `"` + rows[8]
	return []byte(strings.Join(rows, "\n") + "\n")
}

func (p place) bytesIn(folder string) (sum int64) {
	p.Helper()
	err := filepath.WalkDir(filepath.Join(p.dir, folder), func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return sum
}
