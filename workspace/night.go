package workspace

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"revcycle/civil"
	"revcycle/money"
)

// BusinessDate is the business day of a moment: its day in the workspace's time zone, or the day
// before until the clock there has reached the cutoff. A later moment never has an earlier business day, not
// even in the night in which the clock goes back.
func (c *Config) BusinessDate(now time.Time) civil.Date {
	t := now.In(c.Timezone)
	if t.Before(clockAtDay(t, 0, c.Cutoff)) {
		return civil.OfTime(t).AddDays(-1)
	}
	return civil.OfTime(t)
}

// clockAtDay is the moment at which the clock of t's time zone shows a time of day, some days after t's day.
// Of a time that the clock shows twice it is the first; of one that it leaves out, when the clock goes
// forward, it is the moment as long after the last one shown.
func clockAtDay(t time.Time, days int, at time.Duration) time.Time {
	wanted := time.Date(t.Year(), t.Month(), t.Day()+days, 0, int(at/time.Minute), 0, 0, time.UTC)
	with := func(offsetOf time.Time) time.Time { // the moment, if the clock stands as it does then
		_, seconds := offsetOf.In(t.Location()).Zone()
		return wanted.Add(-time.Duration(seconds) * time.Second).In(t.Location())
	}
	before, after := with(wanted.AddDate(0, 0, -1)), with(wanted.AddDate(0, 0, 1))
	const clock = "15:04"
	if before.Format(clock) != wanted.Format(clock) && after.Format(clock) == wanted.Format(clock) {
		return after
	}
	return before
}

// Deadline is when a run gives up: a time of day, or so long after its start. The zero Deadline is none.
type Deadline struct {
	After time.Duration
	At    time.Duration // after midnight in the workspace's time zone
	Clock bool          // At counts, not After
}

// DeadlineOf is the moment at which a run that started then gives up; ok is false where it never does.
func (c *Config) DeadlineOf(start time.Time) (moment time.Time, ok bool) {
	d := c.Deadline
	switch {
	case d.Clock:
		t := start.In(c.Timezone)
		if moment = clockAtDay(t, 0, d.At); !moment.After(start) {
			moment = clockAtDay(t, 1, d.At)
		}
		return moment, true
	case d.After > 0:
		return start.Add(d.After), true
	}
	return time.Time{}, false
}

func parseDeadline(s string) (Deadline, error) {
	if s == "" {
		return Deadline{}, nil
	}
	if strings.Contains(s, ":") {
		at, err := clock(s)
		return Deadline{At: at, Clock: true}, err
	}
	after, err := duration(s)
	return Deadline{After: after}, err
}

// Budget is how much may be rejected before nothing is published. The zero Budget is without bound.
type Budget struct {
	Count   int         // documents, where Set and Percent is zero
	Percent money.Exact // of all documents
	Share   bool        // Percent counts, not Count
	Set     bool
}

// Exceeded reports whether so many bad documents among all of them are too many.
func (b Budget) Exceeded(bad, all int) bool {
	switch {
	case !b.Set:
		return false
	case b.Share:
		return money.Whole(int64(bad)*100).Cmp(b.Percent.Mul(money.Whole(int64(all)))) > 0
	}
	return bad > b.Count
}

func parseBudget(s string) (Budget, error) {
	if s == "" {
		return Budget{}, nil
	}
	if share, ok := strings.CutSuffix(s, "%"); ok {
		p, err := money.ParseExact(strings.TrimSpace(share))
		if err != nil || p.Sign() < 0 || p.Cmp(money.Whole(100)) > 0 {
			return Budget{}, fmt.Errorf("%q is no share from 0%% to 100%%", s)
		}
		return Budget{Percent: p, Share: true, Set: true}, nil
	}
	n, err := whole(s, 0, 1_000_000_000)
	if err != nil {
		return Budget{}, fmt.Errorf("%q is neither a number of rejects nor a share such as 2%%", s)
	}
	return Budget{Count: n, Set: true}, nil
}

// Expectation is files that must come on some days.
type Expectation struct {
	Files    string // a pattern over names in the inbox, as path.Match has it; without a slash it fits any folder
	AtLeast  int
	Days     []time.Weekday // nil = every day
	Facility string         // whose files these are, as masters/facilities.csv calls it; "" = nobody's in particular
}

// Fits reports whether a name in the inbox is one of the expected files.
func (e Expectation) Fits(name string) bool {
	if !strings.Contains(e.Files, "/") {
		name = path.Base(name)
	}
	ok, _ := path.Match(e.Files, name)
	return ok
}

// Due reports whether the files must come on a business day.
func (e Expectation) Due(day civil.Date) bool {
	weekday := time.Weekday((int(day.Unix())%7 + 7 + int(time.Thursday)) % 7) // 1970-01-01 was a Thursday
	return len(e.Days) == 0 || slices.Contains(e.Days, weekday)
}

// Absence is an expectation that did not come true.
type Absence struct {
	Files    string // the pattern
	Facility string // whose; "" = nobody's in particular
	Came     int
	Wanted   int // more than came
	Sentence string
}

// Absent tells which expected files are not among the names that came on a business day.
func (c *Config) Absent(day civil.Date, names []string) []Absence {
	var out []Absence
	for _, e := range c.Expect {
		a := Absence{Files: e.Files, Facility: e.Facility, Wanted: e.AtLeast}
		for _, name := range names {
			if e.Fits(name) {
				a.Came++
			}
		}
		if !e.Due(day) || a.Came >= a.Wanted {
			continue
		}
		whose := ""
		if e.Facility != "" {
			whose = " of " + e.Facility
		}
		a.Sentence = fmt.Sprintf("%s%s: %d of %d expected files came; ask the sender", e.Files, whose, a.Came, a.Wanted)
		out = append(out, a)
	}
	return out
}

// Expected lists the facilities whose files must come on a business day, each once.
func (c *Config) Expected(day civil.Date) []string {
	var out []string
	for _, e := range c.Expect {
		if e.Facility != "" && e.Due(day) && !slices.Contains(out, e.Facility) {
			out = append(out, e.Facility)
		}
	}
	return out
}

var weekdays = map[string]time.Weekday{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

func parseExpect(n *yaml.Node) ([]Expectation, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, errors.New("takes a list; write - files: \"*.835\" under it")
	}
	var out []Expectation
	for _, item := range n.Content {
		e := Expectation{AtLeast: 1}
		if item.Kind == yaml.ScalarNode {
			e.Files = item.Value
		} else if err := expectation(&e, item); err != nil {
			return nil, err
		}
		if _, err := path.Match(e.Files, ""); err != nil || e.Files == "" {
			return nil, fmt.Errorf("line %d: files: %q is no pattern of names", item.Line, e.Files)
		}
		out = append(out, e)
	}
	return out, nil
}

func expectation(e *Expectation, item *yaml.Node) error {
	if item.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a pattern or files:, facility:, at_least:, days: is wanted", item.Line)
	}
	for i := 0; i+1 < len(item.Content); i += 2 {
		key, value := item.Content[i], item.Content[i+1]
		var err error
		switch key.Value {
		case "files":
			e.Files = value.Value
		case "facility":
			if e.Facility = strings.TrimSpace(value.Value); value.Kind != yaml.ScalarNode || e.Facility == "" {
				err = errors.New("facility: takes the ID of one facility")
			}
		case "at_least":
			e.AtLeast, err = whole(value.Value, 1, 1_000_000)
		case "days":
			var days []string
			if err = value.Decode(&days); err != nil {
				return fmt.Errorf("line %d: days: write [mon, tue]", value.Line)
			}
			for _, d := range days {
				day, ok := weekdays[strings.ToLower(d)]
				if !ok {
					return fmt.Errorf("line %d: days: %q is none of mon, tue, wed, thu, fri, sat, sun", value.Line, d)
				}
				e.Days = append(e.Days, day)
			}
		default:
			err = unknownKey(key.Value, []string{"files", "facility", "at_least", "days"})
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", key.Line, err)
		}
	}
	return nil
}
