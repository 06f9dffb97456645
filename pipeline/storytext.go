package pipeline

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"revcycle/money"
)

// matchWords says in words what a step of matching looked at.
var matchWords = map[string]string{
	"C1": "the same control number and payee, with the charge, the member or the day agreeing",
	"C2": "the payer's own claim number, known from before",
	"C3": "the control number in another form",
	"C4": "member, day and charge",
	"C5": "nothing: no claim of ours fits",
	"R1": "a reversal, the exact negative of the remit it takes back",
	"R2": "a reversal of the same payer and amount as the remit it takes back",
	"-":  "not tried: the remit or its set does not balance",
}

// Text prints the story for a biller, from the bill to where its money stands now. It bears no name of
// a person. An error is w's.
func (s Story) Text(w io.Writer) error {
	p := page{}
	if s.Bill == nil {
		p.line("NO CLAIM of ours bears the number %s; these remits do", s.Control)
	} else {
		s.bill(&p)
		s.lines(&p)
		s.acks(&p)
		s.opinions(&p)
	}
	s.remits(&p)
	s.standing(&p)
	s.denials(&p)
	s.entries(&p)
	s.position(&p)
	s.decided(&p)
	return p.to(w)
}

func (s *Story) bill(p *page) {
	b := s.Bill
	p.line("CLAIM %s, patient control number %s", s.Claim, s.Control)
	kinds := map[string]string{"P": "professional", "I": "institutional", "D": "dental"}
	frequency := map[string]string{"1": "original", "7": "replacement", "8": "void"}
	p.line("  %s claim, %s, %s charged, service %s", cmp.Or(kinds[b.Kind], b.Kind), cmp.Or(frequency[b.Frequency], "frequency "+b.Frequency), dollars(b.Charge), days(b.From.String(), b.To.String()))
	payer := b.Payer
	if b.PayerName != "" && b.PayerName != b.Payer {
		payer += " (" + b.PayerName + ")"
	}
	if b.PayerSent != b.Payer {
		payer += ", sent as " + b.PayerSent
	}
	orders := map[string]string{"P": "primary", "S": "secondary", "T": "tertiary"}
	p.line("  to %s, %s payer; billing NPI %s, facility %s", cmp.Or(payer, "a payer that was not named"), cmp.Or(orders[b.Order], "order "+b.Order), b.BillingNPI, cmp.Or(b.Facility, "unknown"))
	if b.Use == "RP" {
		p.line("  it reports an encounter and asks for no payment")
	}
	if b.Encounter != "" {
		p.line("  it bills visit %s", b.Encounter)
	}
	if at := s.Seen; at != nil {
		p.line("  came in batch %s: %s, set %d, claim %d of it", at.Batch, at.File, at.Set, at.Ordinal)
	}
	if len(b.Tolerated) > 0 {
		p.line("  let through by agreement: %s", strings.Join(b.Tolerated, "; "))
	}
	if b.FileBy.Known() {
		p.line("  the payer takes it until %s [%s]", b.FileBy, b.FileCite)
	}
	if len(s.Versions) > 1 {
		p.line("  versions of this bill:")
		for _, v := range s.Versions {
			this := ""
			if v.This {
				this = "  <- this one"
			}
			p.line("    %d. %s  %s  %s  %s%s", v.Number, v.Claim, v.Created, dollars(v.Charge), v.State, this)
		}
	}
}

// days gives a span of days, or the one day.
func days(from, to string) string {
	if to == "" || from == to {
		return cmp.Or(from, "without a date")
	}
	return from + " to " + to
}

func (s *Story) lines(p *page) {
	p.section("LINES")
	g := NewGrid("rlllrrl", "line", "code", "modifiers", "revenue", "units", "charge", "service")
	for _, l := range s.Lines {
		g.Row(fmt.Sprint(l.Number), l.Procedure, l.Modifiers, l.Revenue, l.Units, dollars(l.Charge), days(l.From.String(), l.To.String()))
	}
	p.grid(g)
}

// opinions tells what the rule book says, the current opinion first and in full.
func (s *Story) opinions(p *page) {
	if len(s.Opinions) == 0 {
		p.section("THE RULE BOOK has not been asked yet")
	}
	for _, o := range slices.Backward(s.Opinions) {
		when := "before, in batch " + o.Batch
		if o.Current {
			when = "now, since batch " + o.Batch
		}
		p.section(fmt.Sprintf("THE RULE BOOK SAYS (%s, edition %s, slice %s of payer %s)", when, o.Edition.Short(), o.Slice.Short(), cmp.Or(o.Payer, "-")))
		if o.Why != "" {
			p.line("  as of %s, %s", o.AsOf, o.Why)
		}
		if o.Expected != nil {
			p.line("  expected allowed: %s", dollars(*o.Expected))
		} else {
			p.line("  no expected amount: %s", o.Unpriced)
		}
		for _, f := range o.Findings {
			f.print(p)
		}
		for _, q := range o.Quotes {
			q.print(p)
		}
	}
}

// lineWords names a line of a claim.
func lineWords(line int) string {
	if line == 0 {
		return "claim"
	}
	return fmt.Sprintf("line %d", line)
}

func (f *StoryFinding) print(p *page) {
	p.line("  finding %s (%s), %s: %s", f.Rule, f.Severity, lineWords(f.Line), f.Message)
	tail := ""
	if f.Foretold != "" {
		tail = "likely denial " + f.Foretold + "; "
	}
	p.line("      %s[%s]", tail, strings.Join(f.Cites, "; "))
}

func (q *StoryQuote) print(p *page) {
	switch {
	case q.Allowed == nil:
		p.line("  %s: no price: %s", lineWords(q.Line), q.Unpriced)
	case q.Packaged:
		p.line("  %s: %s, paid as part of another line (contract %s, %s)", lineWords(q.Line), dollars(*q.Allowed), q.Contract, q.Method)
	default:
		p.line("  %s: %s by contract %s, %s", lineWords(q.Line), dollars(*q.Allowed), cmp.Or(q.Contract, "-"), q.Method)
	}
	g := NewGrid("lrl")
	for _, step := range q.Steps {
		cite := ""
		if step.Cite != "" {
			cite = "[" + step.Cite + "]"
		}
		g.Row(step.Label, step.Value, cite)
	}
	_ = g.write(&p.text, "      ") // a buffer takes all
}

func (s *Story) remits(p *page) {
	p.section("THE PAYERS SAID")
	switch {
	case len(s.Remits) == 0 && len(s.Apart) > 0:
		p.line("  nothing that stands on the claim yet")
	case len(s.Remits) == 0:
		p.line("  nothing yet")
	}
	for i := range s.Remits {
		s.Remits[i].print(p)
	}
	if len(s.Apart) == 0 {
		return
	}
	p.section("REMITTANCES FOR THIS NUMBER THAT ARE NOT ON THE CLAIM")
	for i := range s.Apart {
		s.Apart[i].print(p)
	}
}

func (r *StoryRemit) print(p *page) {
	p.line("  %s  %s: %s of %s (trace %s, payer claim number %s)", r.Date, cmp.Or(r.PayerName, r.PayerTIN), dollars(r.Paid), dollars(r.Charge), r.Trace, cmp.Or(r.PayerControl, "-"))
	p.line("      CLP02 %s: %s; from %s, batch %s", r.Status, cmp.Or(r.Meaning, "unknown"), cmp.Or(r.File, "?"), r.Batch)
	if r.Held != "" {
		p.line("      held, its %s is unapplied: %s", dollars(r.Paid), r.Held)
	}
	if len(r.Tolerated) > 0 {
		p.line("      let through by agreement: %s", strings.Join(r.Tolerated, "; "))
	}
	step, _, _ := strings.Cut(r.MatchRule, "/")
	p.line("      matched by %s: %s%s", cmp.Or(r.MatchRule, "-"), cmp.Or(matchWords[step], r.MatchState), flagged(r.Flags))
	for _, l := range r.Lines {
		if l.Claim == 0 {
			p.line("      its line %d matches no line of the claim", l.Line)
		} else if l.Rule != "L1" && l.Rule != "" {
			p.line("      its line %d is claim line %d by %s%s", l.Line, l.Claim, l.Rule, flagged([]string{l.Flag}))
		}
	}
	g := NewGrid("llrll")
	for _, a := range r.Adjustments {
		g.Row(lineWords(a.Line), a.Group+" "+a.CARC, dollars(a.Amount), a.Meaning, strings.Join(a.Remarks, " "))
	}
	_ = g.write(&p.text, "      ") // a buffer takes all
	p.line("      by itself: %s; %s", cmp.Or(r.State, "not judged"), shares{{"paid", r.Paid}, {"contractual", r.Contractual}, {"denied", r.Denied},
		{"patient", r.Patient}, {"other", r.Other}, {"pending", r.Pending}}.sum(r.Charge))
	switch {
	case r.Reverses.Known():
		p.line("      it takes back remit %s", r.Reverses)
	case r.ReversedBy.Known():
		p.line("      it was taken back by remit %s", r.ReversedBy)
	case !r.Posts && r.State != "":
		p.line("      it posts nothing to the claim")
	}
}

// shares are amounts by name that make up a charge.
type shares []struct {
	what   string
	amount money.Cents
}

// sum writes the shares that hold money as an equation: "162.00 = paid 76.04 + contractual 60.96".
func (s shares) sum(charge money.Cents) string {
	var terms []string
	var total money.Cents
	for _, x := range s {
		total += x.amount
		if x.amount != 0 {
			terms = append(terms, x.what+" "+dollars(x.amount))
		}
	}
	if len(terms) == 0 {
		terms = []string{"nothing"}
	}
	equals := "="
	if total != charge {
		equals = "/="
	}
	return dollars(charge) + " " + equals + " " + strings.Join(terms, " + ")
}

// flagged writes flags behind a comma; empty ones are left out.
func flagged(flags []string) string {
	flags = slices.DeleteFunc(slices.Clone(flags), func(f string) bool { return f == "" })
	if len(flags) == 0 {
		return ""
	}
	return ", " + strings.Join(flags, ", ")
}

// standing tells how the claim stands with each payer.
func (s *Story) standing(p *page) {
	if len(s.Settlements) == 0 {
		return
	}
	p.section("HOW IT STANDS, PAYER BY PAYER (reversed remits left out)")
	for i := range s.Settlements {
		x := &s.Settlements[i]
		p.line("  %d. %s: %s", x.Seq, x.Payer, x.State)
		p.line("      %s", shares{{"paid", x.Paid}, {"contractual", x.Contractual}, {"denied", x.Denied}, {"patient", x.Patient}, {"other", x.Other},
			{"pending", x.Pending}}.sum(x.Charge))
		switch {
		case x.Expected == nil:
			p.line("      allowed %s; what it should have been is not known", dollars(x.Allowed))
		case x.Underpaid:
			p.line("      allowed %s, expected %s: UNDERPAID by %s", dollars(x.Allowed), dollars(*x.Expected), dollars(*x.Expected-x.Allowed))
		case x.Overpaid:
			p.line("      allowed %s, expected %s: OVERPAID", dollars(x.Allowed), dollars(*x.Expected))
		default:
			p.line("      allowed %s, expected %s", dollars(x.Allowed), dollars(*x.Expected))
		}
		for _, l := range x.LeftOut {
			trace := ""
			if r := s.remit(l.Remit); r != nil {
				trace = " (trace " + r.Trace + ")"
			}
			p.line("      left out: remit %s%s, %s", l.Remit, trace, l.Why)
		}
	}
	for _, x := range s.Awaited {
		waits := ""
		if x.Amount != 0 {
			waits = "; " + dollars(x.Amount) + " waits for it"
		}
		p.line("  %d. %s: has not answered%s", x.Seq, x.Name, waits)
	}
}

func (s *Story) denials(p *page) {
	if len(s.Denials) == 0 {
		return
	}
	p.section("DENIALS")
	for i := range s.Denials {
		d := &s.Denials[i]
		risk := "at risk: unknown"
		if d.AtRisk != nil {
			risk = fmt.Sprintf("at risk %s (%s)", dollars(*d.AtRisk), d.Basis)
		}
		p.line("  %s, %s %s %s: %s denied, %s; %s", lineWords(d.Line), d.Category, d.Group, d.CARC, dollars(d.Denied), risk, d.Status)
		if d.Outcome != "" {
			p.line("      outcome: %s, %s recovered", d.Outcome, dollars(d.Recovered))
		}
		p.line("      desk: %s; next: %s", cmp.Or(d.Owner, "-"), cmp.Or(d.NextAction, "-"))
		if d.ForetoldBy != "" {
			p.line("      rule %s had foretold it", d.ForetoldBy)
		}
	}
}

func (s *Story) entries(p *page) {
	if s.Bill == nil {
		return
	}
	p.section("POSTINGS (to <- from)")
	if len(s.Entries) == 0 {
		p.line("  none")
	}
	g := NewGrid("lllrl")
	for _, e := range s.Entries {
		why := e.Cause
		switch {
		case e.Reverses.Known():
			why = "taken back"
		case e.Remit.Known():
			if r := s.remit(e.Remit); r != nil {
				why = "remit " + r.Trace
			}
		}
		for i, m := range e.Moves {
			row := []string{"", "", m.Debit + " <- " + m.Credit, dollars(m.Amount), ""}
			if i == 0 {
				row[0], row[1], row[4] = e.Posting.String(), why, e.Reason
			}
			g.Row(row...)
		}
	}
	p.grid(g)
}

func (s *Story) position(p *page) {
	if s.Bill == nil {
		return
	}
	x := &s.Position
	p.section("WHERE THE MONEY STANDS")
	g := NewGrid("lrl")
	g.Row("  charge billed", dollars(x.Charge))
	g.Row("= paid by insurers", dollars(x.Paid))
	g.Row("+ contractual", dollars(x.Contractual))
	g.Row("+ other adjustments", dollars(x.Other))
	g.Row("+ insurance still owes", dollars(x.Payer))
	g.Row("+ patient owes", dollars(x.Patient))
	p.grid(g)
	if x.Ties {
		p.line("  it ties")
	} else {
		p.line("  IT DOES NOT TIE: off by %s; run revcycle verify", dollars(x.Charge-x.Paid-x.Contractual-x.Other-x.Payer-x.Patient))
	}
}
