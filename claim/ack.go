package claim

import (
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/money"
)

// AckKind is the transaction in which an acknowledgement came.
type AckKind string

// The kinds of acknowledgement.
const (
	AckInterchange AckKind = "TA1"   // of an interchange
	AckSet         AckKind = "999"   // of a transaction set; the 997 of version 4010 too
	AckClaim       AckKind = "277CA" // of a claim
)

// AckVerdict is what an acknowledgement says.
type AckVerdict string

// The verdicts. None of them is a payer's decision about payment: a rejected claim was never taken, and is no denial.
const (
	AckReceived  AckVerdict = "received"  // it came (277CA A1)
	AckForwarded AckVerdict = "forwarded" // it went on to the next (A0, A5)
	AckAccepted  AckVerdict = "accepted"  // it was taken (A2; 999 and TA1: A, and E with errors noted)
	AckRejected  AckVerdict = "rejected"  // it was not (A3, A4, A6, A7, A8; 999 R, M, W, X; TA1 R)
)

// Ack is what somebody on the way to the payer said of an interchange, a transaction set or a claim that was sent to it.
type Ack struct {
	ID          ID
	Kind        AckKind
	Sender      string // ISA06: who says so
	Receiver    string // ISA08: to whom, the sender of what it answers
	Interchange string // TA1: the ISA13 that it answers
	Group       string // 999: the GS06
	Set         string // 999: the ST02
	Reference   string // 277CA: the BHT03 of the claims' set, "" where it names none
	Control     string // 277CA: the CLM01; identifying, never logged
	Billing     string // 277CA: the billing provider's number
	Amount      *money.Cents
	From, To    civil.Date // 277CA: the days of service
	Verdict     AckVerdict
	// Statuses are the reasons as they came: A7:562:85 of a 277CA; IK304 or IK403 with its place of a 999; TA105 of a TA1.
	Statuses      []string
	Lines         []AckLine
	PayerControl  string     // REF*1K: the payer's number of the claim
	Clearinghouse string     // REF*D9
	Date          civil.Date // of the status; that of the interchange where it names none
}

// AckLine is what a 277CA said of one line.
type AckLine struct {
	Control  string // REF*6R as it was sent
	Statuses []string
}

// AckID is the identity of an acknowledgement: all that it says.
func AckID(a *Ack) ID {
	amount := ""
	if a.Amount != nil {
		amount = a.Amount.String()
	}
	parts := []string{"ack", string(a.Kind), a.Sender, a.Receiver, a.Interchange, a.Group, a.Set, a.Reference, a.Control, a.Billing, amount, a.From.String(), a.To.String(),
		string(a.Verdict), strings.Join(a.Statuses, "|"), a.PayerControl, a.Clearinghouse, a.Date.String()}
	for _, l := range a.Lines {
		parts = append(parts, l.Control, strings.Join(l.Statuses, "|"))
	}
	return IDOf(parts...)
}

// Answers is the key by which an acknowledgement of a set or an interchange finds what it answers: GS06/ST02, or ISA13 without its
// leading zeros. That of a claim is "".
func (a *Ack) Answers() string {
	switch a.Kind {
	case AckInterchange:
		return strings.TrimLeft(a.Interchange, "0")
	case AckSet:
		return a.Group + "/" + a.Set
	}
	return ""
}

// Reasons are all statuses, those of the lines behind those of the claim, each once.
func (a *Ack) Reasons() []string {
	out := slices.Clone(a.Statuses)
	for _, l := range a.Lines {
		for _, s := range l.Statuses {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func (Ack) document() {}
