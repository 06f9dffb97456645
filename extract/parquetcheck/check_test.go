package parquetcheck

import (
	"flag"
	"os"
	"testing"
)

// The folder comes after -args, or in PARQUETCHECK_DIR.
func TestAnotherReaderFindsTheManifestsSums(t *testing.T) {
	dir := flag.Arg(0)
	if dir == "" {
		dir = os.Getenv("PARQUETCHECK_DIR")
	}
	if dir == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("want the extracts folder to check: go test ./... -args DIR, or PARQUETCHECK_DIR")
		}
		t.Skip("no extracts folder was named: go test ./... -args DIR, or PARQUETCHECK_DIR")
	}
	c, err := Check(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.Rows == 0 {
		t.Fatalf("the view has no row: %+v", c)
	}
	t.Logf("%d tables, %d files, %d rows, %d money columns agree with the manifest", c.Tables, c.Files, c.Rows, c.Columns)
}
