package claim

import (
	"revcycle/civil"
	"revcycle/money"
)

// Remit is one payer's word on one claim: a CLP loop of an 835.
type Remit struct {
	ID           ID
	Payment      ID
	Ordinal      int    // 1-based position of the CLP among those of its payment
	Control      string // CLP01, our control number as the payer returns it: identifying, never logged
	Status       string // CLP02: 1, 2, 3, 4, 19 to 23, 25
	Charge       money.Cents
	Paid         money.Cents
	PatientDue   *money.Cents // CLP05; informational
	FilingCode   string       // CLP06
	PayerControl string       // CLP07, the payer's claim number
	Facility     string       // CLP08
	Frequency    string       // CLP09
	DRG          string       // CLP11
	Patient      Person
	Insured      Person
	Corrected    Person   // NM1*74: the insured as the payer has it
	Crossover    Payer    // NM1*TT: the payer it was forwarded to
	Priority     Payer    // NM1*PR: the payer that should have come first
	Rendering    Provider // NM1*82
	From, To     civil.Date
	Received     civil.Date // DTM*050
	Expires      civil.Date // DTM*036
	Adjustments  []Adjustment
	Remarks      []string // RARCs of MOA and MIA, in order
	Inpatient    []string // MIA elements as sent; nil without a MIA
	Outpatient   []string // MOA elements as sent; nil without a MOA
	References   []Reference
	Amounts      []QualAmount
	Quantities   []Quantity
	Lines        []RemitLine
	Kept         []KeptSegment
	Tolerated    []string // what its partner's agreement let through, as in Claim
}

// RemitLine is one SVC loop.
type RemitLine struct {
	Number         int // 1-based position in its CLP
	Procedure      Procedure
	Submitted      Procedure // SVC06: what we billed where the payer judged another code; zero otherwise
	Revenue        string    // SVC04, or the code itself where the qualifier is NU
	Charge         money.Cents
	Paid           money.Cents
	Units          money.Exact // SVC05; 1 where not sent
	SubmittedUnits *money.Exact
	From, To       civil.Date
	Control        string // REF*6R
	Adjustments    []Adjustment
	Remarks        []string // LQ*HE, in order
	References     []Reference
	Amounts        []QualAmount
	Quantities     []Quantity
	Kept           []KeptSegment
}

// Adjustment is one triplet of a CAS segment. A positive amount reduces the payment.
type Adjustment struct {
	Group    string // CO, PR, OA, PI; CR in old remits
	Reason   string // CARC
	Amount   money.Cents
	Quantity *money.Exact
}

// Quantity is a QTY segment.
type Quantity struct {
	Qualifier string
	Quantity  money.Exact
}

// Payment is one 835 transaction set without its claims: what one trace number pays.
type Payment struct {
	ID          ID
	Handling    string      // BPR01: I, H, C …
	Amount      money.Cents // BPR02
	CreditDebit string      // BPR03
	Method      string      // BPR04: ACH, CHK, NON, FWT, BOP
	Date        civil.Date  // BPR16
	Trace       string      // TRN02
	PayerTIN    string      // TRN03: the payer's identifier, a 1 before its tax number
	Supplement  string      // TRN04
	Payer       Payer       // N1*PR: ID from N104, else REF*2U
	Payee       Provider    // N1*PE
	Produced    civil.Date  // DTM*405
	Adjustments []ProviderAdjustment
	Claims      int         // CLPs in the set
	ClaimsTotal money.Cents // Σ CLP04, as the partner means them
	Held        string      // why no claim of the set may post ("" = sound): the set does not balance or tie
	Kept        []KeptSegment
	Tolerated   []string // what its partner's agreement let through, as in Claim
}

// ProviderAdjustment is one pair of a PLB segment. A positive amount reduces the payment.
type ProviderAdjustment struct {
	Provider  string     // PLB01
	YearEnd   civil.Date // PLB02
	Code      string     // PLB03-1
	Reference string     // PLB03-2
	Amount    money.Cents
}

// AdjustmentTotal is Σ PLB: what the payment was reduced by at provider level.
func (p *Payment) AdjustmentTotal() money.Cents {
	var sum money.Cents
	for _, a := range p.Adjustments {
		sum += a.Amount
	}
	return sum
}

// Imbalance is BPR02 − (Σ CLP04 − Σ PLB): zero in a sound payment.
func (p *Payment) Imbalance() money.Cents {
	return p.Amount - (p.ClaimsTotal - p.AdjustmentTotal())
}

// Adjusted sums adjustments.
func Adjusted(as []Adjustment) money.Cents {
	var sum money.Cents
	for _, a := range as {
		sum += a.Amount
	}
	return sum
}

// Imbalance is what a line is off by: charge − Σ CAS − paid; zero in a sound line.
func (l *RemitLine) Imbalance() money.Cents { return l.Charge - Adjusted(l.Adjustments) - l.Paid }

// Imbalance is what the remit is off by: the first of the X12 835 identities that does not hold.
// Line: SVC02 − Σ CAS = SVC03. Claim: CLP03 − Σ CAS of the claim and its lines = CLP04, and with
// lines Σ SVC02 = CLP03. Zero in a sound remit.
func (r *Remit) Imbalance() money.Cents {
	charge, adjusted := money.Cents(0), Adjusted(r.Adjustments)
	for i := range r.Lines {
		if off := r.Lines[i].Imbalance(); off != 0 {
			return off
		}
		charge += r.Lines[i].Charge
		adjusted += Adjusted(r.Lines[i].Adjustments)
	}
	if off := r.Charge - adjusted - r.Paid; off != 0 {
		return off
	}
	if len(r.Lines) > 0 {
		return r.Charge - charge
	}
	return 0
}

// Reversal reports whether the remit takes back an earlier one (CLP02 = 22).
func (r *Remit) Reversal() bool { return r.Status == "22" }

// Billed is what we submitted: SVC06 where the payer judged another code, else SVC01.
func (l *RemitLine) Billed() Procedure {
	if l.Submitted.Code != "" {
		return l.Submitted
	}
	return l.Procedure
}

// Reference gives the first value of a qualifier, "" where there is none.
func (r *Remit) Reference(qualifier string) string {
	for _, x := range r.References {
		if x.Qualifier == qualifier {
			return x.Value
		}
	}
	return ""
}

func (Remit) document()   {}
func (Payment) document() {}
