package postgres

import (
	"strings"
	"unicode/utf8"
)

// PostgreSQL keeps UTF-8 without NUL, and files bring whatever bytes they like (a name in Latin-1). Bytes that do not
// fit are kept as code points of a private plane, U+10FF00 + byte, and come back as they were. Texts that are sound,
// nearly all, are kept as they are. Escaped ones sort behind others, where the ledger's order is that of their bytes:
// it matters to no one, since a key with such bytes is only ever looked up.
const (
	escapes     = 0x10FF00
	escapesLead = "\xf4\x8f" // how each of them begins in UTF-8
)

func sound(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !strings.Contains(s, escapesLead)
}

func escape(s string) string {
	if sound(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == 0 || r == utf8.RuneError && n == 1 || r >= escapes {
			for i := range n {
				b.WriteRune(escapes + rune(s[i]))
			}
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

func unescape(s string) string {
	if !strings.Contains(s, escapesLead) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r >= escapes {
			b.WriteByte(byte(r - escapes))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
