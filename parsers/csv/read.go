package csv

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// Item is one document of a file: a claim.Encounter, claim.Charge, claim.Claim or claim.Reject. The
// ID of a Reject is left to the caller, who knows the digest of the file (claim.RejectID).
type Item struct {
	Doc  claim.Document
	Row  int   // data row, from 1; rejected and left rows are counted
	Byte int64 // where the row starts in the file
}

// ReadEncounters reads the visits of an encounter table. A row that cannot be read is a Reject. The
// sequence ends with an error that is a *HeaderError where the file is not that table, and any other
// where it could not be read. The tally may be nil.
func ReadEncounters(t *Table, r io.Reader, tally *Tally) iter.Seq2[Item, error] {
	return documents(t, EncounterNoun, r, tally, encounter)
}

// ReadCharges reads every charge row of a charge table, those of claims that never came too. Rows
// that the profile's where: leaves out are counted in the tally and become nothing. Rejects and
// errors are as in ReadEncounters.
func ReadCharges(t *Table, r io.Reader, tally *Tally) iter.Seq2[Item, error] {
	return documents(t, ChargeNoun, r, tally, func(x *reading) claim.Document { return charge(x) })
}

// Name is what a reference file calls an identifier.
type Name struct {
	Kind string // payer, facility or provider
	ID   string
	Name string
}

// ReadNames reads a name table. A row that cannot be read is counted in the tally and left out: no
// money hangs on a name.
func ReadNames(t *Table, r io.Reader, tally *Tally) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		err := t.each(NameNoun, r, tally, func(b *bound, rec record, fault *claim.Reject) bool {
			if fault != nil {
				tally.rejected()
				return true
			}
			x := b.read(rec, b.values(rec.fields))
			n := Name{t.Kind, x.text(0, true), x.text(1, false)}
			if x.fault != nil {
				tally.rejected()
				return true
			}
			tally.taken()
			return yield(n, nil)
		})
		if err != nil {
			yield(Name{}, err)
		}
	}
}

// documents runs one reader of rows over a file.
func documents(t *Table, noun Noun, r io.Reader, tally *Tally, one func(*reading) claim.Document) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		err := t.each(noun, r, tally, func(b *bound, rec record, fault *claim.Reject) bool {
			var doc claim.Document
			if fault == nil {
				x := b.read(rec, b.values(rec.fields))
				doc, fault = one(x), x.fault
			}
			if fault != nil {
				tally.rejected()
				fault.Segment = t.File
				doc = *fault
			} else {
				tally.taken()
			}
			return yield(Item{doc, rec.row, rec.byte}, nil)
		})
		if err != nil {
			yield(Item{}, err)
		}
	}
}

// each hands every row that the profile takes to f, with its fault where its shape is wrong. Such a
// row is never left aside: a field too many may have moved another value under the filtering column.
func (t *Table) each(noun Noun, r io.Reader, tally *Tally, f func(*bound, record, *claim.Reject) bool) error {
	if t.Noun != noun {
		return fmt.Errorf("csv: %s holds rows of a %s, not of a %s", t, t.Noun, noun)
	}
	b, err := t.bind(r)
	if err != nil {
		return err
	}
	for {
		rec, fault, err := b.rows.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("csv: %s: after row %d: %w", t, b.rows.row, err)
		}
		if tally != nil {
			tally.Rows++
		}
		if fault == nil {
			fault = b.misshapen(rec)
		}
		if fault == nil {
			if kind := b.left(rec.fields); kind != "" {
				if tally != nil {
					tally.leave(kind)
				}
				continue
			}
		}
		if !f(b, rec, fault) {
			return nil
		}
	}
}

func (t *Tally) rejected() {
	if t != nil {
		t.Rejected++
	}
}

func (t *Tally) taken() {
	if t != nil {
		t.Taken++
	}
}

func encounter(x *reading) claim.Document {
	e := claim.Encounter{
		Source:    x.b.Profile,
		Number:    x.text(eNumber, true),
		Account:   x.text(eAccount, false),
		Patient:   member(x.text(eMember, false)),
		Facility:  x.text(eFacility, false),
		Provider:  x.text(eProvider, false),
		Payer:     x.text(ePayer, false),
		Class:     x.text(eClass, false),
		Status:    x.text(eStatus, false),
		From:      x.date(eFrom),
		To:        x.date(eTo),
		Cost:      x.amount(eCost),
		BaseCost:  x.amount(eBaseCost),
		Coverage:  x.amount(eCoverage),
		Reason:    x.text(eReason, false),
		Service:   x.text(eService, false),
		ClaimsDue: !yes(x.text(eNoClaim, false)),
	}
	e.ID = claim.EncounterID(e.Source, e.Facility, e.Number, digest(x.v))
	return e
}

// member is a patient of whom the file tells a number alone.
func member(id string) claim.Person { return claim.NewPerson(claim.PersonFields{MemberID: id}) }

func yes(s string) bool {
	switch strings.ToUpper(s) {
	case "Y", "YES", "T", "TRUE", "1":
		return true
	}
	return false
}

func charge(x *reading) claim.Charge {
	c := chargeRow(x)
	c.ID = claim.ChargeID(c.Source, c.Number, digest(x.v))
	return c
}

// chargeRow is a charge without its identity, which a line of a claim does not need.
func chargeRow(x *reading) claim.Charge {
	c := claim.Charge{
		Source:    x.b.Profile,
		Number:    x.text(xNumber, true),
		Claim:     x.text(xClaim, false),
		Encounter: x.text(xEncounter, false),
		Procedure: procedure(x),
		Units:     units(x),
		From:      x.date(xFrom),
		To:        x.date(xTo),
		Posted:    x.date(xPosted),
	}
	if a := x.amount(xAmount); a != nil {
		c.Amount = *a
	} else {
		x.refuse(xAmount, "EMPTY", "is empty where an amount must stand")
	}
	c.To = lastDay(c.From, c.To)
	return c
}

func procedure(x *reading) claim.Procedure {
	p := claim.Procedure{Qualifier: x.text(xQualifier, false), Code: x.text(xCode, false)}
	n := 0
	for _, m := range x.list(xModifiers) {
		if m == "" {
			continue
		}
		if n == len(p.Modifiers) {
			x.refuse(xModifiers, "MODIFIERS", "more than four modifiers")
			break
		}
		p.Modifiers[n] = m
		n++
	}
	return p
}

// units are one where the file has none: a charge is of something.
func units(x *reading) money.Exact {
	if n, ok := x.quantity(xUnits); ok {
		return n
	}
	return money.Whole(1)
}

func lastDay(from, to civil.Date) civil.Date {
	if !to.Known() {
		return from
	}
	return to
}
