package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"revcycle/ledger"
	"revcycle/ledger/sqlite"
)

// victim names the ledger that this process, a child of the test, appends to until it is killed.
const victim = "REVCYCLE_TEST_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		fmt.Fprintln(os.Stderr, appendForEver(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendForEver adds units from the first that is not done. A unit has as many claims as its tally says, and their lines.
func appendForEver(path string) error {
	s, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		size := 1 + n*37%150
		_, err := s.Do(context.Background(), ledger.Unit{Batch: int64(n), Stage: "ingest", Key: "k"}, func(x ledger.Tx) error {
			claims, lines := claimRows(n*1000, size, 300)
			for _, c := range claims {
				c[ledger.Claims.At("batch")] = ledger.Int(int64(n))
			}
			if _, err := x.Append(ledger.Lines, lines...); err != nil {
				return err
			}
			if _, err := x.Append(ledger.Claims, claims...); err != nil {
				return err
			}
			x.Tally([]byte(strconv.Itoa(size)))
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// Would catch a unit row that is written before, after or without its rows.
func TestKilledAtAnyMomentEveryUnitIsWholeOrAbsent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	random := rand.New(rand.NewPCG(9, 9))
	units := 0
	for kill := range 20 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), victim+"="+path)
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(15+random.IntN(80)) * time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := child.Wait(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("kill %d: the child ended by itself", kill)
		}
		found := wholeUnits(t, path)
		if found < units {
			t.Fatalf("kill %d: %d units, there were %d", kill, found, units)
		}
		units = found
	}
	t.Logf("%d units survived", units)
	if units == 0 {
		t.Error("no child finished a unit: nothing was tested")
	}
}

// wholeUnits checks a ledger that appendForEver made, and gives the number of its units.
func wholeUnits(t *testing.T, path string) (units int) {
	t.Helper()
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	want := map[int64]int64{}
	var total int64
	for r, err := range s.Rows(ctx, ledger.Query{Table: ledger.Units}) {
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseInt(string(r[3].Bytes()), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		want[r[0].Int()] = n
		total += n
	}
	got, err := s.Sums(ctx, ledger.Query{Table: ledger.Claims}, []string{"batch"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("claims of %d units, want %d", len(got), len(want))
	}
	for _, r := range got {
		if want[r[0].Int()] != r[1].Int() {
			t.Errorf("unit %d: got %d claims want %d", r[0].Int(), r[1].Int(), want[r[0].Int()])
		}
	}
	lines, err := s.Sums(ctx, ledger.Query{Table: ledger.Lines}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lines[0][0].Int() != 3*total {
		t.Errorf("got %d lines want %d", lines[0][0].Int(), 3*total)
	}
	return len(want)
}
