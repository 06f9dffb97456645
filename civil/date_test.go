package civil

import (
	"testing"
	"time"
)

// The standard library's calendar is the outside word on every day of five centuries.
func TestDatesAgreeWithTheStandardCalendar(t *testing.T) {
	day := time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC)
	prev := Of(1799, 12, 31)
	for day.Year() < 2300 {
		y, m, d := day.Date()
		got := Of(y, int(m), d)
		if got != prev+1 || int64(got.Unix())*86400 != day.Unix() || got.String() != day.Format("2006-01-02") {
			t.Fatalf("%s: got %d (%s) after %d", day.Format("2006-01-02"), got, got, prev)
		}
		prev, day = got, day.AddDate(0, 0, 1)
	}
}

func TestParsersRefuseImpossibleDays(t *testing.T) {
	for _, s := range []string{"20250229", "20251301", "20250100", "2025010", "2025O101", "00000101"} {
		if d, err := Parse8([]byte(s)); err == nil {
			t.Errorf("Parse8(%s): got %s, want a refusal", s, d)
		}
	}
	if d, err := ParseISO("2014-05-06T08:34:30Z"); err != nil || d != Of(2014, 5, 6) {
		t.Errorf("ParseISO with a time: got %s, %v", d, err)
	}
}

func TestSpanIncludesBothEnds(t *testing.T) {
	s := Span{Of(2024, 3, 9), Of(2024, 12, 31)}
	for d, want := range map[Date]bool{Of(2024, 3, 8): false, Of(2024, 3, 9): true, Of(2024, 12, 31): true, Of(2025, 1, 1): false, 0: false} {
		if got := s.Has(d); got != want {
			t.Errorf("%s in the span: got %t want %t", d, got, want)
		}
	}
	if Of(2024, 2, 29).AddYears(1) != Of(2025, 2, 28) {
		t.Error("a year after 29 February is 28 February")
	}
}
