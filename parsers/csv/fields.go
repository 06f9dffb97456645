package csv

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// vocabulary is what a profile may fill of one noun.
type vocabulary struct {
	fields   []string
	lists    []string // fields that take several columns
	required []int
}

// The fields of each noun by position in its vocabulary.
const (
	eNumber = iota
	eAccount
	eMember
	eFacility
	eProvider
	ePayer
	eClass
	eStatus
	eFrom
	eTo
	eCost
	eBaseCost
	eCoverage
	eReason
	eService
	eNoClaim
)

const (
	cControl = iota
	cEncounter
	cAccount
	cMember
	cFacility
	cProvider
	cPayer
	cSecondary
	cKind
	cFrequency
	cFrom
	cTo
	cDiagnoses
	cCharge
)

const (
	xNumber = iota
	xClaim
	xEncounter
	xLine
	xRevenue
	xQualifier
	xCode
	xModifiers
	xUnits
	xAmount
	xFrom
	xTo
	xPosted
	xPointers
	xFacility
)

var vocabularies = map[Noun]vocabulary{
	EncounterNoun: {
		fields: []string{"number", "account", "member", "facility", "provider", "payer", "class", "status", "from", "to",
			"cost", "base_cost", "coverage", "reason", "service", "no_claim"},
		required: []int{eNumber},
	},
	ClaimNoun: {
		fields: []string{"control", "encounter", "account", "member", "facility", "provider", "payer", "secondary_payer", "kind",
			"frequency", "from", "to", "diagnoses", "charge"},
		lists:    []string{"diagnoses"},
		required: []int{cControl, cKind},
	},
	ChargeNoun: {
		fields: []string{"number", "claim", "encounter", "line", "revenue", "qualifier", "code", "modifiers", "units", "amount",
			"from", "to", "posted", "pointers", "facility"},
		lists:    []string{"modifiers", "pointers"},
		required: []int{xNumber, xAmount},
	},
	NameNoun: {fields: []string{"id", "name"}, required: []int{0, 1}},
}

// HeaderError says that a file cannot be read as the table it was taken for: bad input, not a broken disk.
type HeaderError struct {
	Table  string
	Reason string
}

// Error names the table and what its header lacks.
func (e *HeaderError) Error() string { return fmt.Sprintf("csv: %s: %s", e.Table, e.Reason) }

// Tally counts the data rows of a file. It is complete once the sequence that fills it has ended.
type Tally struct {
	Rows     int            // data rows seen
	Taken    int            // rows that became (a part of) a document
	Rejected int            // rows that could not be read
	Left     map[string]int // rows of a kind that the profile does not take, by "COLUMN value"
}

// Sentences say which rows were left and how many, sorted.
func (t *Tally) Sentences() []string {
	out := make([]string, 0, len(t.Left))
	for kind, n := range t.Left {
		out = append(out, fmt.Sprintf("%d rows with %s are not taken from this file", n, kind))
	}
	slices.Sort(out)
	return out
}

// leave counts a row that the profile does not take. The kinds are bounded: a file whose column
// holds anything at all must not fill the memory.
func (t *Tally) leave(kind string) {
	const maxKinds = 50
	if t.Left == nil {
		t.Left = map[string]int{}
	}
	if _, ok := t.Left[kind]; !ok && len(t.Left) >= maxKinds {
		kind = "other values"
	}
	t.Left[kind]++
}

// bound is a table laid over the header of one file.
type bound struct {
	*Table
	rows    *rowReader
	width   int
	columns []string // names as the header has them
	fields  [][]int  // by position in the vocabulary: where the values lie
	where   []int    // positions of the filtering columns, in the order of wheres
	wheres  []string
}

// bind reads the header and finds every mapped column in it.
func (t *Table) bind(r io.Reader) (*bound, error) {
	b := &bound{Table: t, rows: newRowReader(r)}
	header, err := b.rows.header(t.delimiter)
	switch {
	case errors.Is(err, io.EOF):
		return nil, &HeaderError{t.String(), "the file is empty; a header line was wanted"}
	case errors.Is(err, errHeader), errors.Is(err, errUTF16):
		return nil, &HeaderError{t.String(), err.Error()}
	case err != nil:
		return nil, fmt.Errorf("csv: %s: %w", t, err)
	}
	at := map[string]int{}
	for i, h := range header {
		h = strings.TrimSpace(h)
		key := strings.ToUpper(h)
		if _, twice := at[key]; twice && slices.Contains(t.used(), key) {
			return nil, &HeaderError{t.String(), "column " + key + " stands twice in the header; rename one of them"}
		}
		at[key] = i
		b.columns = append(b.columns, h)
	}
	b.width = len(header)
	for _, n := range t.needs {
		if _, ok := at[n]; !ok {
			return nil, &HeaderError{t.String(), "column " + n + " is missing from the header"}
		}
	}
	v := vocabularies[t.Noun]
	b.fields = make([][]int, len(v.fields))
	for i, field := range v.fields {
		for _, column := range t.columns[field] {
			if n, ok := at[strings.ToUpper(column)]; ok {
				b.fields[i] = append(b.fields[i], n)
			} else if slices.Contains(v.required, i) {
				return nil, &HeaderError{t.String(), "column " + column + " is missing from the header"}
			}
		}
	}
	for column := range t.where {
		b.wheres = append(b.wheres, column)
	}
	slices.Sort(b.wheres)
	for _, column := range b.wheres {
		n, ok := at[column]
		if !ok {
			return nil, &HeaderError{t.String(), "column " + column + " is missing from the header"}
		}
		b.where = append(b.where, n)
	}
	return b, nil
}

// used lists the columns that mean something to the table, upper case.
func (t *Table) used() []string {
	out := slices.Clone(t.needs)
	for _, names := range t.columns {
		for _, n := range names {
			out = append(out, strings.ToUpper(n))
		}
	}
	for column := range t.where {
		out = append(out, column)
	}
	return out
}

// left says why a row is not taken: the first filter it does not pass, "" where it passes all.
func (b *bound) left(fields []string) string {
	for i, n := range b.where {
		if v := strings.TrimSpace(fields[n]); !slices.Contains(b.Table.where[b.wheres[i]], v) {
			return b.wheres[i] + " " + v
		}
	}
	return ""
}

// misshapen is the fault of a row with too few or too many fields. Empty fields at the end are none.
func (b *bound) misshapen(rec record) *claim.Reject {
	for i := b.width; i < len(rec.fields); i++ {
		if rec.fields[i] != "" {
			return b.wrongCount(rec)
		}
	}
	if len(rec.fields) < b.width {
		return b.wrongCount(rec)
	}
	return nil
}

func (b *bound) wrongCount(rec record) *claim.Reject {
	return &claim.Reject{Code: "COLUMNS", Unit: "row", Ordinal: rec.row, Byte: rec.byte,
		Message: fmt.Sprintf("row %d has %d fields where the header has %d", rec.row, len(rec.fields), b.width)}
}

// values gives what the row says, by position in the vocabulary, blanks trimmed and codes
// translated. The values of a list are joined by listMark.
func (b *bound) values(fields []string) []string {
	v := vocabularies[b.Noun]
	out := make([]string, len(v.fields))
	for i, at := range b.fields {
		name := v.fields[i]
		switch len(at) {
		case 0:
			out[i] = b.constants[name]
		case 1:
			out[i] = strings.TrimSpace(fields[at[0]])
		default:
			parts := make([]string, len(at))
			for j, n := range at {
				parts[j] = strings.TrimSpace(fields[n])
			}
			out[i] = strings.TrimRight(strings.Join(parts, listMark), listMark)
		}
		if mapped, ok := b.Table.values[name][out[i]]; ok {
			out[i] = mapped
		}
	}
	return out
}

const listMark = "\x1f"

// reading turns the values of one row into nouns and remembers the first fault it meets. What it
// reads it writes back in one form, so that the digest of the row does not depend on how it was written.
type reading struct {
	b     *bound
	rec   record
	v     []string
	fault *claim.Reject
}

func (b *bound) read(rec record, v []string) *reading { return &reading{b: b, rec: rec, v: v} }

func (r *reading) refuse(field int, code, wanted string) {
	if r.fault != nil {
		return
	}
	column := vocabularies[r.b.Noun].fields[field]
	if at := r.b.fields[field]; len(at) > 0 {
		column = r.b.columns[at[0]]
	}
	r.fault = &claim.Reject{Code: code, Unit: "row", Element: column, Ordinal: r.rec.row, Byte: r.rec.byte,
		Message: fmt.Sprintf("row %d, column %s: %s", r.rec.row, column, wanted)}
}

// text gives a value; required ones must not be empty.
func (r *reading) text(field int, required bool) string {
	if required && r.v[field] == "" {
		r.refuse(field, "EMPTY", "is empty where a value must stand")
	}
	return r.v[field]
}

func (r *reading) list(field int) []string {
	if r.v[field] == "" {
		return nil
	}
	return strings.Split(r.v[field], listMark)
}

// amount reads dollars; nil where the field is empty.
func (r *reading) amount(field int) *money.Cents {
	if r.v[field] == "" {
		return nil
	}
	c, err := money.Parse([]byte(r.v[field]))
	if err != nil {
		r.refuse(field, "AMOUNT", "no amount of dollars and whole cents")
		return nil
	}
	r.v[field] = c.String()
	return &c
}

// date reads a day; zero where the field is empty.
func (r *reading) date(field int) civil.Date {
	text := r.v[field]
	if text == "" {
		return 0
	}
	d, err := parseDate(text, r.b.usDates)
	if err != nil {
		wanted := "no date of the form 2026-01-31"
		if r.b.usDates {
			wanted = "no date of the form 1/31/2026"
		}
		r.refuse(field, "DATE", wanted)
		return 0
	}
	if !r.b.usDates && len(text) >= 10 && text[4] == '-' {
		r.v[field] = text[:10] // what String would give
	} else {
		r.v[field] = d.String()
	}
	return d
}

// quantity reads a number of units; ok is false where the field is empty.
func (r *reading) quantity(field int) (x money.Exact, ok bool) {
	if r.v[field] == "" {
		return x, false
	}
	x, err := money.ParseExact(r.v[field])
	if err != nil {
		r.refuse(field, "UNITS", "no number of units")
		return x, false
	}
	r.v[field] = x.String()
	return x, true
}

func parseDate(text string, us bool) (civil.Date, error) {
	if !us {
		if len(text) >= 8 && !strings.Contains(text, "-") {
			return civil.Parse8([]byte(text[:8]))
		}
		return civil.ParseISO(text)
	}
	day, _, _ := strings.Cut(text, " ")
	parts := strings.Split(day, "/")
	if len(parts) != 3 || len(parts[0]) > 2 || len(parts[1]) > 2 || len(parts[2]) != 4 {
		return 0, civil.ErrDate
	}
	return civil.Parse8(fmt.Appendf(nil, "%s%02s%02s", parts[2], parts[0], parts[1]))
}

// digest hashes rows of values, each preceded by its length.
func digest(rows ...[]string) claim.Digest {
	b := make([]byte, 0, 512)
	for _, row := range rows {
		b = binary.AppendUvarint(b, uint64(len(row)))
		for _, v := range row {
			b = binary.AppendUvarint(b, uint64(len(v)))
			b = append(b, v...)
		}
	}
	return sha256.Sum256(b)
}
