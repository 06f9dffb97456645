package ledger

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
)

// unknownMonth is the bucket of documents without a service date.
const unknownMonth = "0000-00"

// Month is the service-month bucket of a date.
func Month(d civil.Date) string {
	if !d.Known() {
		return unknownMonth
	}
	return d.Month()
}

// ClaimRow is a claim as a row of Claims.
func ClaimRow(c *claim.Claim, batch int64, at claim.Sighting) Row {
	from, to := c.Service()
	norm, replaces := claim.NormalControl(c.Control), ""
	if c.Replaces() {
		replaces = norm
	}
	return Row{
		ID(c.ID), Int(batch), Text(c.Control), Text(norm), ID(c.Patient.Key()), Text(c.Payer.ID),
		Text(string(c.Billing.NPI)), Text(string(c.Kind)), Text(string(c.Use)), Text(c.Frequency), Text(c.PayerOrder),
		Date(from), Date(to), Text(Month(from)), Date(c.Created), Cents(c.Charge), Text(c.Encounter), Text(replaces), document(c),
		Digest(at.File), Int(int64(at.Set)), Int(int64(at.Ordinal)),
	}
}

// LineRows gives a claim's lines as rows of Lines. Lines that share a number keep the first: the
// document holds all.
func LineRows(c *claim.Claim) []Row {
	rows := make([]Row, len(c.Lines))
	for i := range c.Lines {
		l := &c.Lines[i]
		units := ""
		if l.Unit != "" {
			units = l.Units.String()
		}
		rows[i] = Row{
			ID(c.ID), Int(int64(l.Number)), Text(l.Control), Text(l.Revenue), Text(l.Procedure.Code), Text(Modifiers(l.Procedure)),
			Text(units), Cents(l.Charge), Date(l.From), Date(l.To),
		}
	}
	return rows
}

// Modifiers gives a procedure's modifiers with blanks between.
func Modifiers(p claim.Procedure) string {
	m := p.Modifiers[:]
	for len(m) > 0 && m[len(m)-1] == "" {
		m = m[:len(m)-1]
	}
	return strings.Join(m, " ")
}

// ReadClaims gives the claims whose rows meet the conditions, in ID order.
func ReadClaims(ctx context.Context, s Store, where ...Cond) iter.Seq2[*claim.Claim, error] {
	return readDocs[claim.Claim](ctx, s, Claims, where)
}

// readDocs gives the documents of a table's rows, each in memory of its own.
func readDocs[T any](ctx context.Context, s Store, t *Table, where []Cond) iter.Seq2[*T, error] {
	doc := t.At("doc")
	return func(yield func(*T, error) bool) {
		for row, err := range s.Rows(ctx, Query{Table: t, Where: where, Only: []string{"doc"}}) {
			v := new(T)
			if err == nil {
				if err = Unmarshal(row[doc].Text(), v); err != nil {
					err = fmt.Errorf("table %s: row %s: %w", t.Name, row[0].ID(), err)
				}
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// OneOf is the condition that a column holds one of some IDs.
func OneOf(column string, ids ...claim.ID) Cond {
	c := Cond{Column: column, Op: In, Values: make([]Value, len(ids))}
	for i, id := range ids {
		c.Values[i] = ID(id)
	}
	return c
}

// Named is the condition that a column holds one of some texts; empty texts are left out.
func Named(column string, texts ...string) Cond {
	c := Cond{Column: column, Op: In}
	for _, s := range texts {
		if s != "" {
			c.Values = append(c.Values, Text(s))
		}
	}
	return c
}

// OfBatch is the condition that a row is of one batch.
func OfBatch(batch int64) Cond {
	return Cond{Column: "batch", Op: In, Values: []Value{Int(batch)}}
}

// Portions cuts a list into parts that an In condition takes.
func Portions[T any](list []T) iter.Seq[[]T] {
	const portion = 2_000
	return func(yield func([]T) bool) {
		for len(list) > 0 {
			n := min(portion, len(list))
			if !yield(list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}
