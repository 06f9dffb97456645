package ledger

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// EntryRows is an entry as rows of Postings, posted by a batch on its business date.
func EntryRows(e *Entry, batch int64, posting civil.Date) []Row {
	rows := make([]Row, len(e.Moves))
	effective := e.Effective
	if !effective.Known() {
		effective = posting
	}
	for i, m := range e.Moves {
		rows[i] = Row{
			ID(e.ID), Int(int64(i + 1)), Int(batch), Text(e.Cause), Text(string(m.Debit)), Text(string(m.Credit)), Cents(m.Amount),
			Date(posting), Date(effective), ID(e.Claim), ID(e.Payment), ID(e.Remit), ID(e.Reverses), Text(m.Reference), Text(e.Reason),
		}
	}
	return rows
}

// PostedEntry is an entry with the batch and the business date it was posted in.
type PostedEntry struct {
	Entry
	Batch   int64
	Posting civil.Date
}

// ReadEntries gives the entries whose moves meet the conditions, in ID order. A condition must be
// one that all moves of an entry meet alike: claim, payment, batch, posting date.
func ReadEntries(ctx context.Context, s Store, where ...Cond) iter.Seq2[PostedEntry, error] {
	return func(yield func(PostedEntry, error) bool) {
		var e PostedEntry
		for row, err := range s.Rows(ctx, Query{Table: Postings, Where: where}) {
			if err != nil {
				yield(PostedEntry{}, err)
				return
			}
			if id := row[0].ID(); id != e.ID {
				if e.ID.Known() && !yield(e, nil) {
					return
				}
				e = PostedEntry{Batch: row[2].Int(), Posting: row[7].Date(), Entry: Entry{ID: id, Cause: row[3].Text(), Effective: row[8].Date(),
					Claim: row[9].ID(), Payment: row[10].ID(), Remit: row[11].ID(), Reverses: row[12].ID(), Reason: row[14].Text()}}
			}
			e.Moves = append(e.Moves, Move{Account(row[4].Text()), Account(row[5].Text()), row[6].Cents(), row[13].Text()})
		}
		if e.ID.Known() {
			yield(e, nil)
		}
	}
}

// Position is where a claim's money stands, from the journal: the terms of CONTRACT's identity.
// Charge = Paid + Contractual + Other + Payer + Patient.
type Position struct {
	Charge, Paid, Contractual, Other, Payer, Patient money.Cents
}

// Add puts one move of an entry of the claim into the position.
func (p *Position) Add(m Move) {
	p.side(m.Debit, m.Amount)
	p.side(m.Credit, -m.Amount)
}

func (p *Position) side(a Account, amount money.Cents) {
	switch a {
	case PayerAR:
		p.Payer += amount
	case PatientAR:
		p.Patient += amount
	case Revenue:
		p.Charge -= amount
	case Unapplied:
		p.Paid += amount
	case Contractual:
		p.Contractual += amount
	default:
		p.Other += amount
	}
}

// Holds reports whether the identity holds.
func (p Position) Holds() bool {
	return p.Charge == p.Paid+p.Contractual+p.Other+p.Payer+p.Patient
}

// WriteJournal writes entries in the plain-text form that hledger reads, in the order they come.
func WriteJournal(w io.Writer, entries iter.Seq2[PostedEntry, error]) error {
	out := bufio.NewWriter(w)
	for e, err := range entries {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s=%s * %s", e.Posting, e.Effective, e.Cause)
		if e.Reason != "" {
			fmt.Fprintf(out, " | %s", e.Reason)
		}
		fmt.Fprintf(out, "\n    ; entry:%s", e.ID)
		for _, tag := range []struct {
			name string
			id   claim.ID
		}{{"claim", e.Claim}, {"payment", e.Payment}, {"remit", e.Remit}, {"reverses", e.Reverses}} {
			if tag.id.Known() {
				fmt.Fprintf(out, ", %s:%s", tag.name, tag.id)
			}
		}
		fmt.Fprintln(out)
		for _, s := range sides(e.Moves) {
			fmt.Fprintf(out, "    %-40s  %14s USD", s.account, s.amount)
			if s.reference != "" {
				fmt.Fprintf(out, "  ; ref:%s", s.reference)
			}
			fmt.Fprintln(out)
		}
		fmt.Fprintln(out)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

type side struct {
	account   Account
	reference string
	amount    money.Cents
}

// sides nets an entry's moves to one line an account and reference, debits first.
func sides(moves []Move) []side {
	var out []side
	add := func(a Account, reference string, amount money.Cents) {
		for i := range out {
			if out[i].account == a && out[i].reference == reference {
				out[i].amount += amount
				return
			}
		}
		out = append(out, side{a, reference, amount})
	}
	for _, m := range moves {
		add(m.Debit, clearingOnly(m.Debit, m.Reference), m.Amount)
		add(m.Credit, clearingOnly(m.Credit, m.Reference), -m.Amount)
	}
	slices.SortStableFunc(out, func(a, b side) int {
		switch {
		case (a.amount < 0) == (b.amount < 0):
			return 0
		case a.amount < 0:
			return 1
		}
		return -1
	})
	return out
}

func clearingOnly(a Account, reference string) string {
	if len(a) > 9 && a[:9] == "clearing:" {
		return reference
	}
	return ""
}

// Positions gives where the money of some claims stands; a claim without entries is absent.
func Positions(ctx context.Context, s Store, claims []claim.ID) (map[claim.ID]Position, error) {
	out := make(map[claim.ID]Position, len(claims))
	for ids := range Portions(claims) {
		for e, err := range ReadEntries(ctx, s, OneOf("claim", ids...)) {
			if err != nil {
				return nil, err
			}
			p := out[e.Claim]
			for _, m := range e.Moves {
				p.Add(m)
			}
			out[e.Claim] = p
		}
	}
	return out, nil
}
