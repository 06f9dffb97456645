package x837

import (
	"strings"

	"revcycle/claim"
	"revcycle/parsers/set"
)

// builder holds what is collected of the claim at hand, and the slabs its slices come from.
type builder struct {
	p *parser
	c claim.Claim // the claim at hand; it is copied once, into its Item

	kept       set.Gather[claim.KeptSegment]
	dx         set.Gather[claim.Diagnosis]
	procedures set.Gather[claim.ICDCode]
	codes      set.Gather[claim.BillCode]
	dates      set.Gather[claim.QualDate]
	refs       set.Gather[claim.Reference]
	amounts    set.Gather[claim.QualAmount]
	providers  set.Gather[claim.Provider]
	others     set.Gather[claim.OtherPayer]
	lines      set.Gather[claim.Line]
	read       int                // lines begun
	who        claim.PersonFields // the subscriber of the last of others

	line  line
	other other
}

// build makes the claim of the block that was collected, or says why it cannot; its segments are counted only where it can.
func (p *parser) build() (claim.Document, *set.Trouble) {
	b, blk := &p.b, &p.claim
	p.read(p.level)
	if bad := p.level.block.Bad; bad != nil {
		blk.Fail(*bad)
	}
	before := p.counts
	b.c = p.level.said
	c := &b.c
	blk.Seal()
	if blk.Bad == nil {
		b.makeLines(blk)
		for i := range blk.Len() {
			b.take(blk.Segment(i))
		}
	}
	b.closeLine()
	b.closeOther()
	b.finish(c)
	if blk.Bad != nil {
		p.counts = before
		return nil, blk.Bad
	}
	c.ID = claim.ClaimID(c.SubmitterID, c.Billing.Key(), c.Control, c.Frequency, p.chain(p.level.digest, blk))
	return *c, nil
}

// take hands a segment to the function of its loop.
func (b *builder) take(s set.Segment) {
	switch place(s.Place) {
	case own:
		b.p.counts.Settle(s, b.own(s), &b.kept)
	case provider:
		b.p.counts.Settle(s, b.provider(s, &b.providers), &b.kept)
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
		b.p.counts.Settle(s, set.None, kept)
	}
}

// finish moves what was collected into the claim.
func (b *builder) finish(c *claim.Claim) {
	c.Diagnoses, c.Procedures, c.Codes = b.dx.Take(), b.procedures.Take(), b.codes.Take()
	c.Dates, c.References, c.Amounts = b.dates.Take(), b.refs.Take(), b.amounts.Take()
	c.Providers, c.Other = b.providers.Take(), b.others.Take()
	if kept := b.kept.Take(); kept != nil {
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
func (b *builder) own(s set.Segment) set.Held {
	c := &b.c
	switch s.ID() {
	case "CLM":
		return b.clm(s)
	case "DTP": // DTP*434*RD8*20250106-20250110
		return b.claimDate(s)
	case "REF": // REF*G1*AUTH1
		b.refs.Add(claim.Reference{Qualifier: s.Elem(1), Value: s.Elem(2)})
		return s.All(set.E1 | set.E2)
	case "AMT": // AMT*F5*25
		b.amounts.Add(claim.QualAmount{Qualifier: s.Elem(1), Amount: s.Amount(2)})
		return s.All(set.E1 | set.E2)
	case "CL1": // CL1*1*7*01
		c.AdmitType, c.AdmitSource, c.PatientStatus = s.Elem(1), s.Elem(2), s.Elem(3)
		return s.All(set.E1 | set.E2 | set.E3)
	case "HI":
		return b.information(s)
	}
	return set.None
}

// clm takes CLM*PCN*162***11:B:1*Y*A*Y*Y.
func (b *builder) clm(s set.Segment) set.Held {
	c, sep := &b.c, s.Separator()
	if c.Control = s.Elem(1); c.Control == "" {
		s.Fail(set.CodeMissing, 1, 0, "the patient control number is missing")
	}
	c.Charge = s.Amount(2)
	var rest string
	c.Facility, rest = set.Cut(s.Elem(5), sep)
	_, rest = set.Cut(rest, sep)
	c.Frequency, _ = set.Cut(rest, sep)
	c.Signature, c.Assignment, c.Benefits, c.Release = s.Elem(6), s.Elem(7), s.Elem(8), s.Elem(9)
	if c.Cause = s.Elem(11); sep != ':' && c.Cause != "" {
		c.Cause = strings.ReplaceAll(c.Cause, string(rune(sep)), ":")
	}
	c.Program, c.DelayReason = s.Elem(12), s.Elem(20)
	return s.All(set.E1 | set.E2 | set.E5 | set.E6 | set.E7 | set.E8 | set.E9 | set.E11 | set.E12 | set.E20)
}

func (b *builder) claimDate(s set.Segment) set.Held {
	d, ok := s.Date()
	if !ok {
		return set.None
	}
	b.dates.Add(d)
	switch d.Qualifier {
	case "434":
		b.c.StatementFrom, b.c.StatementTo = d.From, d.To
	case "435":
		b.c.Admitted = d.From
	case "096":
		b.c.Discharged = d.From
	}
	return s.All(set.E1 | set.E2 | set.E3)
}

// provider takes a segment of a loop that names a provider of the claim or of a line.
func (b *builder) provider(s set.Segment, to *set.Gather[claim.Provider]) set.Held {
	if s.ID() == "NM1" {
		to.Add(claim.Provider{})
	} else if to.Len() == 0 {
		return set.None
	}
	return b.p.names.Provider(s, to.Last())
}

// information takes the composites of an HI: diagnoses, procedures, and the codes of an institutional bill. A segment with a
// composite that no field takes is kept.
func (b *builder) information(s set.Segment) set.Held {
	h, sep := set.Whole, s.Separator()
	for i := 1; i <= s.Len(); i++ {
		e := s.Elem(i)
		if e == "" {
			continue
		}
		q, rest := set.Cut(e, sep)
		code, rest := set.Cut(rest, sep)
		switch q {
		case "ABK", "BK", "ABF", "BF", "ABJ", "BJ", "APR", "PR", "ABN", "BN", "ZZ":
			b.dx.Add(claim.Diagnosis{Qualifier: q, Code: code, POA: set.Nth(e, sep, 9)})
			if rest != "" && filled(rest, sep, 6) {
				h = set.Partly
			}
		case "DR":
			b.c.DRG = code
			if rest != "" {
				h = set.Partly
			}
		case "BBR", "BR", "CAH", "BBQ", "BQ", "BP", "BO":
			p := claim.ICDCode{Qualifier: q, Code: code}
			if day := set.Nth(rest, sep, 2); day != "" && set.Nth(rest, sep, 1) == "D8" {
				p.Date = s.Day(day, i, 4)
			} else if rest != "" {
				h = set.Partly
			}
			b.procedures.Add(p)
		case "BH", "BI", "BE", "BG", "TC":
			v := claim.BillCode{Qualifier: q, Code: code}
			if day := set.Nth(rest, sep, 2); day != "" {
				v.From, v.To, _, _ = s.Span(set.Nth(rest, sep, 1), day, i, 4)
			}
			if a := set.Nth(rest, sep, 3); a != "" {
				amount := s.Cents(a, i, 5)
				v.Amount = &amount
			}
			if set.Nth(rest, sep, 4) != "" {
				h = set.Partly
			}
			b.codes.Add(v)
		default:
			h = set.Partly
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
