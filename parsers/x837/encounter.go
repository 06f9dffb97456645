package x837

import (
	"crypto/sha256"

	"revcycle/claim"
)

// Encounter is the visit that a claim reports: what an 837 with BHT06 = RP tells, and what a gap is looked for by. Its source is the
// claim's guide and its number the control number; its content is the claim's identity, so that a report sent again is the same visit. Whether a claim is due
// for it is the plan's to say (under capitation none is); the set does not tell, so ClaimsDue is true.
func Encounter(c claim.Claim) claim.Encounter {
	from, to := c.Service()
	e := claim.Encounter{
		Source: c.Guide, Number: c.Control, Account: c.Account, Patient: c.Patient, Facility: facility(c), Provider: clinician(c), Payer: c.Payer.ID,
		Class: class(c), From: from, To: to, ClaimsDue: true,
	}
	charge := c.Charge
	e.Cost = &charge
	if billed := c.Billed(); len(billed) > 0 {
		e.Reason = billed[0].Code
	}
	if len(c.Lines) > 0 {
		e.Service = c.Lines[0].Procedure.Code
	}
	content := sha256.Sum256(c.ID[:])
	e.ID = claim.EncounterID(e.Source, e.Facility, e.Number, content)
	return e
}

// facility is where care was given: the service facility, else the billing provider.
func facility(c claim.Claim) string {
	if p, ok := c.Provider("77", "FA"); ok && p.Key() != "" {
		return p.Key()
	}
	return c.Billing.Key()
}

// clinician is who gave it: rendering, else attending, else the billing provider.
func clinician(c claim.Claim) string {
	if p, ok := c.Provider("82", "71"); ok && p.Key() != "" {
		return p.Key()
	}
	return c.Billing.Key()
}

// class is the kind of visit, from the type of bill or the place of service.
func class(c claim.Claim) string {
	if c.Kind == claim.Institutional {
		switch c.Facility {
		case "11", "12", "18", "21", "41":
			return "inpatient"
		}
		return "outpatient"
	}
	switch c.Facility {
	case "21", "51", "61":
		return "inpatient"
	case "23":
		return "emergency"
	}
	return "ambulatory"
}
