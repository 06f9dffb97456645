package book

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"

	"revcycle/claim"
	"revcycle/rules"
)

// Fault is something wrong with a file of the rule book.
type Fault struct {
	File  string // payers/alpha.yaml, tables/alpha-fees.csv
	Payer string // whose claims are held for it; "*" for all, "" for a table by itself
	Err   error  // what is wrong, with the file, and what to do
}

// Faults lists what is wrong with the book: with its tables first, then with payers' files, in order of name.
func (b *Book) Faults() []Fault { return b.faults }

// Broken gives the sentence for which a payer's claims are held; ok is false where the book is sound for it.
func (b *Book) Broken(payer string) (sentence string, ok bool) {
	p := b.of(payer)
	return p.broken, p.broken != ""
}

// Proven is the book with those payers broken of whose proofs one does not hold: what they say cannot be
// trusted. It is the book itself where every proof holds.
func (b *Book) Proven() *Book {
	failed := b.Prove()
	if len(failed) == 0 {
		return b
	}
	out := &Book{payers: map[string]*payerBook{}, tables: b.tables, faults: append([]Fault(nil), b.faults...)}
	files := map[string]*payerBook{}
	again := func(p *payerBook) *payerBook {
		twin := *p
		twin.named = maps.Clone(p.named)
		files[p.file] = &twin
		return &twin
	}
	out.every = again(b.every)
	for id, p := range b.payers {
		out.payers[id] = again(p)
	}
	for _, f := range failed {
		out.breaks(files[f.File], fmt.Errorf("%s; revcycle rules test shows it: mend the rate or rule, or the proof", f))
	}
	out.finish()
	return out
}

// breaks notes a fault of a payer's file; the first one is the sentence of its claims.
func (b *Book) breaks(p *payerBook, err error) {
	b.faults = append(b.faults, Fault{File: p.file, Payer: p.id, Err: err})
	p.broken = cmp.Or(p.broken, sentenceOf(err))
}

// sentenceOf is the first fault in a line, and how many more there are. A table that is wrong speaks for itself.
func sentenceOf(err error) string {
	var all []error
	leaves(err, &all)
	first := all[0]
	if t, ok := errors.AsType[*wrongTable](first); ok {
		first = t.err
	}
	if n := len(all) - 1; n > 0 {
		return fmt.Sprintf("%s; and %d more: revcycle rules check", oneLine(first.Error()), n)
	}
	return oneLine(first.Error())
}

func leaves(err error, out *[]error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			leaves(e, out)
		}
		return
	}
	*out = append(*out, err)
}

// wrongTable is met where a payer's file names a table that cannot be used.
type wrongTable struct {
	name string
	err  error
}

func (e *wrongTable) Error() string {
	return fmt.Sprintf("table: tables/%s.csv cannot be used", e.name)
}

func faultsOf(list []Fault) []error {
	out := make([]error, len(list))
	for i, f := range list {
		out[i] = f.Err
	}
	return out
}

var payerLine = regexp.MustCompile(`(?m)^payer:[ \t]*["']?([^"'#\s]+)`)

// payerIn finds whose file it is in a text that cannot be read; "" where it does not say.
func payerIn(text []byte) string {
	if m := payerLine.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

// held is the opinion of a claim of a payer for which the book is broken.
func (p *payerBook) held(a rules.Assessment) rules.Assessment {
	a.Held = rules.HeldRuleBook
	a.Quotes = []rules.Quote{{Unpriced: "held: " + p.broken}}
	return a
}

// Fault is the opinion of a claim on which the program broke: it is held, with nothing of the claim in the sentence.
func (b *Book) Fault(c *claim.Claim, payer string) rules.Assessment {
	return rules.Assessment{Claim: c.ID, Payer: payer, Slice: b.Slice(payer), Held: rules.HeldFault,
		Quotes: []rules.Quote{{Unpriced: "held: the program broke on this claim: report it with the claim's ID, then revcycle retry"}}}
}
