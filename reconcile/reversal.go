package reconcile

import (
	"cmp"
	"slices"

	"revcycle/claim"
	"revcycle/denial"
	"revcycle/money"
)

// Adjudged is a remit with its payment and its match.
type Adjudged struct {
	Remit   *claim.Remit
	Payment *claim.Payment
	Match   MatchResult
}

// Pair is a reversal and the remit it takes back.
type Pair struct {
	Reversal claim.ID
	Original claim.ID // zero where none was found
	Rule     string   // R1, R2; "" where none was found
	Flag     Flag     // why not, or in what the pair differs
}

// PayerKey is who paid: TRN03, else the payer's identifier, else its name.
func PayerKey(p *claim.Payment) string {
	return cmp.Or(p.PayerTIN, p.Payer.ID, p.Payer.Name)
}

// InOrder sorts remits by content: payment date, production date, payment ID, ordinal. When they
// arrived does not matter.
func InOrder(refs []Adjudged) []Adjudged {
	refs = slices.Clone(refs)
	slices.SortFunc(refs, func(a, b Adjudged) int {
		return cmp.Or(cmp.Compare(a.Payment.Date, b.Payment.Date), cmp.Compare(a.Payment.Produced, b.Payment.Produced),
			a.Remit.Payment.Compare(b.Remit.Payment), cmp.Compare(a.Remit.Ordinal, b.Remit.Ordinal), a.Remit.ID.Compare(b.Remit.ID))
	})
	return slices.CompactFunc(refs, func(a, b Adjudged) bool { return a.Remit.ID == b.Remit.ID })
}

// PairReversals pairs each reversal (CLP02 = 22) among the remits of one claim with the remit it takes
// back: R1 where that is its exact negative, else R2 where payer and amount agree. It looks at content
// only, so a reversal that arrives before its original is paired once both are given. All R1 pairs are
// made before any R2. The result is in content order, one pair for each reversal.
func PairReversals(refs []Adjudged) []Pair {
	refs = InOrder(refs)
	taken := make([]bool, len(refs))
	pairs := map[int]Pair{}
	for i := range refs {
		if refs[i].Remit.Reversal() {
			if k := exactOriginal(refs, taken, i); k >= 0 {
				taken[k] = true
				pairs[i] = Pair{refs[i].Remit.ID, refs[k].Remit.ID, "R1", ""}
			}
		}
	}
	out := []Pair{}
	for i := range refs {
		if !refs[i].Remit.Reversal() {
			continue
		}
		p, ok := pairs[i]
		if !ok {
			p = looseOriginal(refs, taken, i)
		}
		out = append(out, p)
	}
	return out
}

// precedes reports whether remit k can be what reversal i takes back: of the same payer and control
// number, not after it, and in one payment before it.
func precedes(refs []Adjudged, taken []bool, k, i int) bool {
	a, b := refs[k], refs[i]
	if taken[k] || a.Remit.Reversal() || PayerKey(a.Payment) != PayerKey(b.Payment) ||
		claim.NormalControl(a.Remit.Control) != claim.NormalControl(b.Remit.Control) {
		return false
	}
	if a.Remit.Payment == b.Remit.Payment {
		return a.Remit.Ordinal < b.Remit.Ordinal
	}
	return !b.Payment.Date.Known() || a.Payment.Date <= b.Payment.Date
}

// exactOriginal is R1: the oldest remit with the same CLP07 whose CLP03, CLP04 and CAS are the exact
// negative; -1 where there is none.
func exactOriginal(refs []Adjudged, taken []bool, i int) int {
	r := refs[i].Remit
	for k := range refs {
		o := refs[k].Remit
		if precedes(refs, taken, k, i) && o.PayerControl == r.PayerControl && o.Charge == -r.Charge && o.Paid == -r.Paid && negatesAdjustments(o, r) {
			return k
		}
	}
	return -1
}

// looseOriginal is R2: the same payer, and CLP04 negated. Where several fit, CLP07 and then CLP03
// decide; where they do not, nothing is taken back.
func looseOriginal(refs []Adjudged, taken []bool, i int) Pair {
	r := refs[i].Remit
	var found []int
	partial := false
	for k := range refs {
		if o := refs[k].Remit; precedes(refs, taken, k, i) {
			if o.Paid == -r.Paid {
				found = append(found, k)
			} else if o.PayerControl == r.PayerControl && o.Paid > -r.Paid {
				partial = true
			}
		}
	}
	for _, same := range []func(*claim.Remit) bool{
		func(o *claim.Remit) bool { return o.PayerControl == r.PayerControl },
		func(o *claim.Remit) bool { return o.Charge == -r.Charge },
	} {
		if fewer := slices.DeleteFunc(slices.Clone(found), func(k int) bool { return !same(refs[k].Remit) }); len(found) > 1 && len(fewer) > 0 {
			found = fewer
		}
	}
	p := Pair{Reversal: r.ID}
	switch {
	case len(found) == 1:
		taken[found[0]] = true
		p.Original, p.Rule, p.Flag = refs[found[0]].Remit.ID, "R2", CASDiffers
		if refs[found[0]].Remit.PayerControl != r.PayerControl {
			p.Flag = CLP07Differs
		}
	case len(found) > 1:
		p.Flag = AmbiguousReversal
	case partial:
		p.Flag = PartialReversal
	default:
		p.Flag = WithoutOriginal
	}
	return p
}

// negatesAdjustments compares the CAS triplets of claim and lines as multisets, one side negated.
func negatesAdjustments(o, r *claim.Remit) bool {
	a, b := triplets(o, 1), triplets(r, -1)
	return slices.Equal(a, b)
}

type triplet struct {
	group, reason string
	amount        money.Cents
}

func triplets(r *claim.Remit, sign money.Cents) []triplet {
	var out []triplet
	add := func(as []claim.Adjustment) {
		for _, a := range as {
			out = append(out, triplet{a.Group, a.Reason, a.Amount * sign})
		}
	}
	add(r.Adjustments)
	for i := range r.Lines {
		add(r.Lines[i].Adjustments)
	}
	slices.SortFunc(out, func(a, b triplet) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.reason, b.reason), cmp.Compare(a.amount, b.amount))
	})
	return out
}

// payerOrder is which payer in order a CLP02 value names: 1, 2, 3, or 0 where it does not say.
func payerOrder(status string) int {
	switch status {
	case "1", "4", "19":
		return 1
	case "2", "20":
		return 2
	case "3", "21":
		return 3
	}
	return 0
}

// moves reports whether a remit may move money: predeterminations, forwarded and pended ones may not.
func movesMoney(codes *denial.Codes, status string) bool {
	s, known := codes.Status(status)
	return !known || s.Posts
}
