package coding

import (
	"errors"
	"strings"

	"revcycle/rules"
)

// RequiredModifierParams are the parameters of required_modifier.
type RequiredModifierParams struct {
	Codes []string `yaml:"codes"`
	Any   []string `yaml:"any"` // one of these must stand on the line
}

func newRequiredModifier(decode rules.Decode, t Tables) (Check, error) {
	var p RequiredModifierParams
	if err := decode(&p); err != nil {
		return Check{}, err
	}
	if len(p.Any) == 0 {
		return Check{}, errors.New("any: names no modifier; list those of which one is needed")
	}
	codes, err := codesOf(p.Codes, t)
	return Check{Run: RequiredModifier(p, codes)}, err
}

// RequiredModifier finds lines with a listed code and none of the modifiers it needs.
func RequiredModifier(p RequiredModifierParams, codes rules.Codes) func(*rules.Pass) {
	wanted := strings.Join(p.Any, ", ")
	return func(pass *rules.Pass) {
		for l := range pass.Lines() {
			if code := l.Procedure.Code; code != "" && !has(l.Procedure.Modifiers, p.Any...) && codes(code, pass.Day(l)) {
				pass.Report(l.Number, []rules.Fact{{Name: "code", Value: code}, {Name: "modifiers", Value: strings.TrimSpace(strings.Join(l.Procedure.Modifiers[:], " "))}},
					"%s needs one of the modifiers %s", code, wanted)
			}
		}
	}
}
