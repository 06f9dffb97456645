package csv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/money"
)

// export is the folder of a whole Synthea export whose totals were computed elsewhere.
func export(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("REVCYCLE_SHARED")
	if shared == "" {
		shared = filepath.Join(repository(t), "..", "shared")
	}
	dir := filepath.Join(shared, "data", "encounters", "synthea_jj")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared data are not here: under CI nothing is passed over")
		}
		t.Skip("the shared data are not here")
	}
	return dir
}

func repository(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
}

type expected struct {
	EncountersByClass map[string]group `json:"encounters_by_class"`
	EncountersByPayer map[string]group `json:"encounters_by_payer"`
	ClaimsByType      map[string]int   `json:"claims_by_type"`
	ClaimsByPayer     map[string]int   `json:"claims_by_primary_payer"`
	Ledger            map[string]struct {
		N   int
		Sum string
	} `json:"ledger"`
	Sums     map[string]string `json:"encounters"`
	Scenario map[string]any    `json:"scenario_A_claims_starting_0_or_1_lost"`
}

type group struct {
	N        int
	Cost     string `json:"total_claim_cost"`
	Coverage string `json:"payer_coverage"`
}

func want(t *testing.T, dir string) (e expected) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "EXPECTED.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func file(t *testing.T, dir, name string) io.Reader {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b)
}

func TestEveryFileOfTheExportIsRecognised(t *testing.T) {
	dir := export(t)
	files, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
	for _, f := range files {
		head, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		// The header alone must do: the name may have been changed on the way.
		for _, name := range []string{filepath.Base(f), "upload.txt"} {
			tb, ok := Builtin().Sniff(head[:min(len(head), 4096)], name)
			if !ok || tb.File != filepath.Base(f) {
				t.Errorf("%s as %s: %v", filepath.Base(f), name, tb)
			}
		}
	}
	if len(files) != 18 {
		t.Errorf("%d files, want 18", len(files))
	}
}

func TestEncountersOfTheExportTie(t *testing.T) {
	dir := export(t)
	w := want(t, dir)
	names := map[string]string{}
	for n, err := range ReadNames(table(t, "synthea", "payers"), file(t, dir, "payers.csv"), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names[n.ID] = n.Name
	}
	es, rejects := gather[claim.Encounter](t, ReadEncounters(table(t, "synthea", "encounters"), file(t, dir, "encounters.csv"), nil))
	if len(es) != 388 || len(rejects) != 0 {
		t.Fatalf("%d encounters, %d rejects", len(es), len(rejects))
	}
	var cost, base, coverage money.Cents
	byClass, byPayer := map[string]*sums{}, map[string]*sums{}
	for _, e := range es {
		cost, base, coverage = cost+*e.Cost, base+*e.BaseCost, coverage+*e.Coverage
		add(byClass, e.Class, e)
		add(byPayer, names[e.Payer], e)
	}
	if got := fmt.Sprint(cost, base, coverage); got != fmt.Sprint(w.Sums["total_claim_cost"], " ", w.Sums["base_encounter_cost"], " ", w.Sums["payer_coverage"]) {
		t.Errorf("got %s, want %v", got, w.Sums)
	}
	compare(t, byClass, w.EncountersByClass)
	compare(t, byPayer, w.EncountersByPayer)
}

type sums struct {
	n              int
	cost, coverage money.Cents
}

func add(m map[string]*sums, key string, e claim.Encounter) {
	if m[key] == nil {
		m[key] = &sums{}
	}
	m[key].n++
	m[key].cost += *e.Cost
	m[key].coverage += *e.Coverage
}

func compare(t *testing.T, got map[string]*sums, want map[string]group) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d groups, want %d", len(got), len(want))
	}
	for key, w := range want {
		g := got[key]
		if g == nil || g.n != w.N || g.cost.String() != w.Cost || g.coverage.String() != w.Coverage {
			t.Errorf("%s: got %+v, want %+v", key, g, w)
		}
	}
}

func claimsOf(t *testing.T, claims, charges io.Reader) ([]claim.Claim, []claim.Reject) {
	t.Helper()
	return gather[claim.Claim](t, ReadClaims(table(t, "synthea", "claims"), table(t, "synthea", "claims_transactions"), claims, charges, t.TempDir(), nil))
}

func TestClaimsOfTheExportTie(t *testing.T) {
	dir := export(t)
	w := want(t, dir)
	cs, rejects := claimsOf(t, file(t, dir, "claims.csv"), file(t, dir, "claims_transactions.csv"))
	if len(cs) != 561 || len(rejects) != 0 {
		t.Fatalf("%d claims, %d rejects", len(cs), len(rejects))
	}
	var charge money.Cents
	lines, kinds, payers, ids := 0, map[claim.Kind]int{}, map[string]int{}, map[claim.ID]bool{}
	for _, c := range cs {
		charge += c.Charge
		lines += len(c.Lines)
		kinds[c.Kind]++
		payers[c.Payer.ID]++
		ids[c.ID] = true
		if c.Charge != c.LineSum() || len(c.Lines) == 0 {
			t.Errorf("a claim of %d lines does not sum", len(c.Lines))
		}
	}
	if got := fmt.Sprint(lines, charge, len(ids)); got != "1579 1219867.22 561" {
		t.Errorf("lines, charge, IDs: %s", got)
	}
	if kinds[claim.Professional] != w.ClaimsByType["professional"] || kinds[claim.Institutional] != w.ClaimsByType["institutional"] {
		t.Errorf("kinds %v, want %v", kinds, w.ClaimsByType)
	}
	if payers[""] != w.ClaimsByPayer["NONE"] {
		t.Errorf("%d claims without a payer, want %d", payers[""], w.ClaimsByPayer["NONE"])
	}
	var tally Tally
	docs, lost := gather[claim.Charge](t, ReadCharges(table(t, "synthea", "claims_transactions"), file(t, dir, "claims_transactions.csv"), &tally))
	var sum money.Cents
	for _, d := range docs {
		sum += d.Amount
	}
	if len(docs) != w.Ledger["CHARGE"].N || len(lost) != 0 || sum.String() != w.Ledger["CHARGE"].Sum {
		t.Errorf("%d charges of %s, %d rejects", len(docs), sum, len(lost))
	}
	if want := "map[TYPE PAYMENT:2086 TYPE TRANSFERIN:951 TYPE TRANSFEROUT:951]"; fmt.Sprint(tally.Left) != want || tally.Rows != 5567 {
		t.Errorf("left %v of %d rows, want %s of 5567", tally.Left, tally.Rows, want)
	}
}

// Claims whose Id begins with 0 or 1 are lost on the way; the charges of some went with them or not.
func TestLostClaimsLeaveTheirEncountersOpen(t *testing.T) {
	dir := export(t)
	w := want(t, dir).Scenario
	lost := func(id string) bool { return strings.HasPrefix(id, "0") || strings.HasPrefix(id, "1") }
	claims := without(t, file(t, dir, "claims.csv"), 0, lost)
	charges, err := io.ReadAll(file(t, dir, "claims_transactions.csv"))
	if err != nil {
		t.Fatal(err)
	}
	filtered := without(t, bytes.NewReader(charges), 1, lost)
	es, _ := gather[claim.Encounter](t, ReadEncounters(table(t, "synthea", "encounters"), file(t, dir, "encounters.csv"), nil))
	var first []claim.ID
	for name, transactions := range map[string]string{"transactions too": filtered, "claims only": string(charges)} {
		cs, rejects := claimsOf(t, strings.NewReader(claims), strings.NewReader(transactions))
		if len(rejects) != 0 {
			t.Errorf("%s: %d rejects", name, len(rejects))
		}
		billed, ids := map[string]bool{}, []claim.ID(nil)
		var left, open money.Cents
		for _, c := range cs {
			billed[c.Encounter] = true
			left += c.Charge
			ids = append(ids, c.ID)
		}
		n := 0
		for _, e := range es {
			if !billed[e.Number] {
				n++
				open += *e.Cost
			}
		}
		if got, want := fmt.Sprint(len(cs), n, " ", open, " ", left), fmt.Sprint(w["claims_left"], w["encounters_without_any_claim"], " ", w["their_total_claim_cost"], " ", w["charges_left"]); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if first == nil {
			first = ids
		} else if fmt.Sprint(first) != fmt.Sprint(ids) {
			t.Errorf("%s: other claims, or another order", name)
		}
	}
}

// without drops the rows whose column at a position is lost. No field of these files holds a line break.
func without(t *testing.T, r io.Reader, column int, lost func(string) bool) string {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if !lost(strings.Split(line, ",")[column]) {
			b.WriteString(line)
		}
	}
	return b.String()
}
