package coding

import (
	"errors"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/rules"
)

// PlaceParams are the parameters of place_of_service: give allowed or refused, not both.
type PlaceParams struct {
	Codes   []string `yaml:"codes"`
	Allowed []string `yaml:"allowed"` // the only places where the codes are paid
	Refused []string `yaml:"refused"` // places where they are not
}

func newPlaceOfService(decode rules.Decode, t Tables) (Check, error) {
	var p PlaceParams
	if err := decode(&p); err != nil {
		return Check{}, err
	}
	if (len(p.Allowed) == 0) == (len(p.Refused) == 0) {
		return Check{}, errors.New("allowed or refused: give one of them, with places of service")
	}
	codes, err := codesOf(p.Codes, t)
	return Check{Run: PlaceOfService(p, codes)}, err
}

// PlaceOfService finds professional lines with a listed code at a place where it is not paid. The place is
// SV105, else CLM05-1.
func PlaceOfService(p PlaceParams, codes rules.Codes) func(*rules.Pass) {
	return func(pass *rules.Pass) {
		c := pass.Claim
		if c.Kind == claim.Institutional {
			return
		}
		for l := range pass.Lines() {
			place := l.Place
			if place == "" {
				place = c.Facility
			}
			wrong := slices.Contains(p.Refused, place)
			if len(p.Allowed) > 0 {
				wrong = !slices.Contains(p.Allowed, place)
			}
			if code := l.Procedure.Code; wrong && code != "" && codes(code, pass.Day(l)) {
				advice := "not at " + strings.Join(p.Refused, ", ")
				if len(p.Allowed) > 0 {
					advice = "only at " + strings.Join(p.Allowed, ", ")
				}
				pass.Report(l.Number, []rules.Fact{{Name: "code", Value: code}, {Name: "place of service", Value: place}},
					"%s was billed at place of service %s; it is paid %s", code, place, advice)
			}
		}
	}
}
