package river

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// What River and the driver say of a server that is gone names user and database; the log tells it without.
func TestTheLogNamesNoUserAndNoDatabase(t *testing.T) {
	for said, want := range map[string]string{
		`FATAL: password authentication failed for user "night" (SQLSTATE 28P01)`: "SQLSTATE 28P01",
		"unexpected EOF": "unexpected EOF",
	} {
		for _, key := range []string{"err", "error"} {
			var out bytes.Buffer
			quiet(slog.New(slog.NewTextHandler(&out, nil))).Error("Producer: Error fetching jobs", key, "failed to connect to `user=night database=revcycle`: connection refused")
			if out.Len() > 0 {
				t.Errorf("a worker says by itself that the server is gone, and here %s", &out)
			}
			quiet(slog.New(slog.NewTextHandler(&out, nil))).Error("Producer: Error fetching jobs", key, said, "queue", "night")
			if got := out.String(); !strings.Contains(got, want) || strings.Contains(got, "user") || !strings.Contains(got, "queue=night") {
				t.Errorf("%s: got %s", said, got)
			}
		}
	}
}
