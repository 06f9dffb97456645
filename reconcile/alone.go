package reconcile

import (
	"revcycle/claim"
	"revcycle/denial"
	"revcycle/money"
	"revcycle/rules"
)

// Policy is how the house settles. Its zero value uses the carried code tables and no tolerance.
type Policy struct {
	Codes     *denial.Codes // nil: denial.Default
	Tolerance money.Cents   // allowed against expected; see DefaultTolerance
	// Usual tells what a payer usually allows for a line, for amounts at risk without a quote; may be nil.
	Usual func(payer string, l *claim.Line) (money.Cents, bool)
}

func (p *Policy) codes() *denial.Codes {
	if p.Codes != nil {
		return p.Codes
	}
	return denial.Default()
}

func (p *Policy) against(c *claim.Claim, a *rules.Assessment, payer string) denial.Against {
	ag := denial.Against{Claim: c, Assessment: a}
	if p.Usual != nil {
		ag.Usual = func(l *claim.Line) (money.Cents, bool) { return p.Usual(payer, l) }
	}
	return ag
}

// Lone is one remit read by itself, as if no other had come.
type Lone struct {
	Remit    claim.ID
	Claim    claim.ID // of a matched remit
	Reverses claim.ID // of a paired reversal
	RuleText string   // "C1/L1", "R1", "C5"; "-" for a held remit
	Standing
	Posts    bool // its money belongs on the claim: matched, sound, and if a reversal, paired
	Judged   denial.Judged
	Allowed  money.Cents
	Expected *money.Cents     // of the lines it answers; nil where unknown
	Episodes []denial.Episode // what it refuses: the initial denials, where it is the first
}

// Alone reads one remit by itself against the claim it matched (nil for an orphan) and that claim's
// assessment (nil where there is none). pair and original are those of a reversal, nil or zero where it has
// none. A held or unbalanced remit is split as it stands and posts nothing.
func Alone(x Adjudged, c *claim.Claim, a *rules.Assessment, pair Pair, original *claim.Remit, policy Policy) Lone {
	r, codes := x.Remit, policy.codes()
	ag := policy.against(c, a, PayerKey(x.Payment))
	ag.Lines, ag.Original = x.Match.ClaimLines(), original
	j := codes.Judge(r, x.Payment.Date, ag)
	out := Lone{Remit: r.ID, RuleText: x.Match.RuleText(), Judged: j, Allowed: j.Split.Allowed()}
	switch {
	case x.Payment.Held != "" || r.Imbalance() != 0:
		out.State, out.RuleText = Quarantined, "-"
		return out
	case x.Match.State != Matched || c == nil:
		out.State = OrphanRemit
		return out
	}
	out.Claim = c.ID
	if r.Reversal() {
		out.State, out.Reverses, out.Posts = Reversed, pair.Original, pair.Rule != ""
		if pair.Rule != "" {
			out.RuleText = pair.Rule
		}
		return out
	}
	out.Posts = movesMoney(codes, r.Status)
	out.Expected = expected(c, a, []denial.Judged{j})
	f := facts{
		split: j.Split, status: r.Status, secondary: denial.Secondary(r.Status),
		allowed: out.Allowed, expected: out.Expected, tolerance: policy.Tolerance,
	}
	out.Standing = f.standing()
	if out.Posts {
		out.Episodes = codes.Episodes(PayerKey(x.Payment), []denial.Judged{j}, ag)
	}
	return out
}

// expected is what the lines that the remits answer should bring: the whole claim's expected amount
// where their charge is the claim's, else the sum of the answered lines' quotes, each line once. nil
// where any part of it is unknown.
func expected(c *claim.Claim, a *rules.Assessment, js []denial.Judged) *money.Cents {
	if c == nil || a == nil {
		return nil
	}
	var charge, sum money.Cents
	answered := map[int]bool{}
	whole := false
	for i := range js {
		charge += js[i].Split.Charge
		whole = whole || len(js[i].Lines) == 0
		for k := range js[i].Lines {
			answered[js[i].Lines[k].Line] = true
		}
	}
	if charge.Abs() >= c.Charge {
		if sum, ok := a.Expected(); ok {
			return &sum
		}
		return nil
	}
	if whole || answered[0] {
		return nil
	}
	for line := range answered {
		q, ok := a.Quote(line)
		if !ok || !q.Priced() {
			return nil
		}
		sum += q.Allowed
	}
	return &sum
}
