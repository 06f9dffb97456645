package book

import (
	"fmt"
	"slices"
	"strings"

	"revcycle/money"
	"revcycle/rules"
	"revcycle/rules/pricing"
)

// recordKind is a kind of table whose rows are records: a method of payment reads them whole.
type recordKind struct {
	keys    int      // leading columns that make the key
	numbers []string // columns that hold decimal numbers
	flags   []string // columns that hold Y or N
}

// recordKinds are the kinds of TableKinds that addRecord reads.
var recordKinds = map[string]recordKind{
	"rate":       {1, []string{"value"}, nil},
	"drg":        {1, []string{"weight", "mean_stay"}, []string{"post_acute", "special"}},
	"technology": {2, []string{"cap", "percent", "group"}, nil},
	"wage":       {1, []string{"index"}, nil},
	"hospital": {1, []string{"wage_index", "cola", "interns", "beds", "ccr", "capital_ccr", "ssi", "medicaid", "capital_interns", "hospital_rate",
		"uncompensated", "value_based_factor", "readmissions_factor", "low_volume", "outpatient_ccr", "device_ccr"},
		[]string{"waiver", "quality", "no_ehr", "new_hospital", "value_based", "readmissions", "hac", "rural_sch", "outpatient_quality"}},
	"opps": {1, []string{"rate", "national", "minimum", "adjusted"}, nil},
	"asc":  {1, []string{"rate"}, []string{"multiple"}},
}

// hospitalColumns are the facts of a hospital beside its NPI. Each may be empty: a method that needs one which is
// empty gives no price and names it.
var hospitalColumns = []string{"ccn", "type", "area", "size", "wage_index", "cola", "interns", "beds", "ccr", "capital_ccr", "ssi", "medicaid",
	"quality", "no_ehr", "capital_pay", "capital_interns", "new_hospital", "hospital_rate", "uncompensated", "value_based", "value_based_factor",
	"readmissions", "readmissions_factor", "hac", "low_volume", "waiver", "outpatient_ccr", "device_ccr", "rural_sch", "outpatient_quality"}

// recordTable keeps rows as they stand; the text of all of them is one string.
type recordTable struct {
	columns []string
	index   table[string, []string]
}

func addRecord(d *dataTable, r record) error {
	kind := recordKinds[d.info.Kind]
	if d.records == nil {
		d.records = &recordTable{columns: d.columns}
	}
	cells := make([]string, len(d.records.columns))
	for i, column := range d.records.columns {
		cells[i] = strings.Clone(strings.TrimSpace(r.get(column)))
		if cells[i] == "" {
			continue
		}
		if slices.Contains(kind.numbers, column) {
			if _, err := money.ParseExact(cells[i]); err != nil {
				return fmt.Errorf("%s: wants a decimal number: %w", column, err)
			}
		}
		if slices.Contains(kind.flags, column) && cells[i] != "Y" && cells[i] != "N" {
			return fmt.Errorf("%s: wants Y, N or nothing", column)
		}
	}
	key := strings.Join(cells[:kind.keys], " ")
	if cells[0] == "" {
		return fmt.Errorf("%s: is empty", d.records.columns[0])
	}
	d.records.index.add(key, cells, r.span, strings.Clone(r.get("cite")), r.line)
	return nil
}

// Records gives every row of a table of a record kind, by key and date.
func (k *lookups) Records(name, kind string) ([]pricing.Record, error) {
	if _, ok := recordKinds[kind]; !ok {
		return nil, fmt.Errorf("%s is no kind of records", kind)
	}
	d, err := k.find(name, kind)
	if err != nil {
		return nil, err
	}
	t := d.records
	out := make([]pricing.Record, len(t.index.keys))
	for i := range out {
		row := &t.index.rows[i]
		out[i] = pricing.Record{
			Key: t.index.keys[i], Span: row.span, Cite: rules.Cite{Source: t.index.source, Where: t.index.wheres[row.where]},
			Columns: t.columns, Cells: row.value,
		}
	}
	return out, nil
}
