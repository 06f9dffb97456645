package extract

import (
	"context"
	"fmt"

	"revcycle/ledger"
	"revcycle/money"
)

// maxFailed bounds how many single documents that do not tie are named.
const maxFailed = 20

// identity is payment_amount = posted_total − plb_total + unapplied of one payment.
func (p *paid) identity() Control {
	return Tie("amount of payment "+p.payment.ID.String(), p.payment.Amount, p.applied.posted-p.payment.AdjustmentTotal()+p.applied.unapplied)
}

// tie makes the manifest of what is staged, and refuses it where a total does not tie: single documents,
// the view against the ledger, the staged files read back, and what the pipeline itself counted.
func (p *publisher) tie(ctx context.Context) error {
	p.manifest.Files = p.list()
	view, err := ledgerControls(ctx, p.builder, &p.manifest)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	back, err := p.readBack()
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	single := TieCounts("claims and payments that do not tie by themselves", int64(len(p.found)), 0)
	all := append(append(append(view, back...), single), p.env.Controls...)
	p.manifest.Controls = all
	return refuse(append(p.found[:min(len(p.found), maxFailed)], all...))
}

// readBack reads every staged file again and compares its rows and sums with what was counted in writing.
func (p *publisher) readBack() ([]Control, error) {
	var bad []Control
	left, right := map[string]money.Cents{}, map[string]money.Cents{}
	for _, f := range p.manifest.Files {
		path := p.stage.locate(f.Path)
		if !p.isStaged(f) {
			continue
		}
		rows, sums, err := recount(path)
		if err != nil {
			return nil, err
		}
		if rows != f.Rows {
			bad = append(bad, TieCounts("rows of "+f.Path+" read back", rows, f.Rows))
		}
		for column, sum := range f.Sums {
			left[f.Table] += sums[column]
			right[f.Table] += sum
			if sums[column] != sum {
				bad = append(bad, Tie(column+" of "+f.Path+" read back", sums[column], sum))
			}
		}
	}
	var total, counted money.Cents
	for _, t := range Tables {
		total, counted = total+left[t.Name], counted+right[t.Name]
	}
	return append(bad, Tie("all money columns of the files of this batch, read back", total, counted)), nil
}

// isStaged reports whether a file is one of those that this Publish wrote.
func (p *publisher) isStaged(f File) bool { return p.stage.staged(f.Path) }

// ledgerControls compares the sums of a view with the ledger's own.
func ledgerControls(ctx context.Context, b *builder, m *Manifest) ([]Control, error) {
	charged, err := b.sum(ctx, ledger.Query{Table: ledger.Claims}, "charge")
	if err != nil {
		return nil, err
	}
	onClaims, err := b.accounts(ctx, ledger.Cond{Column: "claim", Op: ledger.NotNull})
	if err != nil {
		return nil, err
	}
	all, err := b.sum(ctx, ledger.Query{Table: ledger.Postings}, "amount")
	if err != nil {
		return nil, err
	}
	remits, err := b.sum(ctx, ledger.Query{Table: ledger.Remits}, "paid")
	if err != nil {
		return nil, err
	}
	payments, err := b.sum(ctx, ledger.Query{Table: ledger.Payments}, "amount")
	if err != nil {
		return nil, err
	}
	adjusted, err := b.sum(ctx, ledger.Query{Table: ledger.Adjustments}, "amount")
	if err != nil {
		return nil, err
	}
	var p ledger.Position
	for _, move := range onClaims {
		p.Add(move)
	}
	claims := factClaim.Name
	return []Control{
		Tie("claims: Σ submitted_charge = ledger", m.Sum(claims, "submitted_charge"), charged),
		Tie("claims: Σ total_charge = journal", m.Sum(claims, "total_charge"), p.Charge),
		Tie("claims: Σ insurance_paid = journal", m.Sum(claims, "insurance_paid"), p.Paid),
		Tie("claims: Σ contractual = journal", m.Sum(claims, "contractual"), p.Contractual),
		Tie("claims: Σ other_adj = journal", m.Sum(claims, "other_adj"), p.Other),
		Tie("claims: Σ insurance_balance = journal", m.Sum(claims, "insurance_balance"), p.Payer),
		Tie("claims: Σ patient_balance = journal", m.Sum(claims, "patient_balance"), p.Patient),
		Tie("claims: the identity over all", m.Sum(claims, "total_charge"), identitySum(m)),
		Tie("remits: Σ paid = ledger", m.Sum(factRemitClaim.Name, "paid"), remits),
		Tie("payments: Σ payment_amount = ledger", m.Sum(factPayment.Name, "payment_amount"), payments),
		Tie("payments: Σ posted_total = Σ insurance_paid of claims", m.Sum(factPayment.Name, "posted_total"), m.Sum(claims, "insurance_paid")),
		Tie("adjustments: Σ amount = ledger", m.Sum(factAdjustment.Name, "amount"), adjusted),
		Tie("journal: Σ debit = Σ credit", m.Sum(factLedger.Name, "debit"), m.Sum(factLedger.Name, "credit")),
		Tie("journal: Σ debit = ledger", m.Sum(factLedger.Name, "debit"), all),
		Tie("receivables: Σ balance = Σ balance of claims", m.sumOn(factARSnapshot.Name, "balance", m.AsOf.String()), m.Sum(claims, "balance")),
	}, nil
}

func identitySum(m *Manifest) money.Cents {
	var sum money.Cents
	for _, column := range []string{"insurance_paid", "patient_paid", "contractual", "written_off", "other_adj", "insurance_balance", "patient_balance"} {
		sum += m.Sum(factClaim.Name, column)
	}
	return sum - m.Sum(factClaim.Name, "refunded")
}

// sumOn is Sum over one as-of date.
func (m *Manifest) sumOn(table, column, asOf string) money.Cents {
	var sum money.Cents
	for i := range m.Files {
		if f := &m.Files[i]; f.Table == table && partitionMonth(f.Partition) == asOf {
			sum += f.Sums[column]
		}
	}
	return sum
}

// sum is a column's sum over the rows up to this batch; tables without a batch give all.
func (b *builder) sum(ctx context.Context, q ledger.Query, column string) (money.Cents, error) {
	if _, ok := q.Table.Position("batch"); ok {
		q.Where = append(q.Where, b.until()...)
	}
	rows, err := b.store.Sums(ctx, q, nil, []string{column})
	if err != nil {
		return 0, fmt.Errorf("sum %s of %s: %w", column, q.Table.Name, err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	return rows[0][1].Cents(), nil
}

// accounts gives one move for each pair of accounts: the sum of those between them.
func (b *builder) accounts(ctx context.Context, where ...ledger.Cond) ([]ledger.Move, error) {
	rows, err := b.store.Sums(ctx, ledger.Query{Table: ledger.Postings, Where: append(where, b.until()...)}, []string{"debit", "credit"}, []string{"amount"})
	if err != nil {
		return nil, fmt.Errorf("sum the journal: %w", err)
	}
	out := make([]ledger.Move, len(rows))
	for i, row := range rows {
		out[i] = ledger.Move{Debit: ledger.Account(row[0].Text()), Credit: ledger.Account(row[1].Text()), Amount: row[3].Cents()}
	}
	return out, nil
}
