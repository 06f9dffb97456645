package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/rules"
	"revcycle/rules/book"
)

// copied is a folder of its own with the files of another, so that a test may change them.
func copied(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// replace puts a text in the place of another in a file; the old one must stand there.
func replace(t *testing.T, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), old) {
		t.Fatalf("%s: %v; wanted to replace %q", path, err, old)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), old, new)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// open reads the rule book of a folder as a run does.
func (n *night) open(folder string) {
	n.t.Helper()
	b, err := book.Load(os.DirFS(folder))
	if err != nil {
		n.t.Fatal(err)
	}
	n.book = b.Proven()
}

// opinions counts the current opinions: those held, and those priced with what they expect.
func (n *night) opinions() (held, priced int) {
	n.t.Helper()
	last := map[string]ledger.Row{}
	for row, err := range n.store.Rows(context.Background(), ledger.Query{Table: ledger.Assessments}) {
		if err != nil {
			n.t.Fatal(err)
		}
		last[row[0].ID().String()] = append(ledger.Row(nil), row...)
	}
	for _, row := range last {
		if !row[ledger.Assessments.At("held")].Null() {
			held++
		}
		if !row[ledger.Assessments.At("expected")].Null() {
			priced++
		}
	}
	return held, priced
}

// A fee table that is wrong holds the claims of the payers that use it: they have no price, the run says so with exit 3,
// and everything else is as it would have been. Once it is mended the next run judges them by itself, the closed ones
// too, and the ledger says what it would have said.
func TestABrokenTableHoldsItsPayersClaimsUntilItIsMended(t *testing.T) {
	files, _ := simulated(t, 21, 150)
	sound := newNight(t, sample, mem.New())
	sound.over(files, simulatedEnd)
	_, wantPriced := sound.opinions()

	folder := copied(t, sample)
	n := newNight(t, sample, mem.New())
	replace(t, filepath.Join(folder, "tables", "alpha-fees.csv"), "# kind: fee", "# kind: fees")
	n.open(folder)
	for name, data := range files {
		n.put(name, data)
	}
	sum := n.run(simulatedEnd)
	held, priced := n.opinions()
	if held == 0 || priced == 0 || sum.Exit != 3 || len(sum.Held) == 0 || sum.Counts.Quarantined < len(sum.Held) {
		t.Fatalf("got %d held, %d priced, exit %d, %+v", held, priced, sum.Exit, sum.Held)
	}
	told := 0
	for _, g := range sum.Held {
		told += g.Claims
		if g.Code != rules.HeldRuleBook || !strings.HasPrefix(g.Why, "tables/alpha-fees.csv: ") || g.File == "" || g.Payer == "" {
			t.Errorf("held: got %+v", g)
		}
	}
	if told != held {
		t.Errorf("held: the summary tells of %d claims, the ledger of %d", told, held)
	}
	partial := 0
	for _, f := range sum.Files {
		if f.State == "partial" && strings.Contains(f.Reason, " held: tables/alpha-fees.csv") {
			partial++
		}
	}
	if partial == 0 {
		t.Error("no file says that claims of it are held")
	}
	if got := n.run(simulatedEnd); got.Counts.Files+got.Counts.Unpriced != 0 {
		t.Errorf("a run with the same broken book did something: %+v", got.Counts)
	}
	n.sameJournal(sound)

	replace(t, filepath.Join(folder, "tables", "alpha-fees.csv"), "# kind: fees", "# kind: fee")
	n.open(folder)
	mended := n.run(simulatedEnd)
	if held, priced := n.opinions(); held != 0 || priced != wantPriced || mended.Exit != 0 {
		t.Errorf("mended: got %d held, %d priced, exit %d; want none, %d, 0", held, priced, mended.Exit, wantPriced)
	}
}

// sameJournal compares the balances of two ledgers.
func (n *night) sameJournal(o *night) {
	n.t.Helper()
	balances := func(n *night) string {
		rows, err := n.store.Sums(context.Background(), ledger.Query{Table: ledger.Postings}, []string{"cause", "debit", "credit"}, []string{"amount"})
		if err != nil {
			n.t.Fatal(err)
		}
		out := ""
		for _, r := range rows {
			out += r[0].Text() + " " + r[1].Text() + " " + r[2].Text() + " " + r[4].Cents().String() + "\n"
		}
		return out
	}
	if got, want := balances(n), balances(o); got != want {
		n.t.Errorf("the journals differ:\n%s", diff(got, want))
	}
}

// A table that breaks later takes no opinion away: the claims that were judged keep their prices.
func TestATableThatBreaksLaterTakesNoPriceAway(t *testing.T) {
	files, _ := simulated(t, 22, 60)
	folder := copied(t, sample)
	n := newNight(t, sample, mem.New())
	n.open(folder)
	n.over(files, simulatedEnd)
	_, want := n.opinions()
	replace(t, filepath.Join(folder, "tables", "alpha-fees.csv"), "# kind: fee", "# kind: fees")
	n.open(folder)
	sum := n.run(simulatedEnd.AddDays(1))
	if held, priced := n.opinions(); held != 0 || priced != want || sum.Exit != 0 {
		t.Errorf("got %d held, %d priced, exit %d; want none, %d, 0", held, priced, sum.Exit, want)
	}
}

// A claim on which the program breaks is held, with its ID and no word of what it says, and the night goes on.
func TestAClaimOnWhichTheProgramBreaksIsHeld(t *testing.T) {
	files, _ := simulated(t, 23, 60)
	n := newNight(t, sample, mem.New())
	for name, data := range files {
		n.put(name, data)
	}
	n.workers = 1
	broken := ""
	sum, err := n.env(simulatedEnd).BreakOn(func(on string) {
		if broken == "" && strings.HasPrefix(on, "claim ") || on == broken {
			broken = on
			panic(on)
		}
	}).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if held, _ := n.opinions(); held != 1 || sum.Exit != 3 || len(sum.Held) != 1 || sum.Held[0].Code != rules.HeldFault || strings.Contains(sum.Held[0].Why, broken[6:]) {
		t.Errorf("got %d held, exit %d, %+v", held, sum.Exit, sum.Held)
	}
}
