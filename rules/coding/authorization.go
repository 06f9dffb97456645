package coding

import (
	"revcycle/claim"
	"revcycle/rules"
)

// AuthorizationParams are the parameters of missing_authorization.
type AuthorizationParams struct {
	Codes    []string `yaml:"codes"`    // procedure codes
	Revenue  []string `yaml:"revenue"`  // revenue codes, for institutional claims
	Referral bool     `yaml:"referral"` // a referral number (REF*9F) will do
}

func newMissingAuthorization(decode rules.Decode, t Tables) (Check, error) {
	var p AuthorizationParams
	if err := decode(&p); err != nil {
		return Check{}, err
	}
	if len(p.Codes) == 0 && len(p.Revenue) == 0 {
		_, err := codesOf(nil, t)
		return Check{}, err
	}
	codes, err := t.Codes(p.Codes)
	if err != nil {
		return Check{}, err
	}
	revenue, err := t.Codes(p.Revenue)
	return Check{Run: MissingAuthorization(p, codes, revenue)}, err
}

// MissingAuthorization finds lines with a listed code where neither the line nor the claim bears REF*G1.
func MissingAuthorization(p AuthorizationParams, codes, revenue rules.Codes) func(*rules.Pass) {
	return func(pass *rules.Pass) {
		c := pass.Claim
		if c.Reference("G1") != "" || p.Referral && c.Reference("9F") != "" {
			return
		}
		for l := range pass.Lines() {
			day := pass.Day(l)
			listed := l.Procedure.Code != "" && codes(l.Procedure.Code, day) || l.Revenue != "" && revenue(l.Revenue, day)
			if listed && !authorized(l.References, p.Referral) {
				what := coded(l.Procedure.Code, l.Revenue)
				pass.Report(l.Number, []rules.Fact{{Name: "code", Value: what}}, "%s needs an authorization number (REF*G1) and the claim has none", what)
			}
		}
	}
}

func authorized(refs []claim.Reference, referral bool) bool {
	for _, r := range refs {
		if r.Value != "" && (r.Qualifier == "G1" || referral && r.Qualifier == "9F") {
			return true
		}
	}
	return false
}
