package book

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules/coding"
)

// TableInfo describes one table of the rule book.
type TableInfo struct {
	Name    string // the file's name without .csv
	Kind    string // one of the names of TableKinds
	Release string
	Source  string // who publishes it, as citations begin
	Rows    int
	From    civil.Date // the earliest day of any row
	To      civil.Date // the latest day; zero where any row is open
	Digest  claim.Digest
}

// TableKind is a kind of table: the columns its file has.
type TableKind struct {
	Name    string
	Doc     string
	Columns []string // needed, in any order
	Extra   []string // may stand; from, to and cite may stand in every kind
	add     func(d *dataTable, r record) error
}

// TableKinds lists every kind of table file.
var TableKinds = []TableKind{
	{"fee", "amounts in dollars by procedure code and modifier", []string{"code", "amount"}, []string{"modifier"}, addFee},
	{"case", "amounts in dollars by DRG or procedure code", []string{"code", "amount"}, nil, addFee},
	{"weight", "relative weights by DRG", []string{"code", "weight"}, nil, addWeight},
	{"revenue", "amounts in dollars a day by revenue code", []string{"code", "amount"}, nil, addFee},
	{"units", "most units of a code: limit and MAI (1 line, 2 or 3 day)", []string{"code", "limit", "mai"}, nil, addLimit},
	{"pairs", "code pairs: column 1 is paid, column 2 is not; indicator 0, 1 or 9", []string{"column1", "column2", "indicator"}, nil, addPair},
	{"codes", "code sets by name: the column set, else the table's own name", []string{"code"}, []string{"set"}, addCode},
	{"people", "whom a code is for: ages in years (empty: open) and sex F or M (empty: both)", []string{"code", "min_age", "max_age", "sex"}, nil, addPeople},
	{"agreement", "agreed amounts in dollars by control number of a line (REF*6R) or claim (CLM01)", []string{"control", "amount"}, nil, addAgreement},
	{"rate", "numbers by name that a regulation sets: amounts, thresholds, shares", []string{"name", "value"}, nil, addRecord},
	{"drg", "DRGs: weight, geometric mean stay in days, whether post-acute care makes a transfer (Y) and pays half at once (special Y)", []string{"code", "weight", "mean_stay"}, []string{"post_acute", "special"}, addRecord},
	{"technology", "procedures paid beside the DRG: a cap in dollars and the percent of the cost above the payment, as a factor; all groups of one technology must stand on the claim", []string{"technology", "code"}, []string{"cap", "percent", "group"}, addRecord},
	{"wage", "wage areas: L large urban, O other urban, R rural, and the index", []string{"area", "size", "index"}, nil, addRecord},
	{"hospital", "facts of hospitals, as the provider specific file has them; empty is unknown", []string{"npi"}, hospitalColumns, addRecord},
	{"opps", "outpatient codes: status indicator, APC, rate and copayments in dollars", []string{"code", "status"}, []string{"apc", "rate", "national", "minimum", "adjusted"}, addRecord},
	{"asc", "surgical centre codes: payment indicator, rate in dollars, whether several are cut (Y)", []string{"code", "indicator"}, []string{"rate", "multiple"}, addRecord},
}

// dataTable is a loaded table: the lookup of its kind is filled, the others are nil.
type dataTable struct {
	info    TableInfo
	columns []string // that its kind may have
	amounts *table[uint64, money.Exact]
	limits  *table[uint64, coding.Limit]
	pairs   *table[uint64, byte]
	people  *table[uint64, coding.Fit]
	agreed  *table[string, money.Exact]
	records *recordTable
	sets    map[string]*table[string, struct{}]
}

// record is one row of a file by column name.
type record struct {
	columns map[string]int
	cells   []string
	span    civil.Span
	line    int
}

func (r record) get(column string) string {
	if i, ok := r.columns[column]; ok {
		return r.cells[i]
	}
	return ""
}

// CheckTable reads a table file to its end and says what it is; the error names the line and what to do.
// name is the file's name, with or without .csv.
func CheckTable(name string, r io.Reader) (TableInfo, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return TableInfo{}, fmt.Errorf("table %s: read: %w", name, err)
	}
	d, err := readTable(name, text)
	if err != nil {
		return TableInfo{}, err
	}
	return d.info, nil
}

// readTable reads a table of our own form (the package comment shows it).
func readTable(name string, text []byte) (*dataTable, error) {
	d := &dataTable{info: TableInfo{Name: strings.TrimSuffix(name, ".csv"), Digest: sha256.Sum256(text)}}
	if !plainName(d.info.Name) {
		return nil, fmt.Errorf("table %q: a table's name is lower case letters, digits, - and _, as alpha-fees", d.info.Name)
	}
	if err := d.read(text); err != nil {
		return nil, fmt.Errorf("tables/%s.csv: %w", d.info.Name, err)
	}
	return d, nil
}

// plainName reports whether a name can stand in a path, a rule and a citation.
func plainName(name string) bool {
	for _, ch := range name {
		if (ch < 'a' || ch > 'z') && (ch < '0' || ch > '9') && ch != '-' && ch != '_' {
			return false
		}
	}
	return name != ""
}

func (d *dataTable) read(text []byte) error {
	head, body, lines, err := heading(text)
	if err != nil {
		return err
	}
	kind, err := d.describe(head)
	if err != nil {
		return err
	}
	in := csv.NewReader(bytes.NewReader(body))
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return fmt.Errorf("line %d: no header row: write %s,from,to,cite", lines+1, strings.Join(kind.Columns, ","))
	}
	r := record{columns: map[string]int{}}
	if err := r.header(header, kind); err != nil {
		return fmt.Errorf("line %d: %w", lines+1, err)
	}
	var whole civil.Span
	if whole, err = spanOf(head["from"], head["to"], civil.Span{}); err != nil {
		return err
	}
	for {
		r.cells, err = in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			return fmt.Errorf("line %d: %w", lines+bad.Line, bad.Err)
		}
		at, _ := in.FieldPos(0)
		r.line = lines + at
		if r.span, err = spanOf(r.get("from"), r.get("to"), whole); err == nil {
			err = kind.add(d, r)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", r.line, err)
		}
		d.count(r.span)
	}
	return d.finish()
}

// heading cuts the "# key: value" lines that open a table file.
func heading(text []byte) (head map[string]string, body []byte, lines int, err error) {
	head = map[string]string{}
	body = bytes.TrimPrefix(text, []byte("\ufeff"))
	for len(body) > 0 && body[0] == '#' {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		body, lines = rest, lines+1
		key, value, ok := strings.Cut(strings.TrimSpace(strings.TrimLeft(string(line), "#")), ":")
		if !ok {
			continue // a remark
		}
		key = strings.TrimSpace(key)
		words := []string{"kind", "release", "source", "from", "to"}
		if !slices.Contains(words, key) {
			if strings.Contains(key, " ") {
				continue // a remark with a colon
			}
			return nil, nil, 0, fmt.Errorf("line %d: no heading is called %q: %s", lines, key, didYouMean(key, words))
		}
		head[key] = strings.TrimSpace(value)
	}
	return head, body, lines, nil
}

func (d *dataTable) describe(head map[string]string) (TableKind, error) {
	var names []string
	for _, k := range TableKinds {
		names = append(names, k.Name)
	}
	at := slices.Index(names, head["kind"])
	switch {
	case head["kind"] == "":
		return TableKind{}, fmt.Errorf("line 1: says no kind: begin with \"# kind: fee\"; kinds are %s", strings.Join(names, ", "))
	case at < 0:
		return TableKind{}, fmt.Errorf("line 1: no kind of table is called %q: %s", head["kind"], didYouMean(head["kind"], names))
	case head["release"] == "" || head["source"] == "":
		return TableKind{}, errors.New("line 1: says no release or source: write \"# release: 2025-01\" and \"# source: where the numbers are published\"")
	}
	d.info.Kind, d.info.Release, d.info.Source = head["kind"], head["release"], head["source"]
	d.columns = slices.Concat(TableKinds[at].Columns, TableKinds[at].Extra)
	return TableKinds[at], nil
}

func (r *record) header(cells []string, kind TableKind) error {
	words := slices.Concat(kind.Columns, kind.Extra, []string{"from", "to", "cite"})
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if !slices.Contains(words, cell) {
			return fmt.Errorf("a table of kind %s has no column %q: %s", kind.Name, cell, didYouMean(cell, words))
		}
		if _, twice := r.columns[cell]; twice {
			return fmt.Errorf("column %q stands twice", cell)
		}
		r.columns[strings.Clone(cell)] = i
	}
	for _, want := range kind.Columns {
		if _, ok := r.columns[want]; !ok {
			return fmt.Errorf("a table of kind %s needs a column %q", kind.Name, want)
		}
	}
	return nil
}

// spanOf reads a row's dates; an empty one is the table's own. A row must begin somewhere.
func spanOf(from, to string, whole civil.Span) (civil.Span, error) {
	s := whole
	for _, end := range []struct {
		text string
		into *civil.Date
		name string
	}{{from, &s.From, "from"}, {to, &s.To, "to"}} {
		if end.text == "" {
			continue
		}
		d, err := civil.ParseISO(end.text)
		if err != nil {
			return s, fmt.Errorf("%s: %w", end.name, err)
		}
		*end.into = d
	}
	if s.To != 0 && s.To < s.From {
		return s, fmt.Errorf("ends %s before it begins %s", s.To, s.From)
	}
	return s, nil
}

func (d *dataTable) count(s civil.Span) {
	i := &d.info
	if i.Rows == 0 {
		i.From, i.To = s.From, s.To
	} else {
		i.From = min(i.From, s.From)
		if s.To == 0 || i.To == 0 {
			i.To = 0
		} else {
			i.To = max(i.To, s.To)
		}
	}
	i.Rows++
}

func (d *dataTable) finish() error {
	if d.info.Rows == 0 {
		return errors.New("holds no row")
	}
	if d.info.From == 0 {
		return errors.New("a row has no from date: fill the column, or write \"# from: 2025-01-01\" on top")
	}
	source := fmt.Sprintf("%s, table %s release %s", d.info.Source, d.info.Name, d.info.Release)
	var errs []error
	if d.amounts != nil {
		d.amounts.source = source
		errs = append(errs, d.amounts.sort())
	}
	if d.limits != nil {
		d.limits.source = source
		errs = append(errs, d.limits.sort())
	}
	if d.pairs != nil {
		d.pairs.source = source
		errs = append(errs, d.pairs.sort())
	}
	if d.people != nil {
		d.people.source = source
		errs = append(errs, d.people.sort())
	}
	if d.agreed != nil {
		d.agreed.source = source
		errs = append(errs, d.agreed.sort())
	}
	if d.records != nil {
		d.records.index.source = source
		errs = append(errs, d.records.index.sort())
	}
	for _, s := range d.sets {
		s.source = source
		errs = append(errs, s.sort())
	}
	return errors.Join(errs...)
}

func number(text, column string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%s: wants a whole number from %d to %d", column, low, high)
	}
	return n, nil
}
