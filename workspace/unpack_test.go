package workspace

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func zipped(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		m, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(m, members[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	g.Name = name
	io.WriteString(g, text)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack shows the members as "name=content" or "name: refusal".
func unpack(t *testing.T, w *Workspace, name string, data []byte) string {
	t.Helper()
	ms, err := w.Unpack(name, archived(t, w, name, data))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range ms {
		if m.Refused != "" {
			out = append(out, m.Name+": "+m.Refused)
			continue
		}
		out = append(out, m.Name+"="+content(t, w, m.SHA256))
	}
	return strings.Join(out, "\n")
}

func TestPackedFilesAreUnpackedMemberByMember(t *testing.T) {
	w := fresh(t)
	flip := func(b []byte, at int) []byte { b[at] ^= 0xff; return b }
	secret := zipped(t, "a.835", "x")
	binary.LittleEndian.PutUint16(secret[bytes.Index(secret, []byte("PK\x01\x02"))+8:], 1)
	deep := []byte("x")
	for range 4 {
		deep = gzipped(t, "", string(deep))
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"plain.835", []byte("ISA*00*"), ""},
		{"empty", nil, ""},
		{"a.835.gz", gzipped(t, "", "one"), "a.835.gz!a.835=one"},
		{"two.gz", append(gzipped(t, "", "one"), gzipped(t, "", "two")...), "two.gz!two=onetwo"},
		{"named.gz", gzipped(t, "inner.837", "one"), "named.gz!inner.837=one"},
		{"evil-name.gz", gzipped(t, "../../etc/x", "one"), "evil-name.gz!evil-name=one"},
		{"z.zip", zipped(t, "a.835", "A", "sub/b.835", "B", "sub/", "", "__MACOSX/._a", "junk"), "z.zip!a.835=A\nz.zip!sub/b.835=B"},
		{"nest.zip", zipped(t, "in.gz", string(gzipped(t, "", "N"))), "nest.zip!in.gz!in=N"},
		{"slip.zip", zipped(t, "../evil", "E", "/abs", "E", "ok/../../x", "E", `c:\x`, "E", "good", "G"),
			strings.Repeat("slip.zip!member-N: its name leads out of the archive or holds characters that no name should\n", 4) + "slip.zip!good=G"},
		{"secret.zip", secret, "secret.zip!a.835: it is encrypted; send it without a password"},
		{"cut.gz", gzipped(t, "", strings.Repeat("one", 1000))[:30], "cut.gz!cut: it is damaged or ends early; ask for it again"},
		{"crc.gz", flip(gzipped(t, "", "one"), 15), "crc.gz!crc: it is damaged or ends early; ask for it again"},
		{"bad.gz", []byte{0x1f, 0x8b, 0, 0}, "bad.gz: it begins like a gzip file and is none; ask for it again"},
		{"bad.zip", []byte("PK\x03\x04 and no more"), "bad.zip: the zip file is damaged; ask for it again"},
		{"deep.gz", deep, "deep.gz!deep!deep!deep!deep: it is packed more than three deep; unpack it and send what is inside"},
	} {
		got := unpack(t, w, c.name, c.data)
		for i := range 9 {
			got = strings.ReplaceAll(got, fmt.Sprintf("member-%d", i), "member-N")
		}
		if got != c.want {
			t.Errorf("%s\n got  %s\n want %s", c.name, got, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(w.Dir(), "..", "evil")); err == nil {
		t.Error("a member escaped")
	}
}

// 16 MiB of zeros pack into some 16 KiB; the bound is 200 times that, and nothing of it may stay.
func TestABombIsRefusedAndTheRestOfTheArchiveIsNot(t *testing.T) {
	w := fresh(t)
	zeros := strings.Repeat("\x00", 16<<20)
	if got, want := unpack(t, w, "bomb.gz", gzipped(t, "", zeros)), "bomb.gz!bomb: it unpacks to more than 2 GiB or 200 times its size"; got != want {
		t.Errorf("got %s", got)
	}
	got := unpack(t, w, "bomb.zip", zipped(t, "before", "B", "zeros", zeros, "after", "A"))
	if want := "bomb.zip!before=B\nbomb.zip!zeros: it unpacks to more than 2 GiB or 200 times its size\nbomb.zip!after: it unpacks to more than 2 GiB or 200 times its size"; got != want {
		t.Errorf("got %s", got)
	}
	for _, name := range w.spools.named {
		if info, err := os.Stat(name); err == nil && info.Size() > 1<<20 {
			t.Errorf("left %s of %d bytes", name, info.Size())
		}
	}
	if left := unfinishedIn(t, w); left != "" {
		t.Errorf("left %s", left)
	}
}
