package x835

import (
	_ "embed"
	"strings"

	"revcycle/parsers/x12"
)

//go:embed guides/remittance.txt
var remittanceText string

var remittance = x12.MustGuide(remittanceText)

// place is what a loop is to a remit.
type place uint8

const (
	nowhere place = iota
	header        // the set itself, 1000A, 1000B
	group         // 2000
	own           // 2100
	line          // 2110
)

var places = func() []place {
	out := make([]place, len(remittance.Loops))
	for i := range remittance.Loops {
		switch remittance.Loops[i].ID {
		case "2000":
			out[i] = group
		case "2100":
			out[i] = own
		case "2110":
			out[i] = line
		default:
			out[i] = header
		}
	}
	return out
}()

// Guide gives the table of loops for an ST03 or GS08; nil where we read none such. 4010 is read by the table of 5010.
func Guide(name string) *x12.Guide {
	if strings.Contains(name, "X221") || strings.Contains(name, "X091") {
		return remittance
	}
	return nil
}
