package denial

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

// Episode is one refusal to be worked: a claim, a line, a payer and a category. It stays the same
// episode, with the same ID, through every remit that repeats it.
type Episode struct {
	ID            claim.ID
	Claim         claim.ID
	Line          int // the claim line's number; 0 where the claim as a whole was refused, or the line is unknown
	Payer         string
	Remit         claim.ID // the first remit of those judged that says it
	Kind          Kind
	Category      string
	Group         string
	CARC          string // as sent; of several in one category the largest amount's
	RARC          string
	RootCause     string
	Preventable   Preventable
	Owner         string
	NextAction    string
	Denied        money.Cents
	AtRisk        *money.Cents // expected less allowed, never negative nor above Denied; nil where unknown
	Basis         Basis        // of AtRisk; "" where unknown
	Counts        bool         // in the denial rate
	Closed        bool         // recorded only: no work
	PatientLiable bool
	NoAppeal      bool
}

// EpisodeID is the identity of an episode. The root is the first version of the claim, so that a
// replacement carries the episode on.
func EpisodeID(root claim.ID, line int, payer, category string, kind Kind) claim.ID {
	return claim.IDOf("denial", string(root[:]), strconv.Itoa(line), payer, category, string(kind))
}

// Episodes gives the denials that stand after the judged remits of one payer, given in content order:
// what was refused and not taken back, by line, kind and category. Lines without a refusal left give none.
func (c *Codes) Episodes(payer string, js []Judged, ag Against) []Episode {
	lines := map[int]Split{}
	whole := Split{}
	found := map[episodeKey]*gathered{}
	for i := range js {
		j := &js[i]
		whole = whole.Plus(j.Split)
		for k := range j.Lines {
			lines[j.Lines[k].Line] = lines[j.Lines[k].Line].Plus(j.Lines[k].Split)
			gather(found, &j.Lines[k], j.Remit)
		}
		gather(found, &j.Claim, j.Remit)
	}
	keys := make([]episodeKey, 0, len(found))
	for k, g := range found {
		if g.denied > 0 {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b episodeKey) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.kind, b.kind), cmp.Compare(a.category, b.category))
	})
	out := make([]Episode, len(keys))
	for i, k := range keys {
		out[i] = c.episode(payer, k, found[k], ag.Claim)
	}
	appraise(out, lines, whole, ag)
	return out
}

type episodeKey struct {
	line     int
	kind     Kind
	category string
}

// gathered is one episode's adjustments added up.
type gathered struct {
	denied money.Cents
	first  claim.ID
	lead   Classified // the largest
	closed bool
}

func gather(found map[episodeKey]*gathered, p *Part, remit claim.ID) {
	for i := range p.Adjustments {
		x := &p.Adjustments[i]
		if x.Account != Refused {
			continue
		}
		k := episodeKey{p.Line, x.Kind, x.Category}
		g := found[k]
		if g == nil {
			g = &gathered{first: remit, lead: *x, closed: true}
			found[k] = g
		}
		g.denied += x.Adjustment.Amount
		g.closed = g.closed && x.Closed
		if larger(x, &g.lead) {
			g.lead = *x
		}
	}
}

// larger orders adjustments by amount, then by code, so that the lead does not depend on their order.
func larger(a, b *Classified) bool {
	if a.Adjustment.Amount != b.Adjustment.Amount {
		return a.Adjustment.Amount > b.Adjustment.Amount
	}
	return strings.Compare(a.Adjustment.Reason+a.RARC, b.Adjustment.Reason+b.RARC) < 0
}

func (c *Codes) episode(payer string, k episodeKey, g *gathered, own *claim.Claim) Episode {
	x, category := &g.lead, c.categories[k.category]
	e := Episode{
		Line: k.line, Payer: payer, Remit: g.first, Kind: k.kind, Category: k.category, Group: x.Adjustment.Group, CARC: x.Adjustment.Reason, RARC: x.RARC,
		RootCause: x.RootCause, Preventable: x.Preventable, Owner: category.Owner, NextAction: x.NextAction, Denied: g.denied,
		Counts: category.Counts && k.kind != BundlingUnpriced, Closed: g.closed, PatientLiable: x.PatientLiable, NoAppeal: x.NoAppeal,
	}
	if own != nil {
		e.Claim = own.ID
		e.ID = EpisodeID(own.ID, k.line, payer, k.category, k.kind)
	}
	return e
}

// appraise sets what each episode is worth: what was expected of its line less what was allowed,
// shared where several episodes refuse one line, and never more than was refused. What all lines
// together brought is not at risk: a line bundled into a sibling that brought both prices risks nothing.
func appraise(es []Episode, lines map[int]Split, whole Split, ag Against) {
	for from := 0; from < len(es); {
		to := from + 1
		for to < len(es) && es[to].Line == es[from].Line {
			to++
		}
		expected, basis := worth(es[from].Line, &ag)
		if basis != "" {
			allowed := whole.Allowed()
			if es[from].Line > 0 {
				allowed = lines[es[from].Line].Allowed()
			}
			share(es[from:to], max(0, expected-allowed), basis)
		}
		from = to
	}
	for i := range es {
		e := &es[i]
		if !e.Closed || e.AtRisk == nil || ag.Assessment == nil {
			continue
		}
		if all, ok := ag.Assessment.Expected(); ok {
			left := min(*e.AtRisk, max(0, all-whole.Allowed()))
			e.AtRisk = &left
		}
	}
}

func share(es []Episode, risk money.Cents, basis Basis) {
	weights := make([]money.Cents, len(es))
	for i := range es {
		weights[i] = es[i].Denied
	}
	for i, part := range money.Split(risk, weights) {
		part = min(part, es[i].Denied)
		es[i].AtRisk, es[i].Basis = &part, basis
	}
}

// worth is what a line (0: the claim) should have brought, and how we know.
func worth(line int, ag *Against) (money.Cents, Basis) {
	if a := ag.Assessment; a != nil {
		if line == 0 {
			if sum, ok := a.Expected(); ok {
				return sum, ByExpected
			}
			return 0, ""
		}
		if q, ok := a.Quote(line); ok && q.Priced() {
			return q.Allowed, ByExpected
		}
		if q, ok := a.Quote(0); ok && q.Priced() && ag.Claim != nil {
			return prorated(q, line, ag.Claim), ByCharge
		}
	}
	if l := lineOf(ag.Claim, line); l != nil && ag.Usual != nil {
		if usual, ok := ag.Usual(l); ok {
			return usual, ByHistory
		}
	}
	return 0, ""
}

// prorated is a line's share of the claim's quote by charge.
func prorated(q rules.Quote, line int, c *claim.Claim) money.Cents {
	charges := make([]money.Cents, len(c.Lines))
	at := -1
	for i := range c.Lines {
		charges[i] = c.Lines[i].Charge
		if c.Lines[i].Number == line {
			at = i
		}
	}
	if at < 0 {
		return 0
	}
	return money.Split(q.Allowed, charges)[at]
}
