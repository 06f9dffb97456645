package pipeline

import (
	"context"

	"revcycle/claim"
	"revcycle/ledger"
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
