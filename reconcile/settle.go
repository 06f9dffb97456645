package reconcile

import (
	"cmp"
	"slices"
	"strconv"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/denial"
	"revcycle/money"
	"revcycle/rules"
)

// Settlement is how a claim stands with one of its payers: the net of the remits not reversed.
type Settlement struct {
	ID    claim.ID // of the claim, payer, assessment and remits it was made from
	Claim claim.ID
	Payer string // PayerKey
	Seq   int    // place in order, from 1
	Standing
	First     civil.Date   // the date of the payer's first payment
	Last      civil.Date   // the date of its last
	Remits    []claim.ID   // every remit looked at, sorted
	Effective []claim.ID   // those that make the net, sorted
	Suspended []Suspended  // those whose money is not on the claim, in content order
	Pairs     []Pair       // reversals, in content order
	Net       denial.Split // of the effective remits
	Allowed   money.Cents  // of the net; of earlier payers' effect only what they gave
	Expected  *money.Cents // of the lines answered; nil where unknown
	Lines     []SettledLine
	Unplaced  denial.Split // what was said at claim level, or of lines that match none
	Episodes  []denial.Episode
	// Crossover: the payer sent the claim on (CLP02 19 to 21, NM1*TT, MA18, MA07), so we do not.
	Crossover bool
	// CrossoverFailed: it could not (MA19), so we must.
	CrossoverFailed bool
	Warnings        []denial.Warning
}

// Suspended is a remit that does not count, and why.
type Suspended struct {
	Remit claim.ID
	Why   Flag
}

// More reasons why a remit of a claim does not count.
const (
	DuplicateInPayment Flag = "DUPLICATE_IN_PAYMENT" // the same CLP01, CLP07 and amounts twice in one payment
	RefusalReplaced    Flag = "REFUSAL_REPLACED"     // an all-refused remit that a later decision replaces
	NoMoney            Flag = "NO_MONEY"             // a predetermination, or a claim sent elsewhere
)

// SettledLine is the net of one claim line.
type SettledLine struct {
	Line     int // LX01
	Split    denial.Split
	Allowed  money.Cents  // as of the claim
	Expected *money.Cents // nil where unknown
	Rules    []string     // the steps that matched it, sorted
}

// Settle nets the remits of a claim, payer by payer, in order of CLP02, then of the first payment. refs
// may be in any order, may hold remits of other versions of the claim (their reversals are paired across
// versions) and remits that are not matched or are held; only those matched to c count. a may be nil.
func Settle(c *claim.Claim, a *rules.Assessment, refs []Adjudged, policy Policy) []Settlement {
	sound := slices.DeleteFunc(InOrder(refs), func(x Adjudged) bool {
		return x.Match.State != Matched || x.Payment.Held != "" || x.Remit.Imbalance() != 0
	})
	pairs := PairReversals(sound)
	payers := map[string]*account{}
	for _, x := range sound {
		if x.Match.Claim != c.ID {
			continue
		}
		key := PayerKey(x.Payment)
		if payers[key] == nil {
			payers[key] = &account{payer: key, first: x.Payment.Date, pairs: pairs}
		}
		payers[key].add(x)
	}
	order := make([]*account, 0, len(payers))
	for _, p := range payers {
		order = append(order, p)
	}
	slices.SortFunc(order, func(x, y *account) int {
		return cmp.Or(cmp.Compare(x.rank(), y.rank()), cmp.Compare(x.first, y.first), cmp.Compare(x.payer, y.payer))
	})
	out := make([]Settlement, 0, len(order))
	for _, p := range order {
		out = append(out, p.settle(c, a, out, policy))
	}
	return out
}

// account is the remits of one payer, in content order.
type account struct {
	payer       string
	order       int // by CLP02; 0 where no remit says
	first, last civil.Date
	all         []Adjudged
	pairs       []Pair
}

func (p *account) add(x Adjudged) {
	p.all = append(p.all, x)
	p.last = x.Payment.Date
	if o := payerOrder(x.Remit.Status); o > 0 && (p.order == 0 || o < p.order) {
		p.order = o
	}
}

// rank puts payers whose place no remit tells behind those that say it.
func (p *account) rank() int {
	if p.order == 0 {
		return 9
	}
	return p.order
}

// settle makes the settlement of one payer; earlier are those of the payers before it.
func (p *account) settle(c *claim.Claim, a *rules.Assessment, earlier []Settlement, policy Policy) Settlement {
	codes := policy.codes()
	s := Settlement{Claim: c.ID, Payer: p.payer, Seq: len(earlier) + 1, First: p.first, Last: p.last}
	if len(earlier) > 0 {
		s.Seq = earlier[len(earlier)-1].Seq + 1
	}
	s.Seq = max(s.Seq, p.order)
	effective := p.effective(c, codes, &s)
	ag := policy.against(c, a, p.payer)
	js := make([]denial.Judged, len(effective))
	for i, x := range effective {
		ag.Lines = x.Match.ClaimLines()
		js[i] = codes.Judge(x.Remit, x.Payment.Date, ag)
		s.Effective = append(s.Effective, x.Remit.ID)
		s.Net = s.Net.Plus(js[i].Split)
		s.Warnings = append(s.Warnings, js[i].Warnings...)
		s.forward(codes, x.Remit)
	}
	slices.SortFunc(s.Effective, claim.ID.Compare)
	s.Lines, s.Unplaced = netLines(c, a, effective, js)
	s.Episodes = codes.Episodes(p.payer, js, ag)
	s.Expected = expected(c, a, js)
	p.stand(&s, c, earlier, policy)
	s.ID = s.identity(a)
	return s
}

// effective gives the remits that make the net, and tells of the others why not.
func (p *account) effective(c *claim.Claim, codes *denial.Codes, s *Settlement) []Adjudged {
	gone := map[claim.ID]bool{}
	for _, pair := range p.pairs {
		if pair.Rule != "" {
			gone[pair.Original], gone[pair.Reversal] = true, true
		}
	}
	var out []Adjudged
	seen := map[string]bool{}
	for _, x := range p.all {
		r := x.Remit
		s.Remits = append(s.Remits, r.ID)
		if i := slices.IndexFunc(p.pairs, func(pair Pair) bool { return pair.Reversal == r.ID }); i >= 0 {
			s.Pairs = append(s.Pairs, p.pairs[i])
			if p.pairs[i].Rule == "" {
				s.Suspended = append(s.Suspended, Suspended{r.ID, p.pairs[i].Flag})
			}
			continue
		}
		key := string(r.Payment[:]) + r.Control + "|" + r.PayerControl + "|" + r.Charge.String() + "|" + r.Paid.String()
		switch {
		case gone[r.ID]:
		case !movesMoney(codes, r.Status):
			s.Suspended = append(s.Suspended, Suspended{r.ID, NoMoney})
		case r.PayerControl != "" && seen[key]:
			s.Suspended = append(s.Suspended, Suspended{r.ID, DuplicateInPayment})
		default:
			seen[key] = true
			out = append(out, x)
		}
	}
	slices.SortFunc(s.Remits, claim.ID.Compare)
	return withoutReplaced(c, codes, out, s)
}

// withoutReplaced drops refusals that the payer decided anew without reversing them: they moved no
// money, so there was nothing to reverse. It looks only where more than the claim's charge was answered.
func withoutReplaced(c *claim.Claim, codes *denial.Codes, in []Adjudged, s *Settlement) []Adjudged {
	var total money.Cents
	for _, x := range in {
		total += x.Remit.Charge
	}
	var out []Adjudged
	for i, x := range in {
		again := slices.ContainsFunc(in[i+1:], func(y Adjudged) bool { return y.Remit.Charge == x.Remit.Charge })
		if total > c.Charge && again {
			j := codes.Judge(x.Remit, x.Payment.Date, denial.Against{})
			if j.Split.Charge == j.Split.Denied+j.Split.Pending {
				total -= x.Remit.Charge
				s.Suspended = append(s.Suspended, Suspended{x.Remit.ID, RefusalReplaced})
				continue
			}
		}
		out = append(out, x)
	}
	return out
}

// forward notes whether the payer sent the claim to the next one.
func (s *Settlement) forward(codes *denial.Codes, r *claim.Remit) {
	if st, ok := codes.Status(r.Status); ok && st.Crossover {
		s.Crossover = true
	}
	if r.Crossover.ID != "" || r.Crossover.Name != "" || slices.Contains(r.Remarks, "MA18") || slices.Contains(r.Remarks, "MA07") {
		s.Crossover = true
	}
	if slices.Contains(r.Remarks, "MA19") {
		s.CrossoverFailed = true
	}
}

// netLines sums what each claim line got. Lines of which nothing was said are not in it.
func netLines(c *claim.Claim, a *rules.Assessment, xs []Adjudged, js []denial.Judged) (lines []SettledLine, unplaced denial.Split) {
	at := map[int]int{}
	for i := range js {
		unplaced = unplaced.Plus(js[i].Claim.Split)
		for k := range js[i].Lines {
			p := &js[i].Lines[k]
			if p.Line == 0 {
				unplaced = unplaced.Plus(p.Split)
				continue
			}
			n, ok := at[p.Line]
			if !ok {
				n = len(lines)
				at[p.Line] = n
				lines = append(lines, SettledLine{Line: p.Line})
			}
			lines[n].Split = lines[n].Split.Plus(p.Split)
			lines[n].Rules = append(lines[n].Rules, xs[i].Match.Lines[k].Rule)
		}
	}
	for i := range lines {
		l := &lines[i]
		slices.Sort(l.Rules)
		l.Rules = slices.Compact(l.Rules)
		if a != nil {
			if q, ok := a.Quote(l.Line); ok && q.Priced() {
				l.Expected = &q.Allowed
			}
		}
	}
	slices.SortFunc(lines, func(x, y SettledLine) int { return cmp.Compare(x.Line, y.Line) })
	return lines, unplaced
}

// paidTwice reports whether a later payer paid what an earlier one had paid already: together they gave
// more than the contract, and more than the earlier ones themselves allowed. What an earlier payer
// allowed above the contract is its own overpayment, not that of a payer who pays its share of it.
func (s *Settlement) paidTwice(earlier []Settlement, tolerance money.Cents) bool {
	if s.Expected == nil || len(earlier) == 0 || s.Net.Paid <= 0 {
		return false
	}
	most, together := *s.Expected, s.Net.Paid+s.Net.PatientShare-s.Net.Balance
	for _, e := range earlier {
		most = max(most, e.Allowed)
		together += e.Net.Paid
	}
	return together > most+tolerance
}

// stand sets the headline and the flags.
func (p *account) stand(s *Settlement, c *claim.Claim, earlier []Settlement, policy Policy) {
	f := facts{split: s.Net, secondary: p.order > 1 || s.Net.Other.Of(denial.COB) > 0, expected: s.Expected, tolerance: policy.Tolerance}
	if n := len(p.all); n > 0 {
		f.status = p.all[n-1].Remit.Status
	}
	if len(s.Effective) > 0 && !movesMoney(policy.codes(), f.status) {
		f.status = "" // a word on where the claim went changes nothing that was paid
	}
	f.reversed = len(s.Effective) == 0 && len(s.Pairs) > 0
	s.allow(earlier)
	accounted := s.Net.Charge - s.Net.Denied - s.Net.Pending - s.Net.Other.Of(denial.Disputed) - s.Net.Other.Of(denial.Forwarded)
	f.over = accounted > c.Charge
	f.over = f.over || s.paidTwice(earlier, policy.Tolerance)
	f.allowed = s.Allowed
	s.Standing = f.standing()
}

// identity is the settlement's key: claim, payer in order, assessment and sorted remits.
func (s *Settlement) identity(a *rules.Assessment) claim.ID {
	parts := []string{"settlement", string(s.Claim[:]), s.Payer, strconv.Itoa(s.Seq)}
	if a != nil {
		parts = append(parts, a.Payer, string(a.Slice[:]), string(a.Read[:]))
	}
	for _, id := range s.Remits {
		parts = append(parts, string(id[:]))
	}
	return claim.IDOf(parts...)
}
