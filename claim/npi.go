package claim

// NPI is a National Provider Identifier: ten digits, the last one a check digit.
type NPI string

// Valid checks length, digits and the Luhn check digit over "80840" + NPI (45 CFR 162.406, CMS NPI check digit).
func (n NPI) Valid() bool {
	if len(n) != 10 {
		return false
	}
	sum := 24 // the Luhn sum of the prefix 80840
	for i := range 10 {
		d := int(n[i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// Key is who the provider is to a payer: the NPI, else the tax number.
func (p Provider) Key() string {
	if p.NPI != "" {
		return string(p.NPI)
	}
	return p.TaxID
}
