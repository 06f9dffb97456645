package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/rules/book"
	"revcycle/workspace"
)

func (a *app) initCommand() *cobra.Command {
	var profile string
	var bare bool
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "makes a workspace with a commented revcycle.yaml and a sample rule book",
		Long: "init makes DIR (the workspace of -C, or the current folder, where none is given) a workspace: revcycle.yaml with\n" +
			"every key explained, an inbox, empty masters with their headers, and a sample rule book of invented payers.\n" +
			"What stands there already is left as it is; a folder that is a workspace already is refused." + exits(0, 1, 2),
		Example: "  revcycle init /srv/revcycle\n  revcycle init --profile limited night",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := a.dir
			if len(args) > 0 {
				dir = args[0]
			}
			if dir == "" {
				dir = "."
			}
			o := workspace.Options{Profile: workspace.Profile(profile), Samples: rulebook{book.Sample()}}
			if bare {
				o.Samples = nil
			}
			err := workspace.Init(dir, o)
			if errors.Is(err, workspace.ErrExists) {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			if a.json {
				full, err := filepath.Abs(dir)
				if err != nil {
					return err
				}
				return a.printJSON(map[string]string{"workspace": full})
			}
			a.say("made a workspace in %s; drop files into %s, then: revcycle run -C %s", dir, filepath.Join(dir, "inbox"), dir)
			return nil
		},
	}
	c.Flags().StringVar(&profile, "profile", "", "what the extracts show: operations, limited, safe-harbor or full (default operations)")
	c.Flags().BoolVar(&bare, "bare", false, "without the sample rule book: write rulebook/payers/*.yaml before the first run")
	return c
}

// rulebook is the sample rule book as it lies in a workspace: below rulebook/.
type rulebook struct{ book fs.FS }

const rulebookFolder = "rulebook"

// inside gives a name's place in the book.
func (r rulebook) inside(name string) (string, error) {
	if name == "." || name == rulebookFolder {
		return ".", nil
	}
	rest, ok := strings.CutPrefix(name, rulebookFolder+"/")
	if !ok {
		return "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return rest, nil
}

// Open is fs.FS's.
func (r rulebook) Open(name string) (fs.File, error) {
	name, err := r.inside(name)
	if err != nil {
		return nil, err
	}
	return r.book.Open(name)
}

// ReadDir is fs.ReadDirFS's: the top holds rulebook alone.
func (r rulebook) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		inner, err := r.inside(name)
		if err != nil {
			return nil, err
		}
		return fs.ReadDir(r.book, inner)
	}
	info, err := fs.Stat(r.book, ".")
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(renamed{info})}, nil
}

// renamed is the top of the book under the name it has in a workspace.
type renamed struct{ fs.FileInfo }

// Name is fs.FileInfo's.
func (renamed) Name() string { return rulebookFolder }
