package parsers

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
	"revcycle/parsers/x837"
)

// FuzzTaken must never panic: what becomes of each document of a file does not depend on where its sets are cut, and a claim that is
// taken can be written again, or says why not.
func FuzzTaken(f *testing.F) {
	for _, base := range bases() {
		f.Add([]byte(base))
	}
	f.Add([]byte(interchange(1, claimSet("0001", 3), claimSet("0002", 1))))
	f.Add([]byte(twoRemits("CAS*CO*45*20 => CAS*CO*45*21")))
	f.Fuzz(func(t *testing.T, file []byte) {
		defer func(n int64) { chunkBytes = n }(chunkBytes)
		become := func(size int64) (out []string, l Layout) {
			chunkBytes = size
			l, err := Scan(bytes.NewReader(file), func(string, string) *snip.Policy { return &snip.Default })
			if err != nil {
				t.Fatal(err)
			}
			for i := range l.Sets {
				s := &l.Sets[i]
				if s.Held != "" {
					out = append(out, s.Held)
					continue
				}
				for _, c := range s.Chunks {
					for it, err := range ReadChunk(s, c, bytes.NewReader(file), claim.Digest{}) {
						if err == nil && it.Document != nil {
							out = append(out, word(&it))
						}
					}
				}
			}
			return out, l
		}
		whole, l := become(ChunkBytes)
		for _, f := range l.Faults {
			if f.Code == x12.CodeControlCharacter || f.Code == x12.CodeWrapped {
				return // as in FuzzChunks
			}
		}
		for i := range l.Sets {
			s := &l.Sets[i]
			if s.Group == 0 || s.Interchange == 0 || strings.HasPrefix(s.Held, "ST_OUTSIDE") || strings.HasPrefix(s.Held, "GS_OUTSIDE") {
				return
			}
		}
		if cut, _ := become(1); strings.Join(cut, " ") != strings.Join(whole, " ") {
			t.Errorf("cut, other things become of it:\n%s\n%s", strings.Join(cut, " "), strings.Join(whole, " "))
		}
		for i := range l.Sets {
			writeAgain(t, file, &l.Sets[i])
		}
	})
}

// writeAgain writes the first claim of a set again.
func writeAgain(t *testing.T, file []byte, s *Set) {
	if s.Claims == 0 || s.Held != "" || len(s.Chunks) == 0 || len(s.Chunks[0].Context) < 2 {
		return
	}
	var b bytes.Buffer
	w := x12.NewWriter(&b, x12.Delimiters{Element: '*', Component: ':', Repetition: '^', Segment: '~'})
	_ = w.ISA(x12.Interchange{Sender: "A", Receiver: "B", Date: "261123", Time: "0600", Control: "000000077", Usage: "T"})
	_ = w.GS(x12.Group{Kind: "HC", Sender: "A", Receiver: "B", Date: "20261123", Time: "0600", Control: "77", Version: "005010X222A1"})
	err := x837.WriteAgain(w, bytes.NewReader(file), wholeSet(s), 1, x837.Again{Frequency: "7", Original: "ICN", Condition: "D9", Control: "0001", Reference: "R", Created: civil.Of(2026, 11, 23), Time: "0600"})
	if err != nil {
		if errors.Is(err, x837.ErrNoSuchClaim) {
			t.Errorf("a set of %d claims has no first: %v", s.Claims, err)
		}
		return
	}
	if err := errors.Join(w.GE(), w.IEA(), w.Flush()); err != nil {
		t.Error(err)
	}
	r, err := Inspect("again", bytes.NewReader(b.Bytes()), nil, nil)
	if err != nil || r.Claims != 1 {
		t.Errorf("%d claims came back, %v: %q", r.Claims, err, b.Bytes())
	}
}
