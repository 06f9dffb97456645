package postgres

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write migrations/0001_ledger.sql anew; only while no database is in use")

const firstFile = "migrations/0001_ledger.sql"

// Would catch tables that were changed without a migration: from the first release on, the file stays and this test
// goes, and TestAMigratedDatabaseIsWhatTheTablesDescribe holds the migrations together with the tables.
func TestTheFirstMigrationIsMadeFromTheTables(t *testing.T) {
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
