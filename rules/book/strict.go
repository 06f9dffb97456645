package book

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lineError is a fault of a YAML file with its line.
type lineError struct {
	line int
	text string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.text) }

func faultAt(n *yaml.Node, format string, args ...any) error {
	return &lineError{n.Line, fmt.Sprintf(format, args...)}
}

// decode fills a struct from a node. It is strict: a key that the struct does not name, or one given twice,
// is an error with its line and the nearest right word. (yaml.Node.Decode has no such mode of its own.)
func decode(n *yaml.Node, into any) error {
	if n == nil || n.Kind == 0 {
		return nil
	}
	if err := strict(n, reflect.TypeOf(into).Elem()); err != nil {
		return err
	}
	if err := n.Decode(into); err != nil {
		if own, ok := errors.AsType[*lineError](err); ok {
			return own
		}
		return faultAt(n, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return nil
}

var (
	nodeType = reflect.TypeFor[yaml.Node]()
	textType = reflect.TypeFor[encoding.TextUnmarshaler]()
	yamlType = reflect.TypeFor[yaml.Unmarshaler]()
)

func strict(n *yaml.Node, t reflect.Type) error {
	if n.Kind == yaml.AliasNode {
		return faultAt(n, "anchors and aliases are not taken: write the value out")
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nodeType || reflect.PointerTo(t).Implements(yamlType) {
		return nil
	}
	if reflect.PointerTo(t).Implements(textType) {
		if n.Kind != yaml.ScalarNode {
			return faultAt(n, "wants a single value")
		}
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return strictStruct(n, t)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return faultAt(n, "wants a list: write [a, b] or lines that begin with -")
		}
		for _, item := range n.Content {
			if err := strict(item, t.Elem()); err != nil {
				return err
			}
		}
	case reflect.Map:
		if n.Kind != yaml.MappingNode {
			return faultAt(n, "wants a mapping: write key: value")
		}
		if err := once(n); err != nil {
			return err
		}
		for i := 1; i < len(n.Content); i += 2 {
			if err := strict(n.Content[i], t.Elem()); err != nil {
				return err
			}
		}
	default:
		if n.Kind != yaml.ScalarNode {
			return faultAt(n, "wants a single value")
		}
	}
	return nil
}

func strictStruct(n *yaml.Node, t reflect.Type) error {
	if n.Kind != yaml.MappingNode {
		return faultAt(n, "wants a mapping: write key: value")
	}
	if err := once(n); err != nil {
		return err
	}
	fields := map[string]reflect.Type{}
	var words []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			fields[name] = t.Field(i).Type
			words = append(words, name)
		}
	}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		ft, ok := fields[key.Value]
		if !ok {
			if len(words) == 0 {
				return faultAt(key, "%q: nothing can be set here", key.Value)
			}
			return faultAt(key, "no key is called %q: %s", key.Value, didYouMean(key.Value, words))
		}
		if err := strict(n.Content[i+1], ft); err != nil {
			return err
		}
	}
	return nil
}

// once refuses a key given twice.
func once(n *yaml.Node) error {
	seen := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if first, ok := seen[key.Value]; ok {
			return faultAt(key, "%q stands twice, first on line %d: keep one", key.Value, first)
		}
		seen[key.Value] = key.Line
	}
	return nil
}
