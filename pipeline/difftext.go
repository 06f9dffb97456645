package pipeline

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"revcycle/money"
)

// Text prints what changed, for a manager: how many claims and dollars moved, whose, by which rule, and what was posted.
// An error is w's.
func (c Changes) Text(w io.Writer) error {
	p := page{}
	c.text(&p)
	return p.to(w)
}

func (c *Changes) text(p *page) {
	to := "what the rerun would say"
	if c.To.Batch != "" {
		to = "batch " + c.To.Batch
	}
	p.line("from batch %s (as of %s, rule book %s)", c.From.Batch, c.From.AsOf, c.From.Edition.Short())
	p.line("to %s (as of %s, rule book %s)", to, c.To.AsOf, c.To.Edition.Short())
	p.section("CLAIMS")
	p.line("  %d judged, %d of them say something else than before, %d had no opinion before", c.Judged, c.Moved, c.Came)
	p.line("  expected %s -> %s: %s", dollars(c.Expected.Before), dollars(c.Expected.After), signed(c.Expected.Difference))
	p.line("  without a price %d -> %d", c.Expected.UnpricedBefore, c.Expected.UnpricedAfter)
	c.tables(p)
	c.claims(p)
	c.money(p)
}

// signed gives an amount with its sign, also where it is more than before.
func signed(c money.Cents) string {
	if c > 0 {
		return "+" + dollars(c)
	}
	return dollars(c)
}

func (m *Movement) cells() []string {
	unpriced := ""
	if m.UnpricedBefore != m.UnpricedAfter {
		unpriced = fmt.Sprintf("%d -> %d", m.UnpricedBefore, m.UnpricedAfter)
	}
	return []string{dollars(m.Before), dollars(m.After), signed(m.Difference), unpriced}
}

func (c *Changes) tables(p *page) {
	g := NewGrid("lrrrrrrl", "payer", "claims", "moved", "new", "before", "after", "difference", "unpriced")
	for i := range c.Payers {
		if x := &c.Payers[i]; x.Moved+x.Came > 0 || x.Difference != 0 {
			g.Row(append([]string{cmp.Or(x.Payer, "-"), fmt.Sprint(x.Claims), fmt.Sprint(x.Moved), fmt.Sprint(x.Came)}, x.cells()...)...)
		}
	}
	table(p, "BY PAYER", g)
	g = NewGrid("llrrrrl", "payer", "contract", "claims", "before", "after", "difference", "unpriced")
	for i := range c.Terms {
		x := &c.Terms[i]
		g.Row(append([]string{cmp.Or(x.Payer, "-"), cmp.Or(x.Contract, "no price"), fmt.Sprint(x.Claims)}, x.cells()...)...)
	}
	table(p, "BY CONTRACT, claims that moved or came", g)
	g = NewGrid("llrr", "payer", "rule", "gained", "lost")
	for _, x := range c.Rules {
		g.Row(cmp.Or(x.Payer, "-"), x.Rule, fmt.Sprint(x.Gained), fmt.Sprint(x.Lost))
	}
	table(p, "FINDINGS", g)
}

// table prints a grid that holds more than its names.
func table(p *page, title string, g *Grid) {
	if g.Len() > 1 {
		p.section(title)
		p.grid(g)
	}
}

func (c *Changes) claims(p *page) {
	g := NewGrid("llrrrrl", "claim", "account", "charge", "before", "after", "difference", "findings")
	amount := func(a *money.Cents) string {
		if a == nil {
			return "-"
		}
		return dollars(*a)
	}
	for _, x := range c.Claims {
		said := make([]string, 0, len(x.Gained)+len(x.Lost)+1)
		for _, r := range x.Gained {
			said = append(said, "+"+r)
		}
		for _, r := range x.Lost {
			said = append(said, "-"+r)
		}
		if x.Why != "" {
			said = append(said, x.Why)
		}
		g.Row(x.Claim.String()[:12], x.Control, dollars(x.Charge), amount(x.Before), amount(x.After), signed(x.Difference), strings.Join(said, " "))
	}
	table(p, "THE CLAIMS THAT MOVED MOST", g)
	if n := c.Moved - len(c.Claims); n > 0 {
		p.line("  and %d more claims moved", n)
	}
}

func (c *Changes) money(p *page) {
	m := &c.Payment
	if m.State+m.Variance > 0 {
		p.section("PAYMENT")
		p.line("  %d claims change their payment state, %d their variance", m.State, m.Variance)
		p.line("  underpaid %d claims -> %d, %s -> %s", m.Underpaid.CountBefore, m.Underpaid.CountAfter, dollars(m.Underpaid.Before), dollars(m.Underpaid.After))
		p.line("  overpaid %d claims -> %d, %s -> %s", m.Overpaid.CountBefore, m.Overpaid.CountAfter, dollars(m.Overpaid.Before), dollars(m.Overpaid.After))
	}
	if d := &c.Denials; d.Opened+d.Closed > 0 {
		p.section("DENIALS")
		p.line("  %d opened, %s denied; %d closed, %s denied, %s recovered", d.Opened, dollars(d.OpenedDenied), d.Closed, dollars(d.ClosedDenied), dollars(d.Recovered))
	}
	g := NewGrid("lrrrr", "posted", "entries", "amount", "taken back", "amount")
	for _, x := range c.Postings {
		g.Row(x.Cause, fmt.Sprint(x.Entries), dollars(x.Amount), fmt.Sprint(x.Back), dollars(x.BackSum))
	}
	if g.Len() == 1 {
		p.section("POSTINGS")
		p.line("  none: no balance changes")
		return
	}
	table(p, "POSTINGS", g)
}

// Text prints what came of a rerun. An error is w's.
func (r Rerun) Text(w io.Writer) error {
	p := page{}
	switch {
	case r.Nothing:
		p.line("rerun of %s (%s): nothing would be said anew; no batch was made", r.Parent, r.Scope)
		return p.to(w)
	case r.Batch == "":
		p.line("DRY RUN: rerun of %s (%s); nothing was touched", r.Parent, r.Scope)
	default:
		p.line("batch %s: rerun of %s (%s), because: %s", r.Batch, r.Parent, r.Scope, r.Reason)
	}
	r.Changes.text(&p)
	return p.to(w)
}
