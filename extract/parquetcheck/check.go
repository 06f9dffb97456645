// Package parquetcheck reads published extracts with a Parquet library that did not write them.
//
// Check adds every money column of every file of current/ and compares rows and sums with the manifest. It
// is a module of its own, so that the library is no dependency of revcycle, and it imports nothing of
// revcycle: what both sides got wrong alike would not be found.
package parquetcheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// Counts says how much was compared.
type Counts struct {
	Tables, Files, Columns int
	Rows                   int64
}

type manifest struct {
	Number int64
	Batch  string
	Files  []struct {
		Table, Partition, Path string
		Rows                   int64
		Sums                   map[string]string
	}
}

// Check compares current/ of an extracts folder with the manifest of the last published batch. The error
// joins every difference.
func Check(dir string) (Counts, error) {
	m, err := latest(dir)
	if err != nil {
		return Counts{}, err
	}
	var c Counts
	var found []error
	tables, named := map[string]bool{}, map[string]bool{}
	for _, f := range m.Files {
		name := path.Join(f.Table, f.Partition+"-"+path.Base(f.Path))
		named[name] = true
		tables[f.Table] = true
		rows, sums, err := read(filepath.Join(dir, "current", filepath.FromSlash(name)))
		if err != nil {
			found = append(found, err)
			continue
		}
		if rows != f.Rows {
			found = append(found, fmt.Errorf("%s: %d rows, the manifest says %d", name, rows, f.Rows))
		}
		if len(sums) != len(f.Sums) {
			found = append(found, fmt.Errorf("%s: %d money columns, the manifest sums %d", name, len(sums), len(f.Sums)))
		}
		for column, want := range f.Sums {
			if got := dollars(sums[column]); got != want {
				found = append(found, fmt.Errorf("%s: Σ %s is %s, the manifest says %s", name, column, got, want))
			}
		}
		c.Files, c.Columns, c.Rows = c.Files+1, c.Columns+len(sums), c.Rows+rows
	}
	c.Tables = len(tables)
	all, err := filepath.Glob(filepath.Join(dir, "current", "*", "*"))
	if err != nil {
		return c, err
	}
	for _, p := range all {
		if name, err := filepath.Rel(filepath.Join(dir, "current"), p); err != nil || !named[filepath.ToSlash(name)] {
			found = append(found, fmt.Errorf("%s is not in the manifest", p))
		}
	}
	if c.Files == 0 {
		found = append(found, fmt.Errorf("the manifest of batch %s lists no file", m.Batch))
	}
	return c, errors.Join(found...)
}

// latest is the manifest with the highest number among those that a _SUCCESS marks.
func latest(dir string) (best manifest, err error) {
	marks, err := filepath.Glob(filepath.Join(dir, "_batches", "*", "_SUCCESS"))
	if err != nil || len(marks) == 0 {
		return best, fmt.Errorf("%s: no batch is published (%w)", dir, errors.Join(err, os.ErrNotExist))
	}
	for _, mark := range marks {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(mark), "manifest.json"))
		if err != nil {
			return best, err
		}
		var m manifest
		if err := json.Unmarshal(b, &m); err != nil {
			return best, fmt.Errorf("%s: %w", filepath.Dir(mark), err)
		}
		if m.Number > best.Number {
			best = m
		}
	}
	return best, nil
}

// read gives a file's rows and the sum of each DECIMAL(18,2) column, in cents.
func read(name string) (rows int64, sums map[string]int64, err error) {
	r, err := file.OpenParquetFile(name, false)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", name, err)
	}
	defer r.Close()
	sums = map[string]int64{}
	columns := r.MetaData().Schema
	for i := range columns.NumColumns() {
		c := columns.Column(i)
		d, ok := c.LogicalType().(schema.DecimalLogicalType)
		if !ok || d.Scale() != 2 {
			continue
		}
		if d.Precision() != 18 {
			return 0, nil, fmt.Errorf("%s: column %s is %s, not DECIMAL(18,2)", name, c.Name(), d)
		}
		sums[c.Name()] = 0
		for g := range r.NumRowGroups() {
			sum, err := add(r.RowGroup(g), i)
			if err != nil {
				return 0, nil, fmt.Errorf("%s: column %s: %w", name, c.Name(), err)
			}
			sums[c.Name()] += sum
		}
	}
	return r.NumRows(), sums, nil
}

// add sums one column of a row group.
func add(g *file.RowGroupReader, column int) (sum int64, err error) {
	chunk, err := g.Column(column)
	if err != nil {
		return 0, err
	}
	ints, ok := chunk.(*file.Int64ColumnChunkReader)
	if !ok {
		return 0, fmt.Errorf("it is not stored as INT64")
	}
	values, levels := make([]int64, 4096), make([]int16, 4096)
	for ints.HasNext() {
		_, n, err := ints.ReadBatch(int64(len(values)), values, levels, nil)
		if err != nil {
			return 0, err
		}
		for _, v := range values[:n] {
			sum += v
		}
	}
	return sum, ints.Err()
}

// dollars is cents as the manifest prints them.
func dollars(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}
