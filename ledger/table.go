package ledger

import "fmt"

// Table describes one table of the ledger: what every store keeps, and what SQL users see.
type Table struct {
	Name    string
	Doc     string   // one row per …
	Columns []Column // the first KeyLen columns are the key
	KeyLen  int
	Indexes []Index
	// Run marks a table that tells of runs and sightings, not of documents: verify --digest leaves it out.
	Run bool
}

// Column is one column.
type Column struct {
	Name string
	Kind Kind
	Doc  string
	// Run marks a column that tells where or when a row was made (host, pid, sighting): it is left out of digests.
	Run bool
}

// Index is a lookup that the pipeline needs. Rows that hold null in its first column need not be in it.
type Index struct{ Columns []string }

// At gives the position of a column; it panics on a name the table does not have, a fault of our own.
func (t *Table) At(column string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == column {
			return i
		}
	}
	panic(fmt.Sprintf("ledger: table %s has no column %s", t.Name, column))
}

// Op compares a column with a condition's values.
type Op uint8

// The operators of a condition.
const (
	In      Op = iota + 1 // equal to one of up to MaxIn values
	AtLeast               // >= the one value
	Below                 // < the one value
	IsNull
	NotNull
)

// MaxIn bounds the values of one In condition; callers ask in portions.
const MaxIn = 10_000

// Cond is one condition; a row must meet all of a query's.
type Cond struct {
	Column string
	Op     Op
	Values []Value
}

// Query asks for rows of one table.
type Query struct {
	Table *Table
	Where []Cond
	Limit int // 0 = all
	// Only names the columns that are wanted beside the key: a row's others are null. nil wants all of them.
	Only []string
}

// Unit names a piece of work for ever: a batch, a stage and a key. Its row is written in the same
// transaction as its effect.
type Unit struct {
	Batch int64 // the batch's number
	Stage string
	Key   string
}
