package coding

import (
	"fmt"
	"strings"

	"revcycle/claim"
	"revcycle/rules"
)

// NPIParams are the parameters of npi_check_digit.
type NPIParams struct {
	Roles    []string `yaml:"roles"`    // who is looked at; all of them where absent
	Required []string `yaml:"required"` // who must have one: billing, rendering …
}

// roles are the words of NPIParams and the NM101 codes they stand for.
var roles = []struct{ word, code string }{
	{"billing", "85"}, {"pay-to", "87"}, {"rendering", "82"}, {"attending", "71"}, {"operating", "72"},
	{"other operating", "ZZ"}, {"referring", "DN"}, {"primary care", "P3"}, {"supervising", "DQ"},
	{"service facility", "77"}, {"purchased service", "QB"}, {"ordering", "DK"},
}

func newNPI(decode rules.Decode, _ Tables) (Check, error) {
	var p NPIParams
	if err := decode(&p); err != nil {
		return Check{}, err
	}
	var known []string
	for _, r := range roles {
		known = append(known, r.word)
	}
	for _, list := range [][]string{p.Roles, p.Required} {
		for _, word := range list {
			if roleCode(word) == "" {
				return Check{}, fmt.Errorf("no provider is called %q; the words are %s", word, strings.Join(known, ", "))
			}
		}
	}
	return Check{Run: NPI(p)}, nil
}

func roleCode(word string) string {
	for _, r := range roles {
		if r.word == word {
			return r.code
		}
	}
	return ""
}

// NPI finds NPIs that fail length, digits or check digit (45 CFR 162.406), and required ones that are
// missing. The number is not repeated: a field that should hold one may hold something private.
func NPI(p NPIParams) func(*rules.Pass) {
	wanted := p.Roles
	if len(wanted) == 0 {
		for _, r := range roles {
			wanted = append(wanted, r.word)
		}
	}
	return func(pass *rules.Pass) {
		if !pass.InForce() {
			return
		}
		c := pass.Claim
		for _, word := range wanted {
			code := roleCode(word)
			switch word {
			case "billing":
				badNPI(pass, 0, word, &c.Billing)
			case "pay-to":
				badNPI(pass, 0, word, &c.PayTo)
			default:
				for i := range c.Providers {
					if c.Providers[i].Role == code {
						badNPI(pass, 0, word, &c.Providers[i])
					}
				}
			}
			for i := range c.Lines {
				l := &c.Lines[i]
				for j := range l.Providers {
					if l.Providers[j].Role == code {
						badNPI(pass, l.Number, word, &l.Providers[j])
					}
				}
			}
		}
		for _, word := range p.Required {
			if !hasNPI(c, word) {
				pass.Report(0, []rules.Fact{{Name: "provider", Value: word}}, "the %s provider has no NPI", word)
			}
		}
	}
}

func badNPI(pass *rules.Pass, line int, word string, p *claim.Provider) {
	if p.NPI != "" && !p.NPI.Valid() {
		pass.Report(line, []rules.Fact{{Name: "provider", Value: word}}, "the NPI of the %s provider fails its check digit", word)
	}
}

func hasNPI(c *claim.Claim, word string) bool {
	switch word {
	case "billing":
		return c.Billing.NPI != ""
	case "pay-to":
		return c.PayTo.NPI != ""
	}
	p, ok := c.Provider(roleCode(word))
	return ok && p.NPI != ""
}
