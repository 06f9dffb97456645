package reconcile

import (
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
)

// fit is a candidate with everything in which it agrees with the remit.
type fit struct {
	Candidate
	control, payee, charge, member, date, payer, name bool
}

// compare looks at all candidates once, in order of their claims' versions and IDs. Claims that only
// report, and versions made after the payment, cannot be what a remit answers.
func compare(r *claim.Remit, p *claim.Payment, candidates []Candidate) []fit {
	fits := make([]fit, 0, len(candidates))
	for _, c := range candidates {
		if c.Claim.Use == claim.Reporting {
			continue
		}
		from, to := c.Claim.Service()
		fits = append(fits, fit{
			Candidate: c,
			control:   strings.TrimSpace(r.Control) == strings.TrimSpace(c.Claim.Control),
			payee:     ownPayee(c, p),
			charge:    r.Charge.Abs() == c.Claim.Charge,
			member:    sameMember(r, c.Claim),
			date:      served(r, from, max(from, to)),
			payer:     samePayer(c, p),
			name:      sameName(r.Patient, c.Claim.Patient) || sameName(r.Patient, c.Claim.Subscriber),
		})
	}
	slices.SortFunc(fits, func(a, b fit) int { return compareVersion(a.Claim, b.Claim) })
	fits = slices.CompactFunc(fits, func(a, b fit) bool { return a.Claim.ID == b.Claim.ID })
	before := slices.DeleteFunc(slices.Clone(fits), func(f fit) bool { return p.Date.Known() && f.Claim.Created > p.Date })
	if len(before) > 0 {
		return before
	}
	return fits
}

func ownPayee(c Candidate, p *claim.Payment) bool {
	for _, ours := range []claim.Provider{c.Claim.Billing, c.Claim.PayTo} {
		if ours.NPI != "" && ours.NPI == p.Payee.NPI || ours.TaxID != "" && ours.TaxID == p.Payee.TaxID {
			return true
		}
	}
	if f, ok := c.Claim.Provider("77"); ok && f.NPI != "" && f.NPI == p.Payee.NPI {
		return true
	}
	return p.Payee.NPI != "" && slices.Contains(c.Payees, string(p.Payee.NPI)) || p.Payee.TaxID != "" && slices.Contains(c.Payees, p.Payee.TaxID)
}

func samePayer(c Candidate, p *claim.Payment) bool {
	known := append([]string{c.Claim.Payer.ID}, c.PayerIDs...)
	for _, o := range c.Claim.Other {
		known = append(known, o.Payer.ID)
	}
	for _, id := range []string{p.Payer.ID, p.PayerTIN, strings.TrimPrefix(p.PayerTIN, "1")} {
		if id != "" && slices.Contains(known, id) {
			return true
		}
	}
	return p.Payer.Name != "" && strings.EqualFold(p.Payer.Name, c.Claim.Payer.Name)
}

// sameMember compares member IDs by their letters and digits; those of a remit may be the patient's,
// the insured's or the corrected one.
func sameMember(r *claim.Remit, c *claim.Claim) bool {
	for _, theirs := range []claim.Person{r.Patient, r.Insured, r.Corrected} {
		id := bare(theirs.MemberID())
		if id == "" {
			continue
		}
		if id == bare(c.Subscriber.MemberID()) || id == bare(c.Patient.MemberID()) {
			return true
		}
		for _, o := range c.Other {
			if id == bare(o.Subscriber.MemberID()) {
				return true
			}
		}
	}
	return false
}

func sameName(a, b claim.Person) bool {
	return a.Fields().Last != "" && b.Fields().Last != "" && a.SameName(b)
}

// bare keeps letters and digits, upper case: "1EG4-TE5-MK73" is 1EG4TE5MK73.
func bare(s string) string {
	return strings.Map(func(ch rune) rune {
		switch {
		case ch >= 'a' && ch <= 'z':
			return ch - 'a' + 'A'
		case ch >= 'A' && ch <= 'Z', ch >= '0' && ch <= '9':
			return ch
		}
		return -1
	}, s)
}

// served reports whether the remit's service lies in the claim's span.
func served(r *claim.Remit, from, to civil.Date) bool {
	day := r.From
	for i := range r.Lines {
		if l := r.Lines[i].From; !r.From.Known() && l.Known() && (!day.Known() || l < day) {
			day = l
		}
	}
	return day.Known() && from.Known() && day >= from && day <= to
}

// agrees is what a control number needs beside it.
func (f *fit) agrees() bool { return f.charge || f.member || f.date }

func (f *fit) doubts() (flags []Flag) {
	if !f.payee {
		flags = append(flags, PayeeDiffers)
	}
	if !f.agrees() {
		flags = append(flags, OnlyControl)
	}
	return flags
}
