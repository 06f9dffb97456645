package pipeline

import (
	"bytes"
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

// CheckOwnLedger holds the ledger to what this workspace has published: it must know the newest manifest of the extracts,
// and say what audit.jsonl says. It changes nothing. Its error wraps ErrUsage where another ledger than this workspace's was
// opened: an empty one, one of another workspace, a copy from before. A batch that is open may have published without the
// ledger's knowing it yet, and the ledger may know of acts that were not exported: a kill leaves both.
func (env *Env) CheckOwnLedger(ctx context.Context) error {
	if err := env.checkOwnManifest(ctx); err != nil {
		return err
	}
	f, err := env.readAudit(ctx)
	if err != nil {
		return err
	}
	if f.foreign > 0 {
		return fmt.Errorf("%w: the ledger is not the one of this workspace: line %d of audit.jsonl is not in its audit, which has %d acts; %s; "+
			"where it is the right ledger, audit.jsonl was changed: move it away and run again", ErrUsage, f.foreign, f.lines, whichLedger)
	}
	return nil
}

// checkOwnManifest looks for the newest manifest of the extracts in the ledger.
func (env *Env) checkOwnManifest(ctx context.Context) error {
	m, err := extract.Latest(env.Workspace.ExtractsDir)
	if errors.Is(err, extract.ErrNoManifest) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.No != m.Number || b.ID != m.Batch {
			continue
		}
		digest, err := fileDigest(filepath.Join(env.Workspace.ExtractsDir, "_batches", b.ID, "manifest.json"))
		if err != nil {
			return err
		}
		was, err := env.manifestOf(ctx, b.No)
		if err != nil || digest == was || b.Open && was == (claim.Digest{}) {
			return err
		}
		return fmt.Errorf("%w: the ledger is not the one of this workspace, or its extracts were changed: the manifest of batch %s in the extracts is not the one that the ledger published; %s; "+
			"revcycle verify tells more", ErrUsage, b.ID, whichLedger)
	}
	last := "it has no batch"
	if len(all) > 0 {
		last = "its last is " + all[len(all)-1].ID
	}
	return fmt.Errorf("%w: the ledger is not the one of this workspace: the extracts are those of batch %s, which it does not know: %s; %s; "+
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
	return []*Invariant{v, file}, err
}

// verifyAuditFile holds audit.jsonl to the ledger. Whoever ends a batch exports it, so that a kill may leave it short of the
// acts of one run, its end among them.
func (env *Env) verifyAuditFile(ctx context.Context) (*Invariant, error) {
	v := invariant("audit.jsonl says what the ledger says")
	f, err := env.readAudit(ctx)
	if err != nil {
		return v, err
	}
	v.Checked = f.lines
	switch missing := bytes.Count(f.whole[min(len(f.text), len(f.whole)):], []byte("\n")); {
	case f.foreign > 0:
		v.fault("line %d is not what the ledger says", f.foreign)
	case !f.behind():
	case !f.there && f.ends > 0:
		v.fault("the file is gone; the ledger has %d acts", f.lines)
	case f.ends > 1:
		v.fault("it ends before its time: %d acts of the ledger are missing", missing)
	default:
		v.Name += fmt.Sprintf(", but for the last %d acts, of a run that has not ended: the next one adds them", missing)
	}
	return v, nil
}
