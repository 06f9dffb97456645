package money

import (
	"errors"
	"testing"
)

func TestParseReadsX12DecimalsToTheCent(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Cents
	}{{"0", 0}, {"12", 1200}, {"12.3", 1230}, {"12.30", 1230}, {"12.3000", 1230}, {".5", 50}, {"5.", 500}, {"-125", -12500}, {"99999999.99", 9999999999}, {"-0.01", -1}} {
		got, err := Parse([]byte(c.in))
		if err != nil || got != c.want {
			t.Errorf("Parse(%q): got %d, %v, want %d", c.in, got, err, c.want)
		}
	}
}

func TestParseRefusesWhatIsNoAmount(t *testing.T) {
	for _, in := range []string{"", "-", ".", "1.234", "+5", "1,000", "1e3", " 1", "1 ", "12A", "--1", "1.2.3", "99999999999999999999", "92270000000000000", "1000000000000000.01"} {
		if got, err := Parse([]byte(in)); !errors.Is(err, ErrAmount) {
			t.Errorf("Parse(%q): got %d, %v, want a refusal", in, got, err)
		}
	}
}

func TestTextOfCents(t *testing.T) {
	for _, c := range []struct {
		in        Cents
		text, x12 string
	}{{0, "0.00", "0"}, {5, "0.05", "0.05"}, {-5, "-0.05", "-0.05"}, {1230, "12.30", "12.3"}, {-120000, "-1200.00", "-1200"}, {9247, "92.47", "92.47"}} {
		if got := c.in.String(); got != c.text {
			t.Errorf("String of %d: got %s want %s", int64(c.in), got, c.text)
		}
		if got := string(c.in.X12(nil)); got != c.x12 {
			t.Errorf("X12 of %d: got %s want %s", int64(c.in), got, c.x12)
		}
	}
}

func exact(t *testing.T, s string) Exact {
	t.Helper()
	x, err := ParseExact(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// 99213 of 2025 without geographic adjustment, by hand: (1.30 + 1.33 + 0.10) × 32.3465 = 88.305945.
func TestExactRoundsOnceHalfAwayFromZero(t *testing.T) {
	rvu := exact(t, "1.30").Add(exact(t, "1.33")).Add(exact(t, "0.10"))
	fee := rvu.Mul(exact(t, "32.3465"))
	if got := fee.String(); got != "88.305945" {
		t.Errorf("fee: got %s want 88.305945", got)
	}
	if got := fee.Round(); got != 8831 {
		t.Errorf("rounded: got %s want 88.31", got)
	}
	for in, want := range map[string]Cents{"0.005": 1, "-0.005": -1, "0.0049": 0, "1.125": 113, "2.4": 240, "-7": -700} {
		if got := exact(t, in).Round(); got != want {
			t.Errorf("Round(%s): got %d want %d", in, got, want)
		}
	}
}

// A coefficient past 64 bits must not wrap: (10^17+1)² = 10^34 + 2×10^17 + 1.
func TestExactGrowsPast64Bits(t *testing.T) {
	x := exact(t, "100000000000000001")
	if got := x.Mul(x).String(); got != "10000000000000000200000000000000001" {
		t.Errorf("square: got %s", got)
	}
	y := exact(t, "0.000000000000000001")
	if got := x.Mul(x).Mul(y).Mul(y).RoundTo(0).String(); got != "0" {
		t.Errorf("scaled down: got %s want 0", got)
	}
	if exact(t, "1.5").Cmp(exact(t, "1.50")) != 0 || exact(t, "9223372036854775807").Add(Whole(1)).String() != "9223372036854775808" {
		t.Error("equal numbers differ, or a sum wrapped")
	}
}

// A number is shown with its digits and no more, on both sides of the size where big integers begin.
func TestExactShowsItsDigits(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0.05": "-0.05", "1.10": "1.1", "100": "100", "0.000000000000000001": "0.000000000000000001", "-12.30": "-12.3",
		"9223372036854775807": "9223372036854775807", "1234567890.0123456789": "1234567890.0123456789", "0.00": "0", "32.3465": "32.3465",
	} {
		if got := exact(t, in).String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// 100.00 over three equal lines is 33.34 + 33.33 + 33.33; 0.05 over 1:3:6 leaves a cent to the largest remainder.
func TestSplitSumsToTheWhole(t *testing.T) {
	for _, c := range []struct {
		c    Cents
		w    []Cents
		want []Cents
	}{
		{10000, []Cents{1, 1, 1}, []Cents{3334, 3333, 3333}},
		{-10000, []Cents{1, 1, 1}, []Cents{-3334, -3333, -3333}},
		{5, []Cents{1, 3, 6}, []Cents{1, 1, 3}},
		{100, []Cents{0, 0}, []Cents{50, 50}},
		{7, []Cents{0, 5}, []Cents{0, 7}},
	} {
		got := Split(c.c, c.w)
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("Split(%d, %v): got %v want %v", c.c, c.w, got, c.want)
				break
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "12.30", "-0.01", "1e9", "999999999999999.99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse([]byte(s))
		if err != nil {
			return
		}
		if again, err := Parse([]byte(c.String())); err != nil || again != c {
			t.Errorf("Parse(%q) = %d, but its text reads as %d, %v", s, c, again, err)
		}
		if again, err := Parse(c.X12(nil)); err != nil || again != c {
			t.Errorf("X12 text of %d reads as %d, %v", c, again, err)
		}
	})
}
