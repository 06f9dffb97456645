package x835

import (
	"fmt"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/parsers/set"
)

// Codes of what is found here, beside those of package set and of the x12 reader.
const (
	// CodeNoPayment is the Reject of a set, and of its CLPs, whose BPR or TRN is missing or cannot be read.
	CodeNoPayment = "NO_PAYMENT"
	// CodeSetBalance is a set whose BPR02 is not Σ CLP04 − Σ PLB.
	CodeSetBalance = "SET_BALANCE"
	// CodeClaimBalance is a remit whose adjustments do not explain what was paid, or whose lines do not add up to it.
	CodeClaimBalance = "CLAIM_BALANCE"
	// CodeLineBalance is a service whose adjustments do not explain what was paid.
	CodeLineBalance = "LINE_BALANCE"
	// CodeStray is a CLP where the guide has no place for one.
	CodeStray = "CLAIM_MISPLACED"
)

// frame is what a set says outside its remits: header, payer, payee, provider adjustments.
type frame struct {
	block   set.Block
	payment claim.Payment
	// missing says why there is no payment: a BPR or TRN that is not there or cannot be read. Nil for a sound one.
	missing *set.Trouble
	names   set.Names
	kept    set.Gather[claim.KeptSegment]
	plb     set.Gather[claim.ProviderAdjustment]
	counts  set.Counts // of the block's segments
}

// read takes the block apart. Its payment has no ID, no totals and no word on whether it ties yet.
func (f *frame) read() {
	f.payment, f.missing, f.counts = claim.Payment{}, nil, set.Counts{}
	if f.names == nil {
		f.names = make(set.Names)
	}
	f.block.Seal()
	seen := map[string]bool{}
	for i := range f.block.Len() {
		s := f.block.Segment(i)
		id := s.ID()
		f.counts.Settle(s, f.take(s), &f.kept)
		if (id == "BPR" || id == "TRN") && !seen[id] {
			seen[id] = true
			if f.block.Bad != nil && f.missing == nil {
				f.missing = f.block.Bad
			}
		}
	}
	f.payment.Kept, f.payment.Adjustments = f.kept.Take(), f.plb.Take()
	if f.missing != nil {
		f.missing = &set.Trouble{Code: CodeNoPayment, Segment: f.missing.Segment, Element: f.missing.Element, Ordinal: f.missing.Ordinal, Byte: f.missing.Byte,
			Message: "the set has no payment that can be read: " + f.missing.Message}
	} else if !seen["BPR"] || !seen["TRN"] {
		f.missing = &set.Trouble{Code: CodeNoPayment, Segment: "ST", Message: "the set has no payment: it needs a BPR and a TRN"}
		if f.block.Len() > 0 {
			f.missing.Ordinal, f.missing.Byte = f.block.First()
		}
	}
}

// close fills what is known at the end of a set: the totals and whether it ties.
func (f *frame) close(claims int, total claimTotal) {
	p := &f.payment
	p.Claims, p.ClaimsTotal = claims, total.paid
	switch {
	case f.block.Bad != nil:
		p.Held = f.block.Bad.Code + " " + f.block.Bad.Element + ": " + f.block.Bad.Message
	case p.Imbalance() != 0:
		p.Held = fmt.Sprintf("SET_UNBALANCED off by %s", p.Imbalance())
	case total.unread > 0:
		p.Held = fmt.Sprintf("SET_UNBALANCED %d claims have a paid amount that cannot be read", total.unread)
	}
}

// take takes one segment of the frame.
func (f *frame) take(s set.Segment) set.Held {
	p := &f.payment
	switch s.ID() {
	case "ST":
		return set.Whole
	case "BPR":
		return f.bpr(s)
	case "TRN": // TRN*1*TRN0000001*1990000111
		if p.Trace != "" {
			return set.None
		}
		if p.Trace, p.PayerTIN, p.Supplement = s.Elem(2), s.Elem(3), s.Elem(4); p.Trace == "" {
			s.Fail(set.CodeMissing, 2, 0, "the trace number is missing")
		}
		return s.All(set.E1 | set.E2 | set.E3 | set.E4)
	case "DTM": // DTM*405*20250203
		if day, err := civil.Parse8([]byte(s.Elem(2))); err == nil && s.Elem(1) == "405" {
			p.Produced = day
			return s.All(set.E1 | set.E2)
		}
	case "PLB":
		return f.providerAdjustments(s)
	case "LX":
		return set.Whole
	}
	switch s.Loop {
	case "1000A":
		return f.payer(s)
	case "1000B":
		return f.payee(s)
	}
	return set.None
}

// bpr takes BPR*I*76.04*C*ACH*CCP*01*…*20250203.
func (f *frame) bpr(s set.Segment) set.Held {
	p := &f.payment
	if p.Handling != "" {
		return set.None
	}
	p.Handling, p.Amount, p.CreditDebit, p.Method = s.Elem(1), s.Amount(2), s.Elem(3), s.Elem(4)
	if s.Elem(16) != "" {
		p.Date = s.Day(s.Elem(16), 16, 0)
	}
	return s.All(set.E1 | set.E2 | set.E3 | set.E4 | set.E16)
}

// payer takes a segment of 1000A.
func (f *frame) payer(s set.Segment) set.Held {
	p := &f.payment.Payer
	switch s.ID() {
	case "N1": // N1*PR*ALPHA HEALTH PLAN*XV*12345
		p.Name, p.Qualifier, p.ID = s.Elem(2), s.Elem(3), s.Elem(4)
		return s.All(set.E1 | set.E2 | set.E3 | set.E4)
	case "REF": // REF*2U*12345
		if s.Elem(1) == "2U" && p.ID == "" {
			p.Qualifier, p.ID = "2U", s.Elem(2)
			return s.All(set.E1 | set.E2)
		}
	}
	return set.None
}

// payee takes a segment of 1000B.
func (f *frame) payee(s set.Segment) set.Held {
	p := &f.payment.Payee
	if s.ID() != "N1" { // N3, N4, REF*TJ*990000001
		if s.ID() == "RDM" {
			return set.None
		}
		return f.names.Provider(s, p)
	}
	// N1*PE*SAMPLE CLINIC*XX*1234567893
	p.Role, p.Organization, p.Name = s.Elem(1), true, s.Elem(2)
	switch q, id := s.Elem(3), s.Elem(4); {
	case id == "":
	case q == "XX":
		p.NPI = claim.NPI(id)
	case q == "FI":
		p.TaxID = set.Digits(id)
	default:
		p.References = append(p.References, claim.Reference{Qualifier: q, Value: id})
	}
	return s.All(set.E1 | set.E2 | set.E3 | set.E4)
}

// providerAdjustments takes PLB*1234567893*20251231*WO:ICN0010*300, with up to six pairs.
func (f *frame) providerAdjustments(s set.Segment) set.Held {
	a := claim.ProviderAdjustment{Provider: s.Elem(1)}
	if s.Elem(2) != "" {
		a.YearEnd = s.Day(s.Elem(2), 2, 0)
	}
	h := set.Whole
	for i := 3; i <= s.Len() && i <= 13; i += 2 {
		if s.Elem(i) == "" && s.Elem(i+1) == "" {
			continue
		}
		var rest string
		a.Code, rest = set.Cut(s.Elem(i), s.Separator())
		a.Reference, rest = set.Cut(rest, s.Separator())
		if rest != "" {
			h = set.Partly
		}
		a.Amount = s.Amount(i + 1)
		f.plb.Add(a)
	}
	return h
}
