package snip

import "revcycle/parsers/x12"

// Tolerated marks a fault that a partner's agreement lets through: it stays in the list, and rejects nothing.
const Tolerated x12.Severity = "tolerated"

// Policy says which faults reject: by SNIP type, and by code where a partner's deviation is known.
type Policy struct {
	// Types is the severity of the faults of each SNIP type, 1 to 7; "" leaves a fault as it was found.
	Types [8]x12.Severity
	// Codes is the severity of single faults, by their code; it goes before Types.
	Codes map[string]x12.Severity
}

// Strict is the policy of a partner with whom nothing else was agreed: faults of type 1 as they were found (what could be read around
// without loss is a warning), all of types 2 to 5 and 7 reject, and a line of business (6) warns.
var Strict = Policy{Types: [8]x12.Severity{2: x12.Reject, 3: x12.Reject, 4: x12.Reject, 5: x12.Reject, 6: x12.Warn, 7: x12.Reject}}

// Judge gives a fault with the severity that the policy wants.
func (p *Policy) Judge(f x12.Fault) x12.Fault {
	if s, ok := p.Codes[f.Code]; ok {
		f.Severity = s
	} else if f.SNIP < len(p.Types) && p.Types[f.SNIP] != "" {
		f.Severity = p.Types[f.SNIP]
	}
	return f
}
