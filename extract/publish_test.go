package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/sqlite"
	"revcycle/reconcile"
)

// The first night's figures are worked out by hand in world_test.go.
func TestAClaimsMoneyStandsAsTheJournalHasIt(t *testing.T) {
	w, dir := night1(t, false), t.TempDir()
	m := w.publish(w.env(dir))
	got := map[string]ClaimRow{}
	for _, r := range current[ClaimRow](t, dir, "fact_claim") {
		got[r.PatientControlNumber] = r
	}
	if len(got) != 4 {
		t.Fatalf("%d claims, want 4", len(got))
	}
	a, b, c, d := got["CTRL-A"], got["CTRL-B"], got["CTRL-C"], got["CTRL-D"]
	if a.TotalCharge != 20000 || a.InsurancePaid != 7840 || a.Paid != 7840 || a.Contractual != 10000 || a.OtherAdj != 160 || a.InsuranceBalance != 0 ||
		a.PatientBalance != 2000 || a.Balance != 2000 || a.PatientResp != 2000 || *a.ExpectedAllowed != 10000 || a.ContractID != "K1" || a.PaymentState != "PAID" ||
		a.ClaimState != stateAdjudicated || *a.HasDenial || *a.FirstRemitDenied != 0 {
		t.Errorf("A: %+v", a)
	}
	if b.InsuranceBalance != 35000 || b.Denied != 35000 || b.ExpectedAllowed != nil || b.UnpricedReason != "no rate for the code" || !*b.HasDenial || *b.FirstRemitDenied != 35000 {
		t.Errorf("B: %+v", b)
	}
	if c.TotalCharge != 0 || c.SubmittedCharge != 9000 || c.Balance != 0 || c.ClaimState != stateReported {
		t.Errorf("C, a report: %+v", c)
	}
	if d.InsuranceBalance != 5000 || d.ClaimState != stateBilled || d.HasDenial != nil || d.ExpectedAllowed != nil || d.UnpricedReason == "" || d.PaymentState != "" {
		t.Errorf("D: %+v", d)
	}
	for table, want := range map[string]int64{"fact_claim": 4, "fact_claim_payer": 4, "fact_service_line": 4, "fact_finding": 1, "fact_remit_claim": 2, "fact_remit_line": 2,
		"fact_payment": 1, "fact_adjustment": 4, "fact_denial": 1, "fact_variance": 2, "fact_encounter": 3, "fact_charge_gap": 1, "fact_ar_snapshot": 3,
		// moves: three bills, one payment, four terms of remit A; two rows each
		"fact_ledger": 16, "fact_claim_event": 5, "fact_batch_facility": 1, "dim_plan": 0, "dim_payer": 1} {
		if n := m.Rows(table); n != want {
			t.Errorf("%s: %d rows, want %d", table, n, want)
		}
	}
	p := current[PaymentRow](t, dir, "fact_payment")[0]
	if p.PaymentAmount != 7840 || p.PostedTotal != 7840 || p.PLBTotal != 0 || p.Unapplied != 0 || p.RemitCount != 2 {
		t.Errorf("payment: %+v", p)
	}
	for _, v := range current[EncounterRow](t, dir, "fact_encounter") {
		if want := map[string]string{"CTRL-A": chargeClaimed, "V-GAP": chargeGap, "V-NEW": chargeWaiting}[v.Number]; v.ChargeState != want {
			t.Errorf("visit %s is %s, want %s", v.Number, v.ChargeState, want)
		}
	}
	for _, k := range current[KPIRow](t, dir, "kpi_monthly") {
		switch k.KPI {
		case agedAR: // all of B's 350.00 is 57 days old, A's 20.00 is 81, D's 50.00 is 27
			if k.Numerator != 0 || k.Denominator != 42000 || *k.Value != 0 {
				t.Errorf("%+v", k)
			}
		case denialCount: // one of two claims remitted in March
			if k.Numerator != 100 || k.Denominator != 200 || *k.Value != 500000 || k.Month != "2025-03" {
				t.Errorf("%+v", k)
			}
		case denialAmount: // 350.00 of 550.00
			if k.Numerator != 35000 || k.Denominator != 55000 || *k.Value != 636364 {
				t.Errorf("%+v", k)
			}
		}
	}
	for _, r := range current[AdjustmentRow](t, dir, "fact_adjustment") {
		if want := map[string]string{"197": "AUTHORIZATION"}[r.CARC]; r.DenialCategory != want {
			t.Errorf("CARC %s is of category %q, want %q", r.CARC, r.DenialCategory, want)
		}
	}
}

// The same ledger gives the same bytes: in another order of arrival, from another store, with other workers, and again.
func TestTheSameLedgerGivesTheSameBytes(t *testing.T) {
	w, dir := night1(t, false), t.TempDir()
	w.publish(w.env(dir))
	want := tree(t, dir)
	w.publish(w.env(dir))
	sameTree(t, "again", tree(t, dir), want)

	back, dir2 := night1(t, true), t.TempDir()
	e := back.env(dir2)
	e.Workers = 8
	slices.Reverse(e.Inputs)
	back.publish(e)
	sameTree(t, "in another order", tree(t, dir2), want)

	db, err := sqlite.Open(filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	disk, dir3 := &world{t: t, store: db}, t.TempDir()
	disk.night1()
	disk.commit(true)
	disk.publish(disk.env(dir3))
	sameTree(t, "from SQLite", tree(t, dir3), want)
}

func TestABatchWritesOnlyTheBucketsItChanged(t *testing.T) {
	w, dir := night1(t, false), t.TempDir()
	first := w.publish(w.env(dir))
	w.night2()
	second := w.publish(w.env2(dir))
	paths := func(m Manifest, table string) (out []string) {
		for _, f := range m.Files {
			if f.Table == table {
				out = append(out, strings.TrimPrefix(f.Path, "files/"+table+"/"))
			}
		}
		return out
	}
	want := []string{"service_month=2025-01/part-2025-04-01-001-0000.parquet", "service_month=2025-02/part-2025-04-01-001-0000.parquet", "service_month=2025-03/part-2025-04-02-001-0000.parquet"}
	if got := paths(second, "fact_claim"); !slices.Equal(got, want) {
		t.Errorf("fact_claim: %q", got)
	}
	if got := paths(second, "fact_ledger"); len(got) != 2 {
		t.Errorf("fact_ledger: %q", got)
	}
	if got := paths(second, "fact_payment"); !slices.Equal(got, paths(first, "fact_payment")) {
		t.Errorf("fact_payment was written again: %q", got)
	}
	if got := paths(second, "fact_ar_snapshot"); len(got) != 2 {
		t.Errorf("fact_ar_snapshot keeps both days: %q", got)
	}
	// V-NEW's hold of five days ends on 1 April: it is a gap on the 2nd.
	if n := second.Rows("fact_charge_gap"); n != 2 {
		t.Errorf("%d gaps, want 2", n)
	}
	if got := second.Sum("fact_claim", "total_charge"); got != 61234 {
		t.Errorf("Σ total_charge %s, want 612.34", got)
	}
	if rows := current[ClaimRow](t, dir, "fact_claim"); len(rows) != 5 {
		t.Errorf("current has %d claims, want 5", len(rows))
	}
	// What an incremental publish shows is what a publish of all shows, row by row.
	whole := t.TempDir()
	all := w.publish(w.env2(whole))
	for _, table := range []string{"fact_claim", "fact_claim_payer", "fact_service_line", "fact_payment", "fact_ledger", "fact_encounter"} {
		if all.Rows(table) != second.Rows(table) {
			t.Errorf("%s: %d rows in one go, %d night by night", table, all.Rows(table), second.Rows(table))
		}
	}
	if _, err := Publish(context.Background(), w.env(dir)); !errors.Is(err, ErrPublished) {
		t.Errorf("the first batch again, after the second: %v", err)
	}
}

func TestAControlThatDoesNotTiePublishesNothing(t *testing.T) {
	for name, breakIt := range map[string]func(w *world, e *Env){
		"a claim that was never billed": func(w *world, e *Env) {
			_, _, _, d := claims()
			d.ID = claim.IDOf("test", "unbilled")
			w.add(ledger.Claims, ledger.ClaimRow(&d, 1, claim.Sighting{}))
		},
		"a payment that was never posted": func(w *world, e *Env) {
			p := claim.Payment{ID: claim.IDOf("test", "P2"), Amount: 100, ClaimsTotal: 0, Held: "the set does not tie", Date: asOf1}
			w.add(ledger.Payments, ledger.PaymentRow(&p, 1, claim.Sighting{}))
		},
		"a remit that is not there": func(w *world, e *Env) {
			p := claim.Payment{ID: claim.IDOf("test", "P3"), Amount: 100, ClaimsTotal: 100, Date: asOf1}
			w.payment(&p, 1, asOf1)
		},
		"a posting on a claim that is not there": func(w *world, e *Env) {
			c := claim.Claim{ID: claim.IDOf("nobody"), Use: claim.Chargeable, Charge: 100}
			bill, _ := ledger.Bill(&c)
			w.add(ledger.Postings, ledger.EntryRows(&bill, 1, asOf1)...)
		},
		"a total of the pipeline": func(w *world, e *Env) { e.Controls = []Control{Tie("files", 1, 2)} },
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			w.night1()
			e := w.env(dir)
			breakIt(w, &e)
			w.commit(false)
			_, err := Publish(context.Background(), e)
			failed, ok := errors.AsType[*ControlsError](err)
			if !errors.Is(err, ErrControls) || !ok || len(failed.Failed) == 0 {
				t.Fatalf("got %v, want a ControlsError", err)
			}
			if got := tree(t, dir); len(got) != 0 {
				t.Errorf("%d files were left: %q", len(got), sortedKeys(got))
			}
		})
	}
}

// A kill at any step, then the same batch again: the folder is as if nothing had happened, and current/ is at each
// moment one batch's whole.
func TestAKillAtAnyStepIsMended(t *testing.T) {
	quiet := t.TempDir()
	w := night1(t, false)
	w.publish(w.env(quiet))
	first := tree(t, filepath.Join(quiet, currentDir))
	one := t.TempDir()
	if err := os.CopyFS(one, os.DirFS(quiet)); err != nil {
		t.Fatal(err)
	}
	w.night2()
	w.publish(w.env2(quiet))
	want := tree(t, quiet)
	second := tree(t, filepath.Join(quiet, currentDir))
	killed := errors.New("killed")
	for step := 0; ; step++ {
		dir := t.TempDir()
		from := one // a kill in the batch's first run
		if step%3 == 0 {
			from = quiet // a kill in a re-run of the published batch
		}
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		e, at := w.env2(dir), 0
		e.Workers = 1
		e.fault = func(op, path string) error {
			if (op == "create" || op == "sync") && at > 2 || strings.HasPrefix(path, "_schema/") {
				return nil // files in staging are alike, nobody sees them, and schemas are alike
			}
			if at++; at > step {
				return fmt.Errorf("%s %s: %w", op, path, killed)
			}
			return nil
		}
		_, err := Publish(context.Background(), e)
		if err == nil {
			if step < 15 {
				t.Fatalf("only %d steps", step)
			}
			return
		}
		if !errors.Is(err, killed) {
			t.Fatalf("step %d: %v", step, err)
		}
		if now := tree(t, filepath.Join(dir, currentDir)); !mapsEqual(now, first) && !mapsEqual(now, second) {
			t.Fatalf("step %d: current/ is half swapped", step)
		}
		e.fault = nil
		w.publish(e)
		sameTree(t, fmt.Sprintf("killed at step %d", step), tree(t, dir), want)
		if t.Failed() {
			return
		}
	}
}

func mapsEqual(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func TestProfilesHideWhatTheyShould(t *testing.T) {
	key := []byte("0123456789abcdef-not-a-real-key")
	w := night1(t, false)
	shown := func(profile string) (string, Manifest, string) {
		dir := t.TempDir()
		e := w.env(dir)
		e.Profile, e.Key = profile, key
		m := w.publish(e)
		var all strings.Builder
		for _, table := range []string{"fact_claim", "fact_service_line", "fact_remit_claim", "fact_adjustment", "fact_encounter", "fact_ledger", "fact_payment"} {
			switch table {
			case "fact_claim":
				fmt.Fprintf(&all, "%+v", current[ClaimRow](t, dir, table))
			case "fact_service_line":
				fmt.Fprintf(&all, "%+v", current[LineRow](t, dir, table))
			case "fact_remit_claim":
				fmt.Fprintf(&all, "%+v", current[RemitRow](t, dir, table))
			case "fact_encounter":
				fmt.Fprintf(&all, "%+v", current[EncounterRow](t, dir, table))
			case "fact_ledger":
				fmt.Fprintf(&all, "%+v", current[LedgerRow](t, dir, table))
			}
		}
		return all.String(), m, dir
	}
	for _, c := range []struct {
		profile string
		has     []string
		lacks   []string
	}{
		{Operations, []string{"CTRL-A", "ACCT-A", "ICN1", "L-A"}, []string{"SECRETNAME", "MEMBERA"}},
		{Limited, nil, []string{"CTRL-A", "ACCT-A", "ICN1", "L-A ", "V-GAP", "SECRETNAME", "MEMBERA"}},
		{Full, []string{"CTRL-A", "SECRETNAME", "MEMBERA"}, nil},
	} {
		text, m, dir := shown(c.profile)
		for _, s := range c.has {
			if !strings.Contains(text, s) {
				t.Errorf("%s does not show %s", c.profile, s)
			}
		}
		for _, s := range c.lacks {
			if strings.Contains(text, s) {
				t.Errorf("%s shows %s", c.profile, s)
			}
		}
		if c.profile != Limited {
			continue
		}
		want, err := Pseudonym(key, "control", "CTRL-A")
		if err != nil || !strings.Contains(text, want) || !strings.HasPrefix(want, m.KeyID+":") {
			t.Errorf("the pseudonym of CTRL-A is not there: %s, %v", want, err)
		}
		claims, remits := current[ClaimRow](t, dir, "fact_claim"), current[RemitRow](t, dir, "fact_remit_claim")
		if !slices.ContainsFunc(claims, func(r ClaimRow) bool { return r.ControlKey == remits[0].ControlKey }) {
			t.Error("claim and remit do not share a pseudonym")
		}
	}
	for _, bad := range []string{SafeHarbor, "", "everything"} {
		e := w.env(t.TempDir())
		e.Profile = bad
		if _, err := Publish(context.Background(), e); err == nil {
			t.Errorf("profile %q was published", bad)
		}
	}
}

// A change of profile must not leave a file of the other one in the view.
func TestAChangedProfileWritesEverythingAgain(t *testing.T) {
	w, dir := night1(t, false), t.TempDir()
	w.publish(w.env(dir))
	w.night2()
	e := w.env2(dir)
	e.Profile, e.Key = Limited, []byte("0123456789abcdef-not-a-real-key")
	m := w.publish(e)
	for _, f := range m.Files {
		if kind := kindOf(f.Table); (kind == Snapshot || kind == Fact && f.Table != "fact_batch_facility") && f.Rows > 0 && !strings.Contains(f.Path, "part-2025-04-02-001-") &&
			slices.ContainsFunc([]string{"fact_claim", "fact_service_line", "fact_remit_claim", "fact_encounter", "fact_ledger"}, func(s string) bool { return s == f.Table }) {
			t.Errorf("%s stays from the other profile", f.Path)
		}
	}
}

func kindOf(table string) Kind {
	for _, t := range Tables {
		if t.Name == table {
			return t.Kind
		}
	}
	return ""
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	w, dir := night1(t, false), t.TempDir()
	m := w.publish(w.env(dir))
	bad := func() (names []string) {
		checks, err := Verify(context.Background(), dir, w.store)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if !c.OK {
				names = append(names, c.Name)
			}
		}
		return names
	}
	if got := bad(); len(got) != 0 {
		t.Fatalf("a sound view: %q", got)
	}
	path := filepath.Join(dir, filepath.FromSlash(m.Files[0].Path))
	content, _ := os.ReadFile(path)
	broken := bytes.Clone(content)
	broken[len(broken)/2] ^= 1
	if err := os.WriteFile(path, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := bad(); len(got) == 0 {
		t.Error("a changed byte was not found")
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, currentDir, "fact_payment", "*"))
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if got := bad(); !slices.Contains(got, "current/ is the manifest's view") {
		t.Errorf("a missing file of current/: %q", got)
	}
	// A posting after the fact: the ledger of the batch says more than the view.
	c := claim.Claim{ID: claim.IDOf("late"), Use: claim.Chargeable, Charge: 100}
	bill, _ := ledger.Bill(&c)
	w.add(ledger.Postings, ledger.EntryRows(&bill, 1, asOf1)...)
	w.commit(false)
	if got := bad(); !slices.Contains(got, "journal: Σ debit = ledger") {
		t.Errorf("a posting that is not in the view: %q", got)
	}
}

// A remit that a later batch matches elsewhere moves in both buckets.
func TestARematchedRemitLeavesItsOldClaim(t *testing.T) {
	w, dir := night1(t, false), t.TempDir()
	w.publish(w.env(dir))
	a, _, _, d := claims()
	remit := claim.RemitID(claim.IDOf("test", "P"), 1)
	w.batch(2, "2025-04-02-001", asOf2)
	was := reconcile.MatchResult{Remit: remit, Claim: a.ID, Rule: "C1", State: reconcile.Matched}
	now := was
	now.Claim = d.ID
	w.add(ledger.Matches, ledger.MatchRow(&now, &was, 2))
	gone := reconcile.Settlement{Claim: a.ID, Payer: "1990000111", Seq: 1}
	w.add(ledger.Settlements, ledger.SettlementRow(&gone, "1990000111", 2))
	w.commit(false)
	w.publish(w.env2(dir))
	for _, r := range current[ClaimRow](t, dir, "fact_claim") {
		if r.PatientControlNumber == "CTRL-A" && (r.PaymentState != "" || r.FirstRemitDate != nil || r.ClaimState != stateBilled) {
			t.Errorf("A still shows its remit: %+v", r)
		}
		if r.PatientControlNumber == "CTRL-D" && r.FirstRemitDate == nil {
			t.Errorf("D does not show its remit: %+v", r)
		}
	}
}

func TestASupersededVersionHasNoBalance(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	w.night1()
	_, _, _, d := claims()
	again := d
	again.ID, again.Frequency, again.Charge, again.Created = claim.IDOf("test", "D2"), "7", 6000, d.Created.AddDays(9)
	w.claim(&again, 1, asOf1)
	void := ledger.Void(&d, again.ID, again.Created, 0)
	w.add(ledger.Postings, ledger.EntryRows(&void, 1, asOf1)...)
	w.commit(false)
	w.publish(w.env(dir))
	for _, r := range current[ClaimRow](t, dir, "fact_claim") {
		switch r.ClaimID {
		case d.ID.String():
			if r.ClaimState != stateSuperseded || r.Balance != 0 || r.OtherAdj != 5000 || *r.ClaimVersion != 1 {
				t.Errorf("the first version: %+v", r)
			}
		case again.ID.String():
			if r.ClaimState != stateBilled || r.Balance != 6000 || *r.ClaimVersion != 2 || r.RootClaimID != d.ID.String() {
				t.Errorf("the second version: %+v", r)
			}
		}
	}
}
