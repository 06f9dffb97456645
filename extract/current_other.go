//go:build !linux

package extract

// exchange swaps two folders.
func exchange(next, current string) error { return twoRenames(next, current) }
