package x999

import (
	"strconv"

	"revcycle/parsers/x12"
)

// Reader collects the answers of one set, a 999 or a 997: Take each of its segments, then ask for the Answer. The zero value is ready.
type Reader struct {
	a   Answer
	set bool // an AK2 is open
}

// Take takes the next segment of the set.
func (r *Reader) Take(s *x12.Segment) {
	text := func(i int) string { return string(s.Elem(i)) }
	switch string(s.ID()) {
	case "ST":
		*r = Reader{}
	case "AK1":
		r.a = Answer{Kind: text(1), Control: text(2), Version: text(3)}
	case "AK2":
		r.a.Sets = append(r.a.Sets, SetAnswer{Kind: text(1), Control: text(2), Guide: text(3)})
		r.set = true
	case "IK3", "AK3":
		if t := r.last(); t != nil {
			n, _ := strconv.Atoi(text(2))
			t.Segments = append(t.Segments, SegmentError{ID: text(1), Position: n, Loop: text(3), Code: text(4)})
		}
	case "IK4", "AK4":
		if t := r.last(); t != nil && len(t.Segments) > 0 {
			e := &t.Segments[len(t.Segments)-1]
			e.Elements = append(e.Elements, ElementError{number(s.Comp(1, 1)), number(s.Comp(1, 2)), number(s.Comp(1, 3)), text(3)})
		}
	case "IK5", "AK5":
		if t := r.last(); t != nil {
			t.Verdict, t.Errors = text(1), list(s, 2, 6)
			r.set = false
		}
	case "AK9":
		r.a.Verdict, r.a.Included, r.a.Received, r.a.Taken = text(1), number(s.Elem(2)), number(s.Elem(3)), number(s.Elem(4))
		r.a.Errors = list(s, 5, 9)
	}
}

// Answer is what the set said.
func (r *Reader) Answer() Answer { return r.a }

// last is the set that is being answered.
func (r *Reader) last() *SetAnswer {
	if !r.set {
		return nil
	}
	return &r.a.Sets[len(r.a.Sets)-1]
}

// ReadTA1 reads a TA1.
func ReadTA1(s *x12.Segment) TA1 {
	return TA1{string(s.Elem(1)), string(s.Elem(2)), string(s.Elem(3)), string(s.Elem(4)), string(s.Elem(5))}
}

func number(b []byte) int {
	n, err := strconv.Atoi(string(b))
	if err != nil {
		return 0
	}
	return n
}

func list(s *x12.Segment, from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		if e := s.Elem(i); len(e) > 0 {
			out = append(out, string(e))
		}
	}
	return out
}
