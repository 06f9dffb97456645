package workspace

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// A receiver that is read other than it was written is one that is never told.
func TestNotifyAndKeepAreReadAsWritten(t *testing.T) {
	w := fresh(t, `notify:
  - when: attention
    mail: mail -s '{subject}' "night shift" a@example.org
  - mail: msmtp -t
    to: a@example.org, b@example.org
  - when: failure
    webhook: https://hooks.example.org/t0ken
    header_file: hook
  - webhook: http://127.0.0.1:8080/x`, "keep:\n  extract_batches: 90\n  archive_months: 120\n  reports:")
	want := []Notice{
		{When: Attention, Mail: []string{"mail", "-s", "{subject}", "night shift", "a@example.org"}},
		{When: Always, Mail: []string{"msmtp", "-t"}, To: "a@example.org, b@example.org"},
		{When: Failure, Webhook: "https://hooks.example.org/t0ken", HeaderFile: w.Path("hook")},
		{When: Always, Webhook: "http://127.0.0.1:8080/x"},
	}
	if !reflect.DeepEqual(w.Notify, want) {
		t.Errorf("got  %+v\nwant %+v", w.Notify, want)
	}
	if want := (Keep{ExtractBatches: 90, ArchiveMonths: 120}); w.Keep != want || w.Keep.Everything() {
		t.Errorf("got %+v, want %+v", w.Keep, want)
	}
	if fresh := fresh(t); !fresh.Keep.Everything() || len(fresh.Notify) != 0 {
		t.Errorf("a new workspace tells %v and keeps %+v", fresh.Notify, fresh.Keep)
	}
}

// What is wrong in revcycle.yaml is told with its line, and no secret of a URL is shown.
func TestAWrongReceiverIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"notify: x":                                                         "takes a list",
		"notify:\n  - x":                                                    "line 2: when: and mail: or webhook: are wanted",
		"notify:\n  - when: always":                                         "line 2: write mail: or webhook:, one of them",
		"notify:\n  - wen: always":                                          "line 2: \"wen\" is no key here; did you mean when?",
		"notify:\n  - when: sometimes":                                      "none of always, failure, attention",
		"notify:\n  - mail: \"\"":                                           "mail: is empty",
		"notify:\n  - mail: mail 'a b":                                      "a ' is opened and not closed",
		"notify:\n  - webhook: hooks/s3cret":                                "is no address",
		"notify:\n  - webhook: http://hooks.example.org/s3cret":             "line 2: webhook: sends in the clear",
		"notify:\n  - webhook: https://u:s3cret@hooks.example.org/":         "header_file",
		"notify:\n  - webhook: https://hooks.example.org/\n    mail: x":     "one of them",
		"notify:\n  - webhook: https://hooks.example.org/s3cret\n    to: x": "to: belongs to mail:",
		"notify:\n  - mail: x\n    header_file: y":                          "header_file: belongs to webhook:",
		"keep: all":                      "takes keys and values",
		"keep:\n  archive_month: 3":      "line 2: \"archive_month\" is no key here; did you mean archive_months?",
		"keep:\n  extract_batches: -1":   "line 2: extract_batches: \"-1\" is no whole number",
		"keep:\n  extract_batches: many": "is no whole number",
	} {
		_, err := parseConfig([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, ErrConfig) {
			t.Errorf("%q\n got  %v\n want %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v shows the secret", text, err)
		}
	}
}
