package extract

import (
	"context"

	"revcycle/claim"
	"revcycle/ledger"
)

// FindingRow is a row of fact_finding.
type FindingRow struct {
	ClaimID  string `parquet:"claim_id" doc:"claim"`
	Sequence int32  `parquet:"sequence" doc:"position in the assessment"`
	RuleID   string `parquet:"rule_id,optional,dict" doc:"rule that spoke"`
	LineNo   *int32 `parquet:"line_no,optional" doc:"claim line (LX01); null for the claim as a whole"`
	Common
	Severity     string `parquet:"severity,optional,dict" doc:"info, deny-risk, hold, reject"`
	Message      string `parquet:"message,optional,dict" doc:"sentence for a biller; it holds no name and no patient's number"`
	CARC         string `parquet:"carc,optional,dict" doc:"the refusal it foretells"`
	SliceDigest  string `parquet:"slice,optional,dict" doc:"slice of the rule book's edition, SHA-256"`
	PostingMonth string `parquet:"posting_month,optional,dict" doc:"month of the batch's business date: the bucket"`
}

var factFinding = define[FindingRow]("fact_finding", Fact, postingMonth, "one row per finding of an edition", "batch_id", "claim_id", "sequence")

// EventRow is a row of fact_claim_event.
type EventRow struct {
	Source  string `parquet:"source,dict" doc:"837 for what we billed, 835 for what a payer answered, TA1, 999 and 277CA for what was said on the way"`
	EventID string `parquet:"event_id" doc:"journal entry, remit or acknowledgement that is the event"`
	ClaimID string `parquet:"claim_id,optional" doc:"claim; null for a remit without one"`
	Event   string `parquet:"event,dict" doc:"billed, superseded, remitted; received, forwarded, accepted, rejected"`
	Common
	EventDate    *int32 `parquet:"event_date,optional,date" doc:"effective date: bill date, BPR16, date of the status"`
	OldState     string `parquet:"old_state,optional,dict" doc:"state before; null for the first"`
	NewState     string `parquet:"new_state,optional,dict" doc:"state after: of the claim, or of the remit seen alone; of an acknowledgement RECEIVED, FORWARDED, ACCEPTED, REJECTED"`
	PostingMonth string `parquet:"posting_month,optional,dict" doc:"month of the batch's business date: the bucket"`
}

var factClaimEvent = define[EventRow]("fact_claim_event", Fact, postingMonth, "one row per change of a claim's state", "batch_id", "source", "event_id", "claim_id")

// findings hands on the findings of one batch in order of claims.
func (b *builder) findings(ctx context.Context, batch int64, month string, add func(FindingRow) error) error {
	slice := ledger.Assessments.At("slice")
	count := ledger.Assessments.At("findings")
	var ids []claim.ID
	slices := map[claim.ID]string{}
	flush := func() error {
		err := b.findingsOf(ctx, batch, ids, slices, month, add)
		ids = ids[:0]
		clear(slices)
		return err
	}
	for row, err := range b.store.Rows(ctx, ledger.Query{Table: ledger.Assessments, Where: []ledger.Cond{ledger.OfBatch(batch)}, Only: []string{"slice", "findings"}}) {
		if err != nil {
			return err
		}
		if row[count].Int() == 0 {
			continue
		}
		id := row[0].ID()
		ids = append(ids, id)
		slices[id] = row[slice].Digest().String()
		if len(ids) == claimBlock {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return flush()
}

func (b *builder) findingsOf(ctx context.Context, batch int64, ids []claim.ID, slices map[claim.ID]string, month string, add func(FindingRow) error) error {
	owners, err := b.whose(ctx, ids)
	if err != nil {
		return err
	}
	t := ledger.Findings
	seq, rule, number, severity, message, carc := t.At("seq"), t.At("rule"), t.At("line_no"), t.At("severity"), t.At("message"), t.At("carc")
	for row, err := range b.store.Rows(ctx, ledger.Query{Table: t, Where: []ledger.Cond{ledger.OneOf("claim", ids...), ledger.OfBatch(batch)}}) {
		if err != nil {
			return err
		}
		id := row[0].ID()
		err := add(FindingRow{
			ClaimID: id.String(), Sequence: int32(row[seq].Int()), RuleID: row[rule].Text(), LineNo: line(row[number].Int()),
			Common: owners[id].common(b.batches[batch]), Severity: row[severity].Text(), Message: row[message].Text(), CARC: row[carc].Text(),
			SliceDigest: slices[id], PostingMonth: month,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// remitEvents hands on what payers answered in one batch, in order of remits.
func (b *builder) remitEvents(ctx context.Context, batch int64, month string, add func(EventRow) error) error {
	t := ledger.Adjudged
	state, ownerAt := t.At("state"), t.At("claim")
	type event struct {
		remit, claim claim.ID
		state        string
	}
	var block []event
	flush := func() error {
		remits, claims := make([]claim.ID, len(block)), map[claim.ID]bool{}
		for i, e := range block {
			remits[i] = e.remit
			if e.claim.Known() {
				claims[e.claim] = true
			}
		}
		owners, err := b.whose(ctx, keys(claims))
		if err != nil {
			return err
		}
		old, dates, err := b.before(ctx, batch, remits)
		if err != nil {
			return err
		}
		for _, e := range block {
			r := EventRow{Source: "835", EventID: e.remit.String(), ClaimID: text(e.claim), Event: "remitted", Common: owners[e.claim].common(b.batches[batch]),
				EventDate: dates[e.remit], OldState: old[e.remit], NewState: e.state, PostingMonth: month}
			if err := add(r); err != nil {
				return err
			}
		}
		block = block[:0]
		return nil
	}
	for row, err := range b.store.Rows(ctx, ledger.Query{Table: t, Where: []ledger.Cond{ledger.OfBatch(batch)}, Only: []string{"state", "claim"}}) {
		if err != nil {
			return err
		}
		block = append(block, event{row[0].ID(), row[ownerAt].ID(), row[state].Text()})
		if len(block) == claimBlock {
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

// before gives the state that some remits had before a batch, and their dates.
func (b *builder) before(ctx context.Context, batch int64, remits []claim.ID) (map[claim.ID]string, map[claim.ID]*int32, error) {
	old, dates := map[claim.ID]string{}, map[claim.ID]*int32{}
	state, date := ledger.Adjudged.At("state"), ledger.Remits.At("date")
	earlier := ledger.Cond{Column: "batch", Op: ledger.Below, Values: []ledger.Value{ledger.Int(batch)}}
	for row, err := range b.store.Rows(ctx, ledger.Query{Table: ledger.Adjudged, Where: []ledger.Cond{ledger.OneOf("remit", remits...), earlier}, Only: []string{"state"}}) {
		if err != nil {
			return nil, nil, err
		}
		old[row[0].ID()] = row[state].Text()
	}
	for row, err := range b.columns(ctx, ledger.Remits, []string{"date"}, ledger.OneOf("id", remits...)) {
		if err != nil {
			return nil, nil, err
		}
		dates[row[0].ID()] = day(row[date].Date())
	}
	return old, dates, nil
}

// billEvents gives the events that a block of moves tells of.
func (b *builder) billEvents(block []move, batch int64, month string, p *posts) []EventRow {
	var out []EventRow
	for i := range block {
		m := &block[i]
		if m.number != 1 || m.reverses.Known() {
			continue
		}
		r := EventRow{Source: "837", EventID: m.entry.String(), ClaimID: text(m.claim), Common: p.claims[m.claim].who.common(b.batches[batch]),
			EventDate: day(m.effective), PostingMonth: month}
		switch m.cause {
		case ledger.CauseBill:
			r.Event, r.OldState, r.NewState = "billed", stateReceived, stateBilled
		case ledger.CauseVoid:
			r.Event, r.NewState = "superseded", stateSuperseded
		default:
			continue
		}
		out = append(out, r)
	}
	return out
}
