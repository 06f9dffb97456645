package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"revcycle/rules/book"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "the version of the program and of its rules' code",
		Long:    "version prints the program's version, the version of the rules' code (part of every edition), and what built it." + exits(0, 2),
		Example: "  revcycle version\n  revcycle version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.printJSON(map[string]string{"version": version, "engine": book.Engine, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
			}
			_, err := fmt.Fprintf(a.out, "revcycle %s, engine %s, %s %s/%s\n", version, book.Engine, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
