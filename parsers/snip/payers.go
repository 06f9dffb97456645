package snip

import "revcycle/parsers/x12"

// Codes of the faults of payers that stand beside each other.
const (
	CodePayerOrder     = "PAYER_ORDER"      // two payers of a claim have the same place in order (SBR01)
	CodeAdjudicator    = "ADJUDICATOR"      // a line was adjudicated by a payer that the claim does not name (SVD01, 2330B NM109)
	CodeOtherPayerDate = "OTHER_PAYER_DATE" // a payer has paid, and no date says when (2330B DTP*573, 2430 DTP*573)
)

// payerOrder checks that each payer of a claim has a place of its own.
func payerOrder(v view, report func(x12.Fault)) {
	var seen [256]bool
	own, ok := v.subscriber()
	if ok {
		if s, ok := own.firstOf(sbr); ok && len(s.elem(1)) == 1 {
			seen[s.elem(1)[0]] = true
		}
	}
	for other, ok := v.child(v.i, "2320"); ok; other, ok = v.child(other.i, "2320") {
		s, ok := other.firstOf(sbr)
		if !ok || len(s.elem(1)) != 1 || s.is(1, 0, "U") {
			continue
		}
		c := s.elem(1)[0]
		if seen[c] {
			fault(other, s, 1, 0, report, x12.Fault{SNIP: 4, Code: CodePayerOrder, Severity: x12.Warn, Message: "another payer of the claim has the same place in order"})
		}
		seen[c] = true
	}
}

// subscriber is the 2000B above a claim.
func (v view) subscriber() (view, bool) {
	for u, ok := v.up(); ok; u, ok = u.up() {
		if u.id() == "2000B" {
			return u, true
		}
	}
	return view{}, false
}

// adjudicator checks that who adjudicated a line is a payer of the claim.
func adjudicator(v view, report func(x12.Fault)) {
	for line, ok := v.child(v.i, "2400"); ok; line, ok = v.child(line.i, "2400") {
		for a, ok := line.child(line.i, "2430"); ok; a, ok = line.child(a.i, "2430") {
			s, ok := a.firstOf(svd)
			if !ok || len(s.elem(1)) == 0 {
				continue
			}
			known := false
			for other, ok := v.child(v.i, "2320"); ok; other, ok = v.child(other.i, "2320") {
				known = known || payer(other) == string(s.elem(1))
			}
			if !known {
				fault(a, s, 1, 0, report, x12.Fault{SNIP: 4, Code: CodeAdjudicator, Severity: x12.Warn, Message: "the payer that adjudicated the line is none of the claim's other payers (2330B NM109)"})
			}
		}
	}
}

// otherPayerDate checks that a payer that has paid says when: at the payer or on each line it adjudicated.
func otherPayerDate(v view, report func(x12.Fault)) {
	for other, ok := v.child(v.i, "2320"); ok; other, ok = v.child(other.i, "2320") {
		paid, ok := other.amountOf("D")
		if !ok {
			continue
		}
		dated := false
		for p, ok := other.child(other.i, "2330B"); ok; p, ok = other.child(p.i, "2330B") {
			_, ok := p.date("573")
			dated = dated || ok
		}
		id := payer(other)
		for line, ok := v.child(v.i, "2400"); ok; line, ok = v.child(line.i, "2400") {
			for a, ok := line.child(line.i, "2430"); ok; a, ok = line.child(a.i, "2430") {
				if s, ok := a.firstOf(svd); ok && string(s.elem(1)) == id {
					_, ok := a.date("573")
					dated = dated || ok
				}
			}
		}
		if !dated {
			fault(other, paid, 0, 0, report, x12.Fault{SNIP: 4, Code: CodeOtherPayerDate, Severity: x12.Warn,
				Message: "the payer has paid, and no date says when: wanted at the payer (2330B DTP*573) or on the lines (2430 DTP*573)"})
		}
	}
}

// date gives the DTP with a qualifier.
func (v view) date(qualifier string) (seg, bool) {
	for s, ok := v.firstOf(dtp); ok; s, ok = s.nextOf() {
		if s.is(1, 0, qualifier) {
			return s, true
		}
	}
	return seg{}, false
}
