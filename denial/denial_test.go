package denial

import (
	"testing"
	"testing/fstest"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

func adjust(group, reason string, amount money.Cents) claim.Adjustment {
	return claim.Adjustment{Group: group, Reason: reason, Amount: amount}
}

// The tables the program carries: 292 CARCs and 192 RARCs, as remittance-denials-extracts 2.2 counts them.
func TestCarriedTablesAreWhole(t *testing.T) {
	c := Default()
	if len(c.carcs) != 292 || len(c.rarcs) != 192 || len(c.retired) != 100 || len(c.categories) != 25 || len(c.groups) != 5 || len(c.plbs) != 41 || len(c.statuses) != 17 {
		t.Errorf("got %d CARCs, %d RARCs, %d retired, %d categories, %d groups, %d PLBs, %d statuses",
			len(c.carcs), len(c.rarcs), len(c.retired), len(c.categories), len(c.groups), len(c.plbs), len(c.statuses))
	}
	if s, ok := c.Status("19"); !ok || !s.Crossover || !s.Posts {
		t.Errorf("CLP02 19: got %+v, %t", s, ok)
	}
	if s, _ := c.Status("25"); s.Posts {
		t.Error("a predetermination posts money")
	}
	if p, ok := c.PLB("WO"); !ok || p.AutoPost != "pair only" {
		t.Errorf("PLB WO: got %+v, %t", p, ok)
	}
	if Refused.Posts() || COB.Posts() || !Contractual.Posts() {
		t.Error("a refused or coordinated amount posts, or a contractual one does not")
	}
}

func TestReadRefusesABrokenTable(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"nothing at all": {},
		"an empty table": {"denial_categories.tsv": {}},
		"a class that is none": {
			"denial_categories.tsv": {Data: []byte("category\nOTHER\n")},
			"carc_map.tsv":          {Data: []byte("carc\tclass\n1\tMAYBE\n")},
		},
		"a denial without a category": {
			"denial_categories.tsv": {Data: []byte("category\nOTHER\n")},
			"carc_map.tsv":          {Data: []byte("carc\tclass\tdenial_category\n4\tDENIAL\tCODING\n")},
		},
	} {
		if _, err := Read(fsys); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// Each row is a sentence of remittance-denials-extracts 2.1 or 2.2.
func TestClassifyByGroupReasonAndRemark(t *testing.T) {
	c := Default()
	day := civil.Of(2025, 2, 3)
	for _, x := range []struct {
		group, reason string
		line, claim   []string
		whole         bool
		class         Class
		category      string
		account       Account
		liable, warns bool
	}{
		{"CO", "45", nil, nil, false, NotDenial, "CONTRACTUAL", Contractual, false, false},
		{"PR", "45", nil, nil, false, NotDenial, "CONTRACTUAL", Patient, false, true},
		{"PI", "45", nil, nil, false, NotDenial, "CONTRACTUAL", Disputed, false, false},
		{"PR", "1", nil, nil, false, PatientShare, "", Patient, false, false},
		{"CO", "2", nil, nil, false, PatientShare, "", Contractual, false, true},
		{"PR", "31", nil, nil, true, Denial, "ELIGIBILITY", Refused, true, false},
		{"CO", "197", nil, nil, true, Denial, "AUTHORIZATION", Refused, false, false},
		{"OA", "23", nil, nil, false, NotDenial, "COB_IMPACT", COB, false, false},
		{"CO", "24", nil, nil, true, NotDenial, "CAPITATION", Capitation, false, false},
		{"CO", "253", nil, nil, false, NotDenial, "REGULATORY", Sequester, false, false},
		{"CO", "104", nil, nil, false, NotDenial, "WITHHOLD", Withhold, false, false},
		{"CO", "237", []string{"N807"}, nil, false, NotDenial, "REGULATORY", Regulatory, false, false},
		{"CO", "16", []string{"M51"}, nil, true, Denial, "CODING", Refused, false, false},
		{"CO", "16", nil, []string{"MA27"}, true, Denial, "REGISTRATION", Refused, false, false},
		{"CO", "16", []string{"N290"}, []string{"MA27"}, true, Denial, "PROVIDER", Refused, false, false},
		{"CO", "16", nil, []string{"MA130", "N290"}, true, Denial, "PROVIDER", Refused, false, false},
		{"CO", "16", nil, nil, true, Denial, "OTHER", Refused, false, true},
		{"CO", "16", []string{"N210"}, nil, true, Denial, "OTHER", Refused, false, true}, // an alert explains nothing
		{"CO", "96", []string{"N30"}, nil, true, Denial, "ELIGIBILITY", Refused, false, false},
		{"CO", "96", []string{"N425"}, nil, true, Denial, "NON_COVERED", Refused, false, false},
		{"CO", "252", []string{"M127"}, nil, true, Denial, "DOCUMENTATION", Refused, false, false},
		{"CO", "50", []string{"N20"}, nil, true, Denial, "MEDICAL_NECESSITY", Refused, false, false}, // not generic
		{"CO", "59", nil, nil, false, NotDenial, "PAYMENT_POLICY", Contractual, false, false},
		{"CO", "59", nil, nil, true, Denial, "BUNDLING", Refused, false, false},
		{"CO", "133", nil, nil, true, Pending, "PENDING", Waiting, false, false},
		{"CO", "A2", nil, nil, false, NotDenial, "CONTRACTUAL", Contractual, false, true}, // retired: read as 45
		{"CO", "999", nil, nil, true, Denial, "OTHER", Refused, false, true},
		{"CO", "045", nil, nil, false, NotDenial, "CONTRACTUAL", Contractual, false, false},
		{"OA", "209", nil, nil, false, NotDenial, "QMB", QMB, false, false},
	} {
		got := c.Classify(adjust(x.group, x.reason, 100), Setting{LineRemarks: x.line, ClaimRemarks: x.claim, On: day, Whole: x.whole})
		if got.Class != x.class || got.Category != x.category || got.Account != x.account || got.PatientLiable != x.liable || (got.Warning != "") != x.warns {
			t.Errorf("%s-%s %v %v: got %s %q %s liable %t warning %q, want %+v", x.group, x.reason, x.line, x.claim, got.Class, got.Category, got.Account, got.PatientLiable, got.Warning, x)
		}
		if got.Known != (x.reason != "999") {
			t.Errorf("%s-%s: known is %t", x.group, x.reason, got.Known)
		}
	}
	if x := c.Classify(adjust("CO", "16", 1), Setting{ClaimRemarks: []string{"MA130"}}); !x.NoAppeal {
		t.Error("MA130 leaves an appeal open")
	}
}

// Every CARC of the table, under every group, lands in exactly one column and is named.
func TestEveryCodeHasAPlace(t *testing.T) {
	c := Default()
	for code := range c.carcs {
		for _, group := range []string{"CO", "PR", "OA", "PI", "CR", "XX", ""} {
			for _, whole := range []bool{false, true} {
				x := c.Classify(adjust(group, code, 700), Setting{Whole: whole, ClaimRemarks: []string{"N290"}})
				s := Split{Charge: 700}
				s.put(&x)
				if s.Imbalance() != 0 {
					t.Errorf("%s-%s: %s is not in a column", group, code, x.Account)
				}
				if x.Class == Denial {
					if _, ok := c.Category(x.Category); !ok {
						t.Errorf("%s-%s: %q is no category", group, code, x.Category)
					}
				}
			}
		}
	}
}

func oneLine(charge, paid money.Cents, as ...claim.Adjustment) *claim.Remit {
	return &claim.Remit{ID: claim.IDOf("r"), Status: "1", Charge: charge, Paid: paid, Lines: []claim.RemitLine{
		{Number: 1, Charge: charge, Paid: paid, Procedure: claim.Procedure{Code: "A1000"}, Adjustments: as}}}
}

// CO-97 or a full CO-45 is contractual where our quote says packaged, unpriced without a quote, and a
// suspected denial where we expected money (the issue of packaging, by hand).
func TestPackagingIsJudgedByOurQuote(t *testing.T) {
	c := Default()
	own := &claim.Claim{ID: claim.IDOf("c"), Charge: 10000, Lines: []claim.Line{{Number: 1, Charge: 10000}}}
	quoted := func(q rules.Quote) *rules.Assessment { return &rules.Assessment{Quotes: []rules.Quote{q}} }
	for _, x := range []struct {
		name, reason                  string
		a                             *rules.Assessment
		contractual, denied, unpriced money.Cents
		kind                          Kind
		counts                        bool
	}{
		{"97 packaged", "97", quoted(rules.Quote{Line: 1, Packaged: true}), 10000, 0, 0, "", false},
		{"234 packaged", "234", quoted(rules.Quote{Line: 1, Packaged: true}), 10000, 0, 0, "", false},
		{"45 packaged", "45", quoted(rules.Quote{Line: 1, Packaged: true}), 10000, 0, 0, "", false},
		{"97 without a quote", "97", nil, 0, 10000, 10000, BundlingUnpriced, false},
		{"45 without a quote", "45", nil, 0, 10000, 10000, BundlingUnpriced, false},
		{"97 unpriced", "97", quoted(rules.Quote{Line: 1, Unpriced: "no rate"}), 0, 10000, 10000, BundlingUnpriced, false},
		{"97 expected to pay", "97", quoted(rules.Quote{Line: 1, Allowed: 6000}), 0, 10000, 0, Refusal, true},
		{"45 expected to pay", "45", quoted(rules.Quote{Line: 1, Allowed: 6000}), 0, 10000, 0, FullContractual, true},
	} {
		ag := Against{Claim: own, Assessment: x.a, Lines: []int{1}}
		j := c.Judge(oneLine(10000, 0, adjust("CO", x.reason, 10000)), 0, ag)
		s := j.Split
		if s.Contractual != x.contractual || s.Denied != x.denied || s.Unpriced != x.unpriced || s.Imbalance() != 0 {
			t.Errorf("%s: got contractual %s denied %s unpriced %s", x.name, s.Contractual, s.Denied, s.Unpriced)
		}
		es := c.Episodes("P", []Judged{j}, ag)
		if x.kind == "" {
			if len(es) != 0 {
				t.Errorf("%s: got an episode %s", x.name, es[0].Kind)
			}
			continue
		}
		if len(es) != 1 || es[0].Kind != x.kind || es[0].Counts != x.counts {
			t.Errorf("%s: got %+v, want one %s, counting %t", x.name, es, x.kind, x.counts)
		}
	}
	partial := c.Judge(oneLine(10000, 6000, adjust("CO", "45", 4000)), 0, Against{})
	if partial.Split.Contractual != 4000 || partial.Split.Denied != 0 {
		t.Errorf("a contractual cut of a paid line: got %+v", partial.Split)
	}
	secondary := oneLine(10000, 0, adjust("CO", "45", 10000))
	secondary.Status = "2"
	if s := c.Judge(secondary, 0, Against{}).Split; s.Contractual != 10000 {
		t.Errorf("a secondary payer that owes nothing: got %+v", s)
	}
}

// Two categories refuse one line of which 60.00 was expected: 30.00 of 40.00 paid leaves 30.00 at risk,
// shared 3 to 1 by what each refuses. Line 2 has no quote, and the payer usually allows 25.00.
func TestAtRiskIsExpectedLessAllowed(t *testing.T) {
	c := Default()
	own := &claim.Claim{ID: claim.IDOf("c"), Charge: 20000, Lines: []claim.Line{{Number: 1, Charge: 10000}, {Number: 2, Charge: 5000}, {Number: 3, Charge: 5000}}}
	r := &claim.Remit{Status: "1", Charge: 20000, Paid: 3000, Lines: []claim.RemitLine{
		{Number: 1, Charge: 10000, Paid: 3000, Adjustments: []claim.Adjustment{adjust("CO", "45", 3000), adjust("CO", "197", 3000), adjust("CO", "50", 1000)}},
		{Number: 2, Charge: 5000, Adjustments: []claim.Adjustment{adjust("CO", "29", 5000)}},
		{Number: 3, Charge: 5000, Adjustments: []claim.Adjustment{adjust("CO", "11", 5000)}},
	}}
	ag := Against{Claim: own, Lines: []int{1, 2, 3}, Assessment: &rules.Assessment{Quotes: []rules.Quote{{Line: 1, Allowed: 6000}}},
		Usual: func(l *claim.Line) (money.Cents, bool) { return 2500, l.Number == 2 }}
	es := c.Episodes("P", []Judged{c.Judge(r, 0, ag)}, ag)
	want := []struct {
		line     int
		category string
		risk     money.Cents
		basis    Basis
	}{{1, "AUTHORIZATION", 2250, ByExpected}, {1, "MEDICAL_NECESSITY", 750, ByExpected}, {2, "TIMELY_FILING", 2500, ByHistory}, {3, "CODING", -1, ""}}
	if len(es) != len(want) {
		t.Fatalf("got %d episodes, want %d", len(es), len(want))
	}
	for i, w := range want {
		e := es[i]
		if e.Line != w.line || e.Category != w.category || e.Basis != w.basis || (e.AtRisk == nil) != (w.risk < 0) || e.AtRisk != nil && *e.AtRisk != w.risk {
			t.Errorf("episode %d: got line %d %s basis %q at risk %v, want %+v", i, e.Line, e.Category, e.Basis, e.AtRisk, w)
		}
	}
}

// The exact negative of a remit splits into the exact negative, whatever its codes: else a reversal
// leaves cents behind.
func TestAReversalSplitsIntoTheNegative(t *testing.T) {
	c := Default()
	for code := range c.carcs {
		for _, group := range []string{"CO", "PR", "OA", "PI"} {
			for _, paid := range []money.Cents{0, 4000} {
				for _, status := range []string{"1", "2"} {
					r := oneLine(10000, paid, adjust(group, code, 10000-paid))
					back := oneLine(-10000, -paid, adjust(group, code, paid-10000))
					r.Status, back.Status = status, "22"
					a, b := c.Judge(r, 0, Against{}).Split, c.Judge(back, 0, Against{Original: r}).Split
					if a.Plus(b) != (Split{}) || b != a.Negated() {
						t.Errorf("%s-%s: %+v and %+v do not cancel", group, code, a, b)
					}
				}
			}
		}
	}
}

// 100.00 charged, 60.00 allowed, 50.00 paid and 10.00 coinsurance; the 40.00 above is billed to the
// patient by PR-45 and is no part of the price. Sequestration, COB and a withhold are.
func TestAllowedIsThePriceNotTheCash(t *testing.T) {
	c := Default()
	for _, x := range []struct {
		paid money.Cents
		as   []claim.Adjustment
	}{
		{5000, []claim.Adjustment{adjust("PR", "2", 1000), adjust("PR", "45", 4000)}},
		{4900, []claim.Adjustment{adjust("CO", "45", 4000), adjust("CO", "253", 100), adjust("PR", "2", 1000)}},
		{1000, []claim.Adjustment{adjust("CO", "45", 4000), adjust("OA", "23", 5000)}},
		{5500, []claim.Adjustment{adjust("CO", "45", 4000), adjust("CO", "104", 500)}},
		{5000, []claim.Adjustment{adjust("CO", "45", 4000), adjust("OA", "209", 1000)}},
		{6500, []claim.Adjustment{adjust("CO", "45", 4000), adjust("CO", "144", -500)}},
	} {
		s := c.Judge(oneLine(10000, x.paid, x.as...), 0, Against{}).Split
		if s.Allowed() != 6000 || s.Imbalance() != 0 {
			t.Errorf("%v: allowed %s, off by %s, want 60.00 and nothing", x.as, s.Allowed(), s.Imbalance())
		}
	}
}

// A line bundled into a paid sibling of the claim (both SVC01 alike, ours in SVC06) is closed; where
// the sibling was not paid either, it is work. The risk is never more than what was refused: 20.00
// refused of a line on which 50.00 less than expected was allowed risks 20.00.
func TestBundledIntoAPaidSiblingIsClosed(t *testing.T) {
	c := Default()
	own := &claim.Claim{Charge: 2000, Lines: []claim.Line{{Number: 1, Charge: 1000, Procedure: claim.Procedure{Code: "A1"}}, {Number: 2, Charge: 1000, Procedure: claim.Procedure{Code: "A2"}}}}
	ag := Against{Claim: own, Lines: []int{1, 2}, Assessment: &rules.Assessment{Quotes: []rules.Quote{{Line: 1, Allowed: 500}, {Line: 2, Allowed: 500}}}}
	for _, paid := range []money.Cents{800, 0} {
		r := &claim.Remit{Status: "1", Charge: 2000, Paid: paid, Lines: []claim.RemitLine{
			{Number: 1, Charge: 1000, Paid: paid, Procedure: claim.Procedure{Code: "P"}, Submitted: claim.Procedure{Code: "A1"}, Adjustments: []claim.Adjustment{adjust("CO", "29", 1000-paid)}},
			{Number: 2, Charge: 1000, Procedure: claim.Procedure{Code: "P"}, Submitted: claim.Procedure{Code: "A2"}, Adjustments: []claim.Adjustment{adjust("CO", "236", 1000)}},
		}}
		es := c.Episodes("P", []Judged{c.Judge(r, 0, ag)}, ag)
		if e := es[len(es)-1]; e.Line != 2 || e.Closed != (paid > 0) || !e.Counts {
			t.Errorf("sibling paid %s: got closed %t, counts %t", paid, e.Closed, e.Counts)
		} else if want := map[money.Cents]money.Cents{800: 200, 0: 500}[paid]; *e.AtRisk != want {
			t.Errorf("sibling paid %s: got %s at risk, want %s", paid, *e.AtRisk, want)
		}
	}
	r := oneLine(10000, 1000, adjust("CO", "45", 7000), adjust("CO", "197", 2000))
	ag = Against{Claim: own, Lines: []int{1}, Assessment: &rules.Assessment{Quotes: []rules.Quote{{Line: 1, Allowed: 6000}}}}
	if e := c.Episodes("P", []Judged{c.Judge(r, 0, ag)}, ag)[0]; *e.AtRisk != 2000 {
		t.Errorf("20.00 refused: got %s at risk", *e.AtRisk)
	}
}
