package postgres

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write migrations/0001_ledger.sql anew; only while no database is in use")

const firstFile = "migrations/0001_ledger.sql"

// As long as there is one migration it is made from the tables. From the second on it stays as it is, and
// TestAMigratedDatabaseIsWhatTheTablesDescribe alone holds the migrations together with the tables.
func TestTheFirstMigrationIsMadeFromTheTables(t *testing.T) {
	last, err := latest()
	if err != nil {
		t.Fatal(err)
	}
	if last > 1 {
		return
	}
	want := firstMigration()
	if *update {
		if err := os.WriteFile(firstFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(firstFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what ledger.Tables describes: go test ./ledger/postgres -run FirstMigration -update", firstFile)
	}
}
