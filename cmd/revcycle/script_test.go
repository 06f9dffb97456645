package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"revcycle/workspace"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"revcycle": func() { os.Exit(run()) }})
}

// Each script is a promise of the command line. Its commands, beside testscript's own:
// exits CODE COMMAND… runs a command and wants its exit code; keys FILE NAME… wants keys in
// the first JSON object of a file; hold DIR holds a workspace as another run would;
// restore BACKUPS DIR copies the newest backup to where there is nothing; spoil BACKUPS FILE changes a byte of a file in it;
// held FILE NAME sets a variable to the unit of a listing of the quarantine;
// balances FILE ACCOUNT AMOUNT… reads a journal, wants every entry to balance, and accounts to stand so.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exitsCmd, "keys": keysCmd, "hold": holdCmd, "balances": balancesCmd, "restore": restoreCmd, "spoil": spoilCmd, "held": heldCmd,
		},
		Setup: func(env *testscript.Env) error {
			files, err := filepath.Abs("testdata/files")
			env.Setenv("FILES", files)
			return err
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

func exitsCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		got = e.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

func keysCmd(ts *testscript.TestScript, neg bool, args []string) {
	in := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	var got []string
	var first json.RawMessage
	ts.Check(in.Decode(&first))
	in = json.NewDecoder(bytes.NewReader(first))
	_, err := in.Token()
	ts.Check(err)
	for in.More() {
		name, err := in.Token()
		ts.Check(err)
		got = append(got, fmt.Sprint(name))
		var value json.RawMessage
		ts.Check(in.Decode(&value))
	}
	for _, want := range args[1:] {
		if !slices.Contains(got, want) {
			ts.Fatalf("keys %v, want %s among them", got, want)
		}
	}
}

func holdCmd(ts *testscript.TestScript, neg bool, args []string) {
	w, err := workspace.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	lock, err := w.Lock(time.Now)
	ts.Check(err)
	ts.Defer(func() { lock.Release() })
}

var (
	entryLine   = regexp.MustCompile(`^\d{4}-\d\d-\d\d(=\d{4}-\d\d-\d\d)? \* \S`)
	commentLine = regexp.MustCompile(`^    ;`)
	postingLine = regexp.MustCompile(`^    ([a-z][^;]*?)  +(-?\d+)\.(\d\d) USD(  ;.*)?$`)
)

// balancesCmd knows the journal's form from hledger's manual, not from our writer: an entry begins with
// a date at the margin, its postings are indented, account and amount stand two blanks apart.
func balancesCmd(ts *testscript.TestScript, neg bool, args []string) {
	accounts := map[string]int{}
	entry, sum, entries := "", 0, 0
	end := func() {
		if sum != 0 {
			ts.Fatalf("entry %q is off by %d cents", entry, sum)
		}
	}
	for n, line := range strings.Split(ts.ReadFile(args[0]), "\n") {
		switch m := postingLine.FindStringSubmatch(line); {
		case line == "" || commentLine.MatchString(line):
		case entryLine.MatchString(line):
			end()
			entry, sum = line, 0
			entries++
		case m != nil:
			cents, err := strconv.Atoi(m[2] + m[3])
			ts.Check(err)
			sum += cents
			accounts[m[1]] += cents
		default:
			ts.Fatalf("line %d is no journal: %q", n+1, line)
		}
	}
	end()
	if entries == 0 {
		ts.Fatalf("the journal has no entry")
	}
	for want := range slices.Chunk(args[1:], 2) {
		if got := fmt.Sprintf("%d.%02d", accounts[want[0]]/100, abs(accounts[want[0]])%100); got != want[1] {
			ts.Fatalf("%s stands at %s, want %s", want[0], got, want[1])
		}
	}
}

func abs(n int) int { return max(n, -n) }
