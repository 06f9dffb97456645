package coding

import (
	"revcycle/money"
	"revcycle/rules"
)

// ChargeSumParams are the parameters of charge_sum: there are none.
type ChargeSumParams struct{}

func newChargeSum(decode rules.Decode, _ Tables) (Check, error) {
	var p ChargeSumParams
	err := decode(&p)
	return Check{Run: ChargeSum()}, err
}

// ChargeSum finds claims whose CLM02 is not the sum of SV102, SV203 or SV302. A total line (revenue code
// 0001) is not added.
func ChargeSum() func(*rules.Pass) {
	return func(pass *rules.Pass) {
		if !pass.InForce() {
			return
		}
		var sum money.Cents
		for i := range pass.Claim.Lines {
			if l := &pass.Claim.Lines[i]; l.Revenue != "0001" {
				sum += l.Charge
			}
		}
		if off := pass.Claim.Charge - sum; off != 0 {
			pass.Report(0, []rules.Fact{{Name: "CLM02", Value: pass.Claim.Charge.String()}, {Name: "sum of lines", Value: sum.String()}},
				"the claim's charge is off from its lines by %s", off)
		}
	}
}
