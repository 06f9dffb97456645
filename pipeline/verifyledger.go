package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"revcycle/claim"
	"revcycle/extract"
	"revcycle/ledger"
)

// whichLedger is what to look at where the ledger is not this workspace's.
const whichLedger = "look at database: in revcycle.yaml, at REVCYCLE_DATABASE_FILE and at --database, and at revcycle status, which names the ledger"

// CheckOwnLedger holds the ledger to what this workspace has published: it must know the newest manifest of the extracts, and
// the acts of audit.jsonl. It changes nothing. Its error wraps ErrUsage where another ledger than this workspace's was
// opened: an empty one, one of another workspace, a copy from before. A batch that is open may have published without the
// ledger's knowing it yet, and the ledger may know of acts that were not exported: a kill leaves both. An audit.jsonl that
// somebody changed is no sign of another ledger: where this one knows the manifest, or a line of the file, ExportAudit mends it.
func (env *Env) CheckOwnLedger(ctx context.Context) error {
	known, err := env.checkOwnManifest(ctx)
	if err != nil {
		return err
	}
	f, err := env.readAudit(ctx)
	if err != nil || f.foreign == 0 {
		return err
	}
	last := f.last()
	switch {
	case last > int64(f.lines):
		return fmt.Errorf("%w: the ledger is not the one of this workspace, or a copy from before: audit.jsonl has an act %d, and the ledger's audit ends with %d; %s; "+
			"where it is the right ledger, audit.jsonl was changed: move it away and run again", ErrUsage, last, f.lines, whichLedger)
	case !known && !f.shares && last > 0:
		return fmt.Errorf("%w: the ledger is not the one of this workspace: no line of audit.jsonl is in its audit, which has %d acts; %s; "+
			"where it is the right ledger, audit.jsonl was changed: move it away and run again", ErrUsage, f.lines, whichLedger)
	}
	return nil
}

// CheckAuditFile says what somebody did to audit.jsonl, "" where nobody did.
func (env *Env) CheckAuditFile(ctx context.Context) (string, error) {
	f, err := env.readAudit(ctx)
	return f.changed(), err
}

// checkOwnManifest looks for the newest manifest of the extracts in the ledger. known is false where nothing is published, or
// where the ledger's open batch does not know it yet.
func (env *Env) checkOwnManifest(ctx context.Context) (known bool, err error) {
	m, err := extract.Latest(env.Workspace.ExtractsDir)
	if errors.Is(err, extract.ErrNoManifest) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return false, err
	}
	for _, b := range all {
		if b.No != m.Number || b.ID != m.Batch {
			continue
		}
		digest, err := fileDigest(filepath.Join(env.Workspace.ExtractsDir, "_batches", b.ID, "manifest.json"))
		if err != nil {
			return false, err
		}
		was, err := env.manifestOf(ctx, b.No)
		if err != nil || digest == was || b.Open && was == (claim.Digest{}) {
			return digest == was, err
		}
		return false, fmt.Errorf("%w: the ledger is not the one of this workspace, or its extracts were changed: the manifest of batch %s in the extracts is not the one that the ledger published; %s; "+
			"revcycle verify tells more", ErrUsage, b.ID, whichLedger)
	}
	last := "it has no batch"
	if len(all) > 0 {
		last = "its last is " + all[len(all)-1].ID
	}
	return false, fmt.Errorf("%w: the ledger is not the one of this workspace: the extracts are those of batch %s, which it does not know: %s; %s; "+
		"where it was restored, restore the workspace of the same night with it", ErrUsage, m.Batch, last, whichLedger)
}

func (env *Env) verifyAudit(ctx context.Context) ([]*Invariant, error) {
	v := invariant("the audit chain is whole")
	rows, broken, err := ledger.CheckAudit(ctx, env.Store)
	if err != nil {
		return nil, err
	}
	if v.Checked = rows; broken > 0 {
		v.fault("row %d does not follow from the one before it", broken)
	}
	file, err := env.verifyAuditFile(ctx)
	if err != nil {
		return nil, err
	}
	aside := invariant("no audit.jsonl that was changed waits for somebody")
	names, err := env.asideAudits()
	aside.Checked = len(names)
	for _, name := range names {
		aside.fault("%s was put aside: see what was changed in it, and by whom, then move it away", name)
	}
	return []*Invariant{v, file, aside}, err
}

// verifyAuditFile holds audit.jsonl to the ledger.
func (env *Env) verifyAuditFile(ctx context.Context) (*Invariant, error) {
	v := invariant("audit.jsonl says what the ledger says")
	f, err := env.readAudit(ctx)
	if err != nil {
		return v, err
	}
	v.Checked = f.lines
	if why := f.changed(); why != "" {
		v.fault("%s", why)
	} else if f.behind() {
		v.Name += fmt.Sprintf(", but for the last %d acts, of a run that has not ended: the next one adds them", f.lacks())
	}
	return v, nil
}
