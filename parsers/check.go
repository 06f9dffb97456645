package parsers

import (
	"fmt"
	"strconv"
	"strings"

	"revcycle/parsers/x12"
)

// Codes of the faults found here, beside those of x12 and x835.
const (
	CodeHLSequence = "HL_SEQUENCE" // HL01 does not rise by one from 1
	CodeHLParent   = "HL_PARENT"   // HL02 names the level itself (reject), or none that came before, or one of the wrong kind (warn)
	CodeHLDepth    = "HL_DEPTH"    // levels nested deeper than MaxDepth; reject
)

// MaxDepth is how deep HL levels may nest. The guides need four.
const MaxDepth = 8

// maxLevels bounds the HL numbers of a set that are remembered to check parents; later ones are not checked.
const maxLevels = 1 << 20

// hierarchy checks the HL segments of one set after another.
type hierarchy struct {
	report func(x12.Fault)
	order  []string // the levels of the guide by HL03, each below the one before it; none where they are not known
	next   int      // the HL01 that is wanted
	levels []byte   // HL03 by HL01 (its last digit), 0 for none; depth in the upper half
	deep   bool     // said once a set
}

func (h *hierarchy) begin(k Kind) {
	h.order = levelsOf[k]
	h.next, h.levels, h.deep = 1, h.levels[:0], false
	if cap(h.levels) > 1<<16 {
		h.levels = nil
	}
}

// take takes an HL*2*1*22*0.
func (h *hierarchy) take(s *x12.Segment) {
	number, err := strconv.Atoi(string(s.Elem(1)))
	if err != nil || number < 1 {
		h.fault(s, CodeHLSequence, x12.Warn, 1, 1, "the number of the level is no whole number above zero")
		return
	}
	if number != h.next {
		h.fault(s, CodeHLSequence, x12.Warn, 1, 1, fmt.Sprintf("the level has the number %d, wanted %d", number, h.next))
	}
	h.next = number + 1
	depth := h.parent(s, number)
	if depth > MaxDepth && !h.deep {
		h.deep = true
		h.fault(s, CodeHLDepth, x12.Reject, 2, 2, fmt.Sprintf("levels nest deeper than %d", MaxDepth))
	}
	if number < maxLevels {
		for len(h.levels) <= number {
			h.levels = append(h.levels, make([]byte, number+1-len(h.levels))...)
		}
		h.levels[number] = byte(min(depth, MaxDepth+1))<<4 | h.kind(s.Elem(3))
	}
}

// levelsOf are the levels of the guides: billing provider, subscriber, patient; source, receiver, provider, patient.
var levelsOf = map[Kind][]string{
	Professional: {"20", "22", "23"}, Institutional: {"20", "22", "23"}, Dental: {"20", "22", "23"}, Claims: {"20", "22", "23"},
	ClaimAck: {"20", "21", "19", "PT"},
}

// kind is the place of a level in the order, from 1; 15 for others.
func (h *hierarchy) kind(code []byte) byte {
	for i, c := range h.order {
		if string(code) == c {
			return byte(i + 1)
		}
	}
	return 15
}

// parent checks HL02 and gives the depth of the level.
func (h *hierarchy) parent(s *x12.Segment, number int) (depth int) {
	own := h.kind(s.Elem(3))
	text := string(s.Elem(2))
	if text == "" {
		if len(h.order) > 0 && own != 1 {
			h.fault(s, CodeHLParent, x12.Warn, 2, 2, "the level names no parent, and its kind needs one")
		}
		return 1
	}
	parent, err := strconv.Atoi(text)
	switch {
	case err != nil || parent < 1:
		h.fault(s, CodeHLParent, x12.Warn, 2, 2, "the parent is no whole number above zero")
		return 1
	case parent == number:
		h.fault(s, CodeHLParent, x12.Reject, 1, 2, "the level names itself as its parent")
		return 1
	case parent >= maxLevels:
		return 1
	case parent >= len(h.levels) || h.levels[parent] == 0:
		h.fault(s, CodeHLParent, x12.Warn, 2, 2, "no level of that number came before")
		return 1
	}
	above := h.levels[parent]
	if own == 1 || own < 15 && above&15 != own-1 {
		h.fault(s, CodeHLParent, x12.Warn, 2, 2, "the parent is of the wrong kind: each level stands below the one before it, of "+strings.Join(h.order, ", "))
	}
	return int(above>>4) + 1
}

func (h *hierarchy) fault(s *x12.Segment, code string, severity x12.Severity, snip, element int, message string) {
	h.report(x12.Fault{SNIP: snip, Code: code, Severity: severity, Segment: "HL", Ordinal: s.Ordinal, Element: fmt.Sprintf("HL%02d", element), Byte: s.Byte, Message: message})
}
