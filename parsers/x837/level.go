package x837

import (
	"crypto/sha256"

	"revcycle/claim"
)

// level is one level above the claims: its segments, what a claim below it inherits, and the digest of it and of those above.
type level struct {
	block
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
		if l.bad == nil {
			l.bad = above.bad
		}
	} else {
		l.said = claim.Claim{Guide: p.name, Kind: p.guide.kind, Use: p.use, Created: p.created}
		l.digest = sha256.Sum256([]byte(string(p.guide.kind) + "|" + string(p.use)))
	}
	l.seal()
	c := &l.said
	var insured, sick claim.PersonFields
	if l == &p.patient {
		c.Relationship = ""
	}
	for i := range l.parts {
		s := l.segment(i)
		who := &insured
		if l == &p.patient {
			who = &sick
		}
		p.settle(s, p.inherit(s, c, who), &p.b.kept)
	}
	switch {
	case l == &p.subscriber:
		c.Subscriber = claim.NewPerson(insured)
		c.Patient = c.Subscriber
	case l == &p.patient:
		c.Patient = claim.NewPerson(sick)
	}
	if own := p.b.kept.take(); len(own) > 0 {
		c.Kept = append(c.Kept[:len(c.Kept):len(c.Kept)], own...)
	}
}

// held says where a segment's content went.
type held uint8

const (
	none  held = iota // in no field: keep the segment
	part1             // in fields but for some elements: keep the segment too
	whole             // in fields
)

// settle keeps a segment, or what no field holds of it, and counts it.
func (p *parser) settle(s segment, h held, kept *gather[claim.KeptSegment]) {
	if h != whole {
		kept.add(s.kept())
	}
	if s.ordinal < p.firstOwn {
		return
	}
	switch {
	case h != none:
		p.counts.Placed++
	case s.loop == "":
		p.counts.Reported++
	default:
		p.counts.Kept++
	}
	p.counts.Read++
}

// all is whole where no element but the held ones is filled.
func (s segment) all(held uint32) held {
	if s.others(held) {
		return part1
	}
	return whole
}

// inherit takes a segment above the claims: 1000A to 2010CA. who is the subscriber, or the patient below HL*23.
func (p *parser) inherit(s segment, c *claim.Claim, who *claim.PersonFields) held {
	switch s.place {
	case submitter, receiver:
		// NM1*41*2*SAMPLE CLINIC*****46*SAMPLECLINIC
		if s.id() != "NM1" {
			return none
		}
		id := &c.SubmitterID
		if s.place == receiver {
			id = &c.ReceiverID
		}
		*id = s.elem(9)
		return s.all(elements(1, 2, 9))
	case billing:
		if s.id() == "PRV" { // PRV*BI*PXC*207Q00000X
			c.Billing.Taxonomy = s.elem(3)
			return s.all(elements(1, 2, 3))
		}
	case biller:
		return p.providerPart(s, &c.Billing)
	case payTo:
		return p.providerPart(s, &c.PayTo)
	case subscriber:
		return s.coverage(c, who)
	case insured, patientName:
		return s.person(who)
	case payer:
		if s.id() == "NM1" {
			return s.payer(&c.Payer)
		}
	case patient:
		if s.id() == "PAT" { // PAT*19
			c.Relationship = s.elem(1)
			return s.patient(who, elements(1))
		}
	}
	return none
}

// coverage takes SBR and PAT of 2000B: SBR*P*18*GROUP******12.
func (s segment) coverage(c *claim.Claim, who *claim.PersonFields) held {
	switch s.id() {
	case "SBR":
		c.PayerOrder, c.Relationship, c.Group, c.FilingCode = s.elem(1), s.elem(2), s.elem(3), s.elem(9)
		return s.all(elements(1, 2, 3, 9))
	case "PAT":
		return s.patient(who, 0)
	}
	return none
}

// patient takes the date of death of a PAT.
func (s segment) patient(who *claim.PersonFields, taken uint32) held {
	if s.elem(5) == "D8" && s.elem(6) != "" {
		who.Death = s.day(s.elem(6), 6, 0)
		taken |= elements(5, 6)
	}
	if taken == 0 {
		return none
	}
	return s.all(taken)
}

// payer takes NM1*PR*2*ALPHA HEALTH PLAN*****PI*12345.
func (s segment) payer(p *claim.Payer) held {
	p.Name, p.Qualifier, p.ID = s.elem(3), s.elem(8), s.elem(9)
	return s.all(elements(1, 2, 3, 8, 9))
}

// person takes the name, address and birth of an insured or a patient.
func (s segment) person(who *claim.PersonFields) held {
	switch s.id() {
	case "NM1": // NM1*IL*1*LAST*FIRST*MIDDLE**SUFFIX*MI*ID
		who.Organization = s.elem(2) == "2"
		who.Last, who.First, who.Middle, who.Suffix, who.MemberID = s.elem(3), s.elem(4), s.elem(5), s.elem(7), s.elem(9)
		return s.all(elements(1, 2, 3, 4, 5, 7, 8, 9))
	case "N3":
		who.Address = s.address()
		return s.all(elements(1, 2))
	case "N4":
		who.City, who.State, who.ZIP = s.elem(1), s.elem(2), s.elem(3)
		return s.all(elements(1, 2, 3))
	case "DMG": // DMG*D8*19700101*F
		if s.elem(1) != "D8" {
			return none
		}
		if s.elem(2) != "" {
			who.Birth = s.day(s.elem(2), 2, 0)
		}
		who.Sex = s.elem(3)
		return s.all(elements(1, 2, 3))
	}
	return none
}

// address joins N301 and N302.
func (s segment) address() string {
	if second := s.elem(2); second != "" {
		return s.elem(1) + " " + second
	}
	return s.elem(1)
}

// providerPart takes a segment of a loop that an NM1 of a provider opens.
func (p *parser) providerPart(s segment, who *claim.Provider) held {
	switch s.id() {
	case "NM1": // NM1*85*2*SAMPLE CLINIC*****XX*1234567893
		return p.providerName(s, who)
	case "N3":
		who.Address = s.address()
		return s.all(elements(1, 2))
	case "N4":
		who.City, who.State, who.ZIP = s.elem(1), s.elem(2), s.elem(3)
		return s.all(elements(1, 2, 3))
	case "PRV":
		who.Taxonomy = s.elem(3)
		return s.all(elements(1, 2, 3))
	case "REF":
		switch q := s.elem(1); q {
		case "EI", "SY", "TJ":
			who.TaxID = digits(s.elem(2))
		default:
			who.References = append(who.References, claim.Reference{Qualifier: q, Value: s.elem(2)})
		}
		return s.all(elements(1, 2))
	}
	return none
}

func (p *parser) providerName(s segment, who *claim.Provider) held {
	who.Role, who.Organization = s.elem(1), s.elem(2) == "2"
	who.Name = p.name3(s)
	switch q, id := s.elem(8), s.elem(9); {
	case id == "":
	case q == "XX":
		who.NPI = claim.NPI(id)
	case q == "24" || q == "34" || q == "FI":
		who.TaxID = digits(id)
	default:
		who.References = append(who.References, claim.Reference{Qualifier: q, Value: id})
	}
	return s.all(elements(1, 2, 3, 4, 5, 8, 9))
}

// maxNames bounds the provider names that are remembered; a file names few providers many times.
const maxNames = 4096

// name3 joins NM103 to NM105 as LAST, FIRST MIDDLE.
func (p *parser) name3(s segment) string {
	if s.elem(4) == "" {
		return s.elem(3)
	}
	key := s.b.text[s.b.ends[s.first+2]:s.b.ends[s.first+min(5, uint32(s.n))]]
	if name, ok := p.names[key]; ok {
		return name
	}
	name := s.elem(3) + ", " + s.elem(4)
	if m := s.elem(5); m != "" {
		name += " " + m
	}
	if len(p.names) >= maxNames {
		clear(p.names)
	}
	p.names[string([]byte(key))] = name
	return name
}
