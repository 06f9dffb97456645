package ledger

import (
	"cmp"
	"encoding/binary"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// Kind is the type of a column.
type Kind uint8

// The kinds of column and how a store keeps them.
const (
	KindInt    Kind = iota + 1 // 64-bit integer
	KindCents                  // 64-bit integer, cents
	KindDate                   // a calendar date: ISO text in SQLite, date in PostgreSQL
	KindBool                   // 0 or 1
	KindText                   // UTF-8, compared by bytes
	KindID                     // 16 bytes
	KindDigest                 // 32 bytes
	KindBytes                  // a document: first byte = its format
)

// Value is one cell of a row. The zero Value is null.
type Value struct {
	kind Kind
	n    int64
	m    uint64
	s    string
}

// Int is a whole number.
func Int(n int64) Value { return Value{kind: KindInt, n: n} }

// Cents is an amount; never null.
func Cents(c money.Cents) Value { return Value{kind: KindCents, n: int64(c)} }

// CentsOrNull is an amount, or null where it is unknown.
func CentsOrNull(c *money.Cents) Value {
	if c == nil {
		return Value{}
	}
	return Cents(*c)
}

// Date is a date; an unknown date is null.
func Date(d civil.Date) Value {
	if !d.Known() {
		return Value{}
	}
	return Value{kind: KindDate, n: int64(d)}
}

// Bool is true or false; never null.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, n: 1}
	}
	return Value{kind: KindBool}
}

// Text is a text; "" is null, as an element that was not sent.
func Text(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{kind: KindText, s: s}
}

// ID is a document ID; the zero ID is null.
func ID(id claim.ID) Value {
	if !id.Known() {
		return Value{}
	}
	return Value{kind: KindID, n: int64(binary.BigEndian.Uint64(id[:8])), m: binary.BigEndian.Uint64(id[8:])}
}

// Digest is a SHA-256; never null.
func Digest(d claim.Digest) Value { return Value{kind: KindDigest, s: string(d[:])} }

// Bytes is a document; an empty one is null.
func Bytes(b []byte) Value {
	if len(b) == 0 {
		return Value{}
	}
	return Value{kind: KindBytes, s: string(b)}
}

// Kind is the kind of the value, 0 for null.
func (v Value) Kind() Kind { return v.kind }

// Null reports whether the value is null.
func (v Value) Null() bool { return v.kind == 0 }

// Int is the number of an Int, Bool, Cents or Date; 0 for null.
func (v Value) Int() int64 { return v.n }

// Cents is the amount; 0 for null: ask Null, or use CentsPtr.
func (v Value) Cents() money.Cents { return money.Cents(v.n) }

// CentsPtr is the amount, nil for null.
func (v Value) CentsPtr() *money.Cents {
	if v.kind == 0 {
		return nil
	}
	c := money.Cents(v.n)
	return &c
}

// Date is the date; unknown for null.
func (v Value) Date() civil.Date { return civil.Date(v.n) }

// Bool is the truth; false for null.
func (v Value) Bool() bool { return v.n != 0 }

// Text is the text; "" for null.
func (v Value) Text() string { return v.s }

// Bytes is the document; nil for null.
func (v Value) Bytes() []byte {
	if v.kind == 0 {
		return nil
	}
	return []byte(v.s)
}

// ID is the document ID; the zero ID for null.
func (v Value) ID() claim.ID {
	var id claim.ID
	if v.kind == KindID {
		binary.BigEndian.PutUint64(id[:8], uint64(v.n))
		binary.BigEndian.PutUint64(id[8:], v.m)
	}
	return id
}

// Digest is the SHA-256; zeros for null.
func (v Value) Digest() claim.Digest {
	var d claim.Digest
	copy(d[:], v.s)
	return d
}

// Compare orders two values of one column: null first, numbers by size, text and bytes by byte.
func (v Value) Compare(o Value) int {
	if v.kind == 0 || o.kind == 0 {
		return cmp.Compare(v.kind, o.kind)
	}
	switch v.kind {
	case KindID:
		if c := cmp.Compare(uint64(v.n), uint64(o.n)); c != 0 {
			return c
		}
		return cmp.Compare(v.m, o.m)
	case KindText, KindDigest, KindBytes:
		return strings.Compare(v.s, o.s)
	}
	return cmp.Compare(v.n, o.n)
}

// Append appends a form of the value that is equal only for equal values; verify digests are made of it.
func (v Value) Append(b []byte) []byte {
	b = append(b, byte(v.kind))
	switch v.kind {
	case 0:
	case KindID:
		b = binary.BigEndian.AppendUint64(b, uint64(v.n))
		b = binary.BigEndian.AppendUint64(b, v.m)
	case KindText, KindDigest, KindBytes:
		b = binary.BigEndian.AppendUint32(b, uint32(len(v.s)))
		b = append(b, v.s...)
	default:
		b = binary.BigEndian.AppendUint64(b, uint64(v.n))
	}
	return b
}

// Row is one row of a table, a value for each of its columns in their order.
type Row []Value
