package claim

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/money"
)

// A person printed in any usual way would put a name into a log or an error.
func TestPersonCannotBePrinted(t *testing.T) {
	p := NewPerson(PersonFields{Last: "CANARY", First: "TWEETY", MemberID: "M-CANARY", Address: "1 CANARY WAY"})
	c := Claim{Subscriber: p, Patient: p}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("claim", "person", p, "claim", c)
	j, _ := json.Marshal(c)
	for _, out := range []string{fmt.Sprint(p), fmt.Sprintf("%v %+v %#v %s %q", p, p, p, p, p), fmt.Sprintf("%v %+v %#v", c, c, c), string(j), log.String()} {
		if strings.Contains(out, "CANARY") || strings.Contains(out, "TWEETY") {
			t.Errorf("a person was printed: %s", out)
		}
	}
}

func TestPersonSurvivesStorage(t *testing.T) {
	p := NewPerson(PersonFields{Last: "ADAMS", First: "AMY", MemberID: "AL0001", Birth: civil.Of(1970, 1, 1), Sex: "F", ZIP: "750010003", Organization: true})
	b, _ := p.MarshalBinary()
	var q Person
	if err := q.UnmarshalBinary(b); err != nil || q != p {
		t.Errorf("the person read differs from the one written: %v", err)
	}
	for i := range b {
		if i > 0 {
			_ = q.UnmarshalBinary(b[:i]) // must not panic
		}
	}
}

// 1234567893 is the example of the CMS check digit paper.
func TestNPICheckDigit(t *testing.T) {
	for npi, want := range map[NPI]bool{"1234567893": true, "1234567890": false, "123456789": false, "12345678A3": false, "": false} {
		if got := npi.Valid(); got != want {
			t.Errorf("%s: got %t want %t", npi, got, want)
		}
	}
}

// G07 of the golden remits by hand: 200 − (100 + 1.60 + 20) = 78.40.
func TestRemitBalance(t *testing.T) {
	r := Remit{Charge: 20000, Paid: 7840, Lines: []RemitLine{{Charge: 20000, Paid: 7840, Adjustments: []Adjustment{
		{Group: "CO", Reason: "45", Amount: 10000}, {Group: "CO", Reason: "253", Amount: 160}, {Group: "PR", Reason: "2", Amount: 2000}}}}}
	if off := r.Imbalance(); off != 0 {
		t.Errorf("a sound remit is off by %s", off)
	}
	r.Lines[0].Adjustments[0].Amount = 9000
	if off := r.Imbalance(); off != 1000 {
		t.Errorf("got %s want 10.00", off)
	}
	p := Payment{Amount: 0, ClaimsTotal: -30000, Adjustments: []ProviderAdjustment{{Code: "WO", Amount: -30000}}}
	if off := p.Imbalance(); off != 0 {
		t.Errorf("a sound payment is off by %s", off)
	}
}

// Two keys whose parts run together must differ, and a payment without money needs its claims to be unique.
func TestIdentityKeepsDocumentsApart(t *testing.T) {
	if IDOf("claim", "ab", "c") == IDOf("claim", "a", "bc") {
		t.Error("parts of a key run together")
	}
	p := Payment{Trace: "T1", PayerTIN: "1990000111", Method: "NON", Date: civil.Of(2025, 2, 3), Amount: money.Cents(0)}
	if PaymentID(&p, []string{"A", "B"}) != PaymentID(&p, []string{"B", "A"}) {
		t.Error("the order of the claims changed the payment's identity")
	}
	if PaymentID(&p, []string{"A"}) == PaymentID(&p, []string{"B"}) {
		t.Error("two payments of nothing with one trace are one")
	}
	id := IDOf("x")
	if back, err := ParseID(id.String()); err != nil || back != id {
		t.Errorf("an ID did not survive its text: %v", err)
	}
}

// A digest in JSON that was an array of numbers could be pasted nowhere.
func TestADigestIsTextThatReadsBack(t *testing.T) {
	d := Digest{1, 0xab, 31: 0xff}
	text, err := d.MarshalText()
	if err != nil || string(text) != "01ab"+strings.Repeat("00", 29)+"ff" {
		t.Fatalf("got %s %v", text, err)
	}
	var back Digest
	if err := back.UnmarshalText(text); err != nil || back != d {
		t.Errorf("read back %v %v", back, err)
	}
	for _, bad := range []string{"", "01ab", strings.Repeat("zz", 32)} {
		if back.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%d characters were taken", len(bad))
		}
	}
}
