package snip

import (
	"fmt"

	"revcycle/money"
	"revcycle/parsers/x12"
)

// Codes of the faults of type 3 that are found here. The sums of a remittance are x835's.
const (
	CodeChargeSum    = "CHARGE_SUM"     // CLM02 is not the sum of the lines (2300 CLM02)
	CodeOtherPaidSum = "OTHER_PAID_SUM" // AMT*D is not what the other payer paid on the lines less its claim-level adjustments (front matter, balancing of coordinated claims)
	CodeLinePaidSum  = "LINE_PAID_SUM"  // what the other payer paid and adjusted on a line is not the line's charge (the same)
	CodeAckSum       = "ACK_SUM"        // a total of a 277CA is not that of its claims (2200B QTY, AMT)
)

// amount reads element i; ok is false where it is empty or cannot be read, which is x12's to report.
func amount(s seg, i int) (c money.Cents, ok bool) {
	c, err := money.Parse(s.elem(i))
	return c, err == nil
}

// fault reports a fault at component j of element i of a segment in the loop of v.
func fault(v view, s seg, i, j int, report func(x12.Fault), f x12.Fault) {
	f.Loop = v.id()
	at(&f, s, i, j)
	report(f)
}

// charge is the charge of a 2400.
func charge(line view) (money.Cents, bool) {
	for _, sv := range services {
		if s, ok := line.firstOf(sv.id); ok {
			return amount(s, sv.charge)
		}
	}
	return 0, false
}

// services are the segments that say what a line is for.
var services = []struct {
	id     uint32
	charge int // element
}{{pack("SV1"), 2}, {pack("SV2"), 3}, {pack("SV3"), 2}}

var clm, cas, amt, svd, nm1, dtp, sbr = pack("CLM"), pack("CAS"), pack("AMT"), pack("SVD"), pack("NM1"), pack("DTP"), pack("SBR")

// lineSum checks that the lines of a claim add up to its charge.
func lineSum(v view, report func(x12.Fault)) {
	s, ok := v.firstOf(clm)
	if !ok {
		return
	}
	total, sound := amount(s, 2)
	sum, lines := money.Cents(0), 0
	for i := v.i; i < int32(len(v.r.loops)); i++ { // wherever a line stands: one without its LX counts, too
		in := view{v.r, i}
		for _, sv := range services {
			for line, ok := in.firstOf(sv.id); ok; line, ok = line.nextOf() {
				c, ok := amount(line, sv.charge)
				sound = sound && ok
				sum += c
				lines++
			}
		}
	}
	if sound && lines > 0 && sum != total {
		fault(v, s, 2, 0, report, x12.Fault{SNIP: 3, Code: CodeChargeSum, Severity: x12.Warn,
			Message: "the charge is not the sum of the lines: off by " + (total - sum).String()})
	}
}

// adjusted sums the CAS of a loop.
func adjusted(v view) (sum money.Cents, any, sound bool) {
	sound = true
	for s, ok := v.firstOf(cas); ok; s, ok = s.nextOf() {
		for i := 3; i <= s.len(); i += 3 {
			if len(s.elem(i)) == 0 {
				continue
			}
			c, ok := amount(s, i)
			any, sound, sum = true, sound && ok, sum+c
		}
	}
	return sum, any, sound
}

// payer is the ID by which a claim names another payer.
func payer(other view) string {
	for p, ok := other.child(other.i, "2330B"); ok; p, ok = other.child(p.i, "2330B") {
		if s, ok := p.firstOf(nm1); ok {
			return string(s.elem(9))
		}
	}
	return ""
}

// otherPayerSums checks what each other payer is said to have paid in all against what it paid on the lines; where nothing is said
// of the lines, against the charge.
func otherPayerSums(v view, report func(x12.Fault)) {
	for other, ok := v.child(v.i, "2320"); ok; other, ok = v.child(other.i, "2320") {
		paid, ok := other.amountOf("D")
		if !ok {
			continue
		}
		total, ok := amount(paid, 2)
		held, any, sound := adjusted(other)
		if !ok || !sound {
			continue
		}
		lines, count, sound := paidOnLines(v, payer(other))
		want := lines - held
		if count == 0 {
			s, _ := v.firstOf(clm)
			want, sound = amount(s, 2)
			want -= held
			sound = sound && any
		}
		if sound && want != total {
			fault(other, paid, 2, 0, report, x12.Fault{SNIP: 3, Code: CodeOtherPaidSum, Severity: x12.Warn,
				Message: "what the other payer paid is not what it paid on the lines less its adjustments of the claim: off by " + (total - want).String()})
		}
	}
}

// paidOnLines sums what a payer paid on the lines of a claim.
func paidOnLines(v view, payer string) (sum money.Cents, count int, sound bool) {
	sound = true
	for line, ok := v.child(v.i, "2400"); ok; line, ok = v.child(line.i, "2400") {
		for a, ok := line.child(line.i, "2430"); ok; a, ok = line.child(a.i, "2430") {
			s, ok := a.firstOf(svd)
			if !ok || string(s.elem(1)) != payer {
				continue
			}
			c, ok := amount(s, 2)
			sum, count, sound = sum+c, count+1, sound && ok
		}
	}
	return sum, count, sound
}

// amountOf gives the AMT with a qualifier.
func (v view) amountOf(qualifier string) (seg, bool) {
	for s, ok := v.firstOf(amt); ok; s, ok = s.nextOf() {
		if s.is(1, 0, qualifier) {
			return s, true
		}
	}
	return seg{}, false
}

// linePaid checks, payer by payer, that what was paid and adjusted on a line is the line's charge. Lines that the payer bundled into
// others are left alone.
func linePaid(v view, report func(x12.Fault)) {
	want, ok := charge(v)
	if !ok {
		return
	}
	for first, ok := v.child(v.i, "2430"); ok; first, ok = v.child(first.i, "2430") {
		s, ok := first.firstOf(svd)
		if !ok || !isFirstOf(v, first, s) {
			continue
		}
		sum, sound := money.Cents(0), true
		for a, ok := v.child(v.i, "2430"); ok; a, ok = v.child(a.i, "2430") {
			t, ok := a.firstOf(svd)
			if !ok || string(t.elem(1)) != string(s.elem(1)) {
				continue
			}
			c, ok := amount(t, 2)
			held, _, adjustedOK := adjusted(a)
			sum, sound = sum+c+held, sound && ok && adjustedOK && len(t.elem(6)) == 0
		}
		if sound && sum != want {
			fault(first, s, 2, 0, report, x12.Fault{SNIP: 3, Code: CodeLinePaidSum, Severity: x12.Warn,
				Message: "what the other payer paid and adjusted on the line is not its charge: off by " + (sum - want).String()})
		}
	}
}

// isFirstOf reports whether no 2430 of the line before this one is of the same payer.
func isFirstOf(line, own view, s seg) bool {
	for a, ok := line.child(line.i, "2430"); ok; a, ok = line.child(a.i, "2430") {
		if a.i == own.i {
			return true
		}
		if t, ok := a.firstOf(svd); ok && string(t.elem(1)) == string(s.elem(1)) {
			return false
		}
	}
	return true
}

// acked sums the claims that a 277CA answers for one receiver.
type acked struct {
	accepted, refused             int
	acceptedAmount, refusedAmount money.Cents
	unread                        bool
}

var stc = pack("STC")

// ackClaim counts an answered claim.
func ackClaim(v view, _ func(x12.Fault)) {
	s, ok := v.firstOf(stc)
	if !ok {
		return
	}
	t := &v.r.acked
	c, read := amount(s, 4)
	t.unread = t.unread || !read
	if s.is(3, 0, "U") {
		t.refused++
		t.refusedAmount += c
	} else {
		t.accepted++
		t.acceptedAmount += c
	}
}

// ackSums checks the totals of a receiver against the claims below it.
func ackSums(v view, report func(x12.Fault)) {
	t := v.r.acked
	v.r.acked = acked{}
	for total, ok := v.child(v.i, "2200B"); ok; total, ok = v.child(total.i, "2200B") {
		for _, q := range []struct {
			id, qualifier string
			want          string
			amount        bool
		}{
			{"QTY", "90", fmt.Sprint(t.accepted), false}, {"QTY", "AA", fmt.Sprint(t.refused), false},
			{"AMT", "YU", t.acceptedAmount.String(), true}, {"AMT", "YY", t.refusedAmount.String(), true},
		} {
			for s, ok := total.firstOf(pack(q.id)); ok; s, ok = s.nextOf() {
				if !s.is(1, 0, q.qualifier) || q.amount && t.unread {
					continue
				}
				got := string(s.elem(2))
				if q.amount {
					c, ok := amount(s, 2)
					if !ok {
						continue
					}
					got = c.String()
				}
				if got != q.want {
					fault(total, s, 2, 0, report, x12.Fault{SNIP: 3, Code: CodeAckSum, Severity: x12.Warn, Message: "the total is not that of the claims below, which is " + q.want})
				}
			}
		}
	}
}
