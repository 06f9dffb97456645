package mem

import (
	"context"
	"fmt"
	"slices"

	"revcycle/ledger"
	"revcycle/money"
)

// Sums is ledger.Store's.
func (s *Store) Sums(ctx context.Context, q ledger.Query, by, of []string) ([]ledger.Row, error) {
	if err := q.CheckSums(by, of); err != nil {
		return nil, err
	}
	rows, err := s.meeting(ctx, q)
	if err != nil {
		return nil, err
	}
	groups := map[string]*group{}
	if len(by) == 0 {
		groups[""] = &group{sums: make([]sum, len(of))}
	}
	for _, r := range rows {
		values := make(ledger.Row, len(by))
		var key []byte
		for i, name := range by {
			values[i] = r[q.Table.At(name)]
			key = values[i].Append(key)
		}
		g := groups[string(key)]
		if g == nil {
			g = &group{values: values, sums: make([]sum, len(of))}
			groups[string(key)] = g
		}
		g.count++
		for i, name := range of {
			if err := g.sums[i].add(r[q.Table.At(name)]); err != nil {
				return nil, fmt.Errorf("ledger: sum of %s.%s: %w", q.Table.Name, name, err)
			}
		}
	}
	var out []ledger.Row
	for _, g := range groups {
		row := append(slices.Clone(g.values), ledger.Int(g.count))
		for i, name := range of {
			row = append(row, g.sums[i].value(q.Table.Columns[q.Table.At(name)].Kind))
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b ledger.Row) int {
		return slices.CompareFunc(a[:len(by)], b[:len(by)], ledger.Value.Compare)
	})
	return out, nil
}

type group struct {
	values ledger.Row
	count  int64
	sums   []sum
}

type sum struct {
	n     int64
	known bool
}

func (s *sum) add(v ledger.Value) error {
	if v.Null() {
		return nil
	}
	n := s.n + v.Int()
	if (n > s.n) != (v.Int() > 0) && v.Int() != 0 {
		return fmt.Errorf("it does not fit 64 bits: %w", ledger.ErrStore)
	}
	s.n, s.known = n, true
	return nil
}

func (s *sum) value(k ledger.Kind) ledger.Value {
	switch {
	case !s.known:
		return ledger.Value{}
	case k == ledger.KindCents:
		return ledger.Cents(money.Cents(s.n))
	}
	return ledger.Int(s.n)
}
