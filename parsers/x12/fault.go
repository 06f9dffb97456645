package x12

import "fmt"

// Severity says what a fault does to the document that holds it.
type Severity string

const (
	// Reject marks a fault that forbids using the set, group or interchange it stands in.
	Reject Severity = "reject"
	// Warn marks a deviation that was read around without loss.
	Warn Severity = "warn"
)

// Fault is one thing wrong with a file, with its place. Its message never holds the value of an element.
type Fault struct {
	SNIP        int      `json:"snip"`                  // 1 syntax, 2 guide, 3 balancing, 4 situation, 5 codes, 6 line of business, 7 partner
	Code        string   `json:"code"`                  // stable, e.g. SE01_COUNT
	Severity    Severity `json:"severity"`              // reject or warn
	Loop        string   `json:"loop"`                  // e.g. 2010AA, empty when not in a loop
	Segment     string   `json:"segment"`               // segment ID, e.g. SE
	Ordinal     int      `json:"ordinal"`               // of the segment in the file, from 1; 0 for the file itself
	Element     string   `json:"element"`               // e.g. SE01 or CLM05-1, empty for the whole segment
	Byte        int64    `json:"byte"`                  // offset of the segment's first byte in the file
	Claim       string   `json:"claim"`                 // our own document ID, never a control number of the sender's
	Message     string   `json:"message"`               // what was found and what was wanted
	Interchange int      `json:"interchange,omitempty"` // ordinal of the ISA in the file, from 1
	Group       int      `json:"group,omitempty"`       // ordinal of the GS in the file, from 1
	Set         int      `json:"set,omitempty"`         // ordinal of the ST in the file, from 1
	Repetition  int      `json:"repetition,omitempty"`  // of the element, from 1; 0 where it is not repeated
}

// String gives the fault on one line, for logs and tests.
func (f Fault) String() string {
	place := f.Segment
	if f.Element != "" {
		place = f.Element
	}
	if f.Loop != "" {
		place = f.Loop + " " + place
	}
	return fmt.Sprintf("%s %s: segment %d (%s) at byte %d: %s", f.Severity, f.Code, f.Ordinal, place, f.Byte, f.Message)
}

// Codes of the faults and syntax errors that a [Reader] finds.
const (
	CodeNotX12             = "NOT_X12"             // error, fatal: the file starts with neither an ISA nor a bare ST or GS
	CodeTruncated          = "TRUNCATED"           // error: the file ends inside a segment
	CodeDelimiters         = "ISA_DELIMITERS"      // error, fatal: no segment can be cut with these delimiters; fault: some of the four are equal
	CodeSegmentTooLong     = "SEGMENT_TOO_LONG"    // error: longer than Reader.MaxSegment
	CodeTooManyElements    = "TOO_MANY_ELEMENTS"   // error: more than Reader.MaxElements
	CodeBinaryLength       = "BINARY_LENGTH"       // error: a BIN or BDS whose byte count is unreadable or wrong
	CodeISAUnreadable      = "ISA_UNREADABLE"      // error: a later ISA without sixteen elements
	CodeBOM                = "BOM"                 // warn: the file starts with a UTF-8 byte order mark
	CodeWrapped            = "WRAPPED"             // warn: the file is broken into lines of equal length; the breaks were removed
	CodeNoISA              = "NO_ISA"              // reject: the file starts with ST or GS; delimiters are guessed
	CodeISALength          = "ISA_LENGTH"          // warn: an ISA that is not 106 bytes, read by its separators
	CodeRepetition         = "ISA11_REPETITION"    // warn: ISA12 is 00402 or later but ISA11 is a letter or digit
	CodeSegmentID          = "SEGMENT_ID"          // reject: an ID that is not two or three upper-case letters or digits
	CodeControlCharacter   = "CONTROL_CHARACTER"   // warn: a newline or other control character inside an element
	CodeTrailingSeparator  = "TRAILING_SEPARATOR"  // warn: a separator before the terminator
	CodeEmptySegment       = "EMPTY_SEGMENT"       // warn: two terminators in a row; said once an interchange
	CodeIndented           = "INDENTED"            // warn: blanks before a segment; said once an interchange
	CodeNoLastTerminator   = "NO_LAST_TERMINATOR"  // warn: the last IEA has no terminator
	CodeOutsideInterchange = "OUTSIDE_INTERCHANGE" // warn: text after an IEA that is no segment; skipped
)

// SyntaxError says that some bytes could not be read as a segment. Unless Fatal, the next Read goes on behind the
// next terminator; after a fatal one it returns io.EOF. A refused segment keeps its ordinal.
type SyntaxError struct {
	Code    string // one of the Code… constants
	Segment int    // ordinal in the file, from 1; 0 when no segment was recognised
	ID      string // segment ID where it could be read
	Byte    int64  // offset of the segment's first byte
	Element int    // position of the element at fault, 0 for the whole segment
	Fatal   bool   // nothing more can be read from this file
	Message string // what was found and what was wanted; never the value of an element
}

// Error gives the place and the trouble.
func (e *SyntaxError) Error() string {
	if e.Segment == 0 {
		return "x12: " + e.Message
	}
	id := ""
	if e.ID != "" {
		id = " (" + e.ID + ")"
	}
	return fmt.Sprintf("x12: segment %d%s at byte %d: %s", e.Segment, id, e.Byte, e.Message)
}

// Fault gives the error as a fault of severity reject, for a list of everything wrong with a file.
func (e *SyntaxError) Fault() Fault {
	f := Fault{SNIP: 1, Code: e.Code, Severity: Reject, Segment: e.ID, Ordinal: e.Segment, Byte: e.Byte, Message: e.Message}
	if e.Element > 0 {
		f.Element = fmt.Sprintf("%s%02d", e.ID, e.Element)
	}
	return f
}
