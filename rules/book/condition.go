package book

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/spelling"
)

// test is a compiled condition. l is nil where the condition is about the claim.
type test func(c *claim.Claim, l *claim.Line) bool

// condition is a compiled when: with what it is about.
type condition struct {
	holds   test
	perLine bool     // it names a field of the line outside any_line, all_lines, no_line
	codes   []string // the only procedure codes for which it can hold; nil where others may
}

// groups are the words that join conditions.
var groups = []string{"any", "all", "none", "any_line", "all_lines", "no_line"}

// compile turns a mapping of fields and groups into a test: every entry must hold.
func compile(n *yaml.Node, k *lookups, inLine bool) (condition, error) {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		return condition{}, faultAt(n, "a condition is a mapping of fields, as {procedure: [99213, 9920*]}")
	}
	if err := once(n); err != nil {
		return condition{}, err
	}
	var out condition
	var tests []test
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		var one condition
		var err error
		if slices.Contains(groups, key.Value) {
			one, err = group(key, value, k, inLine)
		} else {
			one, err = fieldTest(key, value, k)
		}
		if err != nil {
			return out, err
		}
		out.perLine = out.perLine || one.perLine
		if one.codes != nil {
			out.codes = one.codes
			tests = slices.Insert(tests, 0, one.holds) // the code is the most selective: ask it first
		} else {
			tests = append(tests, one.holds)
		}
	}
	out.holds = allOf(tests)
	return out, nil
}

func allOf(tests []test) test {
	if len(tests) == 1 {
		return tests[0]
	}
	return func(c *claim.Claim, l *claim.Line) bool {
		for _, t := range tests {
			if !t(c, l) {
				return false
			}
		}
		return true
	}
}

func anyOf(tests []test) test {
	return func(c *claim.Claim, l *claim.Line) bool {
		for _, t := range tests {
			if t(c, l) {
				return true
			}
		}
		return false
	}
}

// group compiles any, all, none over a list of conditions; the other groups are quantifiers.
func group(key, value *yaml.Node, k *lookups, inLine bool) (condition, error) {
	switch key.Value {
	case "any", "all", "none":
		if value.Kind != yaml.SequenceNode || len(value.Content) == 0 {
			return condition{}, faultAt(value, "%s: wants a list of conditions", key.Value)
		}
		var out condition
		var tests []test
		for _, item := range value.Content {
			one, err := compile(item, k, inLine)
			if err != nil {
				return out, err
			}
			out.perLine = out.perLine || one.perLine
			tests = append(tests, one.holds)
		}
		either := anyOf(tests)
		switch key.Value {
		case "any":
			out.holds = either
		case "all":
			out.holds = allOf(tests)
		default:
			out.holds = func(c *claim.Claim, l *claim.Line) bool { return !either(c, l) }
		}
		return out, nil
	}
	return quantifier(key, value, k, inLine)
}

// quantifier compiles any_line, all_lines and no_line over one condition.
func quantifier(key, value *yaml.Node, k *lookups, inLine bool) (condition, error) {
	if inLine {
		return condition{}, faultAt(key, "%s: stands inside another; lines have no lines", key.Value)
	}
	one, err := compile(value, k, true)
	if err != nil {
		return one, err
	}
	if !one.perLine {
		return one, faultAt(value, "%s: names no field of a line", key.Value)
	}
	some := func(wanted bool) test {
		return func(c *claim.Claim, _ *claim.Line) bool {
			for i := range c.Lines {
				if one.holds(c, &c.Lines[i]) == wanted {
					return true
				}
			}
			return false
		}
	}
	switch key.Value {
	case "any_line":
		return condition{holds: some(true)}, nil
	case "no_line":
		hit := some(true)
		return condition{holds: func(c *claim.Claim, l *claim.Line) bool { return !hit(c, l) }}, nil
	}
	miss := some(false)
	return condition{holds: func(c *claim.Claim, l *claim.Line) bool { return len(c.Lines) > 0 && !miss(c, l) }}, nil
}

// fieldTest compiles one field with its operators: a value (is), a list (is one of) or a mapping.
func fieldTest(key, value *yaml.Node, k *lookups) (condition, error) {
	at := slices.IndexFunc(Vocabulary, func(f Field) bool { return f.Name == key.Value })
	if at < 0 {
		words := slices.Clone(groups)
		for _, f := range Vocabulary {
			words = append(words, f.Name)
		}
		if w := spelling.Nearest(key.Value, words); w != "" {
			return condition{}, faultAt(key, "no field is called %q: did you mean %q?", key.Value, w)
		}
		return condition{}, faultAt(key, "no field is called %q: `revcycle rules show` lists the vocabulary", key.Value)
	}
	f := &Vocabulary[at]
	if value.Kind != yaml.MappingNode {
		value = &yaml.Node{Kind: yaml.MappingNode, Line: value.Line, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "is", Line: value.Line}, value}}
	}
	if err := once(value); err != nil {
		return condition{}, err
	}
	out := condition{perLine: f.Line}
	var tests []test
	for i := 0; i < len(value.Content); i += 2 {
		op, operand := value.Content[i], value.Content[i+1]
		t, err := operator(f, op, operand, k)
		if err != nil {
			return out, err
		}
		tests = append(tests, t)
		if f.Name == "procedure" && op.Value == "is" {
			out.codes = plain(scalars(operand))
		}
	}
	if len(tests) == 0 {
		return out, faultAt(value, "%s: says nothing; give a value", f.Name)
	}
	out.holds = allOf(tests)
	return out, nil
}

// plain gives the codes where all of them are, without wildcard or set; else nil.
func plain(list []string) []string {
	for _, s := range list {
		if s == "" || s[0] == '@' || s[len(s)-1] == '*' {
			return nil
		}
	}
	return list
}

// operators by type of field.
var operators = map[string][]string{
	"text":   {"is", "not", "known"},
	"set":    {"is", "not", "has_any", "has_all", "has_none", "known"},
	"number": {"is", "not", "less", "more", "at_least", "at_most", "between", "known"},
	"date":   {"is", "not", "before", "after", "between", "known"},
}

func operator(f *Field, op, operand *yaml.Node, k *lookups) (test, error) {
	words := operators[f.Type]
	if !slices.Contains(words, op.Value) {
		return nil, faultAt(op, "%s is a %s and has no operator %q: %s", f.Name, f.Type, op.Value, didYouMean(op.Value, words))
	}
	list := scalars(operand)
	if len(list) == 0 {
		return nil, faultAt(operand, "%s %s: wants a value or a list of values", f.Name, op.Value)
	}
	if op.Value == "known" {
		if list[0] != "true" && list[0] != "false" || len(list) != 1 {
			return nil, faultAt(operand, "%s known: wants true or false", f.Name)
		}
		return knownTest(f, list[0] == "true"), nil
	}
	switch f.Type {
	case "number":
		return numberTest(f, op.Value, operand, list)
	case "date":
		return dateTest(f, op.Value, operand, list)
	}
	return codeTest(f, op.Value, operand, list, k)
}

// scalars gives the values of a scalar or a flat list; nil for anything else.
func scalars(n *yaml.Node) []string {
	switch n.Kind {
	case yaml.ScalarNode:
		return []string{n.Value}
	case yaml.SequenceNode:
		var out []string
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				return nil
			}
			out = append(out, item.Value)
		}
		return out
	}
	return nil
}

func knownTest(f *Field, want bool) test {
	switch f.Type {
	case "text":
		return func(c *claim.Claim, l *claim.Line) bool { return (f.text(c, l) != "") == want }
	case "set":
		something := func(s string) bool { return s != "" }
		return func(c *claim.Claim, l *claim.Line) bool { return f.some(c, l, something) == want }
	case "number":
		return func(c *claim.Claim, l *claim.Line) bool { _, ok := f.number(c, l); return ok == want }
	}
	return func(c *claim.Claim, l *claim.Line) bool { return f.date(c, l).Known() == want }
}

func codeTest(f *Field, op string, operand *yaml.Node, list []string, k *lookups) (test, error) {
	if op == "has_all" {
		var tests []test
		for _, one := range list {
			t, err := codeTest(f, "has_any", operand, []string{one}, k)
			if err != nil {
				return nil, err
			}
			tests = append(tests, t)
		}
		return allOf(tests), nil
	}
	in, err := k.Codes(list)
	if err != nil {
		return nil, faultAt(operand, "%s: %s", f.Name, err)
	}
	hit := func(c *claim.Claim, l *claim.Line) bool { return in(f.text(c, l), dayOf(c, l)) }
	if f.Type == "set" {
		hit = func(c *claim.Claim, l *claim.Line) bool {
			day := dayOf(c, l)
			return f.some(c, l, func(s string) bool { return in(s, day) })
		}
	}
	if op == "not" || op == "has_none" {
		return func(c *claim.Claim, l *claim.Line) bool { return !hit(c, l) }, nil
	}
	return hit, nil
}

// numberTest compares; an unknown number satisfies no comparison.
func numberTest(f *Field, op string, operand *yaml.Node, list []string) (test, error) {
	var want []money.Exact
	for _, s := range list {
		x, err := money.ParseExact(s)
		if err != nil {
			return nil, faultAt(operand, "%s is a number: %q is none", f.Name, s)
		}
		want = append(want, x)
	}
	if (op == "between") != (len(want) == 2) && op != "is" && op != "not" {
		return nil, faultAt(operand, "%s %s: wants one number, between two", f.Name, op)
	}
	return func(c *claim.Claim, l *claim.Line) bool {
		x, ok := f.number(c, l)
		if !ok {
			return false
		}
		switch op {
		case "less":
			return x.Cmp(want[0]) < 0
		case "more":
			return x.Cmp(want[0]) > 0
		case "at_least":
			return x.Cmp(want[0]) >= 0
		case "at_most":
			return x.Cmp(want[0]) <= 0
		case "between":
			return x.Cmp(want[0]) >= 0 && x.Cmp(want[1]) <= 0
		}
		one := slices.ContainsFunc(want, func(w money.Exact) bool { return x.Cmp(w) == 0 })
		return one == (op == "is")
	}, nil
}

// dateTest compares; an unknown date satisfies no comparison.
func dateTest(f *Field, op string, operand *yaml.Node, list []string) (test, error) {
	var want []civil.Date
	for _, s := range list {
		d, err := civil.ParseISO(s)
		if err != nil {
			return nil, faultAt(operand, "%s is a date, written 2025-01-31: %q is none", f.Name, s)
		}
		want = append(want, d)
	}
	if (op == "between") != (len(want) == 2) && op != "is" && op != "not" {
		return nil, faultAt(operand, "%s %s: wants one date, between two", f.Name, op)
	}
	return func(c *claim.Claim, l *claim.Line) bool {
		d := f.date(c, l)
		if !d.Known() {
			return false
		}
		switch op {
		case "before":
			return d < want[0]
		case "after":
			return d > want[0]
		case "between":
			return d >= want[0] && d <= want[1]
		}
		return slices.Contains(want, d) == (op == "is")
	}, nil
}
