package x837

import (
	"crypto/sha256"

	"revcycle/claim"
	"revcycle/parsers/set"
)

// level is one level above the claims: its segments, what a claim below it inherits, and the digest of it and of those above.
type level struct {
	block  set.Block
	open   bool // its HL, or the ST, was read
	done   bool // the fields below are filled
	digest claim.Digest
	said   claim.Claim // what all claims below have in common, the levels above included
}

// above gives the lowest open level above l; nil above the header.
func (p *parser) above(l *level) *level {
	switch {
	case l == &p.patient && p.subscriber.open:
		return &p.subscriber
	case (l == &p.patient || l == &p.subscriber) && p.billing.open:
		return &p.billing
	case l != &p.head:
		return &p.head
	}
	return nil
}

// read takes a level's segments apart, those above it first. It does so once, when the first claim needs it or when it ends.
func (p *parser) read(l *level) {
	if l.done {
		return
	}
	l.done = true
	if above := p.above(l); above != nil {
		p.read(above)
		l.said = above.said
		l.digest = p.chain(above.digest, &l.block)
		if l.block.Bad == nil {
			l.block.Bad = above.block.Bad
		}
	} else {
		l.said = claim.Claim{Guide: p.name, Kind: p.guide.kind, Use: p.use, Created: p.created}
		l.digest = sha256.Sum256([]byte(string(p.guide.kind) + "|" + string(p.use)))
	}
	l.block.Seal()
	c := &l.said
	var insured, sick claim.PersonFields
	who := &insured
	if l == &p.patient {
		c.Relationship, who = "", &sick
	}
	for i := range l.block.Len() {
		s := l.block.Segment(i)
		h := p.inherit(s, c, who)
		p.tally(s).Settle(s, h, &p.b.kept)
	}
	switch {
	case l == &p.subscriber:
		c.Subscriber = claim.NewPerson(insured)
		c.Patient = c.Subscriber
	case l == &p.patient:
		c.Patient = claim.NewPerson(sick)
	}
	if own := p.b.kept.Take(); len(own) > 0 {
		c.Kept = append(c.Kept[:len(c.Kept):len(c.Kept)], own...)
	}
}

// tally is where a segment is counted: segments of the context count for the chunk that owns them.
func (p *parser) tally(s set.Segment) *set.Counts {
	if s.Ordinal < p.firstOwn {
		return new(set.Counts)
	}
	return &p.counts
}

// inherit takes a segment above the claims: 1000A to 2010CA. who is the subscriber, or the patient below HL*23.
func (p *parser) inherit(s set.Segment, c *claim.Claim, who *claim.PersonFields) set.Held {
	switch place(s.Place) {
	case submitter, receiver:
		// NM1*41*2*SAMPLE CLINIC*****46*SAMPLECLINIC
		if s.ID() != "NM1" {
			return set.None
		}
		id := &c.SubmitterID
		if place(s.Place) == receiver {
			id = &c.ReceiverID
		}
		*id = s.Elem(9)
		return s.All(set.E1 | set.E2 | set.E9)
	case billing:
		if s.ID() == "PRV" { // PRV*BI*PXC*207Q00000X
			c.Billing.Taxonomy = s.Elem(3)
			return s.All(set.E1 | set.E2 | set.E3)
		}
	case biller:
		return p.names.Provider(s, &c.Billing)
	case payTo:
		return p.names.Provider(s, &c.PayTo)
	case subscriber:
		return coverage(s, c, who)
	case insured, patientName:
		return s.Person(who)
	case payer:
		if s.ID() == "NM1" {
			return s.Payer(&c.Payer)
		}
	case patient:
		if s.ID() == "PAT" { // PAT*19
			c.Relationship = s.Elem(1)
			return death(s, who, set.E1)
		}
	}
	return set.None
}

// coverage takes SBR and PAT of 2000B: SBR*P*18*GROUP******12.
func coverage(s set.Segment, c *claim.Claim, who *claim.PersonFields) set.Held {
	switch s.ID() {
	case "SBR":
		c.PayerOrder, c.Relationship, c.Group, c.FilingCode = s.Elem(1), s.Elem(2), s.Elem(3), s.Elem(9)
		return s.All(set.E1 | set.E2 | set.E3 | set.E9)
	case "PAT":
		return death(s, who, 0)
	}
	return set.None
}

// death takes the date of death of a PAT.
func death(s set.Segment, who *claim.PersonFields, taken set.Mask) set.Held {
	if s.Elem(5) == "D8" && s.Elem(6) != "" {
		who.Death = s.Day(s.Elem(6), 6, 0)
		taken |= set.E5 | set.E6
	}
	if taken == 0 {
		return set.None
	}
	return s.All(taken)
}
