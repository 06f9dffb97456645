package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// A command without an example, or without its exit codes, or with a code that CONTRACT does not
// know, is found here.
func TestEveryHelpHasAnExampleAndItsExitCodes(t *testing.T) {
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		if c.Example == "" || !strings.HasPrefix(c.Example, "  revcycle") && !strings.Contains(c.Example, "| revcycle") {
			if c.HasParent() {
				t.Errorf("%s: its help has no example that begins with revcycle: %q", c.CommandPath(), c.Example)
			}
		}
		_, table, ok := strings.Cut(c.Long, "Exit codes:\n")
		if !ok || !strings.Contains(table, "  0    done") {
			t.Errorf("%s: its help lists no exit codes: %q", c.CommandPath(), c.Long)
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its short text is %q, want a line without a full stop", c.CommandPath(), c.Short)
		}
		for _, sub := range c.Commands() {
			look(sub)
		}
	}
	look((&app{out: new(bytes.Buffer), err: new(bytes.Buffer), clock: time.Now}).root())
}

// A cell that a sender wrote must not become a formula; a negative number of ours must stay one.
func TestASheetHoldsNoFormula(t *testing.T) {
	var out bytes.Buffer
	s, err := newSheet(&out, ',', "a", "b", "c")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []cell{theirs("=1+1"), theirs("+1"), theirs("-1"), theirs("@x"), theirs("\tx"), theirs("a=b"), amount(-150), ours("-"), theirs("")} {
		if err := s.add(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	want := "a,b,c\n'=1+1\n'+1\n'-1\n'@x\n\"'\tx\"\na=b\n-1.50\n-\n\n"
	if got := out.String(); got != strings.ReplaceAll(want, "\"'\tx\"", "'\tx") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Go's own exit code for a panic is 2, which tells cron that the configuration is wrong; and it prints what the program
// broke on. The stack is for those who ask, by --verbose.
func TestABreakOfTheProgramIsAFailureWithItsPlace(t *testing.T) {
	for _, form := range []string{"text", "json"} {
		for _, verbose := range []bool{false, true} {
			var said bytes.Buffer
			args := []string{"version", "--log-format", form, fmt.Sprintf("--verbose=%t", verbose)}
			code := execute(context.Background(), args, breaking{}, &said)
			if code != exitFailed || strings.Contains(said.String(), "DOE") || strings.Contains(said.String(), "main_test.go") != verbose ||
				!strings.Contains(said.String(), "the program broke at revcycle/cmd/revcycle.breaking.Write:") {
				t.Errorf("%s, verbose %t: exit %d: %s", form, verbose, code, &said)
			}
		}
	}
}

// breaking is a stream on which the program breaks.
type breaking struct{}

func (breaking) Write([]byte) (int, error) { panic("JANE DOE") }
