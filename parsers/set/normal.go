package set

import "revcycle/parsers/x12"

// Standard reports whether segments with these delimiters are normalised as they stand.
func Standard(d x12.Delimiters) bool {
	return d.Element == '*' && d.Component == ':' && d.Segment == '~' && (d.Repetition == '^' || d.Repetition == 0)
}

// Normalise rewrites b in place with the usual delimiters.
func Normalise(b []byte, d x12.Delimiters) {
	for i, c := range b {
		switch c {
		case d.Element:
			b[i] = '*'
		case d.Segment:
			b[i] = '~'
		case d.Component:
			b[i] = ':'
		case '*':
			b[i] = 0x11
		case '~':
			b[i] = 0x12
		case ':':
			b[i] = 0x13
		case '^':
			if d.Repetition != 0 && d.Repetition != '^' {
				b[i] = 0x14
			}
		default:
			if c == d.Repetition && c != 0 {
				b[i] = '^'
			}
		}
	}
}

// Usual rewrites one segment for Kept: its own delimiters become * : ^ and its data stay as they were sent.
func Usual(text string, d x12.Delimiters) string {
	if Standard(d) {
		return text
	}
	b := []byte(text)
	for i, c := range b {
		switch c {
		case d.Element:
			b[i] = '*'
		case d.Component:
			b[i] = ':'
		case d.Repetition:
			if c != 0 {
				b[i] = '^'
			}
		}
	}
	return string(b)
}
