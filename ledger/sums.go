package ledger

import (
	"fmt"
	"slices"

	"revcycle/money"
)

// Groups adds up rows by some of their columns: what Store.Sums gives, of a store that does not leave it to a database.
type Groups struct {
	table  *Table
	by, of []int // columns
	groups map[string]*group
	key    []byte // of the row at hand
}

type group struct {
	values Row
	count  int64
	sums   []sum
}

// NewGroups is without rows; by and of are as Query.CheckSums wants them.
func NewGroups(t *Table, by, of []string) *Groups {
	g := &Groups{table: t, groups: map[string]*group{}}
	for _, name := range by {
		g.by = append(g.by, t.At(name))
	}
	for _, name := range of {
		g.of = append(g.of, t.At(name))
	}
	if len(by) == 0 {
		g.groups[""] = &group{sums: make([]sum, len(of))}
	}
	return g
}

// Add counts a row of the table; columns that it neither groups by nor sums may be missing. An error wraps ErrStore: a sum does
// not fit.
func (g *Groups) Add(r Row) error {
	g.key = g.key[:0]
	for _, at := range g.by {
		g.key = r[at].Append(g.key)
	}
	in := g.groups[string(g.key)]
	if in == nil {
		in = &group{sums: make([]sum, len(g.of))}
		for _, at := range g.by {
			in.values = append(in.values, r[at])
		}
		g.groups[string(g.key)] = in
	}
	in.count++
	for i, at := range g.of {
		if err := in.sums[i].add(r[at]); err != nil {
			return fmt.Errorf("ledger: sum of %s.%s: %w", g.table.Name, g.table.Columns[at].Name, err)
		}
	}
	return nil
}

// Rows gives the groups, as Store.Sums does.
func (g *Groups) Rows() []Row {
	var out []Row
	for _, in := range g.groups {
		row := append(slices.Clone(in.values), Int(in.count))
		for i, at := range g.of {
			row = append(row, in.sums[i].value(g.table.Columns[at].Kind))
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b Row) int { return slices.CompareFunc(a[:len(g.by)], b[:len(g.by)], Value.Compare) })
	return out
}

type sum struct {
	n     int64
	known bool
}

func (s *sum) add(v Value) error {
	if v.Null() {
		return nil
	}
	n := s.n + v.Int()
	if (n > s.n) != (v.Int() > 0) && v.Int() != 0 {
		return fmt.Errorf("it does not fit 64 bits: %w", ErrStore)
	}
	s.n, s.known = n, true
	return nil
}

func (s *sum) value(k Kind) Value {
	switch {
	case !s.known:
		return Value{}
	case k == KindCents:
		return Cents(money.Cents(s.n))
	}
	return Int(s.n)
}
