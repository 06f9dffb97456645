package extract

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"revcycle/pipeline/flow"
)

// emptyPart is the partition of the one file without rows that a table has before its first row, so
// that every table can be read.
const emptyPart = "empty"

// allPart is the partition of a dimension.
const allPart = "all"

// written is the files of one table's bucket.
type written struct {
	table     *Table
	partition string
	files     []File
}

// bucket is what a worker wrote and found.
type bucket struct {
	facts   bool // its files come beside the earlier ones of their partition, and replace none
	written []written
	found   []Control
	seen    map[string]tally
}

// closer is a sink of any table.
type closer interface{ close() ([]File, error) }

// end closes a sink and notes its files.
func (k *bucket) end(t *Table, partition string, s closer) error {
	files, err := s.close()
	k.written = append(k.written, written{t, partition, files})
	return err
}

// job writes one bucket.
type job func(context.Context) (bucket, error)

// write stages every bucket that changed, then the tables that are told from the view.
func (p *publisher) write(ctx context.Context) error {
	c, err := p.changed(ctx, p.last, p.whole)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	var jobs []job
	for _, month := range sorted(c.claims) {
		jobs = append(jobs, func(ctx context.Context) (bucket, error) { return p.claimBucket(ctx, month) })
	}
	for _, month := range sorted(c.payments) {
		jobs = append(jobs, func(ctx context.Context) (bucket, error) { return p.paymentBucket(ctx, month) })
	}
	for _, month := range sorted(c.encounters) {
		jobs = append(jobs, func(ctx context.Context) (bucket, error) { return p.encounterBucket(ctx, month) })
	}
	if err := p.do(ctx, append(jobs, p.journalFacts, p.findingFacts)); err != nil {
		return err
	}
	if err := p.do(ctx, []job{p.facilities}); err != nil {
		return err
	}
	return p.derive(ctx)
}

// do runs jobs by the workers and takes their results in order.
func (p *publisher) do(ctx context.Context, jobs []job) error {
	var items iter.Seq2[job, error] = func(yield func(job, error) bool) {
		for _, j := range jobs {
			if !yield(j, nil) {
				return
			}
		}
	}
	for k, err := range flow.Map(ctx, p.env.Workers, items, func(ctx context.Context, j job) (bucket, error) { return j(ctx) }) {
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		p.found = append(p.found, k.found...)
		for id, t := range k.seen {
			s := p.seen[id]
			p.seen[id] = tally{s.claims + t.claims, s.payments + t.payments, s.charge + t.charge, s.paid + t.paid}
		}
		for _, w := range k.written {
			if k.facts {
				at := bucketKey{w.table.Name, w.partition}
				p.files[at] = append(p.files[at], w.files...)
				continue
			}
			if err := p.replace(w.table, w.partition, w.files); err != nil {
				return fmt.Errorf("publish: %w", err)
			}
		}
	}
	return nil
}

// claimBucket writes what is told by claim for one service month.
func (p *publisher) claimBucket(ctx context.Context, month string) (k bucket, err error) {
	part := serviceMonth + "=" + month
	claims, payers, lines := factClaim.sink(p.stage, part), factClaimPayer.sink(p.stage, part), factServiceLine.sink(p.stage, part)
	denials, variances := factDenial.sink(p.stage, part), factVariance.sink(p.stage, part)
	k.seen = map[string]tally{}
	err = p.blocks(ctx, month, func(block []claimed) error {
		for i := range block {
			x := &block[i]
			if x.number == p.env.Batch.Number {
				t := k.seen[x.who.facility]
				t.claims, t.charge = t.claims+1, t.charge+int64(x.claim.Charge)
				k.seen[x.who.facility] = t
			}
			list := x.coverages(p.builder)
			err := errors.Join(claims.add(x.row(p.builder)), addAll(payers, x.payerRows(list)), addAll(lines, x.lineRows(p.builder)),
				addAll(denials, x.denialRows(p.builder, list)), addAll(variances, x.varianceRows(list)))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return k, fmt.Errorf("claims of %s: %w", month, err)
	}
	return k, errors.Join(k.end(factClaim.Table, part, claims), k.end(factClaimPayer.Table, part, payers), k.end(factServiceLine.Table, part, lines),
		k.end(factDenial.Table, part, denials), k.end(factVariance.Table, part, variances))
}

// paymentBucket writes what is told by payment for one month of payment.
func (p *publisher) paymentBucket(ctx context.Context, month string) (k bucket, err error) {
	part := paymentMonth + "=" + month
	payments, remits := factPayment.sink(p.stage, part), factRemitClaim.sink(p.stage, part)
	lines, adjustments := factRemitLine.sink(p.stage, part), factAdjustment.sink(p.stage, part)
	k.seen = map[string]tally{}
	one := func(x *paid) error {
		if x.batch == p.env.Batch.Number {
			t := k.seen[x.who.facility]
			t.payments, t.paid = t.payments+1, t.paid+int64(x.payment.Amount)
			k.seen[x.who.facility] = t
		}
		answers, err := p.answersOf(ctx, x)
		if err != nil {
			return err
		}
		if c := x.remitSums(answers); !c.OK && x.payment.Held == "" {
			k.found = append(k.found, c)
		}
		if c := x.identity(); !c.OK {
			k.found = append(k.found, c)
		}
		err = errors.Join(payments.add(x.row(p.builder, len(answers))), addAll(adjustments, x.providerRows(p.builder)))
		for i := range answers {
			a := &answers[i]
			err = errors.Join(err, remits.add(a.row(p.builder, x)), addAll(lines, a.lineRows(p.builder, x)), addAll(adjustments, a.adjustmentRows(p.builder, x)))
		}
		return err
	}
	err = p.payments(ctx, month, func(block []paid) error {
		for i := range block {
			if err := one(&block[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return k, fmt.Errorf("payments of %s: %w", month, err)
	}
	return k, errors.Join(k.end(factPayment.Table, part, payments), k.end(factRemitClaim.Table, part, remits), k.end(factRemitLine.Table, part, lines),
		k.end(factAdjustment.Table, part, adjustments))
}

// encounterBucket writes what is told by encounter for one service month.
func (p *publisher) encounterBucket(ctx context.Context, month string) (k bucket, err error) {
	part := serviceMonth + "=" + month
	visits, gaps := factEncounter.sink(p.stage, part), factChargeGap.sink(p.stage, part)
	err = p.visits(ctx, month, func(block []visit) error {
		for i := range block {
			v := &block[i]
			if v.replaced {
				continue
			}
			r := v.row(p.builder)
			err := visits.add(r)
			if r.ChargeState == chargeGap {
				err = errors.Join(err, gaps.add(v.gap(p.builder)))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return k, fmt.Errorf("encounters of %s: %w", month, err)
	}
	return k, errors.Join(k.end(factEncounter.Table, part, visits), k.end(factChargeGap.Table, part, gaps))
}

func addAll[T any](s *sink[T], rows []T) error {
	for i := range rows {
		if err := s.add(rows[i]); err != nil {
			return err
		}
	}
	return nil
}
