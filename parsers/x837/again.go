package x837

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
)

// Again says how a claim that was sent is sent again: whole as it was, but for what is said here.
type Again struct {
	Frequency string // CLM05-3: 1 as if for the first time, 7 in the place of the one before, 8 to void it
	// Original is the payer's number of the claim that it stands for (REF*F8); "" leaves that segment out.
	Original  string
	Condition string // HI*BG that says why, put before the others (institutional: D0 to D9, E0); "" for none
	Control   string // ST02
	Reference string // BHT03
	Created   civil.Date
	Time      string // HHMM
}

// ErrNoSuchClaim is wrapped where a set does not hold the claim.
var ErrNoSuchClaim = errors.New("no such claim in the set")

// WriteAgain writes the n-th claim of a set, from 1, as a set of its own: the head of its set, the levels above it and its segments, in
// their order and as they were sent, with the Writer's delimiters. The caller has opened a group. R is the whole file and whole its set.
func WriteAgain(w *x12.Writer, r io.ReaderAt, whole set.Chunk, n int, how Again) error {
	p, err := find(r, whole, n)
	if err != nil {
		return err
	}
	in := x12.NewReader(set.NewSource(r, whole))
	for {
		s, err := in.Read()
		if err == io.EOF {
			break
		}
		if bad, ok := errors.AsType[*x12.SyntaxError](err); ok && !bad.Fatal {
			if p.wants(bad.Segment) {
				return fmt.Errorf("write a claim again: %w", err)
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("write a claim again: %w", err)
		}
		if err := p.write(w, s, &how); err != nil {
			return fmt.Errorf("write a claim again: %w", err)
		}
	}
	return w.SE()
}

// span is a run of segments by their ordinals, the last not included.
type span struct{ from, to int }

// parts are where a claim and all above it stand in its set.
type parts struct {
	guide              string // ST03, else GS08
	st, bht            int
	head               span
	levels             [3]span // 2000A, 2000B, 2000C; empty where there is none
	claim              span
	original           int // the REF*F8 that it has, 0 for none
	originalAt, reason int // before which segment a REF*F8 and an HI*BG belong
}

// find looks through a set for its n-th claim.
func find(r io.ReaderAt, whole set.Chunk, n int) (*parts, error) {
	f := finder{want: n}
	in := x12.NewReader(set.NewSource(r, whole))
	for !f.done {
		s, err := in.Read()
		if err == io.EOF {
			break
		}
		if bad, ok := errors.AsType[*x12.SyntaxError](err); ok && !bad.Fatal {
			f.last = bad.Segment
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for a claim: %w", err)
		}
		if err := f.take(s); err != nil {
			return nil, err
		}
	}
	f.end(f.last + 1)
	if f.p.claim.from == 0 || f.p.claim.to == 0 {
		return nil, fmt.Errorf("look for a claim: claim %d: %w", n, ErrNoSuchClaim)
	}
	return &f.p, nil
}

// finder walks a set up to the end of one claim.
type finder struct {
	p      parts
	want   int
	claims int
	done   bool
	last   int
	group  string
	guide  *guide
	walker *x12.Walker
	open   *span // the head or level that grows
	f8, bg int   // positions of the uses in 2300
}

func (f *finder) take(s *x12.Segment) error {
	f.last = s.Ordinal
	switch string(s.ID()) {
	case "ISA", "GE", "IEA":
		return nil
	case "GS":
		f.group = string(s.Elem(8))
		return nil
	case "ST":
		return f.begin(s)
	}
	if f.guide == nil {
		return nil
	}
	at := f.walker.Place(s)
	switch string(s.ID()) {
	case "SE":
		f.end(s.Ordinal)
		f.done = true
	case "BHT":
		f.p.bht = s.Ordinal
	case "HL":
		if f.end(s.Ordinal); !f.done {
			f.level(string(s.Elem(3)), s.Ordinal)
		}
	case "CLM":
		f.end(s.Ordinal)
		if f.claims++; f.claims == f.want && !f.done {
			f.p.claim.from = s.Ordinal
		}
	}
	if f.p.claim.from > 0 && f.p.claim.to == 0 {
		f.own(s, at)
	}
	return nil
}

// begin takes the ST.
func (f *finder) begin(s *x12.Segment) error {
	if f.p.guide = string(s.Elem(3)); f.p.guide == "" {
		f.p.guide = f.group
	}
	if f.guide = guideOf(f.p.guide); f.guide == nil {
		return fmt.Errorf("look for a claim: the set names no guide that is read")
	}
	f.walker = f.guide.table.Walker()
	f.walker.Place(s)
	loop := &f.guide.table.Loops[f.guide.table.Index("2300")]
	for i := range loop.Segments {
		switch u := &loop.Segments[i]; {
		case u.ID == "REF" && slices.Contains(u.Codes, "F8"):
			f.f8 = i
		case u.ID == "HI" && slices.Contains(u.Codes, "BG"):
			f.bg = i
		}
	}
	f.p.st = s.Ordinal
	f.p.head = span{from: s.Ordinal + 1}
	f.open = &f.p.head
	return nil
}

// end ends what grows before a segment.
func (f *finder) end(at int) {
	if f.open != nil {
		f.open.to, f.open = at, nil
	}
	if f.p.claim.from > 0 && f.p.claim.to == 0 {
		f.p.claim.to, f.done = at, true
		for _, place := range []*int{&f.p.originalAt, &f.p.reason} {
			if *place == 0 {
				*place = at
			}
		}
	}
}

// level opens the level of an HL03; those below it end.
func (f *finder) level(code string, at int) {
	n := strings.Index("20 22 23", code) / 3
	for i := n; i < len(f.p.levels); i++ {
		f.p.levels[i] = span{}
	}
	f.p.levels[n] = span{from: at}
	f.open = &f.p.levels[n]
}

// behind is where all loops below the claim stand.
const behind = 1 << 20

// own takes a segment of the claim: it tells what it has, and before which segment something else belongs.
func (f *finder) own(s *x12.Segment, at x12.Placement) {
	if at.Loop != nil && at.Loop.ID == "2300" && s.Is("REF") && string(s.Elem(1)) == "F8" && f.p.original == 0 {
		f.p.original = s.Ordinal
	}
	position := -1 // of a segment that no loop takes: it goes with what came before
	if at.Loop != nil {
		if position = behind; at.Loop.ID == "2300" {
			for i := range at.Loop.Segments {
				if &at.Loop.Segments[i] == at.Use {
					position = i
				}
			}
		}
	}
	if f.p.originalAt == 0 && position > f.f8 {
		f.p.originalAt = s.Ordinal
	}
	if f.p.reason == 0 && position >= f.bg && f.bg > 0 {
		f.p.reason = s.Ordinal
	}
}

func (s span) has(n int) bool { return n >= s.from && n < s.to }

// wants reports whether a segment is one of those that are written.
func (p *parts) wants(n int) bool {
	return p.head.has(n) || p.levels[0].has(n) || p.levels[1].has(n) || p.levels[2].has(n) || p.claim.has(n)
}

// write writes a segment of the set where it is wanted.
func (p *parts) write(w *x12.Writer, s *x12.Segment, how *Again) error {
	n := s.Ordinal
	if n == p.claim.to { // what belongs at the claim's end
		if err := p.insert(w, n, how); err != nil {
			return err
		}
	}
	switch {
	case n == p.st:
		return w.ST("837", how.Control, string(s.Elem(3)))
	case n == p.bht:
		return w.Write("BHT", "0019", "00", how.Reference, how.Created.X12(), how.Time, string(s.Elem(6)))
	case !p.wants(n) || n > p.claim.to:
		return nil
	}
	if p.claim.has(n) {
		if err := p.insert(w, n, how); err != nil {
			return err
		}
	}
	switch {
	case n == p.levels[0].from:
		return w.Write("HL", "1", "", "20", "1")
	case n == p.levels[1].from:
		child := "0"
		if p.levels[2].from > 0 {
			child = "1"
		}
		return w.Write("HL", "2", "1", "22", child)
	case n == p.levels[2].from:
		return w.Write("HL", "3", "2", "23", "0")
	case n == p.claim.from:
		return w.Write("CLM", clm(s, how.Frequency)...)
	case n == p.original:
		return nil // the one that is told takes its place
	}
	return w.Segment(s)
}

// insert writes what belongs before a segment and is not in the claim.
func (p *parts) insert(w *x12.Writer, n int, how *Again) error {
	if how.Original != "" && n == p.originalAt {
		if err := w.Write("REF", "F8", how.Original); err != nil {
			return err
		}
	}
	if how.Condition != "" && n == p.reason {
		return w.Write("HI", x12.Comp("BG", how.Condition))
	}
	return nil
}

// clm gives the elements of a CLM with another frequency.
func clm(s *x12.Segment, frequency string) []string {
	d := s.Delims()
	out := make([]string, s.Len())
	for i := range out {
		out[i] = x12.Comp(strings.Split(string(s.Elem(i+1)), string(d.Component))...)
	}
	if len(out) >= 5 {
		out[4] = x12.Comp(string(s.Comp(5, 1)), string(s.Comp(5, 2)), frequency)
	}
	return out
}
