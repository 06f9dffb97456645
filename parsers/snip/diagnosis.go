package snip

import (
	"fmt"

	"revcycle/civil"
	"revcycle/parsers/x12"
)

// Codes of the faults of diagnoses.
const (
	CodePointer          = "DIAGNOSIS_POINTER" // a line points to a diagnosis that the claim does not have (SV107, SV311)
	CodeDiagnosisMixed   = "DIAGNOSIS_MIXED"   // ICD-9 and ICD-10 stand in one claim (2300 HI)
	CodeDiagnosisVersion = "DIAGNOSIS_VERSION" // ICD-9 from, or ICD-10 before, the day on which ICD-10 began (45 CFR 162.1002)
)

// icd10Begins is the first day of service, or of discharge, that is coded with ICD-10 (45 CFR 162.1002(c)).
var icd10Begins = civil.Of(2015, 10, 1)

var hi = pack("HI")

// pointers checks that the lines of a claim point to diagnoses that are there.
func pointers(v view, report func(x12.Fault)) {
	n := 0
	for s, ok := v.firstOf(hi); ok; s, ok = s.nextOf() {
		if s.is(1, 1, "ABK", "BK", "ABF", "BF") {
			for i := 1; i <= s.len(); i++ {
				if len(s.comp(i, 2)) > 0 {
					n++
				}
			}
		}
	}
	for line, ok := v.child(v.i, "2400"); ok; line, ok = v.child(line.i, "2400") {
		element := 7
		s, ok := line.firstOf(services[0].id)
		if !ok {
			element = 11
			if s, ok = line.firstOf(services[2].id); !ok {
				continue
			}
		}
		for j := 1; j <= 4; j++ {
			e := s.comp(element, j)
			if len(e) == 0 {
				continue
			}
			if k := digits(e); k < 1 || k > n {
				fault(line, s, element, j, report, x12.Fault{SNIP: 4, Code: CodePointer, Severity: x12.Warn, Message: fmt.Sprintf("the line points to a diagnosis that is not there: the claim has %d", n)})
			}
		}
	}
}

// digits reads a number of up to four digits; -1 for anything else.
func digits(e []byte) int {
	n := 0
	if len(e) == 0 || len(e) > 4 {
		return -1
	}
	for _, c := range e {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// diagnosisVersion checks that a claim's codes are all of one edition, and of that which is in force.
func diagnosisVersion(v view, report func(x12.Fault)) {
	var nine, ten place
	for s, ok := v.firstOf(hi); ok; s, ok = s.nextOf() {
		for i := 1; i <= s.len(); i++ {
			switch q := s.comp(i, 1); {
			case len(q) == 3 && q[0] == 'A', string(q) == "BBR", string(q) == "BBQ":
				ten.first(s, i)
			case s.is(i, 1, "BK", "BF", "BJ", "PR", "BN", "BR", "BQ"):
				nine.first(s, i)
			}
		}
	}
	if nine.element > 0 && ten.element > 0 {
		p := nine
		if ten.after(nine) {
			p = ten
		}
		fault(v, p.seg, p.element, 1, report, x12.Fault{SNIP: 4, Code: CodeDiagnosisMixed, Severity: x12.Warn, Message: "codes of ICD-9 and of ICD-10 stand in one claim"})
		return
	}
	day := lastDay(v)
	if !day.Known() {
		return
	}
	if nine.element > 0 && day >= icd10Begins {
		fault(v, nine.seg, nine.element, 1, report, x12.Fault{SNIP: 5, Code: CodeDiagnosisVersion, Severity: x12.Warn, Message: "ICD-9 is not in force on the day of service"})
	}
	if ten.element > 0 && day < icd10Begins {
		fault(v, ten.seg, ten.element, 1, report, x12.Fault{SNIP: 5, Code: CodeDiagnosisVersion, Severity: x12.Warn, Message: "ICD-10 is not in force on the day of service"})
	}
}

// place is an element of a segment; element 0 is none.
type place struct {
	seg
	element int
}

// first takes note of the first element that is seen.
func (p *place) first(s seg, element int) {
	if p.element == 0 {
		*p = place{s, element}
	}
}

// after reports whether the place stands behind another one.
func (p place) after(o place) bool {
	return p.k > o.k || p.k == o.k && p.element > o.element
}
