package book

import (
	"strings"
	"testing"

	"revcycle/civil"
)

// On the eve and on the day of each change, and beyond both ends.
func TestTableAtTheEdgesOfItsRows(t *testing.T) {
	var x table[uint64, int]
	x.add(7, 2, civil.Span{From: civil.Of(2024, 3, 9), To: civil.Of(2024, 12, 31)}, "b", 2)
	x.add(7, 1, civil.Span{From: civil.Of(2024, 1, 1), To: civil.Of(2024, 3, 8)}, "a", 1)
	x.add(7, 3, civil.Span{From: civil.Of(2025, 2, 1)}, "c", 3)
	x.add(8, 9, civil.Span{From: civil.Of(2000, 1, 1)}, "a", 4)
	if err := x.sort(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		y, m, d, want int
		where         string
	}{{2023, 12, 31, 0, ""}, {2024, 1, 1, 1, "a"}, {2024, 3, 8, 1, "a"}, {2024, 3, 9, 2, "b"}, {2024, 12, 31, 2, "b"}, {2025, 1, 31, 0, ""}, {2025, 2, 1, 3, "c"}, {2099, 1, 1, 3, "c"}} {
		got, cite, ok := x.At(7, civil.Of(c.y, c.m, c.d))
		if got != c.want || ok != (c.want != 0) || cite.Where != c.where {
			t.Errorf("%d-%d-%d: got %d %q, want %d %q", c.y, c.m, c.d, got, cite.Where, c.want, c.where)
		}
	}
	if _, _, ok := x.At(7, 0); ok {
		t.Error("an unknown day has a row")
	}
	if _, _, ok := x.At(9, civil.Of(2025, 2, 1)); ok {
		t.Error("an unknown key has a row")
	}
}

// Different codes must never share a key: all codes of up to two characters, and neighbours at full length.
func TestPackKeepsCodesApart(t *testing.T) {
	seen := map[uint32]string{}
	try := func(code string) {
		n, ok := pack(code)
		if other, twice := seen[n]; !ok || twice {
			t.Fatalf("%q and %q share a key (packed: %t)", code, other, ok)
		}
		seen[n] = code
	}
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	try("")
	for _, a := range letters {
		try(string(a))
		for _, b := range letters {
			try(string(a) + string(b))
			try("ZZZZ" + string(a) + string(b))
			try("0000" + string(a) + string(b))
		}
	}
	for _, bad := range []string{"1234567", "a1", "A-1", "é"} {
		if _, ok := pack(bad); ok {
			t.Errorf("%q was packed", bad)
		}
	}
}

func TestShowNamesWhatAReaderAsksFor(t *testing.T) {
	text := sampleBook(t).Show("12345")
	for _, want := range []string{"Alpha Health Plan (12345)", "filing limit 180 days, since 2020-01-01", "contract ALPHA-PRO", "exhibit B, 2(a)", "rule ALPHA-AUTH", "denied as CO 197", "rule ALL-NPI", "table alpha-fees, fee, release 2025-01"} {
		if !strings.Contains(text, want) {
			t.Errorf("does not say %q:\n%s", want, text)
		}
	}
	if text := sampleBook(t).Show("99999"); !strings.Contains(text, "payer 99999 has no file") {
		t.Errorf("got %s", text)
	}
}
