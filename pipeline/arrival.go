package pipeline

import (
	"bytes"
	"strings"

	"revcycle/parsers"
)

// isX12 reports whether the first bytes of a file open an X12 interchange or a bare set: those are
// scanned, whatever else is wrong with them.
func isX12(head []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) < 4 {
		return false
	}
	id := string(text[:2])
	return string(text[:3]) == "ISA" || id == "ST" && !isLetterOrDigit(text[2])
}

func isLetterOrDigit(ch byte) bool {
	return ch >= '0' && ch <= '9' || ch >= 'A' && ch <= 'Z' || ch >= 'a' && ch <= 'z'
}

// cutKind gives profile and table of a CSV kind: "csv:synthea/claims".
func cutKind(k parsers.Kind) (profile, table string, ok bool) {
	name, ok := strings.CutPrefix(string(k), "csv:")
	if !ok {
		return "", "", false
	}
	return strings.Cut(name, "/")
}

// cutPacked splits the name of a file that lay packed in another: outer!inner.
func cutPacked(name string) (outer, inner string, packed bool) { return strings.Cut(name, "!") }
