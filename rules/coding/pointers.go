package coding

import (
	"fmt"

	"revcycle/claim"
	"revcycle/rules"
)

// PointersParams are the parameters of diagnosis_pointers: there are none.
type PointersParams struct{}

func newDiagnosisPointers(decode rules.Decode, _ Tables) (Check, error) {
	var p PointersParams
	err := decode(&p)
	return Check{Run: DiagnosisPointers()}, err
}

// DiagnosisPointers finds professional and dental lines whose SV107 has no first pointer, or points past the
// claim's principal and other diagnoses. Institutional lines have no pointers. A dental claim without
// diagnoses needs none.
func DiagnosisPointers() func(*rules.Pass) {
	return func(pass *rules.Pass) {
		c := pass.Claim
		if c.Kind == claim.Institutional || !pass.InForce() && len(c.Lines) == 0 {
			return
		}
		n := diagnoses(c)
		for l := range pass.Lines() {
			if len(l.Pointers) == 0 {
				if c.Kind != claim.Dental {
					pass.Report(l.Number, []rules.Fact{{Name: "diagnoses", Value: fmt.Sprint(n)}}, "the line points to no diagnosis (SV107-1)")
				}
				continue
			}
			for i, at := range l.Pointers {
				if at < 1 || int(at) > n {
					pass.Report(l.Number, []rules.Fact{{Name: "diagnoses", Value: fmt.Sprint(n)}, {Name: fmt.Sprintf("SV107-%d", i+1), Value: fmt.Sprint(at)}},
						"pointer %d of the line names diagnosis %d; the claim has %d", i+1, at, n)
				}
			}
		}
	}
}

// diagnoses counts the principal and other diagnoses.
func diagnoses(c *claim.Claim) int {
	n := 0
	for i := range c.Diagnoses {
		switch c.Diagnoses[i].Qualifier {
		case "ABK", "BK", "ABF", "BF":
			n++
		}
	}
	return n
}
