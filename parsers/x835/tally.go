package x835

import (
	"fmt"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/x12"
)

// Tally adds up one 835 set after another without making remits: the payment with its identity, the sums, and what does
// not balance. Call Begin with the ST, Feed with every segment behind it, End behind the SE or where the set breaks off.
// The zero value is ready.
type Tally struct {
	// Report is told of each line, claim and set that does not balance, and of amounts that cannot be read; nil discards them.
	Report func(x12.Fault)

	frame  frame
	walker *x12.Walker
	non    bool // a payment of nothing: the keys of its CLPs are part of its identity
	keys   []string
	claims int
	total  claimTotal

	inClaim, inLine, unread    bool // unread: an amount of the claim could not be read, so that it cannot be judged
	claim, line                sums
	lines                      int
	lineCharge, lineAdjustment money.Cents
}

// claimTotal sums the CLPs of a set, as sent.
type claimTotal struct {
	charge, paid money.Cents
	unread       int // CLPs whose CLP04 cannot be read
}

// sums is what a claim or a line says of its money, and where it stands.
type sums struct {
	charge, paid, adjusted money.Cents
	id                     string
	ordinal                int
	offset                 int64
}

// Total is what a Tally says of a set.
type Total struct {
	Payment claim.Payment // with its ID where the set has a payment that can be read, and with Held
	Reason  string        // why there is no payment; "" where there is one
	Charge  money.Cents   // Σ CLP03
}

// Begin starts a set at its ST.
func (t *Tally) Begin(st *x12.Segment) {
	if t.walker == nil {
		t.walker = remittance.Walker()
	}
	t.walker.Place(st)
	t.frame.block.Reset()
	t.keys, t.claims, t.total = t.keys[:0], 0, claimTotal{}
	t.inClaim, t.inLine, t.non = false, false, false
}

// Feed takes the next segment of the set.
func (t *Tally) Feed(s *x12.Segment) {
	switch string(s.ID()) {
	case "CLP":
		t.endClaim()
		t.walker.Place(s)
		t.openClaim(s)
	case "SVC":
		if t.inClaim {
			t.endLine()
			t.inLine = true
			t.lines++
			t.line = sums{charge: t.amount(s, 2), paid: t.amount(s, 3), id: "SVC", ordinal: s.Ordinal, offset: s.Byte}
			return
		}
	case "CAS":
		if t.inClaim {
			t.adjust(s)
			return
		}
	case "BPR":
		t.non = string(s.Elem(4)) == "NON"
	case "LX", "PLB", "SE":
		t.endClaim()
	}
	if !t.inClaim {
		at := t.walker.Place(s)
		loop := ""
		if at.Loop != nil {
			loop = at.Loop.ID
		}
		t.frame.block.Add(s, 0, loop, s.Ordinal, s.Byte)
	}
}

// Broken takes bytes that the reader could not cut into a segment.
func (t *Tally) Broken() { t.unread = true }

// openClaim takes a CLP.
func (t *Tally) openClaim(s *x12.Segment) {
	t.claims++
	t.inClaim, t.lines, t.unread = true, 0, false
	t.lineCharge, t.lineAdjustment = 0, 0
	if paid, err := money.Parse(s.Elem(4)); err == nil {
		t.total.paid += paid
	} else {
		t.total.unread++
	}
	t.claim = sums{charge: t.amount(s, 3), paid: t.amount(s, 4), id: "CLP", ordinal: s.Ordinal, offset: s.Byte}
	t.total.charge += t.claim.charge
	if t.non {
		t.keys = append(t.keys, key(s))
	}
}

// key is what makes a CLP part of the identity of a payment of nothing.
func key(s *x12.Segment) string {
	b := make([]byte, 0, 64)
	for _, i := range []int{1, 2, 3, 4, 7} {
		if len(b) > 0 {
			b = append(b, '|')
		}
		b = append(b, s.Elem(i)...)
	}
	return string(b)
}

// adjust adds the amounts of a CAS to the line, or to the claim where no line is open.
func (t *Tally) adjust(s *x12.Segment) {
	to := &t.claim.adjusted
	if t.inLine {
		to = &t.line.adjusted
	}
	for i := 3; i <= s.Len() && i <= 18; i += 3 {
		if len(s.Elem(i)) > 0 || len(s.Elem(i-1)) > 0 {
			*to += t.amount(s, i)
		}
	}
}

func (t *Tally) amount(s *x12.Segment, i int) money.Cents {
	c, err := money.Parse(s.Elem(i))
	if err != nil {
		t.unread = true
		t.report(2, "AMOUNT", x12.Reject, string(s.ID()), fmt.Sprintf("%s%02d", s.ID(), i), s.Ordinal, s.Byte, "the amount is no decimal number of dollars with whole cents")
	}
	return c
}

func (t *Tally) endLine() {
	if !t.inLine {
		return
	}
	t.inLine = false
	t.lineCharge += t.line.charge
	t.lineAdjustment += t.line.adjusted
	if off := t.line.charge - t.line.adjusted - t.line.paid; off != 0 && !t.unread {
		t.unbalanced(CodeLineBalance, t.line, "SVC03", "the charge less its adjustments is not what was paid: off by "+off.String())
	}
}

func (t *Tally) endClaim() {
	t.endLine()
	if !t.inClaim {
		return
	}
	t.inClaim = false
	if t.unread {
		return
	}
	if off := t.claim.charge - t.claim.adjusted - t.lineAdjustment - t.claim.paid; off != 0 {
		t.unbalanced(CodeClaimBalance, t.claim, "CLP04", "the charge less all adjustments is not what was paid: off by "+off.String())
	} else if off := t.claim.charge - t.lineCharge; off != 0 && t.lines > 0 {
		t.unbalanced(CodeClaimBalance, t.claim, "CLP03", "the charges of the lines are not the claim's: off by "+off.String())
	}
}

func (t *Tally) unbalanced(code string, s sums, element, message string) {
	t.report(3, code, x12.Warn, s.id, element, s.ordinal, s.offset, message)
}

func (t *Tally) report(snip int, code string, severity x12.Severity, segment, element string, ordinal int, offset int64, message string) {
	if t.Report != nil {
		t.Report(x12.Fault{SNIP: snip, Code: code, Severity: severity, Segment: segment, Element: element, Ordinal: ordinal, Byte: offset, Message: message})
	}
}

// End closes the set.
func (t *Tally) End() Total {
	t.endClaim()
	f := &t.frame
	f.read()
	out := Total{Charge: t.total.charge}
	f.close(t.claims, t.total)
	out.Payment = f.payment
	if f.missing != nil {
		out.Reason = f.missing.Message
		t.report(2, CodeNoPayment, x12.Reject, f.missing.Segment, f.missing.Element, f.missing.Ordinal, f.missing.Byte, f.missing.Message)
		return out
	}
	out.Payment.ID = claim.PaymentID(&out.Payment, t.keys)
	if off := out.Payment.Imbalance(); off != 0 && t.total.unread == 0 {
		ordinal, offset := f.block.First()
		t.report(3, CodeSetBalance, x12.Reject, "BPR", "BPR02", ordinal, offset, "the payment is not the sum of its claims less the provider adjustments: off by "+off.String())
	}
	return out
}
