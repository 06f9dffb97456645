package snip

import (
	"bytes"

	"revcycle/claim"
	"revcycle/parsers/x12"
)

// Codes of the faults of providers.
const (
	CodeBillingBox = "BILLING_PO_BOX" // the billing provider's address is a post office box (2010AA N3)
	CodeBillingZIP = "BILLING_ZIP"    // the billing provider's ZIP has not all nine digits (2010AA N403)
	CodeNPI        = "NPI"            // an NPI without ten digits or with a wrong check digit
)

var n1, n3, n4 = pack("N1"), pack("N3"), pack("N4")

// billingAddress checks what the guide wants of the billing provider's address.
func billingAddress(v view, report func(x12.Fault)) {
	if s, ok := v.firstOf(n3); ok {
		for i := 1; i <= 2; i++ {
			e := bytes.ToUpper(bytes.ReplaceAll(s.elem(i), []byte("."), nil))
			if bytes.HasPrefix(e, []byte("PO BOX")) || bytes.HasPrefix(e, []byte("P O BOX")) || bytes.HasPrefix(e, []byte("POST OFFICE BOX")) {
				fault(v, s, i, 0, report, x12.Fault{SNIP: 4, Code: CodeBillingBox, Severity: x12.Warn, Message: "the billing provider's address is a street; a box belongs in the pay-to address (2010AB)"})
			}
		}
	}
	if s, ok := v.firstOf(n4); ok && len(s.elem(3)) > 0 && (len(s.elem(4)) == 0 || s.is(4, 0, "US")) && len(s.elem(3)) != 9 {
		fault(v, s, 3, 0, report, x12.Fault{SNIP: 4, Code: CodeBillingZIP, Severity: x12.Warn, Message: "the billing provider's ZIP has nine digits"})
	}
}

// npi checks every NPI of a loop.
func npi(v view, report func(x12.Fault)) {
	for s, ok := v.firstOf(nm1); ok; s, ok = s.nextOf() {
		checkNPI(v, s, 8, report)
	}
	for s, ok := v.firstOf(n1); ok; s, ok = s.nextOf() {
		checkNPI(v, s, 3, report)
	}
}

// checkNPI checks the ID behind a qualifier.
func checkNPI(v view, s seg, qualifier int, report func(x12.Fault)) {
	if s.is(qualifier, 0, "XX") && !claim.NPI(s.elem(qualifier+1)).Valid() {
		fault(v, s, qualifier+1, 0, report, x12.Fault{SNIP: 5, Code: CodeNPI, Severity: x12.Warn, Message: "the NPI is not ten digits with a right check digit"})
	}
}
