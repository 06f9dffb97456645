package extract

import (
	"context"
	"fmt"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/reconcile"
	"revcycle/rules"
)

// claimed is a claim with all that the ledger thinks of it.
type claimed struct {
	claim       *claim.Claim
	batch       string // that brought it
	number      int64
	month       string
	who         who
	root        claim.ID
	version     *int32
	assessed    *rules.Assessment
	assessedIn  string // batch of that opinion
	expected    *money.Cents
	unpriced    string
	contract    string
	settled     []settled // in order of payers
	denials     []ledger.Denial
	position    ledger.Position
	billed      civil.Date // first bill entry
	superseded  bool
	firstRemit  civil.Date
	lastRemit   civil.Date
	firstDenied *money.Cents
	drgPaid     string
}

// settled is a current settlement with the batch that made it and the payer as the masters name it.
type settled struct {
	reconcile.Settlement
	batch string
}

// claimBlock bounds the claims that are held at once.
const claimBlock = 2_000

// block reads claims in ID order and hands them on in blocks, joined with their opinions and postings.
func (b *builder) blocks(ctx context.Context, month string, use func([]claimed) error) error {
	doc, batch := ledger.Claims.At("doc"), ledger.Claims.At("batch")
	var block []claimed
	flush := func() error {
		if len(block) == 0 {
			return nil
		}
		if err := b.join(ctx, block); err != nil {
			return err
		}
		err := use(block)
		block = block[:0]
		return err
	}
	for row, err := range b.columns(ctx, ledger.Claims, []string{"doc", "batch"}, ledger.Named(serviceMonth, month)) {
		if err != nil {
			return err
		}
		c := new(claim.Claim)
		if err := ledger.Unmarshal(row[doc].Text(), c); err != nil {
			return fmt.Errorf("claim %s: %w", row[0].ID(), err)
		}
		from, _ := c.Service()
		block = append(block, claimed{claim: c, batch: b.batches[row[batch].Int()], number: row[batch].Int(), month: month, root: c.ID, version: whole(1),
			who: ofClaim(b.party, c.Billing.NPI, c.Billing.TaxID, c.Payer.ID, from)})
		if len(block) == claimBlock {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// join adds to the claims of a block what the ledger has on them.
func (b *builder) join(ctx context.Context, block []claimed) error {
	at := make(map[claim.ID]*claimed, len(block))
	ids := make([]claim.ID, len(block))
	for i := range block {
		ids[i] = block[i].claim.ID
		at[ids[i]] = &block[i]
	}
	for _, add := range []func(context.Context, []claim.ID, map[claim.ID]*claimed) error{
		b.joinAssessments, b.joinPostings, b.joinSettlements, b.joinDenials, b.joinRemits, b.joinVersions,
	} {
		if err := add(ctx, ids, at); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) joinAssessments(ctx context.Context, ids []claim.ID, at map[claim.ID]*claimed) error {
	found, err := ledger.CurrentAssessments(ctx, b.store, ids)
	if err != nil {
		return err
	}
	for id, x := range at {
		d, ok := found[id]
		if !ok {
			x.unpriced = "the claim was not assessed yet"
			continue
		}
		a := d.Is
		x.assessed, x.assessedIn = &a, b.batches[d.Batch]
		if sum, ok := a.Expected(); ok {
			x.expected = &sum
		} else {
			x.unpriced = a.Unpriced()
		}
		for _, q := range a.Quotes {
			if q.Contract != "" {
				x.contract = q.Contract
				break
			}
		}
	}
	return nil
}

func (b *builder) joinPostings(ctx context.Context, ids []claim.ID, at map[claim.ID]*claimed) error {
	t := ledger.Postings
	debit, credit, amount := t.At("debit"), t.At("credit"), t.At("amount")
	owner, cause, effective, reverses := t.At("claim"), t.At("cause"), t.At("effective_date"), t.At("reverses")
	superseded := map[claim.ID]money.Cents{}
	for row, err := range b.columns(ctx, t, []string{"debit", "credit", "amount", "claim", "cause", "effective_date", "reverses"}, ledger.OneOf("claim", ids...)) {
		if err != nil {
			return err
		}
		x := at[row[owner].ID()]
		m := ledger.Move{Debit: ledger.Account(row[debit].Text()), Credit: ledger.Account(row[credit].Text()), Amount: row[amount].Cents()}
		x.position.Add(m)
		if row[cause].Text() == ledger.CauseBill && row[reverses].Null() && (!x.billed.Known() || row[effective].Date() < x.billed) {
			x.billed = row[effective].Date()
		}
		if m.Debit == ledger.Superseded {
			superseded[x.claim.ID] += m.Amount
		}
		if m.Credit == ledger.Superseded {
			superseded[x.claim.ID] -= m.Amount
		}
	}
	for id, sum := range superseded {
		at[id].superseded = sum > 0
	}
	return nil
}

func (b *builder) joinSettlements(ctx context.Context, ids []claim.ID, at map[claim.ID]*claimed) error {
	rows, err := ledger.Latest(ctx, b.store, ledger.Settlements, append(b.until(), ledger.OneOf("claim", ids...))...)
	if err != nil {
		return err
	}
	batch, payer := ledger.Settlements.At("batch"), ledger.Settlements.At("payer")
	for _, row := range rows {
		s, err := ledger.SettlementOf(row)
		if err != nil {
			return err
		}
		if len(s.Remits) == 0 {
			continue // its remits went to another claim
		}
		s.Payer = row[payer].Text()
		x := at[s.Claim]
		x.settled = append(x.settled, settled{s, b.batches[row[batch].Int()]})
	}
	for _, x := range at {
		sortSettled(x.settled)
	}
	return nil
}

func (b *builder) joinDenials(ctx context.Context, ids []claim.ID, at map[claim.ID]*claimed) error {
	rows, err := ledger.Latest(ctx, b.store, ledger.Denials, append(b.until(), ledger.OneOf("claim", ids...))...)
	if err != nil {
		return err
	}
	for _, row := range rows {
		d := ledger.DenialOf(row)
		x := at[d.Claim]
		x.denials = append(x.denials, d)
	}
	return nil
}
