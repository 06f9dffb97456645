// Command revcycle is the nightly revenue cycle pipeline and the tools around it.
//
// A command is flags, one call, and an exit code. What it prints for people goes to stderr, data to
// stdout. To add one: a file here with its cobra.Command and a line in root.go.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// version is set at build time.
var version = "development"

func main() {
	boundMemory()
	os.Exit(run())
}

// boundMemory lets the heap grow to five times what it holds before it is collected, as long as it stays below a bound:
// what a night holds is small, what it lays aside is much. GOGC and GOMEMLIMIT of the environment come first.
func boundMemory() {
	const growth, bound = 400, 256 << 20
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(growth)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(bound)
	}
}

func run() int {
	syscall.Umask(0o077)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
