package coding

import (
	"slices"

	"revcycle/claim"
	"revcycle/rules"
)

// DuplicateParams are the parameters of duplicate.
type DuplicateParams struct {
	Except      []string `yaml:"except"`       // modifiers that say it was done again; 76, 77 and 91 where absent
	Suspect     bool     `yaml:"suspect"`      // also where units or charge differ
	WithinClaim bool     `yaml:"within_claim"` // also two lines of one claim
}

func newDuplicate(decode rules.Decode, _ Tables) (Check, error) {
	var p DuplicateParams
	if err := decode(&p); err != nil {
		return Check{}, err
	}
	return Check{Run: Duplicate(p), History: true}, nil
}

// Duplicate finds lines billed before: same patient, billing provider, payer, day, code and modifiers, and
// for an exact one same units and charge. Of two claims the later made is the duplicate. A replacement or
// void (CLM05-3 of 7 or 8) is none, nor is a line with a modifier that says the service was repeated.
func Duplicate(p DuplicateParams) func(*rules.Pass) {
	except := p.Except
	if len(except) == 0 {
		except = []string{"76", "77", "91"}
	}
	return func(pass *rules.Pass) {
		c := pass.Claim
		if c.Replaces() {
			return
		}
		prior := pass.Prior()
		for l := range pass.Lines() {
			if l.Procedure.Code == "" || has(l.Procedure.Modifiers, except...) {
				continue
			}
			if p.WithinClaim && duplicateWithin(pass, l, p.Suspect) {
				continue
			}
			for i := range prior {
				if counts(&prior[i], c, prior) && duplicateOf(pass, l, &prior[i], p.Suspect) {
					break
				}
			}
		}
	}
}

func duplicateWithin(pass *rules.Pass, l *claim.Line, suspect bool) bool {
	for i := range pass.Claim.Lines {
		o := &pass.Claim.Lines[i]
		if o == l {
			return false
		}
		if like, exact := alike(pass.Claim, o, pass.Claim, l); like && (exact || suspect) {
			pass.Report(l.Number, duplicateFacts(l, exact), "%s repeats line %d of this claim", kindOf(exact), o.Number)
			return true
		}
	}
	return false
}

func duplicateOf(pass *rules.Pass, l *claim.Line, p *claim.Claim, suspect bool) bool {
	for i := range p.Lines {
		if like, exact := alike(p, &p.Lines[i], pass.Claim, l); like && (exact || suspect) {
			facts := append(duplicateFacts(l, exact), rules.Fact{Name: "earlier claim", Value: p.ID.String()})
			pass.Report(l.Number, facts, "%s repeats line %d of a claim made on %s", kindOf(exact), p.Lines[i].Number, p.Created)
			return true
		}
	}
	return false
}

func kindOf(exact bool) string {
	if exact {
		return "an exact duplicate: the line"
	}
	return "a suspected duplicate: with other units or charge the line"
}

func duplicateFacts(l *claim.Line, exact bool) []rules.Fact {
	kind := "suspect"
	if exact {
		kind = "exact"
	}
	return []rules.Fact{{Name: "code", Value: l.Procedure.Code}, {Name: "duplicate", Value: kind}}
}

// alike compares two lines: like in day, code and modifiers in any order; exact also in units and charge.
func alike(pc *claim.Claim, p *claim.Line, c *claim.Claim, l *claim.Line) (like, exact bool) {
	if p.Procedure.Code != l.Procedure.Code || p.Revenue != l.Revenue || !sameDay(rules.DayOf(pc, p), rules.DayOf(c, l)) {
		return false, false
	}
	a, b := p.Procedure.Modifiers, l.Procedure.Modifiers
	if a != b {
		slices.Sort(a[:])
		slices.Sort(b[:])
		if a != b {
			return false, false
		}
	}
	return true, p.Charge == l.Charge && p.Units.Cmp(l.Units) == 0
}
