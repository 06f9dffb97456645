package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"revcycle/money"
)

// table reads a table of current/: each row by column, as text. Amounts have two decimals, dates are
// 2006-01-02, null is empty.
func (p place) table(name string) []map[string]string {
	p.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "extracts", "current", name, "*.parquet"))
	if err != nil || len(files) == 0 {
		p.Fatalf("%s: %d files, %v", name, len(files), err)
	}
	var out []map[string]string
	for _, f := range files {
		out = append(out, parquetRows(p, f)...)
	}
	return out
}

func parquetRows(t testing.TB, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	in, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	fields := in.Schema().Fields()
	var out []map[string]string
	for _, g := range in.RowGroups() {
		rows := g.Rows()
		defer rows.Close()
		block := make([]parquet.Row, 200)
		for {
			n, err := rows.ReadRows(block)
			for _, r := range block[:n] {
				row := map[string]string{}
				for _, v := range r {
					row[fields[v.Column()].Name()] = cellText(fields[v.Column()], v)
				}
				out = append(out, row)
			}
			if errors.Is(err, io.EOF) || n == 0 && err == nil {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
	}
	return out
}

func cellText(field parquet.Field, v parquet.Value) string {
	if v.IsNull() {
		return ""
	}
	kind := ""
	if l := field.Type().LogicalType(); l != nil {
		kind = l.String()
	}
	switch kind {
	case "DECIMAL(18,2)":
		return money.Cents(v.Int64()).String()
	case "DATE":
		return time.Unix(int64(v.Int32())*86_400, 0).UTC().Format(time.DateOnly)
	}
	return fmt.Sprint(v)
}
