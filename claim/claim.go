// Package claim holds the nouns of the revenue cycle: what arrives, as values.
//
// A Document is something a payer, a provider, a bank or a host system said: a Claim, a Remit, a
// Payment, an Encounter, a Charge. It is a fact: it is kept as it came and never changed. What we
// think of it (a finding, a price, a match) lives in rules, denial and reconcile.
//
// Identity has two halves. A Sighting is where a document was seen. An ID is what it says: the hash
// of its business key, equal wherever the same document is seen again.
//
// To add a noun: a file here with its fields, its ID and document(); then a parser that makes it.
package claim

import (
	"revcycle/civil"
	"revcycle/money"
)

// Document is anything that a parser can make of a part of a file.
type Document interface{ document() }

// Kind is the family of a claim.
type Kind string

// The kinds of claim, named as the extracts print them.
const (
	Professional  Kind = "P" // 837P, CMS-1500
	Institutional Kind = "I" // 837I, UB-04
	Dental        Kind = "D" // 837D
)

// Use says what a claim asks for (BHT06 of its set).
type Use string

// The uses of an 837.
const (
	Chargeable  Use = "CH" // asks for payment
	Reporting   Use = "RP" // reports an encounter: never a receivable
	Subrogation Use = "31" // a Medicaid agency's demand
)

// Claim is one CLM loop with what it inherits from the levels above it, or the same from another format.
// Empty strings and zero dates are elements that were not sent.
type Claim struct {
	ID       ID
	Guide    string // GS08 or ST03, "005010X222A1"; the profile's name for a claim from CSV
	Kind     Kind
	Use      Use
	Created  civil.Date // BHT04
	Control  string     // CLM01, the patient control number: identifying, never logged
	Charge   money.Cents
	Facility string // CLM05-1: place of service (P), the first two digits of the type of bill (I)
	// Frequency is CLM05-3: 1 original, 7 replacement, 8 void.
	Frequency string

	Signature   string // CLM06: Y or N, the provider's signature is on file
	Assignment  string // CLM07: A assigned, B assigned for laboratory services only, C not assigned
	Benefits    string // CLM08: Y, N or W, the insured assigns the benefits to the provider
	Release     string // CLM09: Y or I, records may be released
	Cause       string // CLM11 as sent with : between its parts: AA, EM or OA, then the state and country of an accident
	Program     string // CLM12, the special programme code
	DelayReason string // CLM20, why the claim comes late

	Account   string // the provider's visit or account number where it is not the control number (REF*EA is the record number)
	Encounter string // the encounter it bills, where the source says so

	SubmitterID string // 1000A NM109
	ReceiverID  string // 1000B NM109

	PayerOrder   string // SBR01: P, S, T, A to H, U
	FilingCode   string // SBR09: MB, MA, CI, 12 …
	Group        string // SBR03
	Payer        Payer  // the destination payer, 2010BB
	Billing      Provider
	PayTo        Provider
	Providers    []Provider // rendering 82, attending 71, operating 72, referring DN, facility 77 …
	Subscriber   Person
	Patient      Person // the subscriber again where the patient is the subscriber
	Relationship string // PAT01, or "18" where the patient is the subscriber

	StatementFrom civil.Date // DTP*434; for professional claims the first service date of the lines
	StatementTo   civil.Date // DTP*434; for professional claims the last service date of the lines
	Admitted      civil.Date // DTP*435
	Discharged    civil.Date // DTP*096 with a date, or StatementTo of a final inpatient bill
	AdmitType     string     // CL101
	AdmitSource   string     // CL102
	PatientStatus string     // CL103, the discharge status
	DRG           string     // HI*DR

	Diagnoses  []Diagnosis   // HI*ABK, ABF, ABJ, APR, ABN and their ICD-9 twins, in order of appearance
	Procedures []ICDCode     // HI*BBR, BBQ and their ICD-9 twins
	Codes      []BillCode    // HI*BH, BI, BE, BG, TC, BP: occurrences, spans, values, conditions, treatments
	Dates      []QualDate    // every DTP of 2300
	References []Reference   // every REF of 2300
	Amounts    []QualAmount  // every AMT of 2300
	Other      []OtherPayer  // 2320, in order
	Lines      []Line        // 2400, in order
	Kept       []KeptSegment // what the guide allows and no field above holds
	Tolerated  []string      // what its partner's agreement let through: "ALPHA: SE01_COUNT SE01"; no part of the identity
}

// Line is one service line (2400).
type Line struct {
	Number       int    // LX01
	Control      string // REF*6R: the payer echoes it
	Revenue      string // SV201, institutional
	Procedure    Procedure
	Charge       money.Cents
	Unit         string      // UN, MJ, DA …
	Units        money.Exact // SV104, SV205; zero with Unit "" where none were sent
	Place        string      // SV105, where it differs from the claim's
	Pointers     []uint8     // SV107: 1-based positions among the claim's principal and other diagnoses
	From, To     civil.Date  // DTP*472; To equals From for a single day
	NDC          string      // LIN03 after N4
	NDCUnit      string      // CTP05
	NDCQuantity  money.Exact // CTP04
	NonCovered   money.Cents // SV207
	Oral         string      // SV304 of a dental line as sent with : between the oral cavity areas
	Teeth        []string    // TOO of a dental line: the tooth, then its surfaces behind a colon
	Providers    []Provider
	Dates        []QualDate
	References   []Reference
	Amounts      []QualAmount
	Adjudication []LineAdjudication // 2430
	Kept         []KeptSegment
}

// Procedure is a coded service: SV101, SV202, SVC01, SVC06 or SVD03.
type Procedure struct {
	Qualifier string // HC, HP, AD, N4, NU …; "" where no code was sent
	Code      string
	Modifiers [4]string
}

// Payer is an insurer as a document names it.
type Payer struct {
	Qualifier string // NM108: PI, XV
	ID        string // NM109
	Name      string
}

// Provider is a person or organisation that gives or bills care.
type Provider struct {
	Role         string // NM101: 85, 87, 82, 71, 72, 77, DN, P3, DQ …
	Organization bool   // NM102 = 2
	Name         string
	NPI          NPI    // NM109 where NM108 = XX
	TaxID        string // REF*EI or REF*SY, digits only
	Taxonomy     string // PRV03
	References   []Reference
	Address      string // N301, N302 behind a blank
	City         string // N401
	State, ZIP   string // N402, N403
}

// OtherPayer is what another insurer did with the claim before us, or will after us (2320, 2330).
type OtherPayer struct {
	Order        string // SBR01
	FilingCode   string // SBR09
	Relationship string // SBR02
	Group        string // SBR03
	Payer        Payer  // 2330B
	PayerControl string // REF*F8 of 2330B
	PaidDate     civil.Date
	Subscriber   Person
	Paid         *money.Cents // AMT*D; nil where not sent
	Remaining    *money.Cents // AMT*EAF
	NonCovered   *money.Cents // AMT*A8
	Adjustments  []Adjustment // CAS of 2320
	Providers    []Provider   // 2330C and after: as the other payer numbers them
	Remarks      []string     // MOA, MIA remark codes
	Kept         []KeptSegment
}

// LineAdjudication is what another payer did with a line (2430).
type LineAdjudication struct {
	PayerID     string // SVD01
	Paid        money.Cents
	Procedure   Procedure
	Units       money.Exact
	Adjustments []Adjustment
	Date        civil.Date   // DTP*573
	Remaining   *money.Cents // AMT*EAF
}

// Diagnosis is one ICD code with its position's meaning.
type Diagnosis struct {
	Qualifier string // ABK principal, ABF other, ABJ admitting, APR reason for visit, ABN external cause; BK… for ICD-9
	Code      string // without a dot, as sent
	POA       string // present on admission: Y, N, U, W, 1 or ""
}

// ICDCode is an inpatient procedure with its day.
type ICDCode struct {
	Qualifier string // BBR principal, BBQ other; BR, BQ for ICD-9; CAH; BP anaesthesia related
	Code      string
	Date      civil.Date
}

// BillCode is an occurrence (BH), occurrence span (BI), value (BE), condition (BG) or treatment (TC) code.
type BillCode struct {
	Qualifier string
	Code      string
	From, To  civil.Date
	Amount    *money.Cents // value codes
}

// Reference is a REF segment.
type Reference struct{ Qualifier, Value string }

// QualAmount is an AMT segment.
type QualAmount struct {
	Qualifier string
	Amount    money.Cents
}

// QualDate is a DTP or DTM segment; To equals From for a single day.
type QualDate struct {
	Qualifier string
	From, To  civil.Date
	Time      string // HHMM where one was sent
}

// KeptSegment is a segment that belongs to a loop and that no field holds, as it was sent with * : ^ as delimiters.
type KeptSegment struct{ Loop, Text string }

// Void reports whether the claim withdraws an earlier one (frequency 8).
func (c *Claim) Void() bool { return c.Frequency == "8" }

// Replaces reports whether the claim stands in the place of an earlier one (frequency 7 or 8).
func (c *Claim) Replaces() bool { return c.Frequency == "7" || c.Frequency == "8" }

// TypeOfBill is the four-character type of bill of an institutional claim ("0131"), "" for others.
func (c *Claim) TypeOfBill() string {
	if c.Kind != Institutional || c.Facility == "" {
		return ""
	}
	return "0" + c.Facility + c.Frequency
}

// Reference gives the first value of a qualifier, "" where there is none.
func (c *Claim) Reference(qualifier string) string {
	for _, r := range c.References {
		if r.Qualifier == qualifier {
			return r.Value
		}
	}
	return ""
}

// Provider gives the first provider of one of the roles, looked for in their order.
func (c *Claim) Provider(roles ...string) (Provider, bool) {
	for _, role := range roles {
		for _, p := range c.Providers {
			if p.Role == role {
				return p, true
			}
		}
	}
	return Provider{}, false
}

// Service is the claim's span of service: the statement dates, else the first and last line dates.
func (c *Claim) Service() (from, to civil.Date) {
	from, to = c.StatementFrom, c.StatementTo
	if from.Known() {
		return from, to
	}
	for i := range c.Lines {
		l := &c.Lines[i]
		if l.From.Known() && (!from.Known() || l.From < from) {
			from = l.From
		}
		to = max(to, l.From, l.To)
	}
	return from, to
}

// LineSum is the sum of the line charges.
func (c *Claim) LineSum() money.Cents {
	var sum money.Cents
	for i := range c.Lines {
		sum += c.Lines[i].Charge
	}
	return sum
}

// Billed lists the principal and other diagnoses in their pointer order: A or 1 is the first.
func (c *Claim) Billed() []Diagnosis {
	billed := make([]Diagnosis, 0, len(c.Diagnoses))
	for _, d := range c.Diagnoses {
		switch d.Qualifier {
		case "ABK", "BK", "ABF", "BF":
			billed = append(billed, d)
		}
	}
	return billed
}

func (Claim) document() {}
