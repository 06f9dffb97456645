package snip

// computed are the checks that no table can say, by subject. Loops "*" are all loops.
var computed = []rule{
	{"X222 X223 X224", "2300", lineSum},
	{"X222 X223 X224", "2300", otherPayerSums},
	{"X222 X223 X224", "2400", linePaid},
	{"X222 X223 X224", "2300", payerOrder},
	{"X222 X223 X224", "2300", adjudicator},
	{"X222 X223 X224", "2300", otherPayerDate},
	{"X222 X224", "2300", pointers},
	{"X222 X223 X224", "2300", diagnosisVersion},
	{"X222 X223 X224", "2300", claimDates},
	{"X223", "2300", outpatientDates},
	{"X222 X223 X224", "2010AA", billingAddress},
	{"X222 X223 X224 X221 X214", "*", npi},
	{"X214", "2200D", ackClaim},
	{"X214", "2000B", ackSums},
}
