package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"revcycle/ledger"
)

// monthly names the tables that are partitioned by posting month: those that grow with every claim.
var monthly = []*ledger.Table{
	ledger.Claims, ledger.Lines, ledger.Payments, ledger.Remits, ledger.Adjustments, ledger.Encounters, ledger.Charges,
	ledger.Assessments, ledger.Findings, ledger.Matches, ledger.Adjudged, ledger.Settlements, ledger.Denials, ledger.Postings,
}

// The ways in which a table's rows find their place.
type placing uint8

const (
	whole   placing = iota // one table, no partitions
	byBatch                // in the month of the batch in the row's key
	byHome                 // in the month in which the document, the first column of the key, was first seen
)

// kept is a table of the ledger as this store keeps it.
type kept struct {
	*ledger.Table
	place   placing
	batchAt int // byBatch: the column of the batch
}

// tables are all of them, by what the ledger calls them.
var tables = func() map[*ledger.Table]*kept {
	all := map[*ledger.Table]*kept{}
	for _, t := range ledger.Tables {
		k := &kept{Table: t}
		if slices.Contains(monthly, t) {
			k.place = byHome
			if at, ok := t.Position("batch"); ok && at < t.KeyLen {
				k.place, k.batchAt = byBatch, at
			}
		}
		all[t] = k
	}
	return all
}()

// monthColumn is the partition key: the first day of the batch's month. Reads do not return it.
const monthColumn = "posting_month"

// undated is the month of rows whose batch the ledger does not know; its partition ends where the months begin.
const (
	undated     = "0001-01-01"
	firstMonth  = "1900-01-01"
	undatedName = "undated"
)

// quote writes an identifier; the names of tables and columns hold no quotes.
func quote(name string) string { return `"` + name + `"` }

// literal writes a text constant.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// named is a table's full name.
func named(name string) string { return schemaName + "." + quote(name) }

// emptyForNull reports whether a column holds the empty text where the value is unknown: a text in a key, which takes no null.
func emptyForNull(t *ledger.Table, i int) bool {
	return i < t.KeyLen && t.Columns[i].Kind == ledger.KindText
}

func sqlType(k ledger.Kind) string {
	switch k {
	case ledger.KindDate:
		return "date"
	case ledger.KindBool:
		return "boolean"
	case ledger.KindText:
		return `text COLLATE "C"`
	case ledger.KindID:
		return "uuid"
	case ledger.KindDigest, ledger.KindBytes:
		return "bytea"
	}
	return "bigint"
}

// quoteAll writes a list of identifiers.
func quoteAll(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quote(n)
	}
	return strings.Join(out, ", ")
}

func columnNames(t *ledger.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

func keyNames(t *ledger.Table) []string { return columnNames(t)[:t.KeyLen] }

// createTable writes the statements that make a table and its indexes, as the first migration has them.
func (t *kept) createTable() []string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (\n", named(t.Name))
	for i, c := range t.Columns {
		fmt.Fprintf(&b, "  %s %s", quote(c.Name), sqlType(c.Kind))
		if i < t.KeyLen {
			b.WriteString(" NOT NULL")
		}
		b.WriteString(",\n")
	}
	key := keyNames(t.Table)
	if t.place != whole {
		fmt.Fprintf(&b, "  %s date NOT NULL,\n", monthColumn)
		key = append(key, monthColumn)
	}
	fmt.Fprintf(&b, "  PRIMARY KEY (%s)\n)", quoteAll(key))
	if t.place == whole {
		return append([]string{b.String()}, t.createIndexes()...)
	}
	fmt.Fprintf(&b, " PARTITION BY RANGE (%s)", monthColumn)
	out := append([]string{b.String()}, t.createIndexes()...)
	return append(out, fmt.Sprintf("CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (MINVALUE) TO ('%s')",
		named(t.Name+"_"+undatedName), named(t.Name), firstMonth))
}

func (t *kept) createIndexes() (out []string) {
	for _, x := range t.Indexes {
		out = append(out, fmt.Sprintf("CREATE INDEX %s ON %s (%s) WHERE %s IS NOT NULL",
			quote(t.Name+"_by_"+strings.Join(x.Columns, "_")), named(t.Name), quoteAll(x.Columns), quote(x.Columns[0])))
	}
	return out
}

// ownTables are the store's own, beside the ledger's.
var ownTables = []string{
	`CREATE TABLE revcycle.home (
  id uuid PRIMARY KEY,
  posting_month date NOT NULL
)`,
	`CREATE TABLE revcycle.month (
  posting_month date PRIMARY KEY,
  purged boolean NOT NULL DEFAULT false
)`,
	`CREATE TABLE revcycle.run_lock (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  token bigint NOT NULL,
  owner text,
  pid integer,
  client text,
  application text,
  since timestamptz,
  released boolean NOT NULL
)`,
	`INSERT INTO revcycle.run_lock (token, released) VALUES (0, true)`,
	`CREATE TABLE revcycle.derived (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  digest text NOT NULL
)`,
}

// firstMigration writes migrations/0001_ledger.sql. Later changes of ledger.Tables are migrations written by hand.
func firstMigration() string {
	var b strings.Builder
	b.WriteString("-- The ledger's tables as ledger/schema.go describes them: made by `go test ./ledger/postgres -run FirstMigration -update`\n" +
		"-- until the first release. From then on a change of the tables is a new file beside this one, 0002_what_it_does.sql.\n" +
		"-- Views, comments, triggers, functions and grants are derived from the tables by Migrate: see derived.go.\n-- +goose Up\n")
	for _, s := range ownTables {
		b.WriteString(s + ";\n\n")
	}
	for _, t := range ledger.Tables {
		b.WriteString(strings.Join(tables[t].createTable(), ";\n") + ";\n\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// describe lists what the catalog of a migrated database must show, a line for each column, key and index.
func describe() []string {
	var out []string
	for _, t := range ledger.Tables {
		k := tables[t]
		key := keyNames(t)
		for i, c := range t.Columns {
			line := fmt.Sprintf("%s.%s %s", t.Name, c.Name, strings.ReplaceAll(sqlType(c.Kind), `"`, ""))
			if i < t.KeyLen {
				line += " not null"
			}
			out = append(out, line)
		}
		if k.place != whole {
			key = append(key, monthColumn)
			out = append(out, t.Name+"."+monthColumn+" date not null", t.Name+" by range of "+monthColumn)
		}
		out = append(out, fmt.Sprintf("%s key (%s)", t.Name, strings.Join(key, ", ")))
		for _, x := range t.Indexes {
			out = append(out, fmt.Sprintf("%s index (%s) where %s", t.Name, strings.Join(x.Columns, ", "), x.Columns[0]))
		}
	}
	slices.Sort(out)
	return out
}

// digestOf names a list of lines.
func digestOf(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}
