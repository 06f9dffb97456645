package x12

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// The reader never panics, always ends, and what it read without complaint reads the same again once written.
func FuzzReader(f *testing.F) {
	seed(f)
	guide := MustGuide(orders)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2000 {
			checkSizes(t, "fuzz", data)
		}
		complaints := 0
		r := NewReader(bytes.NewReader(data))
		r.Report = func(Fault) { complaints++ }
		var e Envelope
		walker := guide.Walker()
		var segs []*Segment
		for {
			s, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				complaints++
				continue
			}
			e.Feed(s)
			walker.Place(s)
			segs = append(segs, s.Clone())
		}
		e.Finish()
		walker.Finish(nil)
		if complaints > 0 || len(segs) == 0 {
			return
		}
		var b bytes.Buffer
		w := NewWriter(&b, segs[0].Delims())
		for _, s := range segs {
			if s.Delims() != segs[0].Delims() || w.Segment(s) != nil {
				return
			}
		}
		if w.Flush() != nil {
			return
		}
		again, codes := read(t, b.String())
		if len(again) != len(segs) || len(codes) != 0 {
			t.Fatalf("wrote %d segments, read %d, faults %v", len(segs), len(again), codes)
		}
		for i, s := range segs {
			if !bytes.Equal(s.Raw(), again[i].Raw()) && i > 0 {
				t.Errorf("segment %d: wrote %q, read %q", i+1, s.Raw(), again[i].Raw())
			}
		}
	})
}

// seed gives the fuzzer the odd files and, where they are at hand, the small shared samples.
func seed(f *testing.F) {
	for _, data := range odd() {
		if len(data) < 4096 {
			f.Add([]byte(data))
		}
	}
	paths, _ := filepath.Glob("../../../shared/data/x12/*/*")
	for _, p := range paths {
		if data, err := os.ReadFile(p); err == nil && len(data) < 4096 {
			f.Add(data)
		}
	}
}
