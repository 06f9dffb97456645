package parsers

import (
	"fmt"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/snip"
)

// untied begins why a payment is held whose claims are not what it pays, as package x835 says it.
const untied = "SET_UNBALANCED off by "

// reread reads the remits of a set as the partner means them.
func reread(t *Set, items Items) Items {
	if len(t.Readings) == 0 {
		return items
	}
	return func(yield func(Item, error) bool) {
		var moved money.Cents // what the readings add to the sum of the claims
		for it, err := range items {
			switch d := it.Document.(type) {
			case claim.Remit:
				for _, how := range t.Readings {
					if how == snip.PositiveReversal && positive(d.Status, d.Paid, d.Charge) {
						moved -= 2 * d.Paid
						d = negated(d)
					} else if how != snip.RepeatedAtClaim || !withoutRepeated(&d) {
						continue
					}
					it.Tolerated = append(it.Tolerated, t.Partner+": "+string(how))
				}
				it.Document = d
			case claim.Payment:
				retie(&d, moved)
				it.Document = d
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

// positive reports whether a remit is a reversal that is sent like what it takes back.
func positive(status string, paid, charge money.Cents) bool {
	return status == "22" && (paid > 0 || paid == 0 && charge > 0)
}

// negated is a remit with its amounts taken as negative.
func negated(r claim.Remit) claim.Remit {
	r.Charge, r.Paid = -r.Charge, -r.Paid
	if r.PatientDue != nil {
		due := -*r.PatientDue
		r.PatientDue = &due
	}
	r.Adjustments = negatedAdjustments(r.Adjustments)
	r.Lines = slices.Clone(r.Lines)
	for i := range r.Lines {
		l := &r.Lines[i]
		l.Charge, l.Paid, l.Adjustments = -l.Charge, -l.Paid, negatedAdjustments(l.Adjustments)
	}
	return r
}

func negatedAdjustments(in []claim.Adjustment) []claim.Adjustment {
	out := slices.Clone(in)
	for i := range out {
		out[i].Amount = -out[i].Amount
	}
	return out
}

// withoutRepeated takes the adjustments of claim level away where they are those of the lines again, by group and reason, and
// the remit balances without them only.
func withoutRepeated(r *claim.Remit) bool {
	if len(r.Adjustments) == 0 || len(r.Lines) == 0 || r.Imbalance() == 0 {
		return false
	}
	type reason struct{ group, code string }
	sums := map[reason]money.Cents{}
	for i := range r.Lines {
		for _, a := range r.Lines[i].Adjustments {
			sums[reason{a.Group, a.Reason}] += a.Amount
		}
	}
	for _, a := range r.Adjustments {
		sums[reason{a.Group, a.Reason}] -= a.Amount
	}
	for _, left := range sums {
		if left != 0 {
			return false
		}
	}
	only := *r
	only.Adjustments = nil
	if only.Imbalance() != 0 {
		return false
	}
	*r = only
	return true
}

// retie looks again whether a payment is that of its claims, where the readings moved their sum.
func retie(p *claim.Payment, moved money.Cents) {
	if moved == 0 {
		return
	}
	p.ClaimsTotal += moved
	if p.Held != "" && !strings.HasPrefix(p.Held, untied) {
		return
	}
	p.Held = ""
	if off := p.Imbalance(); off != 0 {
		p.Held = fmt.Sprintf("%s%s", untied, off)
	}
}
