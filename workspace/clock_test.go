package workspace

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"revcycle/civil"
)

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	m, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The expected days are counted by hand from the offsets of the zones: Anchorage is 9 hours behind UTC in winter and 8 in
// summer, Kiritimati always 14 ahead.
func TestTheBusinessDayOfFarTimeZones(t *testing.T) {
	for _, c := range []struct{ zone, cutoff, now, want string }{
		{"America/Anchorage", "06:00", "2026-11-23T14:59:00Z", "2026-11-22"},  // 05:59
		{"America/Anchorage", "06:00", "2026-11-23T15:00:00Z", "2026-11-23"},  // 06:00
		{"America/Anchorage", "06:00", "2026-11-24T08:30:00Z", "2026-11-23"},  // 23:30 of the 23rd
		{"Pacific/Kiritimati", "06:00", "2026-11-22T15:59:00Z", "2026-11-22"}, // 05:59 of the 23rd
		{"Pacific/Kiritimati", "06:00", "2026-11-22T16:00:00Z", "2026-11-23"},
		{"America/Anchorage", "02:30", "2026-03-08T11:00:00Z", "2026-03-07"}, // 03:00: 02:30 is left out that night …
		{"America/Anchorage", "02:30", "2026-03-08T11:30:00Z", "2026-03-08"}, // … and comes as 03:30
		{"America/Anchorage", "01:30", "2026-11-01T09:29:00Z", "2026-10-31"}, // 01:29, the first time
		{"America/Anchorage", "01:30", "2026-11-01T09:30:00Z", "2026-11-01"}, // 01:30, the first time
		{"America/Anchorage", "01:30", "2026-11-01T10:15:00Z", "2026-11-01"}, // 01:15, the second time
	} {
		w := fresh(t, "timezone: "+c.zone, `business_day_cutoff: "`+c.cutoff+`"`)
		if got := w.BusinessDate(moment(t, c.now)).String(); got != c.want {
			t.Errorf("%s, cutoff %s, at %s: got %s, want %s", c.zone, c.cutoff, c.now, got, c.want)
		}
	}
}

// Through the months in which clocks go forward and back, no later moment has an earlier business day, none leaves a day
// out, and the deadline always lies ahead, a day away at most, and bears the time of day that was asked for where
// the clock shows it.
func TestTheBusinessDayNeverGoesBack(t *testing.T) {
	for _, zone := range []string{"America/Anchorage", "Pacific/Kiritimati", "Australia/Lord_Howe", "America/Santiago", "Europe/Lisbon"} {
		for _, clock := range []string{"00:00", "00:30", "01:30", "02:30"} {
			w := fresh(t, "timezone: "+zone, `business_day_cutoff: "`+clock+`"`, `deadline: "`+clock+`"`)
			var last civil.Date
			for now := moment(t, "2026-03-01T00:07:00Z"); now.Month() < time.December; now = now.Add(30 * time.Minute) {
				if m := now.Month(); m == time.May {
					now, last = moment(t, "2026-09-01T00:07:00Z"), 0 // no clock is moved in between
				}
				day := w.BusinessDate(now)
				if last != 0 && day != last && day != last.AddDays(1) {
					t.Fatalf("%s, cutoff %s: %s after %s at %s", zone, clock, day, last, now)
				}
				last = day
				end, ok := w.DeadlineOf(now)
				if !ok || !end.After(now) || end.Sub(now) > 25*time.Hour {
					t.Fatalf("%s: started %s, deadline %s %s", zone, now, clock, end)
				}
				if shown := end.Format("15:04"); shown != clock && end.Add(-2*time.Hour).Format("-0700") == end.Add(2*time.Hour).Format("-0700") {
					t.Fatalf("%s: started %s, deadline %s comes at %s", zone, now, clock, shown)
				}
			}
		}
	}
}

// What the lock file says, in whatever words and of whatever time, holds nobody up: the flock does.
func TestALockFileLeftBehindBlocksNobody(t *testing.T) {
	w := fresh(t)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, left := range []Owner{
		{host, 1 << 22, start.Add(-time.Hour)},     // a process that is no more
		{host, os.Getpid(), start.Add(-time.Hour)}, // a number that another process has by now
		{"elsewhere", 12, start.AddDate(10, 0, 0)}, // another machine, whose clock was wrong
		{},
	} {
		text, err := json.Marshal(left)
		if err == nil {
			err = os.WriteFile(w.Path(".lock"), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		l, err := w.Lock(clockAt(start.AddDate(-1, 0, 0))) // the clock was set back by a year
		if err != nil {
			t.Errorf("%+v: %v", left, err)
			continue
		}
		if o, ok := l.Former(); ok != (left.PID > 0) || o.PID != left.PID || o.Host != left.Host || !o.Started.Equal(left.Started) {
			t.Errorf("%+v: the owner before was %+v", left, o)
		}
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}
	l, err := w.Lock(clockAt(start))
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := l.Former(); ok {
		t.Errorf("an owner that gave it back is named: %+v", o)
	}
	l.Release()
}

func TestTheHoldersSentenceSaysWhetherItLives(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Owner{
		"it lives: wait for it to end":         {host, os.Getpid(), start},
		"which has ended: one that it started": {host, 1 << 22, start}, // above Linux's greatest
		"whether it lives is seen there: wait": {"elsewhere", 1, start},
		"held by another run; wait":            {},
	} {
		err := &HeldError{o}
		if !strings.Contains(err.Error(), want) || !errors.Is(err, ErrHeld) || o.PID > 0 && !strings.Contains(err.Error(), "2026-11-23T02:30:00Z") {
			t.Errorf("got %s, want %s", err, want)
		}
	}
}

// A sender may give a file any time of change; how long it has rested is told by the time nobody can set.
func TestATimeInTheFutureDoesNotHoldAFileBack(t *testing.T) {
	w := fresh(t, "settle: 10m")
	drop(t, w, "a.835", []byte("x"))
	future := time.Now().AddDate(4, 0, 0)
	if err := os.Chtimes(w.Path("inbox/a.835"), future, future); err != nil {
		t.Fatal(err)
	}
	if a := list(t, w, time.Now().Add(11*time.Minute))[0]; !a.Complete {
		t.Errorf("left: %s", a.Why)
	}
}
