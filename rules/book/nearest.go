package book

import (
	"fmt"
	"strings"
)

// nearest is the word of a list that looks most like an unknown one, "" where none looks like it.
func nearest(word string, words []string) string {
	best, distance := "", len(word)/2+1
	for _, w := range words {
		if d := edits(strings.ToLower(word), strings.ToLower(w)); d < distance || d == distance && best != "" && w < best {
			best, distance = w, d
		}
	}
	return best
}

// didYouMean advises on an unknown word: the nearest one, else all of them.
func didYouMean(word string, words []string) string {
	if w := nearest(word, words); w != "" {
		return fmt.Sprintf("did you mean %q?", w)
	}
	return "the words are " + strings.Join(words, ", ")
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	before := make([]int, len(b)+1)
	for j := range before {
		before[j] = j
	}
	for i := range len(a) {
		diagonal := before[0]
		before[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(before[j]+1, before[j+1]+1, diagonal+cost)
			diagonal, before[j+1] = before[j+1], next
		}
	}
	return before[len(b)]
}
