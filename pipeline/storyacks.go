package pipeline

import "strings"

// statusWords says in words what the category of a claim status means (claim status category codes, A0 to A8).
var statusWords = map[string]string{
	"A0": "forwarded", "A1": "received, not yet accepted", "A2": "accepted for processing", "A3": "returned, not processable", "A4": "not found", "A5": "split into several",
	"A6": "refused: information is missing", "A7": "refused: information is invalid", "A8": "refused: information does not agree",
}

// ReasonWords are the reasons of an acknowledgement, the categories of claim statuses in words.
func ReasonWords(reasons []string) string {
	out := make([]string, len(reasons))
	for i, r := range reasons {
		category, _, _ := strings.Cut(r, ":")
		if words := statusWords[category]; words != "" {
			r += " (" + words + ")"
		}
		out[i] = r
	}
	return strings.Join(out, "; ")
}

// acks tells what was said on the way to the payer.
func (s *Story) acks(p *page) {
	if len(s.Acks) == 0 {
		return
	}
	p.section("ON THE WAY TO THE PAYER")
	for _, a := range s.Acks {
		p.line("  %s  %s of %s: %s; %s", a.Date, a.Kind, a.From, a.Verdict, ReasonWords(a.Reasons))
		if a.PayerControl != "" {
			p.line("              the payer calls it %s", a.PayerControl)
		}
	}
}
