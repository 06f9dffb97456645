package money

import "testing"

// The quotients are long division by hand; 2/3 and −2/3 would differ if rounding looked at the sign.
func TestDivRoundsHalfAwayFromZero(t *testing.T) {
	for _, c := range []struct {
		x, y string
		d    int
		want string
	}{{"3", "4.8", 4, "0.625"}, {"2", "3", 4, "0.6667"}, {"-2", "3", 4, "-0.6667"}, {"1", "8", 2, "0.13"}, {"1", "3", 8, "0.33333333"}, {"0", "7", 2, "0"}, {"100000000000000000001", "0.5", 0, "200000000000000000002"}} {
		if got := exact(t, c.x).Div(exact(t, c.y), c.d).String(); got != c.want {
			t.Errorf("%s / %s to %d: got %s want %s", c.x, c.y, c.d, got, c.want)
		}
	}
}

func TestTruncateAndRoundUpGoOneWay(t *testing.T) {
	for in, want := range map[string]string{"0.833333339": "0.83333333", "-0.999999999": "-0.99999999", "1.5": "1.5"} {
		if got := exact(t, in).Truncate(8).String(); got != want {
			t.Errorf("Truncate(%s): got %s want %s", in, got, want)
		}
	}
	for in, want := range map[string]Cents{"7.5016": 751, "7.50": 750, "-0.001": -1, "0": 0, "0.0000001": 1} {
		if got := exact(t, in).RoundUp(); got != want {
			t.Errorf("RoundUp(%s): got %s want %s", in, got, want)
		}
	}
}

// The long ones are from Python's decimal module at 60 digits; those with an exact answer must not end in …9,
// and the last would round twice if Pow kept more than one digit too many.
func TestPowAgreesWithAnotherProgram(t *testing.T) {
	for _, c := range []struct {
		x, y string
		d    int
		want string
	}{
		{"1.35", "0.405", 20, "1.12923719933474524359"},
		{"0.6671", "0.6848", 20, "0.75788961496939501212"},
		{"2.7183", "0.03645", 20, "1.03712269930958593188"},
		{"1.3468", "0.6848", 4, "1.2262"},
		{"4", "0.5", 9, "2"}, {"0.25", "0.5", 3, "0.5"}, {"1", "0.405", 9, "1"}, {"7", "0", 9, "1"}, {"2", "-1", 2, "0.5"}, {"2", "10", 0, "1024"},
		{"1.4449996", "1", 2, "1.44"},
	} {
		if got := exact(t, c.x).Pow(exact(t, c.y), c.d).String(); got != c.want {
			t.Errorf("%s ^ %s to %d: got %s want %s", c.x, c.y, c.d, got, c.want)
		}
	}
}
