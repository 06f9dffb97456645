package book

import (
	"fmt"
	"reflect"
	"strings"

	"revcycle/rules/coding"
	"revcycle/rules/pricing"
)

// Reference is the language of rule books as Markdown, printed from the tables that read it: checks, methods
// of payment, the vocabulary and operators of conditions, and the kinds of tables with their columns.
func Reference() string {
	var w strings.Builder
	w.WriteString("## Checks\n\n| check | finds | params |\n|---|---|---|\n")
	for _, s := range coding.Checks {
		fmt.Fprintf(&w, "| %s | %s | %s |\n", s.Name, s.Doc, keysOf(s.Params))
	}
	w.WriteString("\n## Methods of payment\n\n| method | pays | for | params |\n|---|---|---|---|\n")
	for _, m := range pricing.Methods {
		scope := "a line"
		if m.Claim {
			scope = "the claim"
		}
		fmt.Fprintf(&w, "| %s | %s | %s | %s |\n", m.Name, m.Doc, scope, keysOf(m.Params))
	}
	w.WriteString("\n## Fields of conditions\n\n| field | of | type | element |\n|---|---|---|---|\n")
	for _, f := range Vocabulary {
		of := "the claim"
		if f.Line {
			of = "a line"
		}
		fmt.Fprintf(&w, "| %s | %s | %s | %s |\n", f.Name, of, f.Type, f.Element)
	}
	w.WriteString("\n## Operators\n\n| type | operators |\n|---|---|\n")
	for _, kind := range sortedKeys(operators) {
		fmt.Fprintf(&w, "| %s | %s |\n", kind, strings.Join(operators[kind], ", "))
	}
	fmt.Fprintf(&w, "\nGroups: %s.\n", strings.Join(groups, ", "))
	w.WriteString("\n## Tables\n\nfrom, to and cite may stand in every kind.\n\n| kind | holds | columns | may also have |\n|---|---|---|---|\n")
	for _, k := range TableKinds {
		fmt.Fprintf(&w, "| %s | %s | %s | %s |\n", k.Name, k.Doc, strings.Join(k.Columns, ", "), strings.Join(k.Extra, ", "))
	}
	return w.String()
}

// keysOf lists the keys of a parameter struct.
func keysOf(params any) string {
	var keys []string
	t := reflect.TypeOf(params)
	for i := range t.NumField() {
		keys = append(keys, t.Field(i).Tag.Get("yaml"))
	}
	return strings.Join(keys, ", ")
}
