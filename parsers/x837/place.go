package x837

// place is what a loop is to a claim: which function takes its segments.
type place uint8

const (
	nowhere       place = iota // no loop takes the segment
	submitter                  // 1000A
	receiver                   // 1000B
	billing                    // 2000A
	biller                     // 2010AA
	payTo                      // 2010AB
	payToPlan                  // 2010AC
	subscriber                 // 2000B
	insured                    // 2010BA
	payer                      // 2010BB
	patient                    // 2000C
	patientName                // 2010CA
	own                        // 2300
	provider                   // 2310
	otherCoverage              // 2320
	otherInsured               // 2330A
	otherPayer                 // 2330B
	otherProvider              // 2330C and after
	serviceLine                // 2400
	drug                       // 2410
	lineProvider               // 2420
	adjudication               // 2430
	form                       // 2440, and loops that nothing is taken from
)

// placeOf tells what a guide's loop is to a claim.
func placeOf(loop string) place {
	switch loop {
	case "1000A":
		return submitter
	case "1000B":
		return receiver
	case "2000A":
		return billing
	case "2010AA":
		return biller
	case "2010AB":
		return payTo
	case "2010AC":
		return payToPlan
	case "2000B":
		return subscriber
	case "2010BA":
		return insured
	case "2010BB":
		return payer
	case "2000C":
		return patient
	case "2010CA":
		return patientName
	case "2330A":
		return otherInsured
	case "2330B":
		return otherPayer
	}
	if len(loop) >= 4 {
		switch loop[:4] {
		case "2300":
			return own
		case "2310":
			return provider
		case "2320":
			return otherCoverage
		case "2330":
			return otherProvider
		case "2400":
			return serviceLine
		case "2410":
			return drug
		case "2420":
			return lineProvider
		case "2430":
			return adjudication
		}
	}
	return form
}
