package postgres

import (
	"context"
	"encoding/binary"
	"io"

	"github.com/jackc/pgx/v5"

	"revcycle/civil"
	"revcycle/ledger"
)

// chosen is some rows of a call: where each stood in it, and its month where the table has months.
type chosen struct {
	rows   []ledger.Row
	at     []int
	months []civil.Date
}

func (c *chosen) add(r ledger.Row, at int, month civil.Date) {
	c.rows, c.at, c.months = append(c.rows, r), append(c.at, at), append(c.months, month)
}

func (c *chosen) portion(from, to int) *chosen {
	return &chosen{c.rows[from:to], c.at[from:to], c.months[from:to]}
}

// copyReader gives rows in the binary form of COPY, as much of it as is asked for.
type copyReader struct {
	t    *kept
	c    *chosen
	next int
	buf  []byte // made and not yet read
	rest []byte // the unread part of buf
	over bool
}

const copyChunk = 64 << 10

// Read is io.Reader's.
func (r *copyReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.over {
			return 0, io.EOF
		}
		r.fill()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *copyReader) fill() {
	b := r.buf[:0]
	if r.next == 0 {
		b = append(b, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	}
	width := len(r.t.Columns)
	if r.t.place != whole {
		width++
	}
	for ; r.next < len(r.c.rows) && len(b) < copyChunk; r.next++ {
		b = binary.BigEndian.AppendUint16(b, uint16(width))
		for i, v := range r.c.rows[r.next] {
			if v.Null() && emptyForNull(r.t.Table, i) {
				b = binary.BigEndian.AppendUint32(b, 0)
			} else {
				b = appendField(b, v)
			}
		}
		if r.t.place != whole {
			b = appendDate(b, r.c.months[r.next])
		}
	}
	if r.next == len(r.c.rows) {
		b = binary.BigEndian.AppendUint16(b, 0xffff)
		r.over = true
	}
	r.buf, r.rest = b, b
}

// copyTo copies rows into a table, the ledger's or the one in which they wait for their merge.
func copyTo(ctx context.Context, conn *pgx.Conn, table string, t *kept, c *chosen) error {
	_, err := conn.PgConn().CopyFrom(ctx, &copyReader{t: t, c: c}, "COPY "+table+" ("+t.columnList()+") FROM STDIN BINARY")
	return err
}

// columnList names all columns that the store fills.
func (t *kept) columnList() string {
	list := quoteAll(columnNames(t.Table))
	if t.place != whole {
		list += ", " + monthColumn
	}
	return list
}
