package csv

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"revcycle/claim"
)

// The bounds of one record. A quote that never closes costs one line, not the rest of the file: the
// lines that were read to look for its end are given out again, each on its own.
const (
	maxRecord = 1 << 20 // bytes
	maxLines  = 20      // physical lines of one record, for line breaks inside quotes
)

// record is one row: its fields as written, its number (the header is none, the next is 1) and place.
type record struct {
	fields []string
	row    int
	byte   int64
}

// physical is one line without its end.
type physical struct {
	text string
	byte int64
	long bool // longer than maxRecord; text is empty
}

// rowReader splits a file into records with memory bounded by maxRecord × 2.
type rowReader struct {
	in        *bufio.Reader
	delimiter byte
	at        int64
	row       int
	again     []physical
	buffer    []byte
}

func newRowReader(r io.Reader) *rowReader {
	return &rowReader{in: bufio.NewReaderSize(r, 1<<16)}
}

// header reads the first line and settles the delimiter where none is given.
func (r *rowReader) header(delimiter byte) ([]string, error) {
	if head, _ := r.in.Peek(3); string(head) == bom {
		n, _ := r.in.Discard(3)
		r.at += int64(n)
	}
	first, err := r.line()
	if err != nil {
		return nil, err
	}
	if strings.IndexByte(first.text, 0) >= 0 {
		return nil, errUTF16
	}
	text, found := headerLine([]byte(first.text))
	if r.delimiter = delimiter; delimiter == 0 {
		r.delimiter = found
	}
	fields, state := split(text, r.delimiter)
	if state != closed || first.long {
		return nil, errHeader
	}
	return fields, nil
}

var (
	errHeader = errors.New("the first line is no header: its quotes do not close or it is longer than 1 MiB")
	errUTF16  = errors.New("the file is not UTF-8 text; save it as CSV UTF-8")
)

// next gives the next record, or the fault of a record that could not be split; io.EOF at the end.
func (r *rowReader) next() (record, *claim.Reject, error) {
	for {
		l, err := r.line()
		if err != nil {
			return record{}, nil, err
		}
		if l.text == "" && !l.long {
			continue
		}
		r.row++
		rec := record{row: r.row, byte: l.byte}
		if l.long {
			return rec, r.fault(rec, "ROW_TOO_LONG", "the row is longer than 1 MiB; see whether its line ends are missing"), nil
		}
		fields, state := split(l.text, r.delimiter)
		if state == open {
			fields, state, err = r.join(l)
			if err != nil {
				return record{}, nil, err
			}
		}
		if state != closed {
			return rec, r.fault(rec, "QUOTES", "the quotes of the row do not close; write \"\" for a quote inside quotes"), nil
		}
		rec.fields = fields
		return rec, nil, nil
	}
}

func (r *rowReader) fault(rec record, code, message string) *claim.Reject {
	return &claim.Reject{Code: code, Unit: "row", Ordinal: rec.row, Byte: rec.byte, Message: message}
}

// join looks for the end of a quoted field on the lines that follow. Where none of them closes it,
// they are given back.
func (r *rowReader) join(first physical) (fields []string, state quoting, err error) {
	text, taken, state := first.text, []physical(nil), open
	for len(taken) < maxLines {
		l, err := r.line()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, open, err
		}
		taken = append(taken, l)
		if l.long || len(text)+len(l.text) > maxRecord {
			break
		}
		text += "\n" + l.text
		if fields, state = split(text, r.delimiter); state != open {
			break
		}
	}
	if state != closed {
		r.again = append(taken, r.again...)
	}
	return fields, state, nil
}

// line gives the next physical line, CR and LF taken off.
func (r *rowReader) line() (physical, error) {
	if len(r.again) > 0 {
		l := r.again[0]
		r.again = r.again[1:]
		return l, nil
	}
	l := physical{byte: r.at}
	r.buffer = r.buffer[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.at += int64(len(part))
		if len(r.buffer)+len(part) > maxRecord {
			l.long = true
		}
		if !l.long {
			r.buffer = append(r.buffer, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !(errors.Is(err, io.EOF) && r.at > l.byte) {
			return physical{}, err
		}
		if !l.long {
			l.text = strings.TrimRight(string(r.buffer), "\r\n")
		}
		return l, nil
	}
}

// quoting is how the quotes of a text end.
type quoting int

const (
	closed quoting = iota
	open           // inside quotes at the end
	torn           // something stands between a closing quote and the delimiter
)

// split cuts a record at its delimiters (RFC 4180). A quote inside an unquoted field is a character
// like any other.
func split(text string, delimiter byte) ([]string, quoting) {
	fields := make([]string, 0, 32)
	for {
		if !strings.HasPrefix(text, `"`) {
			i := strings.IndexByte(text, delimiter)
			if i < 0 {
				return append(fields, text), closed
			}
			fields, text = append(fields, text[:i]), text[i+1:]
			continue
		}
		field, rest, state := quoted(text[1:])
		if state != closed {
			return nil, state
		}
		fields = append(fields, field)
		if rest == "" {
			return fields, closed
		}
		if rest[0] != delimiter {
			return nil, torn
		}
		text = rest[1:]
	}
}

// quoted reads up to the closing quote; rest is what follows it.
func quoted(text string) (field, rest string, state quoting) {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '"')
		if i < 0 {
			return "", "", open
		}
		b.WriteString(text[:i])
		if text = text[i+1:]; !strings.HasPrefix(text, `"`) {
			return b.String(), text, closed
		}
		b.WriteByte('"')
		text = text[1:]
	}
}
