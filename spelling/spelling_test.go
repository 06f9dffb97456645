package spelling

import "testing"

func TestTheNearestWordIsMeant(t *testing.T) {
	words := []string{"workers", "inbox", "extracts", "deadline", "timezone"}
	for word, want := range map[string]string{"worker": "workers", "WORKRES": "workers", "imbox": "inbox", "dead_line": "deadline", "Timezone": "timezone", "colour": "", "x": ""} {
		if got := Nearest(word, words); got != want {
			t.Errorf("%q: got %q want %q", word, got, want)
		}
	}
}
