package claim

import (
	"revcycle/civil"
	"revcycle/money"
)

// Encounter is one visit as the host system or an 837 with BHT06 = RP tells of it: care given, paid or not.
type Encounter struct {
	ID        ID
	Source    string // the profile or guide that told of it
	Number    string // the visit number: what claims and charges name
	Account   string
	Patient   Person
	Facility  string // the source's ID of the place of care
	Provider  string // the source's ID or NPI of the person who gave it
	Payer     string // the source's ID of the coverage
	Class     string // ambulatory, emergency, inpatient …
	Status    string // "" or finished; cancelled and no-show make no gap
	From, To  civil.Date
	Cost      *money.Cents // total claim cost; nil where the source has none
	Coverage  *money.Cents // what the payer is said to cover
	Reason    string       // diagnosis or reason code
	Service   string       // the visit's own code
	BaseCost  *money.Cents
	ClaimsDue bool // false where the visit never makes a claim (a source's own flag)
}

// Charge is one charge of a visit: what was done, before or beside its claim.
type Charge struct {
	ID        ID
	Source    string
	Number    string // the source's transaction number
	Claim     string // control number of the claim it stands on, "" where none
	Encounter string
	Procedure Procedure
	Units     money.Exact
	Amount    money.Cents
	From, To  civil.Date
	Posted    civil.Date
}

// Reject is a part of a file that could not be read. It keeps its place, so that nothing is lost without a name.
type Reject struct {
	ID      ID
	Code    string // stable: AMOUNT, TORN, SE01_COUNT …
	Unit    string // file, interchange, group, set, claim, row
	Segment string
	Element string
	Ordinal int   // segment or row in the file
	Byte    int64 // offset in the file
	Message string
}

func (Encounter) document() {}
func (Charge) document()    {}
func (Reject) document()    {}
