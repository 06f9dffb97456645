package parsers

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
	"revcycle/parsers/x837"
)

// FuzzChunks must never panic, and read by chunks a file must give what it gives whole.
func FuzzChunks(f *testing.F) {
	f.Add([]byte(interchange(1, claimSet("0001", 3), claimSet("0002", 1))+interchange(2, claimSet("0001", 1))), int64(200))
	f.Add(wrap([]byte(interchange(1, claimSet("0001", 3))), 80, "\n"), int64(300))
	f.Add([]byte(strings.Replace(interchange(1, claimSet("0001", 2)), "HL*2*1*22", "HL*2*1*23", 1)), int64(1))
	f.Fuzz(func(t *testing.T, file []byte, size int64) {
		defer func(n int64) { chunkBytes = n }(chunkBytes)
		chunkBytes = max(1, size)
		l, err := Scan(bytes.NewReader(file), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range l.Faults {
			// In a wrapped file a chunk loses every line end, the whole file only those of its lines.
			if f.Code == x12.CodeControlCharacter {
				return
			}
		}
		for _, s := range l.Sets {
			// Refused sets have no chunks; a set outside a group borrows the guide of the group before.
			if s.Refused != "" || s.Group == 0 || s.Interchange == 0 || strings.HasPrefix(s.Held, "ST_OUTSIDE") || strings.HasPrefix(s.Held, "GS_OUTSIDE") {
				return
			}
		}
		var whole []string
		for it, err := range x837.Read(bytes.NewReader(file), claim.Digest{}) {
			if err != nil {
				return
			}
			whole = append(whole, show(it))
		}
		if got, _ := chunks(t, file, Professional); !reflect.DeepEqual(got, whole) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(whole, "\n"))
		}
	})
}

// FuzzAnswer must never panic, and what it writes must be sound and want no answer.
func FuzzAnswer(f *testing.F) {
	for _, base := range bases() {
		f.Add([]byte(base))
	}
	f.Add([]byte(interchange(1, claimSet("0001", 3), claimSet("0002", 1)) + interchange(2, claimSet("0001", 1))))
	f.Add(bytes.ReplaceAll(soundClaim(), []byte("*"), []byte("|")))
	f.Add(bytes.ReplaceAll(bytes.ReplaceAll(soundClaim(), []byte("*"), []byte("|")), []byte("JANE"), []byte("J*~E")))
	f.Fuzz(func(t *testing.T, file []byte) {
		in, err := Receive(bytes.NewReader(file), &snip.Strict)
		if err != nil {
			return
		}
		n := 0
		next := func() (string, error) { n++; return fmt.Sprintf("%09d", n), nil }
		var out bytes.Buffer
		if _, err := WriteAnswers(&out, bytes.NewReader(file), in, Answering{Date: civil.Of(2026, 11, 24), Time: "0930", Interchange: next, Group: next}); err != nil {
			t.Fatal(err)
		}
		if out.Len() == 0 {
			return
		}
		r, err := Inspect("answer", bytes.NewReader(out.Bytes()), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Faults {
			// AK1 and AK2 name the group and the set as they came.
			if f.Severity == x12.Reject && f.Segment != "AK1" && f.Segment != "AK2" {
				t.Errorf("%v in %q", f, out.Bytes())
			}
		}
	})
}
