package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"revcycle/pipeline"
)

// asCommand makes of this test's own binary the program: what the tests start is what is shipped.
const asCommand = "REVCYCLE_TEST_AS_COMMAND"

func init() {
	if where := os.Getenv(asCommand); where != "" {
		code := run()
		// VmHWM begins at exec; what wait(2) tells of a child begins with its parent's.
		if status, err := os.ReadFile("/proc/self/status"); err == nil {
			os.WriteFile(where, status, 0o600)
		}
		os.Exit(code)
	}
}

// ended is what a process left.
type ended struct {
	code   int
	out    string
	err    string
	peakKB int64 // the most memory it ever held
	cpu    time.Duration
}

// command prepares the program in a process of its own.
func command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), asCommand+"="+filepath.Join(t.TempDir(), "status"))
	return c
}

// revcycle runs the program to its end.
func revcycle(t testing.TB, args ...string) ended {
	t.Helper()
	return finish(t, command(t, args...))
}

func finish(t testing.TB, c *exec.Cmd) ended {
	t.Helper()
	var out, errOut bytes.Buffer
	c.Stdout, c.Stderr = &out, &errOut
	err := c.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	e := ended{code: c.ProcessState.ExitCode(), out: out.String(), err: errOut.String(),
		cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	for _, v := range c.Env {
		if where, ok := strings.CutPrefix(v, asCommand+"="); ok {
			status, _ := os.ReadFile(where)
			if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
				fmt.Sscan(rest, &e.peakKB)
			}
		}
	}
	return e
}

// place is a workspace on disk.
type place struct {
	testing.TB
	dir string
}

// newPlace makes a workspace as init does, with the masters of the demo.
func newPlace(t testing.TB, profile string) place {
	t.Helper()
	p := place{t, filepath.Join(t.TempDir(), "w")}
	if e := revcycle(t, "init", p.dir, "--profile", profile); e.code != 0 {
		t.Fatalf("init: exit %d: %s", e.code, e.err)
	}
	return p
}

// drop copies files into the inbox.
func (p place) drop(patterns ...string) {
	p.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			p.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, f := range files {
			p.put(filepath.Base(f), p.read(f))
		}
	}
}

func (p place) read(path string) []byte {
	p.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		p.Fatal(err)
	}
	return data
}

func (p place) put(name string, data []byte) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, "inbox", name), data, 0o600); err != nil {
		p.Fatal(err)
	}
}

// night runs the nightly job and wants its exit code.
func (p place) night(asOf string, code int, args ...string) pipeline.Summary {
	p.Helper()
	e := revcycle(p, append([]string{"run", "-C", p.dir, "--as-of", asOf, "--json"}, args...)...)
	if e.code != code {
		p.Fatalf("run: exit %d, want %d: %s", e.code, code, e.err)
	}
	var sum pipeline.Summary
	p.decode(e.out, &sum)
	for _, c := range sum.Controls {
		if !c.OK {
			p.Errorf("control %s: %s against %s", c.Name, c.Left, c.Right)
		}
	}
	return sum
}

func (p place) decode(text string, v any) {
	p.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		p.Fatalf("%v in %.200s", err, text)
	}
}

// verified wants every invariant to hold.
func (p place) verified() {
	p.Helper()
	if e := revcycle(p, "verify", "-C", p.dir); e.code != 0 {
		p.Errorf("verify: exit %d\n%s%s", e.code, e.out, e.err)
	}
}

// digest is what must be equal between two runs that should be the same.
func (p place) digest(asOf string) string {
	p.Helper()
	e := revcycle(p, "verify", "--digest", "-C", p.dir, "--as-of", asOf)
	if e.code != 0 || !strings.Contains(e.out, "overall ") {
		p.Fatalf("verify --digest: exit %d: %s", e.code, e.err)
	}
	return e.out
}

const (
	demoInbox  = "../../fixtures/demo/inbox"
	goldenCase = "../../fixtures/remits-golden"
)

// shared is a path below the folder of inputs that lies beside the repository: the test is passed
// over where there is no such folder.
func shared(t testing.TB, path string) string {
	t.Helper()
	root := os.Getenv("REVCYCLE_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	full := filepath.Join(root, path)
	if _, err := os.Stat(full); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared data are not here: under CI nothing is passed over")
		}
		t.Skipf("%s is not here; REVCYCLE_SHARED names another folder", full)
	}
	return full
}
