package sqlite

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"revcycle/ledger"
)

const (
	// applicationID is "RVCY" in the file's header: it tells a ledger from any other SQLite database.
	applicationID = 0x52564359
	// schemaVersion is raised with each change of the tables that a ledger on disk would notice.
	schemaVersion = 1
)

// quote writes an identifier; the names of tables and columns hold no quotes.
func quote(name string) string { return `"` + name + `"` }

// documentApart is the column that a table keeps apart, in a table of its own by the same rowid; -1 where it has none. The
// documents of these nouns are half of a row and more, and most questions ask for the rest of it.
func documentApart(t *ledger.Table) int {
	switch t {
	case ledger.Claims, ledger.Remits, ledger.Encounters:
		return t.At("doc")
	}
	return -1
}

// documents names the table of a table's documents.
func documents(t *ledger.Table) string { return quote(t.Name + "_doc") }

// columnOf writes a column as a statement over the table asks for it.
func columnOf(t *ledger.Table, i int) string {
	if i != documentApart(t) {
		return quote(t.Columns[i].Name)
	}
	return fmt.Sprintf(`(SELECT "doc" FROM %s WHERE "row" = %s.rowid)`, documents(t), quote(t.Name))
}

// emptyForNull reports whether a column holds the empty text where the value is unknown: a text in a key, so that the unique
// index knows two rows without it to be one.
func emptyForNull(t *ledger.Table, i int) bool {
	return i < t.KeyLen && t.Columns[i].Kind == ledger.KindText
}

func sqlType(k ledger.Kind) string {
	switch k {
	case ledger.KindDate, ledger.KindText:
		return "TEXT"
	case ledger.KindID, ledger.KindDigest, ledger.KindBytes:
		return "BLOB"
	}
	return "INTEGER"
}

func keyList(t *ledger.Table) string {
	names := make([]string, t.KeyLen)
	for i := range names {
		names[i] = quote(t.Columns[i].Name)
	}
	return strings.Join(names, ", ")
}

func indexName(t *ledger.Table, x ledger.Index) string {
	return t.Name + "_by_" + strings.Join(x.Columns, "_")
}

// createTable writes the statements that make a table, its indexes and its view for people.
func createTable(t *ledger.Table) []string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (\n", quote(t.Name))
	apart := documentApart(t)
	for i, c := range t.Columns {
		if i == apart {
			continue
		}
		fmt.Fprintf(&b, "  %s %s", quote(c.Name), sqlType(c.Kind))
		if i < t.KeyLen {
			b.WriteString(" NOT NULL")
		}
		b.WriteString(",\n")
	}
	fmt.Fprintf(&b, "  UNIQUE (%s)\n) STRICT", keyList(t))
	out := []string{b.String()}
	if apart >= 0 {
		out = append(out, fmt.Sprintf("CREATE TABLE %s (\"row\" INTEGER PRIMARY KEY, \"doc\" BLOB) STRICT", documents(t)))
	}
	for _, x := range t.Indexes {
		names := make([]string, len(x.Columns))
		for i, c := range x.Columns {
			names[i] = quote(c)
		}
		out = append(out, fmt.Sprintf("CREATE INDEX %s ON %s (%s) WHERE %s IS NOT NULL",
			quote(indexName(t, x)), quote(t.Name), strings.Join(names, ", "), names[0]))
	}
	return append(out, createView(t))
}

// createView writes the view that shows IDs in hexadecimal and leaves documents out but for their size.
func createView(t *ledger.Table) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		name := quote(c.Name)
		switch {
		case c.Kind == ledger.KindID || c.Kind == ledger.KindDigest:
			columns[i] = fmt.Sprintf("lower(hex(%s)) AS %s", name, name)
			if i >= t.KeyLen {
				columns[i] = fmt.Sprintf("CASE WHEN %s IS NULL THEN NULL ELSE lower(hex(%s)) END AS %s", name, name, name)
			}
		case c.Kind == ledger.KindBytes:
			columns[i] = fmt.Sprintf("length(%s) AS %s", columnOf(t, i), quote(c.Name+"_bytes"))
		default:
			columns[i] = name
		}
	}
	return fmt.Sprintf("CREATE VIEW %s AS SELECT %s FROM %s", quote("v_"+t.Name), strings.Join(columns, ", "), quote(t.Name))
}

// schema gives all statements that make an empty ledger, and their digest.
func schema() (statements []string, digest string) {
	statements = append(statements, `CREATE TABLE "ledger_schema" ("version" INTEGER NOT NULL, "digest" TEXT NOT NULL) STRICT`)
	for _, t := range ledger.Tables {
		statements = append(statements, createTable(t)...)
	}
	sum := sha256.Sum256([]byte(strings.Join(statements, ";\n")))
	return statements, hex.EncodeToString(sum[:])
}
