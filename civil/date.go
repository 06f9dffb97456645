// Package civil holds calendar dates without clocks or time zones.
//
// A Date is a day, comparable with < and ==. The zero Date is unknown: it prints as "" and becomes
// null in extracts, never 0001-01-01.
package civil

import (
	"errors"
	"fmt"
	"time"
)

// Date is a day of the proleptic Gregorian calendar, counted from 0001-01-01 = 1. Zero is unknown.
type Date int32

// unixDay is the Date of 1970-01-01.
const unixDay = 719163

// ErrDate is wrapped by every refusal of the parsers here.
var ErrDate = errors.New("not a date")

// Of is the date of a year, month and day; an impossible day gives the unknown Date.
func Of(year, month, day int) Date {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0
	}
	y := year - 1
	n := y*365 + y/4 - y/100 + y/400
	n += daysBefore[month-1] + day
	if month > 2 && leap(year) {
		n++
	}
	return Date(n)
}

var daysBefore = [...]int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func daysIn(y, m int) int {
	switch m {
	case 2:
		if leap(y) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// Parse8 reads CCYYMMDD, the form of X12 (D8).
func Parse8(s []byte) (Date, error) {
	if len(s) != 8 {
		return 0, fmt.Errorf("civil: a date has 8 digits, not %d characters: %w", len(s), ErrDate)
	}
	return parseDigits(s[0:4], s[4:6], s[6:8])
}

// ParseISO reads CCYY-MM-DD and ignores a time of day after it (T or blank).
func ParseISO(s string) (Date, error) {
	if len(s) > 10 && (s[10] == 'T' || s[10] == ' ') {
		s = s[:10]
	}
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, fmt.Errorf("civil: a date is written 2006-01-02: %w", ErrDate)
	}
	return parseDigits([]byte(s[0:4]), []byte(s[5:7]), []byte(s[8:10]))
}

func parseDigits(y, m, d []byte) (Date, error) {
	var n [3]int
	for i, part := range [][]byte{y, m, d} {
		for _, ch := range part {
			if ch < '0' || ch > '9' {
				return 0, fmt.Errorf("civil: a date holds digits only: %w", ErrDate)
			}
			n[i] = n[i]*10 + int(ch-'0')
		}
	}
	date := Of(n[0], n[1], n[2])
	if date == 0 {
		return 0, fmt.Errorf("civil: no such day in the calendar: %w", ErrDate)
	}
	return date, nil
}

// OfTime is the day of a moment in its own zone.
func OfTime(t time.Time) Date {
	y, m, d := t.Date()
	return Of(y, int(m), d)
}

// Known reports whether the date is known.
func (d Date) Known() bool { return d != 0 }

// Unix is the number of days since 1970-01-01, Parquet's DATE. It means nothing for an unknown date.
func (d Date) Unix() int32 { return int32(d) - unixDay }

// FromUnix is the date that is n days after 1970-01-01.
func FromUnix(n int32) Date { return Date(n + unixDay) }

// YMD gives year, month and day; zeros for an unknown date.
func (d Date) YMD() (year, month, day int) {
	if d == 0 {
		return 0, 0, 0
	}
	t := time.Unix(int64(d.Unix())*86400, 0).UTC()
	y, m, dd := t.Date()
	return y, int(m), dd
}

// AddDays moves n days; an unknown date stays unknown.
func (d Date) AddDays(n int) Date {
	if d == 0 {
		return 0
	}
	return d + Date(n)
}

// AddYears moves n years; 29 February becomes 28 February where the year has none.
func (d Date) AddYears(n int) Date {
	if d == 0 {
		return 0
	}
	y, m, day := d.YMD()
	return Of(y+n, m, min(day, daysIn(y+n, m)))
}

// String is 2006-01-02, or "" for an unknown date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	y, m, day := d.YMD()
	return string(two(append(two(append(four(make([]byte, 0, 10), y), '-'), int(m)), '-'), int(day)))
}

// four and two append a number from 0 to 9999 or 99 with zeros in front.
func four(b []byte, n int) []byte { return two(two(b, n/100), n%100) }
func two(b []byte, n int) []byte  { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// X12 is CCYYMMDD, or "" for an unknown date.
func (d Date) X12() string {
	if d == 0 {
		return ""
	}
	y, m, day := d.YMD()
	return string(two(two(four(make([]byte, 0, 8), y), int(m)), int(day)))
}

// Month is 2006-01: a posting period or a partition; "" for an unknown date.
func (d Date) Month() string {
	if d == 0 {
		return ""
	}
	return d.String()[:7]
}

// MarshalText is String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	v, err := ParseISO(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// Span is a range of days, both ends included. A zero end is open.
type Span struct{ From, To Date }

// Has reports whether the day lies in the span. An unknown day lies in none but the span open at both ends.
func (s Span) Has(d Date) bool {
	if d == 0 {
		return s.From == 0 && s.To == 0
	}
	return d >= s.From && (s.To == 0 || d <= s.To)
}

// Overlaps reports whether the two spans share a day.
func (s Span) Overlaps(o Span) bool {
	return (s.To == 0 || o.From <= s.To) && (o.To == 0 || s.From <= o.To)
}
