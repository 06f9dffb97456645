package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// binder hands values to statements.
type binder struct {
	buf []byte
	day civil.Date // the date that iso spells: neighbours in a column are often the same
	iso string
}

func (b *binder) bind(stmt *sqlite.Stmt, i int, v ledger.Value) {
	switch v.Kind() {
	case 0:
		stmt.BindNull(i)
	case ledger.KindDate:
		if d := v.Date(); d != b.day {
			b.day, b.iso = d, d.String()
		}
		stmt.BindText(i, b.iso)
	case ledger.KindText:
		stmt.BindText(i, v.Text())
	case ledger.KindID:
		id := v.ID()
		b.buf = append(b.buf[:0], id[:]...)
		stmt.BindBytes(i, b.buf)
	case ledger.KindDigest, ledger.KindBytes:
		b.buf = append(b.buf[:0], v.Text()...)
		stmt.BindBytes(i, b.buf)
	default:
		stmt.BindInt64(i, v.Int())
	}
}

// scan reads the rows of one answer into the same row again and again.
type scan struct {
	table string
	names []string
	kinds []ledger.Kind
	at    []int // where in the row a column of the answer goes
	row   ledger.Row
	buf   []byte
	days  []string // of date columns: the text of the row before
}

// newScan is for an answer of some of a table's columns; the row's others stay null.
func newScan(t *ledger.Table, columns []int) *scan {
	x := &scan{table: t.Name, at: columns}
	for _, i := range columns {
		x.column(t, i)
	}
	return x.ready(len(t.Columns))
}

// newTotalScan is for a count and the sums of some of a table's columns.
func newTotalScan(t *ledger.Table, of []string) *scan {
	x := &scan{table: t.Name, names: []string{"count"}, kinds: []ledger.Kind{ledger.KindInt}, at: []int{0}}
	for i, name := range of {
		x.column(t, t.At(name))
		x.at = append(x.at, i+1)
	}
	return x.ready(len(x.kinds))
}

func (x *scan) column(t *ledger.Table, i int) {
	x.names = append(x.names, t.Columns[i].Name)
	x.kinds = append(x.kinds, t.Columns[i].Kind)
}

func (x *scan) ready(width int) *scan {
	x.row = make(ledger.Row, width)
	x.days = make([]string, len(x.kinds))
	return x
}

func (x *scan) read(stmt *sqlite.Stmt) (ledger.Row, error) {
	for i, k := range x.kinds {
		cell := &x.row[x.at[i]]
		switch stmt.ColumnType(i) {
		case sqlite.TypeNull:
			*cell = ledger.Value{}
			continue
		case sqlite.TypeInteger:
			switch n := stmt.ColumnInt64(i); k {
			case ledger.KindInt:
				*cell = ledger.Int(n)
			case ledger.KindCents:
				*cell = ledger.Cents(money.Cents(n))
			case ledger.KindBool:
				*cell = ledger.Bool(n != 0)
			default:
				return nil, x.damaged(i)
			}
			continue
		}
		if err := x.readBytes(stmt, cell, i, k); err != nil {
			return nil, err
		}
	}
	return x.row, nil
}

// readBytes reads a column that is kept as text or bytes. A text that is the same as in the row before is not
// copied again.
func (x *scan) readBytes(stmt *sqlite.Stmt, cell *ledger.Value, i int, k ledger.Kind) error {
	n := stmt.ColumnLen(i)
	if n > cap(x.buf) {
		x.buf = make([]byte, n+n/2)
	}
	b := x.buf[:n]
	stmt.ColumnBytes(i, b)
	switch k {
	case ledger.KindText:
		if cell.Text() != string(b) {
			*cell = ledger.Text(string(b)) // the empty text stands for null, also in a key
		}
		return nil
	case ledger.KindDate:
		if cell.Kind() == ledger.KindDate && x.days[i] == string(b) {
			return nil
		}
		d, err := civil.ParseISO(string(b))
		if err != nil || n != len("2006-01-02") {
			return x.damaged(i)
		}
		x.days[i] = string(b)
		*cell = ledger.Date(d)
		return nil
	case ledger.KindID:
		var id claim.ID
		if n != len(id) {
			return x.damaged(i)
		}
		copy(id[:], b)
		*cell = ledger.ID(id)
		return nil
	case ledger.KindDigest:
		var d claim.Digest
		if n != len(d) {
			return x.damaged(i)
		}
		copy(d[:], b)
		*cell = ledger.Digest(d)
		return nil
	}
	if k != ledger.KindBytes {
		return x.damaged(i)
	}
	*cell = ledger.Bytes(b)
	return nil
}

// damaged tells of a cell that this program did not write.
func (x *scan) damaged(i int) error {
	return fmt.Errorf("ledger: read %s: column %s holds no %v: the file was changed by another program: %w",
		x.table, x.names[i], x.kinds[i], ledger.ErrStore)
}
