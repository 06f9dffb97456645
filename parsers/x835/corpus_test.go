package x835

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
)

// shared finds the folder of real inputs beside the repository; the test is skipped where there is none.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	root := os.Getenv("REVCYCLE_SHARED")
	if root == "" {
		dir, _ := os.Getwd()
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				root = filepath.Join(filepath.Dir(dir), "shared")
				break
			}
		}
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared data are not here: under CI nothing is passed over")
		}
		t.Skipf("no shared data at %s", path)
	}
	return path
}

// table reads a tab separated file with a header into rows by column name.
func table(t testing.TB, path string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	var head []string
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if head == nil {
			head = f
			continue
		}
		row := make(map[string]string)
		for i, name := range head {
			if i < len(f) {
				row[name] = f[i]
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// all reads a whole file: its items and where its segments went.
func all(t testing.TB, file []byte) ([]set.Item, set.Counts) {
	t.Helper()
	var items []set.Item
	p := newParser(claim.Digest{}, func(it set.Item, err error) bool {
		if err == nil {
			items = append(items, it)
		}
		return true
	})
	ids, err := identities(bytes.NewReader(file))
	if err != nil {
		return nil, set.Counts{}
	}
	p.payments = func(n int) claim.ID { return ids[n] }
	p.position = func(ordinal int, offset int64) (int, int64) { return ordinal, offset }
	p.run(bytes.NewReader(file))
	return items, p.counts
}

// inSets counts the segments from ST to SE of the 835 sets of a file, and those that could not be cut, with the reader alone.
func inSets(file []byte) int {
	n, open := 0, false
	r := x12.NewReader(bytes.NewReader(file))
	for {
		s, err := r.Read()
		if err == io.EOF {
			return n
		}
		if err != nil {
			if open {
				n++
			}
			continue
		}
		switch string(s.ID()) {
		case "ISA", "IEA", "GS", "GE":
			open = false
		case "ST":
			open = string(s.Elem(1)) == "835"
		}
		if open {
			n++
		}
		if s.Is("SE") {
			open = false
		}
	}
}

// Every CLP of the public samples is a remit or a reject, and every segment is placed, kept or reported.
func TestCorpusIsAccountedFor(t *testing.T) {
	for _, row := range table(t, shared(t, "data", "x12", "INDEX.tsv")) {
		if !strings.Contains(row["transaction_sets"], "835") {
			continue
		}
		file, err := os.ReadFile(shared(t, "data", "x12", row["path"]))
		if err != nil {
			t.Fatal(err)
		}
		items, counts := all(t, file)
		if want := inSets(file); counts.Read != want || counts.Read != counts.Placed+counts.Kept+counts.Reported {
			t.Errorf("%s: %d segments stand in sets, accounted for are %+v", row["path"], want, counts)
		}
		remits := 0
		for _, it := range items {
			switch d := it.Document.(type) {
			case claim.Remit:
				remits++
			case claim.Reject:
				if d.Unit == "claim" {
					remits++
				}
			}
		}
		if want, _ := strconv.Atoi(row["n_CLP"]); remits != want {
			t.Errorf("%s: got %d remits want %d", row["path"], remits, want)
		}
	}
}

// The verdicts on balance are those of an independent check of the same files.
func TestCorpusBalance(t *testing.T) {
	seen := make(map[string]int)
	for _, row := range table(t, shared(t, "data", "x12", "835_balance.tsv")) {
		file, err := os.ReadFile(shared(t, "data", "x12", row["path"]))
		if err != nil {
			t.Fatal(err)
		}
		nth := seen[row["path"]]
		seen[row["path"]]++
		items, _ := all(t, file)
		var pays []claim.Payment
		var remits [][]claim.Remit
		var group []claim.Remit
		for _, it := range items {
			switch d := it.Document.(type) {
			case claim.Remit:
				group = append(group, d)
			case claim.Payment:
				pays, remits, group = append(pays, d), append(remits, group), nil
			}
		}
		if nth >= len(pays) {
			// Two of the samples are paid on a day that is in no calendar; sets without claims may have no BPR either.
			last, _ := items[len(items)-1].Document.(claim.Reject)
			if row["claims"] != "0" && last.Element != "BPR16" {
				t.Errorf("%s set %d: no payment", row["path"], nth)
			}
			continue
		}
		p := pays[nth]
		lines, badLines, badClaims := 0, 0, 0
		for _, r := range remits[nth] {
			sum := r.Charge - claim.Adjusted(r.Adjustments)
			for _, l := range r.Lines {
				lines++
				if l.Imbalance() != 0 {
					badLines++
				}
				sum -= claim.Adjusted(l.Adjustments)
			}
			if sum != r.Paid {
				badClaims++
			}
		}
		amount, _ := money.Parse([]byte(row["BPR02"]))
		total, _ := money.Parse([]byte(row["sumCLP04"]))
		plb, _ := money.Parse([]byte(row["sumPLB"]))
		got := []any{p.Amount, p.ClaimsTotal, p.AdjustmentTotal(), p.Held == "", p.Claims, badClaims, lines, badLines}
		want := []any{amount, total, plb, row["transaction_balanced"] == "yes", number(row["claims"]), number(row["claims_unbalanced"]), number(row["lines"]), number(row["lines_unbalanced"])}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s set %d: got %v want %v", row["path"], nth, got, want)
		}
	}
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

// The payments and remits of the golden case are those of its tables, to the cent.
func TestGoldenPayments(t *testing.T) {
	set := make(map[string]int)
	payments := make(map[string]claim.Payment)
	remits := make(map[string]claim.Remit)
	for _, row := range table(t, shared(t, "data", "remits", "golden", "expected_payments.tsv")) {
		file, err := os.ReadFile(shared(t, "data", "remits", "golden", row["file"]))
		if err != nil {
			t.Fatal(err)
		}
		items, _ := all(t, file)
		set[row["file"]]++
		for _, it := range items {
			if len(it.Faults) > 0 {
				t.Errorf("%s: %v", row["file"], it.Faults)
			}
			if it.Sighting.Set != set[row["file"]] {
				continue
			}
			switch d := it.Document.(type) {
			case claim.Remit:
				remits[row["file"]+" "+d.Control+" "+d.Status+" "+d.PayerControl] = d
			case claim.Payment:
				var plb []string
				for _, a := range d.Adjustments {
					plb = append(plb, a.Code+":"+a.Reference+":"+string(a.Amount.X12(nil)))
				}
				got := []string{d.Trace, d.PayerTIN, d.Method, d.Amount.String(), d.Date.X12(), strconv.Itoa(d.Claims), d.ClaimsTotal.String(), d.AdjustmentTotal().String(), strings.Join(plb, " ")}
				want := []string{row["trn02"], row["trn03"], row["method"], row["bpr02"], row["bpr16"], row["claims"], row["sum_clp04"], row["sum_plb"], row["plb"]}
				if !slices.Equal(got, want) || d.Held != "" || d.Payer.ID == "" || d.Payee.NPI != "1234567893" || d.Payee.TaxID != "990000001" {
					t.Errorf("%s: got %q want %q, held %q", row["file"], got, want, d.Held)
				}
				payments[row["file"]+row["st02"]] = d
			}
		}
	}
	if a, b := payments["g17a_first.8350001"].ID, payments["g17c_same_trn_new_isa.8350001"].ID; a != b || !a.Known() {
		t.Errorf("one payment in two envelopes has the IDs %s and %s", a, b)
	}
	for _, row := range table(t, shared(t, "data", "remits", "golden", "expected_claim_remits.tsv")) {
		r, ok := remits[row["file"]+" "+row["clp01"]+" "+row["clp02"]+" "+row["clp07"]]
		if !ok {
			t.Errorf("%s: no remit of %s", row["file"], row["clp07"])
			continue
		}
		if r.Charge.String() != row["charge"] || r.Paid.String() != row["paid"] || (r.Imbalance() != 0) != (row["clp01"] == "G18A") {
			t.Errorf("%s %s: charge %s paid %s off by %s; want %v", row["file"], row["clp07"], r.Charge, r.Paid, r.Imbalance(), row)
		}
	}
}
