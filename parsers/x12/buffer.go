package x12

import "io"

// lineBreak is n bytes of line break that were removed before buf[at].
type lineBreak struct{ at, n int }

// fill reads more into the buffer, moving what is not consumed to its front when room gets short. At the end of the
// source, good or bad, it sets eof.
func (r *Reader) fill() {
	if len(r.buf)-r.end < len(r.buf)/2 && r.pos > 0 {
		r.shift()
	}
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf[r.end:])
		from := r.end
		r.end += n
		if r.wrapped {
			r.unwrap(from)
		}
		if err != nil {
			r.eof = true
			if err != io.EOF {
				r.sourceErr = err
			}
			return
		}
		if n > 0 {
			return
		}
	}
	r.eof, r.sourceErr = true, io.ErrNoProgress
}

// need fills the buffer until n bytes stand behind pos, and reports whether they do.
func (r *Reader) need(n int) bool {
	for r.end-r.pos < n && !r.eof {
		r.fill()
	}
	return r.end-r.pos >= n
}

// shift moves what is not consumed to the front of the buffer.
func (r *Reader) shift() {
	n := r.pos
	copy(r.buf, r.buf[n:r.end])
	r.base += int64(n)
	r.end -= n
	r.pos = 0
	r.breaks = r.breaks[:copy(r.breaks, r.breaks[r.counted:])]
	r.counted = 0
	for i := range r.breaks {
		r.breaks[i].at -= n
		if r.breaks[i].at < 0 {
			r.removed += int64(r.breaks[i].n)
			r.counted = i + 1
		}
	}
	r.forget()
}

// unwrap removes line breaks from buf[from:end] and remembers where they stood.
func (r *Reader) unwrap(from int) {
	to := from
	for _, c := range r.buf[from:r.end] {
		if !isBreak(c) {
			r.buf[to] = c
			to++
			continue
		}
		if last := len(r.breaks) - 1; last >= r.counted && r.breaks[last].at == to {
			r.breaks[last].n++
		} else {
			r.breaks = append(r.breaks, lineBreak{to, 1})
		}
	}
	r.end = to
}

// offset gives the offset in the file of buf[p]. In a wrapped file p must not fall from call to call.
func (r *Reader) offset(p int) int64 {
	for r.counted < len(r.breaks) && r.breaks[r.counted].at <= p {
		r.removed += int64(r.breaks[r.counted].n)
		r.counted++
	}
	return r.base + int64(p) + r.removed
}

// atEnd gives what ended the source: io.EOF or its error.
func (r *Reader) atEnd() error {
	if r.sourceErr != nil {
		return r.sourceErr
	}
	return io.EOF
}
