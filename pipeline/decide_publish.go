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

// Rolled is what a rollback did.
type Rolled struct {
	Batch   string `json:"batch"`   // whose extracts are current now
	Before  string `json:"before"`  // whose were before
	Newest  string `json:"newest"`  // the last published batch: what the ledger says
	Files   int    `json:"files"`   // in the view
	Already bool   `json:"already"` // they were current already
}

// Rollback makes the extracts of an earlier batch the current ones again, or those of a later one after that. The ledger
// stays as it is: the next batch publishes all that it says. The decision is recorded before anything is swapped, so that a
// rollback which was killed is told of, and done by saying it again. It gives ErrRefused where the batch published nothing,
// or where its files are gone or damaged.
func (env *Env) Rollback(ctx context.Context, batch, reason string) (Rolled, error) {
	out := Rolled{Batch: batch}
	dir := env.Workspace.ExtractsDir
	m, err := env.publishedWhole(ctx, batch)
	if err != nil {
		return out, err
	}
	out.Files = len(m.Files)
	v, err := env.Published(ctx)
	if err != nil {
		return out, err
	}
	out.Before, out.Newest = v.Batch, v.Newest
	if out.Already = v.Batch == batch; out.Already {
		return out, extract.ClearRollback(dir, batch)
	}
	last, _, err := lastBatch(ctx, env.Store)
	if err != nil {
		return out, err
	}
	if last.Open && last.No == v.number {
		return out, refused("batch %s has published and not ended, and will publish again: revcycle run ends it; then say it again", last.ID)
	}
	if v.Asked != batch {
		// An open batch publishes over it, and so does any batch behind the last published one.
		err := env.decide(ctx, "roll back extracts", reason, ledger.Decision{Kind: ledger.OfPublication, Verdict: ledger.Rollback, After: v.number, Subject: batch, Object: v.Batch})
		if err != nil {
			return out, err
		}
	}
	_, err = extract.Rollback(ctx, dir, batch)
	return out, err
}

// publishedWhole is the manifest of a batch whose view can be published again.
func (env *Env) publishedWhole(ctx context.Context, batch string) (extract.Manifest, error) {
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return extract.Manifest{}, err
	}
	var no int64
	for _, b := range all {
		if b.ID == batch {
			no = b.No
		}
	}
	if no == 0 {
		return extract.Manifest{}, refused("no batch is called %q: revcycle batches lists them", batch)
	}
	m, err := extract.Whole(ctx, env.Workspace.ExtractsDir, batch)
	switch {
	case errors.Is(err, extract.ErrNoManifest):
		return m, refused("batch %s published nothing, or purge has removed it", batch)
	case errors.Is(err, extract.ErrGone):
		return m, refused("%w", err)
	case err != nil:
		return m, err
	}
	digest, err := fileDigest(filepath.Join(env.Workspace.ExtractsDir, "_batches", batch, "manifest.json"))
	if err != nil {
		return m, fmt.Errorf("batch %s: %w", batch, err)
	}
	was, err := env.manifestOf(ctx, no)
	if err == nil && digest != was {
		err = refused("the manifest of batch %s is not the one that was published; revcycle verify tells more", batch)
	}
	return m, err
}

// manifestOf is the SHA-256 of a batch's manifest as the ledger remembers it.
func (env *Env) manifestOf(ctx context.Context, no int64) (d claim.Digest, err error) {
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Published, Where: []ledger.Cond{ledger.OfBatch(no)}}) {
		if err != nil {
			return d, err
		}
		d = row[1].Digest()
	}
	return d, nil
}

// View is which batch's extracts are current.
type View struct {
	Batch  string `json:"batch"`  // "" where nothing was published
	Newest string `json:"newest"` // the last published batch
	Behind bool   `json:"behind"` // the view is not that of the last published batch
	// Asked is the batch of the last rollback, where no batch has published since; Reason, At and Actor are that rollback's.
	Asked  string `json:"asked"`
	Reason string `json:"reason"`
	At     string `json:"at"`
	Actor  string `json:"actor"`

	number int64 // of the last published batch
}

// Published tells which batch's extracts are current, and who rolled them back.
func (env *Env) Published(ctx context.Context) (View, error) {
	var v View
	newest, err := extract.Latest(env.Workspace.ExtractsDir)
	if errors.Is(err, extract.ErrNoManifest) {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	m, err := extract.View(env.Workspace.ExtractsDir)
	if err != nil {
		return v, err
	}
	v.Batch, v.Newest, v.Behind, v.number = m.Batch, newest.Batch, m.Number != newest.Number, newest.Number
	d, err := rolledBack(ctx, env.Store, newest.Number)
	v.Asked, v.Reason, v.At, v.Actor = d.Subject, d.Reason, d.At, d.Actor
	return v, err
}

// rolledBack is the last decision to publish an earlier view again since a batch was published; the zero one for none.
func rolledBack(ctx context.Context, s ledger.Store, published int64) (last ledger.Decision, err error) {
	for d, err := range ledger.ReadDecisions(ctx, s, ledger.Named("kind", ledger.OfPublication), sinceBatch(published)) {
		if err != nil {
			return last, err
		}
		last = d
	}
	return last, nil
}
