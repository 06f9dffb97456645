package x12

import (
	"fmt"
	"strconv"
	"strings"
)

// Codes of the faults that an [Envelope] finds.
const (
	CodeSE01Count       = "SE01_COUNT"              // SE01 is not the number of segments from ST through SE
	CodeSE02Control     = "SE02_CONTROL"            // SE02 is not ST02, compared as text
	CodeGE01Count       = "GE01_COUNT"              // GE01 is not the number of sets
	CodeGE02Control     = "GE02_CONTROL"            // GE02 is not GS06, compared as numbers
	CodeIEA01Count      = "IEA01_COUNT"             // IEA01 is not the number of groups
	CodeIEA02Control    = "IEA02_CONTROL"           // IEA02 is not ISA13, compared as text
	CodeMissingSE       = "MISSING_SE"              // a set is not closed
	CodeMissingGE       = "MISSING_GE"              // a group is not closed
	CodeMissingIEA      = "MISSING_IEA"             // an interchange is not closed
	CodeST02Duplicate   = "ST02_DUPLICATE"          // two sets of a group bear one control number
	CodeGS06Duplicate   = "GS06_DUPLICATE"          // two groups of an interchange bear one control number
	CodeISA13Duplicate  = "ISA13_DUPLICATE"         // two interchanges of a file bear one sender, receiver and control number; a warning
	CodeISA13Format     = "ISA13_FORMAT"            // ISA13 is not nine digits; a warning
	CodeISA15Usage      = "ISA15_USAGE"             // ISA15 is neither P nor T; a warning
	CodeGS06Format      = "GS06_FORMAT"             // GS06 is not one to nine digits; a warning
	CodeST02Format      = "ST02_FORMAT"             // ST02 is not four to nine bytes; a warning
	CodeST03Guide       = "ST03_GUIDE"              // ST03 names another guide than GS08; a warning
	CodeGSOutside       = "GS_OUTSIDE_INTERCHANGE"  // a GS before an ISA or behind an IEA
	CodeSTOutside       = "ST_OUTSIDE_GROUP"        // an ST outside a group
	CodeSEOutside       = "SE_OUTSIDE_SET"          // an SE without an ST
	CodeGEOutside       = "GE_OUTSIDE_GROUP"        // a GE without a GS
	CodeIEAOutside      = "IEA_OUTSIDE_INTERCHANGE" // an IEA without an ISA
	CodeSegmentOutside  = "SEGMENT_OUTSIDE_SET"     // a segment that belongs in a set stands outside one
	CodeTooManyControls = "TOO_MANY_CONTROLS"       // too many control numbers to go on looking for duplicates; a warning
)

// maxControls bounds the control numbers remembered to find duplicates within one group or file.
const maxControls = 1 << 20

// Event says what a segment did to the envelope.
type Event uint8

const (
	// Outside is a segment between envelopes that changes nothing: a TA1, or one that was reported.
	Outside Event = iota
	// Body is a segment inside a set, between its ST and its SE.
	Body
	// OpenInterchange is an ISA; the interchange, group and set before it are over.
	OpenInterchange
	// CloseInterchange is an IEA; an open set or group ended without its trailer.
	CloseInterchange
	// OpenGroup is a GS; the group and set before it are over.
	OpenGroup
	// CloseGroup is a GE; an open set ended without its trailer.
	CloseGroup
	// OpenSet is an ST; the set before it is over.
	OpenSet
	// CloseSet is the SE of the open set.
	CloseSet
)

// Envelope checks the nesting of interchanges, groups and sets with their counts and control numbers. Feed it every
// segment in file order, then call Finish. The zero value is ready.
type Envelope struct {
	// Report is told of each fault; nil discards them.
	Report func(Fault)

	Interchange Interchange // the last one opened
	Group       Group       // the last one opened
	Set         Set         // the last one opened

	inInterchange, inGroup, inSet bool
	bare                          bool // the file has no ISA: the reader said so already
	isas, gss, sts, segments      int
	sets, groups, interchanges    map[string]struct{}
	told                          bool
}

// Counts gives how many ISA, GS and ST were seen so far, and how many segments.
func (e *Envelope) Counts() (interchanges, groups, sets, segments int) {
	return e.isas, e.gss, e.sts, e.segments
}

// InSet reports whether a set is open.
func (e *Envelope) InSet() bool { return e.inSet }

// Feed takes the next segment and says what it did. It keeps nothing of s.
func (e *Envelope) Feed(s *Segment) Event {
	e.segments++
	id := s.ID()
	switch len(id) {
	case 2:
		switch {
		case id[0] == 'S' && id[1] == 'T':
			return e.openSet(s)
		case id[0] == 'S' && id[1] == 'E':
			return e.closeSet(s)
		case id[0] == 'G' && id[1] == 'S':
			return e.openGroup(s)
		case id[0] == 'G' && id[1] == 'E':
			return e.closeGroup(s)
		}
	case 3:
		if id[0] != 'I' {
			break
		}
		if s.header {
			return e.openInterchange(s)
		}
		if string(id) == "IEA" {
			return e.closeInterchange(s)
		}
	}
	if e.inSet {
		return Body
	}
	if !e.inInterchange && !e.bare || !s.Is("TA1") {
		e.fault(CodeSegmentOutside, Reject, s, 0, "a segment that belongs in a set stands outside one")
	}
	return Outside
}

// Finish reports what is still open at the end of the file.
func (e *Envelope) Finish() {
	e.endInterchange(nil)
}

// Stamp gives f with the ordinals of the interchange, group and set that are open now.
func (e *Envelope) Stamp(f Fault) Fault {
	if e.inInterchange {
		f.Interchange = e.Interchange.Ordinal
	}
	if e.inGroup {
		f.Group = e.Group.Ordinal
	}
	if e.inSet {
		f.Set = e.Set.Ordinal
	}
	return f
}

func (e *Envelope) openInterchange(s *Segment) Event {
	e.endInterchange(s)
	e.isas++
	text := func(i int) string { return strings.TrimSpace(string(s.Elem(i))) }
	e.Interchange = Interchange{
		Ordinal: e.isas, SenderQualifier: text(5), Sender: text(6), ReceiverQualifier: text(7), Receiver: text(8), Date: text(9), Time: text(10),
		Version: text(12), Control: text(13), AckRequested: text(14) == "1", Usage: text(15), Delims: s.Delims(), Byte: s.Byte, Segment: s.Ordinal,
	}
	e.inInterchange, e.bare = true, false
	clear(e.groups)
	i := &e.Interchange
	key := i.SenderQualifier + "\x00" + i.Sender + "\x00" + i.ReceiverQualifier + "\x00" + i.Receiver + "\x00" + i.Control
	if e.seen(&e.interchanges, key, s) {
		e.fault(CodeISA13Duplicate, Warn, s, 13, "an interchange of the same sender and receiver with this control number came before in the file")
	}
	if len(i.Control) != 9 || !isDigits(i.Control) {
		e.fault(CodeISA13Format, Warn, s, 13, "the control number must be nine digits")
	}
	if i.Usage != "P" && i.Usage != "T" {
		e.fault(CodeISA15Usage, Warn, s, 15, "the usage indicator must be P or T")
	}
	return OpenInterchange
}

func (e *Envelope) closeInterchange(s *Segment) Event {
	if !e.inInterchange {
		e.endGroup(s)
		e.fault(CodeIEAOutside, Reject, s, 0, "an IEA without an ISA")
		return Outside
	}
	e.endGroup(s)
	e.count(CodeIEA01Count, s, e.Interchange.Groups, "groups")
	if string(trimBlanks(s.Elem(2))) != e.Interchange.Control {
		e.fault(CodeIEA02Control, Reject, s, 2, "IEA02 is not the control number of its ISA13")
	}
	e.inInterchange = false
	return CloseInterchange
}

// endInterchange closes what is open without its trailer; s is the segment that shows it, nil at the end of the file.
func (e *Envelope) endInterchange(s *Segment) {
	e.endGroup(s)
	if e.inInterchange {
		e.missing(CodeMissingIEA, "IEA", s, e.Interchange.Segment, e.Interchange.Byte)
		e.inInterchange = false
	}
}

func (e *Envelope) openGroup(s *Segment) Event {
	e.endGroup(s)
	e.gss++
	text := func(i int) string { return string(trimBlanks(s.Elem(i))) }
	e.Group = Group{
		Ordinal: e.gss, Kind: text(1), Sender: text(2), Receiver: text(3), Date: text(4), Time: text(5), Control: text(6), Version: text(8),
		Byte: s.Byte, Segment: s.Ordinal,
	}
	e.inGroup = true
	if !e.inInterchange {
		e.bare = e.bare || e.isas == 0 && s.Ordinal == 1
		if !e.bare {
			e.fault(CodeGSOutside, Reject, s, 0, "a GS outside an interchange")
		}
	}
	e.Interchange.Groups++
	clear(e.sets)
	if c := e.Group.Control; len(c) > 9 || !isDigits(c) {
		e.fault(CodeGS06Format, Warn, s, 6, "the control number must be one to nine digits")
	}
	if e.seen(&e.groups, significant(e.Group.Control), s) {
		e.fault(CodeGS06Duplicate, Reject, s, 6, "a group with this control number came before in the interchange")
	}
	return OpenGroup
}

func (e *Envelope) closeGroup(s *Segment) Event {
	if !e.inGroup {
		e.endSet(s)
		e.fault(CodeGEOutside, Reject, s, 0, "a GE without a GS")
		return Outside
	}
	e.endSet(s)
	e.count(CodeGE01Count, s, e.Group.Sets, "sets")
	if significant(string(trimBlanks(s.Elem(2)))) != significant(e.Group.Control) {
		e.fault(CodeGE02Control, Reject, s, 2, "GE02 is not the control number of its GS06")
	}
	e.inGroup = false
	return CloseGroup
}

func (e *Envelope) endGroup(s *Segment) {
	e.endSet(s)
	if e.inGroup {
		e.missing(CodeMissingGE, "GE", s, e.Group.Segment, e.Group.Byte)
		e.inGroup = false
	}
}

func (e *Envelope) openSet(s *Segment) Event {
	e.endSet(s)
	e.sts++
	e.Set = Set{Ordinal: e.sts, Kind: string(trimBlanks(s.Elem(1))), Control: string(trimBlanks(s.Elem(2))), Guide: string(trimBlanks(s.Elem(3))), Byte: s.Byte, Segment: s.Ordinal}
	e.inSet = true
	if !e.inGroup {
		e.bare = e.bare || e.isas == 0 && s.Ordinal == 1
		if !e.bare {
			e.fault(CodeSTOutside, Reject, s, 0, "an ST outside a group")
		}
	}
	e.Group.Sets++
	if n := len(e.Set.Control); n < 4 || n > 9 {
		e.fault(CodeST02Format, Warn, s, 2, "the control number must be four to nine bytes")
	}
	if e.inGroup && e.seen(&e.sets, e.Set.Control, s) {
		e.fault(CodeST02Duplicate, Reject, s, 2, "a set with this control number came before in the group")
	}
	switch {
	case e.Set.Guide == "" && e.inGroup:
		e.Set.Guide = e.Group.Version
	case e.inGroup && strings.Contains(e.Group.Version, "X") && e.Set.Guide != e.Group.Version:
		e.fault(CodeST03Guide, Warn, s, 3, "ST03 names another guide than GS08")
	}
	return OpenSet
}

func (e *Envelope) closeSet(s *Segment) Event {
	if !e.inSet {
		e.fault(CodeSEOutside, Reject, s, 0, "an SE without an ST")
		return Outside
	}
	e.count(CodeSE01Count, s, s.Ordinal-e.Set.Segment+1, "segments from ST through SE")
	if string(trimBlanks(s.Elem(2))) != e.Set.Control {
		e.fault(CodeSE02Control, Reject, s, 2, "SE02 is not the control number of its ST02, compared as text")
	}
	e.inSet = false
	return CloseSet
}

func (e *Envelope) endSet(s *Segment) {
	if e.inSet {
		e.missing(CodeMissingSE, "SE", s, e.Set.Segment, e.Set.Byte)
		e.inSet = false
	}
}

// count compares the first element of a trailer with what was counted.
func (e *Envelope) count(code string, s *Segment, counted int, what string) {
	said, err := strconv.Atoi(string(trimBlanks(s.Elem(1))))
	switch {
	case err != nil || said < 0:
		e.fault(code, Reject, s, 1, fmt.Sprintf("the count is not a number; counted %d %s", counted, what))
	case said != counted:
		e.fault(code, Reject, s, 1, fmt.Sprintf("says %d, counted %d %s", said, counted, what))
	}
}

// seen remembers a control number in *m and reports whether it was there already.
func (e *Envelope) seen(m *map[string]struct{}, key string, s *Segment) bool {
	if _, ok := (*m)[key]; ok {
		return true
	}
	if *m == nil {
		*m = map[string]struct{}{}
	}
	if len(*m) < maxControls {
		(*m)[key] = struct{}{}
	} else if !e.told {
		e.told = true
		e.fault(CodeTooManyControls, Warn, s, 0, "too many control numbers; later ones are not checked for duplicates")
	}
	return false
}

func (e *Envelope) fault(code string, sev Severity, s *Segment, element int, message string) {
	if e.Report == nil {
		return
	}
	id := validID(s.ID())
	f := Fault{SNIP: 1, Code: code, Severity: sev, Segment: id, Ordinal: s.Ordinal, Byte: s.Byte, Message: message}
	if element > 0 {
		f.Element = fmt.Sprintf("%s%02d", id, element)
	}
	e.Report(e.Stamp(f))
}

// missing reports a trailer that did not come before s, or before the end of the file. Its place is that of s, or of
// the segment that opened what is not closed.
func (e *Envelope) missing(code, trailer string, s *Segment, ordinal int, at int64) {
	if e.Report == nil {
		return
	}
	f := Fault{SNIP: 1, Code: code, Severity: Reject, Segment: trailer, Ordinal: ordinal, Byte: at}
	f.Message = fmt.Sprintf("no %s before the end of the file; opened by segment %d", trailer, ordinal)
	if s != nil {
		f.Message = fmt.Sprintf("no %s before segment %d; opened by segment %d", trailer, s.Ordinal, ordinal)
		f.Ordinal, f.Byte = s.Ordinal, s.Byte
	}
	e.Report(e.Stamp(f))
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// significant gives a control number without leading zeros: group control numbers are compared as numbers.
func significant(s string) string {
	if !isDigits(s) {
		return s
	}
	if t := strings.TrimLeft(s, "0"); t != "" {
		return t
	}
	return "0"
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
