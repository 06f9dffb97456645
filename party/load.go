package party

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/spelling"
)

// Problem is a row or a file of the masters that cannot be used as it stands.
type Problem struct {
	File    string
	Line    int // 1 is the header; 0 speaks of the whole file
	Message string
	// Kept says that the row serves all the same; a row with a Problem and without Kept answers nothing.
	Kept bool
}

// String is "payers.csv line 4: …".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return p.File + " line " + strconv.Itoa(p.Line) + ": " + p.Message
}

// Load reads the masters that lie at the top of fsys. Masters are optional: a missing file is an
// empty one. A row that cannot be used is a Problem and the others go on; an error means that a file
// could not be read at all. Problems come in order of file and line.
func Load(fsys fs.FS) (*Directory, []Problem, error) {
	l := newLoader()
	for _, m := range Masters() {
		rows, err := l.read(fsys, m)
		if err != nil {
			return nil, nil, fmt.Errorf("party: %s: %w", m.File, err)
		}
		for _, r := range rows {
			l.take(r)
		}
	}
	d := l.directory()
	order := map[string]int{}
	for i, m := range Masters() {
		order[m.File] = i
	}
	slices.SortStableFunc(l.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	return d, l.problems, nil
}

// row is one data row by column name.
type row struct {
	file   string
	line   int
	fields map[string]string
	span   civil.Span
}

func (r row) get(column string) string { return r.fields[column] }

// read gives the rows of a master that have the right shape: all columns known, required ones
// filled, a span whose end is not before its start.
func (l *loader) read(fsys fs.FS, m Master) ([]row, error) {
	f, err := fsys.Open(m.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buffered := bufio.NewReader(f)
	if bom, _ := buffered.Peek(3); string(bom) == "\xef\xbb\xbf" {
		buffered.Discard(3)
	}
	r := csv.NewReader(buffered)
	r.Comment, r.TrimLeadingSpace, r.FieldsPerRecord = '#', true, -1
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	columns, ok := l.header(m, header)
	if !ok {
		return nil, nil
	}
	var rows []row
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if pe, ok := errors.AsType[*csv.ParseError](err); ok {
			l.problem(m.File, pe.StartLine, "the quotes of the row do not close; put \" at both ends of a field, and \"\" for one inside it")
			continue
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		if r, ok := l.row(m, columns, record, line); ok {
			rows = append(rows, r)
		}
	}
}

// header checks the names of the columns. A file with a wrong header serves no row: a column read
// under a wrong name would map money to the wrong place.
func (l *loader) header(m Master, header []string) (columns []string, ok bool) {
	names := make([]string, len(m.Columns))
	for i, c := range m.Columns {
		names[i] = c.Name
	}
	columns, ok = make([]string, len(header)), true
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		columns[i] = h
		switch {
		case !slices.Contains(names, h):
			hint := "; the columns are " + strings.Join(names, ", ")
			if n := spelling.Nearest(h, names); n != "" {
				hint = "; did you mean " + n + "?"
			}
			l.problem(m.File, 1, fmt.Sprintf("%q is no column here%s", h, hint))
			ok = false
		case slices.Contains(columns[:i], h):
			l.problem(m.File, 1, fmt.Sprintf("column %s stands twice; take one away", h))
			ok = false
		}
	}
	for _, c := range m.Columns {
		if c.Required && !slices.Contains(columns, c.Name) {
			l.problem(m.File, 1, fmt.Sprintf("column %s is missing; add it", c.Name))
			ok = false
		}
	}
	return columns, ok
}

func (l *loader) row(m Master, columns, record []string, line int) (row, bool) {
	if len(record) == 1 && strings.TrimSpace(record[0]) == "" {
		return row{}, false // a line of blanks
	}
	if len(record) != len(columns) {
		l.problem(m.File, line, fmt.Sprintf("the row has %d fields where the header has %d; add or take away commas", len(record), len(columns)))
		return row{}, false
	}
	r := row{file: m.File, line: line, fields: make(map[string]string, len(columns))}
	for i, c := range columns {
		r.fields[c] = strings.TrimSpace(record[i])
	}
	for _, c := range m.Columns {
		if c.Required && r.fields[c.Name] == "" {
			l.problem(m.File, line, fmt.Sprintf("%s is empty; fill it in or take the row away", c.Name))
			return row{}, false
		}
	}
	for _, end := range []struct {
		name string
		day  *civil.Date
	}{{"from", &r.span.From}, {"to", &r.span.To}} {
		text := r.fields[end.name]
		if text == "" {
			continue
		}
		day, err := civil.ParseISO(text)
		if err != nil {
			l.problem(m.File, line, end.name+" is no date; write it 2026-01-31")
			return row{}, false
		}
		*end.day = day
	}
	if r.span.To.Known() && r.span.To < r.span.From {
		l.problem(m.File, line, "the row ends before it starts; exchange from and to")
		return row{}, false
	}
	l.remember(m, r)
	return r, true
}

// remember adds the row to the content digest: fields in the schema's order, each with its length.
func (l *loader) remember(m Master, r row) {
	var b strings.Builder
	b.WriteString(m.File)
	for _, c := range m.Columns {
		v := r.fields[c.Name]
		fmt.Fprintf(&b, "|%d:%s", len(v), v)
	}
	l.content = append(l.content, b.String())
}

func (l *loader) contentDigest() claim.Digest {
	slices.Sort(l.content)
	h := sha256.New()
	for _, line := range slices.Compact(l.content) {
		fmt.Fprintf(h, "%d:%s", len(line), line)
	}
	return claim.Digest(h.Sum(nil))
}

func (l *loader) problem(file string, line int, message string) {
	l.problems = append(l.problems, Problem{File: file, Line: line, Message: message})
}

func (l *loader) remark(r row, message string) {
	l.problems = append(l.problems, Problem{File: r.file, Line: r.line, Message: message, Kept: true})
}
