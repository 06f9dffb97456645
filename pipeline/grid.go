package pipeline

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Grid is a table for people: cells in columns, each as wide as its widest cell, two blanks between.
type Grid struct {
	align string
	rows  [][]string
}

// NewGrid gives an empty table. align holds a letter a column: l for text, r for numbers. With names,
// they are its first row.
func NewGrid(align string, names ...string) *Grid {
	g := &Grid{align: align}
	if len(names) > 0 {
		g.Row(names...)
	}
	return g
}

// Row adds a row; what lies past the last column is left out.
func (g *Grid) Row(cells ...string) { g.rows = append(g.rows, cells[:min(len(cells), len(g.align))]) }

// Len is how many rows there are, the names included.
func (g *Grid) Len() int { return len(g.rows) }

// write prints the table, every line behind indent.
func (g *Grid) write(w io.StringWriter, indent string) error {
	width := make([]int, len(g.align))
	for _, row := range g.rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var line strings.Builder
	for _, row := range g.rows {
		line.Reset()
		line.WriteString(indent)
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if g.align[i] == 'r' {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
		}
		if _, err := w.WriteString(strings.TrimRight(line.String(), " ") + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// Print prints the table; an error is w's.
func (g *Grid) Print(w io.Writer) error {
	var text strings.Builder
	if err := g.write(&text, ""); err != nil {
		return err
	}
	_, err := io.WriteString(w, text.String())
	return err
}
