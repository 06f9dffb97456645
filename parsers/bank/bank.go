// Package bank is what the readers of bank files (parsers/bai2, parsers/nacha) share: physical lines with their place, parts of a
// file that are held because a control total does not tie, and the reassociation trace (TRN) that payers send along with the money.
package bank

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/money"
)

// Item is one deposit of a file or, where Reject is not nil, a part of the file that is held.
type Item struct {
	Deposit *claim.Deposit
	Reject  *claim.Reject
	Record  int   // physical record in the file, from 1: of the deposit, or of what is wrong
	From    int64 // bytes of the part that is held
	To      int64
}

// Held is a part of a file that may not be taken: a control total does not tie, or a record cannot be read.
type Held struct {
	Unit    string // account, group, batch, file
	Code    string
	Segment string // record type
	Record  int    // where the fault is
	Byte    int64
	From    int64 // the part that is held
	To      int64
	Message string
}

// Item is the held part as a reject. Its ID is left to the caller, who knows the digest of the file.
func (h *Held) Item() Item {
	return Item{Reject: &claim.Reject{Code: h.Code, Unit: h.Unit, Segment: h.Segment, Ordinal: h.Record, Byte: h.Byte, Message: h.Message},
		Record: h.Record, From: h.From, To: h.To}
}

// MaxHeld bounds the parts that are held one by one; a file with more is held whole.
const MaxHeld = 1_000

// Holds gathers what is held of a file.
type Holds struct{ list []Held }

// Add holds a part. Of parts that lie in each other the larger one stays.
func (hs *Holds) Add(h Held) {
	for _, o := range hs.list {
		if o.From <= h.From && h.To <= o.To {
			return
		}
	}
	hs.list = slices.DeleteFunc(hs.list, func(o Held) bool { return h.From <= o.From && o.To <= h.To })
	hs.list = append(hs.list, h)
}

// End gives what is held, in file order; one part, the whole file, where there are too many.
func (hs *Holds) End(size int64) []Held {
	if n := len(hs.list); n > MaxHeld {
		h := hs.list[0]
		h.Unit, h.From, h.To = "file", 0, size
		h.Message = fmt.Sprintf("%d parts of the file are not sound, the first: %s", n, h.Message)
		return []Held{h}
	}
	slices.SortFunc(hs.list, func(a, b Held) int { return int(min(max(a.From-b.From, -1), 1)) })
	return hs.list
}

// Covers reports whether a byte lies in a held part.
func Covers(list []Held, at int64) bool {
	return slices.ContainsFunc(list, func(h Held) bool { return h.From <= at && at < h.To })
}

// MaxLine bounds a physical line; a longer one ends the reading of the file.
const MaxLine = 64 << 10

// ErrLongLine is given for a line that is longer than MaxLine: no bank writes one.
var ErrLongLine = errors.New("a line of the file is longer than 65,536 bytes")

// Line is a physical line without its end.
type Line struct {
	Text   string
	Record int   // from 1; empty lines are not counted
	Byte   int64 // where it begins
	End    int64 // behind its end
}

// Lines reads physical lines. Width, where it is not 0, ends a line that has no line feed of its own.
type Lines struct {
	r      *bufio.Reader
	width  int
	record int
	at     int64
}

// NewLines reads from a source; width as in Lines.
func NewLines(r io.Reader, width int) *Lines {
	return &Lines{r: bufio.NewReaderSize(r, 64<<10), width: width}
}

// Next gives the next line that is not empty, io.EOF at the end.
func (l *Lines) Next() (Line, error) {
	for {
		from := l.at
		text, err := l.line()
		if err != nil {
			return Line{}, err
		}
		if strings.TrimRight(text, " \x1a\x00") == "" {
			continue
		}
		l.record++
		return Line{text, l.record, from, l.at}, nil
	}
}

// line reads one line, which may be empty.
func (l *Lines) line() (string, error) {
	var b strings.Builder
	for {
		c, err := l.r.ReadByte()
		if err == io.EOF && b.Len() > 0 {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		l.at++
		switch {
		case c == '\n':
			return b.String(), nil
		case c == '\r':
			continue
		case b.Len() >= MaxLine:
			return "", ErrLongLine
		}
		b.WriteByte(c)
		if b.Len() == l.width {
			l.lineEnd()
			return b.String(), nil
		}
	}
}

// lineEnd takes the line feed behind a line of full width, if there is one.
func (l *Lines) lineEnd() {
	for range 2 {
		next, err := l.r.Peek(1)
		if err != nil || next[0] != '\r' && next[0] != '\n' {
			return
		}
		l.r.ReadByte()
		l.at++
		if next[0] == '\n' {
			return
		}
	}
}

// maxDigits bounds an amount in cents: ten trillion dollars.
const maxDigits = 15

// Amount reads an amount in cents, with a sign or without; leading zeros are taken.
func Amount(s string) (money.Cents, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	n, ok := Count(digits)
	if negative {
		n = -n
	}
	return money.Cents(n), ok
}

// Count reads a number of digits alone.
func Count(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	s = strings.TrimLeft(s, "0")
	if len(s) > maxDigits {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}
