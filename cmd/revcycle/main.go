// Command revcycle is the nightly revenue cycle pipeline and the tools around it.
//
// A command is flags, one call, and an exit code. What it prints for people goes to stderr, data to
// stdout. To add one: a file here with its cobra.Command and a line in root.go.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set at build time.
var version = "development"

func main() { os.Exit(run()) }

func run() int {
	syscall.Umask(0o077)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
