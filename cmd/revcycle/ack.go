package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"revcycle/civil"
	"revcycle/parsers"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
)

// ackFlags are what the ack command is asked.
type ackFlags struct {
	out     string
	control int
	always  bool
}

// answered is what ack prints of a file as JSON.
type answered struct {
	File     string `json:"file"`
	Answer   string `json:"answer,omitempty"` // where it was written; empty for stdout and for a file that wants none
	TA1      int    `json:"ta1"`              // interchanges answered by a TA1
	Torn     int    `json:"rejected_interchanges"`
	Sets     int    `json:"sets"` // sets answered by a 999 or 997
	Rejected int    `json:"rejected_sets"`
	Claims   int    `json:"claims"` // claims answered by a 277CA
	Refused  int    `json:"refused_claims"`
}

func (a *app) ackCommand() *cobra.Command {
	var how ackFlags
	c := &cobra.Command{
		Use:   "ack FILE...",
		Short: "writes the TA1, 999 and 277CA that answer a file",
		Long: "ack reads X12 files to their end and writes their answers as X12: a TA1 where ISA14 asks for one or the interchange is wrong, a 999\n" +
			"for each group (a 997 for version 4010) and a 277CA for each set of claims that the 999 did not reject. Faults of SNIP types 1 and 2\n" +
			"reject the set, types 3 to 5 and 7 the claim. Acknowledgements are never answered. It needs no workspace and touches none.\n\n" +
			"Without --out the answers go to stdout, one interchange for each that came, and the counts to stderr. The control numbers are\n" +
			"counted up from --control: give each call numbers that were never used." + exits(0, 1, 2, 3),
		Example: "  revcycle ack claims.837 > answer.x12\n  revcycle ack --out answers --control 1201 inbox/*.837",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if how.control < 1 || how.control > 999_999_999 {
				return usage("--control %d: a control number has one to nine digits", how.control)
			}
			if a.json && how.out == "" {
				return usage("--json prints the counts on stdout, where the answers go: name a folder for them with --out")
			}
			refused := false
			for _, name := range args {
				done, err := a.ackFile(name, &how)
				if err != nil {
					return err
				}
				refused = refused || done.Torn+done.Rejected+done.Refused > 0
				if a.json {
					if err := a.printJSON(done); err != nil {
						return err
					}
					continue
				}
				a.say("%s: %d interchanges answered by TA1 (%d rejected), %d sets (%d rejected), %d claims (%d refused)%s", name, done.TA1, done.Torn, done.Sets, done.Rejected, done.Claims, done.Refused,
					map[bool]string{true: ": nothing to answer"}[done.TA1+done.Sets == 0])
			}
			if refused {
				return exitError(exitQuarantined)
			}
			return nil
		},
	}
	c.Flags().StringVar(&how.out, "out", "", "folder for the answers, one file each: NAME.ack (default stdout)")
	c.Flags().IntVar(&how.control, "control", 1, "first control number")
	c.Flags().BoolVar(&how.always, "ta1", false, "a TA1 also where none is asked for")
	return c
}

// ackFile answers one file.
func (a *app) ackFile(name string, how *ackFlags) (answered, error) {
	done := answered{File: name}
	f, err := os.Open(name)
	if err != nil {
		return done, usageError{fmt.Errorf("ack: %w", err)}
	}
	defer f.Close()
	in, err := parsers.Receive(f, &snip.Strict)
	if bad, ok := errors.AsType[*x12.SyntaxError](err); ok {
		return done, usage("ack %s: %s", name, bad.Message)
	}
	if err != nil {
		return done, fmt.Errorf("ack %s: %w", name, err)
	}
	now := a.clock()
	next := func(format string) func() (string, error) {
		return func() (string, error) {
			if how.control > 999_999_999 {
				return "", usage("the control numbers from --control are used up")
			}
			how.control++
			return fmt.Sprintf(format, how.control-1), nil
		}
	}
	out, end, err := a.answerFile(name, how.out)
	if err != nil {
		return done, err
	}
	n, err := parsers.WriteAnswers(out, f, in, parsers.Answering{Date: civil.OfTime(now), Time: now.Format("1504"), Always: how.always,
		Interchange: next("%09d"), Group: next("%d")})
	done.TA1, done.Torn, done.Sets, done.Rejected, done.Claims, done.Refused = n.TA1, n.Torn, n.Sets, n.Rejected, n.Claims, n.Refused
	path, endErr := end(err == nil && n.TA1+n.Sets > 0)
	done.Answer = path
	if err := cmp.Or(err, endErr); err != nil {
		return done, fmt.Errorf("ack %s: %w", name, err)
	}
	return done, nil
}

// answerFile opens what an answer is written to: stdout, or a file of a folder that appears whole or not at all. End closes it.
func (a *app) answerFile(name, dir string) (w io.Writer, end func(keep bool) (string, error), err error) {
	if dir == "" {
		return a.out, func(bool) (string, error) { return "", nil }, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, usageError{fmt.Errorf("ack: %w", err)}
	}
	path := filepath.Join(dir, filepath.Base(name)+".ack")
	if _, err := os.Lstat(path); err == nil {
		return nil, nil, usage("ack: %s is there already: an answer is not written over, move it first", path)
	}
	f, err := os.CreateTemp(dir, ".ack-*")
	if err != nil {
		return nil, nil, usageError{fmt.Errorf("ack: %w", err)}
	}
	return f, func(keep bool) (string, error) {
		err := f.Close()
		if err == nil && keep {
			err = os.Rename(f.Name(), path)
		}
		if err != nil || !keep {
			return "", cmp.Or(err, os.Remove(f.Name()))
		}
		return path, nil
	}, nil
}
