package workspace

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// another starts this test in a process of its own, which does what comes behind role; it is killed at the end.
func another(t *testing.T, role string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), append(env, "WORKSPACE_ROLE="+role)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 2000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited too long for %s", what)
}

// filesUnder lists the files below a folder of a workspace.
func filesUnder(w *Workspace, folder string) []string {
	var out []string
	filepath.WalkDir(w.Path(folder), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, strings.TrimPrefix(path, w.Dir()+"/"))
		}
		return nil
	})
	return out
}

// A machine that dies in the middle of an upload leaves no object, and its plain copies are swept by the next run.
func TestAKilledUploadLeavesNothing(t *testing.T) {
	if os.Getenv("WORKSPACE_ROLE") == "archive" {
		w, err := Open(os.Getenv("WORKSPACE"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Archive(list(t, w, time.Now())[0])
		t.Fatalf("the upload ended: %v", err)
	}
	var parts atomic.Int32
	s := newS3(t, func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if r.Method == http.MethodPut && parts.Add(1) > 1 {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return true
		}
		return false
	})
	w := fresh(t, "archive: "+s.url("kept"))
	f, err := os.Create(filepath.Join(w.InboxAt, "a.837"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(f, noise(3), 20<<20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	child := another(t, "archive", "WORKSPACE="+w.Dir())
	until(t, "the second part", func() bool { return parts.Load() > 1 })
	if left := filesUnder(w, ".work"); len(left) != 3 {
		t.Errorf("on its desk while it lives: %v, want a plain copy, a compressed one and the lock", left)
	}
	if err := (&desk{parent: w.Path(".work")}).sweep(); err != nil || len(filesUnder(w, ".work")) != 3 {
		t.Errorf("a sweep took the desk of a process that lives: %v %v", err, filesUnder(w, ".work"))
	}
	child.Process.Kill()
	child.Wait()
	if got := s.keys(t); len(got) > 0 {
		t.Errorf("the storage holds %v", got)
	}
	l, err := w.Lock(clockAt(start))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if left := filesUnder(w, ".work"); len(left) > 0 {
		t.Errorf("the next run left %v", left)
	}
}

// Two processes share a workspace: what one drops or sweeps is never what the other reads or writes.
func TestProcessesDoNotSweepEachOther(t *testing.T) {
	one := fresh(t)
	two, err := Open(one.Dir())
	if err != nil {
		t.Fatal(err)
	}
	arc := archived(t, one, "a", []byte("text"))
	half, err := one.spools.desk.file()
	if err != nil {
		t.Fatal(err)
	}
	defer discard(half)
	before := filesUnder(one, ".work")
	l, err := two.Lock(clockAt(start))
	if err != nil {
		t.Fatal(err)
	}
	if content(t, two, arc.SHA256) != "text" {
		t.Error("the other reads something else")
	}
	if err := errors.Join(two.DropSpools(), l.Release()); err != nil {
		t.Fatal(err)
	}
	if got := filesUnder(one, ".work"); fmt.Sprint(got) != fmt.Sprint(before) || len(got) != 3 {
		t.Errorf("got %v, want %v", got, before)
	}
	if err := one.DropSpools(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(half.Name()); err != nil {
		t.Errorf("what is being written was dropped: %v", err)
	}
}

// Whether a process of another host lives cannot be asked: its desk is swept when it has rested for a day.
func TestADeskOfAnotherHostIsSweptWhenItHasRested(t *testing.T) {
	w := fresh(t)
	leave := func(name string, age time.Duration) {
		dir := w.Path(".work/" + name)
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(dir+"/.tmp-1", nil, 0o600), os.WriteFile(dir+".lock", nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		os.Chtimes(dir+".lock", at, at)
	}
	leave("elsewhere-1", time.Hour)
	leave("elsewhere-2", 25*time.Hour)
	leave(hostName()+"-3", 0)
	dir, err := w.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var got []string
	for _, name := range []string{"elsewhere-1", "elsewhere-2", hostName() + "-3"} {
		if _, err := os.Stat(w.Path(".work/" + name + "/.tmp-1")); err == nil {
			got = append(got, name)
		}
	}
	if fmt.Sprint(got) != "[elsewhere-1]" {
		t.Errorf("left %v, want the fresh one of the other host", got)
	}
}

// A plain copy that is taken away by force (a cleaner of temporary files) is made again.
func TestADeskThatIsTakenAwayIsMadeAgain(t *testing.T) {
	spool := filepath.Join(t.TempDir(), "spool")
	w := fresh(t, "spool: "+spool)
	arc := archived(t, w, "a", []byte("text"))
	if err := os.RemoveAll(spool); err != nil {
		t.Fatal(err)
	}
	if got := content(t, w, arc.SHA256); got != "text" {
		t.Errorf("got %q", got)
	}
	os.Chmod(spool, 0o777)
	other, err := Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.OpenArchived(arc.SHA256); err == nil || !strings.Contains(err.Error(), "open to others") {
		t.Errorf("a spool in which others may write: %v", err)
	}
}

// Fifty megabytes that do not compress go to S3 and come back in memory that does not grow with them. The
// server keeps them in a process of its own.
func TestALargeFileIsFlatInMemory(t *testing.T) {
	if dir := os.Getenv("WORKSPACE_DIR"); dir != "" {
		s := newS3(t, nil)
		if err := WriteFile(filepath.Join(dir, "url"), []byte(s.URL)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		return
	}
	dir := t.TempDir()
	another(t, "serve", "WORKSPACE_DIR="+dir)
	url := ""
	until(t, "the server", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "url"))
		url = string(text)
		return err == nil
	})
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	w := fresh(t, "archive: s3://house/kept?endpoint="+url)
	f, err := os.Create(filepath.Join(w.InboxAt, "a.837"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(f, noise(4), 50<<20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // what is measured is in use, not garbage
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	base, peak, stop, done := m.HeapInuse, uint64(0), make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
	}()
	arc, err := w.Archive(list(t, w, time.Now())[0])
	if err == nil {
		err = errors.Join(w.DropSpools(), w.unspool(arc.SHA256))
	}
	close(stop)
	<-done
	if err != nil {
		t.Fatal(err)
	}
	if grown := int64(peak) - int64(base); grown > 56<<20 {
		t.Errorf("%d MB of heap for a file of 50 MB", grown>>20)
	}
}
