package book

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/rules"
)

// payerText is a payer's file as it is written.
type payerText struct {
	Payer     string         `yaml:"payer"`
	Name      string         `yaml:"name"`
	Notes     string         `yaml:"notes"`
	Timely    []timelyText   `yaml:"timely"`
	Contracts []contractText `yaml:"contracts"`
	Rules     []ruleText     `yaml:"rules"`
}

// timelyText is a filing limit with its dates (of the end of service).
type timelyText struct {
	Days  int        `yaml:"days"`
	Years int        `yaml:"years"`
	From  civil.Date `yaml:"from"`
	To    civil.Date `yaml:"to"`
	Cite  citeText   `yaml:"cite"`
}

// contractText is one contract, or one version of it: a new version has the same id and later dates.
type contractText struct {
	ID         string      `yaml:"id"`
	Title      string      `yaml:"title"`
	From       civil.Date  `yaml:"from"`
	To         civil.Date  `yaml:"to"`
	Cite       citeText    `yaml:"cite"`
	Basis      string      `yaml:"basis"`      // service (where absent), admission or discharge
	Facilities []string    `yaml:"facilities"` // billing NPIs or tax numbers; absent: all
	Plans      []string    `yaml:"plans"`      // SBR03; absent: all
	When       yaml.Node   `yaml:"when"`       // about the claim
	LesserOf   string      `yaml:"lesser_of"`  // none (where absent), line or claim
	Terms      []termText  `yaml:"terms"`
	Prices     []priceText `yaml:"prices"`
}

// termText is one term of a contract; the first that fits a line takes it.
type termText struct {
	ID       string    `yaml:"id"`
	Title    string    `yaml:"title"`
	When     yaml.Node `yaml:"when"`
	Method   string    `yaml:"method"`
	Params   yaml.Node `yaml:"params"`
	LesserOf string    `yaml:"lesser_of"` // none: outside the contract's lesser-of
	Cite     citeText  `yaml:"cite"`
}

// priceText is a proof of a contract: what a claim must bring.
type priceText struct {
	Name     string       `yaml:"name"`
	Claim    claimText    `yaml:"claim"`
	Line     int          `yaml:"line"`     // 0: the whole claim
	Expected *money.Cents `yaml:"expected"` // absent: no price may be found
}

// ruleText is one rule, or one version of it.
type ruleText struct {
	ID       string        `yaml:"id"`
	Title    string        `yaml:"title"`
	Check    string        `yaml:"check"`
	Params   yaml.Node     `yaml:"params"`
	When     yaml.Node     `yaml:"when"`
	Message  string        `yaml:"message"` // for rules that are a condition; the title where absent
	From     civil.Date    `yaml:"from"`
	To       civil.Date    `yaml:"to"`
	Cite     citeText      `yaml:"cite"`
	Cites    []citeText    `yaml:"cites"`
	Deny     *denyText     `yaml:"deny"`
	Severity string        `yaml:"severity"`
	Proofs   []proofRecord `yaml:"proofs"`
	at       int
}

type denyText struct {
	Group string `yaml:"group"`
	CARC  string `yaml:"carc"`
	RARC  string `yaml:"rarc"`
}

// proofRecord is a small claim on which a rule must fire, or must not.
type proofRecord struct {
	Name  string      `yaml:"name"`
	Fires *bool       `yaml:"fires"`
	Claim claimText   `yaml:"claim"`
	Prior []claimText `yaml:"prior"`
	Line  *int        `yaml:"line"` // where it must fire: a line, or 0 for the claim
}

// citeText is a citation: one text, or {source, where}.
type citeText struct{ rules.Cite }

// UnmarshalYAML reads both forms.
func (c *citeText) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		c.Source = n.Value
		return nil
	}
	var long struct {
		Source string `yaml:"source"`
		Where  string `yaml:"where"`
	}
	if err := decode(n, &long); err != nil {
		return err
	}
	c.Cite = rules.Cite{Source: long.Source, Where: long.Where}
	return nil
}

// readPayer decodes one payer's file.
func readPayer(text []byte) (payerText, error) {
	var p payerText
	in := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := in.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return p, errors.New("is empty: begin with payer: and name:")
		}
		return p, err
	}
	if err := in.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return p, errors.New("holds more than one document (---): one file, one payer")
	}
	if len(doc.Content) == 0 {
		return p, errors.New("is empty: begin with payer: and name:")
	}
	if err := decode(doc.Content[0], &p); err != nil {
		return p, err
	}
	if seq := child(doc.Content[0], "rules"); seq != nil {
		for i := range p.Rules {
			p.Rules[i].at = seq.Content[i].Line
		}
	}
	if p.Payer == "" {
		return p, errors.New("line 1: says no payer: write payer: with the ID of masters/payers, or the ID claims bear (2010BB NM109)")
	}
	return p, nil
}

// child gives the value of a key, nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// span checks the dates of a dated thing.
func span(from, to civil.Date) (civil.Span, error) {
	switch {
	case from == 0:
		return civil.Span{}, errors.New("has no from date: say since which service date it holds")
	case to != 0 && to < from:
		return civil.Span{}, fmt.Errorf("ends %s before it begins %s", to, from)
	}
	return civil.Span{From: from, To: to}, nil
}

// version is a dated thing with an ID, for the check of overlap and gap.
type version struct {
	id   string
	span civil.Span
}

// continuous refuses two versions of one ID that share a day or leave one out.
func continuous(what string, vs []version) error {
	var errs []error
	last := map[string]civil.Span{}
	for _, v := range vs {
		before, ok := last[v.id]
		last[v.id] = v.span
		switch {
		case !ok:
		case before.Overlaps(v.span):
			errs = append(errs, fmt.Errorf("%s %s: two versions hold on one day (%s and from %s): end the older the day before, and write them oldest first", what, v.id, spanText(before), v.span.From))
		case v.span.From < before.From:
			errs = append(errs, fmt.Errorf("%s %s: write its versions oldest first", what, v.id))
		case before.To.AddDays(1) != v.span.From:
			errs = append(errs, fmt.Errorf("%s %s: no version holds from %s to %s: close the gap, or give the later one another id", what, v.id, before.To.AddDays(1), v.span.From.AddDays(-1)))
		}
	}
	return errors.Join(errs...)
}

func spanText(s civil.Span) string {
	if s.To == 0 {
		return "since " + s.From.String()
	}
	return s.From.String() + " to " + s.To.String()
}
