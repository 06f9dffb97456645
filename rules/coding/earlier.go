package coding

import (
	"revcycle/claim"
)

// before reports whether p was made before c: by BHT04, then by ID, so that of two claims that contradict
// each other only the later one is blamed, whatever their order of arrival.
func before(p, c *claim.Claim) bool {
	if p.Created != c.Created {
		return p.Created < c.Created
	}
	return p.ID.Compare(c.ID) < 0
}

// counts reports whether an earlier claim stands beside c: made before it, to the same payer in the same
// turn, asking for payment, and neither a void nor withdrawn by a replacement or void that came later.
func counts(p, c *claim.Claim, all []claim.Claim) bool {
	if p.ID == c.ID || p.Void() || p.Use != c.Use || p.Payer.ID != c.Payer.ID || p.PayerOrder != c.PayerOrder || !before(p, c) {
		return false
	}
	if c.Replaces() && sameAccount(p, c) {
		return false
	}
	for i := range all {
		q := &all[i]
		if q.Replaces() && q.ID != p.ID && sameAccount(p, q) && before(p, q) && (before(q, c) || q.ID == c.ID) {
			return false
		}
	}
	return true
}

// sameAccount reports whether q stands in the place of p: it bears p's control number.
func sameAccount(p, q *claim.Claim) bool { return p.Control != "" && p.Control == q.Control }
