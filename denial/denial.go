// Package denial says what a payer refused: why, whose desk it belongs to, and what it is worth.
//
// An adjustment is read from its group code, its CARC and the remark codes beside it, never from
// CLP02 and never from a paid amount of zero. Classify reads one adjustment; Judge reads a whole remit
// against what we expected and splits its charge into paid, contractual, denied, patient share, other
// and pending, to the cent; Episodes turns what was refused into work. All are pure functions over
// Codes, which hold the tables of the tables folder.
//
// To extend: a new code is a row of carc_map.tsv or rarc_map.tsv, a new treatment of a code a row of
// carc_rules.tsv; only a new kind of money needs an Account here.
package denial

// Class is what a CARC says, before its group code.
type Class string

// The classes of carc_map.tsv.
const (
	Denial       Class = "DENIAL"
	NotDenial    Class = "NOT_DENIAL"
	PatientShare Class = "PATIENT_SHARE"
	Pending      Class = "PENDING"
)

// Preventable says whether we could have kept a denial from happening: Y, N, or P for perhaps.
type Preventable string

// Account is where the money of an adjustment stands. Posting chooses a ledger account by it.
type Account string

// The accounts. Those after Waiting are together the column "other".
const (
	Contractual Account = "contractual"
	Patient     Account = "patient" // the patient's, or the next payer's while there is one
	Refused     Account = "denied"  // posts nothing: stays in the payer's receivable until a person decides
	Waiting     Account = "pending" // posts nothing: the payer has not decided
	COB         Account = "cob"     // what earlier payers paid or adjusted (CARC 23)
	Capitation  Account = "capitation"
	Sequester   Account = "sequestration" // a regulatory account of its own, since it lies between allowed and paid
	Regulatory  Account = "regulatory"
	Withhold    Account = "withhold" // a receivable
	Incentive   Account = "incentive"
	QMB         Account = "qmb"       // cost share that the patient must never be billed: the next payer's
	Elsewhere   Account = "elsewhere" // paid, but to somebody else
	Penalty     Account = "penalty"   // an avoidable write-off
	Disputed    Account = "disputed"  // group PI: posts nothing, never written off by itself
	Forwarded   Account = "forwarded" // posts nothing: another plan has the claim now
	Rest        Account = "other"
)

// Posts reports whether an amount of the account moves money out of the payer's receivable by itself.
// COB does not: it tells what the earlier payers' own remits have posted already.
func (a Account) Posts() bool {
	switch a {
	case Refused, Waiting, Disputed, Forwarded, COB, QMB:
		return false
	}
	return true
}

// Kind is the kind of a denial episode.
type Kind string

// The kinds of episode.
const (
	Refusal          Kind = "DENIAL"
	BundlingUnpriced Kind = "BUNDLING_UNPRICED" // refused as packaged, and we have no price to tell whether that is right
	FullContractual  Kind = "FULL_CONTRACTUAL"  // the whole line called contractual though we expected a payment: suspected
)

// Basis says where an amount at risk comes from; "" where it is unknown.
type Basis string

// The bases of an amount at risk.
const (
	ByExpected Basis = "expected"     // the line's own quote, or the claim's for the whole claim
	ByHistory  Basis = "paid history" // what the payer usually allows for the service
	ByCharge   Basis = "charge ratio" // the claim's quote, shared over its lines by charge
)
