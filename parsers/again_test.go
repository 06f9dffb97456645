package parsers

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/parsers/set"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
	"revcycle/parsers/x837"
)

// wholeSet is a set of a file in one chunk.
func wholeSet(t *Set) set.Chunk {
	c := t.Chunks[0]
	c.Own, c.More, c.Context = set.Span{From: t.From, To: t.To, Ordinal: c.Own.Ordinal, Segments: t.Segments}, false, c.Context[:2]
	return c
}

// again writes a claim of a file again, between envelopes of its own.
func again(t *testing.T, file []byte, s *Set, n int, how x837.Again) ([]byte, error) {
	t.Helper()
	var b bytes.Buffer
	w := x12.NewWriter(&b, x12.Delimiters{Element: '|', Component: '>', Repetition: '!', Segment: '\n'})
	w.Replace = ' '
	how.Control, how.Reference, how.Created, how.Time = "0007", "AGAIN1", civil.Of(2026, 11, 23), "0600"
	_ = w.ISA(x12.Interchange{Sender: s.Sender, Receiver: s.Receiver, Date: "261123", Time: "0600", Control: "000000077", Usage: "T"})
	_ = w.GS(x12.Group{Kind: "HC", Sender: "A", Receiver: "B", Date: "20261123", Time: "0600", Control: "77", Version: s.Guide})
	if err := x837.WriteAgain(w, bytes.NewReader(file), wholeSet(s), n, how); err != nil {
		return nil, err
	}
	_ = w.GE()
	_ = w.IEA()
	err := w.Flush()
	return b.Bytes(), err
}

// claimsOf reads the claims of a file.
func claimsOf(t *testing.T, file []byte) (out []claim.Claim) {
	t.Helper()
	for it, err := range x837.Read(bytes.NewReader(file), claim.Digest{}) {
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := it.Document.(claim.Claim); ok {
			out = append(out, c)
		}
	}
	return out
}

// said is a claim without what is another's in each set: its identity, the day it was made.
func said(c claim.Claim) claim.Claim {
	c.ID, c.Created = claim.ID{}, 0
	return c
}

// differs names the fields in which two claims differ.
func differs(a, b claim.Claim) string {
	var out []string
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			out = append(out, fmt.Sprintf(" %s: %+v, want %+v", x.Type().Field(i).Name, x.Field(i).Interface(), y.Field(i).Interface()))
		}
	}
	return strings.Join(out, ";")
}

// Every claim of the corpus, written again by itself, says what it said: fields, kept segments, lines.
func TestAClaimWrittenAgainSaysTheSame(t *testing.T) {
	n := 0
	for path, file := range corpus(t) {
		l, err := Scan(bytes.NewReader(file), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range l.Sets {
			s := &l.Sets[i]
			if s.Claims == 0 || s.Held != "" || s.Refused != "" || s.Group == 0 {
				continue
			}
			for it, err := range ReadChunk(s, wholeSet(s), bytes.NewReader(file), claim.Digest{}) {
				was, ok := it.Document.(claim.Claim)
				if err != nil || !ok {
					continue
				}
				out, err := again(t, file, s, it.Sighting.Ordinal, x837.Again{Frequency: was.Frequency, Original: was.Reference("F8")})
				if err != nil && strings.ContainsAny(string(file), "|>!") {
					continue // its data hold the delimiters of the new file
				}
				if err != nil {
					t.Errorf("%s: claim %d: %v", path, it.Sighting.Ordinal, err)
					continue
				}
				back := claimsOf(t, out)
				if len(back) != 1 {
					t.Errorf("%s: claim %d: %d claims came back", path, it.Sighting.Ordinal, len(back))
					continue
				}
				if got, want := said(back[0]), said(was); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: claim %d:%s", path, it.Sighting.Ordinal, differs(got, want))
				}
				n++
			}
		}
	}
	if n < 45 {
		t.Errorf("only %d claims were written again", n)
	}
}

// A replacement names the payer's number, in its place; a void and a resubmission too. What is written is sound.
func TestAClaimIsReplacedOrVoided(t *testing.T) {
	file := []byte(threeClaims(t, "CLM*B*100***11:B:1*Y*A*Y*Y\n => CLM*B*100***11:B:1*Y*A*Y*Y\nREF*G1*AUTH\nREF*D9*X1\nNTE*ADD*NOTE\n"))
	l := scan(t, string(file))
	for _, c := range []struct {
		how   x837.Again
		lines string
	}{
		{x837.Again{Frequency: "7", Original: "ICN9"}, "CLM|B|100|||11>B>7|Y|A|Y|Y REF|G1|AUTH REF|F8|ICN9 REF|D9|X1 NTE|ADD|NOTE HI|ABK>J069 LX|1"},
		{x837.Again{Frequency: "8", Original: "ICN9"}, "CLM|B|100|||11>B>8|Y|A|Y|Y REF|G1|AUTH REF|F8|ICN9 REF|D9|X1 NTE|ADD|NOTE HI|ABK>J069 LX|1"},
		{x837.Again{Frequency: "1"}, "CLM|B|100|||11>B>1|Y|A|Y|Y REF|G1|AUTH REF|D9|X1 NTE|ADD|NOTE HI|ABK>J069 LX|1"},
		{x837.Again{Frequency: "7", Original: "ICN9", Condition: "D9"}, "CLM|B|100|||11>B>7|Y|A|Y|Y REF|G1|AUTH REF|F8|ICN9 REF|D9|X1 NTE|ADD|NOTE HI|ABK>J069 HI|BG>D9 LX|1"},
	} {
		out, err := again(t, file, &l.Sets[0], 2, c.how)
		if err != nil {
			t.Fatal(err)
		}
		if flat := strings.ReplaceAll(string(out), "\n", " "); !strings.Contains(flat, c.lines) {
			t.Errorf("%+v: got %s", c.how, flat)
		}
		r, err := Inspect("again", bytes.NewReader(out), nil, func(string, string) *snip.Policy { return &snip.Strict })
		if err != nil || r.Claims != 1 {
			t.Errorf("%d claims, %v", r.Claims, err)
		}
		for _, f := range r.Faults {
			if f.Severity == x12.Reject {
				t.Errorf("%+v: %s", c.how, f)
			}
		}
	}
	if _, err := again(t, file, &l.Sets[0], 9, x837.Again{}); !errors.Is(err, x837.ErrNoSuchClaim) {
		t.Errorf("a claim that is not there: %v", err)
	}
}
