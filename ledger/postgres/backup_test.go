package postgres_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"revcycle/fixtures/pgserver"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
)

// docs/postgres.md says how a ledger is saved and brought back; this is what it says.
func TestADumpBringsTheLedgerBack(t *testing.T) {
	ctx := context.Background()
	server := pgserver.ForTest(t)
	from := fresh(t)
	s := open(t, from, postgres.Options{})
	newBatch(t, s, 1, day(2026, 10, 30))
	newBatch(t, s, 2, day(2026, 11, 1))
	for batch := range int64(2) {
		c, l := claimRows(batch+1, int(batch)*100, 100, 600)
		if err := appendRows(s, ledger.Unit{Batch: batch + 1, Stage: "ingest", Key: "a"}, c, l); err != nil {
			t.Fatal(err)
		}
	}
	want, err := ledger.Digests(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	dump := filepath.Join(t.TempDir(), "ledger.dump")
	to := pgserver.Fresh(t, "")
	for _, args := range [][]string{
		{"pg_dump", "--format=custom", "--schema=revcycle", "--file=" + dump, from},
		{"pg_restore", "--exit-on-error", "--dbname=" + to, dump},
	} {
		if out, err := exec.Command(filepath.Join(server.Bin(), args[0]), args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", args[0], err, out)
		}
	}
	back := open(t, to, postgres.Options{})
	got, err := ledger.Digests(ctx, back)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	// It goes on where it was: keys are known, months are there, rows stay as they are.
	c, _ := claimRows(2, 150, 100, 600)
	if got := put(t, back, 2, "b", ledger.Claims, c...); strings.Count(got, "1") != 50 {
		t.Errorf("claims again: got %s; want the 50 that were not there", got)
	}
	newBatch(t, back, 3, day(2026, 12, 1))
	if _, err := back.Pool().Exec(ctx, "DELETE FROM revcycle.claim"); err == nil {
		t.Error("after the restore, rows can be deleted")
	}
	if _, err := postgres.Migrate(ctx, to); err != nil {
		t.Errorf("migrate after the restore: %v", err)
	}
}
