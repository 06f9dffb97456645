package pipeline

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"revcycle/money"
)

// filesShown bounds the files, identifiers and the like that a summary for people lists one by one.
const filesShown = 25

// Text prints the summary for the people who read it in the morning: what came, what it was worth,
// whether the totals tie, what waits for somebody. extracts is the folder of the extracts. It is plain
// ASCII and shows nothing of a patient. An error is w's.
func (s Summary) Text(w io.Writer, extracts string) error {
	p := page{}
	if s.Empty() {
		if s.Batch == "" {
			p.line("nothing to do: no batch has run yet")
		} else {
			p.line("nothing to do; the last batch is %s", s.Batch)
		}
		s.absent(&p)
		return p.to(w)
	}
	s.heading(&p)
	s.fileLines(&p)
	s.heldLines(&p)
	s.countLines(&p)
	s.dollarLines(&p)
	s.deniedLines(&p)
	s.controlLines(&p)
	s.waiting(&p)
	s.published(&p, extracts)
	return p.to(w)
}

// Empty reports whether the summary is that of a run that had nothing to do.
func (s Summary) Empty() bool {
	return len(s.Files)+len(s.Controls)+len(s.Stages) == 0 && s.Counts == (Counts{}) && s.Totals == (Totals{})
}

// whole reports whether the summary is of the whole ledger: no one batch's files, and nothing to tie.
func (s Summary) whole() bool { return len(s.Files)+len(s.Controls)+len(s.Stages) == 0 }

func (s Summary) heading(p *page) {
	edition := strings.TrimPrefix(s.Edition, "sha256:")
	edition = edition[:min(12, len(edition))]
	switch {
	case s.whole():
		p.line("the whole ledger, up to batch %s; rule book %s", cmp.Or(s.Batch, "-"), edition)
	default:
		p.line("batch %s, as of %s; rule book %s", s.Batch, s.AsOf, edition)
		if s.Parent != "" {
			p.line("again of batch %s, because: %s", s.Parent, s.Why)
		}
	}
	switch s.Exit {
	case ExitExpected:
		p.line("done, and an expected file did not come (exit %d): see below", s.Exit)
	case ExitQuarantined:
		p.line("done, and something was quarantined or rejected (exit %d): see FILES", s.Exit)
	}
}

// trouble orders the states of files: the worst is the highest.
var trouble = map[string]int{"quarantined": 3, "partial": 2, "received": 1}

// fileLines tells how many files stand in each state, and of each that is not simply in, why.
func (s Summary) fileLines(p *page) {
	if s.whole() {
		return
	}
	p.section("FILES")
	if len(s.Files) == 0 {
		p.line("  none: the rule book, the calendar or a decision gave this batch its work")
		return
	}
	byState := map[string]int{}
	for _, f := range s.Files {
		byState[f.State]++
	}
	var states []string
	for state, n := range byState {
		states = append(states, fmt.Sprintf("%d %s", n, state))
	}
	slices.Sort(states)
	p.line("  %d: %s", len(s.Files), strings.Join(states, ", "))
	shown := 0
	files := slices.Clone(s.Files) // troubles first
	slices.SortStableFunc(files, func(a, b FileSummary) int { return cmp.Compare(trouble[b.State], trouble[a.State]) })
	for _, f := range files {
		if f.State == "ingested" {
			continue
		}
		if shown++; shown > filesShown {
			continue
		}
		p.line("  %-12s %s (%s)", f.State, f.Name, f.Kind)
		if f.Reason != "" {
			p.line("  %-12s   %s", "", f.Reason)
		}
	}
	p.more(shown-filesShown, "files")
}

// heldLines tells of the claims that could not be judged.
func (s Summary) heldLines(p *page) {
	if len(s.Held) == 0 {
		return
	}
	p.section("HELD: these claims have no findings and no price; mend what is named and: revcycle retry")
	for i := range s.Held[:min(len(s.Held), filesShown)] {
		p.line("  %s (batch %s): %s", s.Held[i].File, s.Held[i].Batch, s.Held[i].sentence())
	}
	p.more(len(s.Held)-filesShown, "files")
}

func (s Summary) countLines(p *page) {
	c := s.Counts
	p.section("CAME IN")
	g := NewGrid("lrl")
	for _, row := range []struct {
		what  string
		n     int
		notes []string
	}{
		{"claims", c.Claims, []string{some(c.Lines, "lines"), some(c.DuplicateClaims, "seen before and left out")}},
		{"visits", c.Encounters, []string{some(c.Charges, "charges"), some(c.Gaps, "past the billing hold without a claim")}},
		{"payments (835)", c.Payments, []string{some(c.Remits, "remits"), some(c.DuplicatePayments, "seen before and left out")}},
		{"remits on a claim", c.MatchedRemits, []string{some(c.OrphanRemits, "on no claim of ours"), some(c.HeldRemits, "held: they or their set do not balance, or have faults")}},
		{"acknowledgements", c.Acks, []string{some(c.AcksRejected, "of something that was not taken: revcycle rejections")}},
		{"findings", c.Findings, []string{some(c.Unpriced, "claims without an expected amount")}},
		{"denials opened", c.Denials, nil},
		{"rejected parts", c.Rejects, []string{some(c.Quarantined, "units in quarantine")}},
	} {
		notes := slices.DeleteFunc(row.notes, func(n string) bool { return n == "" })
		if row.n > 0 || len(notes) > 0 {
			g.Row(row.what, fmt.Sprint(row.n), strings.Join(notes, ", "))
		}
	}
	p.grid(g)
}

// some counts something, "" for none of it. what begins with the plural of what is counted, which loses its s for one.
func some(n int, what string) string {
	if n == 0 {
		return ""
	}
	if first, rest, _ := strings.Cut(what, " "); n == 1 && strings.HasSuffix(first, "s") {
		what = strings.TrimSpace(strings.TrimSuffix(first, "s") + " " + rest)
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (s Summary) dollarLines(p *page) {
	d := s.Totals
	p.section("DOLLARS")
	g := NewGrid("lrl")
	for _, row := range []struct {
		what   string
		amount money.Cents
		note   string
		always bool
	}{
		{"charged", d.Charged, "new claims", true},
		{"expected", d.Expected, "allowed by contract, of the claims that have a price", true},
		{"paid", d.Paid, "by payers, on claims", true},
		{"contractual", d.Contractual, "allowances", true},
		{"patient share", d.Patient, "after the last payer", true},
		{"other adjustments", d.Other, "sequestration, capitation, withheld, superseded", false},
		{"written off", d.WrittenOff, "", false},
		{"denied", d.Denied, "still in the payers' receivable until somebody decides", true},
		{"open", d.Open, "receivable: payers and patients", true},
		{"provider adjustments", d.ProviderAdjustments, "PLB: positive reduces the payment", false},
		{"unapplied", d.Unapplied, "paid, and on no claim yet", true},
		{"unbilled visits", d.Gaps, "cost of visits past the billing hold", false},
	} {
		if row.always || row.amount != 0 {
			g.Row(row.what, dollars(row.amount), row.note)
		}
	}
	p.grid(g)
}

func (s Summary) deniedLines(p *page) {
	if len(s.DeniedBy) == 0 {
		return
	}
	p.section("DENIALS BY CATEGORY")
	g := NewGrid("lrrrl", "", "denials", "denied", "at risk", "desk")
	for i, d := range s.DeniedBy {
		if i < topCategories {
			g.Row(d.Category, fmt.Sprint(d.Denials), dollars(d.Denied), dollars(d.AtRisk), d.Owner)
		}
	}
	p.grid(g)
	p.more(len(s.DeniedBy)-topCategories, "categories")
}

func (s Summary) controlLines(p *page) {
	if len(s.Controls) == 0 {
		return
	}
	p.section("CONTROLS")
	g := NewGrid("llrrl")
	for _, c := range s.Controls {
		mark, off := "ok", ""
		if !c.OK {
			mark, off = "NO", "off by "+thousands(c.Text(c.Difference))
		}
		g.Row(mark, c.Name, thousands(c.Text(c.Left)), thousands(c.Text(c.Right)), off)
	}
	p.grid(g)
}

// waiting lists what a person has to look at.
func (s Summary) waiting(p *page) {
	if len(s.Unmapped) > 0 {
		p.section("UNMAPPED: no master knows these; add them to masters/ and run again")
		g := NewGrid("llrr")
		for i, u := range s.Unmapped {
			if i < filesShown {
				g.Row(u.Kind, u.Value, some(u.Claims, "claims"), dollars(u.Charge))
			}
		}
		p.grid(g)
		p.more(len(s.Unmapped)-filesShown, "identifiers")
	}
	s.absent(p)
	var next []string
	for _, w := range []struct {
		n       int
		command string
		what    string
	}{
		{s.Counts.Gaps, "revcycle gaps", "visits without a claim"},
		{s.Counts.Denials, "revcycle denials", "denials, by what is at risk"},
		{s.Counts.Quarantined, "revcycle quarantine ls", "what could not be read, and why"},
		{s.Counts.OrphanRemits + s.Counts.HeldRemits, "revcycle export REMITS", "remits on no claim (ORPHAN_REMIT) or held (QUARANTINED)"},
	} {
		if w.n > 0 {
			next = append(next, fmt.Sprintf("  %-23s %s", w.command, w.what))
		}
	}
	if len(next) > 0 {
		p.section("NEXT")
		p.line("%s", strings.Join(next, "\n"))
	}
}

// absent lists the expected files that did not come.
func (s Summary) absent(p *page) {
	if len(s.Left) > 0 {
		p.section("LEFT IN THE INBOX")
		p.line("  %s", strings.Join(s.Left, "\n  "))
	}
	if len(s.Missing) > 0 {
		p.section("EXPECTED, AND DID NOT COME")
		p.line("  %s", strings.Join(s.Missing, "\n  "))
	}
}

func (s Summary) published(p *page, extracts string) {
	if s.Manifest == "" || extracts == "" {
		return
	}
	p.section("EXTRACTS")
	p.line("  tables     %s", filepath.Join(extracts, "current"))
	p.line("  views      %s", filepath.Join(extracts, "views.sql"))
	manifest := s.Manifest
	if !filepath.IsAbs(manifest) && !strings.HasPrefix(manifest, extracts) {
		manifest = filepath.Join(extracts, filepath.FromSlash(manifest))
	}
	p.line("  manifest   %s", manifest)
}

// dollars gives an amount with its thousands apart: 1,234,567.89.
func dollars(c money.Cents) string { return thousands(c.String()) }

// thousands puts the thousands of a number apart.
func thousands(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	whole, cents, dotted := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dotted {
		whole += "." + cents
	}
	return sign + whole
}

// page is a text for people under construction.
type page struct{ text bytes.Buffer }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

func (p *page) section(title string) { p.line("\n%s", title) }

// more tells of rows that were left out.
func (p *page) more(n int, what string) {
	if n > 0 {
		p.line("  and %d more %s: --json lists them all", n, what)
	}
}

// grid puts a table, a little indented.
func (p *page) grid(g *Grid) { _ = g.write(&p.text, "  ") } // a buffer takes all

func (p *page) to(w io.Writer) error {
	_, err := w.Write(p.text.Bytes())
	return err
}
