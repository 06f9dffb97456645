package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"revcycle/pipeline"
	"revcycle/workspace"
)

func (a *app) quarantineCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "quarantine",
		Short:   "what could not be read: the units held, and why",
		Long:    "quarantine lists and shows the files, sets and documents that could not be read. Nothing of them has posted." + exits(0, 1, 2),
		Example: "  revcycle quarantine ls",
	}
	c.AddCommand(&cobra.Command{
		Use: "ls", Args: cobra.NoArgs, Short: "lists the units held, with their place and reason",
		Long: "ls lists the units held, the oldest batch first." + exits(0, 1, 2), Example: "  revcycle quarantine ls --json",
		RunE: func(*cobra.Command, []string) error {
			return a.reading(func(env *pipeline.Env) error {
				held, err := env.Workspace.Quarantined()
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(held)
				}
				return a.heldTable(held)
			})
		},
	}, &cobra.Command{
		Use: "show UNIT", Args: cobra.ExactArgs(1), Short: "prints the bytes of a unit as they came",
		Long:    "show prints a unit's bytes as they came. They may hold what identifies a person: mind where the output goes." + exits(0, 1, 2),
		Example: "  revcycle quarantine show 2025-03-31-001-8217a183cdcd9d4c | less",
		RunE: func(_ *cobra.Command, args []string) error {
			return a.reading(func(env *pipeline.Env) error {
				f, err := env.Workspace.OpenQuarantined(args[0])
				if errors.Is(err, fs.ErrNotExist) {
					return usage("no unit is called %q: revcycle quarantine ls lists them", args[0])
				}
				if err != nil {
					return err
				}
				defer f.Close()
				if _, err := io.Copy(a.out, f); err != nil {
					return fmt.Errorf("quarantine show: %w", err)
				}
				return nil
			})
		},
	})
	return c
}

func (a *app) heldTable(held []workspace.Reason) error {
	if len(held) == 0 {
		fmt.Fprintln(a.out, "nothing is held")
		return nil
	}
	g := pipeline.NewGrid("lllrrll", "unit", "what", "file", "set", "byte", "code", "why")
	for _, r := range held {
		g.Row(r.ID, r.Unit, r.File, fmt.Sprint(r.Set), fmt.Sprint(r.Byte), r.Code, r.Message)
	}
	return g.Print(a.out)
}
