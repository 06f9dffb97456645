package book

import (
	"fmt"
	"strings"

	"revcycle/spelling"
)

// didYouMean advises on an unknown word: the nearest one, else all of them.
func didYouMean(word string, words []string) string {
	if w := spelling.Nearest(word, words); w != "" {
		return fmt.Sprintf("did you mean %q?", w)
	}
	return "the words are " + strings.Join(words, ", ")
}
