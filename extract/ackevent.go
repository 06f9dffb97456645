package extract

import (
	"context"
	"strings"

	"revcycle/claim"
	"revcycle/ledger"
)

// ackEvents hands on what one kind of acknowledgement said of claims on their way to a payer, as it was found in one batch, in order of
// acknowledgements.
func (b *builder) ackEvents(ctx context.Context, batch int64, month string, kind claim.AckKind, add func(EventRow) error) error {
	type pair struct{ ack, claim claim.ID }
	var block []pair
	flush := func() error {
		acks, claims := map[claim.ID]*claim.Ack{}, map[claim.ID]bool{}
		wanted := map[claim.ID]bool{}
		for _, x := range block {
			wanted[x.ack], claims[x.claim] = true, true
		}
		for a, err := range ledger.ReadAcks(ctx, b.store, ledger.OneOf("id", keys(wanted)...)) {
			if err != nil {
				return err
			}
			if a.Kind == kind {
				acks[a.ID] = a
			}
		}
		owners, err := b.whose(ctx, keys(claims))
		if err != nil {
			return err
		}
		for _, x := range block {
			a, ok := acks[x.ack]
			if !ok {
				continue
			}
			r := EventRow{Source: string(a.Kind), EventID: x.ack.String(), ClaimID: text(x.claim), Event: string(a.Verdict), Common: owners[x.claim].common(b.batches[batch]),
				EventDate: day(a.Date), NewState: strings.ToUpper(string(a.Verdict)), PostingMonth: month}
			if err := add(r); err != nil {
				return err
			}
		}
		block = block[:0]
		return nil
	}
	for row, err := range b.store.Rows(ctx, ledger.Query{Table: ledger.Answered, Where: []ledger.Cond{ledger.OfBatch(batch)}, Only: []string{}}) {
		if err != nil {
			return err
		}
		if block = append(block, pair{row[0].ID(), row[1].ID()}); len(block) == claimBlock {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(block) == 0 {
		return nil
	}
	return flush()
}
