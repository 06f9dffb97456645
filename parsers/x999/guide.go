package x999

import (
	_ "embed"

	"revcycle/parsers/x12"
)

//go:embed guides/999.txt
var implementationText string

//go:embed guides/997.txt
var functionalText string

var implementation, functional = x12.MustGuide(implementationText), x12.MustGuide(functionalText)

// Table gives the table of loops of an acknowledgement by its kind (ST01): the 999 (005010X231A1) and the 997 (004010); nil for other sets.
func Table(kind string) *x12.Guide {
	switch kind {
	case "999":
		return implementation
	case "997":
		return functional
	}
	return nil
}
