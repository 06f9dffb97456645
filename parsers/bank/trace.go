package bank

import (
	"slices"
	"strings"
	"unicode"
)

// Trace is a reassociation trace segment: TRN*1*trace*company.
type Trace struct{ Number, Company string }

// Trace numbers have at most 50 characters, company IDs ten (X12 elements 127 and 509).
const (
	maxTrace   = 50
	companyLen = 10
)

// FindTraces finds the TRN segments in the text of a bank, which may have been cut into pieces anywhere.
func FindTraces(pieces []string) []Trace {
	found := tracesIn(strings.Join(pieces, " "))
	for _, t := range found {
		if len(t.Company) < companyLen-1 { // cut in two
			return tracesIn(strings.Join(pieces, ""))
		}
	}
	if len(found) == 0 && len(pieces) > 1 {
		return tracesIn(strings.Join(pieces, ""))
	}
	return found
}

// tracesIn finds TRN segments. The element separator is whatever follows TRN; a segment ends with \ or ~, a blank, or the text.
func tracesIn(text string) []Trace {
	var out []Trace
	for rest := text; ; {
		at := strings.Index(rest, "TRN")
		if at < 0 || at+4 > len(rest) {
			return out
		}
		separator := rest[at+3]
		rest = rest[at+3:]
		if alphanumeric(separator) || separator == ' ' || separator >= 0x80 {
			continue
		}
		segment := rest[1:]
		if end := strings.IndexAny(segment, "\\~ \t"); end >= 0 {
			segment = segment[:end]
		}
		elements := strings.Split(segment, string(separator))
		if len(elements) < 2 || elements[0] != "1" || elements[1] == "" || len(elements[1]) > maxTrace {
			continue
		}
		t := Trace{Number: elements[1]}
		if len(elements) > 2 && len(elements[2]) <= companyLen {
			t.Company = elements[2]
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// Numbers gives the words of a text that may be check or trace numbers: four characters or more, a digit among them, nothing but
// letters and digits. At most max, each once.
func Numbers(text string, most int) []string {
	var out []string
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(out) == most {
			break
		}
		if len(word) >= 4 && len(word) <= maxTrace && strings.ContainsAny(word, "0123456789") && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

// labels stand before the company ID in the text of an ACH credit.
var labels = []string{"ORIG ID:", "CO ID:", "COMPANY ID:", "ORIGINATOR ID:"}

// Company finds the ACH company ID that a bank wrote into its text, "" for none.
func Company(text string) string {
	for _, l := range labels {
		if _, rest, ok := strings.Cut(text, l); ok {
			word, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
			if word = strings.TrimRight(word, ",;/"); len(word) >= companyLen-1 && len(word) <= companyLen {
				return word
			}
		}
	}
	return ""
}
