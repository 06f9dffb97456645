package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"

	"revcycle/civil"
	"revcycle/money"
)

// Notice is what people are told of a run that ended: counts, dollars, the batch and the exit code. It holds
// nothing of a patient and no file's name, since it leaves the house.
type Notice struct {
	Host    string     `json:"host"` // where it ran
	Batch   string     `json:"batch"`
	AsOf    civil.Date `json:"as_of"`
	Exit    int        `json:"exit"`
	Meaning string     `json:"meaning"` // of the exit code
	Text    string     `json:"text"`    // a line for a chat; filled by NewNotice
	Missing int        `json:"missing"` // expected files that did not come
	Counts  Counts     `json:"counts"`
	Totals  Totals     `json:"totals"`
}

// NewNotice makes a notice of a run's summary, which is nearly empty where the run failed.
func NewNotice(host string, exit int, meaning string, sum Summary) Notice {
	n := Notice{Host: host, Batch: sum.Batch, AsOf: sum.AsOf, Exit: exit, Meaning: meaning, Missing: len(sum.Missing), Counts: sum.Counts, Totals: sum.Totals}
	n.Text = n.Subject()
	if !n.empty() {
		n.Text += fmt.Sprintf("; %d files, %d claims, %d remits, %d quarantined; charged %s, paid %s, denied %s",
			n.Counts.Files, n.Counts.Claims, n.Counts.Remits, n.Counts.Quarantined, n.Totals.Charged, n.Totals.Paid, n.Totals.Denied)
	}
	return n
}

// empty reports whether the run has no figures of its own: it failed, or had nothing to do.
func (n Notice) empty() bool { return n.Counts == Counts{} && n.Totals == Totals{} }

// Subject is one line: where, which batch, how it ended; a code only where that is not 0.
func (n Notice) Subject() string {
	batch := ""
	if n.Batch != "" {
		batch = ", batch " + n.Batch
	}
	ended := n.Meaning
	if n.Exit != ExitDone {
		ended = fmt.Sprintf("exit %d: %s", n.Exit, n.Meaning)
	}
	return fmt.Sprintf("revcycle on %s%s: %s", n.Host, batch, ended)
}

// Body is the text of a mail.
func (n Notice) Body() string {
	var b strings.Builder
	fmt.Fprintln(&b, n.Subject())
	if n.AsOf.Known() {
		fmt.Fprintf(&b, "\nbusiness date  %s\n", n.AsOf)
	}
	if n.Missing > 0 {
		fmt.Fprintf(&b, "\n%d expected files did not come whole\n", n.Missing)
	}
	if !n.empty() {
		b.WriteByte('\n')
		for _, c := range n.Counts.named() {
			fmt.Fprintf(&b, "%-14s %15d\n", strings.ReplaceAll(c.name, "_", " "), c.n)
		}
		b.WriteByte('\n')
		for _, d := range n.Totals.named() {
			fmt.Fprintf(&b, "%-14s %15s\n", d.name, d.amount)
		}
	}
	b.WriteString("\nrevcycle status tells what waits, revcycle report shows the batch, the log says why a run failed.\n")
	return b.String()
}

// JSON is the body of a webhook: one object.
func (n Notice) JSON() ([]byte, error) { return json.Marshal(n) }

// namedCount and namedAmount are figures under the names that metrics and notices show.
type namedCount struct {
	name string
	n    int
}

type namedAmount struct {
	name   string
	amount money.Cents
}

func (c Counts) named() []namedCount {
	return []namedCount{{"files", c.Files}, {"claims", c.Claims}, {"remits", c.Remits}, {"payments", c.Payments}, {"encounters", c.Encounters},
		{"rejects", c.Rejects}, {"denials", c.Denials}, {"orphan_remits", c.OrphanRemits}, {"held_remits", c.HeldRemits},
		{"quarantined", c.Quarantined}, {"gaps", c.Gaps}}
}

func (t Totals) named() []namedAmount {
	return []namedAmount{{"charged", t.Charged}, {"expected", t.Expected}, {"paid", t.Paid}, {"contractual", t.Contractual},
		{"denied", t.Denied}, {"unapplied", t.Unapplied}, {"gaps", t.Gaps}}
}
