package set

import "testing"

func TestNthAndCutAgree(t *testing.T) {
	for _, e := range []string{"", "A", "A:B", "A::C", ":B", "A:"} {
		rest := e
		for n := 1; n <= 4; n++ {
			var first string
			first, rest = Cut(rest, ':')
			if got := Nth(e, ':', n); got != first {
				t.Errorf("%q piece %d: Nth gives %q, Cut %q", e, n, got, first)
			}
		}
	}
}

// A slice that was taken must not be written to by what is gathered later, nor by an append to its neighbour.
func TestGatherKeepsSlicesApart(t *testing.T) {
	var g Gather[int]
	g.Add(1)
	a := g.Take()
	g.Add(2)
	b := g.Take()
	_ = append(a, 9)
	if a[0] != 1 || b[0] != 2 || g.Take() != nil {
		t.Errorf("got %v %v", a, b)
	}
}
