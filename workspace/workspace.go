// Package workspace is the folder on disk where revcycle lives: its configuration, its inbox, the
// archive of what came, the quarantine of what could not be used.
//
// Init makes the folder, Open reads its revcycle.yaml. Everything that is written is private (files
// 0600, folders 0700, whatever the umask) and appears whole or not at all: a temporary file, fsync,
// rename, fsync of the folder. One run at a time holds the Lock; the methods that write archive,
// quarantine and inbox are for its holder, and may be called by several goroutines at once.
//
// To add a setting: a row in the table of config.go and its lines in template.yaml. To add a folder:
// its name in folders, its accessor here.
package workspace

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	_ "time/tzdata" // a bare container knows no time zones

	"revcycle/claim"
	"revcycle/party"
)

// File is the name of the configuration that makes a folder a workspace.
const File = "revcycle.yaml"

// Sentinels that callers branch on.
var (
	// ErrConfig is wrapped where the workspace is not as it must be: exit code 2.
	ErrConfig = errors.New("configuration")
	// ErrExists is wrapped by Init where a workspace is already there.
	ErrExists = errors.New("there is a workspace already")
	// ErrHeld is wrapped by Lock where another run holds the workspace: exit code 5.
	ErrHeld = errors.New("the workspace is held")
	// ErrChanged is wrapped where a file of the inbox changed while it was read; it is taken another night.
	ErrChanged = errors.New("the file changed while it was read")
	// ErrUnreadable is wrapped where a file of the inbox may not be read; the others are not concerned.
	ErrUnreadable = errors.New("no permission to read it")
	// ErrNotArchived is wrapped where the archive has no file of a digest.
	ErrNotArchived = errors.New("not in the archive")
)

//go:embed template.yaml
var template string

// folders are made by Init, in this order.
var folders = []string{"inbox", "rulebook/payers", "rulebook/tables", "masters", "archive", "quarantine", "outbox",
	"partners", "extracts", "reports", "metrics"}

// Workspace is an open workspace. Its Config never changes.
type Workspace struct {
	Config
	dir string

	inbox, archived, held shelf // inbox, archive, quarantine
	spools                spools
}

// Options of Init.
type Options struct {
	Profile Profile // "" = operations
	Samples fs.FS   // copied into the workspace where nothing stands yet: a sample rule book; may be nil
}

// Init makes a workspace of dir, which may exist but must hold no revcycle.yaml (ErrExists). The
// revcycle.yaml is written last: an Init that was cut short can be run again.
func Init(dir string, o Options) error {
	profile := o.Profile
	if profile == "" {
		profile = Operations
	}
	if !profile.known() {
		return fmt.Errorf("workspace: profile %q is none of %s: %w", string(profile), strings.Join(profileNames(), ", "), ErrConfig)
	}
	config := filepath.Join(dir, File)
	if _, err := os.Lstat(config); err == nil {
		return fmt.Errorf("workspace: %s: %w; nothing was changed", config, ErrExists)
	}
	for _, f := range folders {
		if err := mkdir(filepath.Join(dir, filepath.FromSlash(f))); err != nil {
			return fmt.Errorf("workspace: making %s: %w", f, err)
		}
	}
	if o.Samples != nil {
		if err := copyIn(dir, o.Samples); err != nil {
			return fmt.Errorf("workspace: copying the samples: %w", err)
		}
	}
	for _, m := range party.Masters() {
		if err := writeNew(filepath.Join(dir, "masters", m.File), []byte(m.Header())); err != nil {
			return fmt.Errorf("workspace: %w", err)
		}
	}
	text := strings.Replace(template, "profile: operations", "profile: "+string(profile), 1)
	if err := WriteFile(config, []byte(text)); err != nil {
		return fmt.Errorf("workspace: %w", err)
	}
	return nil
}

func copyIn(dir string, samples fs.FS) error {
	return fs.WalkDir(samples, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(samples, name)
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := mkdir(filepath.Dir(target)); err != nil {
			return err
		}
		return writeNew(target, text)
	})
}

// writeNew leaves a file that exists as it is.
func writeNew(path string, data []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	return WriteFile(path, data)
}

// Open reads the workspace of dir. Its error wraps ErrConfig where there is no revcycle.yaml or where
// a key or a value in it is wrong, and then names the line and what to write.
func Open(dir string) (*Workspace, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("workspace: %s holds no %s; make a workspace with revcycle init, or name one with -C: %w", dir, File, ErrConfig)
	}
	if err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	c, err := parseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("workspace: %s: %w", filepath.Join(dir, File), err)
	}
	w := &Workspace{Config: c, dir: dir}
	paths := []*string{&w.InboxAt, &w.ArchiveAt, &w.QuarantineAt, &w.SpoolDir, &w.ExtractsDir, &w.KeyFile}
	for i := range w.Notify {
		paths = append(paths, &w.Notify[i].HeaderFile)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) && !isBucket(*p) {
			*p = filepath.Join(dir, filepath.FromSlash(*p))
		}
	}
	w.setPlaces()
	return w, nil
}

// setPlaces gives inbox, archive, quarantine and spool to those who keep files there; it touches nothing.
func (w *Workspace) setPlaces() {
	w.inbox, w.archived, w.held = w.shelfAt(w.InboxAt, false), w.shelfAt(w.ArchiveAt, true), w.shelfAt(w.QuarantineAt, true)
	if w.SpoolDir == "" {
		w.SpoolDir = spoolDir(w.dir)
	}
	w.spools.desk, w.spools.named = desk{parent: w.SpoolDir, guard: !w.inside(w.SpoolDir)}, map[claim.Digest]string{}
}

// spoolDir is the folder of the plain copies where revcycle.yaml names none: one of the workspace, or of this
// machine's own disk where the workspace lies on a network folder.
func spoolDir(dir string) string {
	if networkFolder(dir) == "" {
		return filepath.Join(dir, ".work")
	}
	return filepath.Join("/var/tmp", fmt.Sprintf("revcycle-%d", os.Geteuid()))
}

// Dir is the workspace's folder, absolute.
func (w *Workspace) Dir() string { return w.dir }

// Path is a place in the workspace: slash-separated, from its top.
func (w *Workspace) Path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

// LedgerPath is the embedded ledger's file.
func (w *Workspace) LedgerPath() string { return w.Path("ledger.db") }

// AuditPath is the exported audit chain.
func (w *Workspace) AuditPath() string { return w.Path("audit.jsonl") }

// ReportsDir holds HTML and XLSX.
func (w *Workspace) ReportsDir() string { return w.Path("reports") }

// MetricsDir holds the Prometheus text file.
func (w *Workspace) MetricsDir() string { return w.Path("metrics") }

// Rulebook is the rule book's folder: payers/*.yaml and tables/.
func (w *Workspace) Rulebook() fs.FS { return os.DirFS(w.Path("rulebook")) }

// RulebookDir is where Rulebook lies.
func (w *Workspace) RulebookDir() string { return w.Path("rulebook") }

// Masters reads masters/*.csv; see party.Load.
func (w *Workspace) Masters() (*party.Directory, []party.Problem, error) {
	return party.Load(os.DirFS(w.Path("masters")))
}

// safeName reports whether a name may stand as one element of a path.
func safeName(name string) bool {
	if name == "" || len(name) > 200 || name[0] == '.' {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	}) < 0
}
