package claim

import "strings"

// NormalControl is a control number as matching compares it where the payer changed its form: blanks
// gone, upper case, no leading zeros, only letters and digits, the first 17 characters (some payers
// keep no more of CLM01; step C3 of the match rules).
func NormalControl(control string) string {
	b := make([]byte, 0, len(control))
	for _, ch := range []byte(control) {
		switch {
		case ch >= 'a' && ch <= 'z':
			ch -= 'a' - 'A'
		case ch >= 'A' && ch <= 'Z', ch >= '0' && ch <= '9':
		default:
			continue
		}
		b = append(b, ch)
	}
	s := strings.TrimLeft(string(b), "0")
	return s[:min(len(s), 17)]
}
