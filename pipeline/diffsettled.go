package pipeline

import (
	"context"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// asOf goes through a table of opinions and gives each subject's row as of one batch and as of another, null rows where it
// had none. Rows of one subject come oldest first.
func asOf(ctx context.Context, s ledger.Store, t *ledger.Table, from, to int64, only []string, f func(before, after ledger.Row)) error {
	batch := t.At("batch")
	var before, after, last ledger.Row
	for row, err := range s.Rows(ctx, ledger.Query{Table: t, Only: only}) {
		if err != nil {
			return err
		}
		if last != nil && !sameSubject(t, last, row) {
			if after != nil {
				f(before, after)
			}
			before, after = nil, nil
		}
		last = append(ledger.Row(nil), row...)
		if n := row[batch].Int(); n <= to {
			after = last
			if n <= from {
				before = last
			}
		}
	}
	if after != nil {
		f(before, after)
	}
	return nil
}

// sameSubject reports whether two rows of opinions are of one subject: their keys differ in the batch alone.
func sameSubject(t *ledger.Table, a, b ledger.Row) bool {
	batch := t.At("batch")
	for i := range t.KeyLen {
		if i != batch && a[i].Compare(b[i]) != 0 {
			return false
		}
	}
	return true
}

// paymentsMoved counts the claims whose standing with a payer changed, each once, and the dollars that payers allowed below
// and above what was expected.
func paymentsMoved(ctx context.Context, s ledger.Store, from, to int64, m *PaymentMove) error {
	t := ledger.Settlements
	state, allowed, expected, under, over := t.At("state"), t.At("allowed"), t.At("expected"), t.At("is_underpaid"), t.At("is_overpaid")
	off := func(row ledger.Row) (below, above money.Cents) {
		if row == nil || row[expected].Null() {
			return 0, 0
		}
		if row[under].Bool() {
			below = row[expected].Cents() - row[allowed].Cents()
		}
		if row[over].Bool() {
			above = row[allowed].Cents() - row[expected].Cents()
		}
		return below, above
	}
	is := func(row ledger.Row, at int) bool { return row != nil && row[at].Bool() }
	var stateOf, varianceOf claim.ID // of which claim it was counted last
	only := []string{"state", "allowed", "expected", "is_underpaid", "is_overpaid"}
	return asOf(ctx, s, t, from, to, only, func(before, after ledger.Row) {
		id := after[0].ID()
		wasBelow, wasAbove := off(before)
		below, above := off(after)
		m.Underpaid.count(is(before, under), is(after, under), wasBelow, below)
		m.Overpaid.count(is(before, over), is(after, over), wasAbove, above)
		if (before == nil || before[state] != after[state]) && stateOf != id {
			m.State++
			stateOf = id
		}
		if (is(before, under) != is(after, under) || is(before, over) != is(after, over) || wasBelow != below || wasAbove != above) && varianceOf != id {
			m.Variance++
			varianceOf = id
		}
	})
}

func (x *CountAmount) count(was, is bool, before, after money.Cents) {
	if was {
		x.CountBefore++
	}
	if is {
		x.CountAfter++
	}
	x.Before += before
	x.After += after
}

// denialsMoved counts the denials that opened and closed.
func denialsMoved(ctx context.Context, s ledger.Store, from, to int64, m *DenialMove) error {
	t := ledger.Denials
	denied, status, recovered := t.At("denied"), t.At("status"), t.At("recovered")
	return asOf(ctx, s, t, from, to, []string{"denied", "status", "recovered"}, func(before, after ledger.Row) {
		was, is := before != nil && before[status].Text() == "open", after[status].Text() == "open"
		switch {
		case is && !was:
			m.Opened++
			m.OpenedDenied += after[denied].Cents()
		case was && !is:
			m.Closed++
			m.ClosedDenied += after[denied].Cents()
			m.Recovered += after[recovered].Cents()
		}
	})
}
