package snip

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"revcycle/civil"
	"revcycle/parsers/x12"
)

// Codes of the faults of type 5 against external code sets.
const (
	CodeUnknown = "CODE_UNKNOWN" // the set has no such code
	CodeExpired = "CODE_EXPIRED" // the set has the code, and not for the day
)

// CodeSets are external code sets that were loaded, by name. A set that is not among them is not checked.
type CodeSets struct {
	sets map[string]map[string][]validity
}

// validity is when a code is valid; zero ends are open.
type validity struct{ from, to civil.Date }

// Names lists the sets that are loaded.
func (c *CodeSets) Names() []string {
	var out []string
	if c != nil {
		for name := range c.sets {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Load reads a set: a line "# set: NAME", other lines that begin with # passed over, then CSV with the columns code, from and to (days as
// 2025-01-31; empty is open; to is the last day). A code may have several rows. The error names the line.
func (c *CodeSets) Load(r io.Reader) (name string, codes int, err error) {
	in := bufio.NewReader(r)
	line := 0
	for {
		head, err := in.Peek(1)
		if err != nil || head[0] != '#' {
			break
		}
		text, err := in.ReadString('\n')
		if err != nil && err != io.EOF {
			return name, 0, err
		}
		line++
		if v, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(text, "#")), "set:"); ok {
			name = strings.TrimSpace(v)
		}
	}
	if !slices.Contains(SetNames(), name) {
		return name, 0, fmt.Errorf("line 1: wanted # set: and one of %s", strings.Join(SetNames(), ", "))
	}
	if c.sets == nil {
		c.sets = map[string]map[string][]validity{}
	}
	if c.sets[name] == nil {
		c.sets[name] = map[string][]validity{}
	}
	rows := csv.NewReader(in)
	rows.ReuseRecord, rows.FieldsPerRecord = true, 3
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return name, codes, nil
		}
		if err != nil {
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				return name, codes, fmt.Errorf("line %d: wanted code,from,to: %w", line+bad.Line, bad.Err)
			}
			return name, codes, err
		}
		at, _ := rows.FieldPos(0)
		if row[0] == "code" && codes == 0 {
			continue
		}
		v, err := valid(row[1], row[2])
		if err != nil || row[0] == "" {
			return name, codes, fmt.Errorf("line %d: wanted a code and days such as 2025-01-31", line+at)
		}
		code := strings.ReplaceAll(strings.Clone(row[0]), ".", "")
		c.sets[name][code] = append(c.sets[name][code], v)
		codes++
	}
}

func valid(from, to string) (v validity, err error) {
	for _, x := range []struct {
		text string
		day  *civil.Date
	}{{from, &v.from}, {to, &v.to}} {
		if x.text == "" {
			continue
		}
		if *x.day, err = civil.ParseISO(x.text); err != nil {
			return v, err
		}
	}
	return v, nil
}

// codeUse is a row of the table of uses.
type codeUse struct {
	set           string
	guides, loops []string
	segment       uint32
	elements      []position
	when          position
	codes         []string
	made          bool // judged on the day on which the set was made
}

// position is an element and its component; each says that the element is every one.
type position struct {
	element, component int
	each               bool
}

//go:embed codeuses.txt
var codeUsesText string

var codeUses = mustCodeUses(codeUsesText)

// SetNames lists the code sets that are known by name.
func SetNames() []string {
	var out []string
	for i := range codeUses {
		if !slices.Contains(out, codeUses[i].set) {
			out = append(out, codeUses[i].set)
		}
	}
	slices.Sort(out)
	return out
}

// SetsOf lists the code sets whose codes stand in sets that follow a guide.
func SetsOf(g *x12.Guide) []string {
	var out []string
	for i := range codeUses {
		u := &codeUses[i]
		if slices.ContainsFunc(u.guides, func(part string) bool { return strings.Contains(g.ID, part) }) && !slices.Contains(out, u.set) {
			out = append(out, u.set)
		}
	}
	return out
}

func mustCodeUses(text string) (out []codeUse) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "|")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if len(f) != 8 {
			panic("snip: code uses: eight fields are wanted: " + line)
		}
		u := codeUse{set: f[0], guides: strings.Fields(f[1]), loops: strings.Fields(f[2]), segment: pack(f[3]), made: f[6] == "made"}
		for e := range strings.FieldsSeq(f[4]) {
			u.elements = append(u.elements, mustPosition(e))
		}
		if f[5] != "-" {
			w := strings.Fields(f[5])
			u.when, u.codes = mustPosition(w[0]), w[1:]
		}
		out = append(out, u)
	}
	return out
}

func mustPosition(s string) (p position) {
	element, component, _ := strings.Cut(s, "-")
	if p.each = element == "each"; !p.each {
		p.element = mustNumber(element)
	}
	if component != "" {
		p.component = mustNumber(component)
	}
	return p
}

func mustNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("snip: code uses: " + err.Error())
	}
	return n
}

// bindCodes gives, for each loop of a guide by its index, the uses of codes in it.
func bindCodes(g *x12.Guide) [][]*codeUse {
	out := make([][]*codeUse, len(g.Loops))
	for i := range codeUses {
		u := &codeUses[i]
		if !slices.ContainsFunc(u.guides, func(part string) bool { return strings.Contains(g.ID, part) }) {
			continue
		}
		for k := range g.Loops {
			if u.loops[0] == "*" || slices.Contains(u.loops, g.Loops[k].ID) {
				out[k] = append(out[k], u)
			}
		}
	}
	return out
}

// codesOf judges the codes in the segments of a loop that has ended.
func (c *CodeSets) codesOf(v view, uses []*codeUse, report func(x12.Fault)) {
	for _, u := range uses {
		set := c.sets[u.set]
		if set == nil {
			continue
		}
		for s, ok := v.firstOf(u.segment); ok; s, ok = s.nextOf() {
			for _, p := range u.elements {
				first, last := p.element, p.element
				if p.each {
					first, last = 1, s.len()
				}
				for i := first; i <= last; i++ {
					if u.speaks(s, i) {
						u.judge(set, v, s, i, p.component, report)
					}
				}
			}
		}
	}
}

// speaks reports whether a use is meant in a segment's element.
func (u *codeUse) speaks(s seg, i int) bool {
	if len(u.codes) == 0 {
		return true
	}
	at := u.when.element
	if u.when.each {
		at = i
	}
	return s.is(at, u.when.component, u.codes...)
}

// judge judges one code.
func (u *codeUse) judge(set map[string][]validity, v view, s seg, i, j int, report func(x12.Fault)) {
	code := s.comp(i, j)
	if len(code) == 0 {
		return
	}
	spans, known := set[string(code)]
	if !known {
		known = bytes.IndexByte(code, '.') >= 0 // diagnoses with their dot
		spans = set[strings.ReplaceAll(string(code), ".", "")]
		known = known && spans != nil
	}
	if !known {
		fault(v, s, i, j, report, x12.Fault{SNIP: 5, Code: CodeUnknown, Severity: x12.Warn, Message: "the code is none of the set " + u.set})
		return
	}
	day := v.made()
	if !u.made {
		day = served(v)
	}
	if !day.Known() || slices.ContainsFunc(spans, func(x validity) bool { return day >= x.from && (!x.to.Known() || day <= x.to) }) {
		return
	}
	what := "day of service"
	if u.made {
		what = "day on which the set was made"
	}
	fault(v, s, i, j, report, x12.Fault{SNIP: 5, Code: CodeExpired, Severity: x12.Warn, Message: "the code of the set " + u.set + " is not valid on the " + what})
}

// served is the day of service of a line, else the last one of its claim; unknown outside claims.
func served(v view) civil.Date {
	for ok := true; ok; v, ok = v.up() {
		switch v.id() {
		case "2400":
			if _, first, _ := v.dated("472"); first.Known() {
				return first
			}
		case "2300":
			return lastDay(v)
		}
	}
	return 0
}
