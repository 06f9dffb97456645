package river

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"revcycle/pipeline"
)

var settle = pipeline.Step{Name: "settle", Stage: "settle", Rows: 5_000}

// Every unit is in exactly one job, in its order, and units that must come one after the other are in one job and in
// one group. A cut by count alone tears them apart.
func TestACutKeepsOrderAndTogetherness(t *testing.T) {
	var todo []pipeline.Todo
	for i := range 500 {
		u := pipeline.Todo{Key: fmt.Sprintf("f%03d", i), Rows: 100 + i}
		if i%7 == 0 {
			u.With = fmt.Sprintf("payment%d", i%3)
		}
		todo = append(todo, u)
	}
	job := map[string]int{}
	place := map[string]int{}
	for n, j := range cut(settle, 7, Stamp{}, todo) {
		if j.First != j.keys()[0] || j.Batch != 7 || j.Step != "settle" {
			t.Errorf("job %d is %+v", n, j)
		}
		for i, key := range j.keys() {
			if _, twice := job[key]; twice {
				t.Errorf("unit %s is in two jobs", key)
			}
			job[key], place[key] = n, i
		}
	}
	if len(job) != len(todo) {
		t.Fatalf("%d units are in jobs, want %d", len(job), len(todo))
	}
	last := map[string]string{}
	for _, u := range todo {
		if before := last[u.With]; u.With != "" && before != "" && (job[before] != job[u.Key] || place[before] >= place[u.Key]) {
			t.Errorf("%s stands in job %d at %d, behind it %s in job %d at %d", before, job[before], place[before], u.Key, job[u.Key], place[u.Key])
		}
		last[u.With] = u.Key
	}
}

// A large step makes jobs of about 30,000 rows, a small one enough of them for several workers, and a tiny one no
// crowd of tiny jobs.
func TestJobsAreOfAGoodSize(t *testing.T) {
	for _, c := range []struct{ units, rows, jobs int }{
		{1, 5_000, 1},
		{4, 5_000, 4},
		{64, 5_000, 32},
		{4_096, 5_000, 683}, // six units of 5,000 rows are the first to reach 30,000
		{1_000, 2, 1},
		{3, 90_000, 3},
	} {
		var todo []pipeline.Todo
		for i := range c.units {
			todo = append(todo, pipeline.Todo{Key: fmt.Sprint(i), Rows: c.rows})
		}
		if got := len(cut(settle, 1, Stamp{}, todo)); got != c.jobs {
			t.Errorf("%d units of %d rows: %d jobs, want %d", c.units, c.rows, got, c.jobs)
		}
	}
}

// A stamp that differs says in what, and what to do.
func TestADifferentStampSaysInWhat(t *testing.T) {
	ours := Stamp{"v1", "aaaaaaaaaaaaaaaa", "m1", "tolerance 1.00"}
	if got := ours.against(ours); got != "" {
		t.Errorf("against itself: %q", got)
	}
	for want, theirs := range map[string]Stamp{
		"program v2":           {"v2", ours.Edition, ours.Masters, ours.Settings},
		"edition bbbbbbbbbbbb": {"v1", "bbbbbbbbbbbbbbbb", ours.Masters, ours.Settings},
		"masters (m2)":         {"v1", ours.Edition, "m2", ours.Settings},
		"tolerance 2.00":       {"v1", ours.Edition, ours.Masters, "tolerance 2.00"},
	} {
		if got := ours.against(theirs); !strings.Contains(got, want) {
			t.Errorf("got %q, want it to name %q", got, want)
		}
	}
}

// The name of a worker fits into a session's name and gives back who it is.
func TestANameTellsWhoItIs(t *testing.T) {
	at := time.Date(2026, 11, 24, 2, 30, 0, 0, time.UTC)
	name := ourName(Worker, at)
	if len(name) > 63 {
		t.Errorf("%q has %d bytes, PostgreSQL keeps 63", name, len(name))
	}
	if host, pid, since, ok := cutName(name); !ok || host == "" || pid == 0 || !since.Equal(at) {
		t.Errorf("%q is %s %d %s %v", name, host, pid, since, ok)
	}
	for _, other := range []string{"", "psql", ourName(Coordinator, at), "revcycle worker x"} {
		if _, _, _, ok := cutName(other); ok {
			t.Errorf("%q is taken for a worker", other)
		}
	}
}

// The next night is the next 02:30 of the wall clock, also when the clocks change.
func TestTheNextNight(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	n := Night{At: 2*time.Hour + 30*time.Minute, Zone: zone}
	var got []string
	at := time.Date(2026, 3, 6, 2, 30, 0, 0, zone)
	for range 4 {
		at = n.next(at)
		got = append(got, at.Format("2006-01-02T15:04-0700"))
	}
	at = time.Date(2026, 10, 31, 23, 0, 0, 0, zone)
	for range 2 {
		at = n.next(at)
		got = append(got, at.Format("2006-01-02T15:04-0700"))
	}
	want := []string{"2026-03-07T02:30-0600", "2026-03-08T03:30-0500", "2026-03-09T02:30-0500", "2026-03-10T02:30-0500",
		"2026-11-01T02:30-0600", "2026-11-02T02:30-0600"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
