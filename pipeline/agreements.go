package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"revcycle/civil"
	"revcycle/ledger"
	"revcycle/parsers/csv"
	"revcycle/parsers/x12"
	"revcycle/workspace"
)

// agreements are what files are read by: the CSV layouts that are known, and what was agreed with those who send X12.
type agreements struct {
	profiles *csv.Profiles
	partners workspace.Partners
}

// agreements reads those of the workspace: rulebook/profiles and partners.
func (env *Env) agreements() (how agreements, err error) {
	if how.profiles, err = env.profiles(); err != nil {
		return how, err
	}
	if how.partners, err = env.Workspace.Partners(); err != nil {
		return how, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return how, nil
}

// profiles are the CSV layouts that are known: ours, and those in the workspace's rulebook/profiles.
func (env *Env) profiles() (*csv.Profiles, error) {
	p, err := csv.Load(os.DirFS(filepath.Join(env.Workspace.RulebookDir(), "profiles")))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return p, nil
}

// interchange is what tells one from all others of its sender.
type interchange struct{ sender, receiver, control string }

// holdRepeated holds the sets of interchanges whose control number came before within the days that were agreed with their sender.
func (env *Env) holdRepeated(ctx context.Context, files []*received, partners workspace.Partners) error {
	days := 0
	for i := range partners.All {
		days = max(days, partners.All[i].Duplicates)
	}
	if days == 0 || len(files) == 0 {
		return nil
	}
	seen, err := env.interchangesSince(ctx, days)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Layout == nil || f.DuplicateOf != "" || f.Refused != "" {
			continue
		}
		for i := range f.Layout.Interchanges {
			in := &f.Layout.Interchanges[i]
			id := interchange{in.Sender, in.Receiver, in.Control}
			before, came := seen[id]
			p := partners.For(in.Sender, in.Receiver)
			if p == nil || p.Duplicates == 0 || came && before.asOf.AddDays(p.Duplicates) < env.Batch.AsOf {
				continue
			}
			if !came {
				seen[id] = cameAs{env.Batch.AsOf, f.Name}
				continue
			}
			for k := range f.Layout.Sets {
				if s := &f.Layout.Sets[k]; s.Interchange == in.Ordinal && s.Held == "" {
					s.Held = fmt.Sprintf("%s: an interchange of %s with this control number came as %s less than %d days ago", x12.CodeISA13Duplicate, p.Policy.Name, before.file, p.Duplicates)
				}
			}
		}
	}
	return nil
}

// interchangesSince lists the interchanges of the batches of so many days up to today, the last of each.
func (env *Env) interchangesSince(ctx context.Context, days int) (map[interchange]cameAs, error) {
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return nil, err
	}
	seen := map[interchange]cameAs{}
	for _, b := range all {
		if b.AsOf.AddDays(days) < env.Batch.AsOf {
			continue
		}
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{ledger.OfBatch(b.No)}}) {
			if err != nil {
				return nil, err
			}
			var f received
			if err := json.Unmarshal(row[6].Bytes(), &f); err != nil {
				return nil, fmt.Errorf("batch %s: file %s: %w", b.ID, row[1].Text(), err)
			}
			if f.Layout == nil {
				continue
			}
			for i := range f.Layout.Interchanges {
				in := &f.Layout.Interchanges[i]
				seen[interchange{in.Sender, in.Receiver, in.Control}] = cameAs{b.AsOf, f.Name}
			}
		}
	}
	return seen, nil
}

// cameAs is where an interchange was seen last.
type cameAs struct {
	asOf civil.Date
	file string
}
