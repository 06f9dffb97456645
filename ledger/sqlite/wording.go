package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"revcycle/ledger"
)

// wording is a statement under construction and the values for its parameters.
type wording struct {
	sql    strings.Builder
	values []ledger.Value
}

func (w *wording) bind(stmt *sqlite.Stmt) {
	var b binder
	for i, v := range w.values {
		b.bind(stmt, i+1, v)
	}
}

// columnsOf gives the columns that a query wants, in the table's order: the key and what it names.
func columnsOf(q ledger.Query) []int {
	columns := make([]int, 0, len(q.Table.Columns))
	for i, c := range q.Table.Columns {
		if q.Only == nil || i < q.Table.KeyLen || slices.Contains(q.Only, c.Name) {
			columns = append(columns, i)
		}
	}
	return columns
}

// wordRows words a query; where from is not nil, only its rows behind that place.
func wordRows(q ledger.Query, from *place) *wording {
	w := wordColumns(q.Table, columnsOf(q))
	w.from(q)
	if from != nil {
		w.behind(q, from)
	}
	w.sql.WriteString(" ORDER BY " + keyList(q.Table))
	if q.Limit > 0 {
		w.sql.WriteString(" LIMIT ?")
		w.values = append(w.values, ledger.Int(int64(q.Limit)))
	}
	return w
}

// wordUnordered asks for some columns of the rows that meet a query, in any order.
func wordUnordered(q ledger.Query, columns []int) *wording {
	w := wordColumns(q.Table, columns)
	w.fromTogether(q)
	return w
}

// wordTotal counts the rows that meet a query and sums some of their columns.
func wordTotal(q ledger.Query, of []string) *wording {
	w := &wording{}
	w.sql.WriteString("SELECT count(*)")
	for _, name := range of {
		w.sql.WriteString(", sum(" + quote(name) + ")")
	}
	if len(of) == 0 {
		w.from(q) // an index alone has the answer
	} else {
		w.fromTogether(q)
	}
	return w
}

func wordColumns(t *ledger.Table, columns []int) *wording {
	w := &wording{}
	w.sql.WriteString("SELECT ")
	for i, at := range columns {
		if i > 0 {
			w.sql.WriteString(", ")
		}
		w.sql.WriteString(columnOf(t, at))
	}
	return w
}

// fromTogether asks for rows in any order. Those of a batch were appended together, and are read from the first of them to the
// last: in the order of its index, which is that of their keys, most pages would be read many times.
func (w *wording) fromTogether(q ledger.Query) {
	at := slices.IndexFunc(q.Where, func(c ledger.Cond) bool { return c.Column == "batch" && c.Op == ledger.In && len(c.Values) == 1 })
	index := slices.IndexFunc(q.Table.Indexes, func(x ledger.Index) bool { return x.Columns[0] == "batch" })
	if at < 0 || index < 0 {
		w.from(q)
		return
	}
	batch := q.Where[at].Values[0]
	q.Where = slices.Delete(slices.Clone(q.Where), at, at+1)
	w.from(q)
	word := " WHERE "
	if len(q.Where) > 0 {
		word = " AND "
	}
	end := fmt.Sprintf(`(rowid) FROM %s INDEXED BY %s WHERE "batch" = ?)`, quote(q.Table.Name), quote(indexName(q.Table, q.Table.Indexes[index])))
	w.sql.WriteString(word + `+"batch" = ? AND rowid >= (SELECT min` + end + ` AND rowid <= (SELECT max` + end)
	w.values = append(w.values, batch, batch, batch)
}

func (w *wording) from(q ledger.Query) {
	w.sql.WriteString(" FROM " + quote(q.Table.Name))
	for i, c := range q.Where {
		if i == 0 {
			w.sql.WriteString(" WHERE ")
		} else {
			w.sql.WriteString(" AND ")
		}
		w.condition(q.Table, c)
	}
}

// behind goes on from a place: behind its key, among the rows that were there at its snapshot. The sign before
// rowid keeps SQLite from choosing its order.
func (w *wording) behind(q ledger.Query, from *place) {
	word := " WHERE "
	if len(q.Where) > 0 {
		word = " AND "
	}
	w.sql.WriteString(word + "(" + keyList(q.Table) + ") > (")
	for i, v := range from.key {
		if i > 0 {
			w.sql.WriteString(", ")
		}
		if emptyForNull(q.Table, i) {
			w.sql.WriteString("coalesce(?, '')")
		} else {
			w.sql.WriteString("?")
		}
		w.values = append(w.values, v)
	}
	w.sql.WriteString(") AND +rowid <= ?")
	w.values = append(w.values, ledger.Int(from.last))
}

func (w *wording) condition(t *ledger.Table, c ledger.Cond) {
	at := t.At(c.Column)
	name := columnOf(t, at)
	empty := emptyForNull(t, at)
	switch c.Op {
	case ledger.In:
		w.in(name, c.Values)
	case ledger.AtLeast:
		w.sql.WriteString(name + " >= ?")
		w.values = append(w.values, c.Values[0])
	case ledger.Below:
		w.sql.WriteString(name + " < ?")
		w.values = append(w.values, c.Values[0])
		if empty {
			w.sql.WriteString(" AND " + name + " <> ''")
		}
	case ledger.IsNull:
		if empty {
			w.sql.WriteString(name + " = ''")
		} else {
			w.sql.WriteString(name + " IS NULL")
		}
	case ledger.NotNull:
		if empty {
			w.sql.WriteString(name + " <> ''")
		} else {
			w.sql.WriteString(name + " IS NOT NULL")
		}
	}
}

// places are parameters behind the first one.
var places = strings.Repeat(",?", ledger.MaxIn)

// in asks for one of the values. The number of parameters is rounded up to a power of two, with the last value
// repeated, so that a connection prepares few statements and uses them again.
func (w *wording) in(name string, values []ledger.Value) {
	first := len(w.values)
	w.values = slices.Grow(w.values, 2*len(values))
	for _, v := range values {
		if !v.Null() {
			w.values = append(w.values, v)
		}
	}
	n := len(w.values) - first
	switch n {
	case 0:
		w.sql.WriteString("0")
		return
	case 1:
		w.sql.WriteString(name + " = ?")
		return
	}
	width := 2
	for width < n {
		width *= 2
	}
	width = min(width, ledger.MaxIn)
	last := w.values[len(w.values)-1]
	for range width - n {
		w.values = append(w.values, last)
	}
	w.sql.WriteString(name + " IN (?" + places[:2*(width-1)] + ")")
}
