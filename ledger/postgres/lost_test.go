package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"revcycle/fixtures/pgserver"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
)

// proxy stands between a store and its server and cuts the connection that sends a COMMIT.
type proxy struct {
	listener net.Listener
	server   string
	cut      atomic.Int32 // what to do with the next COMMIT
	cuts     atomic.Int32
}

const (
	pass    int32 = iota
	swallow       // cut before the server has it
	deliver       // let the server have it, and cut before it answers
)

// through starts a proxy and gives the URL that goes through it.
func through(t *testing.T, to string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, server: u.Host}
	t.Cleanup(func() { l.Close() })
	go p.serve()
	u.Host = l.Addr().String()
	u.RawQuery = "sslmode=disable"
	return p, u.String()
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		var silent atomic.Bool // the client hears no more
		go func() {
			io.Copy(unless{client, &silent}, server)
			client.Close()
		}()
		go func() {
			defer server.Close()
			defer client.Close()
			buf := make([]byte, 1<<16)
			for {
				n, err := client.Read(buf)
				if err != nil {
					return
				}
				if bytes.Contains(buf[:n], []byte("commit\x00")) {
					switch p.cut.Swap(pass) {
					case swallow:
						p.cuts.Add(1)
						return
					case deliver:
						p.cuts.Add(1)
						silent.Store(true)
						server.Write(buf[:n])
						client.Close()
						time.Sleep(20 * time.Millisecond)
						return
					}
				}
				if _, err := server.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}

type unless struct {
	io.Writer
	silent *atomic.Bool
}

func (u unless) Write(b []byte) (int, error) {
	if u.silent.Load() {
		return len(b), nil
	}
	return u.Writer.Write(b)
}

// Would catch a Do that tells of a failure although its unit was committed, or the other way round.
func TestALostCommitIsAskedFor(t *testing.T) {
	p, address := through(t, fresh(t))
	s := open(t, address, postgres.Options{})
	unit := func(n int) ledger.Unit { return ledger.Unit{Batch: 1, Stage: "ingest", Key: fmt.Sprint(n)} }
	for n, cut := range []int32{deliver, swallow, pass, deliver, swallow} {
		c, l := claimRows(1, n*100, 100, 600)
		p.cut.Store(cut)
		err := appendRows(s, unit(n), c, l)
		if cut == swallow {
			if !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "it was not committed") {
				t.Errorf("the server never had the COMMIT: got %v; want an error of the store", err)
			}
		} else if err != nil {
			t.Errorf("the server had the COMMIT: got %v", err)
		}
		done, err := s.Do(context.Background(), unit(n), func(ledger.Tx) error { return nil })
		if err != nil || done != (cut != swallow) {
			t.Errorf("cut %d: afterwards got done %v, %v", cut, done, err)
		}
	}
	if got := p.cuts.Load(); got != 4 {
		t.Errorf("the proxy cut %d times, want 4: nothing was tested", got)
	}
	if got := lines(t, s, "SELECT (SELECT count(*) FROM revcycle.claim) || ' ' || (SELECT count(*) FROM revcycle.line) || ' ' || (SELECT count(*) FROM revcycle.unit)"); got[0] != "300 900 5" {
		t.Errorf("got %s claims, lines and units; want those of the three that were committed, and five units", got[0])
	}
}

// A server that does not come back leaves the outcome open, and Do says so.
func TestALostCommitThatNobodyTellsOfIsAnErrorOfTheStore(t *testing.T) {
	p, address := through(t, fresh(t))
	s := open(t, address, postgres.Options{})
	s.Patience(300 * time.Millisecond)
	_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "a", Key: "b"}, func(ledger.Tx) error {
		p.cut.Store(deliver)
		p.listener.Close()
		return nil
	})
	if !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "does not say what became of it") {
		t.Errorf("got %v; want an error that leaves it open", err)
	}
}

func TestBackendsThatAreKilledLeaveNothingAndTheStoreGoesOn(t *testing.T) {
	server := pgserver.ForTest(t)
	s := open(t, fresh(t), postgres.Options{})
	c, l := claimRows(1, 0, 1000, 100)
	if err := appendRows(s, ledger.Unit{Batch: 1, Stage: "ingest", Key: "a"}, c, l); err != nil {
		t.Fatal(err)
	}
	more, _ := claimRows(1, 5000, 100, 100)
	_, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "ingest", Key: "b"}, func(x ledger.Tx) error {
		if _, err := x.Append(ledger.Claims, more...); err != nil {
			return err
		}
		if err := server.KillBackends(); err != nil {
			return err
		}
		_, err := x.Append(ledger.Lines, l[:3]...)
		return err
	})
	if !errors.Is(err, ledger.ErrStore) || !strings.Contains(err.Error(), "run it again") {
		t.Errorf("got %v; want an error of the store that says what to do", err)
	}
	if err := server.KillBackends(); err != nil { // what lies idle in the pool is dead now
		t.Fatal(err)
	}
	n := 0
	for _, err := range s.Rows(context.Background(), ledger.Query{Table: ledger.Claims}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1000 {
		t.Errorf("got %d claims want 1000", n)
	}
	if err := server.KillBackends(); err != nil {
		t.Fatal(err)
	}
	if err := appendRows(s, ledger.Unit{Batch: 1, Stage: "ingest", Key: "b"}, more); err != nil {
		t.Errorf("after the kill: %v", err)
	}
}

// Would catch a unit of which a crash keeps a part, or one that was told to be done and is not.
func TestACrashOfTheServerKeepsWholeUnits(t *testing.T) {
	server := pgserver.ForTest(t)
	url := fresh(t)
	s := open(t, url, postgres.Options{})
	newBatch(t, s, 1, day(2026, 11, 1))
	var told, failed atomic.Int32
	work := func(round int) {
		var g sync.WaitGroup
		for w := range 2 {
			g.Go(func() {
				for n := range 200 {
					c, l := claimRows(1, (round*2+w)*1_000_000+n*100, 20+n%60, 300)
					if err := appendRows(s, ledger.Unit{Batch: 1, Stage: fmt.Sprint(round, w), Key: fmt.Sprint(n)}, c, l); err != nil {
						if !errors.Is(err, ledger.ErrStore) {
							t.Errorf("got %v; want an error of the store", err)
						}
						failed.Add(1)
						return
					}
					told.Add(1)
				}
			})
		}
		time.Sleep(time.Duration(60+70*round) * time.Millisecond)
		if err := server.Restart(true); err != nil {
			t.Error(err)
		}
		g.Wait()
	}
	for round := range 3 {
		work(round)
	}
	again := open(t, url, postgres.Options{})
	sum := func(table *ledger.Table) int64 {
		got, err := again.Sums(context.Background(), ledger.Query{Table: table}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got[0][0].Int()
	}
	units, claims, lines := sum(ledger.Units)-1, sum(ledger.Claims), sum(ledger.Lines)
	if told.Load() == 0 || failed.Load() == 0 {
		t.Errorf("%d units were done and %d failed: nothing was tested", told.Load(), failed.Load())
	}
	if units != int64(told.Load()) || lines != 3*claims {
		t.Errorf("got %d units, %d claims, %d lines; want the %d units that were told to be done, and three lines for each claim", units, claims, lines, told.Load())
	}
}

// rival names the database in which this process, a child of the test, does units that another does too.
const rival = "REVCYCLE_TEST_RIVAL"

func TestMain(m *testing.M) {
	if url := os.Getenv(rival); url != "" {
		s, err := postgres.Open(context.Background(), url, postgres.Options{})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		n, err := compete(s)
		fmt.Println(n)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const contested = 60

// compete does units that others do too, and tells how many it did.
func compete(s *postgres.Store) (n int, err error) {
	for u := range contested {
		c, l := claimRows(1, u*100, 40, 100)
		done, err := s.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "ingest", Key: fmt.Sprint(u)}, func(x ledger.Tx) error {
			for i, rows := range [][]ledger.Row{c, l} {
				fresh, err := x.Append([]*ledger.Table{ledger.Claims, ledger.Lines}[i], rows...)
				if err != nil {
					return err
				}
				if fresh != len(rows) {
					return fmt.Errorf("unit %d: %d of %d rows are new: it was done by another", u, fresh, len(rows))
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		if !done {
			n++
		}
	}
	return n, nil
}

// Would catch a unit that two processes do, or that neither does.
func TestTwoProcessesDoEachUnitOnce(t *testing.T) {
	url := fresh(t)
	s := open(t, url, postgres.Options{})
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), rival+"="+url)
	child.Stderr = os.Stderr
	var out strings.Builder
	child.Stdout = &out
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	mine, err := compete(s)
	if err != nil {
		t.Error(err)
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	var theirs int
	if _, err := fmt.Sscan(out.String(), &theirs); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d here, %d there", mine, theirs)
	if mine+theirs != contested {
		t.Errorf("%d units here and %d there, want %d in all", mine, theirs, contested)
	}
}
