package set

import "unsafe"

// Gather collects the elements of one slice of a noun at a time, and carves the finished slices out of shared slabs: a claim has
// dozens of short slices, and an allocation for each would cost more than reading it.
type Gather[T any] struct {
	tmp  []T
	free []T
}

// slabBytes is about how much one slab holds. A slab lives as long as any claim that has a piece of it.
const slabBytes = 16 << 10

// Add appends a value.
func (g *Gather[T]) Add(v T) { g.tmp = append(g.tmp, v) }

// Last is the value added last; it must not be called before the first.
func (g *Gather[T]) Last() *T { return &g.tmp[len(g.tmp)-1] }

// Take gives what was added, nil for nothing, and begins anew. Appending to what it gives copies it. What was added is not cleared, only
// written over by what is added next.
func (g *Gather[T]) Take() []T {
	n := len(g.tmp)
	if n == 0 {
		return nil
	}
	out := g.Make(n)
	copy(out, g.tmp)
	g.tmp = g.tmp[:0]
	return out
}

// Len is the number of values added since the last Take.
func (g *Gather[T]) Len() int { return len(g.tmp) }

// Make gives n zero values to be filled in place, for what is large and whose number is known beforehand. Appending to them copies.
func (g *Gather[T]) Make(n int) []T {
	if n == 0 {
		return nil
	}
	if n > len(g.free) {
		var v T
		g.free = make([]T, max(n, slabBytes/int(unsafe.Sizeof(v))))
	}
	out := g.free[:n:n]
	g.free = g.free[n:]
	return out
}
