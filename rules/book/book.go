package book

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/rules"
	"revcycle/rules/coding"
)

// Engine is the version of the rules' code. It is part of every slice: raise it with any change that may
// change a result.
const Engine = "1"

// everyPayer is what the file of rules that hold for every payer writes under payer:.
const everyPayer = "*"

// Book is an edition of the rule book: immutable, safe for use by many goroutines at once.
type Book struct {
	payers map[string]*payerBook
	every  *payerBook // what holds for a payer that has no file
	tables map[string]*dataTable
	faults []Fault
}

// payerBook is what the book holds for one payer: its own rules and those for every payer.
type payerBook struct {
	id, name  string
	notes     string
	file      string
	text      []byte
	timely    []timelyTerm
	contracts []*boundContract
	own       []*boundRule
	rules     []*boundRule // every payer's and its own, by ID
	history   bool
	index     ruleIndex
	named     map[string]bool // tables
	slice     claim.Digest
	// broken is the sentence for which the payer's claims are held; "" where the book is sound for it.
	broken string
}

// Load reads a rule book: payers/*.yaml and tables/*.csv of a folder. A file that is wrong takes out the payers
// that use it and nobody else: their claims are held (Assess), and Faults says what to do. It is an error only
// where there is no payer's file, or one that does not even say whose it is.
func Load(fsys fs.FS) (*Book, error) {
	b := &Book{payers: map[string]*payerBook{}, tables: map[string]*dataTable{}}
	k := &lookups{tables: b.tables, sets: map[string]*dataTable{}, wrong: map[string]error{}}
	b.loadTables(fsys, k)
	names, err := fs.Glob(fsys, "payers/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("rule book: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.Join(append(faultsOf(b.faults), errors.New("rule book: payers/*.yaml: there is no payer's file; `revcycle init` makes a sample"))...)
	}
	ids := map[rules.ID]string{}
	for _, name := range names {
		if err := b.loadPayer(fsys, name, *k, ids); err != nil {
			return nil, errors.Join(append(faultsOf(b.faults), fmt.Errorf("rule book: %w", err))...)
		}
	}
	b.finish()
	return b, nil
}

// Check is Load that refuses a book of which anything is wrong, every fault at once, each with its file, its
// place, its rule and what to do. It runs no proof.
func Check(fsys fs.FS) (*Book, error) {
	b, err := Load(fsys)
	if err != nil {
		return nil, err
	}
	if len(b.faults) > 0 {
		return nil, fmt.Errorf("rule book: %w", errors.Join(faultsOf(b.faults)...))
	}
	return b, nil
}

func (b *Book) loadTables(fsys fs.FS, k *lookups) {
	names, err := fs.Glob(fsys, "tables/*.csv")
	if err != nil {
		b.faults = append(b.faults, Fault{File: "tables", Err: err})
	}
	refuse := func(file, what string, err error) {
		b.faults = append(b.faults, Fault{File: file, Err: err})
		k.wrong[what] = err
	}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".csv")
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			refuse(name, base, err)
			continue
		}
		d, err := readTable(path.Base(name), text)
		if err != nil {
			refuse(name, base, err)
			continue
		}
		b.tables[d.info.Name] = d
		for set := range d.sets {
			if other := k.sets[set]; other != nil {
				refuse(name, "@"+set, fmt.Errorf("%s: code set %s stands in tables/%s.csv too: rename one", name, set, other.info.Name))
			}
			k.sets[set] = d
		}
	}
}

// loadPayer reads and binds one file. ids holds every rule ID of the book and its file. What is wrong with the
// file is a fault of its payer; the error is of a file whose payer cannot be told.
func (b *Book) loadPayer(fsys fs.FS, name string, k lookups, ids map[rules.ID]string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	p := &payerBook{file: name, text: text, named: map[string]bool{}}
	k.named = p.named
	t, err := readPayer(text)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
		if t.Payer = payerIn(text); t.Payer == "" {
			return err
		}
		p.id, p.name = t.Payer, t.Payer
	} else {
		p.id, p.name, p.notes = t.Payer, or(t.Name, t.Payer), t.Notes
		err = p.bindIn(name, &t, &k, ids)
	}
	first := b.payers[p.id]
	if p.id == everyPayer {
		first = b.every
	}
	switch {
	case first != nil:
		err = fmt.Errorf("%s: %s is for payer %s too: one payer, one file", name, first.file, p.id)
		b.breaks(first, err)
		return nil
	case p.id == everyPayer:
		b.every = p
	default:
		b.payers[p.id] = p
	}
	if err != nil {
		b.breaks(p, err)
	}
	return nil
}

// bindIn binds the text of a file and holds its rules' IDs to those of the files before it.
func (p *payerBook) bindIn(name string, t *payerText, k *lookups, ids map[rules.ID]string) error {
	err := p.bind(t, k)
	for _, r := range p.own {
		if other, ok := ids[r.ID]; ok && other != name {
			err = errors.Join(err, fmt.Errorf("rule %s: stands in %s too: an ID names one rule for ever", r.ID, other))
		}
		ids[r.ID] = name
	}
	if err != nil {
		return prefixed(name, err)
	}
	return nil
}

// prefixed puts the file's name before each of the joined errors.
func prefixed(name string, err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range many.Unwrap() {
			errs = append(errs, prefixed(name, e))
		}
		return errors.Join(errs...)
	}
	return fmt.Errorf("%s: %w", name, err)
}

func (p *payerBook) bind(t *payerText, k *lookups) error {
	var errs []error
	var err error
	if t.Payer == everyPayer && len(t.Contracts)+len(t.Timely) > 0 {
		errs = append(errs, errors.New("contracts and timely belong to one payer; this file is for every payer"))
	}
	if p.timely, err = bindTimely(t.Timely); err != nil {
		errs = append(errs, err)
	}
	k.timely = p.timely
	var versions []version
	for i := range t.Contracts {
		c, err := bindContract(&t.Contracts[i], k)
		if c.id == "" {
			err = errors.Join(err, errors.New("has no id"))
		}
		if err != nil {
			errs = append(errs, each(fmt.Sprintf("contract %s", or(c.id, fmt.Sprint(i+1))), err))
			continue
		}
		versions = append(versions, version{c.id, c.span})
		p.contracts = append(p.contracts, c)
	}
	errs = append(errs, continuous("contract", versions))
	versions = nil
	for i := range t.Rules {
		text := &t.Rules[i]
		r, err := bindRule(text, t.Payer, k)
		if text.ID == "" {
			err = errors.Join(err, errors.New("has no id"))
		}
		if err != nil {
			errs = append(errs, each(fmt.Sprintf("line %d: rule %s", text.at, or(text.ID, fmt.Sprint(i+1))), err))
			continue
		}
		r.file = p.file
		versions = append(versions, version{text.ID, r.Span})
		p.own = append(p.own, r)
	}
	return errors.Join(append(errs, continuous("rule", versions))...)
}

// each puts a place before each of the joined errors.
func each(place string, err error) error { return prefixed(place, err) }

// finish joins the rules for every payer to each payer's own and makes the slices.
func (b *Book) finish() {
	if b.every == nil {
		b.every = &payerBook{id: everyPayer, name: "every payer", named: map[string]bool{}}
	}
	for _, p := range b.payers {
		p.broken = cmp.Or(p.broken, b.every.broken)
		p.rules = slices.Concat(b.every.own, p.own)
		p.ready(b)
	}
	b.every.rules = b.every.own
	b.every.ready(b)
}

func (p *payerBook) ready(b *Book) {
	if p.broken != "" {
		p.timely, p.contracts, p.own, p.rules, p.history = nil, nil, nil, nil, false
		p.slice = b.sliceOf(p)
		return
	}
	p.rules = slices.Clone(p.rules)
	slices.SortStableFunc(p.rules, func(x, y *boundRule) int {
		return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Span.From, y.Span.From))
	})
	p.history = slices.ContainsFunc(p.rules, func(r *boundRule) bool { return r.History })
	p.index = indexRules(p.rules)
	p.slice = b.sliceOf(p)
}

// sliceOf is the digest of all that decides what the book thinks of the payer's claims: the engine, the
// payer's file, the file for every payer, and the content of each table that either names. Where the book is
// broken for the payer, it is what is wrong.
func (b *Book) sliceOf(p *payerBook) claim.Digest {
	h := sha256.New()
	part := func(name string, text []byte) {
		fmt.Fprintf(h, "%d:%s%d:", len(name), name, len(text))
		h.Write(text)
	}
	part("engine", []byte(Engine))
	if p.broken != "" {
		part("broken", []byte(p.broken))
		return claim.Digest(h.Sum(nil))
	}
	part("every payer", b.every.text)
	if p != b.every {
		part("payer", p.text)
	}
	named := maps.Clone(b.every.named)
	maps.Copy(named, p.named)
	for _, name := range sortedKeys(named) {
		d := b.tables[name].info.Digest
		part(name, d[:])
	}
	return claim.Digest(h.Sum(nil))
}

// of gives what the book holds for a payer: its own file, else the rules for every payer.
func (b *Book) of(payer string) *payerBook {
	if p := b.payers[payer]; p != nil {
		return p
	}
	return b.every
}

// Payers lists the payers that have a file, sorted.
func (b *Book) Payers() []string { return sortedKeys(b.payers) }

// PayerName is the name a payer's file gives it; the ID itself where it has none or there is no file.
func (b *Book) PayerName(payer string) string {
	if p := b.payers[payer]; p != nil {
		return p.name
	}
	return payer
}

// Slice is the digest of everything by which the book judges a payer's claims. A payer without a file has
// the slice of the rules for every payer.
func (b *Book) Slice(payer string) claim.Digest { return b.of(payer).slice }

// Edition is the digest of all slices: equal editions give equal opinions.
func (b *Book) Edition() claim.Digest {
	h := sha256.New()
	h.Write(b.every.slice[:])
	for _, id := range b.Payers() {
		fmt.Fprintf(h, "%d:%s", len(id), id)
		d := b.payers[id].slice
		h.Write(d[:])
	}
	return claim.Digest(h.Sum(nil))
}

// NeedsHistory reports whether a rule for the payer reads earlier claims of the patient.
func (b *Book) NeedsHistory(payer string) bool { return b.of(payer).history }

// Rules lists the rules that hold for a payer, by ID, then date.
func (b *Book) Rules(payer string) []rules.Rule {
	var out []rules.Rule
	for _, r := range b.of(payer).rules {
		out = append(out, r.Rule)
	}
	return out
}

// FilingDeadline is the last day on which the payer takes a claim whose service ended on a day, by its
// `timely`; ok is false where its file states none for that day.
func (b *Book) FilingDeadline(payer string, end civil.Date) (last civil.Date, cite rules.Cite, ok bool) {
	var k lookups
	k.timely = b.of(payer).timely
	timely := k.Timely()
	if timely == nil || !end.Known() {
		return 0, cite, false
	}
	var limit coding.FilingLimit
	if limit, cite, ok = timely(end); !ok {
		return 0, cite, false
	}
	return limit.Last(end), cite, true
}

// Tables describes the tables of the book, by name.
func (b *Book) Tables() []TableInfo {
	var out []TableInfo
	for _, name := range sortedKeys(b.tables) {
		out = append(out, b.tables[name].info)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// oneLine joins lines for a message.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
