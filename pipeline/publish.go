package pipeline

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"revcycle/claim"
	"revcycle/extract"
	"revcycle/ledger"
)

// extractStage publishes the extracts of the batch, all or nothing. Where a total does not tie it is
// an extract.ControlsError and nothing is published.
func (env *Env) extractStage(ctx context.Context) (Tally, error) {
	sum, err := env.summarise(ctx)
	if err != nil {
		return Tally{}, err
	}
	env.final = &sum
	key, err := env.pseudonymKey()
	if err != nil {
		return Tally{}, err
	}
	missing, err := env.lacking(ctx)
	if err != nil {
		return Tally{}, err
	}
	if err := env.publish(ctx, extract.Env{
		Store: env.Store, Party: env.Party, Dir: env.Workspace.ExtractsDir, Batch: extract.Batch{Number: env.Batch.No, ID: env.Batch.ID},
		AsOf: env.Batch.AsOf, Profile: string(env.Workspace.Profile), Key: key, Inputs: inputs(sum.Files), Edition: sum.Edition,
		Controls: sum.Controls, BillHold: env.Workspace.BillHoldDays, Workers: env.Workers,
		Missing: missing, Expected: env.Workspace.Expected(env.Batch.AsOf),
	}); err != nil {
		return Tally{}, fmt.Errorf("extract: %w", err)
	}
	digest, err := fileDigest(env.manifestPath())
	if err != nil {
		return Tally{}, fmt.Errorf("extract: %w", err)
	}
	w := &write{unit: env.unit("extract", "")}
	w.add(ledger.Published, ledger.Row{ledger.Int(env.Batch.No), ledger.Digest(digest)})
	if done, err := env.unitsDone(ctx, "extract"); err != nil || done[""] {
		return w.tally, err
	}
	if err := env.audited(ctx, w, "publish extracts", env.Batch.ID, "profile "+string(env.Workspace.Profile)); err != nil {
		return Tally{}, err
	}
	return w.tally, env.commit(ctx, w)
}

// manifestPath is where the batch's manifest lies once it is published.
func (env *Env) manifestPath() string {
	return filepath.Join(env.Workspace.ExtractsDir, "_batches", env.Batch.ID, "manifest.json")
}

func inputs(files []FileSummary) []extract.Input {
	out := make([]extract.Input, len(files))
	for i, f := range files {
		out[i] = extract.Input{Name: f.Name, SHA256: f.SHA256.String(), Kind: f.Kind, State: f.State, Claims: int64(f.Claims), Remits: int64(f.Remits),
			Charge: f.Charge, Paid: f.Paid}
	}
	return out
}

// pseudonymKey reads the key of the pseudonyms; nil where revcycle.yaml names no key file.
func (env *Env) pseudonymKey() ([]byte, error) {
	name := env.Workspace.KeyFile
	if name == "" {
		return nil, nil
	}
	key, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("key_file: %w", err)
	}
	return []byte(strings.TrimSpace(string(key))), nil
}

// checkProfile refuses, before anything is taken in, a profile that could not be published.
func (env *Env) checkProfile() error {
	profile := string(env.Workspace.Profile)
	switch {
	case profile == extract.SafeHarbor:
		return fmt.Errorf("%w: profile safe-harbor in revcycle.yaml: this version publishes operations, limited and full", ErrUsage)
	case profile == extract.Limited && env.Workspace.KeyFile == "":
		return fmt.Errorf("%w: profile limited in revcycle.yaml needs key_file, the key of its pseudonyms", ErrUsage)
	}
	return nil
}

func fileDigest(path string) (claim.Digest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return claim.Digest{}, err
	}
	return sha256.Sum256(data), nil
}
