package book

import (
	"errors"
	"fmt"
	"slices"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/rules"
	"revcycle/rules/pricing"
)

// boundContract is one version of a contract ready to price.
type boundContract struct {
	id, title  string
	span       civil.Span
	cite       rules.Cite
	basis      string
	facilities []string
	plans      []string
	when       test
	lesserOf   string
	terms      []boundTerm
	prices     []priceText
}

type boundTerm struct {
	id, title string
	method    pricing.Method
	price     pricing.Price
	cite      rules.Cite
	when      test // nil: every line
	perLine   bool
	outside   bool // of the contract's lesser-of
}

func bindContract(t *contractText, k *lookups) (*boundContract, error) {
	c := &boundContract{id: t.ID, title: t.Title, cite: t.Cite.Cite, basis: or(t.Basis, "service"), facilities: t.Facilities, plans: t.Plans, lesserOf: or(t.LesserOf, "none"), prices: t.Prices}
	var errs []error
	var err error
	if c.span, err = span(t.From, t.To); err != nil {
		errs = append(errs, err)
	}
	if t.Cite.Source == "" {
		errs = append(errs, errors.New("cites nothing: say in cite: which agreement it is"))
	}
	if bases := []string{"service", "admission", "discharge"}; !slices.Contains(bases, c.basis) {
		errs = append(errs, fmt.Errorf("basis: %q is none: %s", c.basis, didYouMean(c.basis, bases)))
	}
	if scopes := []string{"none", "line", "claim"}; !slices.Contains(scopes, c.lesserOf) {
		errs = append(errs, fmt.Errorf("lesser_of: %q is none: %s", c.lesserOf, didYouMean(c.lesserOf, scopes)))
	}
	if t.When.Kind != 0 {
		when, err := compile(&t.When, k, false)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("when: %w", err))
		case when.perLine:
			errs = append(errs, faultAt(&t.When, "when: of a contract must be about the claim; put conditions on lines into terms"))
		}
		c.when = when.holds
	}
	if len(t.Terms) == 0 {
		errs = append(errs, errors.New("has no terms: say how it pays"))
	}
	seen := map[string]bool{}
	for i := range t.Terms {
		term, err := bindTerm(&t.Terms[i], c.cite, k)
		if err == nil && seen[term.id] {
			err = errors.New("stands twice in one contract: give each term its own id; versions are versions of the contract")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("term %s: %w", or(t.Terms[i].ID, fmt.Sprint(i+1)), err))
			continue
		}
		seen[term.id] = true
		c.terms = append(c.terms, term)
	}
	for i, p := range t.Prices {
		if p.Name == "" {
			errs = append(errs, fmt.Errorf("price proof %d has no name: say what the claim is", i+1))
		}
	}
	return c, errors.Join(errs...)
}

func bindTerm(t *termText, contract rules.Cite, k *lookups) (boundTerm, error) {
	b := boundTerm{id: t.ID, title: t.Title, cite: t.Cite.Cite, outside: t.LesserOf == "none"}
	method, ok := pricing.Find(t.Method)
	switch {
	case t.ID == "":
		return b, errors.New("has no id")
	case t.Cite.Source == "":
		return b, errors.New("cites nothing: say in cite: which clause it is")
	case t.LesserOf != "" && t.LesserOf != "none":
		return b, fmt.Errorf("lesser_of: of a term is none (outside the contract's) or absent, not %q", t.LesserOf)
	case !ok:
		var words []string
		for _, m := range pricing.Methods {
			words = append(words, m.Name)
		}
		return b, fmt.Errorf("no method is called %q: %s", t.Method, didYouMean(t.Method, words))
	}
	if b.cite.Where == "" {
		b.cite = rules.Cite{Source: contract.Source, Where: b.cite.Source} // a clause of the agreement
	}
	b.method = method
	var err error
	if b.price, err = method.New(paramsOf(&t.Params), k); err != nil {
		return b, fmt.Errorf("method %s: %w", t.Method, err)
	}
	if t.When.Kind == 0 {
		return b, nil
	}
	when, err := compile(&t.When, k, false)
	if err != nil {
		return b, fmt.Errorf("when: %w", err)
	}
	if when.perLine && method.Claim {
		return b, faultAt(&t.When, "when: %s pays the claim as a whole, so its condition must be about the claim (use any_line)", t.Method)
	}
	b.when, b.perLine = when.holds, when.perLine
	return b, nil
}

// holds reports whether the contract is the one for a claim whose deciding day is given.
func (k *boundContract) holds(c *claim.Claim, day civil.Date) bool {
	if !k.span.Has(day) {
		return false
	}
	if len(k.facilities) > 0 && !slices.Contains(k.facilities, string(c.Billing.NPI)) && (c.Billing.TaxID == "" || !slices.Contains(k.facilities, c.Billing.TaxID)) {
		return false
	}
	if len(k.plans) > 0 && !slices.Contains(k.plans, c.Group) {
		return false
	}
	return k.when == nil || k.when(c, nil)
}

// day is the date by which the contract is chosen for a line.
func (k *boundContract) day(c *claim.Claim, l *claim.Line) civil.Date {
	from, to := c.Service()
	switch {
	case k.basis == "admission" && c.Admitted.Known():
		return c.Admitted
	case k.basis == "admission":
		return from
	case k.basis == "discharge" && c.Discharged.Known():
		return c.Discharged
	case k.basis == "discharge":
		return to
	case c.Kind == claim.Institutional:
		return from
	}
	return rules.DayOf(c, l)
}
