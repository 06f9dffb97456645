package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

const (
	deployed   = checkout + "/deploy"
	programAt  = "/usr/local/bin/revcycle"
	dumpAt     = "/usr/local/bin/revcycle-dump"
	workspaced = "/srv/revcycle"
)

// directives are what the shipped units use, as systemd.unit(5), systemd.service(5), systemd.exec(5),
// systemd.resource-control(5), systemd.kill(5) and systemd.timer(5) spell them: a misspelt one is ignored by systemd.
var directives = map[string]string{
	"Unit": "Description Documentation Wants After OnFailure StartLimitIntervalSec StartLimitBurst RequiresMountsFor Requires",
	"Service": "Type ExecStart Environment User Group UMask SuccessExitStatus Restart RestartSec RestartPreventExitStatus TimeoutStartSec TimeoutStopSec " +
		"KillSignal StandardOutput StandardError SyslogIdentifier MemoryMax TasksMax LimitCORE CPUWeight IOWeight ProtectSystem ReadWritePaths ProtectHome " +
		"PrivateTmp PrivateDevices NoNewPrivileges CapabilityBoundingSet AmbientCapabilities ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs " +
		"ProtectKernelModules ProtectKernelTunables ProtectProc RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID RemoveIPC " +
		"LockPersonality MemoryDenyWriteExecute SystemCallArchitectures SystemCallFilter SystemCallErrorNumber LoadCredential",
	"Timer":   "OnCalendar Persistent OnBootSec AccuracySec Unit",
	"Install": "WantedBy",
}

// unitFile is a unit of systemd: what each directive says, in order, by section.directive.
type unitFile map[string][]string

// readUnit reads a unit strictly.
func readUnit(t *testing.T, path string) unitFile {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	u, section := unitFile{}, ""
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || !slices.Contains(strings.Fields(directives[section]), name) {
			t.Errorf("%s line %d: [%s] takes no %q", filepath.Base(path), i+1, section, name)
			continue
		}
		u[section+"."+name] = append(u[section+"."+name], value)
	}
	return u
}

func (u unitFile) one(name string) string { return strings.Join(u[name], " ") }

// called finds the command that a line of words calls, with flags that it has.
func called(t *testing.T, where string, words []string) *cobra.Command {
	t.Helper()
	if words[0] != programAt {
		t.Errorf("%s calls %s, want %s", where, words[0], programAt)
	}
	root := (&app{out: new(bytes.Buffer), err: new(bytes.Buffer), clock: time.Now}).root()
	c, rest, err := root.Find(words[1:])
	if err != nil || c == root {
		t.Errorf("%s: %v is no command: %v", where, words, err)
		return root
	}
	if err := c.ParseFlags(rest); err != nil {
		t.Errorf("%s: %v: %v", where, words, err)
	}
	if args := c.Flags().Args(); c.Args != nil && c.Args(c, args) != nil {
		t.Errorf("%s: %v takes other arguments than %v", where, words, args)
	}
	return c
}

var helpCode = regexp.MustCompile(`(?m)^  (\d+) `)

// helpCodes are the exit codes in a command's help.
func helpCodes(c *cobra.Command) []string {
	_, table, _ := strings.Cut(c.Long, "Exit codes:\n")
	var out []string
	for _, m := range helpCode.FindAllStringSubmatch(table, -1) {
		out = append(out, m[1])
	}
	return out
}

// A unit that names a flag, an exit code, a variable or another unit that is not there is found here, on machines
// without systemd too.
func TestTheUnitsCallWhatThereIs(t *testing.T) {
	files, err := filepath.Glob(deployed + "/systemd/*.service")
	if err != nil {
		t.Fatal(err)
	}
	timers, err := filepath.Glob(deployed + "/systemd/*.timer")
	if files = append(files, timers...); err != nil || len(files) != 7 {
		t.Fatalf("%v, %v", files, err)
	}
	extra, err := filepath.Glob(deployed + "/systemd/*.d/*.example")
	if err != nil || len(extra) != 3 {
		t.Fatalf("%v, %v", extra, err)
	}
	known := []string{"REVCYCLE_WORKSPACE", databaseFile, "REVCYCLE_KEY_FILE", "GOMEMLIMIT", "PGSERVICEFILE"}
	for _, path := range append(files, extra...) {
		name := filepath.Base(path)
		u := readUnit(t, path)
		for _, line := range u["Service.ExecStart"] {
			if strings.HasPrefix(line, dumpAt+" ") {
				continue
			}
			c := called(t, name, strings.Fields(line))
			codes := helpCodes(c)
			for _, code := range strings.Fields(u.one("Service.SuccessExitStatus") + " " + u.one("Service.RestartPreventExitStatus")) {
				if !slices.Contains(codes, code) {
					t.Errorf("%s speaks of exit %s, which revcycle %s does not have (%v)", name, code, c.Name(), codes)
				}
			}
			if !strings.Contains(line, "-C "+workspaced) && !slices.Contains(u["Service.Environment"], "REVCYCLE_WORKSPACE="+workspaced) {
				t.Errorf("%s names no workspace", name)
			}
		}
		for _, e := range u["Service.Environment"] {
			if variable, _, _ := strings.Cut(e, "="); !slices.Contains(known, variable) {
				t.Errorf("%s sets %s, which nothing reads", name, variable)
			}
			if _, credential, ok := strings.Cut(e, "=%d/"); ok && !strings.HasPrefix(u.one("Service.LoadCredential"), credential+":/etc/revcycle/") {
				t.Errorf("%s reads the credential %s and does not load it", name, credential)
			}
		}
		for _, other := range slices.Concat(u["Unit.OnFailure"], u["Unit.Requires"], u["Timer.Unit"]) {
			other = strings.Replace(other, "%n", "", 1)
			if !slices.ContainsFunc(files, func(f string) bool { return filepath.Base(f) == other }) {
				t.Errorf("%s names %s, which is not shipped", name, other)
			}
		}
		if strings.HasSuffix(name, ".service") && (u.one("Service.LimitCORE") != "0" || u.one("Service.NoNewPrivileges") != "yes" || u.one("Service.ProtectSystem") != "strict" || u.one("Service.UMask") != "0077") {
			t.Errorf("%s: a core dump, a new privilege, or files that others may read", name)
		}
	}
}

// Every exit code of run is thought of, once: a success, worth another try, or for a person.
func TestTheRunsUnitKnowsEveryExitCode(t *testing.T) {
	u := readUnit(t, deployed+"/systemd/revcycle-run.service")
	got := map[string]string{"0": "success", "1": "again"} // systemd's own reading, with Restart=on-failure
	for _, code := range strings.Fields(u.one("Service.SuccessExitStatus")) {
		got[code] = "success"
	}
	for _, code := range strings.Fields(u.one("Service.RestartPreventExitStatus")) {
		got[code] = "person"
	}
	want := map[string]string{"0": "success", "1": "again", "2": "person", "3": "success", "4": "person", "5": "person", "6": "person", "7": "person", "130": "success"}
	if !maps.Equal(got, want) || u.one("Service.Restart") != "on-failure" {
		t.Errorf("got %v, want %v", got, want)
	}
	codes := helpCodes(called(t, "the run", strings.Fields(u.one("Service.ExecStart"))))
	slices.Sort(codes)
	if all := slices.Sorted(maps.Keys(want)); !slices.Equal(codes, all) {
		t.Errorf("run ends with %v, the unit knows %v", codes, all)
	}
	stop, err := time.ParseDuration(strings.Replace(u.one("Service.TimeoutStopSec"), "min", "m", 1))
	if err != nil || stop < 2*tellStoppedWithin {
		t.Errorf("a stopped run has %s, and tells for up to %s", stop, tellStoppedWithin)
	}
}

// cronLine is a line of a file in cron.d.
var cronLine = regexp.MustCompile(`^(\S+) (\S+) \* \* \* (\S+) (.*)$`)

// The lines of the cron file are run as they stand, with the paths of this machine: a good night mails nothing, one that needs a
// person mails one line, and messages are lines of JSON in the log.
func TestTheCronFileMailsOnlyWhatNeedsAPerson(t *testing.T) {
	text, err := os.ReadFile(deployed + "/cron/revcycle.cron")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t, "operations")
	bin, logs, backups := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "b")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "revcycle")); err != nil {
		t.Fatal(err)
	}
	here := strings.NewReplacer(programAt, filepath.Join(bin, "revcycle"), "/var/log/revcycle", logs, "/backup/revcycle", backups)
	var lines []string
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if line == "" || line[0] == '#' || regexp.MustCompile(`^[A-Z_]+=`).MatchString(line) {
			continue
		}
		m := cronLine.FindStringSubmatch(line)
		if m == nil || m[3] != "revcycle" || strings.Contains(line, "%") {
			t.Errorf("line %d is no line of cron.d: %s", i+1, line)
			continue
		}
		if minute, err := strconv.Atoi(m[1]); err != nil || minute > 59 {
			t.Errorf("line %d: minute %s", i+1, m[1])
		}
		for _, call := range regexp.MustCompile(programAt+` [^|&;>]*`).FindAllString(m[4], -1) {
			called(t, fmt.Sprint("line ", i+1), strings.Fields(call))
		}
		lines = append(lines, here.Replace(m[4]))
	}
	if len(lines) != 3 {
		t.Fatalf("%d lines, want the run, the second call and the backup", len(lines))
	}
	mailed := func(line string) string {
		c := exec.Command("/bin/sh", "-c", line)
		c.Env = append(os.Environ(), "REVCYCLE_WORKSPACE="+p.dir, asCommand+"="+filepath.Join(t.TempDir(), "status"))
		out, err := c.CombinedOutput()
		if err != nil && len(out) == 0 {
			t.Logf("%s: %v", line, err)
		}
		return string(out)
	}
	p.drop("testdata/files/torn.837", goldenCase+"/in/submitted.837p")
	for i, line := range lines {
		if out := mailed(line); out != "" {
			t.Errorf("line %d of a good night mails %q", i+1, out)
		}
	}
	if e := revcycle(t, "backup", "--check", backups); e.code != 0 {
		t.Errorf("the backup: exit %d: %s", e.code, e.out)
	}
	p.configure("expect: ['*.835']\n")
	if out := mailed(lines[0]); !strings.HasPrefix(out, "revcycle run: exit 6;") || strings.Count(out, "\n") != 1 {
		t.Errorf("a file did not come, and what is mailed is %q", out)
	}
	if out := mailed(strings.ReplaceAll(lines[2], backups, p.dir)); out != "revcycle backup or purge: exit 2; "+logs+"/run.log tells more\n" {
		t.Errorf("the backup fails, and what is mailed is %q", out)
	}
	log := string(p.read(filepath.Join(logs, "run.log")))
	if got := logLines(t, log); len(got) < 6 {
		t.Errorf("the log has %d lines", len(got))
	}
	for _, done := range []string{`"backup made"`, `"backup checked"`, `"nothing to purge`} {
		if strings.Count(log, `"msg":`+done) != 1 {
			t.Errorf("the log does not tell once of %s:\n%s", done, log)
		}
	}
	rotate, err := os.ReadFile(deployed + "/logrotate/revcycle")
	if err != nil || !strings.Contains(string(rotate), "\n/var/log/revcycle/*.log {") || strings.Contains(string(rotate), "\tcopytruncate") {
		t.Errorf("logrotate: %v, %s", err, rotate)
	}
}
