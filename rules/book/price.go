package book

import (
	"cmp"
	"fmt"
	"slices"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
	"revcycle/rules/pricing"
)

// price quotes a claim: for each line the first contract that holds and its first term that fits. A method
// that pays the claim as a whole takes what earlier terms left, and its quote has Line 0: it is the claim's
// total, carved-out lines included.
func (p *payerBook) price(c *claim.Claim) []rules.Quote {
	if len(p.contracts) == 0 || len(c.Lines) == 0 {
		return nil
	}
	taken := make([]bool, len(c.Lines))
	out := make([]rules.Quote, 0, len(c.Lines)+1)
	var sum part
	for _, k := range p.contracts {
		if lines := k.take(c, taken); len(lines) > 0 {
			var own part
			out, own = k.price(c, lines, out)
			sum.join(own)
		}
	}
	if len(out) == 0 {
		return nil // the payer has no contract for this claim at all
	}
	for i := range c.Lines {
		if l := &c.Lines[i]; !taken[i] {
			q := rules.Quote{Line: l.Number, Unpriced: fmt.Sprintf("no contract with %s holds for line %d on %s: add its version of that date", p.name, l.Number, rules.DayOf(c, l))}
			sum.join(part{reason: q.Unpriced})
			out = append(out, q)
		}
	}
	if sum.whole != nil {
		sum.whole.Allowed, sum.whole.Unpriced = sum.allowed, sum.reason
		out = append(out, *sum.whole)
	}
	slices.SortStableFunc(out, func(a, b rules.Quote) int { return cmp.Compare(a.Line, b.Line) })
	return out
}

// part is what one contract owes for its lines. whole is not nil where that is not the sum of its line
// quotes: a method paid the claim as a whole, or the lesser-of of the claim cut the sum.
type part struct {
	allowed money.Cents
	reason  string // why it has no price
	whole   *rules.Quote
}

func (p *part) join(o part) {
	p.allowed += o.allowed
	p.reason = cmp.Or(p.reason, o.reason)
	switch {
	case o.whole == nil:
	case p.whole == nil:
		p.whole = o.whole
	default:
		p.whole.Steps = append(p.whole.Steps, o.whole.Steps...)
	}
}

// take gives the lines that are the contract's and that no earlier contract took.
func (k *boundContract) take(c *claim.Claim, taken []bool) []*claim.Line {
	var lines []*claim.Line
	for i := range c.Lines {
		if l := &c.Lines[i]; !taken[i] && k.holds(c, k.day(c, l)) {
			if lines == nil {
				lines = make([]*claim.Line, 0, len(c.Lines)-i)
			}
			taken[i] = true
			lines = append(lines, l)
		}
	}
	return lines
}

// settled sums what a contract owes: subject to the lesser-of of the claim, and outside it.
type settled struct {
	subject, charges, outside money.Cents
	reason                    string
	base                      *rules.Quote // of a method that pays the claim as a whole
}

// price quotes the lines of one contract, each by the first term that fits it.
func (k *boundContract) price(c *claim.Claim, lines []*claim.Line, out []rules.Quote) ([]rules.Quote, part) {
	var s settled
	left := lines
	for i := range k.terms {
		t := &k.terms[i]
		if len(left) == 0 {
			break
		}
		job := pricing.Job{Claim: c, Cite: t.cite}
		if job.Lines, left = t.split(c, left); len(job.Lines) == 0 {
			continue
		}
		from := len(out)
		out = t.price(&job, out)
		for i := from; i < len(out); i++ {
			out[i].Contract, out[i].Method = k.id, t.method.Name
		}
		if last := len(out) - 1; out[last].Line == 0 {
			base := out[last]
			s.base, out = &base, out[:last]
		}
		k.settle(t, &job, out[from:], &s)
	}
	for _, l := range left {
		what := "code " + l.Procedure.Code
		if l.Procedure.Code == "" {
			what = "revenue code " + l.Revenue
		}
		q := rules.Quote{Line: l.Number, Contract: k.id, Unpriced: fmt.Sprintf("no term of contract %s covers %s: add one, or the method packaged if nothing is owed", k.id, what)}
		s.reason = cmp.Or(s.reason, q.Unpriced)
		out = append(out, q)
	}
	return out, k.total(&s)
}

// split parts the lines that the term takes from those it leaves.
func (t *boundTerm) split(c *claim.Claim, lines []*claim.Line) (took, left []*claim.Line) {
	if !t.perLine {
		if t.when == nil || t.when(c, nil) {
			return lines, nil
		}
		return nil, lines
	}
	for i, l := range lines {
		if t.when(c, l) {
			if took == nil {
				left = append(make([]*claim.Line, 0, len(lines)), lines[:i]...)
			}
			took = append(took, l)
		} else if took != nil {
			left = append(left, l)
		}
	}
	if took == nil {
		return nil, lines
	}
	return took, left
}

// settle adds what one term priced, each line cut to its charge where the contract says so.
func (k *boundContract) settle(t *boundTerm, job *pricing.Job, quotes []rules.Quote, s *settled) {
	var allowed, charges money.Cents
	for i := range quotes {
		q := &quotes[i]
		if k.lesserOf == "line" && !t.outside {
			pricing.LesserOfCharge(job.Lines[i], q, k.cite)
		}
		s.reason = cmp.Or(s.reason, q.Unpriced)
		allowed += q.Allowed
		charges += job.Lines[i].Charge
	}
	if t.method.Claim && s.base != nil {
		if k.lesserOf == "line" && !t.outside { // it has no price by line, so its lines are compared together
			pricing.LesserOfClaim(s.base, charges, k.cite)
		}
		s.reason = cmp.Or(s.base.Unpriced, s.reason)
		allowed += s.base.Allowed
	}
	if t.outside {
		s.outside += allowed
		return
	}
	s.subject += allowed
	s.charges += charges
}

// total gives what the contract owes, and the claim's quote where that is not the sum of the lines'.
func (k *boundContract) total(s *settled) part {
	p := part{allowed: s.subject + s.outside, reason: s.reason, whole: s.base}
	if s.base != nil && p.allowed != s.base.Allowed {
		s.base.Steps = append(s.base.Steps[:len(s.base.Steps):len(s.base.Steps)],
			rules.Step{Label: "lines paid beside it", Value: (p.allowed - s.base.Allowed).String(), Cite: k.cite})
	}
	if k.lesserOf != "claim" || s.reason != "" {
		return p
	}
	if s.charges < s.subject {
		p.allowed = s.charges + s.outside
		if p.whole == nil {
			p.whole = &rules.Quote{Contract: k.id, Method: "lesser_of", Steps: []rules.Step{{Label: "sum of the lines", Value: (s.subject + s.outside).String(), Cite: k.cite}}}
		}
	}
	if p.whole != nil {
		p.whole.Steps = append(p.whole.Steps, rules.Step{Label: "lesser of the price and the charges", Value: s.charges.String(), Cite: k.cite})
	}
	return p
}
