package parsers

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"revcycle/parsers/x12"
)

// broken are samples that are called valid and break X12 all the same, each with what an eye sees in the raw bytes: most were written with
// another component separator than their ISA16 names, so that CLM05, HI01 and SV101 are one long component.
var broken = map[string]struct{ see, element string }{
	"LinuxForHealth+x12/835_005010X221A1__cob-contractural-adjustment.835":    {`SVC\*HC>`, "SVC01-1"},
	"LinuxForHealth+x12/835_005010X221A1__secondary-payment.835":              {`SVC\*HC>`, "SVC01-1"},
	"LinuxForHealth+x12/835_005010X221A1__tertiary-payment.835":               {`SVC\*HC\*24599`, "SVC01-2"},
	"LinuxForHealth+x12/835_005010X221A1__managed-care.835":                   {`\*20002316~`, "BPR16"},
	"LinuxForHealth+x12/837_005010X222A2__demo.cob.2ndary.example4.837":       {`HI\*A?BK[^:~*]`, "HI01-1"},
	"LinuxForHealth+x12/837_005010X222A2__demo.example9.837":                  {`HI\*A?BK[^:~*]`, "HI01-1"},
	"LinuxForHealth+x12/837_005010X222A2__demo.example11.837":                 {`HI\*A?BK[^:~*]`, "HI01-1"},
	"LinuxForHealth+x12/837_005010X222A2__demo.example12.837":                 {`HI\*A?BK[^:~*]`, "HI01-1"},
	"LinuxForHealth+x12/837_005010X223A3__out-of-network-repriced-claim.837i": {`HI\*A?BK[^:~*]`, "HI01-1"},
	"LinuxForHealth+x12/837_005010X223A3__ppo-repriced-claim.837i":            {`HI\*A?BK[^:~*]`, "HI01-1"},
	"imsweb+x12-parser/837_5010__x12_no_errors.txt":                           {`HI\*BK\*8901`, "HI01-2"},
}

// A sample that is called valid 5010 has no fault that rejects, but for those that break X12 where anybody can see it; and those are found.
func TestValidSamplesHaveNoReject(t *testing.T) {
	files := corpus(t)
	n := 0
	for _, row := range rows(t, shared(t, "data", "x12", "INDEX.tsv")) {
		valid := strings.Contains(row["note"], "expected to validate") || strings.Contains(row["note"], "valid sample") || strings.Contains(row["path"], "no_errors")
		file, ok := files[row["path"]]
		if !ok || !valid || !strings.Contains(row["versions(GS08/ST03)"], "005010") {
			continue
		}
		n++
		r, err := Inspect(row["path"], bytes.NewReader(file), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		rejects := slices.DeleteFunc(r.Faults, func(f x12.Fault) bool { return f.Severity != x12.Reject })
		why, ok := broken[row["path"]]
		switch {
		case !ok && len(rejects) > 0:
			t.Errorf("%s: %v", row["path"], rejects[0])
		case ok && !regexp.MustCompile(why.see).Match(file):
			t.Errorf("%s: it is not broken as said", row["path"])
		case ok && !slices.ContainsFunc(rejects, func(f x12.Fault) bool { return f.Element == why.element }):
			t.Errorf("%s: the fault at %s was not found: %v", row["path"], why.element, rejects)
		}
	}
	if n < 30 {
		t.Errorf("only %d valid samples", n)
	}
}

// A sample that was broken on purpose has the fault that its note or name says.
func TestBrokenSamplesHaveTheirFault(t *testing.T) {
	files := corpus(t)
	for path, want := range map[string]string{
		"imsweb+x12-parser/837_5010__x12_segments_out_of_order.txt":                             x12.CodeSegmentOrder,
		"imsweb+x12-parser/837_5010__x12_bad_segment_identifier.txt":                            x12.CodeSegmentID,
		"imsweb+x12-parser/837_5010__x12_bad_valid_code.txt":                                    x12.CodeElementCode,
		"imsweb+x12-parser/837_5010__x12_missing_elements.txt":                                  x12.CodeElementMissing,
		"imsweb+x12-parser/837_5010__x12_missing_required_loop_in_one_repeat.txt":               x12.CodeLoopMissing,
		"imsweb+x12-parser/837_5010__x12_missing_required_loops_mult_repeats.txt":               x12.CodeLoopMissing,
		"imsweb+x12-parser/837_5010__x12_loop_errors1_exceeds_max_1_parent.txt":                 x12.CodeLoopRepeat,
		"imsweb+x12-parser/837_5010__x12_loop_errors2_exceeds_max_repeats_multiple_parents.txt": x12.CodeLoopRepeat,
		"imsweb+x12-parser/837_5010__x12_loop_errors3_missing_loops.txt":                        x12.CodeLoopMissing,
		"imsweb+x12-parser/837_5010__x12_segment_errors.txt":                                    x12.CodeSegmentMissing,
		"azoner+pyx12/inline_bad_header_looping.txt":                                            x12.CodeSegmentOrder,
		"azoner+pyx12/inline_trailing_terms.txt":                                                x12.CodeTrailingSeparator,
	} {
		file, ok := files[path]
		if !ok {
			t.Errorf("no sample %s", path)
			continue
		}
		r, err := Inspect(path, bytes.NewReader(file), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(r.Faults, func(f x12.Fault) bool { return f.Code == want }) {
			t.Errorf("%s: no %s in %v", path, want, r.Faults)
		}
	}
}
