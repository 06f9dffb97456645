package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"revcycle/claim"
)

// unpublished lists the batches whose facts are written: those since the last published one, in order.
func (p *publisher) unpublished() []int64 {
	var numbers []int64
	for n := range p.batches {
		if n > p.from && n <= p.env.Batch.Number {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// findingFacts writes what was found in each unpublished batch, batch by batch in order of claims.
func (p *publisher) findingFacts(ctx context.Context) (bucket, error) {
	k := bucket{facts: true}
	for _, n := range p.unpublished() {
		month := p.asOf[n].Month()
		part := postingMonth + "=" + month
		findings := factFinding.sink(p.stage, part)
		if err := p.findings(ctx, n, month, findings.add); err != nil {
			return k, fmt.Errorf("findings of batch %s: %w", p.batches[n], err)
		}
		if err := k.end(factFinding.Table, part, findings); err != nil {
			return k, err
		}
	}
	return k, nil
}

// journalFacts writes what each unpublished batch posted and which events that was, in order of entries.
func (p *publisher) journalFacts(ctx context.Context) (bucket, error) {
	k := bucket{facts: true}
	for _, n := range p.unpublished() {
		if err := p.journalOf(ctx, n, &k); err != nil {
			return k, fmt.Errorf("journal of batch %s: %w", p.batches[n], err)
		}
	}
	return k, nil
}

func (p *publisher) journalOf(ctx context.Context, n int64, k *bucket) error {
	month := p.asOf[n].Month()
	part := postingMonth + "=" + month
	journal, events := factLedger.sink(p.stage, part), factClaimEvent.sink(p.stage, part)
	if err := p.ackEvents(ctx, n, month, claim.AckClaim, events.add); err != nil {
		return err
	}
	if err := p.remitEvents(ctx, n, month, events.add); err != nil {
		return err
	}
	err := p.moves(ctx, n, func(block []move) error {
		where, err := p.postsOf(ctx, block)
		if err != nil {
			return err
		}
		for i := range block {
			two := block[i].rows(p.builder, n, &where)
			if err := addAll(journal, two[:]); err != nil {
				return err
			}
		}
		return addAll(events, p.billEvents(block, n, month, &where))
	})
	if err != nil {
		return err
	}
	for _, kind := range []claim.AckKind{claim.AckSet, claim.AckInterchange} { // in the order of their sources
		if err := p.ackEvents(ctx, n, month, kind, events.add); err != nil {
			return err
		}
	}
	return errors.Join(k.end(factLedger.Table, part, journal), k.end(factClaimEvent.Table, part, events))
}

// facilities writes what this batch brought, once all buckets were read.
func (p *publisher) facilities(context.Context) (bucket, error) {
	k := bucket{facts: true}
	part := postingMonth + "=" + p.env.AsOf.Month()
	s := factBatchFacility.sink(p.stage, part)
	if err := addAll(s, p.facilityRows(p.seen)); err != nil {
		return k, err
	}
	return k, k.end(factBatchFacility.Table, part, s)
}

// derive writes the tables that are told from the view itself: receivables, figures, dimensions.
func (p *publisher) derive(ctx context.Context) error {
	part := asOfDate + "=" + p.env.AsOf.String()
	receivables, figures, seen := factARSnapshot.sink(p.stage, part), kpis{}, newMet()
	for _, f := range p.list() {
		path := p.stage.locate(f.Path)
		var err error
		switch f.Table {
		case factClaim.Name:
			err = readRows(path, func(r *claimView) error {
				seen.add(&r.Common)
				if off := r.imbalance(); off != 0 {
					p.found = append(p.found, Tie("identity of claim "+r.ClaimID, off, 0))
				}
				ar, ok := aged(r, p.env.AsOf)
				if !ok {
					figures.claim(r, nil, p.env.AsOf)
					return nil
				}
				figures.claim(r, &ar, p.env.AsOf)
				return receivables.add(ar)
			})
		case factServiceLine.Name:
			err = readRows(path, func(r *lineView) error { figures.line(r); return nil })
		case factRemitClaim.Name:
			err = readRows(path, func(r *remitView) error { figures.remit(r); seen.add(&r.Common); return nil })
		case factPayment.Name, factEncounter.Name, factClaimPayer.Name:
			err = readRows(path, func(r *commonView) error { seen.add(&r.Common); return nil })
		}
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if err := p.finish(factARSnapshot.Table, part, receivables); err != nil {
		return err
	}
	if err := writeAll(p, kpiMonthly, part, figures.rows(p.env.AsOf)); err != nil {
		return err
	}
	return p.dimensions(ctx, seen)
}

// commonView is what the dimensions read of a fact.
type commonView struct{ Common }

func (p *publisher) dimensions(ctx context.Context, seen met) error {
	codes, err := p.codeRows(ctx)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	first := ""
	for k := range p.files {
		if m := partitionMonth(k.partition); k.table == factClaim.Name || k.table == factEncounter.Name {
			if m != unknownMonth && (first == "" || m < first) {
				first = m
			}
		}
	}
	return errors.Join(
		writeAll(p, dimFacility, allPart, facilityRows(p.party, seen)), writeAll(p, dimPayer, allPart, payerRows(p.party, seen)),
		writeAll(p, dimPlan, allPart, planRows(p.party)), writeAll(p, dimProvider, allPart, providerRows(p.party)),
		writeAll(p, dimCode, allPart, codes), writeAll(p, dimDate, allPart, dateRows(first, p.env.AsOf)), p.empties())
}

func writeAll[T any](p *publisher, t *spec[T], partition string, rows []T) error {
	s := t.sink(p.stage, partition)
	if err := addAll(s, rows); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return p.finish(t.Table, partition, s)
}

func (p *publisher) finish(t *Table, partition string, s closer) error {
	files, err := s.close()
	if err == nil {
		err = p.replace(t, partition, files)
	}
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// empties gives each table without a row one file without rows.
func (p *publisher) empties() error {
	full := map[string]bool{}
	for k := range p.files {
		full[k.table] = true
	}
	for _, t := range Tables {
		if full[t.Name] {
			continue
		}
		out, err := p.emptyFile(t)
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		files := []File{out}
		if i := slices.IndexFunc(p.last.Files, func(o File) bool { return o.Table == t.Name && o.Partition == emptyPart && o.SHA256 == out.SHA256 }); i >= 0 {
			if err := p.stage.drop(files); err != nil {
				return fmt.Errorf("publish: %w", err)
			}
			files = []File{p.last.Files[i]}
		}
		p.files[bucketKey{t.Name, emptyPart}] = files
	}
	return nil
}

func (p *publisher) emptyFile(t *Table) (File, error) {
	f, err := p.stage.create(t, emptyPart)
	if err != nil {
		return File{}, err
	}
	if err := t.empty(f); err != nil {
		return File{}, err
	}
	return f.finish(0, t, make([]int64, len(t.sums)))
}
