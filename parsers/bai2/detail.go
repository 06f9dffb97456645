package bai2

import (
	"strings"

	"revcycle/claim"
	"revcycle/parsers/bank"
)

// detail takes a transaction: 16, type code, amount, funds type with its availability, the bank's reference, the customer's
// reference, and text to the end of the record and its continuations.
func (w *walker) detail(at bank.Line) {
	fields, text := w.split()
	code := field(fields, 1)
	amount, ok := bank.Amount(field(fields, 2))
	if !w.account.open {
		w.fault("NESTING", at, "a transaction (16) outside an account: there is no account record (03)")
		return
	}
	if field(fields, 2) == "" {
		ok = true // by the format an amount that is left out is zero
	}
	if !ok {
		w.fault("AMOUNT", at, "the amount of the transaction is not a whole number of cents")
		return
	}
	own := sums{control: int64(amount)}
	w.account.add(own, own)
	if n, ok := bank.Count(code); !ok || len(code) != 3 || n == 0 {
		w.fault("TYPE_CODE", at, "the transaction has no type code of three digits")
		return
	}
	class, known := classes[code]
	traces := bank.FindTraces(text)
	switch debit := code >= "400" && code < "700"; {
	case debit && len(traces) > 0: // a payer takes an EFT back
		class, known, amount = claim.ByACH, true, -amount
	case code >= "100" && code < "400" && len(traces) > 0 && !known:
		class, known = claim.ByACH, true
	}
	if !known || amount == 0 || !w.date.Known() {
		w.flush()
		return
	}
	d := &claim.Deposit{Source: claim.FromStatement, Class: class, Account: w.number, Date: w.date, Amount: amount, Type: code,
		Text: strings.Join(text, " ")}
	for _, t := range traces {
		d.Traces = append(d.Traces, t.Number)
		d.Company = t.Company
	}
	if d.Company == "" {
		d.Company = bank.Company(d.Text)
	}
	n := referencesAt(fields)
	addReference(d, field(fields, n), field(fields, n+1))
	if class != claim.ByACH {
		addReference(d, bank.Numbers(d.Text, most)...)
	}
	if items[code] && w.last != nil && w.last.Class == class && int64(amount) <= w.left {
		w.left -= int64(amount)
		w.last.Traces = append(w.last.Traces, d.Traces...)
		addReference(w.last, d.References...)
		return
	}
	w.flush()
	w.last, w.lastAt, w.left = d, at, int64(amount)
}

// referencesAt is the place of the bank's reference: it stands behind the funds type and what that brings along.
func referencesAt(fields []string) int { return 4 + availability(fields, 3) }

// split gives the fields of a transaction up to its text, and the pieces of its text: what is left of the record in which the
// customer's reference ends, and whole continuations behind it.
func (w *walker) split() (fields, text []string) {
	for i, l := range w.record {
		rest := strings.TrimSuffix(l.Text, "/")
		if i > 0 {
			rest = strings.TrimPrefix(rest, "88,")
		}
		for {
			if len(fields) >= 4 && len(fields) >= referencesAt(fields)+2 {
				if rest != "" {
					text = append(text, rest)
				}
				break
			}
			var f string
			var more bool
			f, rest, more = strings.Cut(rest, ",")
			fields = append(fields, f)
			if !more {
				break
			}
		}
	}
	return fields, text
}
