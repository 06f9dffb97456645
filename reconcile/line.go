package reconcile

import (
	"slices"
	"strconv"

	"revcycle/civil"
	"revcycle/claim"
)

// LineMatch is which claim line a remit line answers.
type LineMatch struct {
	RemitLine int    // its position in the remit, from 1
	ClaimLine int    // LX01; 0 where unmatched
	Rule      string // L1 to L5, "" where unmatched
	Flag      Flag
}

// MatchLines finds the claim line of each remit line, in the order of the remit. Each step runs over
// all lines before the next begins, so that a loose step never takes a line from a strict one. Several
// remit lines may answer one claim line by L1 (the payer unbundled it); by the others only one.
func MatchLines(r *claim.Remit, c *claim.Claim) []LineMatch {
	out := make([]LineMatch, len(r.Lines))
	for i := range r.Lines {
		out[i] = LineMatch{RemitLine: r.Lines[i].Number, Flag: LineUnmatched}
	}
	taken := make([]bool, len(c.Lines))
	for i := range r.Lines {
		if k := byControl(&r.Lines[i], c); k >= 0 {
			out[i].ClaimLine, out[i].Rule, out[i].Flag = number(c, k), "L1", ""
			taken[k] = true
		}
	}
	for _, step := range []struct {
		rule string
		flag Flag
		fits func(*claim.RemitLine, *claim.Line) bool
	}{
		{"L2", "", func(l *claim.RemitLine, own *claim.Line) bool {
			return sameCode(l, own) && modifiers(l.Billed()) == modifiers(own.Procedure)
		}},
		{"L3", ModifierChanged, sameCode},
		{"L4", Recoded, sameFamily},
	} {
		for i := range r.Lines {
			for k := range c.Lines {
				if out[i].Rule == "" && !taken[k] && r.Lines[i].Charge.Abs() == c.Lines[k].Charge && sameDay(r, i, c, k) && step.fits(&r.Lines[i], &c.Lines[k]) {
					out[i].ClaimLine, out[i].Rule, out[i].Flag = number(c, k), step.rule, step.flag
					taken[k] = true
				}
			}
		}
	}
	byElimination(r, c, out, taken)
	return out
}

// byControl is L1: REF*6R as we sent it, or LX01 where we sent none. Lines that share a control number
// are told apart by their code.
func byControl(l *claim.RemitLine, c *claim.Claim) int {
	if l.Control == "" {
		return -1
	}
	found := -1
	for k := range c.Lines {
		own := &c.Lines[k]
		if own.Control == l.Control || own.Control == "" && strconv.Itoa(number(c, k)) == l.Control {
			if found < 0 || own.Procedure.Code == l.Billed().Code && c.Lines[found].Procedure.Code != l.Billed().Code {
				found = k
			}
		}
	}
	return found
}

// byElimination is L5: one line is left on either side, and the charges are equal.
func byElimination(r *claim.Remit, c *claim.Claim, out []LineMatch, taken []bool) {
	i, left := only(len(out), func(i int) bool { return out[i].Rule == "" })
	k, free := only(len(taken), func(k int) bool { return !taken[k] })
	if left && free && r.Lines[i].Charge.Abs() == c.Lines[k].Charge {
		out[i].ClaimLine, out[i].Rule, out[i].Flag = number(c, k), "L5", ByElimination
	}
}

// only gives the one index that fits; ok is false for none or several.
func only(n int, fits func(int) bool) (at int, ok bool) {
	for i := range n {
		if fits(i) {
			if ok {
				return 0, false
			}
			at, ok = i, true
		}
	}
	return at, ok
}

// number is a line's LX01, or its position where none was sent.
func number(c *claim.Claim, k int) int {
	if n := c.Lines[k].Number; n != 0 {
		return n
	}
	return k + 1
}

func sameCode(l *claim.RemitLine, own *claim.Line) bool {
	if code := l.Billed().Code; code != "" && own.Procedure.Code != "" {
		return code == own.Procedure.Code
	}
	return l.Revenue != "" && l.Revenue == own.Revenue
}

// familyLength is how many characters of a code make its family: 9921x is one.
const familyLength = 4

// sameFamily compares revenue codes, else the code families.
func sameFamily(l *claim.RemitLine, own *claim.Line) bool {
	if l.Revenue != "" && own.Revenue != "" {
		return l.Revenue == own.Revenue
	}
	a, b := l.Procedure.Code, own.Procedure.Code
	return len(a) >= familyLength && len(b) >= familyLength && a[:familyLength] == b[:familyLength]
}

// modifiers compares as a set: the order of modifiers is the payer's own.
func modifiers(p claim.Procedure) [4]string {
	m := p.Modifiers
	slices.Sort(m[:])
	return m
}

// sameDay compares service dates; an unknown one agrees with any.
func sameDay(r *claim.Remit, i int, c *claim.Claim, k int) bool {
	day := r.Lines[i].From
	if !day.Known() {
		day = r.From
	}
	from, to := c.Lines[k].From, max(c.Lines[k].From, c.Lines[k].To)
	if !from.Known() {
		from, to = c.Service()
	}
	return !day.Known() || !from.Known() || civil.Span{From: from, To: max(from, to)}.Has(day)
}
