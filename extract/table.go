package extract

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// Kind says how a table changes from batch to batch.
type Kind string

// The kinds of table.
const (
	Snapshot  Kind = "snapshot"  // one current row per key, in buckets that are rewritten whole
	Fact      Kind = "fact"      // rows of each batch, never written again
	Dated     Kind = "dated"     // one whole table per as-of date
	Dimension Kind = "dimension" // one small file
)

// Table describes one published table. Its columns are the fields of one struct, in their order: columns
// are only ever added, at the end.
type Table struct {
	Name      string
	Doc       string // one row per …
	Kind      Kind
	Partition string   // the column that names the bucket: service_month, payment_month, posting_month, as_of; "" for a dimension
	Key       []string // the columns that tell rows apart and by which files are sorted
	Columns   []Column

	row   reflect.Type
	sums  []int // indexes into Columns of what the manifest sums
	empty func(*file) error
}

// Column is one column of a table.
type Column struct {
	Name     string
	Type     string // DECIMAL(18,2), DATE, VARCHAR, BOOLEAN, BIGINT …
	Nullable bool
	Doc      string // meaning and source element
	index    []int
}

// codec compresses the pages of all files: its encoders, of some megabytes each, are used again.
var codec = &zstd.Codec{Level: zstd.SpeedFastest}

// spec is a table with the Go type of its rows.
type spec[T any] struct{ *Table }

const (
	blockRows    = 8192      // rows of one Write: the page size is only looked at between two
	rowGroupRows = 250_000   // rows of a row group
	fileRows     = 1_000_000 // rows of a file
)

// define describes a table by the struct of its rows: parquet tags name and type the columns, doc tags
// say what they mean. A fault of ours in them is a panic at the start of the program.
func define[T any](name string, kind Kind, partition, doc string, key ...string) *spec[T] {
	t := &Table{Name: name, Doc: doc, Kind: kind, Partition: partition, Key: key, row: reflect.TypeFor[T]()}
	schema := parquet.SchemaOf(new(T))
	for _, f := range reflect.VisibleFields(t.row) {
		if f.Anonymous {
			continue
		}
		column, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		leaf, ok := schema.Lookup(column)
		if !ok || f.Tag.Get("doc") == "" {
			panic(fmt.Sprintf("extract: %s.%s: a column has a parquet tag and a doc tag", name, f.Name))
		}
		c := Column{Name: column, Nullable: leaf.Node.Optional(), Doc: f.Tag.Get("doc"), index: f.Index, Type: sqlType(leaf.Node)}
		if c.Type == moneyType {
			t.sums = append(t.sums, len(t.Columns))
		}
		t.Columns = append(t.Columns, c)
	}
	for _, k := range key {
		if _, ok := schema.Lookup(k); !ok {
			panic(fmt.Sprintf("extract: %s has no column %s", name, k))
		}
	}
	s := &spec[T]{Table: t}
	t.empty = func(f *file) error {
		return s.open(f).Close()
	}
	return s
}

const moneyType = "DECIMAL(18,2)"

// sqlType is the DuckDB name of a column's type.
func sqlType(n parquet.Node) string {
	if lt := n.Type().LogicalType(); lt != nil {
		switch v := lt.Value.(type) {
		case *format.DecimalType:
			return v.String()
		case *format.DateType:
			return "DATE"
		case *format.StringType:
			return "VARCHAR"
		}
	}
	switch n.Type().Kind() {
	case parquet.Boolean:
		return "BOOLEAN"
	case parquet.Int32:
		return "INTEGER"
	case parquet.Int64:
		return "BIGINT"
	}
	return n.Type().String()
}

// open gives a writer of the table over a file. A writer that is reset and used again writes other
// bytes for the same rows (parquet-go 0.32), so each file has one of its own.
func (s *spec[T]) open(f *file) *parquet.GenericWriter[T] {
	return parquet.NewGenericWriter[T](f,
		parquet.Compression(codec),
		parquet.MaxRowsPerRowGroup(rowGroupRows),
		parquet.CreatedBy("revcycle", "1", "extract"),
		parquet.DataPageStatistics(true),
		parquet.KeyValueMetadata("revcycle.table", s.Name),
		parquet.KeyValueMetadata("revcycle.key", strings.Join(s.Key, ",")),
	)
}

// sink writes the rows of one bucket, in the order in which they are added, into as many files as their
// number asks for. Where they are cut depends on nothing but the count of rows.
type sink[T any] struct {
	spec      *spec[T]
	to        *stage
	partition string
	block     []T
	out       *file
	w         *parquet.GenericWriter[T]
	sums      []int64
	rows      int64
	done      []File
}

func (s *spec[T]) sink(to *stage, partition string) *sink[T] {
	return &sink[T]{spec: s, to: to, partition: partition}
}

// add takes one row; it is written when the block is full.
func (k *sink[T]) add(row T) error {
	k.block = append(k.block, row)
	if len(k.block) < blockRows {
		return nil
	}
	return k.flush()
}

func (k *sink[T]) flush() error {
	for rest := k.block; len(rest) > 0; {
		if k.w == nil {
			out, err := k.to.create(k.spec.Table, k.partition)
			if err != nil {
				return err
			}
			k.out, k.w, k.rows, k.sums = out, k.spec.open(out), 0, make([]int64, len(k.spec.Table.sums))
		}
		n := min(len(rest), int(fileRows-k.rows))
		if _, err := k.w.Write(rest[:n]); err != nil {
			return fmt.Errorf("write %s: %w", k.out.path, err)
		}
		k.count(rest[:n])
		rest = rest[n:]
		if k.rows == fileRows {
			if err := k.cut(); err != nil {
				return err
			}
		}
	}
	clear(k.block)
	k.block = k.block[:0]
	return nil
}

// count adds the block's money to the sums of the file.
func (k *sink[T]) count(rows []T) {
	k.rows += int64(len(rows))
	for i := range rows {
		v := reflect.ValueOf(&rows[i]).Elem()
		for j, at := range k.spec.Table.sums {
			f := v.FieldByIndex(k.spec.Columns[at].index)
			if f.Kind() == reflect.Pointer {
				if f.IsNil() {
					continue
				}
				f = f.Elem()
			}
			k.sums[j] += f.Int()
		}
	}
}

// cut ends the file.
func (k *sink[T]) cut() error {
	if err := k.w.Close(); err != nil {
		return fmt.Errorf("write %s: %w", k.out.path, err)
	}
	k.w = nil
	f, err := k.out.finish(k.rows, k.spec.Table, k.sums)
	k.done = append(k.done, f)
	return err
}

// close writes what is left and gives the bucket's files; none where there was no row.
func (k *sink[T]) close() ([]File, error) {
	if err := k.flush(); err != nil {
		return nil, err
	}
	if k.w != nil {
		if err := k.cut(); err != nil {
			return nil, err
		}
	}
	return k.done, nil
}
