package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

// Retry is what came of a retry.
type Retry struct {
	Batch   string        `json:"batch"`  // the batch that did it; "" where it made none
	Parent  string        `json:"parent"` // the newest of the batches in which something had failed
	Files   []RetriedFile `json:"files"`
	Failed  []HeldClaims  `json:"still_failed"` // what is held after it, with what is to be mended
	Unread  []HeldUnit    `json:"still_unread"` // parts of files on which the program breaks
	Summary *Summary      `json:"summary"`      // of the batch; null where there is none
}

// RetriedFile is a file whose failed part was taken up again: its units, and what became of its claims.
type RetriedFile struct {
	Batch    string      `json:"batch"` // that took the file; "" for a part that is read again
	File     string      `json:"file"`
	Units    []string    `json:"units"`
	Claims   int         `json:"claims"` // that were held, or that its held part brought
	Charge   money.Cents `json:"charge"`
	Priced   int         `json:"priced"`   // of them, claims with an expected amount now; before, none had one
	Expected money.Cents `json:"expected"` // Σ of these
	Held     int         `json:"held"`     // of them, claims that are held still
}

// Exit is the exit code that the retry comes to: 3 where something is held still.
func (r *Retry) Exit() int {
	switch {
	case r.Summary != nil && r.Summary.Exit != ExitDone:
		return r.Summary.Exit
	case len(r.Failed)+len(r.Unread) > 0:
		return ExitQuarantined
	}
	return ExitDone
}

// Retry takes up what failed, in one batch or, with "", in all: the claims that could not be judged, since their payer's
// part of the rule book was wrong or the program broke on them, and the parts of files on which it broke. The units of its
// batch are those of the failed files. Where nothing failed, or nothing would come of it, it makes no batch.
func (env *Env) Retry(ctx context.Context, batch, reason string) (Retry, error) {
	ctx, free := env.limited(ctx)
	defer free()
	last, any, err := lastBatch(ctx, env.Store)
	if err != nil || !any {
		return Retry{}, err
	}
	if last.Open {
		if !last.Scope.Failed {
			return Retry{}, fmt.Errorf("%w: batch %s is open: revcycle run ends it", ErrUsage, last.ID)
		}
		env.Batch = last
		return env.finishRetry(ctx, batch)
	}
	if err := env.checkProfile(); err != nil {
		return Retry{}, err
	}
	todo, err := env.failed(ctx, batch)
	if err != nil {
		return Retry{}, err
	}
	if todo.nothing() {
		return env.retried(ctx, batch, Retry{})
	}
	if env.Batch.AsOf < last.AsOf {
		return Retry{}, fmt.Errorf("%w: the business date %s lies before that of batch %s (%s): nothing posts into the past; give --as-of %s or later",
			ErrUsage, env.Batch.AsOf, last.ID, last.AsOf, last.AsOf)
	}
	env.Batch.Reason = cmp.Or(strings.Join(strings.Fields(reason), " "), "what had failed was mended")
	env.Batch.Parent, env.Batch.Scope = todo.parent, todo.scope
	if len(todo.unread) > 0 {
		if _, err := env.Release(ctx, Pick{IDs: todo.unread}, "retry: "+env.Batch.Reason); err != nil {
			return Retry{}, err
		}
	} else if trial, err := env.try(ctx, &Again{Stage: "assess"}); err != nil || trial.Nothing {
		if err != nil {
			return Retry{}, err
		}
		return env.retried(ctx, batch, Retry{})
	}
	files, err := env.filesOfRerun(ctx, &Again{Stage: "assess"}, last.No)
	if err != nil {
		return Retry{}, err
	}
	if err := env.begin(ctx, last.No, files); err != nil {
		return Retry{}, err
	}
	return env.finishRetry(ctx, batch)
}

// failure is what a retry takes up.
type failure struct {
	parent int64
	scope  Scope
	unread []string // held parts of files that are read today
}

func (f *failure) nothing() bool { return len(f.scope.Files)+len(f.unread) == 0 }

// failed finds what failed and may come right: whose payer's part of the rule book is still wrong waits.
func (env *Env) failed(ctx context.Context, batch string) (failure, error) {
	f := failure{scope: Scope{Stage: "assess", Failed: true}}
	numbers := map[string]int64{}
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return f, err
	}
	for _, b := range all {
		numbers[b.ID] = b.No
	}
	if numbers[batch] == 0 && batch != "" {
		return f, fmt.Errorf("%w: no batch is called %q: revcycle batches lists them", ErrUsage, batch)
	}
	groups, err := env.heldNow(ctx)
	if err != nil {
		return f, err
	}
	for i := range groups {
		g := &groups[i]
		if _, broken := env.Book.Broken(g.Payer); batch != "" && g.Batch != batch || broken {
			continue
		}
		f.parent = max(f.parent, g.batch)
		f.scope.Batches = append(f.scope.Batches, g.batch)
		f.scope.Files = append(f.scope.Files, g.SHA256)
	}
	slices.Sort(f.scope.Batches)
	f.scope.Batches = slices.Compact(f.scope.Batches)
	slices.SortFunc(f.scope.Files, func(a, b claim.Digest) int { return bytes.Compare(a[:], b[:]) })
	f.scope.Files = slices.Compact(f.scope.Files)
	unread, err := env.unread(ctx, batch)
	if err != nil {
		return f, err
	}
	for i := range unread {
		reads, err := env.readsNow(ctx, &unread[i])
		if err != nil {
			return f, err
		}
		if reads {
			f.parent = max(f.parent, numbers[unread[i].Batch])
			f.unread = append(f.unread, unread[i].ID)
		}
	}
	return f, nil
}

// unread lists the parts of files that wait since the program broke on them.
func (env *Env) unread(ctx context.Context, batch string) ([]HeldUnit, error) {
	held, err := env.Held(ctx)
	return slices.DeleteFunc(held, func(u HeldUnit) bool {
		return u.Code != rules.HeldFault || u.Unit == UnitPayer || batch != "" && u.Batch != batch
	}), err
}

// readsNow reports whether the program reads a held part today, in a trial.
func (env *Env) readsNow(ctx context.Context, u *HeldUnit) (bool, error) {
	how, err := env.agreements()
	if err != nil {
		return false, err
	}
	files, err := env.takeAgain(&u.Reason, how)
	if err != nil {
		return false, err
	}
	trial := *env
	trial.trial = true
	r := newReading(files)
	for _, t := range r.todo {
		w, err := trial.ingestUnit(ctx, r.units[t.Key], t.Key)
		if err != nil || w.tally.Quarantined > 0 {
			return false, err
		}
	}
	return true, nil
}

// finishRetry takes the open batch of a retry to its end.
func (env *Env) finishRetry(ctx context.Context, batch string) (Retry, error) {
	sum, _, err := env.RunThrough(ctx, Stages[len(Stages)-1].Name)
	if err != nil {
		return Retry{}, stopped(ctx, err)
	}
	out := Retry{Batch: env.Batch.ID, Summary: &sum}
	if out.Parent, err = env.parentID(ctx); err != nil {
		return out, err
	}
	return env.retried(ctx, batch, out)
}

// retried tells what the units of a retry's batch did, and what is held still.
func (env *Env) retried(ctx context.Context, batch string, out Retry) (Retry, error) {
	out.Files, out.Failed, out.Unread = []RetriedFile{}, []HeldClaims{}, []HeldUnit{}
	groups, err := env.heldNow(ctx)
	if err != nil {
		return out, err
	}
	for _, g := range groups {
		if batch == "" || g.Batch == batch {
			out.Failed = append(out.Failed, g)
		}
	}
	unread, err := env.unread(ctx, batch)
	if err != nil {
		return out, err
	}
	out.Unread = append(out.Unread, unread...)
	if out.Batch == "" {
		return out, nil
	}
	err = env.eachUnit(ctx, "assess", func(key string, t Tally) {
		name, again := strings.CutPrefix(key, againPrefix)
		i := strings.LastIndexByte(name, '#')
		if !again || i < 0 {
			return
		}
		b, file, _ := strings.Cut(name[:i], "/")
		f := out.file(b, file, key)
		f.Claims, f.Charge, f.Priced = f.Claims+t.Again, f.Charge+t.AgainCharge, f.Priced+t.Assessed-t.Unpriced
		f.Expected, f.Held = f.Expected+t.Expected, f.Held+t.Again-t.Assessed+t.Held
	})
	if err != nil {
		return out, err
	}
	return out, env.eachUnit(ctx, "ingest", func(key string, t Tally) {
		if _, file, released := cutReleased(key); released {
			f := out.file("", cutUnit(file), key)
			f.Claims, f.Charge = f.Claims+t.Claims+t.DuplicateClaims, f.Charge+t.Charged+t.DupCharge
		}
	})
}

// cutUnit takes set and chunk from the key of a unit of ingest: name/set/chunk.
func cutUnit(key string) string {
	for range 2 {
		if i := strings.LastIndexByte(key, '/'); i >= 0 && strings.Trim(key[i+1:], "0123456789") == "" {
			key = key[:i]
		}
	}
	return key
}

// file is the file of a unit among those that were taken up.
func (r *Retry) file(batch, name, unit string) *RetriedFile {
	at := slices.IndexFunc(r.Files, func(f RetriedFile) bool { return f.Batch == batch && f.File == name })
	if at < 0 {
		at = len(r.Files)
		r.Files = append(r.Files, RetriedFile{Batch: batch, File: name})
	}
	r.Files[at].Units = append(r.Files[at].Units, unit)
	return &r.Files[at]
}

// Text prints what came of a retry. An error is w's.
func (r Retry) Text(w io.Writer) error {
	p := page{}
	switch {
	case r.Batch != "":
		p.line("batch %s: what had failed in %s, again", r.Batch, r.Parent)
		g := NewGrid("llrrrlrrr", "file", "of batch", "units", "claims", "charged", "expected before", "expected now", "priced", "still held")
		for _, f := range r.Files {
			g.Row(f.File, cmp.Or(f.Batch, "read again"), fmt.Sprint(len(f.Units)), fmt.Sprint(f.Claims), dollars(f.Charge), "none", dollars(f.Expected), fmt.Sprint(f.Priced), fmt.Sprint(f.Held))
		}
		p.grid(g)
	case len(r.Failed)+len(r.Unread) == 0:
		p.line("nothing to do: nothing failed")
	default:
		p.line("nothing was done: what failed is not mended yet")
	}
	for i := range r.Failed {
		p.line("  held still: %s (batch %s): %s", r.Failed[i].File, r.Failed[i].Batch, r.Failed[i].sentence())
	}
	for _, u := range r.Unread {
		p.line("  held still: %s: %s (unit %s)", u.File, u.Message, u.ID)
	}
	return p.to(w)
}
