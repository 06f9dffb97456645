package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/workspace"
)

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

// writeAudit exports the audit table as audit.jsonl, a line an act.
func (env *Env) writeAudit(ctx context.Context) error {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Audit}) {
		if err != nil {
			return err
		}
		if err := e.Encode(struct {
			Seq     int64        `json:"seq"`
			Act     string       `json:"act"`
			Subject string       `json:"subject"`
			Detail  string       `json:"detail"`
			At      string       `json:"at"`
			Actor   string       `json:"actor"`
			Seal    claim.Digest `json:"seal"`
		}{row[0].Int(), row[2].Text(), row[3].Text(), row[4].Text(), row[5].Text(), row[6].Text(), row[7].Digest()}); err != nil {
			return fmt.Errorf("audit.jsonl: %w", err)
		}
	}
	if was, err := os.ReadFile(env.Workspace.AuditPath()); out.Len() == 0 || err == nil && bytes.Equal(was, out.Bytes()) {
		return nil
	}
	if err := workspace.WriteFile(env.Workspace.AuditPath(), out.Bytes()); err != nil {
		return fmt.Errorf("audit.jsonl: %w", err)
	}
	return nil
}
