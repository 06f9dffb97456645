package workspace

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"revcycle/civil"
)

// start is the moment at which the clocks of these tests stand.
var start = time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)

// fresh makes a workspace whose revcycle.yaml has some lines in the place of the template's.
func fresh(t *testing.T, yaml ...string) *Workspace {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ws")
	if err := Init(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	if len(yaml) > 0 {
		if err := WriteFile(filepath.Join(dir, File), []byte(strings.Join(yaml, "\n")+"\n")); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestInitMakesAPrivateWorkspaceUnderAnyUmask(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o277} {
		old := syscall.Umask(mask)
		dir := filepath.Join(t.TempDir(), "a", "ws")
		err := Init(dir, Options{Profile: Limited, Samples: fstest.MapFS{
			"rulebook/payers/acme.yaml": {Data: []byte("x")}, "masters/payers.csv": {Data: []byte("payer_id\nACME\n")}}})
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			want := fs.FileMode(0o600)
			if d.IsDir() {
				want = 0o700
			}
			if info.Mode().Perm() != want {
				t.Errorf("umask %04o: %s has mode %04o", mask, path, info.Mode().Perm())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w, err := Open(dir)
		if err != nil || w.Profile != Limited {
			t.Fatalf("%v %v", w, err)
		}
		if text, _ := os.ReadFile(w.Path("masters/payers.csv")); string(text) != "payer_id\nACME\n" {
			t.Errorf("a sample was written over: %q", text)
		}
		if _, problems, err := w.Masters(); err != nil || len(problems) > 0 {
			t.Errorf("masters: %v %v", problems, err)
		}
	}
}

func TestInitRefusesAWorkspaceAndAnUnknownProfile(t *testing.T) {
	w := fresh(t)
	before, _ := os.ReadFile(w.Path(File))
	if err := Init(w.Dir(), Options{Profile: Full}); !errors.Is(err, ErrExists) {
		t.Errorf("got %v", err)
	}
	if after, _ := os.ReadFile(w.Path(File)); string(after) != string(before) {
		t.Error("it was changed")
	}
	if err := Init(t.TempDir(), Options{Profile: "open"}); !errors.Is(err, ErrConfig) {
		t.Errorf("got %v", err)
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "revcycle init") {
		t.Errorf("got %v", err)
	}
}

// A key that the template does not explain is one that nobody finds.
func TestTheTemplateSaysTheDefaultsAndEveryKey(t *testing.T) {
	c, err := parseConfig([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	if want := defaults(); c.Profile != want.Profile || c.Tolerance != want.Tolerance || c.Cutoff != want.Cutoff || c.BillHoldDays != want.BillHoldDays ||
		c.Timezone.String() != want.Timezone.String() || c.InboxAt != want.InboxAt || c.Settle != 0 || c.Deadline != want.Deadline || c.ErrorBudget != want.ErrorBudget {
		t.Errorf("the template says %+v, the defaults are %+v", c, want)
	}
	for _, key := range Keys() {
		if !strings.Contains(template, "\n"+key+":") {
			t.Errorf("the template does not show %s", key)
		}
	}
}

func TestConfigurationIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		"profile: operations\ntolerence: 1":         "line 2: \"tolerence\" is no key here; did you mean tolerance?",
		"zzz: 1":                                    "the keys are database, profile",
		"workers: 1\nworkers: 2":                    "line 2: workers stands in line 1 already",
		"workers: many":                             "line 1: workers: \"many\" is no whole number from 0 to 1024",
		"profile: open":                             "none of operations, limited, safe-harbor, full",
		"tolerance: $1":                             "write dollars and cents",
		"timezone: Chicago":                         "IANA",
		"timezone: Local":                           "IANA",
		"business_day_cutoff: 6":                    "is no time of day",
		"business_day_cutoff: \"13:00\"":            "after noon",
		"settle: 5":                                 "is no duration",
		"deadline: soon":                            "is no duration",
		"error_budget: 101%":                        "no share",
		"error_budget: some":                        "neither a number",
		"expect: x":                                 "takes a list",
		"expect:\n  - fles: x":                      "line 2: \"fles\" is no key here; did you mean files?",
		"expect:\n  - files: x\n    days: [funday]": "none of mon, tue",
		"expect:\n  - files: x\n    facility: \"\"": "the ID of one facility",
		"database: mysql://x":                       "is no database",
		"database: postgres://u@db.example.org/x?sslmode=disable": "unencrypted",
		"inbox: [a]":           "takes one value",
		"inbox: \"\"":          "is empty",
		"- a":                  "keys and values are wanted",
		"profile: [operations": "yaml",
	} {
		_, err := parseConfig([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, ErrConfig) {
			t.Errorf("%q\n got  %v\n want %s", text, err, want)
		}
	}
	for _, text := range []string{"", "# nothing\n", "database:\n", "database: postgres://u@localhost/x?sslmode=disable"} {
		if _, err := parseConfig([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestARunAfterMidnightBelongsToYesterday(t *testing.T) {
	w := fresh(t, "timezone: America/Chicago", `business_day_cutoff: "04:00"`)
	for at, want := range map[string]string{
		"2026-11-23T06:30:00Z": "2026-11-22", // 00:30 in Chicago
		"2026-11-23T09:59:59Z": "2026-11-22", // 03:59
		"2026-11-23T10:00:00Z": "2026-11-23", // 04:00
		"2026-11-24T05:59:00Z": "2026-11-23", // 23:59
		"2026-11-01T08:30:00Z": "2026-10-31", // 02:30 on the night the clock goes back
		"2026-01-01T06:00:00Z": "2025-12-31", // midnight of the new year
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.BusinessDate(now).String(); got != want {
			t.Errorf("%s: got %s, want %s", at, got, want)
		}
	}
}

func TestDeadlineBudgetAndExpectation(t *testing.T) {
	w := fresh(t, `deadline: "05:30"`, "error_budget: 2%", "expect:", "  - \"*.835\"", "  - files: acme/*.txt", "    facility: NORTH", "    at_least: 2", "    days: [Mon]")
	if at, ok := w.DeadlineOf(start); !ok || at.Format("02 15:04") != "23 05:30" {
		t.Errorf("deadline %v %v", at, ok)
	}
	if at, _ := w.DeadlineOf(start.Add(4 * time.Hour)); at.Format("02 15:04") != "24 05:30" {
		t.Errorf("deadline of a late start %v", at)
	}
	for _, c := range []struct {
		bad, all int
		want     bool
	}{{2, 100, false}, {3, 100, true}, {1, 49, true}, {0, 0, false}} {
		if got := w.ErrorBudget.Exceeded(c.bad, c.all); got != c.want {
			t.Errorf("%d of %d: %v", c.bad, c.all, got)
		}
	}
	monday, tuesday := civil.Of(2026, 11, 23), civil.Of(2026, 11, 24)
	if got := w.Absent(monday, []string{"x/a.835", "acme/1.txt"}); len(got) != 1 || got[0] != (Absence{"acme/*.txt", "NORTH", 1, 2, "acme/*.txt of NORTH: 1 of 2 expected files came; ask the sender"}) {
		t.Errorf("monday: %v", got)
	}
	if got := w.Absent(tuesday, nil); len(got) != 1 || got[0].Facility != "" || got[0].Sentence != "*.835: 0 of 1 expected files came; ask the sender" {
		t.Errorf("tuesday: %v", got)
	}
	if a, b := w.Expected(monday), w.Expected(tuesday); len(a) != 1 || a[0] != "NORTH" || len(b) != 0 {
		t.Errorf("expected of %v and %v", a, b)
	}
	if b, _ := parseBudget("3"); b.Exceeded(3, 3) || !b.Exceeded(4, 4) {
		t.Error("a budget of 3 rejects")
	}
	if d, _ := parseDeadline("4h"); d.After != 4*time.Hour || d.Clock {
		t.Errorf("4h: %+v", d)
	}
}

func clockAt(t time.Time) func() time.Time { return func() time.Time { return t } }

func TestTwoRunsDoNotHoldOneWorkspace(t *testing.T) {
	w := fresh(t)
	l, err := w.Lock(clockAt(start))
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.Lock(clockAt(start))
	held, ok := errors.AsType[*HeldError](err)
	if !ok || !errors.Is(err, ErrHeld) || held.Owner.PID != os.Getpid() || !held.Owner.Started.Equal(start) || !strings.Contains(err.Error(), held.Owner.Host) {
		t.Errorf("got %v", err)
	}
	if o, ok := other.Holder(); !ok || o.PID != os.Getpid() {
		t.Errorf("holder %v %v", o, ok)
	}
	if err := errors.Join(l.Release(), l.Release()); err != nil {
		t.Fatal(err)
	}
	if _, ok := other.Holder(); ok {
		t.Error("held after the release")
	}
	again, err := other.Lock(clockAt(start))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Release()
	if info, _ := os.Stat(w.Path(".lock")); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

// A run that was killed leaves its name in the file and no hold on the workspace.
func TestTheLockOfAKilledRunIsFree(t *testing.T) {
	if dir := os.Getenv("WORKSPACE_HOLD"); dir != "" {
		w, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Lock(clockAt(start)); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "held"), nil, 0o600)
		time.Sleep(time.Minute)
		return
	}
	w := fresh(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestTheLockOfAKilledRunIsFree$")
	cmd.Env = append(os.Environ(), "WORKSPACE_HOLD="+w.Dir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	for range 500 {
		if _, err := os.Stat(w.Path("held")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	_, err := w.Lock(clockAt(start))
	if held, ok := errors.AsType[*HeldError](err); !ok || held.Owner.PID != cmd.Process.Pid {
		t.Errorf("while it lives: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	l, err := w.Lock(clockAt(start))
	if err != nil {
		t.Fatal(err)
	}
	l.Release()
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	w := fresh(t)
	if err := os.WriteFile(w.Path("inbox/a.835"), []byte("ISA"), 0o600); err != nil {
		t.Fatal(err)
	}
	now, err := os.Stat(w.Path(File))
	if err != nil {
		t.Fatal(err)
	}
	states := func(w *Workspace, now time.Time) map[string]Check {
		m := map[string]Check{}
		for _, c := range w.Doctor(now) {
			m[c.Name] = c
		}
		return m
	}
	for name, c := range states(w, now.ModTime().Add(time.Minute)) {
		if c.State != OK && name != "disk" {
			t.Errorf("a sound workspace: %+v", c)
		}
	}
	os.Chmod(w.Dir(), 0o755)
	os.RemoveAll(w.Path("reports"))
	WriteFile(w.Path("masters/payers.csv"), []byte("payer\nA\n"))
	WriteFile(w.Path(File), []byte("profile: limited\ninbox: nowhere\ndatabase: postgres://u:secret@localhost/x\n"))
	sick, err := Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	got := states(sick, now.ModTime().Add(-48*time.Hour))
	for name, want := range map[string]struct {
		state State
		text  string
	}{
		"permissions": {Warn, ". (0755)"}, "folders": {Warn, "reports"}, "masters": {Fail, "masters/payers.csv line 1"},
		"key_file": {Fail, "limited"}, "inbox": {Fail, "nowhere"}, "database": {Warn, "REVCYCLE_DATABASE_FILE"}, "clock": {Fail, "set the clock"},
	} {
		if c := got[name]; c.State != want.state || !strings.Contains(c.Message+c.Advice, want.text) {
			t.Errorf("%s: got %+v, want %v", name, c, want)
		}
		if strings.Contains(got[name].Message+got[name].Advice, "secret") {
			t.Errorf("%s shows a password", name)
		}
	}
}

// Would catch a run as root whose files stop the nights of the owner, and nobody told.
func TestDoctorNamesFilesOfAnotherOwner(t *testing.T) {
	w := fresh(t)
	uid, name, err := w.OwnerIs()
	if err != nil || name == "" {
		t.Fatalf("owner %d %q: %v", uid, name, err)
	}
	if c := w.checkForeign(uid, name); c.State != OK {
		t.Errorf("its owner: got %+v", c)
	}
	if c := w.checkForeign(uid+1, "night"); c.State != Fail || !strings.Contains(c.Message, "not night's") || c.Advice != "as root: chown -R night "+w.Dir() {
		t.Errorf("another owner: got %+v", c)
	}
}

// A folder that the run cannot write to is a fault of its own, with advice for it: not one of what lies in it.
func TestDoctorNamesFoldersThatCannotBeWritten(t *testing.T) {
	w := fresh(t)
	for _, dir := range []string{"metrics", "extracts"} {
		if err := os.Chmod(w.Path(dir), 0o500); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() == 0 { // root may write anywhere: be somebody else for a while, on this thread
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := os.Chown(w.Path("metrics"), 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(w.Path("extracts"), 0o555); err != nil {
			t.Fatal(err)
		}
		for dir := w.Dir(); len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := unix.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer unix.Setfsuid(0)
	}
	c := w.checkFolders()
	if c.State != Fail || !strings.Contains(c.Message, "metrics (permission denied)") || !strings.Contains(c.Message, "extracts (permission denied)") || !strings.Contains(c.Advice, "chown") {
		t.Errorf("got %+v", c)
	}
}
