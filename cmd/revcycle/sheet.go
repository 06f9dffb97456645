package main

import (
	"encoding/csv"
	"io"
	"strings"

	"revcycle/money"
)

// cell is a cell of a sheet: a text that a sender may have written, or a number or word of ours.
type cell struct {
	text string
	ours bool
}

// theirs is a text that came from outside: where a spreadsheet would take it for a formula, an
// apostrophe goes before it.
func theirs(s string) cell { return cell{text: s} }

// ours is a word or number that the program made.
func ours(s string) cell { return cell{s, true} }

func amount(c money.Cents) cell { return cell{c.String(), true} }

// amountOrEmpty leaves the cell of an unknown amount empty.
func amountOrEmpty(c *money.Cents) cell {
	if c == nil {
		return ours("")
	}
	return amount(*c)
}

// safe is the cell's text as it may stand in a spreadsheet.
func (c cell) safe() string {
	if !c.ours && c.text != "" && strings.ContainsRune("=+-@\t\r", rune(c.text[0])) {
		return "'" + c.text
	}
	return c.text
}

// sheet writes rows as CSV, or with tabs.
type sheet struct {
	out *csv.Writer
	row []string
}

// newSheet begins a sheet with the names of its columns. separator is ',' or a tab.
func newSheet(w io.Writer, separator rune, names ...string) (*sheet, error) {
	s := &sheet{out: csv.NewWriter(w)}
	s.out.Comma = separator
	return s, s.out.Write(names)
}

func (s *sheet) add(cells ...cell) error {
	s.row = s.row[:0]
	for _, c := range cells {
		s.row = append(s.row, c.safe())
	}
	return s.out.Write(s.row)
}

// end writes what is still held back; the error is the first of all.
func (s *sheet) end() error {
	s.out.Flush()
	return s.out.Error()
}
