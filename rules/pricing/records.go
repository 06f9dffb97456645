package pricing

import (
	"fmt"
	"slices"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/rules"
)

// Record is one row of a table of records: what a publisher says of one key between two days. A method reads
// all of them at load and keeps what it needs, so that a price costs no parsing.
type Record struct {
	Key     string // the key columns, joined by a blank
	Span    civil.Span
	Cite    rules.Cite
	Columns []string // names, shared by all records of a table
	Cells   []string
}

// Text is a column's text, "" where the file has no such column or leaves it empty.
func (r *Record) Text(column string) string {
	if i := slices.Index(r.Columns, column); i >= 0 {
		return r.Cells[i]
	}
	return ""
}

// Number is a column's number; ok is false where it is empty. The table's kind has made sure that it is one.
func (r *Record) Number(column string) (x money.Exact, ok bool) {
	text := r.Text(column)
	if text == "" {
		return x, false
	}
	x, err := money.ParseExact(text)
	return x, err == nil
}

// Flag is a column that says Y or N; known is false where it is empty.
func (r *Record) Flag(column string) (yes, known bool) {
	text := r.Text(column)
	return text == "Y", text != ""
}

// dated finds the value of a key that is in force on a day.
type dated[T any] map[string][]datedValue[T]

type datedValue[T any] struct {
	span  civil.Span
	value T
}

func (d dated[T]) add(key string, span civil.Span, value T) {
	d[key] = append(d[key], datedValue[T]{span, value})
}

func (d dated[T]) at(key string, day civil.Date) (value *T, ok bool) {
	values := d[key]
	for i := range values {
		if values[i].span.Has(day) {
			return &values[i].value, true
		}
	}
	return nil, false
}

// periods cuts time at every day on which a record begins or has ended, oldest first: inside one of them the
// same records are in force.
func periods(tables ...[]Record) []civil.Span {
	var starts []civil.Date
	for _, records := range tables {
		for i := range records {
			starts = append(starts, records[i].Span.From)
			if end := records[i].Span.To; end.Known() {
				starts = append(starts, end.AddDays(1))
			}
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	out := make([]civil.Span, 0, len(starts))
	for i, from := range starts {
		s := civil.Span{From: from}
		if i+1 < len(starts) {
			s.To = starts[i+1].AddDays(-1)
		}
		out = append(out, s)
	}
	return out
}

// common is the days of both spans; ok is false where they share none.
func common(a, b civil.Span) (civil.Span, bool) {
	if !a.Overlaps(b) {
		return civil.Span{}, false
	}
	s := civil.Span{From: max(a.From, b.From), To: a.To}
	if !s.To.Known() || b.To.Known() && b.To < s.To {
		s.To = b.To
	}
	return s, true
}

// fact gathers what a record does not say, so that one sentence names all of it.
type fact struct {
	record  *Record
	missing []string
}

func (f *fact) number(column string) money.Exact {
	x, ok := f.record.Number(column)
	if !ok {
		f.missing = append(f.missing, column)
	}
	return x
}

func (f *fact) text(column string) string {
	s := f.record.Text(column)
	if s == "" {
		f.missing = append(f.missing, column)
	}
	return s
}

func (f *fact) flag(column string) bool {
	return f.text(column) == "Y"
}

func (f *fact) whole(column string) int {
	n, ok := f.number(column).Int()
	if !ok && !slices.Contains(f.missing, column) {
		f.missing = append(f.missing, column+" (a whole number)")
	}
	return int(n)
}

// noTable is the sentence for a year that no row covers.
func noTable(table string, day civil.Date) string {
	return fmt.Sprintf("table %s holds no rows for %s: import the release of that year", table, day)
}
