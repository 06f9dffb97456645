package csv

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"revcycle/civil"
	"revcycle/claim"
)

// ReadClaims reads a claim table and, where it has a Lines table, joins the charge rows of that file
// as the claim's lines; charges and lines are nil otherwise. Both files go through temporary parts
// in workdir, cut by the hash of the control number, so that memory holds a sixty-fourth of them at
// most; the parts are gone when the sequence ends. Claims come in order of (part, row of the claim
// file), which depends on the files alone.
//
// The items speak of the claim file: rows of the charge file are documents of ReadCharges. A claim
// is a Reject instead where it has no charge row (NO_CHARGE), where one of its charge rows cannot be
// read (LINE), and where its control number came before with other content (DUPLICATE_CLAIM). Charge rows of claims
// that are not in the claim file make no claim. Errors are as in ReadEncounters.
func ReadClaims(claims, lines *Table, claimFile, lineFile io.Reader, workdir string, tally *Tally) iter.Seq2[Item, error] {
	if claims.Lines == "" {
		return documents(claims, ClaimNoun, claimFile, tally, func(x *reading) claim.Document { return alone(x) })
	}
	return func(yield func(Item, error) bool) {
		if lines == nil || lines.Profile != claims.Profile || lines.Name != claims.Lines {
			yield(Item{}, fmt.Errorf("csv: %s: its lines lie in %s/%s, which was not given", claims, claims.Profile, claims.Lines))
			return
		}
		j := &join{claims: claims, lines: lines, tally: tally, yield: yield}
		if err := j.run(claimFile, lineFile, workdir); err != nil {
			yield(Item{}, err)
		}
	}
}

// header reads the fields of a claim that stand in its own row.
func header(x *reading) claim.Claim {
	patient := member(x.text(cMember, false))
	c := claim.Claim{
		Guide:         x.b.Profile,
		Kind:          claim.Kind(x.text(cKind, true)),
		Use:           claim.Chargeable,
		Control:       x.text(cControl, true),
		Frequency:     cmp.Or(x.text(cFrequency, false), "1"),
		Account:       x.text(cAccount, false),
		Encounter:     x.text(cEncounter, false),
		SubmitterID:   x.b.Profile,
		PayerOrder:    "P",
		Payer:         claim.Payer{ID: x.text(cPayer, false)},
		Billing:       claim.Provider{Role: "85", Organization: true},
		Subscriber:    patient,
		Patient:       patient,
		Relationship:  "18",
		StatementFrom: x.date(cFrom),
		StatementTo:   x.date(cTo),
	}
	switch c.Kind {
	case claim.Professional, claim.Institutional, claim.Dental:
	default:
		x.refuse(cKind, "KIND", "no kind of claim that the profile knows (P, I, D)")
	}
	if f := x.text(cFacility, false); f != "" {
		identify(&c.Billing, f, "LU")
	}
	if p := x.text(cProvider, false); p != "" {
		rendering := claim.Provider{Role: "82"}
		identify(&rendering, p, "G2")
		c.Providers = append(c.Providers, rendering)
	}
	if p := x.text(cSecondary, false); p != "" {
		c.Other = append(c.Other, claim.OtherPayer{Order: "S", Payer: claim.Payer{ID: p}, Subscriber: patient, Relationship: "18"})
	}
	for i, code := range x.list(cDiagnoses) {
		if code == "" {
			continue
		}
		d := claim.Diagnosis{Code: code}
		switch {
		case x.b.otherDx:
		case i == 0:
			d.Qualifier = "ABK"
		default:
			d.Qualifier = "ABF"
		}
		c.Diagnoses = append(c.Diagnoses, d)
	}
	return c
}

// identify puts an identifier where a document of another format would have it: a sound NPI as such,
// any other as a reference (LU a location, G2 a provider number of the sender).
func identify(p *claim.Provider, id, qualifier string) {
	if n := claim.NPI(id); n.Valid() {
		p.NPI = n
		return
	}
	p.References = append(p.References, claim.Reference{Qualifier: qualifier, Value: id})
}

// alone is a claim whose table has no lines: its charge stands in its row.
func alone(x *reading) claim.Claim {
	c := header(x)
	if a := x.amount(cCharge); a != nil {
		c.Charge = *a
	} else {
		x.refuse(cCharge, "EMPTY", "is empty where an amount must stand")
	}
	c.StatementTo = lastDay(c.StatementFrom, c.StatementTo)
	c.ID = claim.ClaimID(c.SubmitterID, c.Billing.Key(), c.Control, c.Frequency, digest(x.v))
	return c
}

// assemble puts the lines on a claim: in order of their own control number, so that the order of the
// charge file changes nothing.
func assemble(x *reading, lines []*reading) claim.Claim {
	c := header(x)
	slices.SortFunc(lines, func(a, b *reading) int {
		return cmp.Or(cmp.Compare(len(a.v[xLine]), len(b.v[xLine])), cmp.Compare(a.v[xLine], b.v[xLine]), cmp.Compare(a.v[xNumber], b.v[xNumber]))
	})
	content := [][]string{x.v}
	for i, l := range lines {
		c.Lines = append(c.Lines, line(l, i+1, x.b.otherDx))
		content = append(content, l.v)
		if f := l.v[xFacility]; f != "" && c.Billing.Key() == "" && len(c.Billing.References) == 0 {
			identify(&c.Billing, f, "LU")
		}
	}
	c.Charge = c.LineSum()
	from, to := span(c.Lines)
	c.StatementFrom = cmp.Or(c.StatementFrom, from)
	c.StatementTo = cmp.Or(c.StatementTo, to, c.StatementFrom)
	c.ID = claim.ClaimID(c.SubmitterID, c.Billing.Key(), c.Control, c.Frequency, digest(content...))
	return c
}

func line(x *reading, number int, otherDx bool) claim.Line {
	ch := chargeRow(x)
	l := claim.Line{Number: number, Control: x.v[xLine], Revenue: x.v[xRevenue], Procedure: ch.Procedure, Charge: ch.Amount,
		Unit: "UN", Units: ch.Units, From: ch.From, To: ch.To}
	if otherDx {
		return l // a pointer counts billed diagnoses, and none of these codes is one
	}
	for _, p := range x.list(xPointers) {
		if p == "" {
			continue
		}
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil || n == 0 {
			x.refuse(xPointers, "POINTER", "no position of a diagnosis, counted from 1")
			break
		}
		l.Pointers = append(l.Pointers, uint8(n))
	}
	return l
}

// span is the first and the last day of the lines; zeros where none has a day.
func span(lines []claim.Line) (from, to civil.Date) {
	for i := range lines {
		if d := lines[i].From; d.Known() && (!from.Known() || d < from) {
			from = d
		}
		to = max(to, lines[i].From, lines[i].To)
	}
	return from, to
}
