package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"revcycle/ledger"
	"revcycle/workspace"
)

// filesOfRerun gives the files that the batch of a rerun begins with: those that are read again, and what people released
// since the last batch. The inbox waits for the next run.
func (env *Env) filesOfRerun(ctx context.Context, a *Again, last int64) ([]*received, error) {
	how, err := env.agreements()
	if err != nil {
		return nil, err
	}
	released, err := env.released(ctx, last, how)
	if err != nil || a.Stage != "ingest" {
		return released, err
	}
	var files []*received
	named := map[string]bool{} // what is in a packed file that was refused in part has been named before
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{ledger.OfBatch(env.Batch.Scope.Batches[0])}}) {
		if err != nil {
			return nil, err
		}
		f := new(received)
		if err := json.Unmarshal(row[6].Bytes(), f); err != nil {
			return nil, fmt.Errorf("file %s: %w", row[1].Text(), err)
		}
		if only := env.Batch.Scope.Files; f.DuplicateOf != "" || f.Released != "" || len(only) > 0 && !slices.Contains(only, f.SHA) {
			continue
		}
		members, err := env.membersAgain(f)
		if err != nil {
			return nil, fmt.Errorf("file %s: %w", f.Name, err)
		}
		for _, m := range members {
			if named[m.Name] {
				continue
			}
			named[m.Name] = true
			if m.Refused != "" {
				files = append(files, &received{Name: m.Name, SHA: f.SHA, Bytes: f.Bytes, Kind: f.Kind, Refused: m.Refused})
				continue
			}
			again, err := env.scan(m, how)
			if err != nil {
				return nil, err
			}
			files = append(files, again)
		}
	}
	ready, waiting := pairUp(files, how.profiles)
	for _, h := range waiting { // its companion was not named: it lies in the archive all the same
		h.file.Refused = "COMPANION: " + h.why + "; name its companion too, with --file"
		ready = append(ready, h.file)
	}
	return append(ready, released...), nil
}

// membersAgain gives a file that the archive holds; where it was refused for how it was packed, what is in it today.
func (env *Env) membersAgain(f *received) ([]workspace.Member, error) {
	arc := workspace.Archived{SHA256: f.SHA, Size: f.Bytes}
	if f.Refused != "" {
		outer, _, _ := cutPacked(f.Name)
		members, err := env.Workspace.Unpack(outer, arc)
		if err != nil || members != nil {
			return members, err
		}
	}
	return []workspace.Member{{Name: f.Name, Archived: arc}}, nil
}
