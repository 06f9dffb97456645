package reconcile

import (
	"revcycle/denial"
	"revcycle/money"
)

// State is how a remit, or the net of a payer's remits, stands: the first row that fits of a fixed order.
type State string

// The payment states in the order in which they are tried, after the two of remits that post nothing.
const (
	OrphanRemit        State = "ORPHAN_REMIT"
	Quarantined        State = "QUARANTINED"
	Information        State = "INFORMATION"
	Forwarded          State = "FORWARDED"
	Reversed           State = "REVERSED"
	Pending            State = "PENDING"
	Capitated          State = "CAPITATED"
	ZeroPayPatient     State = "ZERO_PAY_PATIENT"
	ZeroPayCOB         State = "ZERO_PAY_COB"
	FullyDenied        State = "FULLY_DENIED"
	FullyDeniedPatient State = "FULLY_DENIED_PATIENT"
	PartiallyDenied    State = "PARTIALLY_DENIED"
	Underpaid          State = "UNDERPAID"
	Overpaid           State = "OVERPAID"
	Paid               State = "PAID"
	PaidUnpriced       State = "PAID_UNPRICED"
)

// DefaultTolerance is how far the allowed amount may lie from the expected one where no contract says
// otherwise: one dollar.
const DefaultTolerance money.Cents = 100

// Standing is a headline state and the flags that stand beside it, each by itself.
type Standing struct {
	State     State
	Underpaid bool // allowed lies below expected by more than the tolerance
	Overpaid  bool // allowed lies above it by more, or more than the whole charge is accounted for
	HasDenial bool // something counts in the denial rate
}

// facts is what the states are told from.
type facts struct {
	split     denial.Split
	status    string // CLP02 of the only or of the last remit
	reversed  bool   // a reversal, or nothing is left after one
	secondary bool   // an earlier payer's effect lies in it: the contract cannot say it is too little
	allowed   money.Cents
	expected  *money.Cents // nil where unknown
	tolerance money.Cents
	over      bool // the net balance is below zero
}

// standing tries the states in order.
func (f *facts) standing() Standing {
	s := &f.split
	out := Standing{HasDenial: s.Denied-s.Unpriced > 0}
	if state, ok := f.unsettled(); ok {
		out.State = state
		out.HasDenial = out.HasDenial && state == Pending
		return out
	}
	out.Underpaid, out.Overpaid = f.variance()
	switch {
	case f.capitated():
		out.State, out.Underpaid = Capitated, false // the capitation payment is its price
	case s.Paid == 0 && s.PatientShare > 0 && s.Denied == 0 && s.Pending == 0 && s.Other.Total() == s.Other.Of(denial.COB):
		out.State = ZeroPayPatient
	case f.coordinated():
		out.State = ZeroPayCOB
	case s.Paid == 0 && s.PatientShare == 0 && s.Denied > 0:
		out.State = FullyDenied
		if s.DeniedPatient > 0 && s.DeniedPatient == s.Charge-s.Contractual-s.Other.Total() {
			out.State = FullyDeniedPatient
		}
	case s.Denied-s.Unpriced > 0:
		out.State = PartiallyDenied
	case out.Underpaid:
		out.State = Underpaid
	case out.Overpaid:
		out.State = Overpaid
	case f.expected != nil:
		out.State = Paid
	default:
		out.State = PaidUnpriced
	}
	return out
}

// unsettled gives the states in which no amount is final.
func (f *facts) unsettled() (State, bool) {
	s := &f.split
	forwarded := s.Other.Of(denial.Forwarded)
	switch {
	case f.status == "25":
		return Information, true
	case f.status == "23", s.Paid == 0 && forwarded != 0 && forwarded == s.Charge:
		return Forwarded, true
	case f.reversed:
		return Reversed, true
	case s.Pending > 0 && (s.Denied == 0 || s.Paid == 0 && s.PatientShare == 0):
		return Pending, true
	}
	return "", false
}

// capitated: CARC 24 covers the charge but for the patient's share and the contractual cut.
func (f *facts) capitated() bool {
	s := &f.split
	capitation := s.Other.Of(denial.Capitation)
	return capitation > 0 && s.Paid == 0 && capitation == s.Charge-s.PatientShare-s.Contractual
}

// coordinated: the earlier payers' effect and the contractual cut cover the charge.
func (f *facts) coordinated() bool {
	s := &f.split
	cob := s.Other.Of(denial.COB)
	return s.Paid == 0 && s.Charge > 0 && (cob > 0 || f.secondary) && cob+s.Contractual == s.Charge
}

// variance compares allowed with expected. A later payer owes what the earlier ones left, so it can be
// too much against the contract of the first, never too little.
func (f *facts) variance() (under, over bool) {
	over = f.over
	if f.expected == nil {
		return false, over
	}
	if f.secondary {
		return false, over || f.split.Paid+f.split.PatientShare > *f.expected+f.tolerance
	}
	return f.allowed < *f.expected-f.tolerance, over || f.allowed > *f.expected+f.tolerance
}
