// Package spelling finds the word that somebody meant: a key of a configuration, a column, a field.
package spelling

import "strings"

// Nearest is the word of a list that looks most like an unknown one, "" where none looks like it: more
// than two letters and a third of the word would have to change. Case is ignored; of equally near words
// the first in the alphabet is taken.
func Nearest(word string, words []string) string {
	best, least := "", 1+max(2, len(word)/3)
	for _, w := range words {
		if n := edits(strings.ToLower(word), strings.ToLower(w)); n < least || n == least && best != "" && w < best {
			best, least = w, n
		}
	}
	return best
}

// edits counts the letters to insert, delete, change or swap with their neighbour to make b of a.
func edits(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
