package book

import (
	"cmp"
	"fmt"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/rules"
)

// ProofResult is what came of one proof: a rule's, or a price's of a contract.
type ProofResult struct {
	File  string
	Of    string // the rule's or contract's ID
	Name  string
	Want  string
	Got   string
	Holds bool
}

// ProofFailure is a proof that does not hold.
type ProofFailure = ProofResult

// String is one line for people.
func (p ProofResult) String() string {
	if p.Holds {
		return fmt.Sprintf("%s: %s: %s: %s", p.File, p.Of, p.Name, p.Got)
	}
	return fmt.Sprintf("%s: %s: %s: wanted %s, got %s", p.File, p.Of, p.Name, p.Want, p.Got)
}

// Proofs runs every proof of the book, in order of file, contract or rule, and proof.
func (b *Book) Proofs() []ProofResult {
	var out []ProofResult
	if b.every.file != "" {
		out = b.every.proofs(out)
	}
	for _, id := range b.Payers() {
		out = b.payers[id].proofs(out)
	}
	return out
}

// Prove gives the proofs that do not hold.
func (b *Book) Prove() []ProofFailure {
	var out []ProofFailure
	for _, p := range b.Proofs() {
		if !p.Holds {
			out = append(out, p)
		}
	}
	return out
}

func (p *payerBook) proofs(out []ProofResult) []ProofResult {
	for _, k := range p.contracts {
		for i := range k.prices {
			out = append(out, p.provePrice(k, &k.prices[i]))
		}
	}
	for _, r := range p.own {
		for i := range r.proofs {
			out = append(out, p.proveRule(r, &r.proofs[i]))
		}
	}
	return out
}

func (p *payerBook) provePrice(k *boundContract, t *priceText) ProofResult {
	res := ProofResult{File: p.file, Of: k.id, Name: t.Name, Want: "no price"}
	if t.Expected != nil {
		res.Want = t.Expected.String()
	}
	c, err := t.Claim.claim(p.id, k.span.From, 0)
	if err != nil {
		res.Got = err.Error()
		return res
	}
	a := rules.Assessment{Quotes: p.price(&c)}
	amount, ok := a.Expected()
	reason := a.Unpriced()
	if t.Line != 0 {
		q, found := a.Quote(t.Line)
		amount, ok, reason = q.Allowed, found && q.Priced(), cmp.Or(q.Unpriced, "no quote for the line")
	}
	res.Got = "no price: " + reason
	if ok {
		res.Got = amount.String()
	}
	res.Holds = ok == (t.Expected != nil) && (!ok || amount == *t.Expected)
	return res
}

func (p *payerBook) proveRule(r *boundRule, t *proofRecord) ProofResult {
	want := map[bool]string{true: "the rule fires", false: "the rule does not fire"}
	res := ProofResult{File: p.file, Of: string(r.ID), Name: t.Name, Want: want[*t.Fires]}
	if t.Line != nil {
		res.Want += fmt.Sprintf(" on line %d", *t.Line)
	}
	c, prior, err := t.claims(r.Payer, r.Span.From)
	if err != nil {
		res.Got = err.Error()
		return res
	}
	var found []rules.Finding
	r.run(rules.NewPass(&c, &r.Rule, prior, &found), &found)
	fired := false
	for _, f := range found {
		fired = fired || t.Line == nil || f.Line == *t.Line
	}
	res.Got, res.Holds = want[fired], fired == *t.Fires
	if len(found) > 0 {
		res.Got += fmt.Sprintf(" (line %d: %s)", found[0].Line, found[0].Message)
	}
	return res
}

// claims makes the claim of a proof and those before it.
func (t *proofRecord) claims(payer string, day civil.Date) (c claim.Claim, prior []claim.Claim, err error) {
	for i := range t.Prior {
		p, err := t.Prior[i].claim(payer, day, i)
		if err != nil {
			return c, nil, fmt.Errorf("prior claim %d: %w", i+1, err)
		}
		prior = append(prior, p)
	}
	c, err = t.Claim.claim(payer, day, len(t.Prior))
	return c, prior, err
}
