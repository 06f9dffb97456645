package storetest

import (
	"context"
	"slices"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// snapshot would catch a range that shows rows appended behind its first one, ahead of it or in its place.
func snapshot(t *testing.T, s ledger.Store) {
	var rows []ledger.Row
	for n := range 500 {
		rows = append(rows, line(2*n, 1, "before", 1))
	}
	put(t, s, "before", ledger.Lines, rows...)
	n := 0
	for r, err := range s.Rows(context.Background(), ledger.Query{Table: ledger.Lines}) {
		if err != nil {
			t.Fatal(err)
		}
		if r[ledger.Lines.At("procedure")].Text() != "before" || r[0].ID() != claimID(2*n) {
			t.Fatalf("row %d: got %v %q; want that of before", n, r[0].ID(), r[ledger.Lines.At("procedure")].Text())
		}
		if n%100 == 0 {
			put(t, s, r[0].ID().String(), ledger.Lines, line(2*n+1, 1, "between", 1), line(2*n+901, 1, "between", 1), line(5000+n, 1, "between", 1))
		}
		n++
	}
	if n != 500 {
		t.Errorf("got %d rows want 500", n)
	}
	if n := count(t, s, ledger.Lines); n <= 500 {
		t.Errorf("got %d rows after, want those of between too", n)
	}
}

// breakOff would catch a range that keeps what it holds: connections run out, or writers wait for it.
func breakOff(t *testing.T, s ledger.Store) {
	put(t, s, "a", ledger.Lines, line(1, 1, "", 1), line(1, 2, "", 1), line(1, 3, "", 1))
	q := ledger.Query{Table: ledger.Lines}
	for range 200 {
		for range s.Rows(context.Background(), q) {
			break
		}
	}
	var nest func(depth int) int
	nest = func(depth int) (n int) {
		for r, err := range s.Rows(context.Background(), q) {
			if err != nil {
				t.Fatal(err)
			}
			before := slices.Clone(r)
			n++
			if depth > 0 {
				n += nest(depth - 1)
			}
			if !slices.Equal(r, before) {
				t.Fatalf("a row changed while another range went on: %v, was %v", r, before)
			}
		}
		return n
	}
	if got := nest(3); got != 3+9+27+81 {
		t.Errorf("nested ranges: got %d rows want 120", got)
	}
	put(t, s, "b", ledger.Lines, line(2, 1, "", 1))
}

// operators checks each operator on each kind, by the order that Compare gives.
func operators(t *testing.T, s ledger.Store) {
	// Of the columns of these tables, one of each kind that is not in the key.
	cases := []struct {
		table  *ledger.Table
		column string
	}{
		{ledger.Claims, "batch"}, {ledger.Claims, "charge"}, {ledger.Claims, "service_from"}, {ledger.Settlements, "has_denial"},
		{ledger.Claims, "control_norm"}, {ledger.Claims, "patient"}, {ledger.Claims, "file"}, {ledger.Claims, "doc"}, {ledger.Seen, "rank"},
	}
	for n, c := range cases {
		at := c.table.At(c.column)
		values := extremes(c.table.Columns[at].Kind)
		slices.SortFunc(values, ledger.Value.Compare)
		random := newSource(uint64(n))
		tag := ledger.Text(c.column)
		mark := c.table.At(map[*ledger.Table]string{ledger.Claims: "control", ledger.Settlements: "state", ledger.Seen: "rank"}[c.table])
		var rows []ledger.Row
		for i := range 2*len(values) + 2 {
			r := random.row(c.table)
			r[0] = extremes(c.table.Columns[0].Kind)[0]
			if c.table.Columns[0].Kind == ledger.KindID {
				r[0] = ledger.ID(claim.ID{0: byte(n + 1), 15: byte(i)})
			} else {
				r[0] = ledger.Digest(claim.Digest{0: byte(n + 1), 31: byte(i)})
			}
			r[mark], r[at] = tag, ledger.Value{}
			if i < 2*len(values) {
				r[at] = values[i/2]
			}
			rows = append(rows, r)
		}
		put(t, s, c.column, c.table, rows...)
		ask := func(op ledger.Op, v ...ledger.Value) []ledger.Row {
			where := []ledger.Cond{{Column: c.column, Op: op, Values: v}}
			if mark != at {
				where = append(where, ledger.Cond{Column: c.table.Columns[mark].Name, Op: ledger.In, Values: []ledger.Value{tag}})
			}
			return all(t, s, ledger.Query{Table: c.table, Where: where})
		}
		known := rows[:2*len(values)]
		same(t, c.column+" is null", ask(ledger.IsNull), rows[len(known):])
		same(t, c.column+" not null", ask(ledger.NotNull), known)
		same(t, c.column+" in nothing", ask(ledger.In), nil)
		same(t, c.column+" in null", ask(ledger.In, ledger.Value{}), nil)
		same(t, c.column+" at least null", ask(ledger.AtLeast, ledger.Value{}), nil)
		same(t, c.column+" below null", ask(ledger.Below, ledger.Value{}), nil)
		for i, v := range values {
			same(t, c.column+" in one", ask(ledger.In, v), known[2*i:2*i+2])
			same(t, c.column+" at least", ask(ledger.AtLeast, v), known[2*i:])
			same(t, c.column+" below", ask(ledger.Below, v), known[:2*i])
		}
		same(t, c.column+" in two", ask(ledger.In, values[len(values)-1], values[0], ledger.Value{}, values[0]),
			append(slices.Clone(known[:2]), known[len(known)-2:]...))
	}
}

func manyValues(t *testing.T, s ledger.Store) {
	const rows = 12_000
	var add []ledger.Row
	for n := range rows {
		add = append(add, line(n, 1, "", money.Cents(n)))
	}
	put(t, s, "a", ledger.Lines, add...)
	var ids, charges []ledger.Value
	for n := range ledger.MaxIn {
		ids = append(ids, ledger.ID(claimID(rows-1-n)))
		charges = append(charges, ledger.Cents(money.Cents(n)))
	}
	got := all(t, s, ledger.Query{Table: ledger.Lines, Where: []ledger.Cond{cond("claim", ledger.In, ids...), cond("charge", ledger.In, charges...)}})
	same(t, "ten thousand of each", got, add[rows-ledger.MaxIn:ledger.MaxIn])
}

func limit(t *testing.T, s ledger.Store) {
	var rows []ledger.Row
	for n := range 50 {
		rows = append(rows, line(n, 1, map[bool]string{true: "even", false: "odd"}[n%2 == 0], 1))
	}
	put(t, s, "a", ledger.Lines, rows[25:]...)
	put(t, s, "b", ledger.Lines, rows[:25]...)
	same(t, "limit 7", all(t, s, ledger.Query{Table: ledger.Lines, Limit: 7}), rows[:7])
	same(t, "limit 70", all(t, s, ledger.Query{Table: ledger.Lines, Limit: 70}), rows)
	same(t, "limit 2 of the odd", all(t, s, ledger.Query{Table: ledger.Lines, Limit: 2,
		Where: []ledger.Cond{cond("procedure", ledger.In, ledger.Text("odd"))}}), []ledger.Row{rows[1], rows[3]})
}

func wrongQuestions(t *testing.T, s ledger.Store) {
	one := []ledger.Value{ledger.Int(1)}
	for name, q := range map[string]ledger.Query{
		"no table":       {},
		"no such column": {Table: ledger.Lines, Where: []ledger.Cond{{Column: "colour", Op: ledger.In, Values: one}}},
		"other kind":     {Table: ledger.Lines, Where: []ledger.Cond{{Column: "charge", Op: ledger.In, Values: one}}},
		"no operator":    {Table: ledger.Lines, Where: []ledger.Cond{{Column: "line_no", Op: 0, Values: one}}},
		"no value":       {Table: ledger.Lines, Where: []ledger.Cond{{Column: "line_no", Op: ledger.AtLeast, Values: nil}}},
		"a value":        {Table: ledger.Lines, Where: []ledger.Cond{{Column: "line_no", Op: ledger.IsNull, Values: one}}},
		"too many":       {Table: ledger.Lines, Where: []ledger.Cond{{Column: "line_no", Op: ledger.In, Values: make([]ledger.Value, ledger.MaxIn+1)}}},
		"negative limit": {Table: ledger.Lines, Limit: -1},
	} {
		n := 0
		for _, err := range s.Rows(context.Background(), q) {
			if n++; err == nil {
				t.Errorf("%s: rows were given", name)
			}
		}
		if n != 1 {
			t.Errorf("%s: got %d answers, want one error", name, n)
		}
		if _, err := s.Sums(context.Background(), q, nil, nil); err == nil {
			t.Errorf("%s: sums were given", name)
		}
	}
	for _, of := range []string{"procedure", "claim", "service_from", "colour"} {
		if _, err := s.Sums(context.Background(), ledger.Query{Table: ledger.Lines}, nil, []string{of}); err == nil {
			t.Errorf("a sum of %s was given", of)
		}
	}
}

// sums are checked against figures added up by hand.
func sums(t *testing.T, s ledger.Store) {
	day := func(n int) ledger.Value { return ledger.Date(civil.Of(2026, 1, n)) }
	row := func(n int, procedure string, charge, from ledger.Value) ledger.Row {
		r := line(1, n, procedure, 0)
		r[ledger.Lines.At("charge")], r[ledger.Lines.At("service_from")] = charge, from
		return r
	}
	cents := func(c money.Cents) ledger.Value { return ledger.Cents(c) }
	put(t, s, "a", ledger.Lines,
		row(1, "B", cents(100), day(2)), row(2, "B", cents(-250), day(1)), row(3, "B", ledger.Value{}, day(2)),
		row(4, "A", ledger.Value{}, day(1)), row(5, "", cents(7), ledger.Value{}), row(6, "", cents(0), ledger.Value{}))
	q := ledger.Query{Table: ledger.Lines}
	check := func(name string, q ledger.Query, by, of []string, want ...ledger.Row) {
		t.Helper()
		got, err := s.Sums(context.Background(), q, by, of)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		same(t, name, got, want)
	}
	n := ledger.Int
	null := ledger.Value{}
	check("by procedure", q, []string{"procedure"}, []string{"charge", "line_no"},
		ledger.Row{null, n(2), cents(7), n(11)}, ledger.Row{ledger.Text("A"), n(1), null, n(4)}, ledger.Row{ledger.Text("B"), n(3), cents(-150), n(6)})
	check("by procedure and day", q, []string{"procedure", "service_from"}, []string{"charge"},
		ledger.Row{null, null, n(2), cents(7)}, ledger.Row{ledger.Text("A"), day(1), n(1), null},
		ledger.Row{ledger.Text("B"), day(1), n(1), cents(-250)}, ledger.Row{ledger.Text("B"), day(2), n(2), cents(100)})
	check("by day and procedure", q, []string{"service_from", "procedure"}, nil,
		ledger.Row{null, null, n(2)}, ledger.Row{day(1), ledger.Text("A"), n(1)},
		ledger.Row{day(1), ledger.Text("B"), n(1)}, ledger.Row{day(2), ledger.Text("B"), n(2)})
	check("all", q, nil, []string{"charge"}, ledger.Row{n(6), cents(-143)})
	where := ledger.Query{Table: ledger.Lines, Where: []ledger.Cond{{Column: "line_no", Op: ledger.AtLeast, Values: []ledger.Value{n(5)}}}}
	check("some, by claim", where, []string{"claim"}, []string{"charge"}, ledger.Row{ledger.ID(claimID(1)), n(2), cents(7)})
	none := ledger.Query{Table: ledger.Lines, Where: []ledger.Cond{{Column: "line_no", Op: ledger.AtLeast, Values: []ledger.Value{n(7)}}}}
	check("none", none, nil, []string{"charge"}, ledger.Row{n(0), null})
	check("none, by claim", none, []string{"claim"}, []string{"charge"})
}
