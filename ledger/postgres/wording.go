package postgres

import (
	"fmt"
	"slices"
	"strings"

	"revcycle/ledger"
)

// wording is a statement under construction and the arguments for its parameters.
type wording struct {
	sql   strings.Builder
	args  []any
	broad bool // no index leads to the rows: the tables are read from end to end
}

// broad reports whether no condition of a query is on the first column of a key or an index.
func broad(q ledger.Query) bool {
	return !slices.ContainsFunc(q.Where, func(c ledger.Cond) bool {
		if c.Op == ledger.IsNull || c.Op == ledger.NotNull {
			return false
		}
		return c.Column == q.Table.Columns[0].Name || slices.ContainsFunc(q.Table.Indexes, func(x ledger.Index) bool { return x.Columns[0] == c.Column })
	})
}

// argument adds an argument and gives its parameter.
func (w *wording) argument(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
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

func qualified(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "t." + quote(n)
	}
	return strings.Join(out, ", ")
}

func wordRows(q ledger.Query) *wording {
	w := &wording{broad: broad(q)}
	names := columnNames(q.Table)
	var wanted []string
	for _, i := range columnsOf(q) {
		wanted = append(wanted, names[i])
	}
	w.sql.WriteString("SELECT " + qualified(wanted))
	w.from(q)
	w.sql.WriteString(" ORDER BY " + qualified(keyNames(q.Table)))
	if q.Limit > 0 {
		w.sql.WriteString(fmt.Sprintf(" LIMIT %d", q.Limit)) // no parameter: the plan depends on it
	}
	return w
}

func wordSums(q ledger.Query, by, of []string) *wording {
	w := &wording{broad: broad(q)}
	w.sql.WriteString("SELECT ")
	for _, name := range by {
		w.sql.WriteString("t." + quote(name) + ", ")
	}
	w.sql.WriteString("count(*)")
	for _, name := range of {
		w.sql.WriteString(", sum(t." + quote(name) + ")::bigint")
	}
	w.from(q)
	if len(by) > 0 {
		list := qualified(by)
		w.sql.WriteString(" GROUP BY " + list + " ORDER BY " + strings.ReplaceAll(list, ", ", " NULLS FIRST, ") + " NULLS FIRST")
	}
	return w
}

// from words the table and the conditions. Rows of some documents are looked for in those documents' months only.
func (w *wording) from(q ledger.Query) {
	k := tables[q.Table]
	w.sql.WriteString(" FROM " + named(k.Name) + " AS t")
	document := q.Table.Columns[0].Name
	home := k.place == byHome && slices.ContainsFunc(q.Where, func(c ledger.Cond) bool { return c.Op == ledger.In && c.Column == document })
	if home {
		w.sql.WriteString(fmt.Sprintf(" JOIN revcycle.home AS h ON h.id = t.%s AND h.%s = t.%s", quote(document), monthColumn, monthColumn))
	}
	word := " WHERE "
	for _, c := range q.Where {
		name := "t." + quote(c.Column)
		if home && c.Op == ledger.In && c.Column == document {
			name = "h.id"
		}
		w.sql.WriteString(word)
		w.condition(q.Table, c, name)
		word = " AND "
	}
}

func (w *wording) condition(t *ledger.Table, c ledger.Cond, name string) {
	at := t.At(c.Column)
	kind := t.Columns[at].Kind
	empty := emptyForNull(t, at)
	switch c.Op {
	case ledger.In:
		w.in(kind, name, c.Values)
	case ledger.AtLeast:
		w.sql.WriteString(name + " >= " + w.argument(one(c.Values[0])))
	case ledger.Below:
		w.sql.WriteString(name + " < " + w.argument(one(c.Values[0])))
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

// in asks for one of the values: with a single one an index may also give the order.
func (w *wording) in(kind ledger.Kind, name string, values []ledger.Value) {
	known := slices.DeleteFunc(slices.Clone(values), ledger.Value.Null)
	switch len(known) {
	case 0:
		w.sql.WriteString("false")
	case 1:
		w.sql.WriteString(name + " = " + w.argument(one(known[0])))
	default:
		w.sql.WriteString(name + " = ANY(" + w.argument(array(kind, len(known), func(i int) ledger.Value { return known[i] }, false)) + ")")
	}
}
