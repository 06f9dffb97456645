package pipeline

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/sqlite"
)

// EveryBatch names all batches where a rerun wants one.
const EveryBatch = "all"

// Again is what somebody asks to be done again. Of several kinds of names a document must meet each; of several names of
// one kind, one.
type Again struct {
	Batch    string     // its claims and remits; EveryBatch for those of all
	Files    []string   // by name below the inbox or SHA-256
	Claims   []string   // by ID or patient control number
	Payments []string   // by ID or trace number
	Since    civil.Date // served on this day or later
	Stage    string     // ingest, assess (where it is ""), reconcile, extract
	Reason   string     // why, in the words of who asks
}

// Rerun is what came of a rerun.
type Rerun struct {
	Batch   string   `json:"batch"`   // the batch that did it; "" where nothing was to do, or where it was only tried
	Parent  string   `json:"parent"`  // the batch that was done again
	Scope   string   `json:"scope"`   // in words
	Reason  string   `json:"reason"`  // why
	Nothing bool     `json:"nothing"` // nothing would be said anew: no batch was made
	Changes Changes  `json:"changes"` // from the ledger before it
	Summary *Summary `json:"summary"` // of the batch; null where there is none
}

// TryRerun tells what Rerun would change, and touches nothing: the rerun is made in a ledger of its own laid over the
// real one. Nobody may write to the ledger meanwhile.
func (env *Env) TryRerun(ctx context.Context, a Again) (Rerun, error) {
	try := *env
	if err := try.prepareAgain(ctx, &a); err != nil {
		return Rerun{}, err
	}
	if try.Batch.Open {
		return Rerun{}, fmt.Errorf("%w: batch %s is open: revcycle run ends it", ErrUsage, try.Batch.ID)
	}
	return try.try(ctx, &a)
}

// Rerun does part of a batch again, under a batch of its own whose parent it is. What is said anew stands beside what was
// said before, and only differences are posted. Where nothing would be said anew it makes no batch. A rerun that was
// killed goes on, asked for again or by Run.
func (env *Env) Rerun(ctx context.Context, a Again) (Rerun, error) {
	ctx, free := env.limited(ctx)
	defer free()
	if strings.TrimSpace(a.Reason) == "" {
		return Rerun{}, fmt.Errorf("%w: a rerun needs a reason: say why with --reason", ErrUsage)
	}
	if err := env.prepareAgain(ctx, &a); err != nil {
		return Rerun{}, err
	}
	if env.Batch.Open {
		return env.goOn(ctx)
	}
	out, err := env.try(ctx, &a)
	if err != nil || out.Nothing {
		return out, stopped(ctx, err)
	}
	last, _, err := lastBatch(ctx, env.Store)
	if err != nil {
		return out, err
	}
	files, err := env.filesOfRerun(ctx, &a, last.No)
	if err != nil {
		return out, err
	}
	if err := env.begin(ctx, last.No, files); err != nil {
		return out, err
	}
	return env.goOn(ctx)
}

// prepareAgain makes the batch of what is asked for, or takes up the open one where it is the same.
func (env *Env) prepareAgain(ctx context.Context, a *Again) error {
	a.Stage = orAssess(a.Stage)
	if _, ok := stageNamed(a.Stage); !ok {
		return fmt.Errorf("%w: --stage %s: write ingest, assess, reconcile or extract", ErrUsage, a.Stage)
	}
	if err := env.checkProfile(); err != nil {
		return err
	}
	last, any, err := lastBatch(ctx, env.Store)
	if err != nil {
		return err
	}
	if !any {
		return fmt.Errorf("%w: the ledger has no batch yet: there is nothing to do again", ErrUsage)
	}
	parent, scope, err := env.scopeFor(ctx, a, last)
	if err != nil {
		return err
	}
	if last.Open {
		if last.Parent != parent || !reflect.DeepEqual(last.Scope, scope) {
			return fmt.Errorf("%w: batch %s is open: revcycle run ends it; then ask again", ErrUsage, last.ID)
		}
		env.Batch = last
		return nil
	}
	if env.Batch.AsOf < last.AsOf {
		return fmt.Errorf("%w: the business date %s lies before that of batch %s (%s): nothing posts into the past; give --as-of %s or later",
			ErrUsage, env.Batch.AsOf, last.ID, last.AsOf, last.AsOf)
	}
	env.Batch.Parent, env.Batch.Scope, env.Batch.Reason = parent, scope, strings.Join(strings.Fields(a.Reason), " ")
	return nil
}

func orAssess(stage string) string {
	if stage == "" {
		return "assess"
	}
	return stage
}

// scopeFor finds what the names of a rerun mean.
func (env *Env) scopeFor(ctx context.Context, a *Again, last Batch) (parent int64, s Scope, err error) {
	s = Scope{Stage: a.Stage, Since: a.Since}
	if parent = last.No; last.Open {
		parent = last.Parent // where it is this rerun that goes on
	}
	if a.Batch != EveryBatch {
		all, err := Batches(ctx, env.Store)
		if err != nil {
			return 0, s, err
		}
		at := slices.IndexFunc(all, func(b BatchRow) bool { return b.ID == a.Batch })
		if at < 0 {
			return 0, s, fmt.Errorf("%w: no batch is called %q: revcycle batches lists them", ErrUsage, a.Batch)
		}
		parent = all[at].No
		s.Batches = []int64{parent}
	} else if a.Stage == "ingest" {
		return 0, s, fmt.Errorf("%w: files are read again a batch at a time: name it", ErrUsage)
	}
	for _, name := range a.Files {
		sha, err := env.fileNamed(ctx, name, &s)
		if err != nil {
			return 0, s, err
		}
		s.Files = append(s.Files, sha)
	}
	for _, number := range a.Claims {
		found, err := env.claimsOf(ctx, number)
		if err != nil {
			return 0, s, err
		}
		if len(found) == 0 {
			return 0, s, fmt.Errorf("%w: no claim bears the number %q: give its ID or its patient control number", ErrUsage, number)
		}
		s.Claims = append(s.Claims, found...)
	}
	for _, name := range a.Payments {
		found, err := env.paymentsNamed(ctx, name)
		if err != nil {
			return 0, s, err
		}
		s.Payments = append(s.Payments, found...)
	}
	for _, list := range [][]claim.ID{s.Claims, s.Payments} {
		slices.SortFunc(list, claim.ID.Compare)
	}
	s.Claims, s.Payments = slices.Compact(s.Claims), slices.Compact(s.Payments)
	return parent, s, nil
}

// fileNamed finds a file of the scope's batches by its name or its bytes.
func (env *Env) fileNamed(ctx context.Context, name string, s *Scope) (claim.Digest, error) {
	var of []ledger.Cond
	if len(s.Batches) > 0 {
		of = append(of, ledger.OfBatch(s.Batches[0]))
	}
	raw, err := hex.DecodeString(name)
	whole := err == nil && len(raw) == len(claim.Digest{})
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: of, Only: []string{"sha256"}}) {
		if err != nil {
			return claim.Digest{}, err
		}
		if sha := row[2].Digest(); row[1].Text() == name || whole && sha == claim.Digest(raw) {
			return sha, nil
		}
	}
	return claim.Digest{}, fmt.Errorf("%w: no file called %q came with it: revcycle status BATCH --json lists the files of a batch", ErrUsage, name)
}

func (env *Env) paymentsNamed(ctx context.Context, name string) ([]claim.ID, error) {
	where := ledger.Named("trace", name)
	if id, err := claim.ParseID(name); err == nil && id.Known() {
		where = ledger.OneOf("id", id)
	}
	found, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Payments, Where: []ledger.Cond{where}, Only: []string{}}))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%w: no payment has the ID or trace number %q", ErrUsage, name)
	}
	return found, err
}

// try makes the rerun in a draft and tells what it changes.
func (env *Env) try(ctx context.Context, a *Again) (Rerun, error) {
	dir, err := env.Workspace.TempDir()
	if err != nil {
		return Rerun{}, fmt.Errorf("a folder for the trial: %w", err)
	}
	defer os.RemoveAll(dir)
	top, err := sqlite.Open(filepath.Join(dir, "trial.db"))
	if err != nil {
		return Rerun{}, err
	}
	trial := *env
	trial.Store, trial.Runner, trial.Progress, trial.trial = &draft{env.Store, top}, nil, nil, true
	defer trial.Store.Close()
	out, err := trial.inTrial(ctx, a)
	if err != nil {
		return out, fmt.Errorf("the trial of the rerun: %w", err)
	}
	out.Batch, out.Changes.To.Batch = "", ""
	if out.Nothing, err = saysNothing(ctx, top); a.Stage == "extract" {
		out.Nothing = false // the extracts are published again whatever they say
	}
	return out, err
}

func (env *Env) inTrial(ctx context.Context, a *Again) (Rerun, error) {
	last, _, err := lastBatch(ctx, env.Store)
	if err != nil {
		return Rerun{}, err
	}
	files, err := env.filesOfRerun(ctx, a, last.No)
	if err != nil {
		return Rerun{}, err
	}
	if err := env.begin(ctx, last.No, files); err != nil {
		return Rerun{}, err
	}
	for _, s := range Stages[:len(Stages)-1] {
		if _, err := s.Do(env, ctx); err != nil {
			return Rerun{}, err
		}
	}
	return env.rerunDone(ctx)
}

// saysNothing reports that a ledger holds no document, no opinion and no entry.
func saysNothing(ctx context.Context, s ledger.Store) (bool, error) {
	for _, t := range ledger.Tables {
		if t.Run || slices.Contains([]*ledger.Table{ledger.Batches, ledger.Slices, ledger.Audit}, t) {
			continue
		}
		rows, err := s.Sums(ctx, ledger.Query{Table: t}, nil, nil)
		if err != nil || len(rows) > 0 && rows[0][0].Int() > 0 {
			return false, err
		}
	}
	return true, nil
}

// goOn takes the open batch of a rerun to its end.
func (env *Env) goOn(ctx context.Context) (Rerun, error) {
	sum, _, err := env.RunThrough(ctx, Stages[len(Stages)-1].Name)
	if err != nil {
		return Rerun{}, stopped(ctx, err)
	}
	out, err := env.rerunDone(ctx)
	out.Summary = &sum
	return out, err
}

// rerunDone tells what the rerun at hand changed.
func (env *Env) rerunDone(ctx context.Context) (Rerun, error) {
	b := &env.Batch
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return Rerun{}, err
	}
	out := Rerun{Batch: b.ID, Scope: b.Scope.String(), Reason: b.Reason}
	if out.Parent, err = env.parentID(ctx); err != nil {
		return out, err
	}
	out.Changes, err = changesBetween(ctx, env.Store, all[len(all)-2].Batch, *b)
	return out, err
}

// parentID is the ID of the batch's parent, "" where it has none.
func (env *Env) parentID(ctx context.Context) (string, error) {
	if env.Batch.Parent == 0 {
		return "", nil
	}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Batches, Where: []ledger.Cond{ledger.OfBatch(env.Batch.Parent)}}) {
		if err != nil {
			return "", err
		}
		return row[1].Text(), nil
	}
	return "", fmt.Errorf("batch %s: its parent %d is not in the ledger", env.Batch.ID, env.Batch.Parent)
}
