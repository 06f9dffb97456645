package river

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"revcycle/civil"
	"revcycle/fixtures/pgserver"
	"revcycle/fixtures/synth"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/ledger/postgres"
	"revcycle/pipeline"
	"revcycle/rules/book"
	"revcycle/workspace"
)

// asWorker makes of this test's own binary a worker in a process of its own: it can be killed.
const asWorker = "REVCYCLE_TEST_WORKER"

func TestMain(m *testing.M) {
	if text := os.Getenv(asWorker); text != "" {
		var w testWorker
		err := json.Unmarshal([]byte(text), &w)
		if err == nil {
			err = w.work()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(inScratch(m))
}

// scratch is a folder that lasts as long as the tests.
var scratch string

func inScratch(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "river-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(scratch)
	return m.Run()
}

// testWorker says what a worker process is like.
type testWorker struct {
	Dir, URL string
	Jobs     int
	Options  Options
	// Panic is a word in the key of a unit at which the worker's ledger panics, as long as the file Cause is there.
	// At one with Hang it does not go on.
	// One with Die takes its process along.
	Panic, Hang, Die, Cause string
	Version                 string
	// Coordinate makes it no worker but a run.
	Coordinate bool
}

func (w testWorker) work() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	store, err := postgres.Open(ctx, w.URL, postgres.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if w.Coordinate {
		return w.coordinate(ctx, store, log)
	}
	q, err := Open(ctx, w.URL, Worker, time.Now, log, w.Options)
	if err != nil {
		return err
	}
	defer q.Close()
	return q.Work(ctx, Work{Jobs: w.Jobs, Load: func() (*pipeline.Env, error) {
		return environment(w.Dir, faulty{store, w.Panic, w.Hang, w.Die, w.Cause}, w.Version, log)
	}})
}

func (w testWorker) coordinate(ctx context.Context, store ledger.Store, log *slog.Logger) error {
	q, err := Open(ctx, w.URL, Coordinator, time.Now, log, w.Options)
	if err != nil {
		return err
	}
	defer q.Close()
	env, err := environment(w.Dir, store, w.Version, log)
	if err != nil {
		return err
	}
	env.Runner = q.Runner()
	_, err = env.Run(ctx)
	return err
}

// faulty is a ledger that panics, hangs or takes its process along at some unit.
type faulty struct {
	ledger.Store
	panic, hang, die, cause string
}

func (f faulty) Do(ctx context.Context, u ledger.Unit, do func(ledger.Tx) error) (bool, error) {
	is := func(word string) bool { return word != "" && strings.Contains(u.Stage+" "+u.Key, word) }
	if is(f.die) {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	if is(f.panic) || is(f.hang) {
		if _, err := os.Stat(f.cause); err == nil && is(f.panic) {
			panic("a fault of the test")
		} else if err == nil {
			<-ctx.Done()
		}
	}
	return f.Store.Do(ctx, u, do)
}

func environment(dir string, store ledger.Store, version string, log *slog.Logger) (*pipeline.Env, error) {
	w, err := workspace.Open(dir)
	if err != nil {
		return nil, err
	}
	b, err := book.Load(w.Rulebook())
	if err != nil {
		return nil, err
	}
	masters, _, err := w.Masters()
	if err != nil {
		return nil, err
	}
	return &pipeline.Env{Store: store, Workspace: w, Book: b, Party: masters, Workers: 2, Clock: time.Now, Actor: "test", Version: version,
		Log: log, Batch: pipeline.Batch{AsOf: simulatedEnd}}, nil
}

var simulatedEnd = civil.Of(2025, 6, 30)

// quick is a queue that waits for nothing longer than a test may.
var quick = Options{Attempts: 6, Backoff: 50 * time.Millisecond, Timeout: 20 * time.Second, Grace: 5 * time.Second}

// logged is a log that is written and read at once.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// night is a workspace and a database, for runs with workers.
type night struct {
	testing.TB
	dir, url string
	log      *logged // of the coordinator
}

// simulated is the night of most tests: a workspace whose inbox holds a simulation, an empty ledger, and the digest of
// what one process, in memory, makes of it.
type simulated struct {
	once              sync.Once
	dir, ledger, want string
}

var simulation simulated

const simulatedClaims = 500

// newNight gives a copy of the simulation for one test, which runs beside others.
func newNight(t *testing.T) (*night, string) {
	t.Helper()
	t.Parallel()
	s := &simulation
	s.once.Do(func() { s.make(t) })
	if s.want == "" {
		t.Fatal("there is no simulation")
	}
	n := &night{TB: t, dir: filepath.Join(t.TempDir(), "w"), url: pgserver.Fresh(t, s.ledger), log: new(logged)}
	if err := os.CopyFS(n.dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	return n, s.want
}

func (s *simulated) make(t testing.TB) {
	t.Helper()
	dir, err := os.MkdirTemp(scratch, "simulated-")
	if err != nil {
		t.Fatal(err)
	}
	if err := workspace.Init(dir, workspace.Options{Profile: workspace.Full}); err != nil && !errors.Is(err, workspace.ErrExists) {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "rulebook"), os.DirFS("../../rules/book/sample")); err != nil {
		t.Fatal(err)
	}
	o := synth.Defaults()
	o.Seed, o.Claims = 41, simulatedClaims
	if _, err := synth.WriteAll(dir, o); err != nil {
		t.Fatal(err)
	}
	calm := &night{TB: t, dir: filepath.Join(t.TempDir(), "calm"), url: pgserver.Fresh(t, ""), log: new(logged)}
	calm.migrate()
	s.dir, s.ledger = dir, path.Base(calm.url)
	if err := os.CopyFS(calm.dir, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	store := mem.New()
	if _, err := calm.env(store).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.want = calm.digest(store)
}

// migrate makes the tables.
func (n *night) migrate() {
	n.Helper()
	if _, err := postgres.Migrate(context.Background(), n.url); err != nil {
		n.Fatal(err)
	}
	if err := Migrate(context.Background(), n.url); err != nil {
		n.Fatal(err)
	}
}

// store opens the ledger until the test ends.
func (n *night) store() *postgres.Store {
	n.Helper()
	s, err := postgres.Open(context.Background(), n.url, postgres.Options{})
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { s.Close() })
	return s
}

func (n *night) env(store ledger.Store) *pipeline.Env {
	n.Helper()
	env, err := environment(n.dir, store, "v1", slog.New(slog.NewTextHandler(n.log, nil)))
	if err != nil {
		n.Fatal(err)
	}
	return env
}

// queue opens the queue until the test ends.
func (n *night) queue(as Role) *Queue {
	n.Helper()
	q, err := Open(context.Background(), n.url, as, time.Now, slog.New(slog.NewTextHandler(n.log, nil)), quick)
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(q.Close)
	return q
}

// run is a night with the workers that there are.
func (n *night) run(ctx context.Context) error {
	n.Helper()
	env := n.env(n.store())
	env.Runner = n.queue(Coordinator).Runner()
	_, err := env.Run(ctx)
	return err
}

// digest lists what must be equal between two nights that should be the same.
func (n *night) digest(store ledger.Store) string {
	n.Helper()
	lines, _, err := n.env(store).Digests(context.Background())
	if err != nil {
		n.Fatal(err)
	}
	var out strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&out, "%s %s %d %s\n", l.What, l.Name, l.Rows, l.SHA256)
	}
	return out.String()
}

// same wants the night of a calm, single process.
func (n *night) same(want string) {
	n.Helper()
	got := n.digest(n.store())
	if got == want {
		return
	}
	have := map[string]bool{}
	for l := range strings.Lines(want) {
		have[l] = true
	}
	for l := range strings.Lines(got) {
		if !have[l] {
			n.Errorf("the night differs: %s", l)
		}
	}
}

// worker is a process that works on the night's queue. Its log is kept.
type worker struct {
	*exec.Cmd
	log   *logged
	once  sync.Once
	ended error
}

// Wait waits until the process is gone. Several may.
func (w *worker) Wait() error {
	w.once.Do(func() { w.ended = w.Cmd.Wait() })
	return w.ended
}

// start starts a worker; it is killed at the end of the test, if it still runs.
func (n *night) start(w testWorker) *worker {
	n.Helper()
	w.Dir, w.URL = n.dir, n.url
	if w.Jobs == 0 {
		w.Jobs = 1
	}
	if w.Options == (Options{}) {
		w.Options = quick
	}
	if w.Version == "" {
		w.Version = "v1"
	}
	text, err := json.Marshal(w)
	if err != nil {
		n.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		n.Fatal(err)
	}
	p := &worker{Cmd: exec.Command(self), log: new(logged)}
	p.Env = append(os.Environ(), asWorker+"="+string(text))
	p.Stderr, p.Stdout = p.log, p.log
	if err := p.Start(); err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() {
		p.Process.Kill()
		p.Wait()
		if n.Failed() {
			n.Logf("a worker's log:\n%.6000s", p.log)
		}
	})
	return p
}

// until waits for a condition.
func (n *night) until(what string, holds func() bool) {
	n.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			n.Fatalf("%s: not within 30 seconds", what)
		}
	}
}
