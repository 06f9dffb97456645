package x999

import (
	"strconv"
	"strings"

	"revcycle/parsers/x12"
)

// Guide is the guide that answers are written by.
const Guide = "005010X231A1"

// TA1 is the answer to an interchange.
type TA1 struct {
	Control, Date, Time string // ISA13, ISA09, ISA10 of the interchange received
	Verdict             string // TA104: A, E or R
	Note                string // TA105
}

// WriteTA1 writes a TA1. It stands between ISA and the first GS.
func WriteTA1(w *x12.Writer, t TA1) error {
	return w.Write("TA1", t.Control, t.Date, t.Time, t.Verdict, t.Note)
}

// Write writes one set that answers one group, a 999 or for groups of version 4010 a 997. The caller has opened the group (GS01 FA).
func Write(w *x12.Writer, control string, a Answer) error {
	kind, guide := "999", Guide
	seg, elem, end := "IK3", "IK4", "IK5"
	if Old(a.Version) {
		kind, guide = "997", ""
		seg, elem, end = "AK3", "AK4", "AK5"
	}
	put := func(id string, elems ...string) {
		if w.Write(id, elems...) != nil {
			return // errors stick: SE gives it
		}
	}
	if err := w.ST(kind, control, guide); err != nil {
		return err
	}
	put("AK1", first(guide != "", []string{a.Kind, a.Control, a.Version}, []string{a.Kind, a.Control})...)
	for _, s := range a.Sets {
		put("AK2", first(guide != "", []string{s.Kind, s.Control, s.Guide}, []string{s.Kind, s.Control})...)
		for _, e := range s.Segments {
			put(seg, e.ID, strconv.Itoa(max(e.Position, 1)), loopOf(guide, e.Loop), older(guide, e.Code, "2"))
			for _, x := range e.Elements {
				put(elem, place(x), "", older(guide, x.Code, "7"))
			}
		}
		put(end, append([]string{s.Verdict}, olders(guide, s.Errors)...)...)
	}
	put("AK9", append([]string{a.Verdict, strconv.Itoa(a.Included), strconv.Itoa(a.Received), strconv.Itoa(a.Taken)}, olders(guide, a.Errors)...)...)
	return w.SE()
}

// Old reports whether groups of a version are answered by a 997.
func Old(version string) bool { return strings.HasPrefix(version, "00401") }

// loopOf is IK303; AK303 of 4010 has four characters and names no longer loop.
func loopOf(guide, loop string) string {
	if guide == "" && len(loop) > 4 {
		return ""
	}
	return loop
}

func first(yes bool, a, b []string) []string {
	if yes {
		return a
	}
	return b
}

// older is a code as a 997 of 4010 can say it, which knows no codes that begin with I.
func older(guide, code, otherwise string) string {
	if guide == "" && strings.HasPrefix(code, "I") {
		return otherwise
	}
	return code
}

func olders(guide string, codes []string) []string {
	var out []string
	for _, c := range codes {
		out = note(out, older(guide, c, "5"))
	}
	return out
}

// place is IK401: the element, its component and its repetition.
func place(e ElementError) string {
	parts := []string{strconv.Itoa(max(e.Element, 1)), "", ""}
	if e.Component > 0 {
		parts[1] = strconv.Itoa(e.Component)
	}
	if e.Repetition > 0 {
		parts[2] = strconv.Itoa(e.Repetition)
	}
	return x12.Comp(parts...)
}
