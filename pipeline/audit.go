package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/workspace"
)

// endBatch is the act that ends a batch; audit.jsonl is exported behind it.
const endBatch = "end batch"

// audited adds an act to a unit's write: who did what to which, sealed with the hash of the act before.
// The lock of the workspace makes this process the only one that seals.
func (env *Env) audited(ctx context.Context, w *write, act, subject, detail string) error {
	count, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Audit}, nil, nil)
	if err != nil {
		return err
	}
	last := count[0][0].Int()
	var before claim.Digest
	cond := ledger.Cond{Column: "seq", Op: ledger.In, Values: []ledger.Value{ledger.Int(last)}}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Audit, Where: []ledger.Cond{cond}}) {
		if err != nil {
			return err
		}
		before = row[ledger.Audit.At("seal")].Digest()
	}
	row := ledger.Row{ledger.Int(last + 1), ledger.Int(env.Batch.No), ledger.Text(act), ledger.Text(subject), ledger.Text(detail),
		ledger.Text(stamp(env.Clock())), ledger.Text(env.Actor), {}}
	row[ledger.Audit.At("seal")] = ledger.Digest(ledger.Seal(before, row))
	w.add(ledger.Audit, row)
	return nil
}

// auditLines gives the ledger's audit as audit.jsonl holds it, a line an act.
func auditLines(ctx context.Context, s ledger.Store) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.Audit}) {
			var line bytes.Buffer
			if err == nil {
				err = json.NewEncoder(&line).Encode(struct {
					Seq     int64        `json:"seq"`
					Act     string       `json:"act"`
					Subject string       `json:"subject"`
					Detail  string       `json:"detail"`
					At      string       `json:"at"`
					Actor   string       `json:"actor"`
					Seal    claim.Digest `json:"seal"`
				}{row[0].Int(), row[2].Text(), row[3].Text(), row[4].Text(), row[5].Text(), row[6].Text(), row[7].Digest()})
			}
			if !yield(line.Bytes(), err) || err != nil {
				return
			}
		}
	}
}

// auditFile is how a copy of audit.jsonl stands to the ledger's audit.
type auditFile struct {
	there   bool
	text    []byte // of the file
	whole   []byte // what the ledger would have it say
	lines   int    // of the ledger
	foreign int    // the first line of the file that is not the ledger's; 0 where the file is the beginning of the ledger's
	ends    int    // of batches, among the ledger's lines that the file lacks
}

// behind reports whether the file is the beginning of what the ledger says, and not all of it.
func (f *auditFile) behind() bool { return f.foreign == 0 && len(f.text) < len(f.whole) }

// readAudit reads audit.jsonl and holds it to the ledger.
func (env *Env) readAudit(ctx context.Context) (f auditFile, err error) {
	f.text, err = os.ReadFile(env.Workspace.AuditPath())
	if f.there = err == nil; err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f, fmt.Errorf("audit.jsonl: %w", err)
	}
	rest := f.text
	for line, err := range auditLines(ctx, env.Store) {
		if err != nil {
			return f, err
		}
		f.lines++
		f.whole = append(f.whole, line...)
		var same bool
		switch rest, same = bytes.CutPrefix(rest, line); {
		case same || f.foreign > 0:
		case len(rest) > 0:
			f.foreign = f.lines
		case bytes.Contains(line, []byte(`"act":"`+endBatch+`"`)):
			f.ends++
		}
	}
	if len(rest) > 0 && f.foreign == 0 {
		f.foreign = f.lines + 1
	}
	return f, nil
}

// writeAudit exports the audit table as audit.jsonl, a line an act. A file that is something else than the beginning of
// what the ledger says is kept beside it.
func (env *Env) writeAudit(ctx context.Context) error {
	f, err := env.readAudit(ctx)
	if err != nil || f.lines == 0 || bytes.Equal(f.text, f.whole) {
		return err
	}
	path := env.Workspace.AuditPath()
	if f.foreign > 0 {
		kept := fmt.Sprintf("%s.found-%s", path, claim.Digest(sha256.Sum256(f.text)).String()[:12])
		if err := workspace.WriteFile(kept, f.text); err != nil {
			return fmt.Errorf("audit.jsonl: keep what was found: %w", err)
		}
		env.Log.Warn("audit.jsonl was not what the ledger says: it is kept, and written anew", "line", f.foreign, "kept", filepath.Base(kept))
	}
	if err := workspace.WriteFile(path, f.whole); err != nil {
		return fmt.Errorf("audit.jsonl: %w", err)
	}
	return nil
}
