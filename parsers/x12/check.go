package x12

// classes of bytes: what may stand in a segment ID, and what is a letter or digit.
var upperOrDigit, alnum [256]bool

func init() {
	for c := range 256 {
		digit, upper, lower := c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z'
		upperOrDigit[c] = digit || upper
		alnum[c] = digit || upper || lower
	}
}

func isAlnum(c byte) bool { return alnum[c] }
func isBreak(c byte) bool { return c == '\n' || c == '\r' }

// isBlank reports whether c may stand before, between and behind interchanges: blanks, line breaks, NUL padding and
// the old end-of-file mark.
func isBlank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0 || c == 0x1a
}

// validID gives b as a segment ID, or nothing when it is none: what stands there instead is never shown.
func validID(b []byte) string {
	if len(b) < 2 || len(b) > 3 {
		return ""
	}
	for _, c := range b {
		if !upperOrDigit[c] {
			return ""
		}
	}
	return string(b)
}

// looksLikeSegment reports whether b starts with a segment ID and a delimiter.
func looksLikeSegment(b []byte, d Delimiters) bool {
	n := 0
	for n < len(b) && n < 4 && upperOrDigit[b[n]] {
		n++
	}
	return (n == 2 || n == 3) && n < len(b) && (b[n] == d.Element || b[n] == d.Segment)
}

// check follows the envelope and reports what is odd about a segment that could be read.
func (r *Reader) check(s *Segment) {
	id := s.data[s.start:s.ends[0]]
	switch {
	case len(id) == 3 && upperOrDigit[id[0]] && upperOrDigit[id[1]] && upperOrDigit[id[2]]:
		if id[0] == 'I' && id[1] == 'E' && id[2] == 'A' {
			r.inSet, r.outside = false, true
		}
	case len(id) == 2 && upperOrDigit[id[0]] && upperOrDigit[id[1]]:
		switch {
		case id[0] == 'S' && id[1] == 'T':
			r.inSet = true
		case id[0] == 'S' && id[1] == 'E', id[0] == 'G' && (id[1] == 'S' || id[1] == 'E'):
			r.inSet = false
		}
	default:
		r.fault(CodeSegmentID, Reject, "", 0, s.Ordinal, s.Byte, "a segment ID that is not two or three upper-case letters or digits")
	}
	n := len(s.ends) - 1
	if n > 0 && s.ends[n] == s.ends[n-1]+1 {
		r.fault(CodeTrailingSeparator, Warn, validID(id), n, s.Ordinal, s.Byte, "an element separator before the terminator")
	}
	for end := s.ends[n]; r.ctl < len(r.at.controls) && r.at.controls[r.ctl] < end; {
		p := r.at.controls[r.ctl]
		r.ctl++
		if p >= s.start && !r.isDelimiter(s.data[p]) {
			r.controlCharacter(s, p)
		}
	}
}

func (r *Reader) isDelimiter(c byte) bool {
	return c == r.d.Element || c == r.d.Component || c == r.d.Segment || c == r.d.Repetition && c != 0
}

// controlCharacter reports the first control character of a segment and passes over the others.
func (r *Reader) controlCharacter(s *Segment, p uint32) {
	n := 0
	for s.ends[n] < p {
		n++
	}
	r.fault(CodeControlCharacter, Warn, validID(s.ID()), n, s.Ordinal, s.Byte, "a line break or other control character inside an element")
	for end := s.ends[len(s.ends)-1]; r.ctl < len(r.at.controls) && r.at.controls[r.ctl] < end; {
		r.ctl++
	}
}
