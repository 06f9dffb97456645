package pipeline

import (
	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// Story is one claim's whole life as explain tells it: all that the ledger holds of it, with the place
// each thing came from. It bears the account and record numbers that a biller works with, and no
// person's name, address or member number. Where only remits bear the number that was asked for,
// Claim is no ID and the story is theirs.
type Story struct {
	Claim       claim.ID          `json:"claim_id"`
	Control     string            `json:"patient_control_number"`
	Bill        *StoryBill        `json:"bill"` // null where we sent no such claim
	Seen        *StorySighting    `json:"seen"`
	Versions    []StoryVersion    `json:"versions"` // of the same bill, this one among them
	Lines       []StoryLine       `json:"lines"`
	Acks        []StoryAck        `json:"acks"`     // what was said on the way to the payer, oldest first
	Opinions    []StoryOpinion    `json:"opinions"` // oldest first; the last is current
	Remits      []StoryRemit      `json:"remits"`   // in the order of their payments
	Apart       []StoryRemit      `json:"apart"`    // remits that bear its number and stand on no claim: held, or not matched
	Settlements []StorySettlement `json:"settlements"`
	Awaited     []StoryAwaited    `json:"awaited"` // payers after the last settlement that have not answered, in order
	Denials     []DenialItem      `json:"denials"`
	Entries     []StoryEntry      `json:"entries"`
	Position    StoryPosition     `json:"position"`
	Decisions   []StoryDecision   `json:"decisions"` // of people, the oldest first
}

// StoryBill is what the claim says of itself, and what the masters and the rule book make of it.
type StoryBill struct {
	Kind       string      `json:"claim_type"`
	Use        string      `json:"use"`
	Frequency  string      `json:"frequency_code"`
	PayerSent  string      `json:"payer_sent"`
	Payer      string      `json:"payer_id"`
	PayerName  string      `json:"payer_name"`
	Mapped     bool        `json:"payer_mapped"` // a master knows the payer
	Order      string      `json:"payer_order"`
	BillingNPI string      `json:"billing_npi"`
	Facility   string      `json:"facility_id"`
	From       civil.Date  `json:"service_from"`
	To         civil.Date  `json:"service_to"`
	Created    civil.Date  `json:"created"`
	Encounter  string      `json:"encounter"`
	Charge     money.Cents `json:"total_charge"`
	FileBy     civil.Date  `json:"filing_deadline"` // empty where the rule book states none
	FileCite   string      `json:"filing_cite"`
	Tolerated  []string    `json:"tolerated,omitempty"` // faults of its file that its partner's agreement let through
}

// StorySighting is where a document was seen first.
type StorySighting struct {
	Batch   string       `json:"batch_id"`
	File    string       `json:"file"`
	SHA256  claim.Digest `json:"sha256"`
	Set     int          `json:"set"`
	Ordinal int          `json:"ordinal"`
}

// StoryVersion is one version of the bill.
type StoryVersion struct {
	Claim     claim.ID    `json:"claim_id"`
	Number    int         `json:"claim_version"`
	Frequency string      `json:"frequency_code"`
	Created   civil.Date  `json:"created"`
	Charge    money.Cents `json:"total_charge"`
	State     string      `json:"state"` // current, superseded, void
	This      bool        `json:"this"`
}

// StoryLine is a line of the claim.
type StoryLine struct {
	Number    int         `json:"line_no"`
	Control   string      `json:"line_control_number"`
	Revenue   string      `json:"revenue_code"`
	Procedure string      `json:"procedure_code"`
	Modifiers string      `json:"modifiers"`
	Units     string      `json:"units"`
	Charge    money.Cents `json:"charge"`
	From      civil.Date  `json:"service_from"`
	To        civil.Date  `json:"service_to"`
}

// StoryAck is one acknowledgement of the claim, its set or its interchange.
type StoryAck struct {
	Kind         claim.AckKind    `json:"kind"`
	From         string           `json:"sender"`
	Date         civil.Date       `json:"date"`
	Verdict      claim.AckVerdict `json:"verdict"`
	Reasons      []string         `json:"reasons"`
	PayerControl string           `json:"payer_claim_number"`
}

// StoryOpinion is what one slice of the rule book thought of the claim.
type StoryOpinion struct {
	Batch    string         `json:"batch_id"`
	AsOf     civil.Date     `json:"as_of"`
	Current  bool           `json:"current"`
	Edition  claim.Digest   `json:"edition"` // of the rule book, when the batch began
	Why      string         `json:"why"`     // it was judged then: a rerun with its reason, another rule book, other claims of the patient
	Payer    string         `json:"payer_id"`
	Slice    claim.Digest   `json:"slice"`
	Expected *money.Cents   `json:"expected_allowed"` // null where there is no price
	Unpriced string         `json:"unpriced_reason"`
	Findings []StoryFinding `json:"findings"`
	Quotes   []StoryQuote   `json:"quotes"`
}

// StoryFinding is one finding with its citations.
type StoryFinding struct {
	Rule     string   `json:"rule"`
	Line     int      `json:"line_no"`
	Severity string   `json:"severity"`
	Message  string   `json:"message"`
	Foretold string   `json:"foretold_denial"` // CO 197
	Cites    []string `json:"cites"`
}

// StoryQuote is the price of a line (0: of the claim) with every step.
type StoryQuote struct {
	Line     int          `json:"line_no"`
	Allowed  *money.Cents `json:"allowed"` // null where there is no price
	Packaged bool         `json:"packaged"`
	Unpriced string       `json:"unpriced_reason"`
	Contract string       `json:"contract_id"`
	Method   string       `json:"method"`
	Steps    []StoryStep  `json:"steps"`
}

// StoryStep is one step of a price.
type StoryStep struct {
	Label string `json:"label"`
	Value string `json:"value"`
	Cite  string `json:"cite"`
}

// StoryRemit is one CLP, how it was matched and how it reads alone.
type StoryRemit struct {
	Remit         claim.ID          `json:"remit_id"`
	Control       string            `json:"patient_control_number"` // as the payer sent it
	Payment       claim.ID          `json:"payment_id"`
	Batch         string            `json:"batch_id"`
	File          string            `json:"file"`
	Trace         string            `json:"trace_number"`
	Date          civil.Date        `json:"payment_date"`
	PayerName     string            `json:"payer_name"`
	PayerTIN      string            `json:"payer_tin"`
	PaymentAmount money.Cents       `json:"payment_amount"`
	Held          string            `json:"held"`                // why it may not post
	Tolerated     []string          `json:"tolerated,omitempty"` // faults that its partner's agreement let through
	Status        string            `json:"clp02"`
	Meaning       string            `json:"clp02_meaning"`
	PayerControl  string            `json:"payer_claim_number"`
	Charge        money.Cents       `json:"charge"`
	Paid          money.Cents       `json:"paid"`
	PatientDue    *money.Cents      `json:"patient_due"`
	Adjustments   []StoryAdjustment `json:"adjustments"`
	MatchRule     string            `json:"match_rule"`
	MatchState    string            `json:"match_state"`
	Flags         []string          `json:"match_flags"`
	Lines         []StoryMatch      `json:"match_lines"`
	State         string            `json:"payment_state"` // of this remit alone
	Contractual   money.Cents       `json:"contractual"`
	Denied        money.Cents       `json:"denied"`
	Patient       money.Cents       `json:"patient_resp"`
	Other         money.Cents       `json:"other_adj"`
	Pending       money.Cents       `json:"pending"`
	Reverses      claim.ID          `json:"reverses_remit_id"`
	ReversedBy    claim.ID          `json:"reversed_by_remit_id"`
	Posts         bool              `json:"posts"`
}

// StoryAdjustment is one CAS triplet; line 0 is the claim.
type StoryAdjustment struct {
	Line    int         `json:"line_no"` // of the remit
	Group   string      `json:"group_code"`
	CARC    string      `json:"carc"`
	Meaning string      `json:"carc_meaning"`
	Amount  money.Cents `json:"amount"`
	Remarks []string    `json:"rarcs"`
}

// StoryMatch is how a line of the remit found its line.
type StoryMatch struct {
	Line  int    `json:"line_no"` // of the remit
	Claim int    `json:"claim_line_no"`
	Rule  string `json:"rule"`
	Flag  string `json:"flag"`
}

// StorySettlement is how the claim stands with one payer, reversed remits left out.
type StorySettlement struct {
	Seq         int                `json:"payer_seq"`
	Payer       string             `json:"payer_id"`
	State       string             `json:"payment_state"`
	Charge      money.Cents        `json:"charge"`
	Paid        money.Cents        `json:"paid"`
	Contractual money.Cents        `json:"contractual"`
	Denied      money.Cents        `json:"denied"`
	Patient     money.Cents        `json:"patient_resp"`
	Other       money.Cents        `json:"other_adj"`
	Pending     money.Cents        `json:"pending"`
	Allowed     money.Cents        `json:"allowed"`
	Expected    *money.Cents       `json:"expected_allowed"`
	Underpaid   bool               `json:"is_underpaid"`
	Overpaid    bool               `json:"is_overpaid"`
	LeftOut     []StoryLeftOut     `json:"left_out"`
	Lines       []StorySettledLine `json:"lines"`
}

// StoryAwaited is a payer that has not answered though the ones before it have.
type StoryAwaited struct {
	Seq    int         `json:"payer_seq"`
	Payer  string      `json:"payer_id"`
	Name   string      `json:"payer_name"` // the name with the ID, as on every page
	Amount money.Cents `json:"amount"`     // the patient's share that waits for it; with the first of them alone
}

// StoryLeftOut is a remit whose money does not count, and why.
type StoryLeftOut struct {
	Remit claim.ID `json:"remit_id"`
	Why   string   `json:"why"`
}

// StorySettledLine is what one claim line brought.
type StorySettledLine struct {
	Line        int          `json:"line_no"`
	Charge      money.Cents  `json:"charge"`
	Paid        money.Cents  `json:"paid"`
	Contractual money.Cents  `json:"contractual"`
	Denied      money.Cents  `json:"denied"`
	Patient     money.Cents  `json:"patient_resp"`
	Other       money.Cents  `json:"other_adj"`
	Allowed     money.Cents  `json:"allowed"`
	Expected    *money.Cents `json:"expected_allowed"`
}

// StoryEntry is one entry of the journal.
type StoryEntry struct {
	Entry     claim.ID    `json:"entry_id"`
	Batch     string      `json:"batch_id"`
	Posting   civil.Date  `json:"posting_date"`
	Effective civil.Date  `json:"effective_date"`
	Cause     string      `json:"cause"`
	Remit     claim.ID    `json:"remit_id"`
	Reverses  claim.ID    `json:"reverses_entry_id"`
	Reason    string      `json:"reason"`
	Moves     []StoryMove `json:"moves"`
}

// StoryMove is one move of an entry.
type StoryMove struct {
	Debit  string      `json:"debit"`
	Credit string      `json:"credit"`
	Amount money.Cents `json:"amount"`
}

// StoryPosition is where the claim's money stands now, from the journal:
// charge = paid + contractual + other + insurance balance + patient balance.
type StoryPosition struct {
	Charge      money.Cents `json:"total_charge"`
	Paid        money.Cents `json:"insurance_paid"`
	Contractual money.Cents `json:"contractual"`
	Other       money.Cents `json:"other_adj"`
	Payer       money.Cents `json:"insurance_balance"`
	Patient     money.Cents `json:"patient_balance"`
	Ties        bool        `json:"ties"`
}
