package ledger

import "fmt"

// Check says what keeps a row out of a table: a number of values other than the columns', a value of another
// kind than its column's, or an unknown part of the key. Only a text may be unknown in a key (a payer that was
// not named), and two such rows are one. Stores check each row before they append it.
func (t *Table) Check(r Row) error {
	if len(r) != len(t.Columns) {
		return fmt.Errorf("ledger: a row of %s has %d values, not %d", t.Name, len(t.Columns), len(r))
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch k := r[i].Kind(); {
		case k == c.Kind:
		case k != 0:
			return fmt.Errorf("ledger: %s.%s: the column is %v, the value %v", t.Name, c.Name, c.Kind, k)
		case i < t.KeyLen && c.Kind != KindText:
			return fmt.Errorf("ledger: %s.%s is part of the key and must be known", t.Name, c.Name)
		}
	}
	return nil
}

// CompareKeys orders two rows of the table by key.
func (t *Table) CompareKeys(a, b Row) int {
	for i := range t.KeyLen {
		if c := a[i].Compare(b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// Position is At for names that come from outside: false where the table has no such column.
func (t *Table) Position(column string) (int, bool) {
	for i := range t.Columns {
		if t.Columns[i].Name == column {
			return i, true
		}
	}
	return 0, false
}

// Check says what is wrong with a query: a column that the table does not have, a value of another kind than its
// column's, too many values. A null among a condition's values meets no row.
func (q Query) Check() error {
	if q.Table == nil {
		return fmt.Errorf("ledger: a query names a table")
	}
	if q.Limit < 0 {
		return fmt.Errorf("ledger: query of %s: a limit is 0 (all) or more, not %d", q.Table.Name, q.Limit)
	}
	for _, name := range q.Only {
		if _, ok := q.Table.Position(name); !ok {
			return fmt.Errorf("ledger: table %s has no column %s", q.Table.Name, name)
		}
	}
	total := 0
	for _, c := range q.Where {
		if err := c.check(q.Table); err != nil {
			return err
		}
		total += len(c.Values)
	}
	if total > 3*MaxIn {
		return fmt.Errorf("ledger: query of %s: at most %d values in all, not %d", q.Table.Name, 3*MaxIn, total)
	}
	return nil
}

func (c Cond) check(t *Table) error {
	i, ok := t.Position(c.Column)
	if !ok {
		return fmt.Errorf("ledger: table %s has no column %s", t.Name, c.Column)
	}
	least, most := 1, 1
	switch c.Op {
	case In:
		least, most = 0, MaxIn
	case IsNull, NotNull:
		least, most = 0, 0
	case AtLeast, Below:
	default:
		return fmt.Errorf("ledger: %s.%s: there is no operator %d", t.Name, c.Column, c.Op)
	}
	if n := len(c.Values); n < least || n > most {
		return fmt.Errorf("ledger: %s.%s: the condition takes %d to %d values, not %d", t.Name, c.Column, least, most, n)
	}
	for _, v := range c.Values {
		if !v.Null() && v.Kind() != t.Columns[i].Kind {
			return fmt.Errorf("ledger: %s.%s: the column is %v, the condition's value %v", t.Name, c.Column, t.Columns[i].Kind, v.Kind())
		}
	}
	return nil
}

// CheckSums is Check for Store.Sums: the grouping columns exist, the summed ones hold whole numbers or cents, and
// there is no limit.
func (q Query) CheckSums(by, of []string) error {
	if err := q.Check(); err != nil {
		return err
	}
	if q.Limit != 0 {
		return fmt.Errorf("ledger: sums of %s take no limit", q.Table.Name)
	}
	for _, name := range by {
		if _, ok := q.Table.Position(name); !ok {
			return fmt.Errorf("ledger: table %s has no column %s", q.Table.Name, name)
		}
	}
	for _, name := range of {
		i, ok := q.Table.Position(name)
		if !ok {
			return fmt.Errorf("ledger: table %s has no column %s", q.Table.Name, name)
		}
		if k := q.Table.Columns[i].Kind; k != KindInt && k != KindCents {
			return fmt.Errorf("ledger: %s.%s: only whole numbers and cents are summed, not %v", q.Table.Name, name, k)
		}
	}
	return nil
}

// String is the kind's word.
func (k Kind) String() string {
	words := [...]string{"null", "int", "cents", "date", "bool", "text", "id", "digest", "bytes"}
	if int(k) < len(words) {
		return words[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Row gives the unit's row in table unit, with its tally.
func (u Unit) Row(tally []byte) Row {
	return Row{Int(u.Batch), Text(u.Stage), Text(u.Key), Bytes(tally)}
}
