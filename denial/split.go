package denial

import (
	"iter"

	"revcycle/money"
)

// Split is a charge divided: Charge = Paid + Contractual + Denied + PatientShare + Pending + Other.Total()
// in a sound remit. Signs are as sent: a reversal splits into the exact negative of its original.
type Split struct {
	Charge       money.Cents
	Paid         money.Cents
	Contractual  money.Cents
	Denied       money.Cents
	PatientShare money.Cents
	Pending      money.Cents
	Other        Others

	// The rest are memos of the amounts above, never addends.

	DeniedPatient money.Cents // of Denied: under group PR
	Unpriced      money.Cents // of Denied: packaging we have no price to judge, outside the denial rate
	Balance       money.Cents // of PatientShare: above the allowed amount (PR-45), to be tested before any bill
}

// others are the accounts of the column "other", in the order of Others.
var others = [...]Account{COB, Capitation, Sequester, Regulatory, Withhold, Incentive, QMB, Elsewhere, Penalty, Disputed, Forwarded, Rest}

// Others holds the column "other" by account.
type Others [len(others)]money.Cents

// Of gives the amount of one account; 0 for an account that is not part of "other".
func (o *Others) Of(a Account) money.Cents {
	for i, x := range others {
		if x == a {
			return o[i]
		}
	}
	return 0
}

// Total is the column "other".
func (o *Others) Total() money.Cents {
	var sum money.Cents
	for _, x := range o {
		sum += x
	}
	return sum
}

// All ranges over the accounts that hold money, always in the same order.
func (o *Others) All() iter.Seq2[Account, money.Cents] {
	return func(yield func(Account, money.Cents) bool) {
		for i, x := range o {
			if x != 0 && !yield(others[i], x) {
				return
			}
		}
	}
}

// Plus adds two splits.
func (s Split) Plus(o Split) Split {
	s.Charge += o.Charge
	s.Paid += o.Paid
	s.Contractual += o.Contractual
	s.Denied += o.Denied
	s.PatientShare += o.PatientShare
	s.Pending += o.Pending
	s.DeniedPatient += o.DeniedPatient
	s.Unpriced += o.Unpriced
	s.Balance += o.Balance
	for i := range s.Other {
		s.Other[i] += o.Other[i]
	}
	return s
}

// Negated is the split with every sign turned: what a reversal of it must be.
func (s Split) Negated() Split {
	n := Split{
		Charge: -s.Charge, Paid: -s.Paid, Contractual: -s.Contractual, Denied: -s.Denied, PatientShare: -s.PatientShare, Pending: -s.Pending,
		DeniedPatient: -s.DeniedPatient, Unpriced: -s.Unpriced, Balance: -s.Balance,
	}
	for i := range s.Other {
		n.Other[i] = -s.Other[i]
	}
	return n
}

// Imbalance is what the parts leave of the charge: zero in a sound remit.
func (s Split) Imbalance() money.Cents {
	return s.Charge - s.Paid - s.Contractual - s.Denied - s.PatientShare - s.Pending - s.Other.Total()
}

// Allowed is what the payer recognised as the price: paid and patient share, and what was taken
// between the price and the payment: earlier payers' effect, sequestration, withholds, incentives,
// QMB cost share and money paid elsewhere. Patient amounts above the price are no part of it.
func (s Split) Allowed() money.Cents {
	sum := s.Paid + s.PatientShare - s.Balance
	for _, a := range []Account{COB, Sequester, Withhold, Incentive, QMB, Elsewhere} {
		sum += s.Other.Of(a)
	}
	return sum
}

// put adds an amount to its account's column.
func (s *Split) put(c *Classified) {
	amount := c.Adjustment.Amount
	switch c.Account {
	case Contractual:
		s.Contractual += amount
	case Patient:
		s.PatientShare += amount
		if c.Balance {
			s.Balance += amount
		}
	case Refused:
		s.Denied += amount
		if c.PatientLiable {
			s.DeniedPatient += amount
		}
		if c.Kind == BundlingUnpriced {
			s.Unpriced += amount
		}
	case Waiting:
		s.Pending += amount
	default:
		for i, a := range others {
			if a == c.Account {
				s.Other[i] += amount
			}
		}
	}
}
