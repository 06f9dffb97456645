package book

import (
	"fmt"
	"testing"
)

// A claim of fifty lines asks 2,450 ordered pairs; it must stay well under a millisecond.
func BenchmarkAssessFiftyLines(bench *testing.B) {
	b := sampleBook(bench)
	var text claimText
	for i := range 50 {
		text.Lines = append(text.Lines, proofLine{Procedure: fmt.Sprintf("9%04d", 100+i), Charge: 10_00})
	}
	c := visit(bench, text, "12345", 0)
	bench.ReportAllocs()
	for bench.Loop() {
		b.Assess(&c, "12345", nil)
	}
}
