package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"revcycle/ledger"
)

// ErrUsage is wrapped by the errors of a run that cannot succeed until its words or its configuration change.
var ErrUsage = errors.New("cannot run")

// Exit codes that a run can end with when nothing failed.
const (
	ExitDone        = 0
	ExitQuarantined = 3
)

// Run is the nightly job: it receives what is in the inbox, or goes on with the batch that a killed
// run left open, and takes it through every stage. Where there is nothing to do it makes no batch and
// gives the last one's summary.
func (env *Env) Run(ctx context.Context) (Summary, error) {
	ctx, free := env.limited(ctx)
	defer free()
	begun, err := env.Receive(ctx)
	if err != nil {
		return Summary{}, stopped(ctx, err)
	}
	if !begun {
		// A run that was killed behind its last commit has not exported the audit yet; one before may have had no place
		// for its metrics.
		if err := errors.Join(env.ExportAudit(ctx), env.renewMetrics(ctx)); err != nil {
			return Summary{}, err
		}
		return env.lastSummary(ctx)
	}
	sum, _, err := env.RunThrough(ctx, Stages[len(Stages)-1].Name)
	return sum, stopped(ctx, err)
}

// RunThrough takes the open batch through the stages up to the named one, and ends the batch with the
// last. open is false where no batch is open.
func (env *Env) RunThrough(ctx context.Context, name string) (sum Summary, open bool, err error) {
	if !env.Batch.Open {
		if open, err = env.resume(ctx); err != nil || !open {
			return Summary{}, open, err
		}
	}
	var times []StageTime
	for _, s := range Stages {
		log := env.Log.With("batch", env.Batch.ID, "stage", s.Name)
		log.Debug("stage begins")
		start := env.Clock()
		t, err := s.Do(env, ctx)
		if err == nil && s.Name == "ingest" {
			err = env.withinBudget(t)
		}
		if err != nil {
			return Summary{}, true, err
		}
		took := Seconds(env.Clock().Sub(start).Milliseconds())
		log.Debug("stage ended", "units", t.Units, "seconds", took)
		times = append(times, StageTime{s.Name, t.Units, took})
		if s.Name == name {
			break
		}
	}
	if sum, err = env.summarise(ctx); err != nil {
		return sum, true, err
	}
	sum.Stages = times
	if name == Stages[len(Stages)-1].Name {
		sum.Manifest = "_batches/" + env.Batch.ID + "/manifest.json"
		err = env.end(ctx, sum)
	}
	return sum, true, err
}

// resume takes up the batch that is open: begun and not ended. Its date and files stand as it began.
func (env *Env) resume(ctx context.Context) (bool, error) {
	last, ok, err := lastBatch(ctx, env.Store)
	if err != nil || !ok || !last.Open {
		return false, err
	}
	if env.Batch.AsOf != last.AsOf {
		env.Log.Info("going on with the open batch", "batch", last.ID, "as_of", last.AsOf.String())
	}
	env.Batch = last
	return true, nil
}

// lastBatch reads the newest batch; ok is false where there is none.
func lastBatch(ctx context.Context, s ledger.Store) (b Batch, ok bool, err error) {
	all, err := Batches(ctx, s)
	if err != nil || len(all) == 0 {
		return b, false, err
	}
	return all[len(all)-1].Batch, true, nil
}

// BatchRow is a batch as `batches` lists it.
type BatchRow struct {
	Batch
	Started string
	Actor   string
	Ended   string
	Exit    int
}

// Batches lists every batch, oldest first.
func Batches(ctx context.Context, s ledger.Store) ([]BatchRow, error) {
	ends := map[int64]ledger.Row{}
	for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.BatchEnds}) {
		if err != nil {
			return nil, err
		}
		ends[row[0].Int()] = append(ledger.Row(nil), row...)
	}
	var out []BatchRow
	for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.Batches}) {
		if err != nil {
			return nil, err
		}
		scope, err := scopeOf(row[6])
		if err != nil {
			return nil, fmt.Errorf("batch %s: %w", row[1].Text(), err)
		}
		b := BatchRow{Batch: Batch{No: row[0].Int(), ID: row[1].Text(), AsOf: row[2].Date(), Edition: row[3].Digest(), Open: true, Parent: row[4].Int(),
			Reason: row[5].Text(), Scope: scope}, Started: row[7].Text(), Actor: row[8].Text()}
		if end, ok := ends[b.No]; ok {
			b.Open, b.Exit, b.Ended = false, int(end[1].Int()), end[3].Text()
		}
		out = append(out, b)
	}
	return out, nil
}

// summarise counts what the batch has done so far. Once extract has asked, the batch's figures are
// final and are not counted again.
func (env *Env) summarise(ctx context.Context) (Summary, error) {
	if env.final != nil {
		return *env.final, nil
	}
	var all Tally
	for _, stage := range []string{"receive", "ingest", "assess", "match", "settle"} {
		t, err := env.tallyOf(ctx, stage)
		if err != nil {
			return Summary{}, err
		}
		all.Add(t)
	}
	files, err := env.fileSummaries(ctx)
	if err != nil {
		return Summary{}, err
	}
	sum := Summary{Batch: env.Batch.ID, Edition: "sha256:" + env.Batch.Edition.String(), AsOf: env.Batch.AsOf, Files: files, Counts: counts(all, len(files)),
		Controls: []Control{}, Stages: []StageTime{}, Held: []HeldClaims{}, Unmapped: []Unmapped{}, DeniedBy: []DeniedCategory{}}
	if sum.Parent, err = env.parentID(ctx); err != nil {
		return sum, err
	}
	sum.Why = env.Batch.Reason
	m, err := movedBy(ctx, env.Store, ledger.OfBatch(env.Batch.No))
	if err != nil {
		return sum, err
	}
	denied, err := env.deniedTotal(ctx, ledger.OfBatch(env.Batch.No))
	if err != nil {
		return sum, err
	}
	sum.Totals = m.totals(all, denied)
	if sum.Controls, err = env.controlsOf(ctx, all, m); err != nil {
		return sum, err
	}
	if sum.Unmapped, err = env.unmapped(ctx, ledger.OfBatch(env.Batch.No)); err != nil {
		return sum, err
	}
	if sum.DeniedBy, err = deniedBy(ctx, env.Store, env.Batch.No); err != nil {
		return sum, err
	}
	if err := env.addGaps(ctx, &sum); err != nil {
		return sum, err
	}
	sum.Left = append([]string{}, env.left...)
	if sum.Missing, err = env.missing(ctx); err != nil {
		return sum, err
	}
	if err := env.addHeld(ctx, &sum, all); err != nil {
		return sum, err
	}
	sum.Exit = ExitDone
	if len(sum.Missing) > 0 {
		sum.Exit = ExitExpected
	} else if all.Held > 0 || all.Quarantined > 0 || all.Rejects > 0 || all.HeldRemits > 0 {
		sum.Exit = ExitQuarantined
	}
	return sum, nil
}

// gapsNow gives the visits that no claim bills as of the batch's date. Once the batch's figures are final they are not
// looked for again.
func (env *Env) gapsNow(ctx context.Context) ([]Gap, error) {
	if env.final != nil && env.gaps != nil {
		return env.gaps, nil
	}
	gaps, err := Gaps(ctx, env.Store, env.Batch.AsOf, env.Workspace.BillHoldDays)
	env.gaps = append([]Gap{}, gaps...)
	return env.gaps, err
}

// addGaps counts the visits that no claim bills as of the batch's date.
func (env *Env) addGaps(ctx context.Context, sum *Summary) error {
	gaps, err := env.gapsNow(ctx)
	if err != nil {
		return err
	}
	sum.Counts.Gaps = len(gaps)
	for _, g := range gaps {
		if g.Cost != nil {
			sum.Totals.Gaps += *g.Cost
		}
	}
	return nil
}

func (env *Env) fileSummaries(ctx context.Context) ([]FileSummary, error) {
	results := map[string]ledger.Row{}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.FileResults, Where: []ledger.Cond{ledger.OfBatch(env.Batch.No)}}) {
		if err != nil {
			return nil, err
		}
		results[row[1].Text()] = append(ledger.Row(nil), row...)
	}
	out := []FileSummary{}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{ledger.OfBatch(env.Batch.No)}}) {
		if err != nil {
			return nil, err
		}
		f := FileSummary{Name: row[1].Text(), SHA256: row[2].Digest(), Kind: row[4].Text(), State: "received"}
		if r, ok := results[f.Name]; ok {
			f.State, f.Reason, f.Claims, f.Remits = r[2].Text(), r[3].Text(), int(r[4].Int()), int(r[5].Int())
			f.Charge, f.Paid = r[6].Cents(), r[7].Cents()
		}
		out = append(out, f)
	}
	return out, nil
}

// end closes the batch with its summary and the audit's seals, then drops what only a running batch needs.
func (env *Env) end(ctx context.Context, sum Summary) error {
	doc, err := json.Marshal(sum)
	if err != nil {
		return fmt.Errorf("end of batch %s: %w", env.Batch.ID, err)
	}
	env.tellMetrics(sum, env.Clock())
	if err := env.writeReport(ctx, sum); err != nil {
		return err
	}
	w := &write{unit: env.unit("end", "")}
	w.add(ledger.BatchEnds, ledger.Row{ledger.Int(env.Batch.No), ledger.Int(int64(sum.Exit)), ledger.Bytes(doc), ledger.Text(stamp(env.Clock()))})
	if err := env.audited(ctx, w, endBatch, env.Batch.ID, fmt.Sprintf("exit %d, charged %s, paid %s", sum.Exit, sum.Totals.Charged, sum.Totals.Paid)); err != nil {
		return err
	}
	if err := env.commit(ctx, w); err != nil {
		return err
	}
	env.Batch.Open = false
	if err := env.ExportAudit(ctx); err != nil {
		return err
	}
	return env.Workspace.DropSpools()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// lastSummary is the summary of the newest batch, for a run that had nothing to do.
func (env *Env) lastSummary(ctx context.Context) (Summary, error) {
	none := Summary{AsOf: env.Batch.AsOf, Edition: "sha256:" + env.Book.Edition().String(), Files: []FileSummary{}, Controls: []Control{},
		Stages: []StageTime{}, Held: []HeldClaims{}, Unmapped: []Unmapped{}, DeniedBy: []DeniedCategory{}}
	last, ok, err := lastBatch(ctx, env.Store)
	if err != nil {
		return none, err
	}
	if none.Missing, err = env.missing(ctx); err != nil {
		return none, err
	}
	if len(none.Missing) > 0 {
		none.Exit = ExitExpected
	}
	if !ok {
		return none, nil
	}
	env.Log.Info("nothing to do", "last_batch", last.ID)
	none.Batch = last.ID
	return none, nil
}
