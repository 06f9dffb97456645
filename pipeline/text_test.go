package pipeline_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"revcycle/extract"
	"revcycle/pipeline"
)

// A count beside dollars is read as dollars where it has cents: 1303 claims are not $1,303.00.
func TestControlsThatCountShowNoCents(t *testing.T) {
	sum := pipeline.Summary{Batch: "2025-03-31-001", Controls: []pipeline.Control{
		extract.TieCounts("claims", 1303, 1302), extract.Tie("charges", 130300, 130300),
	}}
	var text, report bytes.Buffer
	if err := sum.Text(&text, ""); err != nil {
		t.Fatal(err)
	}
	if err := pipeline.Report(&report, sum, pipeline.Morning{}); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`NO +claims +1,303 +1,302 +off by 1\n`).Match(text.Bytes()) || !regexp.MustCompile(`ok +charges +1,303\.00 +1,303\.00\n`).Match(text.Bytes()) {
		t.Errorf("the text:\n%s", &text)
	}
	if !strings.Contains(report.String(), `<td class="n">1,303</td><td class="n">1,302</td><td class="n">1</td>`) || !strings.Contains(report.String(), `<td class="n">1,303.00</td>`) {
		t.Errorf("the report:\n%s", &report)
	}
}

// One of a thing is named in the singular.
func TestOneOfAThingIsSingular(t *testing.T) {
	sum := pipeline.Summary{Batch: "2025-03-31-001", Controls: []pipeline.Control{extract.TieCounts("claims", 1, 1)},
		Counts: pipeline.Counts{Claims: 1, Lines: 1, DuplicateClaims: 1, Encounters: 2, Charges: 2}}
	var text bytes.Buffer
	if err := sum.Text(&text, ""); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 line, 1 seen before", "2 charges"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("want %q in:\n%s", want, &text)
		}
	}
}
