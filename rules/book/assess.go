package book

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"revcycle/claim"
	"revcycle/rules"
)

// ruleIndex finds the rules of a payer that can fire on a claim: those for any code, and those for the codes
// on its lines. It holds positions in payerBook.rules.
type ruleIndex struct {
	always []int
	byCode map[string][]int
}

func indexRules(list []*boundRule) ruleIndex {
	x := ruleIndex{byCode: map[string][]int{}}
	for i, r := range list {
		if r.codes == nil {
			x.always = append(x.always, i)
			continue
		}
		for _, code := range r.codes {
			if hits := x.byCode[code]; len(hits) == 0 || hits[len(hits)-1] != i {
				x.byCode[code] = append(hits, i)
			}
		}
	}
	return x
}

// Assess gives the payer's slice's opinion of a claim: findings in order of line, then rule; quotes in order
// of line. prior are the other claims of the claim's history key, ordered by service date, then ID; they are
// read, and their IDs digested into Read, only where NeedsHistory. It is pure. A claim that voids another is
// owed nothing and breaks no rule; one that only reports an encounter (BHT06 = RP) is owed nothing. A payer
// without a contract gives no quotes. A claim of a payer for which the book is broken is held.
func (b *Book) Assess(c *claim.Claim, payer string, prior []claim.Claim) rules.Assessment {
	p := b.of(payer)
	a := rules.Assessment{Claim: c.ID, Payer: payer, Slice: p.slice}
	if p.history {
		prior = without(prior, c.ID)
		a.Read = digestOf(prior)
	}
	switch {
	case c.Void():
		a.Quotes = nothingOwed("a void takes its claim back", "CLM05-3")
		return a
	case c.Use == claim.Reporting:
		a.Quotes = nothingOwed("the claim only reports an encounter", "BHT06")
	case p.broken != "":
		return p.held(a)
	default:
		a.Quotes = p.price(c)
	}
	a.Findings = p.judge(c, prior)
	return a
}

// judge runs the rules that can fire on the claim, each once.
func (p *payerBook) judge(c *claim.Claim, prior []claim.Claim) (found []rules.Finding) {
	if len(p.rules) == 0 {
		return nil
	}
	pass := rules.NewPass(c, &p.rules[0].Rule, prior, &found)
	for _, i := range p.index.always {
		p.rules[i].run(pass, &found)
	}
	if len(p.index.byCode) > 0 {
		for i := range c.Lines {
			for _, at := range p.index.byCode[c.Lines[i].Procedure.Code] {
				if !p.indexedBefore(c.Lines[:i], at) {
					p.rules[at].run(pass, &found)
				}
			}
		}
	}
	if len(found) > 1 {
		slices.SortStableFunc(found, func(x, y rules.Finding) int {
			return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Rule, y.Rule))
		})
	}
	return found
}

// indexedBefore reports whether a rule already ran for the code of an earlier line.
func (p *payerBook) indexedBefore(lines []claim.Line, rule int) bool {
	for i := range lines {
		if slices.Contains(p.index.byCode[lines[i].Procedure.Code], rule) {
			return true
		}
	}
	return false
}

// run lets a rule look at a claim; out is where the pass reports. A rule that breaks holds the claim: it
// never passes it silently.
func (r *boundRule) run(pass *rules.Pass, out *[]rules.Finding) {
	n := len(*out)
	defer func() {
		if recover() != nil {
			*out = append((*out)[:n], rules.Finding{Rule: r.ID, Severity: rules.Hold, Cites: r.Cites,
				Message: "the rule broke on this claim and says nothing of it: hold the claim and report the rule"})
		}
	}()
	pass.Next(&r.Rule)
	r.Check(pass)
}

func nothingOwed(label, element string) []rules.Quote {
	return []rules.Quote{{Method: "nothing_owed", Steps: []rules.Step{{Label: label, Value: "0.00", Cite: rules.Cite{Source: "claim", Where: element}}}}}
}

// without gives the claims but one.
func without(prior []claim.Claim, id claim.ID) []claim.Claim {
	at := slices.IndexFunc(prior, func(p claim.Claim) bool { return p.ID == id })
	if at < 0 {
		return prior
	}
	return slices.Concat(prior[:at], without(prior[at+1:], id))
}

// digestOf is the digest of the claims' IDs in order; zero for none.
func digestOf(prior []claim.Claim) claim.Digest {
	if len(prior) == 0 {
		return claim.Digest{}
	}
	h := sha256.New()
	for i := range prior {
		h.Write(prior[i].ID[:])
	}
	return claim.Digest(h.Sum(nil))
}
