package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
	"revcycle/pipeline"
	"revcycle/workspace"
)

// The exit codes, as CONTRACT lists them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitQuarantined = 3
	exitControls    = 4
	exitLocked      = 5
	exitExpected    = 6
	exitStopped     = 7
	exitInterrupted = 130
)

var exitMeanings = []struct {
	code    int
	meaning string
}{
	{exitDone, "done (also: nothing to do)"},
	{exitFailed, "failed; run it again"},
	{exitUsage, "wrong usage or configuration"},
	{exitQuarantined, "done, and something was quarantined or rejected"},
	{exitControls, "control totals do not tie: nothing was published"},
	{exitLocked, "another run holds this workspace"},
	{exitExpected, "an expected file did not come (expect: in revcycle.yaml)"},
	{exitStopped, "stopped by the deadline or the error budget: nothing new is published"},
	{exitInterrupted, "interrupted; run it again to go on"},
}

// exits is the part of a command's help that lists its exit codes.
func exits(codes ...int) string {
	var b strings.Builder
	b.WriteString("\n\nExit codes:\n")
	for _, m := range exitMeanings {
		for _, c := range codes {
			if c == m.code {
				fmt.Fprintf(&b, "  %-4d %s\n", m.code, m.meaning)
			}
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// usageError is a fault of the caller's words or of the configuration: exit 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// spoken is an error as people read it: without the words by which the program tells kinds of errors apart.
func spoken(err error) string {
	text := err.Error()
	for _, kind := range []error{ledger.ErrStore, workspace.ErrConfig} {
		text = strings.ReplaceAll(text, ": "+kind.Error(), "")
	}
	return strings.TrimPrefix(text, "revcycle: ")
}

// exitError is a result that is no failure and has a code of its own.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// codeOf is the exit code of a command's error.
func codeOf(ctx context.Context, err error) int {
	var code exitError
	var bad usageError
	var controls *extract.ControlsError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, pipeline.ErrStopped):
		return exitStopped
	case errors.As(err, &bad), errors.Is(err, workspace.ErrConfig), errors.Is(err, pipeline.ErrUsage), errors.Is(err, postgres.ErrRefused):
		return exitUsage
	case errors.Is(err, workspace.ErrHeld), errors.Is(err, postgres.ErrLocked):
		return exitLocked
	case errors.As(err, &controls):
		return exitControls
	}
	return exitFailed
}
