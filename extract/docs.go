package extract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// docs gives the files that explain the tables, by path: they are printed from the structs of the rows.
func docs() map[string][]byte {
	out := map[string][]byte{"DICTIONARY.md": dictionary(), "views.sql": currentViews()}
	for _, t := range Tables {
		out["_schema/"+t.Name+".json"] = t.schema()
	}
	return out
}

// schema is a table's description for programs.
func (t *Table) schema() []byte {
	type column struct {
		Name     string `json:"name"`
		Type     string `json:"type"`
		Nullable bool   `json:"nullable"`
		Doc      string `json:"doc"`
	}
	s := struct {
		Table     string   `json:"table"`
		Doc       string   `json:"doc"`
		Kind      Kind     `json:"kind"`
		Partition string   `json:"partition,omitempty"`
		Key       []string `json:"key"`
		Columns   []column `json:"columns"`
	}{t.Name, t.Doc, t.Kind, t.Partition, t.Key, nil}
	for _, c := range t.Columns {
		s.Columns = append(s.Columns, column{c.Name, c.Type, c.Nullable, c.Doc})
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(s); err != nil {
		panic(err) // texts and flags only
	}
	return out.Bytes()
}

// schemaDigest changes with any table's columns: then every bucket is written again.
func schemaDigest() string {
	h := sha256.New()
	for _, t := range Tables {
		h.Write(t.schema())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Dictionary is DICTIONARY.md: every table and column, printed from the code.
func Dictionary() []byte { return dictionary() }

func dictionary() []byte {
	var b strings.Builder
	b.WriteString(`# Dictionary of the extracts

Printed from the program. Money is DECIMAL(18,2), dates are DATE, unknown is null and never 0.00; codes are text with their leading zeros.
` + "`current/<table>/`" + ` holds exactly one current row per key. Snapshots lie in buckets by month; facts are added by posting month; dated tables
hold one whole table per as-of date, the last 35 days and the last day of each month. A column is only ever added, at the end.

Per claim, always: total_charge = insurance_paid + patient_paid + contractual + written_off + other_adj + insurance_balance + patient_balance − refunded.
Per payment, always: payment_amount = posted_total − plb_total + unapplied.

| table | one row per | kind | bucket | key |
|---|---|---|---|---|
`)
	for _, t := range Tables {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s |\n", t.Name, t.Name, strings.TrimPrefix(t.Doc, "one row per "), t.Kind, t.Partition, strings.Join(t.Key, ", "))
	}
	for _, t := range Tables {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n| column | type | null | meaning and source |\n|---|---|---|---|\n", t.Name, sentence(t.Doc))
		for _, c := range t.Columns {
			null := ""
			if c.Nullable {
				null = "null"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.Name, c.Type, null, c.Doc)
		}
		if t.Name == kpiMonthly.Name {
			b.WriteString("\n| kpi | numerator | denominator | month | unit |\n|---|---|---|---|---|\n")
			for _, k := range KPIs {
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", k.Name, k.Numerator, k.Denominator, k.Month, k.Unit)
			}
		}
	}
	return []byte(b.String())
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// currentViews is views.sql: DuckDB views over current/. The views of one batch lie beside its manifest.
func currentViews() []byte {
	var b strings.Builder
	b.WriteString(`-- DuckDB: start it in the extracts folder, then .read views.sql
-- The view as an earlier batch published it: .read _batches/<batch>/views.sql, then use its schema.
`)
	for _, t := range Tables {
		fmt.Fprintf(&b, "CREATE OR REPLACE VIEW %s AS SELECT * FROM read_parquet('%s/%s/*.parquet', union_by_name = true);\n", t.Name, currentDir, t.Name)
	}
	return []byte(b.String())
}

// batchViews is the views.sql of one batch: the files that its manifest lists, in a schema of its own.
func batchViews(m *Manifest) []byte {
	schema := `"batch_` + strings.ReplaceAll(strings.ReplaceAll(m.Batch, `"`, ""), "-", "_") + `"`
	files := map[string][]string{}
	for _, f := range m.Files {
		files[f.Table] = append(files[f.Table], "'"+strings.ReplaceAll(f.Path, "'", "''")+"'")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "-- DuckDB: start it in the extracts folder. The view as batch %s published it.\nCREATE SCHEMA IF NOT EXISTS %s;\n", m.Batch, schema)
	for _, t := range Tables {
		if len(files[t.Name]) == 0 {
			continue
		}
		fmt.Fprintf(&b, "CREATE OR REPLACE VIEW %s.%s AS SELECT * FROM read_parquet([%s], union_by_name = true);\n", schema, t.Name, strings.Join(files[t.Name], ", "))
	}
	return []byte(b.String())
}
