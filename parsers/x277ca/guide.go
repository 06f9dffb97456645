package x277ca

import (
	_ "embed"

	"revcycle/parsers/x12"
)

//go:embed guides/277ca.txt
var tableText string

// Table is the table of loops of the claim acknowledgement, 005010X214.
var Table = x12.MustGuide(tableText)
