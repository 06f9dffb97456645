package extract

import (
	"context"
	"fmt"
	"iter"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/party"
)

// builder reads the ledger up to one batch and makes rows. It is read by several buckets at once and
// never changes after newBuilder, but for what it remembers.
type builder struct {
	env     Env
	store   ledger.Store
	party   *party.Directory
	mask    *mask
	batches map[int64]string // IDs by number
	asOf    map[int64]civil.Date
	// accepted are the payments that do not tie and whose claims a person released.
	accepted map[claim.ID]bool
	newest   bool // no batch is later
	byTIN    bool // the masters name facilities: a tax number may map one
	known    remembered
}

func newBuilder(ctx context.Context, env Env, m *mask) (*builder, error) {
	b := &builder{env: env, store: env.Store, party: env.Party, mask: m, batches: map[int64]string{}, asOf: map[int64]civil.Date{}, newest: true}
	if b.party == nil {
		b.party = &party.Directory{}
	}
	b.byTIN = len(b.party.Facilities()) > 0
	id, asOf := ledger.Batches.At("id"), ledger.Batches.At("as_of")
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Batches}) {
		if err != nil {
			return nil, fmt.Errorf("list batches: %w", err)
		}
		b.newest = b.newest && row[0].Int() <= env.Batch.Number
		b.batches[row[0].Int()], b.asOf[row[0].Int()] = row[id].Text(), row[asOf].Date()
	}
	b.batches[env.Batch.Number], b.asOf[env.Batch.Number] = env.Batch.ID, env.AsOf
	var err error
	b.accepted, err = ledger.Accepted(ctx, env.Store, env.Batch.Number)
	return b, err
}

// until is the condition that a row is of this batch or of an earlier one: none where there is no later batch, so
// that an index which does not hold the batch answers alone.
func (b *builder) until() []ledger.Cond {
	if b.newest {
		return nil
	}
	return []ledger.Cond{{Column: "batch", Op: ledger.Below, Values: []ledger.Value{ledger.Int(b.env.Batch.Number + 1)}}}
}

// rows gives the rows of a table up to this batch that meet some conditions, in key order.
func (b *builder) rows(ctx context.Context, t *ledger.Table, where ...ledger.Cond) iter.Seq2[ledger.Row, error] {
	return b.store.Rows(ctx, ledger.Query{Table: t, Where: append(where[:len(where):len(where)], b.until()...)})
}

// columns is rows with nothing but the key and some columns.
func (b *builder) columns(ctx context.Context, t *ledger.Table, only []string, where ...ledger.Cond) iter.Seq2[ledger.Row, error] {
	return b.store.Rows(ctx, ledger.Query{Table: t, Only: only, Where: append(where[:len(where):len(where)], b.until()...)})
}

// unknownMonth is the bucket of what has no date.
const unknownMonth = "0000-00"

// inMonth is the condition that a date lies in a month.
func inMonth(column, month string) []ledger.Cond {
	first, err := civil.ParseISO(month + "-01")
	if err != nil {
		return []ledger.Cond{{Column: column, Op: ledger.IsNull}}
	}
	y, m, _ := first.YMD()
	next := civil.Of(y+m/12, m%12+1, 1)
	return []ledger.Cond{
		{Column: column, Op: ledger.AtLeast, Values: []ledger.Value{ledger.Date(first)}},
		{Column: column, Op: ledger.Below, Values: []ledger.Value{ledger.Date(next)}},
	}
}
