package ledger

import (
	"errors"
	"reflect"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

func sampleClaim() claim.Claim {
	paid := money.Cents(-7840)
	units, _ := money.ParseExact("2.5")
	huge, _ := money.ParseExact("123456789012345678901234567890.5")
	return claim.Claim{
		ID: claim.IDOf("a"), Kind: claim.Professional, Use: claim.Chargeable, Created: civil.Of(2025, 1, 25), Control: "G07A", Charge: 20000,
		Subscriber: claim.NewPerson(claim.PersonFields{Last: "GREEN", MemberID: "1EG4", Birth: civil.Of(1970, 1, 1)}),
		Billing:    claim.Provider{NPI: "1234567893", Organization: true, References: []claim.Reference{{Qualifier: "EI", Value: "990000001"}}},
		Diagnoses:  []claim.Diagnosis{{Qualifier: "ABK", Code: "M545"}},
		Other:      []claim.OtherPayer{{Order: "S", Paid: &paid, Adjustments: []claim.Adjustment{{Group: "CO", Reason: "45", Amount: 10000, Quantity: &units}}}},
		Lines: []claim.Line{{Number: 1, Procedure: claim.Procedure{Qualifier: "HC", Code: "99214", Modifiers: [4]string{"25"}}, Charge: 20000,
			Units: huge, Pointers: []uint8{1, 2}, From: civil.Of(2025, 1, 13)}},
	}
}

// A field that got lost on the way to the ledger would be lost for every later assessment.
func TestDocumentsSurviveStorage(t *testing.T) {
	want := sampleClaim()
	doc := string(Marshal(&want))
	var got claim.Claim
	if err := Unmarshal(doc, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v\nerror %v", got, want, err)
	}
	for i := range doc {
		var c claim.Claim
		if err := Unmarshal(doc[:i], &c); !errors.Is(err, ErrDocument) {
			t.Fatalf("a document cut at byte %d of %d was read: %v", i, len(doc), err)
		}
	}
}

// A newer program must read what an older one wrote: a field at the end is zero.
func TestOlderDocumentsReadAsZeroInNewFields(t *testing.T) {
	type older struct{ A, B string }
	type newer struct {
		A, B string
		C    []int
	}
	var n newer
	if err := Unmarshal(string(Marshal(&older{"a", "b"})), &n); err != nil || n.A != "a" || n.B != "b" || n.C != nil {
		t.Errorf("got %+v, %v", n, err)
	}
	var o older
	if err := Unmarshal(string(Marshal(&newer{A: "a"})), &o); err != nil || o.A != "a" {
		t.Errorf("a new field that is not set stops an older program: %v", err)
	}
	if err := Unmarshal(string(Marshal(&newer{C: []int{1}})), &o); !errors.Is(err, ErrDocument) {
		t.Errorf("a new field that is set was dropped in silence: %v", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	c := sampleClaim()
	f.Add(string(Marshal(&c)))
	f.Fuzz(func(t *testing.T, doc string) {
		var c claim.Claim
		_ = Unmarshal(doc, &c)
	})
}

func BenchmarkDocument(b *testing.B) {
	c := sampleClaim()
	doc := string(Marshal(&c))
	b.Run("marshal", func(b *testing.B) {
		for b.Loop() {
			Marshal(&c)
		}
	})
	b.Run("unmarshal", func(b *testing.B) {
		for b.Loop() {
			var got claim.Claim
			_ = Unmarshal(doc, &got)
		}
	})
}
