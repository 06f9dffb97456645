package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// newest is the newest backup below a folder: their names are times.
func newest(dir string) (string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "2*"))
	if err != nil || len(names) == 0 {
		return "", os.ErrNotExist
	}
	return slices.Max(names), nil
}

// restoreCmd copies as cp -a does: the page of docs says no more.
func restoreCmd(ts *testscript.TestScript, neg bool, args []string) {
	from, err := newest(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(ts.Exec("cp", "-a", from, ts.MkAbs(args[1])))
}

func spoilCmd(ts *testscript.TestScript, neg bool, args []string) {
	folder, err := newest(ts.MkAbs(args[0]))
	ts.Check(err)
	name := filepath.Join(folder, args[1])
	data, err := os.ReadFile(name)
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(name, data, 0o600))
}

// A backup that is taken while a run is at work, wherever that run stands, can be restored: its run goes on and makes what
// the undisturbed night makes.
func TestABackupBesideARunCanBeRestored(t *testing.T) {
	inbox := demoInbox + "/*"
	still := newPlace(t, "operations")
	still.drop(inbox)
	still.night("2025-04-01", 3)
	want := still.digest("2025-04-01")

	p := newPlace(t, "operations")
	p.drop(inbox)
	run := command(t, "run", "-C", p.dir, "--as-of", "2025-04-01")
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer run.Wait()
	for i := range 2 {
		backups := filepath.Join(t.TempDir(), "backups")
		time.Sleep(time.Duration(100+150*i) * time.Millisecond)
		if e := revcycle(t, "backup", backups, "-C", p.dir); e.code != 0 {
			t.Fatalf("backup %d: exit %d: %s", i, e.code, e.err)
		}
		folder, err := newest(backups)
		if err != nil {
			t.Fatal(err)
		}
		back := place{t, folder}
		if e := revcycle(t, "run", "-C", back.dir, "--as-of", "2025-04-01"); e.code != 3 && e.code != 0 {
			t.Errorf("backup %d: its run ends with %d: %s", i, e.code, e.err)
		}
		if got := back.digest("2025-04-01"); got != want {
			t.Errorf("backup %d: its night is another one", i)
		}
		back.verified()
	}
}

// A second backup copies what is new and shares the rest, and a killed one leaves the earlier ones whole.
func TestABackupSharesWhatTheLastOneHas(t *testing.T) {
	p := newPlace(t, "operations")
	p.drop(goldenCase+"/in/submitted.837p", goldenCase+"/in/g01_paid.835")
	p.night("2025-04-01", 0)
	key := filepath.Join(p.dir, "key")
	if err := os.WriteFile(key, make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	p.configure("key_file: key\n")
	backups := filepath.Join(t.TempDir(), "backups")
	if err := os.MkdirAll(filepath.Join(backups, ".part", "archive"), 0o700); err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(backups, "20990101T000000Z")
	if err := os.Mkdir(torn, 0o700); err != nil { // its manifest was never written
		t.Fatal(err)
	}
	var made struct {
		Backup  string
		Bytes   int64
		Copied  int64    `json:"copied_bytes"`
		LeftOut []string `json:"left_out"`
	}
	take := func() {
		e := revcycle(t, "backup", backups, "-C", p.dir, "--json")
		if e.code != 0 {
			t.Fatalf("exit %d: %s", e.code, e.err)
		}
		p.decode(e.out, &made)
	}
	take()
	if made.Copied != made.Bytes || len(made.LeftOut) != 1 {
		t.Errorf("the first: %+v", made)
	}
	if _, err := os.Stat(filepath.Join(made.Backup, "key")); err == nil {
		t.Error("the key lies beside the pseudonyms that it makes")
	}
	if _, err := os.Stat(torn); err == nil {
		t.Error("what a killed backup left is there still")
	}
	first := made.Backup
	take()
	if made.Copied >= made.Bytes || made.Backup == first {
		t.Errorf("the second: %+v", made)
	}
	for _, folder := range []string{first, made.Backup} {
		if e := revcycle(t, "backup", "--check", folder); e.code != 0 {
			t.Errorf("%s: exit %d: %s", folder, e.code, e.out)
		}
		same := 0
		for _, pattern := range []string{"archive/*/*.zst", "extracts/files/*/*/*.parquet"} {
			files, err := filepath.Glob(filepath.Join(folder, pattern))
			if err != nil || len(files) == 0 {
				t.Fatalf("%s: %d files, %v", pattern, len(files), err)
			}
			same += len(files)
		}
		if same < 3 {
			t.Errorf("%s holds %d files of archive and extracts", folder, same)
		}
	}
}
