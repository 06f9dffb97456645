package extract

import (
	"context"
	"fmt"
	"maps"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
)

// changes says which buckets hold a row that batches after the last published one changed.
type changes struct {
	claims     map[string]bool // service months
	encounters map[string]bool // service months
	payments   map[string]bool // payment months
}

// since is the condition that a row is of a batch after the last published one, and not after this.
func (b *builder) since(number int64) []ledger.Cond {
	return append([]ledger.Cond{{Column: "batch", Op: ledger.AtLeast, Values: []ledger.Value{ledger.Int(number + 1)}}}, b.until()...)
}

// months gives every value of a table's month column over the rows that meet some conditions.
func (b *builder) months(ctx context.Context, t *ledger.Table, where ...ledger.Cond) (map[string]bool, error) {
	if len(where) == 0 { // every row has a month: its index answers alone
		where = []ledger.Cond{{Column: serviceMonth, Op: ledger.NotNull}}
	}
	rows, err := b.store.Sums(ctx, ledger.Query{Table: t, Where: where}, []string{serviceMonth}, nil)
	if err != nil {
		return nil, fmt.Errorf("list the months of %s: %w", t.Name, err)
	}
	out := map[string]bool{}
	for _, row := range rows {
		out[row[0].Text()] = true
	}
	return out, nil
}

// days gives the months of a table's date column.
func (b *builder) days(ctx context.Context, t *ledger.Table, column string, where ...ledger.Cond) (map[string]bool, error) {
	rows, err := b.store.Sums(ctx, ledger.Query{Table: t, Where: where}, []string{column}, nil)
	if err != nil {
		return nil, fmt.Errorf("list the days of %s: %w", t.Name, err)
	}
	out := map[string]bool{}
	for _, row := range rows {
		out[ledger.Month(row[0].Date())] = true
	}
	return out, nil
}

// changed finds the buckets to write again. With whole, every bucket is.
func (b *builder) changed(ctx context.Context, last Manifest, whole bool) (c changes, err error) {
	if c.claims, err = b.months(ctx, ledger.Claims, b.until()...); err != nil {
		return c, err
	}
	if c.encounters, err = b.months(ctx, ledger.Encounters, b.until()...); err != nil {
		return c, err
	}
	if c.payments, err = b.days(ctx, ledger.Payments, "date", b.until()...); err != nil || whole {
		return c, err
	}
	all := c
	if c.claims, err = b.changedClaims(ctx, last.Number, all.claims); err != nil {
		return c, err
	}
	if c.payments, err = b.changedPayments(ctx, last.Number, all.payments); err != nil {
		return c, err
	}
	c.encounters, err = b.changedEncounters(ctx, last, all.encounters)
	return c, err
}

// opinions are the tables whose rows change what a bucket shows, with the column that names the document.
var claimOpinions = []struct {
	table  *ledger.Table
	column string
}{
	{ledger.Assessments, "claim"}, {ledger.Postings, "claim"}, {ledger.Matches, "claim"}, {ledger.Matches, "was"},
	{ledger.Adjudged, "claim"}, {ledger.Settlements, "claim"}, {ledger.Denials, "claim"},
}

func (b *builder) changedClaims(ctx context.Context, last int64, all map[string]bool) (map[string]bool, error) {
	out, err := b.months(ctx, ledger.Claims, b.since(last)...)
	if err != nil {
		return nil, err
	}
	month := ledger.Claims.At(serviceMonth)
	for _, o := range claimOpinions {
		err := b.documents(ctx, o.table, o.column, last, func(ids []claim.ID) (more bool, err error) {
			for row, err := range b.columns(ctx, ledger.Claims, []string{serviceMonth}, ledger.OneOf("id", ids...)) {
				if err != nil {
					return false, err
				}
				out[row[month].Text()] = true
			}
			return len(out) < len(all), nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, b.families(ctx, last, out)
}

// families adds the months of the other versions of claims that came: their place among the versions may change.
func (b *builder) families(ctx context.Context, last int64, out map[string]bool) error {
	control, month := ledger.Claims.At("control_norm"), ledger.Claims.At(serviceMonth)
	var part []string
	flush := func() error {
		for row, err := range b.columns(ctx, ledger.Claims, []string{serviceMonth}, ledger.Named("control_norm", part...)) {
			if err != nil {
				return err
			}
			out[row[month].Text()] = true
		}
		part = part[:0]
		return nil
	}
	replacing := ledger.Named("frequency", "7", "8")
	for row, err := range b.store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: append(b.since(last), replacing), Only: []string{"control_norm"}}) {
		if err != nil {
			return err
		}
		if part = append(part, row[control].Text()); len(part) == claimBlock {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (b *builder) changedPayments(ctx context.Context, last int64, all map[string]bool) (map[string]bool, error) {
	out, err := b.days(ctx, ledger.Payments, "date", b.since(last)...)
	if err != nil {
		return nil, err
	}
	if err := b.acceptedSince(ctx, last, out); err != nil {
		return nil, err
	}
	date := ledger.Remits.At("date")
	note := func(table *ledger.Table, at int) func([]claim.ID) (bool, error) {
		return func(ids []claim.ID) (bool, error) {
			for row, err := range b.columns(ctx, table, []string{"date"}, ledger.OneOf("id", ids...)) {
				if err != nil {
					return false, err
				}
				out[ledger.Month(row[at].Date())] = true
			}
			return len(out) < len(all), nil
		}
	}
	for _, t := range []*ledger.Table{ledger.Matches, ledger.Adjudged} {
		if err := b.documents(ctx, t, "remit", last, note(ledger.Remits, date)); err != nil {
			return nil, err
		}
	}
	return out, b.documents(ctx, ledger.Postings, "payment", last, note(ledger.Payments, ledger.Payments.At("date")))
}

// acceptedSince adds the months of the payments that people released since the last published batch.
func (b *builder) acceptedSince(ctx context.Context, last int64, out map[string]bool) error {
	before, err := ledger.Accepted(ctx, b.store, last)
	if err != nil {
		return err
	}
	var fresh []claim.ID
	for id := range b.accepted {
		if !before[id] {
			fresh = append(fresh, id)
		}
	}
	date := ledger.Payments.At("date")
	for part := range ledger.Portions(fresh) {
		for row, err := range b.columns(ctx, ledger.Payments, []string{"date"}, ledger.OneOf("id", part...)) {
			if err != nil {
				return err
			}
			out[ledger.Month(row[date].Date())] = true
		}
	}
	return nil
}

// changedEncounters finds the months of visits that came, were told again, were billed, or whose bill hold ran out.
func (b *builder) changedEncounters(ctx context.Context, last Manifest, all map[string]bool) (map[string]bool, error) {
	out, err := b.months(ctx, ledger.Encounters, b.since(last.Number)...)
	if err != nil {
		return nil, err
	}
	for _, source := range []struct {
		table  *ledger.Table
		column string
	}{{ledger.Claims, "encounter"}, {ledger.Encounters, "number"}} {
		if err := b.visitMonths(ctx, source.table, source.column, last.Number, out); err != nil {
			return nil, err
		}
	}
	// A claim may bear a visit's number or account as its own control number: where claims came, visits of
	// the year before them are looked at too. What did not change says the same bytes and is not published.
	came, err := b.months(ctx, ledger.Claims, b.since(last.Number)...)
	if err != nil {
		return nil, err
	}
	for m := range all {
		for c := range came {
			if m >= yearBefore(c) {
				out[m] = true
			}
		}
	}
	for _, where := range [][]ledger.Cond{
		{ // a hold that ran out since the last publish: its visit ended between these days
			{Column: "service_to", Op: ledger.AtLeast, Values: []ledger.Value{ledger.Date(last.AsOf.AddDays(-last.BillHold))}},
			{Column: "service_to", Op: ledger.Below, Values: []ledger.Value{ledger.Date(b.env.AsOf.AddDays(-b.env.BillHold))}},
		},
		{{Column: "service_to", Op: ledger.IsNull}},
	} {
		more, err := b.months(ctx, ledger.Encounters, append(where, b.until()...)...)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, more)
	}
	return out, nil
}

// visitMonths adds the months of the visits that a column of a table's rows since the last published batch names.
func (b *builder) visitMonths(ctx context.Context, t *ledger.Table, column string, last int64, out map[string]bool) error {
	at, month := t.At(column), ledger.Encounters.At(serviceMonth)
	var part []string
	flush := func() error {
		for row, err := range b.columns(ctx, ledger.Encounters, []string{serviceMonth}, ledger.Named("number", part...)) {
			if err != nil {
				return err
			}
			out[row[month].Text()] = true
		}
		part = part[:0]
		return nil
	}
	where := append(b.since(last), ledger.Cond{Column: column, Op: ledger.NotNull})
	for row, err := range b.store.Rows(ctx, ledger.Query{Table: t, Where: where, Only: []string{column}}) {
		if err != nil {
			return err
		}
		if part = append(part, row[at].Text()); len(part) == claimBlock {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// documents hands on the IDs in a column of a table's rows since the last published batch, in portions,
// until use wants no more.
func (b *builder) documents(ctx context.Context, t *ledger.Table, column string, last int64, use func([]claim.ID) (more bool, err error)) error {
	at := t.At(column)
	var ids []claim.ID
	for row, err := range b.store.Rows(ctx, ledger.Query{Table: t, Where: b.since(last), Only: []string{column}}) {
		if err != nil {
			return err
		}
		id := row[at].ID()
		if !id.Known() || len(ids) > 0 && ids[len(ids)-1] == id {
			continue
		}
		if ids = append(ids, id); len(ids) < claimBlock {
			continue
		}
		more, err := use(ids)
		if err != nil || !more {
			return err
		}
		ids = ids[:0]
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := use(ids)
	return err
}

// yearBefore is the same month a year before; what is no month stays before all of them.
func yearBefore(month string) string {
	d, err := civil.ParseISO(month + "-01")
	if err != nil {
		return ""
	}
	return d.AddYears(-1).Month()
}
