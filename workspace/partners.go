package workspace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"revcycle/parsers"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
)

// PartnersDir holds a file for each trading partner with whom something else was agreed than snip.Default.
const PartnersDir = "partners"

// Partner is one of partners/*.yaml: who sends, and what of it is taken.
type Partner struct {
	File      string   // partners/alpha.yaml
	Senders   []string // ISA06; never empty
	Receivers []string // ISA08; empty = any
	Policy    snip.Policy
	// Duplicates is for how many days a control number (ISA13) of the sender may not come again; 0 = it is not looked at.
	Duplicates int
	// Answers says that the partner wants a TA1, 999 and 277CA for what it sends.
	Answers bool
}

// Partners are all of them, and the policy of everybody else.
type Partners struct {
	All    []Partner // in the order of their files' names
	others snip.Policy
}

// For gives the partner whose interchange it is, nil where nothing was agreed with its sender.
func (p *Partners) For(sender, receiver string) *Partner {
	for i := range p.All {
		if one := &p.All[i]; slices.Contains(one.Senders, sender) && (len(one.Receivers) == 0 || slices.Contains(one.Receivers, receiver)) {
			return one
		}
	}
	return nil
}

// Answered reports whether any partner wants answers.
func (p *Partners) Answered() bool {
	return slices.ContainsFunc(p.All, func(one Partner) bool { return one.Answers })
}

// Policy is what parsers.Scan asks: the policy for an interchange, snip.Default where nothing was agreed. It judges codes by the sets
// that were loaded.
func (p *Partners) Policy(sender, receiver string) *snip.Policy {
	if one := p.For(sender, receiver); one != nil {
		return &one.Policy
	}
	return &p.others
}

// Partners reads partners/*.yaml and rulebook/codes/*.csv. The error names the file and the line, and wraps ErrConfig.
func (w *Workspace) Partners() (Partners, error) { return ReadPartners(w.dir) }

// ReadPartners reads those of a workspace's folder; there need not be any.
func ReadPartners(workspace string) (Partners, error) {
	out := Partners{others: snip.Default}
	sets, err := readCodeSets(filepath.Join(workspace, filepath.FromSlash(CodesDir)))
	if err != nil {
		return out, err
	}
	if out.All, err = readPartners(filepath.Join(workspace, PartnersDir)); err != nil {
		return out, err
	}
	for i := range out.All {
		out.All[i].Policy.Sets = sets
	}
	out.others.Sets = sets
	return out, nil
}

// CodesDir holds a file for each external code set that is loaded.
const CodesDir = "rulebook/codes"

// readCodeSets reads the *.csv of a folder; nil where there is none.
func readCodeSets(dir string) (*snip.CodeSets, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	out := new(snip.CodeSets)
	for _, name := range names {
		f, err := os.Open(name)
		if err == nil {
			_, _, err = out.Load(f)
			f.Close()
		}
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w (%w)", CodesDir, filepath.Base(name), err, ErrConfig)
		}
	}
	return out, nil
}

func readPartners(dir string) ([]Partner, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("partners: %w", err)
	}
	var out []Partner
	for _, name := range names {
		short := PartnersDir + "/" + filepath.Base(name)
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w (%w)", short, err, ErrConfig)
		}
		p, err := parsePartner(text, strings.TrimSuffix(filepath.Base(name), ".yaml"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", short, err)
		}
		p.File = short
		for i := range out {
			if both := out[i].meets(&p); both != "" {
				return nil, fmt.Errorf("%s: the sender %q has its agreement in %s already; say in both for which receiver (%w)", short, both, out[i].File, ErrConfig)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// meets names a sender of whose interchanges some would be those of both; "" where there is none.
func (p *Partner) meets(o *Partner) string {
	apart := len(p.Receivers) > 0 && len(o.Receivers) > 0 && !slices.ContainsFunc(p.Receivers, func(r string) bool { return slices.Contains(o.Receivers, r) })
	for _, s := range p.Senders {
		if !apart && slices.Contains(o.Senders, s) {
			return s
		}
	}
	return ""
}

// partnerKey is one key of a partner's file.
type partnerKey struct {
	key string
	set func(*Partner, *yaml.Node) error
}

// partnerKeys is every key there is.
var partnerKeys = []partnerKey{
	{"name", func(p *Partner, n *yaml.Node) error {
		if p.Policy.Name = n.Value; n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" {
			return errors.New("wants a name")
		}
		return nil
	}},
	{"sender", func(p *Partner, n *yaml.Node) (err error) { p.Senders, err = isaNames(n); return err }},
	{"receiver", func(p *Partner, n *yaml.Node) (err error) { p.Receivers, err = isaNames(n); return err }},
	{"types", setTypes},
	{"tolerate", setTolerances},
	{"readings", setReadings},
	{"duplicates", func(p *Partner, n *yaml.Node) (err error) { p.Duplicates, err = whole(n.Value, 0, 3660); return err }},
	{"answers", func(p *Partner, n *yaml.Node) error {
		if p.Answers = n.Value == "yes" || n.Value == "true"; !p.Answers && n.Value != "no" && n.Value != "false" {
			return fmt.Errorf("%q is neither yes nor no", n.Value)
		}
		return nil
	}},
	{"usage", func(p *Partner, n *yaml.Node) error {
		usage, ok := map[string]string{"production": "P", "test": "T", "both": ""}[n.Value]
		if p.Policy.Usage = usage; !ok {
			return fmt.Errorf("%q is none of production, test, both", n.Value)
		}
		return nil
	}},
}

// parsePartner reads one file; name is the partner's where the file gives none.
func parsePartner(text []byte, name string) (Partner, error) {
	p := Partner{Policy: snip.Default}
	p.Policy.Name = name
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return p, fmt.Errorf("%w (%w)", err, ErrConfig)
	}
	if doc.Kind == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return p, fmt.Errorf("keys and values are wanted, such as sender: ALPHAPAYER (%w)", ErrConfig)
	}
	known := make([]string, len(partnerKeys))
	for i, k := range partnerKeys {
		known[i] = k.key
	}
	err := pairs(doc.Content[0], func(key, value *yaml.Node) error {
		i := slices.Index(known, key.Value)
		if i < 0 {
			return at(key, unknownKey(key.Value, known))
		}
		if err := partnerKeys[i].set(&p, value); err != nil {
			if errors.Is(err, ErrConfig) {
				return err
			}
			return at(value, fmt.Errorf("%s: %w", key.Value, err))
		}
		return nil
	})
	if err == nil && len(p.Senders) == 0 {
		err = fmt.Errorf("line 1: sender: is missing: the ISA06 of the partner's interchanges (%w)", ErrConfig)
	}
	return p, err
}

// pairs gives the keys of a mapping and their values; a key that stands twice is an error.
func pairs(n *yaml.Node, each func(key, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return at(n, errors.New("keys and values are wanted"))
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if before, twice := seen[key.Value]; twice {
			return at(key, fmt.Errorf("%s stands in line %d already; take one of them away", key.Value, before))
		}
		seen[key.Value] = key.Line
		if err := each(key, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// isaNames reads one identification of an ISA, or a list.
func isaNames(n *yaml.Node) ([]string, error) {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	var out []string
	for _, one := range list {
		name := strings.TrimSpace(one.Value)
		if one.Kind != yaml.ScalarNode || name == "" || len(name) > 15 {
			return nil, errors.New("wants the identification as it stands in the ISA, up to 15 characters, or a list of them; in quotes where it begins with 0")
		}
		out = append(out, name)
	}
	return out, nil
}

// severities are the words of a partner's file.
var severities = map[string]x12.Severity{"reject": x12.Reject, "warn": x12.Warn}

// setTypes takes "4: warn".
func setTypes(p *Partner, n *yaml.Node) error {
	return pairs(n, func(key, value *yaml.Node) error {
		t, err := strconv.Atoi(key.Value)
		if err != nil || t < 2 || t > 7 {
			return at(key, fmt.Errorf("types: %q is no SNIP type that can be set: wanted 2 to 7", key.Value))
		}
		s, ok := severities[value.Value]
		if !ok {
			return at(value, fmt.Errorf("types: %q is neither reject nor warn", value.Value))
		}
		p.Policy.Types[t] = s
		return nil
	})
}

// setTolerances takes "SE01_COUNT: warn".
func setTolerances(p *Partner, n *yaml.Node) error {
	p.Policy.Codes = map[string]x12.Severity{}
	return pairs(n, func(key, value *yaml.Node) error {
		if err := parsers.Tolerable(key.Value); err != nil {
			return at(key, fmt.Errorf("tolerate: %w", err))
		}
		s, ok := severities[value.Value]
		if !ok {
			return at(value, fmt.Errorf("tolerate: %q is neither reject nor warn", value.Value))
		}
		p.Policy.Codes[key.Value] = s
		return nil
	})
}

// readings are the ways to read a deviation, each with the word that its key takes.
var readings = map[snip.Reading]string{snip.RepeatedAtClaim: "lines", snip.PositiveReversal: "negate"}

// setReadings takes "cas_repeated: lines".
func setReadings(p *Partner, n *yaml.Node) error {
	return pairs(n, func(key, value *yaml.Node) error {
		how, ok := readings[snip.Reading(key.Value)]
		if !ok {
			return at(key, fmt.Errorf("readings: %w", unknownKey(key.Value, []string{string(snip.RepeatedAtClaim), string(snip.PositiveReversal)})))
		}
		if value.Value != how {
			return at(value, fmt.Errorf("readings: %s: %q is unknown; write %s", key.Value, value.Value, how))
		}
		p.Policy.Readings = append(p.Policy.Readings, snip.Reading(key.Value))
		return nil
	})
}

func (w *Workspace) checkPartners() Check {
	read, err := w.Partners()
	all := read.All
	sets := "; code sets: " + strings.Join(read.others.Sets.Names(), ", ")
	if read.others.Sets == nil {
		sets = "; no code sets are loaded, so codes are not checked"
	}
	switch {
	case err != nil:
		return Fault("partners", err.Error(), "mend the file; docs/partners.md explains each key")
	case len(all) == 0:
		return Fine("partners", "nothing agreed with any: X12 is judged by the default"+sets)
	}
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Policy.Name
	}
	return Fine("partners", strings.Join(names, ", ")+sets)
}
