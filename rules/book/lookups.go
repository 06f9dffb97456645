package book

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/rules"
	"revcycle/rules/coding"
	"revcycle/rules/pricing"
)

// lookups answers what checks and methods ask for while one payer's file is bound. It remembers each table
// that was named, since those are part of the payer's slice.
type lookups struct {
	tables map[string]*dataTable
	sets   map[string]*dataTable // set name -> the table that holds it
	timely []timelyTerm
	named  map[string]bool
	wrong  map[string]error // tables, and code sets as @NAME, that cannot be used
}

func (k *lookups) find(name, kind string) (*dataTable, error) {
	if name == "" {
		return nil, fmt.Errorf("table: names none; give the name of a file in tables/ of kind %s, without .csv", kind)
	}
	if err := k.wrong[name]; err != nil {
		return nil, &wrongTable{name, err}
	}
	d := k.tables[name]
	if d == nil {
		var words []string
		for n, t := range k.tables {
			if t.info.Kind == kind {
				words = append(words, n)
			}
		}
		slices.Sort(words)
		if len(words) == 0 {
			return nil, fmt.Errorf("table: tables/%s.csv is not there, nor any other of kind %s: import it", name, kind)
		}
		return nil, fmt.Errorf("table: tables/%s.csv is not there: %s", name, didYouMean(name, words))
	}
	if d.info.Kind != kind {
		return nil, fmt.Errorf("table: tables/%s.csv is of kind %s; wanted %s", name, d.info.Kind, kind)
	}
	k.named[name] = true
	return d, nil
}

// Amounts looks a rate up by code and modifier.
func (k *lookups) Amounts(name, kind string) (pricing.Amounts, error) {
	d, err := k.find(name, kind)
	if err != nil {
		return nil, err
	}
	t := d.amounts
	return func(code, modifier string, day civil.Date) (x money.Exact, cite rules.Cite, ok bool) {
		key, ok := packTwo(code, modifier)
		if !ok {
			return x, cite, false
		}
		return t.At(key, day)
	}, nil
}

// Agreed looks an agreed amount up by control number.
func (k *lookups) Agreed(name string) (pricing.Agreed, error) {
	d, err := k.find(name, "agreement")
	if err != nil {
		return nil, err
	}
	return d.agreed.At, nil
}

// Limits looks a unit limit up by code.
func (k *lookups) Limits(name string) (coding.Limits, error) {
	d, err := k.find(name, "units")
	if err != nil {
		return nil, err
	}
	t := d.limits
	return func(code string, day civil.Date) (l coding.Limit, cite rules.Cite, ok bool) {
		key, ok := packTwo(code, "")
		if !ok {
			return l, cite, false
		}
		return t.At(key, day)
	}, nil
}

// Pairs looks a code pair up.
func (k *lookups) Pairs(name string) (coding.Pairs, error) {
	d, err := k.find(name, "pairs")
	if err != nil {
		return nil, err
	}
	t := d.pairs
	return func(column1, column2 string, day civil.Date) (indicator byte, cite rules.Cite, ok bool) {
		key, ok := packTwo(column1, column2)
		if !ok {
			return 0, cite, false
		}
		return t.At(key, day)
	}, nil
}

// People looks up whom a code is for.
func (k *lookups) People(name string) (coding.People, error) {
	d, err := k.find(name, "people")
	if err != nil {
		return nil, err
	}
	t := d.people
	return func(code string, day civil.Date) (f coding.Fit, cite rules.Cite, ok bool) {
		key, ok := packTwo(code, "")
		if !ok {
			return f, cite, false
		}
		return t.At(key, day)
	}, nil
}

// Timely gives the payer's own filing limits, nil where it states none.
func (k *lookups) Timely() coding.Timely {
	if len(k.timely) == 0 {
		return nil
	}
	terms := k.timely
	return func(end civil.Date) (coding.FilingLimit, rules.Cite, bool) {
		for _, t := range terms {
			if t.span.Has(end) {
				return t.limit, t.cite, true
			}
		}
		return coding.FilingLimit{}, rules.Cite{}, false
	}
}

// Codes compiles a list of codes, wildcards ("9920*") and set names ("@NAME") to one test.
func (k *lookups) Codes(list []string) (rules.Codes, error) {
	exact := map[string]bool{}
	var prefixes []string
	var sets []*table[string, struct{}]
	for _, item := range list {
		switch {
		case item == "" || item == "*" || item == "@":
			return nil, fmt.Errorf("codes: %q is not a code, a wildcard such as 9920*, or a set such as @NAME", item)
		case item[0] == '@':
			d := k.sets[item[1:]]
			if err := k.wrong[item]; err != nil {
				return nil, &wrongTable{d.info.Name, err}
			}
			if d == nil {
				if wrong := sortedKeys(k.wrong); len(wrong) > 0 { // it may stand in one of these
					return nil, fmt.Errorf("codes: no code set is called %q in the tables that can be used: %w", item[1:], k.wrong[wrong[0]])
				}
				var words []string
				for n := range k.sets {
					words = append(words, n)
				}
				slices.Sort(words)
				if len(words) == 0 {
					return nil, fmt.Errorf("codes: no code set is called %q, nor is there any: add a table of kind codes", item[1:])
				}
				return nil, fmt.Errorf("codes: no code set is called %q: %s", item[1:], didYouMean(item[1:], words))
			}
			k.named[d.info.Name] = true
			sets = append(sets, d.sets[item[1:]])
		case strings.IndexByte(item, '*') == len(item)-1:
			prefixes = append(prefixes, item[:len(item)-1])
		case strings.Contains(item, "*"):
			return nil, errors.New("codes: a wildcard stands at the end only, as in 9920*")
		default:
			exact[item] = true
		}
	}
	return func(code string, day civil.Date) bool {
		if exact[code] {
			return true
		}
		for _, p := range prefixes {
			if strings.HasPrefix(code, p) {
				return true
			}
		}
		for _, s := range sets {
			if _, _, ok := s.At(code, day); ok {
				return true
			}
		}
		return false
	}, nil
}
