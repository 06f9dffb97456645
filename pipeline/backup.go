package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/workspace"
)

// Backup says what a backup of a workspace holds: it stands in it as backup.json, written last.
type Backup struct {
	Format    int               `json:"format"`     // 1
	Made      string            `json:"made"`       // when, UTC
	Workspace string            `json:"workspace"`  // the folder it was made of
	Version   string            `json:"version"`    // of the program
	Batch     string            `json:"batch"`      // the last one of the ledger; "" = none
	Open      bool              `json:"open_batch"` // it has not ended: the next run goes on with it
	Elsewhere map[string]string `json:"elsewhere"`  // parts that lay outside the workspace: where they belong
	LeftOut   []string          `json:"left_out"`   // what belongs to the workspace and is not in here, a sentence each
	Files     []BackupFile      `json:"files"`      // by path
}

// BackupFile is one file of a backup.
type BackupFile struct {
	Path   string `json:"path"` // with /
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Backing makes backups of one workspace.
type Backing struct {
	Workspace *workspace.Workspace
	Clock     func() time.Time
	Version   string
	// Ledger copies the ledger, as it stands at one moment, into a folder and opens the copy. Where the ledger is no
	// file it opens the ledger itself, and LedgerLeftOut says how that one is backed up.
	Ledger        func(ctx context.Context, dir string) (ledger.Store, error)
	LedgerLeftOut string
}

// Backed is what Write made.
type Backed struct {
	Folder string `json:"backup"`
	Batch  string `json:"batch"`
	Open   bool   `json:"open_batch"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	Copied int64  `json:"copied_bytes"` // the rest shares its place on the disk with the backup before
	// LeftOut is Backup's.
	LeftOut []string `json:"left_out"`
}

const (
	backupManifest = "backup.json"
	backupPart     = ".part" // a backup that is not whole
	backupStamp    = "20060102T150405Z"
)

// Write makes a backup: a new folder below into, named by the time, that is a workspace itself. It may run while a run is at work.
// What was copied in which order is why that is safe: first the inbox, since what leaves it is in the ledger by then; then the
// ledger as of one moment; then archive, quarantine and those published extracts that this ledger knows of, all of which
// only grow. Originals and extract files that the backup before has are linked to it. A kill leaves the earlier
// backups as they were. One Write at a time works on a folder: workspace.ErrHeld for a second one.
func (s Backing) Write(ctx context.Context, into string) (Backed, error) {
	if s.Workspace.Holds(into) {
		return Backed{}, fmt.Errorf("%w: back up: %s lies in the workspace; name a folder on another disk", ErrUsage, into)
	}
	release, err := workspace.HoldFolder(into)
	if err != nil {
		return Backed{}, fmt.Errorf("back up: %w", err)
	}
	out, err := s.write(ctx, into)
	if err != nil {
		err = fmt.Errorf("back up: %w", err)
	}
	return out, errors.Join(err, release())
}

func (s Backing) write(ctx context.Context, into string) (Backed, error) {
	if err := sweepBackups(into); err != nil {
		return Backed{}, err
	}
	c := &copying{ctx: ctx, root: filepath.Join(into, backupPart), folders: map[string]bool{}}
	if before, folder, err := newestBackup(into); err == nil {
		c.takeFrom(before, folder)
	} else if !errors.Is(err, ErrNoBackup) {
		return Backed{}, err
	}
	b := Backup{Format: 1, Made: s.Clock().UTC().Format(time.RFC3339), Workspace: s.Workspace.Dir(), Version: s.Version, Elsewhere: map[string]string{}, LeftOut: []string{}}
	if err := s.copyAll(c, &b); err != nil {
		return Backed{}, errors.Join(err, os.RemoveAll(c.root))
	}
	b.Files = c.files
	slices.SortFunc(b.Files, func(x, y BackupFile) int { return strings.Compare(x.Path, y.Path) })
	text, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return Backed{}, err
	}
	if err := c.settle(); err != nil {
		return Backed{}, err
	}
	if err := workspace.WriteFile(filepath.Join(c.root, backupManifest), append(text, '\n')); err != nil {
		return Backed{}, err
	}
	folder, err := freeName(into, s.Clock().UTC().Format(backupStamp))
	if err != nil {
		return Backed{}, err
	}
	if err := os.Rename(c.root, folder); err != nil {
		return Backed{}, err
	}
	out := Backed{Folder: folder, Batch: b.Batch, Open: b.Open, Files: len(b.Files), Copied: c.copied, LeftOut: b.LeftOut}
	for _, f := range b.Files {
		out.Bytes += f.Bytes
	}
	return out, workspace.SyncFolder(into)
}

// copyAll copies the workspace, in the order that Write tells of.
func (s Backing) copyAll(c *copying, b *Backup) error {
	parts := map[string]string{}
	for _, p := range s.Workspace.Parts() {
		parts[p.Name] = p.At
		switch {
		case p.Bucket:
			parts[p.Name] = ""
			b.LeftOut = append(b.LeftOut, fmt.Sprintf("%s lies in %s: let the bucket keep versions, and copy it to another region", p.Name, p.At))
		case p.At != s.Workspace.Path(p.Name):
			b.Elsewhere[p.Name] = p.At
		}
	}
	if err := workspace.MakeFolder(c.root); err != nil {
		return err
	}
	if err := c.tree(parts["inbox"], "inbox", nil); err != nil {
		return err
	}
	store, err := s.Ledger(c.ctx, c.root)
	if err != nil {
		return err
	}
	published, shown, err := s.noteLedger(c, store, b)
	if err == nil {
		err = s.audit(c, store)
	}
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	for _, name := range []string{"archive", "quarantine"} {
		if err := c.tree(parts[name], name, nil); err != nil {
			return err
		}
	}
	if err := c.extracts(parts["extracts"], published, shown); err != nil {
		return err
	}
	secrets := s.Workspace.Secrets()
	for _, path := range secrets {
		b.LeftOut = append(b.LeftOut, fmt.Sprintf("%s: a secret; keep it where secrets are kept", path))
	}
	return c.tree(s.Workspace.Dir(), "", func(rel string) bool {
		top, _, _ := strings.Cut(rel, "/")
		_, part := parts[top]
		path := s.Workspace.Path(rel)
		return part || path == s.Workspace.SpoolDir || rel == backupManifest || path == s.Workspace.AuditPath() || strings.HasPrefix(rel, "ledger.db") || slices.Contains(secrets, path)
	})
}

// noteLedger enters the copied ledger, and gives the batches whose extracts it knows to be published, and the one whose are
// current: of the last one, or of an earlier one that somebody rolled back to since.
func (s Backing) noteLedger(c *copying, store ledger.Store, b *Backup) (published []string, shown string, err error) {
	all, err := Batches(c.ctx, store)
	if err != nil {
		return nil, "", err
	}
	byNo := map[int64]string{}
	for _, row := range all {
		byNo[row.No] = row.ID
		b.Batch, b.Open = row.ID, row.Open
	}
	newest := int64(0)
	for row, err := range store.Rows(c.ctx, ledger.Query{Table: ledger.Published}) {
		if err != nil {
			return nil, "", err
		}
		newest = max(newest, row[0].Int())
		published = append(published, byNo[row[0].Int()])
	}
	d, err := rolledBack(c.ctx, store, newest)
	if err != nil {
		return nil, "", err
	}
	if shown = byNo[newest]; slices.Contains(published, d.Subject) {
		shown = d.Subject
	}
	if s.LedgerLeftOut != "" {
		b.LeftOut = append(b.LeftOut, s.LedgerLeftOut)
		return published, shown, nil
	}
	return published, shown, c.enter("ledger.db")
}

// audit copies audit.jsonl as the copied ledger knows it: a run may have exported more since that was copied. A file that
// is not the ledger's is copied as it is.
func (s Backing) audit(c *copying, store ledger.Store) error {
	f, err := (&Env{Store: store, Workspace: s.Workspace}).readAudit(c.ctx)
	if err != nil || !f.there {
		return err
	}
	text := f.text
	if bytes.HasPrefix(text, f.whole) {
		text = f.whole
	}
	rel := filepath.Base(s.Workspace.AuditPath())
	if err := workspace.WriteFile(filepath.Join(c.root, rel), text); err != nil {
		return err
	}
	return c.enter(rel)
}

// extracts copies the published views and makes current/ of the one that is shown.
func (c *copying) extracts(dir string, published []string, shown string) error {
	files, err := extract.PublishedFiles(dir, published)
	if err != nil {
		return err
	}
	for _, f := range files {
		rel := path.Join("extracts", f.Path)
		if err := c.file(filepath.Join(dir, filepath.FromSlash(f.Path)), rel, f.SHA256); err != nil {
			return fmt.Errorf("%s: %w; a purge may have been at work: run it again", rel, err)
		}
	}
	if err := extract.Current(filepath.Join(c.root, "extracts"), shown); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(c.root, "extracts", ".staging"))
}

// tree copies the files of a folder ("" for none), but hidden ones, links, and those that skip names; one that goes away meanwhile is left out.
func (c *copying) tree(dir, as string, skip func(rel string) bool) error {
	if dir == "" {
		return nil
	}
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err == nil && rel == "." {
			err = c.folder(as)
		}
		if err != nil || rel == "." {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch left := workspace.Hidden(d.Name()) || skip != nil && skip(rel); {
		case left && d.IsDir():
			return fs.SkipDir
		case left:
			return nil
		case d.IsDir():
			return c.folder(path.Join(as, rel))
		case !d.Type().IsRegular():
			return nil
		}
		err = c.file(name, path.Join(as, rel), "")
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}
