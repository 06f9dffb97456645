package postgres

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// epoch is PostgreSQL's day 0.
var epoch = civil.Of(2000, 1, 1)

// appendField appends a value in PostgreSQL's binary form, with its length before it.
func appendField(b []byte, v ledger.Value) []byte {
	switch v.Kind() {
	case 0:
		return binary.BigEndian.AppendUint32(b, 0xffffffff)
	case ledger.KindDate:
		return appendDate(b, v.Date())
	case ledger.KindBool:
		b = binary.BigEndian.AppendUint32(b, 1)
		return append(b, byte(v.Int()))
	case ledger.KindText:
		s := escape(v.Text())
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		return append(b, s...)
	case ledger.KindID:
		id := v.ID()
		b = binary.BigEndian.AppendUint32(b, uint32(len(id)))
		return append(b, id[:]...)
	case ledger.KindDigest, ledger.KindBytes:
		s := v.Text()
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		return append(b, s...)
	}
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, uint64(v.Int()))
}

func appendDate(b []byte, d civil.Date) []byte {
	b = binary.BigEndian.AppendUint32(b, 4)
	return binary.BigEndian.AppendUint32(b, uint32(int32(d)-int32(epoch)))
}

// field reads a value from PostgreSQL's binary form; nil is null. A text or document that is the same as was is not copied again.
func field(k ledger.Kind, b []byte, was ledger.Value) (ledger.Value, error) {
	if b == nil {
		return ledger.Value{}, nil
	}
	switch {
	case k == ledger.KindText:
		if was.Kind() == k && was.Text() == string(b) && !strings.Contains(was.Text(), escapesLead) {
			return was, nil
		}
		return ledger.Text(unescape(string(b))), nil // the empty text stands for null, also in a key
	case k == ledger.KindBytes:
		return ledger.Bytes(b), nil
	case k == ledger.KindID && len(b) == 16:
		return ledger.ID(claim.ID(b)), nil
	case k == ledger.KindDigest && len(b) == 32:
		return ledger.Digest(claim.Digest(b)), nil
	case k == ledger.KindDate && len(b) == 4:
		return ledger.Date(civil.Date(int32(binary.BigEndian.Uint32(b)) + int32(epoch))), nil
	case k == ledger.KindBool && len(b) == 1:
		return ledger.Bool(b[0] != 0), nil
	case k == ledger.KindInt && len(b) == 8:
		return ledger.Int(int64(binary.BigEndian.Uint64(b))), nil
	case k == ledger.KindCents && len(b) == 8:
		return ledger.Cents(money.Cents(binary.BigEndian.Uint64(b))), nil
	}
	return ledger.Value{}, fmt.Errorf("%d bytes are no %v", len(b), k)
}

func asDate(d civil.Date) pgtype.Date {
	return pgtype.Date{Time: time.Unix(int64(d.Unix())*86400, 0).UTC(), Valid: true}
}

// array gives values of one kind as an argument for a parameter that is an array. Nulls stay null, except that where
// empty is set they become the empty text.
func array(k ledger.Kind, n int, at func(int) ledger.Value, empty bool) any {
	switch k {
	case ledger.KindDate:
		return arrayOf(n, at, func(v ledger.Value) pgtype.Date {
			if v.Null() {
				return pgtype.Date{}
			}
			return asDate(v.Date())
		})
	case ledger.KindBool:
		return arrayOf(n, at, func(v ledger.Value) pgtype.Bool { return pgtype.Bool{Bool: v.Bool(), Valid: !v.Null()} })
	case ledger.KindText:
		return arrayOf(n, at, func(v ledger.Value) pgtype.Text {
			return pgtype.Text{String: escape(v.Text()), Valid: empty || !v.Null()}
		})
	case ledger.KindID:
		return arrayOf(n, at, func(v ledger.Value) pgtype.UUID { return pgtype.UUID{Bytes: v.ID(), Valid: !v.Null()} })
	case ledger.KindDigest, ledger.KindBytes:
		return arrayOf(n, at, func(v ledger.Value) []byte { return v.Bytes() })
	}
	return arrayOf(n, at, func(v ledger.Value) pgtype.Int8 { return pgtype.Int8{Int64: v.Int(), Valid: !v.Null()} })
}

func arrayOf[T any](n int, at func(int) ledger.Value, as func(ledger.Value) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = as(at(i))
	}
	return out
}

// one gives a value as an argument for a parameter of its type.
func one(v ledger.Value) any {
	switch v.Kind() {
	case 0:
		return nil
	case ledger.KindDate:
		return asDate(v.Date())
	case ledger.KindBool:
		return v.Bool()
	case ledger.KindText:
		return escape(v.Text())
	case ledger.KindID:
		return pgtype.UUID{Bytes: v.ID(), Valid: true}
	case ledger.KindDigest, ledger.KindBytes:
		return v.Bytes()
	}
	return v.Int()
}
