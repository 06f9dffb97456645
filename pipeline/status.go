package pipeline

import (
	"context"
	"encoding/json"
	"fmt"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// Status is the whole ledger's summary, or one batch's.
func (env *Env) Status(ctx context.Context, batch string) (Summary, error) {
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return Summary{}, err
	}
	if batch != "" {
		return env.statusOf(ctx, all, batch)
	}
	var t Tally
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Units}) {
		if err != nil {
			return Summary{}, err
		}
		var one Tally
		if doc := row[3].Bytes(); doc != nil {
			if err := json.Unmarshal(doc, &one); err != nil {
				return Summary{}, err
			}
		}
		t.Add(one)
	}
	sum := Summary{AsOf: env.Batch.AsOf, Edition: "sha256:" + env.Book.Edition().String(), Files: []FileSummary{}, Controls: []Control{}, Stages: []StageTime{}, Held: []HeldClaims{}}
	if len(all) > 0 {
		sum.Batch = all[len(all)-1].ID
	}
	files, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Files}, nil, nil)
	if err != nil {
		return sum, err
	}
	n := 0
	if len(files) > 0 {
		n = int(files[0][0].Int())
	}
	sum.Counts = counts(t, n)
	m, err := movedBy(ctx, env.Store)
	if err != nil {
		return sum, err
	}
	sum.Totals = m.totals(t, 0)
	if sum.Counts.MatchedRemits, sum.Counts.OrphanRemits, err = env.matchedNow(ctx); err != nil {
		return sum, err
	}
	if sum.Totals.Expected, sum.Counts.Unpriced, sum.Counts.Findings, err = env.expectedNow(ctx); err != nil {
		return sum, err
	}
	if sum.Totals.Denied, err = env.deniedNow(ctx); err != nil {
		return sum, err
	}
	if sum.DeniedBy, err = deniedBy(ctx, env.Store, 0); err != nil {
		return sum, err
	}
	held, err := env.heldNow(ctx)
	if err != nil {
		return sum, err
	}
	sum.Held = append(sum.Held, held...)
	if err := env.addGaps(ctx, &sum); err != nil {
		return sum, err
	}
	sum.Unmapped, err = env.unmapped(ctx)
	return sum, err
}

// statusOf is the summary of a batch: as its run ended, or as it stands where it is open.
func (env *Env) statusOf(ctx context.Context, all []BatchRow, batch string) (Summary, error) {
	for _, b := range all {
		if b.ID != batch {
			continue
		}
		sum, ok, err := summaryOf(ctx, env.Store, b.No)
		if err == nil && !ok {
			env.Batch = b.Batch
			sum, err = env.summarise(ctx)
		}
		return sum, err
	}
	return Summary{}, fmt.Errorf("no batch is called %q: revcycle batches lists them", batch)
}

// matchedNow counts the remits by their current match.
func (env *Env) matchedNow(ctx context.Context) (matched, orphans int, err error) {
	err = eachCurrent(ctx, env.Store, ledger.Matches, func(row ledger.Row) {
		switch row[ledger.Matches.At("state")].Text() {
		case "matched":
			matched++
		case "held":
		default:
			orphans++
		}
	})
	return matched, orphans, err
}

// expectedNow sums the expected amounts of the current opinions and counts their findings.
func (env *Env) expectedNow(ctx context.Context) (sum money.Cents, unpriced, findings int, err error) {
	at, found := ledger.Assessments.At("expected"), ledger.Assessments.At("findings")
	err = eachCurrent(ctx, env.Store, ledger.Assessments, func(row ledger.Row) {
		findings += int(row[found].Int())
		if row[at].Null() {
			unpriced++
		} else {
			sum += row[at].Cents()
		}
	})
	return sum, unpriced, findings, err
}

// deniedNow sums what stands refused on claims by the current reading of the remits that post.
func (env *Env) deniedNow(ctx context.Context) (sum money.Cents, err error) {
	denied, posts := ledger.Adjudged.At("denied"), ledger.Adjudged.At("posts")
	err = eachCurrent(ctx, env.Store, ledger.Adjudged, func(row ledger.Row) {
		if row[posts].Bool() {
			sum += row[denied].Cents()
		}
	})
	return sum, err
}

// eachCurrent calls f with the current row of every subject of a table of opinions whose key is its
// subject and the batch.
func eachCurrent(ctx context.Context, s ledger.Store, t *ledger.Table, f func(ledger.Row)) error {
	var subject claim.ID
	var last ledger.Row
	for row, err := range s.Rows(ctx, ledger.Query{Table: t}) {
		if err != nil {
			return err
		}
		if id := row[0].ID(); id != subject {
			if last != nil {
				f(last)
			}
			subject = id
		}
		last = append(last[:0], row...)
	}
	if last != nil {
		f(last)
	}
	return nil
}
