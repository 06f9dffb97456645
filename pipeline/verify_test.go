package pipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/pipeline"
)

// faulty lists the invariants that do not hold.
func (n *night) faulty() []string {
	n.t.Helper()
	all, err := n.env(april).Verify(context.Background())
	if err != nil {
		n.t.Fatal(err)
	}
	var out []string
	for _, v := range all {
		if v.OK != (v.Faults == 0) || v.Faults > 0 && len(v.Examples) == 0 {
			n.t.Errorf("%s: ok %t, %d faults, %d examples", v.Name, v.OK, v.Faults, len(v.Examples))
		}
		if !v.OK && !strings.HasPrefix(v.Name, "extracts:") {
			out = append(out, v.Name)
		}
	}
	return out
}

// slip appends rows behind the pipeline's back.
func (n *night) slip(t *ledger.Table, rows ...ledger.Row) {
	n.t.Helper()
	_, err := n.store.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "slip", Key: "x"}, func(tx ledger.Tx) error {
		_, err := tx.Append(t, rows...)
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
}

// first gives the first entry of a cause.
func (n *night) first(cause string) ledger.PostedEntry {
	n.t.Helper()
	for e, err := range ledger.ReadEntries(context.Background(), n.store) {
		if err != nil {
			n.t.Fatal(err)
		}
		if e.Cause == cause {
			e.Moves = slices.Clone(e.Moves)
			return e
		}
	}
	n.t.Fatalf("no entry of cause %s", cause)
	panic("unreachable")
}

// Each slip is a fault that somebody could bring into a ledger; verify must name it, and find nothing
// before it. A check that never fires is found here.
func TestVerifyFindsWhatWasSlippedIn(t *testing.T) {
	stranger := claim.IDOf("stranger")
	for _, c := range []struct {
		name string
		slip func(*night)
		want string
	}{
		{"a claim billed twice", func(n *night) {
			e := n.first(ledger.CauseBill).Entry
			e.ID = stranger
			n.slip(ledger.Postings, ledger.EntryRows(&e, 1, april)...)
		}, "each claim that asks for payment is billed once, at its charge"},
		{"a remit posted twice", func(n *night) {
			e := n.first(ledger.CauseRemit).Entry
			e.ID = stranger
			n.slip(ledger.Postings, ledger.EntryRows(&e, 1, april)...)
		}, "each remit that counts is posted once, on the claim it answers, and no other is"},
		{"cash that no payment brought", func(n *night) {
			e := n.first(ledger.CausePayment).Entry
			e.ID, e.Moves = stranger, e.Moves[:1]
			n.slip(ledger.Postings, ledger.EntryRows(&e, 1, april)...)
		}, "each payment: amount = posted - provider adjustments + unapplied"},
		{"an entry of nobody's claim", func(n *night) {
			e := n.first(ledger.CauseBill).Entry
			e.ID, e.Claim = stranger, stranger
			n.slip(ledger.Postings, ledger.EntryRows(&e, 1, april)...)
		}, "each entry of a claim stands on a claim of the ledger"},
		{"an entry of nobody's payment", func(n *night) {
			e := n.first(ledger.CausePayment).Entry
			e.ID, e.Payment = stranger, stranger
			n.slip(ledger.Postings, ledger.EntryRows(&e, 1, april)...)
		}, "each entry of a payment stands on a payment of the ledger"},
		{"an entry on another day", func(n *night) {
			e := n.first(ledger.CauseBill).Entry
			e.ID = stranger
			n.slip(ledger.Postings, ledger.EntryRows(&e, 1, april.AddDays(1))...)
		}, "every entry is posted on the business date of its batch"},
		{"half a taking back", func(n *night) {
			e := n.first(ledger.CauseRemit).Entry
			back := ledger.Reverse(e, 0, "slipped in")
			back.Moves = back.Moves[:len(back.Moves)-1]
			n.slip(ledger.Postings, ledger.EntryRows(&back, 1, april)...)
		}, "an entry that takes another back is its exact negative, and the only one"},
		{"a move of nothing", func(n *night) {
			e := n.first(ledger.CauseBill).Entry
			e.ID = stranger
			e.Moves[0].Amount = 0
			n.slip(ledger.Postings, ledger.EntryRows(&e, 1, april)...)
		}, "every move has two accounts and an amount above zero"},
		{"an audit row without its seal", func(n *night) {
			last := int64(0)
			for row, err := range n.store.Rows(context.Background(), ledger.Query{Table: ledger.Audit}) {
				if err != nil {
					n.t.Fatal(err)
				}
				last = row[0].Int()
			}
			n.slip(ledger.Audit, ledger.Row{ledger.Int(last + 1), ledger.Int(1), ledger.Text("write off"), ledger.Text("x"), {}, {}, {}, ledger.Digest(claim.Digest{1})})
		}, "the audit chain is whole"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNight(t, golden+"/rulebook", mem.New())
			n.drop(golden+"/in/submitted.837p", golden+"/in/g01_paid.835", golden+"/in/g12_interest.835", golden+"/in/g09b_reversal_correction.835")
			n.run(april)
			if got := n.faulty(); got != nil {
				t.Fatalf("before anything was slipped in: %q", got)
			}
			c.slip(n)
			if got := n.faulty(); !slices.Contains(got, c.want) {
				t.Errorf("got %q, want %q among them", got, c.want)
			}
		})
	}
}

// A changed byte of a published manifest is found.
func TestVerifyFindsAChangedManifest(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.drop(goldenFiles(t)...)
	sum := n.run(april)
	name := filepath.Join(n.dir, "extracts", filepath.FromSlash(sum.Manifest))
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.Replace(text, []byte(`"inputs"`), []byte(` "inputs"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "the manifest of each published batch is the one that was published"
	if got := n.faulty(); !slices.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// story gives the one story of a control number.
func (n *night) story(control string) pipeline.Story {
	n.t.Helper()
	all, err := n.env(april).Explain(context.Background(), control)
	if err != nil {
		n.t.Fatal(err)
	}
	if len(all) != 1 {
		n.t.Fatalf("%s: got %d stories, want 1", control, len(all))
	}
	return all[0]
}

// Each case of the golden README is told so that its arithmetic can be read off: the amounts below are
// from that table, not from a run.
func TestExplainTellsTheGoldenCases(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.drop(goldenFiles(t)...)
	n.run(april)
	for control, want := range map[string][]string{
		"G01A":   {"expected allowed: 101.04", "162.00 = paid 76.04 + contractual 60.96 + patient 25.00", "allowed 101.04, expected 101.04", "patient owes 25.00", "it ties"},
		"G02A":   {"AUTHORIZATION CO 197: 1,000.00 denied, at risk 400.00 (expected); open", "insurance still owes 1,000.00"},
		"G05A":   {"ZERO_PAY_PATIENT", "300.00 = contractual 120.00 + patient 180.00"},
		"G09A":   {"it was taken back by remit", "it takes back remit", "matched by R1", "210.00 = paid 100.00 + contractual 85.00 + patient 25.00"},
		"ZZZ999": {"NO CLAIM of ours bears the number ZZZ999", "matched by C5", "ORPHAN_REMIT"},
	} {
		s := n.story(control)
		var text bytes.Buffer
		if err := s.Text(&text); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(strings.Fields(text.String()), " ")
		for _, w := range want {
			if !strings.Contains(got, strings.Join(strings.Fields(w), " ")) {
				t.Errorf("%s: %q is not in:\n%s", control, w, text.String())
			}
		}
		if s.Bill != nil && (!s.Position.Ties || s.Position.Charge != s.Bill.Charge) {
			t.Errorf("%s: the position %+v does not tie to the charge of %s", control, s.Position, s.Bill.Charge)
		}
		for _, r := range table(t, golden+"/want/claims.tsv") {
			if words := wordsOf(got); slices.Contains(words, r["last"]) || slices.Contains(words, r["member_id"]) {
				t.Errorf("%s: it shows %s or %s:\n%s", control, r["last"], r["member_id"], text.String())
			}
		}
	}
}

// The same bytes under two names: the remit came from the one that was read, though the other sorts first.
func TestExplainNamesTheFileThatWasRead(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.drop(golden+"/in/submitted.837p", golden+"/in/g01_paid.835")
	data, err := os.ReadFile(golden + "/in/g01_paid.835")
	if err != nil {
		t.Fatal(err)
	}
	n.put("g01_paid-again.835", data)
	n.run(april)
	if got := n.story("G01A").Remits[0].File; got != "g01_paid.835" {
		t.Errorf("it came from %s", got)
	}
}

// A payer that is still to answer is told with what waits for it: the 20.00 coinsurance of G07, sent on to
// its supplemental payer, and nothing once that one has paid (G08).
func TestExplainTellsWhoHasNotAnswered(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.drop(golden+"/in/submitted.837p", golden+"/in/g07_medicare_crossover.835")
	n.run(april)
	if got, want := n.told("G07A"), "has not answered; 20.00 waits for it"; !strings.Contains(got, want) || !strings.Contains(got, "2. Beta Supplemental (67890): ") {
		t.Errorf("%q is not in:\n%s", want, got)
	}
	n.drop(golden + "/in/g08_secondary.835")
	n.run(april)
	if got := n.told("G07A"); strings.Contains(got, "has not answered") {
		t.Errorf("all have answered:\n%s", got)
	}
}

// A remit that is held is told with the claim whose number it bears, under that number and under its own ID:
// the payer did say something (G18: 92.47 of 150.00, off by 7.53).
func TestExplainTellsOfAHeldRemit(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.drop(golden+"/in/submitted.837p", golden+"/in/g18_one_bad_transaction.835")
	n.run(april)
	for _, number := range []string{"G18A", n.story("G18A").Apart[0].Remit.String(), n.story("G18A").Claim.String()} {
		got := n.told(number)
		for _, want := range []string{"CLAIM ", "patient control number G18A", "REMITTANCES FOR THIS NUMBER THAT ARE NOT ON THE CLAIM", "92.47 of 150.00",
			"held, its 92.47 is unapplied: CLAIM_UNBALANCED: charge, adjustments and payment are off by 7.53"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in:\n%s", number, want, got)
			}
		}
		if strings.Contains(got, "nothing yet") || strings.Contains(got, "NO CLAIM") {
			t.Errorf("%s: it denies what there is:\n%s", number, got)
		}
	}
}

// told is the one story of a number as people read it.
func (n *night) told(number string) string {
	n.t.Helper()
	s := n.story(number)
	var text bytes.Buffer
	if err := s.Text(&text); err != nil {
		n.t.Fatal(err)
	}
	return text.String()
}

// wordsOf cuts a text at all that is no letter, digit or dash: ALPHA-AGREED is not Mr. Reed.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	})
}

// The page and the text for people tie to the summary, and show no name.
func TestTheReportTiesAndShowsNoPatient(t *testing.T) {
	n := newNight(t, golden+"/rulebook", mem.New())
	n.drop(goldenFiles(t)...)
	sum := n.run(april)
	page, err := os.ReadFile(filepath.Join(n.dir, "reports", sum.Batch+".html"))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := sum.Text(&text, filepath.Join(n.dir, "extracts")); err != nil {
		t.Fatal(err)
	}
	charged := commas(sum.Totals.Charged.String())
	foot := fmt.Sprintf("<tfoot><tr><td>all: charged = paid + adjusted + open</td><td class=\"n\">%d</td><td class=\"n\">%s</td>", sum.Counts.Claims, charged)
	if !strings.Contains(string(page), foot) {
		t.Errorf("the payers do not sum to %s charged on %d claims", charged, sum.Counts.Claims)
	}
	for _, want := range []string{charged, commas(sum.Totals.Paid.String()), commas(sum.Totals.Denied.String()), commas(sum.Totals.Unapplied.String())} {
		if !strings.Contains(string(page), want) || !strings.Contains(text.String(), want) {
			t.Errorf("%s is not in page and text:\n%s", want, text.String())
		}
	}
	shown := append(wordsOf(string(page)), wordsOf(text.String())...)
	for _, r := range table(t, golden+"/want/claims.tsv") {
		for _, private := range []string{r["last"], r["member_id"], r["clm01"]} {
			if slices.Contains(shown, private) {
				t.Errorf("%q stands in the report", private)
			}
		}
	}
	for _, ch := range text.String() {
		if ch > 126 {
			t.Errorf("%q is not ASCII", ch)
		}
	}
}

// commas puts thousands apart by another way than the page does.
func commas(amount string) string {
	whole, cents, _ := strings.Cut(amount, ".")
	var groups []string
	for len(whole) > 3 {
		groups = append([]string{whole[len(whole)-3:]}, groups...)
		whole = whole[:len(whole)-3]
	}
	return strings.Join(append([]string{whole}, groups...), ",") + "." + cents
}
