package csv

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Sniff says which table a file is, from its first bytes (the whole header line must be among them)
// and its name. Every column that the table needs must stand in the header; where several tables
// fit, the one of that file name wins, then a user's, then the one that needs most. ok is false for
// a file that no profile knows.
func (ps *Profiles) Sniff(header []byte, name string) (t *Table, ok bool) {
	line, delimiter := headerLine(header)
	fields, state := split(line, delimiter)
	if state != closed || len(fields) < 2 {
		return nil, false
	}
	have := map[string]bool{}
	for _, f := range fields {
		have[strings.ToUpper(strings.TrimSpace(f))] = true
	}
	base := strings.ToLower(path.Base(name))
	if _, member, ok := strings.Cut(base, "!"); ok {
		base = path.Base(member)
	}
	rank := func(t *Table) int {
		n := len(t.needs)
		if t.own {
			n += 1000
		}
		if base == t.File {
			n += 2000
		}
		return n
	}
	for _, c := range ps.tables {
		if c.delimiter != 0 && c.delimiter != delimiter || slices.ContainsFunc(c.needs, func(n string) bool { return !have[n] }) {
			continue
		}
		if t == nil || rank(c) > rank(t) {
			t = c
		}
	}
	return t, t != nil
}

// headerLine gives the first line without its mark and its delimiter: the one that occurs most.
func headerLine(b []byte) (line string, delimiter byte) {
	b = bytes.TrimPrefix(b, []byte(bom))
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	b = bytes.TrimRight(b, "\r")
	delimiter = ','
	for _, d := range []byte{';', '|', '\t'} {
		if bytes.Count(b, []byte{d}) > bytes.Count(b, []byte{delimiter}) {
			delimiter = d
		}
	}
	return string(b), delimiter
}

const bom = "\xef\xbb\xbf"

// Held is a table whose companion has not come.
type Held struct {
	Table   *Table
	Missing *Table
}

// String is the sentence for people.
func (h Held) String() string {
	return fmt.Sprintf("%s came without %s of the same %s export; it waits in the inbox until that comes too", h.Table.File, h.Missing.File, h.Table.Profile)
}

// Unpaired gives, of the tables that came together (one folder, one export), those that cannot be
// read alone: claims without the file of their lines, and the reverse.
func (ps *Profiles) Unpaired(came []*Table) []Held {
	var out []Held
	for _, t := range ps.tables {
		if t.Lines == "" {
			continue
		}
		lines, ok := ps.Table(t.Profile, t.Lines)
		if !ok {
			continue
		}
		switch a, b := slices.Contains(came, t), slices.Contains(came, lines); {
		case a && !b:
			out = append(out, Held{t, lines})
		case b && !a:
			out = append(out, Held{lines, t})
		}
	}
	slices.SortFunc(out, func(x, y Held) int { return cmp.Compare(x.Table.String(), y.Table.String()) })
	return out
}
