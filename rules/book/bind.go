package book

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/rules"
	"revcycle/rules/coding"
)

// boundRule is a rule ready to run.
type boundRule struct {
	rules.Rule
	codes  []string // the only procedure codes for which it can fire; nil where others may
	proofs []proofRecord
	file   string
}

type timelyTerm struct {
	span  civil.Span
	limit coding.FilingLimit
	cite  rules.Cite
}

// paramsOf is the strict decoder that a check or method gets.
func paramsOf(n *yaml.Node) rules.Decode {
	return func(into any) error {
		if n.Kind == 0 {
			return nil
		}
		return decode(n, into)
	}
}

var severities = []rules.Severity{rules.Info, rules.Risk, rules.Hold, rules.Refuse}

// bindRule makes a rule of its text; the error says what to do.
func bindRule(t *ruleText, payer string, k *lookups) (*boundRule, error) {
	r := &boundRule{Rule: rules.Rule{ID: rules.ID(t.ID), Title: t.Title, Payer: payer, Severity: rules.Risk}, proofs: t.Proofs}
	if payer == everyPayer {
		r.Payer = ""
	}
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if t.Title == "" {
		refuse("has no title: say in a sentence what is wrong with a claim it fires on")
	}
	for _, c := range append([]citeText{t.Cite}, t.Cites...) {
		if c.Source != "" {
			r.Cites = append(r.Cites, c.Cite)
		}
	}
	if len(r.Cites) == 0 {
		refuse("cites nothing: say in cite: where the rule is written")
	}
	var err error
	if r.Span, err = span(t.From, t.To); err != nil {
		errs = append(errs, err)
	}
	if t.Deny != nil {
		r.Deny = rules.Deny{Group: t.Deny.Group, CARC: t.Deny.CARC, RARC: t.Deny.RARC}
	}
	if t.Severity != "" {
		r.Severity = ""
		var words []string
		for _, s := range severities {
			words = append(words, string(s))
			if t.Severity == string(s) {
				r.Severity = s
			}
		}
		if r.Severity == "" {
			refuse("severity: %q is none: %s", t.Severity, didYouMean(t.Severity, words))
		}
	}
	if err := proofsSound(t.Proofs); err != nil {
		errs = append(errs, err)
	}
	if err := r.bindCheck(t, k); err != nil {
		errs = append(errs, err)
	}
	return r, errors.Join(errs...)
}

func proofsSound(proofs []proofRecord) error {
	fires, rests := false, false
	for i, p := range proofs {
		switch {
		case p.Fires == nil:
			return fmt.Errorf("proof %d (%s) does not say fires: true or fires: false", i+1, p.Name)
		case p.Name == "":
			return fmt.Errorf("proof %d has no name: say what the claim is", i+1)
		case *p.Fires:
			fires = true
		default:
			rests = true
		}
	}
	if !fires || !rests {
		return errors.New("wants two proofs at least: one claim on which it fires (fires: true) and one on which it does not (fires: false)")
	}
	return nil
}

// bindCheck gives the rule its Check: a shape of package coding, or a condition of its own.
func (r *boundRule) bindCheck(t *ruleText, k *lookups) error {
	var when condition
	if t.When.Kind != 0 {
		var err error
		if when, err = compile(&t.When, k, false); err != nil {
			return fmt.Errorf("when: %w", err)
		}
	}
	if t.Check == "" {
		if when.holds == nil {
			return errors.New("checks nothing: choose a check: or write conditions in when:")
		}
		if t.Params.Kind != 0 {
			return faultAt(&t.Params, "params belong to a check and there is none")
		}
		r.Check, r.codes = conditionCheck(when, or(t.Message, t.Title)), when.codes
		return nil
	}
	shape, ok := coding.Find(t.Check)
	if !ok {
		var words []string
		for _, s := range coding.Checks {
			words = append(words, s.Name)
		}
		return fmt.Errorf("no check is called %q: %s", t.Check, didYouMean(t.Check, words))
	}
	if when.perLine {
		return faultAt(&t.When, "when: names a field of the line outside any_line, all_lines or no_line; beside a check it must be about the claim")
	}
	check, err := shape.New(paramsOf(&t.Params), k)
	if err != nil {
		return fmt.Errorf("check %s: %w", t.Check, err)
	}
	r.History = check.History
	r.Check = check.Run
	if when.holds != nil {
		r.Check = func(p *rules.Pass) {
			if when.holds(p.Claim, nil) {
				check.Run(p)
			}
		}
	}
	return nil
}

// conditionCheck reports each line, or once the claim, for which the condition holds.
func conditionCheck(when condition, message string) func(*rules.Pass) {
	if !when.perLine {
		return func(p *rules.Pass) {
			if p.InForce() && when.holds(p.Claim, nil) {
				p.Report(0, nil, "%s", message)
			}
		}
	}
	return func(p *rules.Pass) {
		for l := range p.Lines() {
			if when.holds(p.Claim, l) {
				p.Report(l.Number, lineFacts(l), "%s", message)
			}
		}
	}
}

func lineFacts(l *claim.Line) []rules.Fact {
	var facts []rules.Fact
	if l.Procedure.Code != "" {
		facts = append(facts, rules.Fact{Name: "code", Value: l.Procedure.Code})
	}
	if l.Revenue != "" {
		facts = append(facts, rules.Fact{Name: "revenue code", Value: l.Revenue})
	}
	return facts
}

// bindTimely makes the payer's filing limits.
func bindTimely(texts []timelyText) ([]timelyTerm, error) {
	var out []timelyTerm
	var vs []version
	for i, t := range texts {
		s, err := span(t.From, t.To)
		switch {
		case err != nil:
			return nil, fmt.Errorf("timely %d: %w", i+1, err)
		case t.Cite.Source == "":
			return nil, fmt.Errorf("timely %d: cites nothing: say where the limit is written", i+1)
		case t.Days < 0 || t.Years < 0 || (t.Days == 0) == (t.Years == 0):
			return nil, fmt.Errorf("timely %d: give days or years, one of them, above 0", i+1)
		}
		out = append(out, timelyTerm{s, coding.FilingLimit{Days: t.Days, Years: t.Years}, t.Cite.Cite})
		vs = append(vs, version{"", s})
	}
	return out, continuous("timely", vs)
}
