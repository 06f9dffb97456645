package denial

import (
	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
)

// Against is what a remit is judged against. Each field may be missing; the zero value knows nothing.
type Against struct {
	Claim      *claim.Claim
	Assessment *rules.Assessment
	Lines      []int // for each remit line the claim line's number, 0 where unmatched; nil where none is
	// Original is the remit that a reversal takes back: its CLP02 says which payer in order it was.
	Original *claim.Remit
	// Usual tells what the payer usually allows for a line, for amounts at risk without a quote; may be nil.
	Usual func(*claim.Line) (money.Cents, bool)
}

// Judged is a remit with every adjustment read and its charge split.
type Judged struct {
	Remit    claim.ID
	Split    Split
	Claim    Part   // what was said at claim level
	Lines    []Part // one for each remit line, in order
	Warnings []Warning
}

// Part is one level of a remit: the claim or a line. The parts of a remit add to its Split.
type Part struct {
	RemitLine   int // 0 for the claim level
	Line        int // the claim line's number; 0 for the claim level and for an unmatched line
	Split       Split
	Adjustments []Classified
}

// Warning is something odd that stops nothing.
type Warning struct {
	RemitLine int // 0 for the claim
	Text      string
}

// Secondary reports whether a CLP02 value says that another payer came before.
func Secondary(status string) bool {
	switch status {
	case "2", "3", "20", "21":
		return true
	}
	return false
}

// Judge reads every adjustment of a remit and splits its charge. Where our quote says that a service is
// packaged, CO-97, CO-234 and a CO-45 of the whole line are contractual; without a price they are
// denied and Unpriced. A remit that does not balance is split as it stands; its Split tells by how much.
func (c *Codes) Judge(r *claim.Remit, on civil.Date, ag Against) Judged {
	j := Judged{Remit: r.ID, Lines: make([]Part, len(r.Lines))}
	rest := Split{Charge: r.Charge, Paid: r.Paid}
	for i := range r.Lines {
		l := &r.Lines[i]
		p := Part{RemitLine: l.Number, Split: Split{Charge: l.Charge, Paid: l.Paid}}
		if i < len(ag.Lines) {
			p.Line = ag.Lines[i]
		}
		rest.Charge -= l.Charge
		rest.Paid -= l.Paid
		c.fill(&p, l.Adjustments, Setting{LineRemarks: l.Remarks, ClaimRemarks: r.Remarks, On: on})
		j.Lines[i] = p
	}
	j.Claim = Part{Split: rest}
	c.fill(&j.Claim, r.Adjustments, Setting{ClaimRemarks: r.Remarks, On: on})
	for i := range j.Lines {
		c.expect(&j.Lines[i], r, &ag, i)
	}
	c.expect(&j.Claim, r, &ag, -1)
	for i := range j.Lines {
		j.add(&j.Lines[i])
	}
	j.add(&j.Claim)
	j.compare(r, &ag)
	return j
}

// fill reads the adjustments of one level.
func (c *Codes) fill(p *Part, as []claim.Adjustment, at Setting) {
	p.Adjustments = make([]Classified, len(as))
	for i, a := range as {
		at.Whole = p.Split.Paid == 0 && a.Amount == p.Split.Charge && a.Amount != 0
		p.Adjustments[i] = c.Classify(a, at)
	}
}

// add puts the amounts of a part into its columns, once they are final, and the part into the whole.
func (j *Judged) add(p *Part) {
	for i := range p.Adjustments {
		x := &p.Adjustments[i]
		p.Split.put(x)
		if x.Warning != "" {
			j.Warnings = append(j.Warnings, Warning{p.RemitLine, x.Warning})
		}
	}
	j.Split = j.Split.Plus(p.Split)
}

// expect changes what our quote explains: packaging is contractual where we expected it, unpriced
// where we have no price, and a full contractual cut of a line we priced is a suspected denial.
func (c *Codes) expect(p *Part, r *claim.Remit, ag *Against, i int) {
	full := c.fullContractual(p, r, ag)
	for k := range p.Adjustments {
		x := &p.Adjustments[k]
		packs := c.packaging[x.CARC] || full && c.fullCut[x.CARC]
		if x.Adjustment.Group == "PR" || !packs && !c.sameClaim[x.CARC] {
			continue
		}
		packaged, priced := expectation(p, r, ag)
		switch {
		case packs && packaged:
			x.Class, x.Category, x.Kind, x.Account, x.Packaged = NotDenial, "CONTRACTUAL", "", Contractual, true
			x.NextAction = "none: our quote says packaged"
		case i >= 0 && c.sameClaim[x.CARC] && bundledHere(r, i, ag, p.Line):
			x.Closed = true
			x.RootCause, x.NextAction = "bundled into a paid line of the same claim", "none: the paid line carries it"
		case packs && !priced:
			x.Class, x.Category, x.Kind, x.Account = Denial, "BUNDLING", BundlingUnpriced, Refused
			x.NextAction = "load a contract that prices the line, then judge whether packaging is right"
		case packs && c.fullCut[x.CARC]:
			x.Class, x.Category, x.Kind, x.Account = Denial, "CONTRACT", FullContractual, Refused
			x.RootCause, x.NextAction = "the whole charge called contractual though a payment was expected", "ask the payer; do not write off"
		}
	}
}

// fullContractual reports whether contractual codes of the fee schedule take the whole level and
// nothing was paid. A secondary payer that owes nothing says just that, and means it.
func (c *Codes) fullContractual(p *Part, r *claim.Remit, ag *Against) bool {
	status := r.Status
	if r.Reversal() && ag.Original != nil {
		status = ag.Original.Status
	}
	if Secondary(status) || p.Split.Charge == 0 || p.Split.Paid != 0 {
		return false
	}
	var sum money.Cents
	for _, x := range p.Adjustments {
		if c.fullCut[x.CARC] && x.Adjustment.Group != "PR" {
			sum += x.Adjustment.Amount
		}
	}
	return sum == p.Split.Charge
}

// expectation says whether we expected nothing for the level, and whether we know at all. A claim
// priced as a whole (case rate, DRG, per diem) packages its lines where it brought money.
func expectation(p *Part, r *claim.Remit, ag *Against) (packaged, priced bool) {
	if ag.Assessment == nil {
		return false, false
	}
	if p.Line > 0 {
		if q, ok := ag.Assessment.Quote(p.Line); ok {
			return q.Packaged || q.Priced() && q.Allowed == 0, q.Packaged || q.Priced()
		}
		if q, ok := ag.Assessment.Quote(0); ok && q.Priced() {
			return r.Paid != 0, true
		}
		return false, false
	}
	if len(r.Lines) > 0 {
		return false, false
	}
	sum, ok := ag.Assessment.Expected()
	return ok && sum == 0, ok
}

// bundledHere reports whether line i was bundled into a paid sibling: both carry the same SVC01, and
// ours stands in SVC06.
func bundledHere(r *claim.Remit, i int, ag *Against, line int) bool {
	l := &r.Lines[i]
	if l.Submitted.Code == "" || l.Paid != 0 {
		return false
	}
	if own := lineOf(ag.Claim, line); own != nil && own.Procedure.Code != l.Submitted.Code {
		return false
	}
	for k := range r.Lines {
		if k != i && r.Lines[k].Paid != 0 && r.Lines[k].Procedure.Code == l.Procedure.Code {
			return true
		}
	}
	return false
}

// lineOf gives a claim's line by its number, nil where there is none.
func lineOf(c *claim.Claim, number int) *claim.Line {
	if c == nil || number == 0 {
		return nil
	}
	for i := range c.Lines {
		if c.Lines[i].Number == number {
			return &c.Lines[i]
		}
	}
	return nil
}

// compare warns where the payer's own totals disagree with its adjustments: AMT*B6 against the allowed
// amount we derive, CLP05 against Σ PR.
func (j *Judged) compare(r *claim.Remit, ag *Against) {
	var patient money.Cents
	for _, a := range r.Adjustments {
		if a.Group == "PR" {
			patient += a.Amount
		}
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		for _, a := range l.Adjustments {
			if a.Group == "PR" {
				patient += a.Amount
			}
		}
		for _, m := range l.Amounts {
			if m.Qualifier == "B6" && !r.Reversal() && !Secondary(r.Status) && m.Amount != j.Lines[i].Split.Allowed() {
				j.Warnings = append(j.Warnings, Warning{l.Number, "AMT*B6 is " + m.Amount.String() + ", the adjustments make " + j.Lines[i].Split.Allowed().String()})
			}
		}
	}
	if r.PatientDue != nil && *r.PatientDue != patient && !r.Reversal() {
		j.Warnings = append(j.Warnings, Warning{0, "CLP05 is " + r.PatientDue.String() + ", PR adjustments make " + patient.String()})
	}
}
