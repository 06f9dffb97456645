// Package reconcile finds which claim a remit answers, and how a claim stands with each of its payers.
//
// Match finds the claim and its lines by the steps C1 to C5 and L1 to L5; PairReversals finds what a
// reversal takes back (R1, R2); Alone reads one remit by itself; Settle nets the unreversed remits of
// a claim, payer by payer; Versions orders the versions of a claim. All are pure functions of values
// and give the same result for any order of their arguments. A rule-made match is an opinion: it is
// made again when its candidates change.
//
// To extend: a new step of matching is one function in match.go or line.go and its place in the
// cascade; a new headline state is a row of the table in state.go.
package reconcile

import (
	"slices"
	"strings"

	"revcycle/claim"
)

// Candidate is a claim that a remit may answer.
type Candidate struct {
	Claim         *claim.Claim
	PayerControls []string // payer claim numbers known for it from earlier remits and 277CAs
	Payees        []string // further NPIs and tax numbers of its facility and billing provider, from the masters
	PayerIDs      []string // further identifiers of its payer, from the masters
}

// MatchState says how sure a match is.
type MatchState string

// The states of a match. Only a matched remit posts to its claim.
const (
	Matched   MatchState = "matched"
	Proposed  MatchState = "proposed"  // one claim, but a person should look
	Ambiguous MatchState = "ambiguous" // several claims fit equally
	Orphan    MatchState = "orphan"    // none: kept in suspense and tried again
	Held      MatchState = "held"      // not tried: the remit or its set does not balance
)

// Flag is something a match should be known for.
type Flag string

// The flags of matches, of lines and of pairs.
const (
	Normalised        Flag = "NORMALISED"          // the control number came back in another form
	ModifierChanged   Flag = "MODIFIER_CHANGED"    // L3
	Recoded           Flag = "RECODED"             // L4
	ByElimination     Flag = "BY_ELIMINATION"      // L5
	LineUnmatched     Flag = "LINE_UNMATCHED"      // posted at claim level
	PayeeDiffers      Flag = "PAYEE_DIFFERS"       // the payee is nobody of the claim's provider
	OnlyControl       Flag = "ONLY_CONTROL"        // neither charge, member nor date agrees
	SplitClaim        Flag = "SPLIT_CLAIM"         // the remit answers a part of the claim
	NegativeWithout22 Flag = "NEGATIVE_WITHOUT_22" // a delta correction; the guide wants a reversal
	CLP07Differs      Flag = "CLP07_DIFFERS"
	CASDiffers        Flag = "CAS_DIFFERS"
	WithoutOriginal   Flag = "REVERSAL_WITHOUT_ORIGINAL"
	AmbiguousReversal Flag = "AMBIGUOUS_REVERSAL"
	PartialReversal   Flag = "PARTIAL_REVERSAL"
)

// MatchResult is which claim a remit answers, by which rule, or why not.
type MatchResult struct {
	Remit claim.ID
	Claim claim.ID // of a matched or proposed remit
	Rule  string   // C1 to C5
	State MatchState
	Flags []Flag
	Lines []LineMatch // one for each remit line, in order; nil where no claim was found
	Among []claim.ID  // the claims an ambiguous remit fits, sorted
}

// RuleText names the step and the distinct line steps: "C1/L1", "C1/L2,L3", "C1" without matched lines.
func (m *MatchResult) RuleText() string {
	var steps []string
	for _, l := range m.Lines {
		if l.Rule != "" {
			steps = append(steps, l.Rule)
		}
	}
	if len(steps) == 0 {
		return m.Rule
	}
	slices.Sort(steps)
	return m.Rule + "/" + strings.Join(slices.Compact(steps), ",")
}

// ClaimLines gives the claim line's number for each remit line, 0 where unmatched.
func (m *MatchResult) ClaimLines() []int {
	out := make([]int, len(m.Lines))
	for i := range m.Lines {
		out[i] = m.Lines[i].ClaimLine
	}
	return out
}

// Matcher matches remits; its zero value is ready.
type Matcher struct {
	Prefixes []string // what clearinghouses put before our control numbers, upper case
}

// Match finds the claim that a remit answers among candidates, which may be given in any order and may
// hold claims that do not fit. It is Matcher{}.Match.
func Match(r *claim.Remit, p *claim.Payment, candidates []Candidate) MatchResult {
	return Matcher{}.Match(r, p, candidates)
}

// Match is Match with the matcher's options.
func (m Matcher) Match(r *claim.Remit, p *claim.Payment, candidates []Candidate) MatchResult {
	fits := compare(r, p, candidates)
	for _, step := range []func(*claim.Remit, []fit) (MatchResult, bool){matchControl, matchPayerControl, m.matchNormal, proposePayee, matchPerson, proposeControl} {
		if found, ok := step(r, fits); ok {
			return found
		}
	}
	return MatchResult{Remit: r.ID, Rule: "C5", State: Orphan, Flags: negative(r)}
}

// result makes the match of a remit to the candidate, its lines with it.
func (f *fit) result(r *claim.Remit, rule string, state MatchState, flags ...Flag) MatchResult {
	m := MatchResult{Remit: r.ID, Claim: f.Claim.ID, Rule: rule, State: state, Lines: MatchLines(r, f.Claim)}
	flags = append(flags, negative(r)...)
	if r.Charge.Abs() < f.Claim.Charge {
		flags = append(flags, SplitClaim)
	}
	for _, l := range m.Lines {
		if l.ClaimLine == 0 {
			flags = append(flags, LineUnmatched)
			break
		}
	}
	m.Flags = flags
	return m
}

func negative(r *claim.Remit) []Flag {
	if r.Charge < 0 && !r.Reversal() {
		return []Flag{NegativeWithout22}
	}
	return nil
}

// matchControl is C1: the control number as sent, our payee, and one more thing.
func matchControl(r *claim.Remit, fits []fit) (MatchResult, bool) {
	return among(r, "C1", pick(fits, func(f *fit) bool { return f.control && f.payee && f.agrees() }))
}

// among chooses between claims with one control number: those in which more agrees, then the one the
// payer's own claim number is known for, then the newest version whose charge is CLP03.
func among(r *claim.Remit, rule string, fits []fit, flags ...Flag) (MatchResult, bool) {
	best := 0
	for i := range fits {
		best = max(best, fits[i].closeness())
	}
	fits = pick(fits, func(f *fit) bool { return f.closeness() == best })
	if len(fits) > 1 && r.PayerControl != "" {
		if known := pick(fits, func(f *fit) bool { return slices.Contains(f.PayerControls, r.PayerControl) }); len(known) > 0 {
			fits = known
		}
	}
	if len(fits) > 1 {
		fits = pick(fits, func(f *fit) bool { return f.charge })
	}
	if len(fits) == 0 {
		return MatchResult{}, false
	}
	newest := &fits[len(fits)-1]
	for i := range fits {
		if !sameRoot(fits[i].Claim, newest.Claim) {
			return MatchResult{}, false
		}
	}
	return newest.result(r, rule, Matched, flags...), true
}

func (f *fit) closeness() int {
	n := 0
	if f.member {
		n += 2
	}
	if f.date {
		n++
	}
	return n
}

func pick(fits []fit, keep func(*fit) bool) []fit {
	var out []fit
	for i := range fits {
		if keep(&fits[i]) {
			out = append(out, fits[i])
		}
	}
	return out
}

// matchPayerControl is C2: the payer's claim number, known from before or named on our correction.
func matchPayerControl(r *claim.Remit, fits []fit) (MatchResult, bool) {
	if r.PayerControl == "" {
		return MatchResult{}, false
	}
	known := pick(fits, func(f *fit) bool {
		return f.agrees() && (slices.Contains(f.PayerControls, r.PayerControl) || f.Claim.Reference("F8") == r.PayerControl)
	})
	if standing := pick(known, func(f *fit) bool { return !f.Claim.Void() }); len(standing) > 0 {
		known = standing
	}
	if len(known) == 0 {
		return MatchResult{}, false
	}
	newest := &known[len(known)-1]
	for i := range known {
		if !sameRoot(known[i].Claim, newest.Claim) && known[i].Claim.Billing.Key() != newest.Claim.Billing.Key() {
			return MatchResult{}, false
		}
	}
	return newest.result(r, "C2", Matched), true
}

// matchNormal is C3: C1 after both control numbers are brought to one form.
func (m Matcher) matchNormal(r *claim.Remit, fits []fit) (MatchResult, bool) {
	want := m.normal(r.Control)
	if want == "" {
		return MatchResult{}, false
	}
	return among(r, "C3", pick(fits, func(f *fit) bool {
		return !f.control && f.payee && f.agrees() && m.normal(f.Claim.Control) == want
	}), Normalised)
}

// normal is claim.NormalControl without a clearinghouse's prefix.
func (m Matcher) normal(control string) string {
	s := strings.ToUpper(strings.TrimSpace(control))
	for _, prefix := range m.Prefixes {
		if prefix != "" && len(s) > len(prefix) && strings.HasPrefix(s, prefix) {
			s = s[len(prefix):]
			break
		}
	}
	return claim.NormalControl(s)
}

// matchPerson is C4: member, service date, charge and payer. It only proposes, unless the surname agrees too.
func matchPerson(r *claim.Remit, fits []fit) (MatchResult, bool) {
	same := pick(fits, func(f *fit) bool { return f.member && f.date && f.charge && f.payer })
	switch {
	case len(same) == 0:
		return MatchResult{}, false
	case len(same) > 1 && !sameRoot(same[0].Claim, same[len(same)-1].Claim):
		return MatchResult{Remit: r.ID, Rule: "C4", State: Ambiguous, Flags: negative(r), Among: ids(same)}, true
	}
	newest := &same[len(same)-1]
	state := Proposed
	if newest.name && newest.payee {
		state = Matched
	}
	return newest.result(r, "C4", state), true
}

// proposePayee proposes a C1 match that lacks nothing but our payee.
func proposePayee(r *claim.Remit, fits []fit) (MatchResult, bool) {
	return proposed(r, pick(fits, func(f *fit) bool { return f.control && f.agrees() }))
}

// proposeControl proposes the claim with the control number as sent, where nothing else agrees.
func proposeControl(r *claim.Remit, fits []fit) (MatchResult, bool) {
	return proposed(r, pick(fits, func(f *fit) bool { return f.control }))
}

// proposed proposes the newest of the claims.
func proposed(r *claim.Remit, fits []fit) (MatchResult, bool) {
	if len(fits) == 0 {
		return MatchResult{}, false
	}
	newest := &fits[len(fits)-1]
	return newest.result(r, "C1", Proposed, newest.doubts()...), true
}

func ids(fits []fit) []claim.ID {
	out := make([]claim.ID, len(fits))
	for i := range fits {
		out[i] = fits[i].Claim.ID
	}
	slices.SortFunc(out, claim.ID.Compare)
	return out
}
