package x837

import (
	"strings"

	"revcycle/claim"
)

// builder holds what is collected of the claim at hand, and the slabs its slices come from.
type builder struct {
	p *parser
	c *claim.Claim

	kept       gather[claim.KeptSegment]
	dx         gather[claim.Diagnosis]
	procedures gather[claim.ICDCode]
	codes      gather[claim.BillCode]
	dates      gather[claim.QualDate]
	refs       gather[claim.Reference]
	amounts    gather[claim.QualAmount]
	providers  gather[claim.Provider]
	others     gather[claim.OtherPayer]
	lines      gather[claim.Line]
	who        claim.PersonFields // the subscriber of the last of others

	line
	other
}

// build makes the claim of the block that was collected, or says why it cannot. Its parts are counted where it can.
func (p *parser) build() (claim.Claim, *trouble) {
	b, blk := &p.b, &p.claim
	p.read(p.level)
	if p.level.bad != nil {
		blk.fail(*p.level.bad)
	}
	before := p.counts
	c := p.level.said
	b.c = &c
	blk.seal()
	if blk.bad == nil {
		for i := range blk.parts {
			b.take(blk.segment(i))
		}
	}
	b.closeLine()
	b.closeOther()
	b.finish(&c)
	b.c = nil
	if blk.bad != nil {
		p.counts = before
		return c, blk.bad
	}
	c.ID = claim.ClaimID(c.SubmitterID, c.Billing.Key(), c.Control, c.Frequency, p.chain(p.level.digest, blk))
	return c, nil
}

// take hands a segment to the function of its loop.
func (b *builder) take(s segment) {
	switch s.place {
	case own:
		b.p.settle(s, b.own(s), &b.kept)
	case provider:
		b.p.settle(s, b.provider(s, &b.providers), &b.kept)
	case otherCoverage, otherInsured, otherPayer, otherProvider:
		b.takeOther(s)
	case serviceLine, drug, lineProvider, adjudication:
		b.takeLine(s)
	default:
		// A segment that no loop takes, and the forms of 2440, go where they stand.
		kept := &b.kept
		if b.line.open {
			kept = &b.line.kept
		}
		b.p.settle(s, none, kept)
	}
}

// finish moves what was collected into the claim.
func (b *builder) finish(c *claim.Claim) {
	c.Diagnoses, c.Procedures, c.Codes = b.dx.take(), b.procedures.take(), b.codes.take()
	c.Dates, c.References, c.Amounts = b.dates.take(), b.refs.take(), b.amounts.take()
	c.Providers, c.Other, c.Lines = b.providers.take(), b.others.take(), b.lines.take()
	if kept := b.kept.take(); kept != nil {
		if len(c.Kept) > 0 {
			kept = append(c.Kept[:len(c.Kept):len(c.Kept)], kept...)
		}
		c.Kept = kept
	}
	if c.Kind != claim.Institutional {
		if !c.StatementFrom.Known() {
			c.StatementFrom, c.StatementTo = c.Service()
		}
		return
	}
	if !c.Discharged.Known() && finalInpatient(c) {
		c.Discharged = c.StatementTo
	}
}

// finalInpatient reports whether a bill is an inpatient's last (admit through discharge, last of a series, or a replacement)
// and the patient has left: status 30 is still a patient.
func finalInpatient(c *claim.Claim) bool {
	switch c.Facility {
	case "11", "18", "21", "41":
	default:
		return false
	}
	switch c.Frequency {
	case "1", "4", "7":
		return c.PatientStatus != "" && c.PatientStatus != "30"
	}
	return false
}

// own takes a segment of 2300.
func (b *builder) own(s segment) held {
	c := b.c
	switch s.id() {
	case "CLM":
		return b.clm(s)
	case "DTP": // DTP*434*RD8*20250106-20250110
		return b.claimDate(s)
	case "REF": // REF*G1*AUTH1
		b.refs.add(claim.Reference{Qualifier: s.elem(1), Value: s.elem(2)})
		return s.all(elements(1, 2))
	case "AMT": // AMT*F5*25
		b.amounts.add(claim.QualAmount{Qualifier: s.elem(1), Amount: s.amount(2)})
		return s.all(elements(1, 2))
	case "CL1": // CL1*1*7*01
		c.AdmitType, c.AdmitSource, c.PatientStatus = s.elem(1), s.elem(2), s.elem(3)
		return s.all(elements(1, 2, 3))
	case "HI":
		return b.information(s)
	}
	return none
}

// clm takes CLM*PCN*162***11:B:1*Y*A*Y*Y.
func (b *builder) clm(s segment) held {
	c, sep := b.c, s.b.d.Component
	if c.Control = s.elem(1); c.Control == "" {
		s.fail(CodeMissing, 1, 0, "the patient control number is missing")
	}
	c.Charge = s.amount(2)
	var rest string
	c.Facility, rest = cut(s.elem(5), sep)
	_, rest = cut(rest, sep)
	c.Frequency, _ = cut(rest, sep)
	c.Signature, c.Assignment, c.Benefits, c.Release = s.elem(6), s.elem(7), s.elem(8), s.elem(9)
	if c.Cause = s.elem(11); sep != ':' && c.Cause != "" {
		c.Cause = strings.ReplaceAll(c.Cause, string(rune(sep)), ":")
	}
	c.Program, c.DelayReason = s.elem(12), s.elem(20)
	return s.all(elements(1, 2, 5, 6, 7, 8, 9, 11, 12, 20))
}

func (b *builder) claimDate(s segment) held {
	d, ok := s.date()
	if !ok {
		return none
	}
	b.dates.add(d)
	switch d.Qualifier {
	case "434":
		b.c.StatementFrom, b.c.StatementTo = d.From, d.To
	case "435":
		b.c.Admitted = d.From
	case "096":
		b.c.Discharged = d.From
	}
	return s.all(elements(1, 2, 3))
}

// provider takes a segment of a loop that names a provider of the claim or of a line.
func (b *builder) provider(s segment, to *gather[claim.Provider]) held {
	if s.id() == "NM1" {
		to.add(claim.Provider{})
	} else if len(to.tmp) == 0 {
		return none
	}
	return b.p.providerPart(s, to.last())
}

// information takes the composites of an HI: diagnoses, procedures, and the codes of an institutional bill. A segment with a
// composite that no field takes is kept.
func (b *builder) information(s segment) held {
	h, sep := whole, s.b.d.Component
	for i := 1; i <= int(s.n); i++ {
		e := s.elem(i)
		if e == "" {
			continue
		}
		q, rest := cut(e, sep)
		code, rest := cut(rest, sep)
		switch q {
		case "ABK", "BK", "ABF", "BF", "ABJ", "BJ", "APR", "PR", "ABN", "BN", "ZZ":
			b.dx.add(claim.Diagnosis{Qualifier: q, Code: code, POA: nth(e, sep, 9)})
			if rest != "" && filled(rest, sep, 6) {
				h = part1
			}
		case "DR":
			b.c.DRG = code
			if rest != "" {
				h = part1
			}
		case "BBR", "BR", "CAH", "BBQ", "BQ", "BP", "BO":
			p := claim.ICDCode{Qualifier: q, Code: code}
			if day := nth(rest, sep, 2); day != "" && nth(rest, sep, 1) == "D8" {
				p.Date = s.day(day, i, 4)
			} else if rest != "" {
				h = part1
			}
			b.procedures.add(p)
		case "BH", "BI", "BE", "BG", "TC":
			v := claim.BillCode{Qualifier: q, Code: code}
			if day := nth(rest, sep, 2); day != "" {
				v.From, v.To, _, _ = s.span(nth(rest, sep, 1), day, i, 4)
			}
			if a := nth(rest, sep, 3); a != "" {
				amount := s.cents(a, i, 5)
				v.Amount = &amount
			}
			if nth(rest, sep, 4) != "" {
				h = part1
			}
			b.codes.add(v)
		default:
			h = part1
		}
	}
	return h
}

// filled reports whether one of the first n components is.
func filled(e string, sep byte, n int) bool {
	for i := 0; i < len(e) && n > 0; i++ {
		if e[i] != sep {
			return true
		}
		n--
	}
	return false
}
