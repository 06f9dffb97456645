package ledger

import (
	"context"
	"iter"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// PaymentRow is a payment as a row of Payments.
func PaymentRow(p *claim.Payment, batch int64, at claim.Sighting) Row {
	return Row{
		ID(p.ID), Int(batch), Text(p.Trace), Text(p.PayerTIN), Text(p.Payer.ID), Text(string(p.Payee.NPI)), Text(p.Payee.TaxID),
		Text(p.Method), Cents(p.Amount), Date(p.Date), Cents(p.ClaimsTotal), Cents(p.AdjustmentTotal()), Text(p.Held), document(p),
		Digest(at.File), Int(int64(at.Set)),
	}
}

// SeenRow is a sighting of a payment.
func SeenRow(payment claim.ID, batch int64, at claim.Sighting, rank string) Row {
	return Row{Digest(at.File), Int(int64(at.Set)), Int(batch), ID(payment), Text(rank)}
}

// RemitRow is a remit as a row of Remits; paidOn is its payment's date, held why it may not post.
func RemitRow(r *claim.Remit, batch int64, paidOn civil.Date, held string) Row {
	return Row{
		ID(r.ID), Int(batch), ID(r.Payment), Int(int64(r.Ordinal)), Text(r.Control), Text(claim.NormalControl(r.Control)), ID(r.Patient.Key()),
		Text(r.PayerControl), Text(r.Status), Cents(r.Charge), Cents(r.Paid), CentsOrNull(r.PatientDue), Date(r.From), Date(paidOn),
		Text(held), document(r),
	}
}

// AdjustmentRows gives the CAS triplets of a remit, claim level first, as rows of Adjustments.
func AdjustmentRows(r *claim.Remit, batch int64) []Row {
	var rows []Row
	add := func(level string, line int, a claim.Adjustment, remarks []string) {
		rows = append(rows, Row{
			ID(r.ID), Int(int64(len(rows) + 1)), Int(batch), Text(level), Int(int64(line)), Text(a.Group), Text(a.Reason), {}, {},
			Cents(a.Amount), exactOrNull(a.Quantity), Text(strings.Join(remarks, " ")),
		})
	}
	for _, a := range r.Adjustments {
		add("claim", 0, a, r.Remarks)
	}
	for i := range r.Lines {
		for _, a := range r.Lines[i].Adjustments {
			add("line", r.Lines[i].Number, a, r.Lines[i].Remarks)
		}
	}
	return rows
}

// ProviderAdjustmentRows gives the PLB pairs of a payment as rows of Adjustments.
func ProviderAdjustmentRows(p *claim.Payment, batch int64) []Row {
	rows := make([]Row, len(p.Adjustments))
	for i, a := range p.Adjustments {
		rows[i] = Row{
			ID(p.ID), Int(int64(i + 1)), Int(batch), Text("provider"), Int(0), {}, {}, Text(a.Code), Text(a.Reference), Cents(a.Amount), {}, {},
		}
	}
	return rows
}

func exactOrNull(x *money.Exact) Value {
	if x == nil {
		return Value{}
	}
	return Text(x.String())
}

// ReadRemits gives the remits whose rows meet the conditions, in ID order.
func ReadRemits(ctx context.Context, s Store, where ...Cond) iter.Seq2[*claim.Remit, error] {
	return readDocs[claim.Remit](ctx, s, Remits, where)
}

// ReadPayments gives the payments whose rows meet the conditions, in ID order.
func ReadPayments(ctx context.Context, s Store, where ...Cond) iter.Seq2[*claim.Payment, error] {
	return readDocs[claim.Payment](ctx, s, Payments, where)
}
