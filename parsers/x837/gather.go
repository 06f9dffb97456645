package x837

import "unsafe"

// gather collects the elements of one slice of a noun at a time, and carves the finished slices out of shared slabs: a claim has
// dozens of short slices, and an allocation for each would cost more than reading it.
type gather[T any] struct {
	tmp  []T
	free []T
}

// slabBytes is about how much one slab holds. A slab lives as long as any claim that has a piece of it.
const slabBytes = 16 << 10

// add appends a value.
func (g *gather[T]) add(v T) { g.tmp = append(g.tmp, v) }

// last is the value added last; it must not be called before the first.
func (g *gather[T]) last() *T { return &g.tmp[len(g.tmp)-1] }

// take gives what was added, nil for nothing, and begins anew. Appending to what it gives copies it.
func (g *gather[T]) take() []T {
	n := len(g.tmp)
	if n == 0 {
		return nil
	}
	if n > len(g.free) {
		var v T
		g.free = make([]T, max(n, slabBytes/int(unsafe.Sizeof(v))))
	}
	out := g.free[:n:n]
	copy(out, g.tmp)
	clear(g.tmp)
	g.free, g.tmp = g.free[n:], g.tmp[:0]
	return out
}
