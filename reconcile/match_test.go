package reconcile

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

const (
	ourNPI   = claim.NPI("1234567893")
	otherNPI = claim.NPI("1993999998")
)

func person(last, member string) claim.Person {
	return claim.NewPerson(claim.PersonFields{Last: last, MemberID: member})
}

// bill is a claim of one line of 100.00 on 2025-01-06.
func bill(name, control, frequency string, created int) *claim.Claim {
	return &claim.Claim{
		ID: claim.IDOf("claim", name), Control: control, Frequency: frequency, Charge: 10000, Created: civil.Of(2025, 1, created), Use: claim.Chargeable,
		Billing: claim.Provider{NPI: ourNPI}, Payer: claim.Payer{ID: "12345"}, Patient: person("ADAMS", "AL1"), Subscriber: person("ADAMS", "AL1"),
		StatementFrom: civil.Of(2025, 1, 6), StatementTo: civil.Of(2025, 1, 6),
		Lines: []claim.Line{{Number: 1, Control: control + "1", Charge: 10000, Procedure: claim.Procedure{Code: "A1000"}, From: civil.Of(2025, 1, 6), To: civil.Of(2025, 1, 6)}},
	}
}

// answer is a remit that answers bill in full: 60.00 paid, 40.00 contractual.
func answer(control string) (*claim.Remit, *claim.Payment) {
	p := &claim.Payment{ID: claim.IDOf("p"), Date: civil.Of(2025, 2, 3), PayerTIN: "1990000111", Payer: claim.Payer{ID: "12345"}, Payee: claim.Provider{NPI: ourNPI}}
	r := &claim.Remit{ID: claim.IDOf("r"), Payment: p.ID, Ordinal: 1, Control: control, Status: "1", Charge: 10000, Paid: 6000, PayerControl: "ICN1",
		Patient: person("ADAMS", "AL1"), From: civil.Of(2025, 1, 6),
		Lines: []claim.RemitLine{{Number: 1, Control: control + "1", Charge: 10000, Paid: 6000, Procedure: claim.Procedure{Code: "A1000"},
			Adjustments: []claim.Adjustment{{Group: "CO", Reason: "45", Amount: 4000}}}}}
	return r, p
}

// Each row changes one thing of a remit or a claim, as match_rules.tsv tells the steps.
func TestMatchTriesTheStepsInOrder(t *testing.T) {
	type change func(r *claim.Remit, p *claim.Payment, c *Candidate)
	for _, x := range []struct {
		name   string
		change change
		text   string
		state  MatchState
		flag   Flag
	}{
		{"all agrees", func(*claim.Remit, *claim.Payment, *Candidate) {}, "C1/L1", Matched, ""},
		{"charge alone agrees", func(r *claim.Remit, _ *claim.Payment, _ *Candidate) { r.Patient, r.From = claim.Person{}, 0 }, "C1/L1", Matched, ""},
		{"only the control number agrees", func(r *claim.Remit, _ *claim.Payment, _ *Candidate) {
			r.Patient, r.From, r.Charge = claim.Person{}, 0, 9900
		}, "C1/L1", Proposed, OnlyControl},
		{"another payee", func(_ *claim.Remit, p *claim.Payment, _ *Candidate) { p.Payee.NPI = otherNPI }, "C1/L1", Proposed, PayeeDiffers},
		{"another payee that the masters know", func(_ *claim.Remit, p *claim.Payment, c *Candidate) {
			p.Payee.NPI, c.Payees = otherNPI, []string{string(otherNPI)}
		}, "C1/L1", Matched, ""},
		{"the payer's number is known", func(r *claim.Remit, _ *claim.Payment, c *Candidate) {
			r.Control, c.PayerControls = "LOST", []string{"ICN1"}
		}, "C2/L1", Matched, ""},
		{"the payer's number is on our correction", func(r *claim.Remit, _ *claim.Payment, c *Candidate) {
			r.Control, c.Claim.References = "LOST", []claim.Reference{{Qualifier: "F8", Value: "ICN1"}}
		}, "C2/L1", Matched, ""},
		{"zeros and case", func(r *claim.Remit, _ *claim.Payment, _ *Candidate) { r.Control = "00acct-1" }, "C3/L1", Matched, Normalised},
		{"person, day, charge and payer", func(r *claim.Remit, _ *claim.Payment, _ *Candidate) { r.Control = "LOST" }, "C4/L1", Matched, ""},
		{"the same with another name", func(r *claim.Remit, _ *claim.Payment, _ *Candidate) {
			r.Control, r.Patient = "LOST", person("ZOLA", "AL1")
		}, "C4/L1", Proposed, ""},
		{"another payer too", func(r *claim.Remit, p *claim.Payment, _ *Candidate) {
			r.Control, p.Payer.ID = "LOST", "999"
		}, "C5", Orphan, ""},
		{"a reported encounter", func(_ *claim.Remit, _ *claim.Payment, c *Candidate) { c.Claim.Use = claim.Reporting }, "C5", Orphan, ""},
		{"a part of the claim", func(r *claim.Remit, _ *claim.Payment, _ *Candidate) { r.Charge = 5000 }, "C1/L1", Matched, SplitClaim},
		{"no line of ours", func(r *claim.Remit, _ *claim.Payment, _ *Candidate) {
			r.Lines[0].Control, r.Lines[0].Charge, r.Lines[0].Procedure.Code = "", 1, "Z"
		}, "C1", Matched, LineUnmatched},
	} {
		r, p := answer("ACCT1")
		c := Candidate{Claim: bill("c", "ACCT1", "1", 25)}
		c.Claim.Lines[0].Control = "ACCT11"
		x.change(r, p, &c)
		r.Lines[0].Control = map[bool]string{true: "ACCT11"}[r.Lines[0].Control != ""]
		m := Match(r, p, []Candidate{c})
		if m.RuleText() != x.text || m.State != x.state || x.flag != "" && !slices.Contains(m.Flags, x.flag) {
			t.Errorf("%s: got %s %s %v, want %s %s %s", x.name, m.RuleText(), m.State, m.Flags, x.text, x.state, x.flag)
		}
	}
	r, p := answer("CH9ACCT1")
	if m := (Matcher{Prefixes: []string{"CH9"}}).Match(r, p, []Candidate{{Claim: bill("c", "ACCT1", "1", 25)}}); m.Rule != "C3" {
		t.Errorf("a clearinghouse's prefix: got %s", m.Rule)
	}
}

func TestMatchChoosesAmongVersionsAndPatients(t *testing.T) {
	first, again := bill("v1", "ACCT1", "1", 10), bill("v2", "ACCT1", "7", 20)
	r, p := answer("ACCT1")
	cs := []Candidate{{Claim: first}, {Claim: again}}
	for range 2 {
		if m := Match(r, p, cs); m.Claim != again.ID || m.State != Matched {
			t.Error("the newest version of one charge was not chosen")
		}
		slices.Reverse(cs)
	}
	p.Date = civil.Of(2025, 1, 15)
	if m := Match(r, p, cs); m.Claim != first.ID {
		t.Error("a payment answered a version made after it")
	}
	p.Date = civil.Of(2025, 2, 3)
	again.Charge = 9000
	if m := Match(r, p, cs); m.Claim != first.ID {
		t.Error("the version whose charge is CLP03 was not chosen")
	}
	again.Charge = 10000
	if m := Match(r, p, []Candidate{{Claim: first, PayerControls: []string{"ICN1"}}, {Claim: again}}); m.Claim != first.ID {
		t.Error("the version that the payer's number is known for was not chosen")
	}
	stranger := bill("x", "ACCT1", "1", 22)
	stranger.Patient, stranger.Subscriber = person("ZOLA", "AL9"), person("ZOLA", "AL9")
	if m := Match(r, p, []Candidate{{Claim: first}, {Claim: stranger}}); m.Claim != first.ID || m.State != Matched {
		t.Errorf("a control number used twice: got %s", m.State)
	}
	twin := bill("y", "ACCT2", "1", 22)
	r.Control = "LOST"
	if m := Match(r, p, []Candidate{{Claim: first}, {Claim: twin}}); m.State != Ambiguous || len(m.Among) != 2 {
		t.Errorf("two claims that fit equally: got %s among %d", m.State, len(m.Among))
	}
}

// By hand, step by step: each remit line differs from its claim line in one more thing.
func TestLinesMatchByStep(t *testing.T) {
	line := func(n int, control, code, modifier string, charge money.Cents) claim.Line {
		return claim.Line{Number: n, Control: control, Charge: charge, Procedure: claim.Procedure{Code: code, Modifiers: [4]string{modifier}}}
	}
	got := func(control, code, modifier string, charge money.Cents) claim.RemitLine {
		return claim.RemitLine{Control: control, Charge: charge, Procedure: claim.Procedure{Code: code, Modifiers: [4]string{modifier}}}
	}
	c := &claim.Claim{Lines: []claim.Line{
		line(1, "X1", "A1000", "", 100), line(2, "X2", "B2000", "GP", 200), line(3, "X3", "C3000", "59", 300), line(4, "X4", "D4001", "", 400), line(5, "X5", "E5000", "", 500),
	}}
	r := &claim.Remit{Lines: []claim.RemitLine{
		got("X1", "A1000", "", 60), got("X1", "A1001", "", 40), // unbundled: one 6R twice
		got("", "C3000", "", 300), got("", "B2000", "GP", 200), got("", "D4002", "", 400), got("", "Q9999", "", 500), got("", "R9999", "", 77),
	}}
	want := []LineMatch{{0, 1, "L1", ""}, {0, 1, "L1", ""}, {0, 3, "L3", ModifierChanged}, {0, 2, "L2", ""}, {0, 4, "L4", Recoded}, {0, 0, "", LineUnmatched}, {0, 0, "", LineUnmatched}}
	if out := MatchLines(r, c); !slices.Equal(out, want) {
		t.Errorf("got %v\nwant %v", out, want)
	}
	r.Lines = r.Lines[:6]
	want[5] = LineMatch{0, 5, "L5", ByElimination}
	if out := MatchLines(r, c); !slices.Equal(out, want[:6]) {
		t.Errorf("one line left on both sides: got %v", out)
	}
}

// Two equal lines on one day: each remit line takes one, in order, and a third finds none.
func TestAClaimLineIsTakenOnce(t *testing.T) {
	same := claim.Line{Charge: 100, Procedure: claim.Procedure{Code: "A1000"}}
	c := &claim.Claim{Lines: []claim.Line{same, same}}
	l := claim.RemitLine{Charge: 100, Procedure: claim.Procedure{Code: "A1000"}}
	r := &claim.Remit{Lines: []claim.RemitLine{l, l, l}}
	out := MatchLines(r, c)
	if out[0].ClaimLine != 1 || out[1].ClaimLine != 2 || out[2].ClaimLine != 0 {
		t.Errorf("got %v, want lines 1, 2 and none", out)
	}
}

func TestVersionsKnowTheirRoot(t *testing.T) {
	first, fixed, again := bill("v1", "ACCT1", "1", 10), bill("v2", "ACCT1", "7", 20), bill("v3", "NEWNUMBER", "7", 28)
	again.References = []claim.Reference{{Qualifier: "F8", Value: "ICN2"}}
	stranger := bill("x", "ACCT1", "1", 12)
	stranger.Patient, stranger.Subscriber = person("ZOLA", "AL9"), person("ZOLA", "AL9")
	interim := bill("i", "ACCT1", "3", 12)
	cs := []Candidate{{Claim: first}, {Claim: fixed, PayerControls: []string{"ICN2"}}, {Claim: again}, {Claim: stranger}, {Claim: interim}}
	want := map[claim.ID]Version{
		first.ID:    {first.ID, first.ID, 1, Superseded, fixed.ID},
		fixed.ID:    {fixed.ID, first.ID, 2, Superseded, again.ID},
		again.ID:    {again.ID, first.ID, 3, Current, claim.ID{}},
		stranger.ID: {stranger.ID, stranger.ID, 1, Current, claim.ID{}},
		interim.ID:  {interim.ID, interim.ID, 1, Current, claim.ID{}},
	}
	once := Versions(cs)
	for _, v := range once {
		if v != want[v.Claim] {
			t.Errorf("got %+v want %+v", v, want[v.Claim])
		}
	}
	for range 20 {
		rand.Shuffle(len(cs), func(i, k int) { cs[i], cs[k] = cs[k], cs[i] })
		if !reflect.DeepEqual(Versions(cs), once) {
			t.Fatal("the order of the claims changed their versions")
		}
	}
	void := bill("v8", "ACCT1", "8", 25)
	for _, v := range Versions([]Candidate{{Claim: first}, {Claim: void}}) {
		if v.State != Void {
			t.Errorf("version %d of a voided claim is %s", v.Number, v.State)
		}
	}
}
