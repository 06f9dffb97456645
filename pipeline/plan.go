package pipeline

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/parsers"
	"revcycle/workspace"
)

// Plan is what run would do.
type Plan struct {
	Batch string        `json:"batch"` // the open batch that run would go on with; "" = run would make one
	AsOf  string        `json:"as_of"`
	Files []PlannedFile `json:"files"`
	// Stale says that a payer's slice of the rule book has changed: open claims would be assessed again.
	Stale   bool `json:"stale"`
	Waiting int  `json:"waiting_remits"` // remits on no claim, tried every night
	Nothing bool `json:"nothing"`        // run would make no batch
	// Released are the units that people released and run would read again; Decided counts the remits that people unmatched,
	// or whose payment they released.
	Released []string `json:"released"`
	Decided  int      `json:"decided_remits"`
}

// PlannedFile is a file of the inbox as run would take it.
type PlannedFile struct {
	Name   string       `json:"name"`
	Bytes  int64        `json:"bytes"`
	Kind   parsers.Kind `json:"kind"`
	Action string       `json:"action"` // take, skip, wait, quarantine
	Reason string       `json:"reason"`
}

// Plan tells what run would do, and touches nothing.
func (env *Env) Plan(ctx context.Context) (Plan, error) {
	p := Plan{AsOf: env.Batch.AsOf.String(), Files: []PlannedFile{}, Released: []string{}}
	last, any, err := lastBatch(ctx, env.Store)
	if err != nil {
		return p, err
	}
	if any && last.Open {
		p.Batch, p.AsOf = last.ID, last.AsOf.String()
	}
	found, err := env.Workspace.Inbox(env.Clock())
	if err != nil {
		return p, err
	}
	taken := 0
	for _, a := range found {
		f := PlannedFile{Name: a.Name, Bytes: a.Size, Action: "wait", Reason: a.Why}
		if a.Complete {
			if f, err = env.planFile(ctx, a); whyLeft(err) != "" {
				f.Action, f.Reason = "wait", whyLeft(err)
			} else if err != nil {
				return p, err
			} else {
				taken++
			}
		}
		p.Files = append(p.Files, f)
	}
	if p.Stale, err = env.slicesChanged(ctx); err != nil {
		return p, err
	}
	if _, p.Waiting, err = env.matchedNow(ctx); err != nil {
		return p, err
	}
	decided := false
	if any && p.Batch == "" {
		if decided, err = env.planDecided(ctx, last, &p); err != nil {
			return p, err
		}
	}
	p.Nothing = p.Batch == "" && taken == 0 && !decided && (!any || !p.Stale && last.AsOf == env.Batch.AsOf)
	return p, nil
}

// planFile says what a complete file is and whether its bytes came before.
func (env *Env) planFile(ctx context.Context, a workspace.Arrival) (PlannedFile, error) {
	name := a.Name
	f := PlannedFile{Name: name, Bytes: a.Size, Action: "take"}
	in, err := env.Workspace.OpenArrival(a)
	if err != nil {
		return f, fmt.Errorf("plan: %w", err)
	}
	defer in.Close()
	head := make([]byte, parsers.SniffBytes)
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return f, fmt.Errorf("plan: %s: %w", name, err)
	}
	profiles, err := env.profiles()
	if err != nil {
		return f, err
	}
	f.Kind = parsers.Sniff(head[:n], path.Base(name), profiles)
	if f.Kind == "gzip" || f.Kind == "zip" {
		f.Reason = "packed: what is in it is taken"
	} else if format := parsers.FormatOf(f.Kind, profiles); !format.Run {
		f.Action, f.Reason = "quarantine", format.Refusal
		if tableOf(f.Kind, profiles) != nil {
			f.Action = "skip"
		}
	}
	h := sha256.New()
	h.Write(head[:n])
	rest, err := io.Copy(h, in)
	if err != nil {
		return f, fmt.Errorf("plan: %s: %w", name, err)
	}
	f.Bytes = int64(n) + rest
	same := ledger.Cond{Column: "sha256", Op: ledger.In, Values: []ledger.Value{ledger.Digest(claim.Digest(h.Sum(nil)))}}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{same}, Limit: 1}) {
		if err != nil {
			return f, err
		}
		f.Action, f.Reason = "skip", "the same bytes came as "+row[1].Text()
	}
	return f, nil
}
