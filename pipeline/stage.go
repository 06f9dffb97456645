// Package pipeline is the night: receive, ingest, assess, reconcile, extract.
//
// Each stage takes what is pending, works on it with pure functions, and appends what they found, in
// units. A unit's rows and the unit's own row commit together; a unit that was done is not done again.
// So a run that was killed goes on where it stopped, and a run with nothing to do does nothing.
//
// To add a stage: a file here and a row in Stages; its command appears.
package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/party"
	"revcycle/rules/book"
	"revcycle/workspace"
)

// Env is what the stages work with.
type Env struct {
	Store     ledger.Store
	Workspace *workspace.Workspace
	Book      *book.Book
	Party     *party.Directory
	Workers   int // 1 or more; results do not depend on it
	Clock     func() time.Time
	Actor     string // who runs it, by the operating system
	Version   string // of the program
	Log       *slog.Logger
	// Progress is told of work done and work in all, in units of a stage; it may be nil.
	Progress func(stage string, done, all int)
	Batch    Batch

	// Runner does the units of a batch's steps; nil does them in this process.
	Runner Runner

	final     *Summary // of the batch, once reconcile is whole
	gaps      []Gap    // as they were counted last
	groupRows int      // rows that wait for one commit: 0 is manyRows
	arrived   *arrived // claims on their way from ingest to assess; nil where others ingest too
	left      []string // files that stay in the inbox, and why
	trial     bool     // nothing outside the ledger is touched, which is a draft
	// broke has the program break where tests want it to: on a claim, or in a unit of ingest.
	broke func(on string)
	// inboxLater leaves the inbox to the next run: this one takes up what people decided.
	inboxLater bool
	// changedAudit is what AuditChanged says.
	changedAudit string
	// damagedExtracts is what ExtractsDamaged says.
	damagedExtracts string
}

// Batch is one run.
type Batch struct {
	No   int64
	ID   string // 2026-11-22-001
	AsOf civil.Date
	Open bool // begun and not ended
	// Edition is the edition of the rule book that the batch began with.
	Edition claim.Digest
	// Parent is the batch that this one does again in part, 0 for none; Reason says why, in the words of who asked.
	Parent int64
	Reason string
	Scope  Scope
}

// Stage is one step of the night.
type Stage struct {
	Name string
	Doc  string // one sentence for --help
	Do   func(*Env, context.Context) (Tally, error)
}

// Stages lists the stages that work on an open batch, in order. receive, which opens one, comes before them.
var Stages = []Stage{
	{"ingest", "reads the received files into the ledger: claims, remits, payments, encounters", (*Env).ingestStage},
	{"assess", "applies the rule book to what is new or stale: findings and expected amounts", (*Env).assessStage},
	{"reconcile", "matches remits to claims, settles expected beside paid, posts the journal", (*Env).reconcileStage},
	{"extract", "publishes the Parquet extracts, all or nothing", (*Env).extractStage},
}

func stageNamed(name string) (Stage, bool) {
	for _, s := range Stages {
		if s.Name == name {
			return s, true
		}
	}
	return Stage{}, false
}

// write is what a unit appends: rows of several tables, in order.
type write struct {
	unit  ledger.Unit
	parts []part
	tally Tally
	// sorted is set once nothing is added any more and the rows are in the order of their keys.
	sorted bool
}

// part is rows of one table; count, where it is not nil, has a function or nil for each row.
type part struct {
	table *ledger.Table
	rows  []ledger.Row
	count []counting
}

// counting tells a tally of a row that is in the ledger now: fresh where it was not there before.
type counting func(t *Tally, fresh bool)

// add adds rows to those of the same table.
func (w *write) add(t *ledger.Table, rows ...ledger.Row) {
	if len(rows) == 0 {
		return
	}
	p := w.of(t)
	p.rows = append(p.rows, rows...)
	if p.count != nil {
		p.count = append(p.count, make([]counting, len(rows))...)
	}
}

// addCounted adds a row and, once it is in the ledger, tells count whether it was new.
func (w *write) addCounted(t *ledger.Table, count counting, row ledger.Row) {
	p := w.of(t)
	for len(p.count) < len(p.rows) {
		p.count = append(p.count, nil)
	}
	p.rows, p.count = append(p.rows, row), append(p.count, count)
}

// of is the part of a table, which is new where the write had none.
func (w *write) of(t *ledger.Table) *part {
	for i := range w.parts {
		if w.parts[i].table == t {
			return &w.parts[i]
		}
	}
	w.parts = append(w.parts, part{table: t})
	return &w.parts[len(w.parts)-1]
}

func (env *Env) unit(stage, key string) ledger.Unit {
	return ledger.Unit{Batch: env.Batch.No, Stage: stage, Key: key}
}

// unitsDone gives the keys of a stage's units that this batch has done.
func (env *Env) unitsDone(ctx context.Context, stage string) (map[string]bool, error) {
	done := map[string]bool{}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Units, Where: env.ofStage(stage)}) {
		if err != nil {
			return nil, err
		}
		done[row[2].Text()] = true
	}
	return done, nil
}

// tallyOf sums the tallies of a stage's units of this batch.
func (env *Env) tallyOf(ctx context.Context, stage string) (Tally, error) {
	var total Tally
	err := env.eachUnit(ctx, stage, func(_ string, t Tally) { total.Add(t) })
	return total, err
}

// eachUnit calls f with the key and tally of each done unit of a stage of this batch.
func (env *Env) eachUnit(ctx context.Context, stage string, f func(string, Tally)) error {
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Units, Where: env.ofStage(stage)}) {
		if err != nil {
			return err
		}
		var t Tally
		if doc := row[3].Bytes(); doc != nil {
			if err := json.Unmarshal(doc, &t); err != nil {
				return fmt.Errorf("unit %s %s: its tally: %w", stage, row[2].Text(), err)
			}
		}
		f(row[2].Text(), t)
	}
	return nil
}

func (env *Env) ofStage(stage string) []ledger.Cond {
	return []ledger.Cond{ledger.OfBatch(env.Batch.No), ledger.Named("stage", stage)}
}
