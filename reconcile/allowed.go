package reconcile

import (
	"revcycle/denial"
	"revcycle/money"
)

// granted is what a payer gave of the charge that it allowed: all of the allowed amount but the
// patient's share (and what it calls the effect of payers before it).
func granted(s *denial.Split) money.Cents {
	sum := s.Paid
	for _, a := range []denial.Account{denial.Sequester, denial.Withhold, denial.Incentive, denial.Elsewhere} {
		sum += s.Other.Of(a)
	}
	return sum
}

// allow sets the allowed amounts of the claim and of its lines. CARC 23 tells all that earlier payers
// did to the charge: of it only what they gave is allowed, never what they called contractual, refused
// or left pending. What they gave for no line goes to the lines in proportion to what CARC 23 has above
// their own. The lines and what was said of none of them sum to the claim.
func (s *Settlement) allow(earlier []Settlement) {
	s.Allowed = s.Net.Allowed()
	for i := range s.Lines {
		s.Lines[i].Allowed = s.Lines[i].Split.Allowed()
	}
	if len(earlier) == 0 {
		return // nothing is known of the payers before it
	}
	var unplaced money.Cents
	given := map[int]money.Cents{}
	for i := range earlier {
		unplaced += granted(&earlier[i].Unplaced)
		for k := range earlier[i].Lines {
			l := &earlier[i].Lines[k]
			given[l.Line] += granted(&l.Split)
		}
	}
	above := make([]money.Cents, len(s.Lines)) // of CARC 23, what was not given for the line
	var total money.Cents
	for i := range s.Lines {
		l := &s.Lines[i]
		cob, own := max(0, l.Split.Other.Of(denial.COB)), max(0, given[l.Line])
		above[i] = max(0, cob-own)
		total += above[i]
		given[l.Line] = max(0, own-cob)
	}
	shared := min(max(0, unplaced), total)
	for i, share := range money.Split(shared, above) {
		s.Lines[i].Allowed -= above[i] - share
	}
	left := max(0, unplaced) - shared
	for _, rest := range given {
		left += max(0, rest)
	}
	s.Allowed -= total - shared + max(0, s.Unplaced.Other.Of(denial.COB)-left)
}
