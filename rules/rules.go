// Package rules says what a rule is and what it may say of a claim.
//
// A rule is a value: an ID for ever, a span of dates, citations, and a Check that gets a Pass and
// reports. A price is a Quote with every Step shown. Both together are an Assessment, the dated
// opinion that one slice of the rule book has of one claim. Nothing here does I/O; rules/coding and
// rules/pricing hold the shapes, rules/book binds them to payers and dates.
//
// To extend: a new shape of check is one file in rules/coding, a new method of payment one file in
// rules/pricing; a new rule of a known shape is a stanza in a payer's YAML file and no code.
package rules

import (
	"fmt"
	"iter"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// ID names a rule for ever: "ACME-UNITS".
type ID string

// Cite says where a rule or a number is written: a document, a clause, a table row.
type Cite struct {
	Source string // "ACME payment policy 17", "42 CFR 424.44"
	Where  string // clause, page, or release and key of a table row; may be empty
}

// String is "source, where".
func (c Cite) String() string {
	if c.Where == "" {
		return c.Source
	}
	return c.Source + ", " + c.Where
}

// Deny foretells how the payer would refuse: group code, CARC and RARC, "" where not known.
type Deny struct{ Group, CARC, RARC string }

// Severity says what should happen to a claim with the finding.
type Severity string

// The severities, mildest first.
const (
	Info   Severity = "info"      // worth knowing
	Risk   Severity = "deny-risk" // the payer will probably refuse
	Hold   Severity = "hold"      // must not go out as it is
	Refuse Severity = "reject"    // cannot be a claim
)

// Rule is one rule of the book.
type Rule struct {
	ID       ID
	Title    string
	Payer    string // payer ID, "" for every payer
	Span     civil.Span
	Cites    []Cite
	Deny     Deny
	Severity Severity
	History  bool // it reads earlier claims of the patient through Pass.Prior
	Check    func(*Pass)
}

// Fact is one input of a finding: an element and its value. It never holds what could identify a person.
type Fact struct{ Name, Value string }

// Finding is what one rule says of a claim or one of its lines.
type Finding struct {
	Rule     ID
	Line     int // LX01; 0 for the claim
	Severity Severity
	Message  string // for a biller; no names, no patient numbers
	Facts    []Fact
	Cites    []Cite
	Deny     Deny
}

// Step is one step of a price: what was taken, its value, and where it is written.
type Step struct {
	Label string
	Value string // a number as text, exact
	Cite  Cite
}

// Quote is the expected allowed amount of a line, or of the whole claim where Line is 0.
type Quote struct {
	Line     int
	Allowed  money.Cents // meaningless where Unpriced is not empty
	Packaged bool        // paid as part of another line: allowed 0 and that is right
	Unpriced string      // why there is no price, a sentence for a biller; "" = priced
	Contract string      // the contract that priced it
	Method   string      // the pricing method's name
	Steps    []Step
}

// Priced reports whether the quote has an amount.
func (q Quote) Priced() bool { return q.Unpriced == "" }

// Assessment is what one slice of the rule book thinks of one claim. It is an opinion: appended, never changed.
type Assessment struct {
	Claim    claim.ID
	Payer    string       // the payer whose slice it is
	Slice    claim.Digest // the slice: engine version, the payer's file, the table releases it names
	Read     claim.Digest // the digest of the IDs of every other fact that was read (earlier claims)
	Findings []Finding    // in order of line, then rule
	Quotes   []Quote      // in order of line
	// Held is why the claim could not be judged: HeldRuleBook or HeldFault. It has no findings then and no price;
	// Unpriced is the sentence. "" where it was judged.
	Held string
}

// The reasons for which a claim is held instead of judged.
const (
	HeldRuleBook = "RULE_BOOK"     // its payer's part of the rule book is wrong
	HeldFault    = "PROGRAM_FAULT" // the program broke on it
)

// Expected is the allowed amount the claim should bring: the claim's own quote, else the sum of its
// lines'. ok is false where any part has no price: an unknown amount is not a zero.
func (a *Assessment) Expected() (sum money.Cents, ok bool) {
	for _, q := range a.Quotes {
		if !q.Priced() {
			return 0, false
		}
		if q.Line == 0 {
			return q.Allowed, true
		}
		sum += q.Allowed
	}
	return sum, len(a.Quotes) > 0
}

// Unpriced is the first reason why Expected is unknown, "" where it is known.
func (a *Assessment) Unpriced() string {
	if len(a.Quotes) == 0 {
		return "no contract of the rule book prices this payer on this date"
	}
	for _, q := range a.Quotes {
		if !q.Priced() {
			return q.Unpriced
		}
	}
	return ""
}

// Quote gives the quote of a line (0: the claim's own); ok is false where there is none.
func (a *Assessment) Quote(line int) (Quote, bool) {
	for _, q := range a.Quotes {
		if q.Line == line {
			return q, true
		}
	}
	return Quote{}, false
}

// Key names the claims that a rule with history may read: one patient of one billing provider.
type Key struct {
	Patient claim.ID // claim.Person.Key
	Billing claim.NPI
}

// KeyOf is the history key of a claim.
func KeyOf(c *claim.Claim) Key { return Key{c.Patient.Key(), c.Billing.NPI} }

// History answers with earlier claims. Claims come ordered by service date, then ID, never by arrival,
// and include those of the same day as the one assessed. pipeline implements it in bulk over the ledger.
type History interface {
	Prior(keys []Key) map[Key][]claim.Claim
}

// Pass is one rule looking at one claim. It serves one goroutine.
type Pass struct {
	Claim *claim.Claim
	Rule  *Rule
	prior []claim.Claim
	out   *[]Finding
	lines iter.Seq[*claim.Line]
}

// NewPass makes the pass of a rule over a claim; findings are appended to out. prior are the other
// claims of the claim's history key.
func NewPass(c *claim.Claim, r *Rule, prior []claim.Claim, out *[]Finding) *Pass {
	p := &Pass{Claim: c, Rule: r, prior: prior, out: out}
	p.lines = func(yield func(*claim.Line) bool) {
		for i := range p.Claim.Lines {
			l := &p.Claim.Lines[i]
			if p.Rule.Span.Has(p.Day(l)) && !yield(l) {
				return
			}
		}
	}
	return p
}

// Next lets another rule look at the same claim through the same pass.
func (p *Pass) Next(r *Rule) { p.Rule = r }

// Prior gives the other claims of the same patient and billing provider, by service date, then ID,
// and without the claim itself. A rule that calls it says so in Rule.History; others get none.
func (p *Pass) Prior() []claim.Claim {
	if !p.Rule.History {
		return nil
	}
	return p.prior
}

// Day is the date that decides whether the rule is in force for a line: DayOf the claim and line.
func (p *Pass) Day(l *claim.Line) civil.Date { return DayOf(p.Claim, l) }

// Lines gives the lines that were served while the rule was in force, so that no check can get it wrong.
func (p *Pass) Lines() iter.Seq[*claim.Line] { return p.lines }

// InForce reports whether the rule is in force for the claim as a whole.
func (p *Pass) InForce() bool { return p.Rule.Span.Has(p.Day(nil)) }

// Report records a finding on a line (0: the claim). The message must hold no name and no patient's number.
func (p *Pass) Report(line int, facts []Fact, format string, args ...any) {
	*p.out = append(*p.out, Finding{
		Rule: p.Rule.ID, Line: line, Severity: p.Rule.Severity, Message: fmt.Sprintf(format, args...),
		Facts: facts, Cites: p.Rule.Cites, Deny: p.Rule.Deny,
	})
}

// ReportRow is Report with the citation of the table row that decided, after the rule's own.
func (p *Pass) ReportRow(row Cite, line int, facts []Fact, format string, args ...any) {
	p.Report(line, facts, format, args...)
	f := &(*p.out)[len(*p.out)-1]
	f.Cites = append(f.Cites[:len(f.Cites):len(f.Cites)], row)
}
