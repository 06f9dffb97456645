package book

import (
	"cmp"
	"fmt"
	"slices"

	"revcycle/civil"
	"revcycle/rules"
)

// table is a dated lookup with its citation: for a key and a day, the one row in force. Rows lie sorted in
// two flat slices, so that millions of pairs open fast and stay small. It is immutable after sort.
type table[K cmp.Ordered, V any] struct {
	keys   []K
	rows   []row[V]
	source string   // what every citation of the table begins with
	wheres []string // distinct row citations
	seen   map[string]uint32
}

type row[V any] struct {
	value V
	span  civil.Span
	where uint32
	line  uint32 // of the file, for messages
}

// At gives the row of a key in force on a day; ok is false where there is none, or the day is unknown.
func (t *table[K, V]) At(key K, day civil.Date) (value V, cite rules.Cite, ok bool) {
	i, found := slices.BinarySearch(t.keys, key)
	if !found || day == 0 {
		return value, cite, false
	}
	for ; i < len(t.keys) && t.keys[i] == key; i++ {
		if r := &t.rows[i]; r.span.Has(day) {
			return r.value, rules.Cite{Source: t.source, Where: t.wheres[r.where]}, true
		}
	}
	return value, cite, false
}

func (t *table[K, V]) add(key K, value V, span civil.Span, where string, line int) {
	if t.seen == nil {
		t.seen = map[string]uint32{}
	}
	at, ok := t.seen[where]
	if !ok {
		at = uint32(len(t.wheres))
		t.wheres = append(t.wheres, where)
		t.seen[where] = at
	}
	t.keys = append(t.keys, key)
	t.rows = append(t.rows, row[V]{value, span, at, uint32(line)})
}

// sort orders the rows by key and date and refuses two of one key that share a day.
func (t *table[K, V]) sort() error {
	t.seen = nil
	order := make([]int, len(t.keys))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.keys[a], t.keys[b]), cmp.Compare(t.rows[a].span.From, t.rows[b].span.From))
	})
	keys, rows := make([]K, len(order)), make([]row[V], len(order))
	for i, at := range order {
		keys[i], rows[i] = t.keys[at], t.rows[at]
	}
	t.keys, t.rows = keys, rows
	for i := 1; i < len(keys); i++ {
		if keys[i] == keys[i-1] && rows[i].span.Overlaps(rows[i-1].span) {
			return fmt.Errorf("lines %d and %d give one key for the same days: end the older row the day before the newer begins", rows[i-1].line, rows[i].line)
		}
	}
	return nil
}

// pack turns a code of up to six letters and digits into a number; different codes give different numbers.
func pack(code string) (uint32, bool) {
	if len(code) > 6 {
		return 0, false
	}
	var n uint64
	for i := range len(code) {
		ch := code[i]
		switch {
		case ch >= '0' && ch <= '9':
			n = n*37 + uint64(ch-'0') + 1
		case ch >= 'A' && ch <= 'Z':
			n = n*37 + uint64(ch-'A') + 11
		default:
			return 0, false
		}
	}
	return uint32(n), true
}

// packTwo packs two codes into one key.
func packTwo(a, b string) (uint64, bool) {
	x, ok1 := pack(a)
	y, ok2 := pack(b)
	return uint64(x)<<32 | uint64(y), ok1 && ok2
}
