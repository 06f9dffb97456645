package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/fixtures/synth"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/parsers"
	"revcycle/parsers/snip"
	"revcycle/pipeline"
)

// simulated is a small simulation: its inbox and the truth.
func simulated(t *testing.T, seed uint64, claims int) (files map[string][]byte, truth synth.Truth) {
	t.Helper()
	dir := t.TempDir()
	o := synth.Defaults()
	o.Seed, o.Claims = seed, claims
	truth, err := synth.WriteAll(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	names, err := filepath.Glob(filepath.Join(dir, "inbox", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = data
		if strings.Contains(name, ".837") {
			files[filepath.Base(name)+".ack"] = answer(t, data)
		}
	}
	return files, truth
}

// answer is what answers a file of claims: its 999 and 277CA.
func answer(t *testing.T, file []byte) []byte {
	t.Helper()
	in, err := parsers.Receive(bytes.NewReader(file), &snip.Strict)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n := 0
	next := func(format string) func() (string, error) {
		return func() (string, error) { n++; return fmt.Sprintf(format, n), nil }
	}
	if _, err := parsers.WriteAnswers(&b, bytes.NewReader(file), in, parsers.Answering{Date: simulatedEnd, Time: "0600", Interchange: next("%09d"), Group: next("%d")}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const sample = "../rules/book/sample"

var simulatedEnd = civil.Of(2025, 6, 30)

// digests of a night over some files.
func (n *night) over(files map[string][]byte, asOf civil.Date) string {
	n.t.Helper()
	for name, data := range files {
		n.put(name, data)
	}
	n.run(asOf)
	return n.digest(asOf)
}

// digest lists what must be equal between two runs that should be the same.
func (n *night) digest(asOf civil.Date) string {
	n.t.Helper()
	lines, _, err := n.env(asOf).Digests(context.Background())
	if err != nil {
		n.t.Fatal(err)
	}
	var out []string
	for _, l := range lines {
		out = append(out, fmt.Sprintf("%s %s %d %s", l.What, l.Name, l.Rows, l.SHA256))
	}
	return strings.Join(out, "\n")
}

// The bytes of the ledger and of the extracts depend on neither workers, nor store, nor how the files
// are named, merged, split, wrapped or delimited.
func TestSameInputSameBytes(t *testing.T) {
	files, _ := simulated(t, 11, 150)
	want := newNight(t, sample, nil).over(files, simulatedEnd)
	for name, c := range map[string]struct {
		workers int
		store   ledger.Store
		files   map[string][]byte
	}{
		"one worker":    {1, nil, files},
		"eight workers": {8, nil, files},
		"in memory":     {3, mem.New(), files},
		"other names":   {2, nil, renamed(files)},
		"merged":        {2, nil, merged(files)},
		"split":         {2, nil, split(t, files)},
		"wrapped":       {2, nil, wrapped(files)},
		"delimiters":    {2, nil, delimited(files)},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNight(t, sample, c.store)
			n.workers = c.workers
			if got := n.over(c.files, simulatedEnd); got != want {
				t.Errorf("the night differs:\n%s", diff(got, want))
			}
		})
	}
}

// renamed turns the order of the names round.
func renamed(files map[string][]byte) map[string][]byte {
	names := sorted(files)
	out := map[string][]byte{}
	for i, name := range names {
		out[fmt.Sprintf("%04d-%s", len(names)-i, name)] = files[name]
	}
	return out
}

func sorted(files map[string][]byte) []string {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func isX12(data []byte) bool { return bytes.HasPrefix(data, []byte("ISA")) }

// sound reports an X12 file that ends as it should: a torn one cannot be merged with another.
func sound(data []byte) bool {
	return isX12(data) && bytes.Contains(data, []byte("~IEA*")) || bytes.Contains(data, []byte("\nIEA*"))
}

// merged puts all sound X12 files behind one another; the second of two equal ones is left apart, as a
// file that came twice.
func merged(files map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	var claims, remits []byte
	seen := map[string]bool{}
	for _, name := range sorted(files) {
		data := files[name]
		switch {
		case !sound(data) || seen[string(data)]:
			out[name] = data
		case bytes.Contains(data, []byte("ST*835*")):
			remits = append(remits, data...)
		default:
			claims = append(claims, data...)
		}
		seen[string(data)] = true
	}
	out["all.837"], out["all.835"] = claims, remits
	return out
}

// split makes a file of every set, in an envelope of its own.
func split(t *testing.T, files map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for _, name := range sorted(files) {
		data := files[name]
		if !sound(data) {
			out[name] = data
			continue
		}
		var isa, gs string
		var set []string
		n := 0
		for _, s := range strings.Split(string(data), "~") {
			s = strings.Trim(s, "\r\n")
			switch {
			case strings.HasPrefix(s, "ISA*"):
				isa = s
			case strings.HasPrefix(s, "GS*"):
				gs = s
			case strings.HasPrefix(s, "ST*"):
				set = []string{s}
			case strings.HasPrefix(s, "SE*"):
				n++
				control, group := strings.Split(isa, "*")[13], strings.Split(gs, "*")[6]
				all := slices.Concat([]string{isa, gs}, set, []string{s, "GE*1*" + group, "IEA*1*" + control, ""})
				out[fmt.Sprintf("%s-%d", name, n)] = []byte(strings.Join(all, "~"))
			case s != "":
				set = append(set, s)
			}
		}
		if n == 0 { // a TA1 stands in no set
			out[name] = data
		}
	}
	return out
}

// wrapped breaks every sound X12 file into lines of 80 characters, whatever the segments.
func wrapped(files map[string][]byte) map[string][]byte {
	return each(files, func(data []byte) []byte {
		data = bytes.ReplaceAll(data, []byte("\n"), nil)
		var out []byte
		for len(data) > 80 {
			out = append(append(out, data[:80]...), '\n')
			data = data[80:]
		}
		return append(append(out, data...), '\n')
	})
}

// delimited gives every sound X12 file other delimiters.
func delimited(files map[string][]byte) map[string][]byte {
	return each(files, func(data []byte) []byte {
		return bytes.Map(func(r rune) rune {
			switch r {
			case '*':
				return '|'
			case ':':
				return '>'
			case '~':
				return '!'
			}
			return r
		}, data)
	})
}

func each(files map[string][]byte, f func([]byte) []byte) map[string][]byte {
	out := map[string][]byte{}
	seen := map[string]string{}
	for name, data := range files {
		out[name] = data
		if sound(data) {
			out[name] = f(data)
		}
		seen[name] = name
	}
	return out
}

// stopping is a store that is killed, as far as the pipeline can tell, before or after its n-th commit.
type stopping struct {
	ledger.Store
	left  int
	after bool
}

var errKilled = errors.New("killed")

func (s *stopping) Do(ctx context.Context, u ledger.Unit, f func(ledger.Tx) error) (bool, error) {
	s.left--
	if s.left == 0 && !s.after {
		return false, errKilled
	}
	done, err := s.Store.Do(ctx, u, f)
	if s.left == 0 && err == nil {
		return done, errKilled
	}
	return done, err
}

// A run that stops before or after any of its commits goes on where it stopped and ends as if nothing
// had been: the same bytes.
func TestAStoppedRunGoesOn(t *testing.T) {
	files, _ := simulated(t, 12, 60)
	want := newNight(t, sample, mem.New()).over(files, simulatedEnd)
	commits := 0
	for stop := 1; ; stop++ {
		n := newNight(t, sample, mem.New())
		for name, data := range files {
			n.put(name, data)
		}
		whole := n.store
		n.store = &stopping{whole, stop, stop%2 == 0}
		_, err := n.env(simulatedEnd).CommitEach(1).Run(context.Background())
		n.store = whole
		if err == nil {
			commits = stop - 1
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if sum := n.run(simulatedEnd); !strings.HasSuffix(sum.Batch, "-001") {
			t.Fatalf("stopped at commit %d: it went on as batch %s", stop, sum.Batch)
		}
		if got := n.digest(simulatedEnd); got != want {
			t.Fatalf("stopped at commit %d: the night differs:\n%s", stop, diff(got, want))
		}
		if stop > 12 {
			stop += 6 // the first dozen one by one, then every seventh
		}
	}
	if commits < 20 {
		t.Errorf("only %d commits were stopped at", commits)
	}
}

// overtaken is a store in which somebody else does each third unit that is shared out, just before it is done here. The rows of tables
// are read by the run itself.
type overtaken struct {
	ledger.Store
	asked, twins int
}

func (o *overtaken) Do(ctx context.Context, u ledger.Unit, f func(ledger.Tx) error) (bool, error) {
	shared := slices.ContainsFunc(pipeline.Steps, func(s pipeline.Step) bool { return s.Stage == u.Stage }) && !strings.Contains(u.Key, "/rows/")
	if o.asked++; shared && o.asked%3 == 0 {
		if done, err := o.Store.Do(ctx, u, f); err != nil || done {
			return done, err
		}
		o.twins++
	}
	return o.Store.Do(ctx, u, f)
}

// Workers whose run was stopped may have units in hand when the next run does them by itself: where they are faster, it goes on with
// what is left, and the bytes are the same.
func TestARunGoesOnBesideWhoeverDoesItsUnits(t *testing.T) {
	files, _ := simulated(t, 12, 30)
	want := newNight(t, sample, mem.New()).over(files, simulatedEnd)
	for first := range 3 { // so that each unit has its turn
		n := newNight(t, sample, mem.New())
		for name, data := range files {
			n.put(name, data)
		}
		whole := &overtaken{Store: n.store, asked: first}
		n.store = whole
		left := map[string]int{}
		env := n.env(simulatedEnd).CommitEach(1)
		env.Progress = func(stage string, done, of int) { left[stage] = of - done }
		if _, err := env.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if whole.twins < 10 {
			t.Errorf("only %d units were done by somebody else", whole.twins)
		}
		for stage, units := range left {
			if units != 0 {
				t.Errorf("%s tells of %d units more or less than there are", stage, units)
			}
		}
		n.store = whole.Store
		if got := n.digest(simulatedEnd); got != want {
			t.Errorf("the night differs:\n%s", diff(got, want))
		}
	}
}

// What was simulated is what the ledger finds, claim by claim in sum: charged, paid, contractual,
// patient's and denied, and what every payment left unapplied.
func TestTheSimulationsTruthIsFound(t *testing.T) {
	files, truth := simulated(t, 13, 400)
	n := newNight(t, sample, mem.New())
	for name, data := range files {
		n.put(name, data)
	}
	sum := n.run(simulatedEnd)
	status, err := n.env(simulatedEnd).Status(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		got, want fmt.Stringer
	}{
		{"charged", status.Totals.Charged, truth.Totals.Charge},
		{"paid", status.Totals.Paid, truth.Totals.Paid},
		{"contractual", status.Totals.Contractual, truth.Totals.Contractual},
		{"denied", status.Totals.Denied, truth.Totals.Denied},
		{"unapplied", status.Totals.Unapplied, truth.Totals.Unapplied},
	} {
		if c.got.String() != c.want.String() {
			t.Errorf("%s: got %s want %s", c.name, c.got, c.want)
		}
	}
	if sum.Counts.Claims != truth.Totals.Claims {
		t.Errorf("claims: got %d want %d", sum.Counts.Claims, truth.Totals.Claims)
	}
	for _, c := range sum.Controls {
		if !c.OK {
			t.Errorf("control %s: %s against %s", c.Name, c.Left, c.Right)
		}
	}
}
