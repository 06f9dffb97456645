package sqlite

import (
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"revcycle/ledger"
)

// SQLite guesses that an equal value of an indexed column leaves ten rows, of a batch as of a claim, and so prefers
// the rows of a whole batch to a range of claims. It is told once how a ledger is made, as ANALYZE would after a year.
const (
	yearsRows   = 10_000_000 // rows of a table
	rareRows    = 20_000     // rows whose value is known, of a column that seldom has one
	batchRows   = 500_000    // rows of a batch, and of a month
	subjectRows = 4          // rows of a claim, a payment, a remit, a patient
)

// rare columns are null in all but few rows, and these alone are in the index.
func rare(column string) bool {
	return column == "was" || column == "retry" || column == "replaces" || column == "held"
}

// coarse columns name many rows; all others few.
func coarse(column string) bool { return column == "batch" || column == "service_month" }

// statistics gives, for the key and each index of a table, its line of sqlite_stat1: the rows of the table, then how
// many of them share the first column, the first two columns, and so on.
func statistics(t *ledger.Table) (index, stat []string) {
	add := func(name string, columns []string, unique bool) {
		rows := yearsRows
		if !unique && rare(columns[0]) {
			rows = rareRows
		}
		line := []string{fmt.Sprint(rows)}
		for i, c := range columns {
			switch {
			case unique && i == len(columns)-1:
				rows = 1
			case coarse(c):
				rows = min(rows, batchRows)
			default:
				rows = min(rows, subjectRows)
			}
			line = append(line, fmt.Sprint(rows))
		}
		index, stat = append(index, name), append(stat, strings.Join(line, " "))
	}
	var key []string
	for _, c := range t.Columns[:t.KeyLen] {
		key = append(key, c.Name)
	}
	add("sqlite_autoindex_"+t.Name+"_1", key, true)
	for _, x := range t.Indexes {
		add(indexName(t, x), x.Columns, false)
	}
	return index, stat
}

// tellPlanner writes the statistics where the file has none.
func tellPlanner(c *sqlite.Conn) (err error) {
	const untold = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1')"
	if yes, err := one(c, untold); err != nil || yes == 0 {
		return err
	}
	end, err := sqlitex.ImmediateTransaction(c)
	if err != nil {
		return err
	}
	defer end(&err)
	if yes, err := one(c, untold); err != nil || yes == 0 {
		return err // another program was first
	}
	statements := []string{"ANALYZE sqlite_schema"} // makes the table, empty
	for _, t := range ledger.Tables {
		index, stat := statistics(t)
		for i := range index {
			statements = append(statements, fmt.Sprintf("INSERT INTO sqlite_stat1 VALUES ('%s', '%s', '%s')", t.Name, index[i], stat[i]))
		}
	}
	for _, q := range append(statements, "ANALYZE sqlite_schema") { // reads it
		if err := sqlitex.ExecuteTransient(c, q, nil); err != nil {
			return err
		}
	}
	return nil
}
