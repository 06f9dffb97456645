package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/workspace"
)

// Removal is something that purge takes away.
type Removal struct {
	Kind  string `json:"kind"`  // extract, report, original, quarantine
	Name  string `json:"name"`  // a path of ours, a digest, the ID of a unit: never a file's name in the inbox
	Bytes int64  `json:"bytes"` // on the disk
	Why   string `json:"why"`

	remove func(context.Context) error
}

// PlanPurge lists what keep: in revcycle.yaml no longer keeps, in the order in which it must go. What readers see, what a
// batch that is open needs, and what a unit that waits in quarantine needs is never listed. It changes nothing.
func (env *Env) PlanPurge(ctx context.Context) ([]Removal, error) {
	all, err := Batches(ctx, env.Store)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	held, err := env.Quarantine(ctx)
	if err != nil {
		return nil, err
	}
	p := purging{env: env, batches: all, held: held, keep: env.Workspace.Keep}
	var out []Removal
	for _, list := range []func(context.Context) ([]Removal, error){p.extracts, p.reports, p.originals, p.units} {
		some, err := list(ctx)
		if err != nil {
			return nil, fmt.Errorf("purge: %w", err)
		}
		out = append(out, some...)
	}
	return out, nil
}

// Purge takes away what PlanPurge listed and gives how much of it is gone. Each removal is an act of the audit, which is on
// the disk before anything goes; after a kill the next purge ends what was begun. The caller holds the lock of the workspace.
func (env *Env) Purge(ctx context.Context, list []Removal) (done int, err error) {
	last, any, err := lastBatch(ctx, env.Store)
	if err != nil || !any {
		return 0, err
	}
	behind := *env
	behind.Batch = last
	for _, r := range list {
		if err := ctx.Err(); err != nil {
			return done, errors.Join(err, env.ExportAudit(context.WithoutCancel(ctx)))
		}
		w := &write{unit: behind.unit("purge", r.Kind+" "+r.Name)}
		err := behind.audited(ctx, w, "purge "+r.Kind, r.Name, fmt.Sprintf("%d bytes: %s", r.Bytes, r.Why))
		if err == nil {
			err = behind.commit(ctx, w)
		}
		if err == nil || errors.Is(err, ErrTwin) { // a purge that was killed had it in the audit already
			err = r.remove(ctx)
		}
		if err != nil {
			return done, errors.Join(fmt.Errorf("purge %s %s: %w", r.Kind, r.Name, err), env.ExportAudit(context.WithoutCancel(ctx)))
		}
		done++
	}
	return done, env.ExportAudit(ctx)
}

// purging is one look at what may go.
type purging struct {
	env     *Env
	batches []BatchRow
	held    []HeldUnit
	keep    workspace.Keep
}

// open is the ID of the batch that is open, "" for none.
func (p *purging) open() string {
	if last := p.batches[len(p.batches)-1]; last.Open {
		return last.ID
	}
	return ""
}

// before is the day from which on things are kept for so many months: the first of its month, so that nothing goes early.
func (p *purging) before(months int) civil.Date {
	y, m, _ := p.env.Batch.AsOf.YMD()
	n := y*12 + m - 1 - months
	return civil.Of(n/12, n%12+1, 1)
}

func (p *purging) extracts(context.Context) ([]Removal, error) {
	dir := p.env.Workspace.ExtractsDir
	list, err := extract.ListRemovable(dir, p.keep.ExtractBatches, p.open())
	if err != nil {
		return nil, err
	}
	var out []Removal
	for _, r := range list {
		out = append(out, Removal{"extract", r.Path, r.Bytes, r.Why, func(context.Context) error { return extract.Remove(dir, r) }})
	}
	return out, nil
}

// reports lists the reports of batches before the last ones; files that bear no batch's name are not ours.
func (p *purging) reports(context.Context) ([]Removal, error) {
	if p.keep.Reports == 0 || len(p.batches) <= p.keep.Reports {
		return nil, nil
	}
	old := map[string]bool{}
	for _, b := range p.batches[:len(p.batches)-p.keep.Reports] {
		old[b.ID] = true
	}
	dir := p.env.Workspace.ReportsDir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []Removal
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() || !old[strings.TrimSuffix(e.Name(), filepath.Ext(e.Name()))] {
			continue
		}
		out = append(out, Removal{"report", e.Name(), info.Size(), fmt.Sprintf("report of a batch before the last %d", p.keep.Reports), func(context.Context) error {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return workspace.SyncFolder(dir)
		}})
	}
	return out, nil
}

// originals lists the archived files that only old batches took, all of which are done, and those that no batch took: packed
// files, of which the batch took the members. What a unit that waits was cut from stays.
func (p *purging) originals(ctx context.Context) ([]Removal, error) {
	if p.keep.ArchiveMonths == 0 {
		return nil, nil
	}
	taken, err := p.lastTaken(ctx)
	if err != nil {
		return nil, err
	}
	kept := map[claim.Digest]bool{}
	for _, u := range p.held {
		if u.Waits() {
			kept[u.SHA256] = true
		}
	}
	list, err := p.env.Workspace.Originals(ctx)
	if err != nil {
		return nil, err
	}
	before := p.before(p.keep.ArchiveMonths)
	var out []Removal
	for _, o := range list {
		day, known := taken[o.SHA256]
		why := "last taken by a batch of " + day.String()
		if !known {
			day = civil.OfTime(o.Touched.In(time.UTC))
			why = "taken by no batch, and archived on " + day.String()
		}
		if kept[o.SHA256] || day >= before || !known && p.open() != "" {
			continue
		}
		out = append(out, Removal{"original", o.SHA256.String(), o.Bytes, why, func(ctx context.Context) error { return p.env.Workspace.DropOriginal(ctx, o.SHA256) }})
	}
	return out, nil
}

// lastTaken gives the business date of the last batch that took each file; of a batch that is open, the end of time.
func (p *purging) lastTaken(ctx context.Context) (map[claim.Digest]civil.Date, error) {
	days := map[int64]civil.Date{}
	for _, b := range p.batches {
		if days[b.No] = b.AsOf; b.Open {
			days[b.No] = civil.Of(9999, 12, 31)
		}
	}
	out := map[claim.Digest]civil.Date{}
	sha := ledger.Files.At("sha256")
	for row, err := range p.env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Only: []string{"sha256"}}) {
		if err != nil {
			return nil, err
		}
		d := row[sha].Digest()
		out[d] = max(out[d], days[row[0].Int()])
	}
	return out, nil
}

// units lists what lies in quarantine of old batches and waits for nobody: it was dropped, or taken up.
func (p *purging) units(ctx context.Context) ([]Removal, error) {
	if p.keep.QuarantineMonths == 0 {
		return nil, nil
	}
	days := map[string]civil.Date{}
	for _, b := range p.batches {
		days[b.ID] = b.AsOf
	}
	before := p.before(p.keep.QuarantineMonths)
	var out []Removal
	for _, u := range slices.DeleteFunc(slices.Clone(p.held), func(u HeldUnit) bool { return u.Waits() || u.Unit == UnitPayment }) {
		day, known := days[u.Batch]
		if !known || day >= before || u.Batch == p.open() {
			continue
		}
		size, err := p.env.Workspace.HeldBytes(u.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, Removal{"quarantine", u.ID, size, u.State + ", of a batch of " + day.String(), func(context.Context) error {
			return p.env.Workspace.DropQuarantined(u.ID)
		}})
	}
	return out, ctx.Err()
}
