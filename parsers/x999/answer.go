package x999

import (
	"cmp"
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"revcycle/parsers/x12"
)

// Verdicts of sets (IK501) and groups (AK901).
const (
	Accepted   = "A" // nothing was wrong
	WithErrors = "E" // accepted, and something was noted
	Partially  = "P" // of a group: some of its sets were rejected
	Rejected   = "R" // nothing of it was taken
)

// Answer is what is said of one group that was received.
type Answer struct {
	Kind, Control, Version string // GS01, GS06, GS08 of the group (AK1)
	Sets                   []SetAnswer
	Verdict                string   // AK901
	Included               int      // sets by the group's GE01 (AK902)
	Received               int      // sets that came (AK903)
	Taken                  int      // sets that were accepted (AK904)
	Errors                 []string // AK905 to AK909
}

// SetAnswer is what is said of one set (AK2 to IK5).
type SetAnswer struct {
	Kind, Control, Guide string // ST01, ST02, ST03
	Segments             []SegmentError
	Verdict              string   // IK501
	Errors               []string // IK502 to IK506
}

// SegmentError is something wrong with one segment (IK3).
type SegmentError struct {
	ID       string // IK301; UNK for what is no segment ID: it may be data, and is not repeated
	Position int    // in the set, ST being 1 (IK302)
	Loop     string // IK303, "" for none
	Code     string // IK304
	Elements []ElementError
}

// ElementError is something wrong with one element (IK4).
type ElementError struct {
	Element, Component, Repetition int // IK401; component and repetition 0 for none
	Code                           string
}

//go:embed codes.txt
var codesText string

// code says where in an answer a fault stands, and under what name.
type code struct{ where, name string }

var codes = func() map[string]code {
	out := make(map[string]code)
	for line := range strings.Lines(codesText) {
		if f := strings.Fields(line); len(f) == 3 && f[0] != "#" {
			out[f[0]] = code{f[1], f[2]}
		}
	}
	return out
}()

// of says where a fault stands in an answer: a fault that no table knows is its segment's.
func of(f x12.Fault) (c code, ok bool) {
	if f.SNIP > 2 {
		return code{}, false
	}
	if c, ok = codes[f.Code]; ok {
		return c, true
	}
	if f.Element != "" {
		return code{"element", "7"}, true
	}
	return code{"segment", "8"}, true
}

// Note is the TA105 of an interchange: the code of its first fault of severity reject, else of its first, 000 for none.
func Note(faults []x12.Fault) (note string, rejected bool) {
	note = "000"
	for _, f := range faults {
		c, ok := of(f)
		if !ok || c.where != "interchange" {
			continue
		}
		if f.Severity == x12.Reject && !rejected {
			note, rejected = c.name, true
		} else if note == "000" {
			note = c.name
		}
	}
	return note, rejected
}

// Received is a set that came, with what was found in it.
type Received struct {
	x12.Set
	Unread bool        // nothing reads such sets: ST01 or the guide is not supported
	Faults []x12.Fault // of any type; those above 2 are no matter of a 999
}

// Judge makes the answer to a group from its sets and its own faults. Included is what its GE01 says, below 0 where it has none.
func Judge(g x12.Group, included int, sets []Received, faults []x12.Fault) Answer {
	a := Answer{Kind: g.Kind, Control: g.Control, Version: g.Version, Included: included, Received: len(sets)}
	if included < 0 {
		a.Included = len(sets)
	}
	refused, noted := false, false
	for _, f := range faults {
		if c, ok := of(f); ok && c.where == "group" {
			a.Errors = note(a.Errors, c.name)
			refused = refused || f.Severity == x12.Reject
			noted = true
		}
	}
	for _, s := range sets {
		t := s.answer()
		if refused {
			t.Verdict = Rejected
		}
		if t.Verdict != Rejected {
			a.Taken++
		}
		noted = noted || t.Verdict == WithErrors
		a.Sets = append(a.Sets, t)
	}
	switch {
	case refused || a.Taken == 0 && len(sets) > 0:
		a.Verdict = Rejected
	case a.Taken < len(sets):
		a.Verdict = Partially
	case noted:
		a.Verdict = WithErrors
	default:
		a.Verdict = Accepted
	}
	return a
}

// answer judges one set.
func (s Received) answer() SetAnswer {
	t := SetAnswer{Kind: s.Kind, Control: s.Control, Guide: s.Guide, Verdict: Accepted}
	if s.Unread {
		t.Errors, t.Verdict = []string{"I6"}, Rejected
		return t
	}
	rejected := false
	for _, f := range s.Faults {
		c, ok := of(f)
		if !ok || c.where == "interchange" || c.where == "group" {
			continue
		}
		rejected = rejected || f.Severity == x12.Reject
		if c.where == "set" {
			t.Errors = note(t.Errors, c.name)
			continue
		}
		t.Segments = append(t.Segments, segmentError(f, c, s.Segment))
	}
	t.Segments = merge(t.Segments)
	if len(t.Segments) > 0 {
		t.Errors = note(t.Errors, "5")
	}
	switch {
	case rejected:
		t.Verdict = Rejected
	case len(t.Errors) > 0:
		t.Verdict = WithErrors
	}
	return t
}

// note appends a code once, up to the five that an IK5 or AK9 holds.
func note(list []string, code string) []string {
	if slices.Contains(list, code) || len(list) == 5 {
		return list
	}
	return append(list, code)
}

// segmentError turns a fault into an IK3 with its IK4.
func segmentError(f x12.Fault, c code, first int) SegmentError {
	e := SegmentError{ID: cmp.Or(f.Segment, "UNK"), Position: f.Ordinal - first + 1, Loop: f.Loop, Code: c.name}
	if c.where == "element" {
		e.Code = "8"
		at, comp, _ := strings.Cut(strings.TrimPrefix(f.Element, f.Segment), "-")
		n, _ := strconv.Atoi(at)
		k, _ := strconv.Atoi(comp)
		e.Elements = []ElementError{{Element: n, Component: k, Code: c.name}}
	}
	return e
}

// merge orders the errors by their place and puts the elements of one segment under one IK3.
func merge(list []SegmentError) []SegmentError {
	slices.SortStableFunc(list, func(a, b SegmentError) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Loop, b.Loop), cmp.Compare(a.Code, b.Code))
	})
	out := list[:0]
	for _, e := range list {
		if n := len(out); n > 0 && out[n-1].Position == e.Position && out[n-1].ID == e.ID && out[n-1].Code == e.Code && out[n-1].Loop == e.Loop {
			out[n-1].Elements = append(out[n-1].Elements, e.Elements...)
			continue
		}
		out = append(out, e)
	}
	return out
}
