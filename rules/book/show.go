package book

import (
	"fmt"
	"strings"
)

// Show is a payer's part of the book for people: filing limits, contracts by term, rules with their dates,
// citations and denial codes. An unknown payer shows the rules for every payer.
func (b *Book) Show(payer string) string {
	var w strings.Builder
	p := b.of(payer)
	if p == b.every && payer != everyPayer {
		fmt.Fprintf(&w, "payer %s has no file in payers/: only the rules for every payer hold, and nothing is priced\n", payer)
	}
	fmt.Fprintf(&w, "%s (%s)  slice %s\n", p.name, p.id, p.slice.Short())
	if p.broken != "" {
		fmt.Fprintf(&w, "BROKEN, its claims are held: %s\n", p.broken)
		return w.String()
	}
	if p.notes != "" {
		fmt.Fprintf(&w, "  %s\n", oneLine(p.notes))
	}
	for _, t := range p.timely {
		fmt.Fprintf(&w, "filing limit %s, %s [%s]\n", t.limit, spanText(t.span), t.cite)
	}
	for _, k := range p.contracts {
		fmt.Fprintf(&w, "contract %s, %s, lesser of: %s [%s]\n", k.id, spanText(k.span), k.lesserOf, k.cite)
		for i, t := range k.terms {
			fmt.Fprintf(&w, "  %d. %s: %s", i+1, t.id, t.method.Name)
			if t.title != "" {
				fmt.Fprintf(&w, ", %s", t.title)
			}
			fmt.Fprintf(&w, " [%s]\n", t.cite)
		}
	}
	for _, r := range p.rules {
		fmt.Fprintf(&w, "rule %s, %s, %s", r.ID, spanText(r.Span), r.Severity)
		if d := strings.TrimSpace(r.Deny.Group + " " + r.Deny.CARC + " " + r.Deny.RARC); d != "" {
			fmt.Fprintf(&w, ", denied as %s", d)
		}
		fmt.Fprintf(&w, "\n  %s", r.Title)
		for _, c := range r.Cites {
			fmt.Fprintf(&w, " [%s]", c)
		}
		w.WriteByte('\n')
	}
	for _, name := range sortedKeys(p.named) {
		i := b.tables[name].info
		fmt.Fprintf(&w, "table %s, %s, release %s, %d rows, %s [%s]\n", i.Name, i.Kind, i.Release, i.Rows, i.Digest.Short(), i.Source)
	}
	return w.String()
}

// Describe is the whole book for people: Show of the rules for every payer, then of each payer.
func (b *Book) Describe() string {
	var w strings.Builder
	fmt.Fprintf(&w, "edition %s, engine %s\n\n", b.Edition().Short(), Engine)
	w.WriteString(b.Show(everyPayer))
	for _, id := range b.Payers() {
		w.WriteByte('\n')
		w.WriteString(b.Show(id))
	}
	return w.String()
}
