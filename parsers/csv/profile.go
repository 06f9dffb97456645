// Package csv reads the CSV extracts of host systems (encounters, charges, claims) by header and a
// mapping profile.
//
// A profile is a YAML file that says, for each file of an export, by which columns it is known and
// which column fills which field of a noun. Position never matters; comma, semicolon, pipe and tab
// are told apart by the header. Built-in profiles lie in profiles/; a user's stand beside the rule
// book and win over them.
//
// A row that cannot be read is a claim.Reject with its row and the name of its column, never its
// value, and the next row goes on. Reading streams: memory does not grow with the file. Claims whose
// lines lie in another file are joined through temporary files.
//
// To extend: a new export is a YAML file; a new field is a constant in fields.go and the line that
// reads it.
package csv

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed profiles/*.yaml
var builtin embed.FS

// Noun is what the rows of a table become.
type Noun string

// The nouns of a table.
const (
	EncounterNoun Noun = "encounter" // claim.Encounter, by ReadEncounters
	ClaimNoun     Noun = "claim"     // claim.Claim, by ReadClaims
	ChargeNoun    Noun = "charge"    // claim.Charge, by ReadCharges; also the lines of claims
	NameNoun      Noun = "name"      // an identifier and a name, by ReadNames
	None          Noun = "none"      // known and left unread: Because says why
)

// Table is one file of an export as its profile describes it. It never changes and may be shared.
type Table struct {
	Profile string
	Name    string
	File    string // the file's usual name, for sentences
	Noun    Noun
	Because string // of None: why it is left unread
	Lines   string // of a claim table: the charge table of the same profile that holds its lines; "" = none
	Kind    string // of a name table: payer, facility or provider

	needs     []string // upper case
	columns   map[string][]string
	constants map[string]string
	values    map[string]map[string]string
	where     map[string][]string // upper-case column → values taken
	usDates   bool
	delimiter byte // 0 = found from the header
	otherDx   bool
	own       bool // from a user's profile
}

// String is "synthea/claims".
func (t *Table) String() string { return t.Profile + "/" + t.Name }

// Refusal is the sentence for a table that is known and left unread; "" for all others.
func (t *Table) Refusal() string {
	if t.Noun != None {
		return ""
	}
	return fmt.Sprintf("%s of a %s export: %s; left unread", t.File, t.Profile, t.Because)
}

// Profiles is a set of mapping profiles. It never changes and may be shared.
type Profiles struct{ tables []*Table }

// Builtin gives the profiles that come with the program. It panics when one of them is unsound.
func Builtin() *Profiles {
	ps, err := Load(nil)
	if err != nil {
		panic(err)
	}
	return ps
}

// Load reads the built-in profiles and the *.yaml at the top of user, which may be nil. A user's
// profile of a built-in's name takes its place. An error names the file and what to do.
func Load(user fs.FS) (*Profiles, error) {
	sub, err := fs.Sub(builtin, "profiles")
	if err != nil {
		return nil, err
	}
	byName := map[string][]*Table{}
	for i, fsys := range []fs.FS{sub, user} {
		if fsys == nil {
			continue
		}
		names, err := fs.Glob(fsys, "*.yaml")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := fs.ReadFile(fsys, name)
			if err != nil {
				return nil, fmt.Errorf("csv: profile: %w", err)
			}
			tables, err := parse(text)
			if err != nil {
				return nil, fmt.Errorf("csv: profile %s: %w", path.Base(name), err)
			}
			for _, t := range tables {
				t.own = i == 1
			}
			byName[tables[0].Profile] = tables
		}
	}
	ps := &Profiles{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		ps.tables = append(ps.tables, byName[name]...)
	}
	return ps, nil
}

// Table finds a table by the names that Sniff gave.
func (ps *Profiles) Table(profile, table string) (*Table, bool) {
	for _, t := range ps.tables {
		if t.Profile == profile && t.Name == table {
			return t, true
		}
	}
	return nil, false
}

// Tables lists all tables, by profile and name.
func (ps *Profiles) Tables() []*Table { return slices.Clone(ps.tables) }

// fileForm and tableForm are a profile as it is written.
type fileForm struct {
	Profile   string               `yaml:"profile"`
	Dates     string               `yaml:"dates"`
	Delimiter string               `yaml:"delimiter"`
	Tables    map[string]tableForm `yaml:"tables"`
}

type tableForm struct {
	File      string                       `yaml:"file"`
	Noun      Noun                         `yaml:"noun"`
	Kind      string                       `yaml:"kind"`
	Lines     string                       `yaml:"lines"`
	Because   string                       `yaml:"because"`
	Needs     []string                     `yaml:"needs"`
	Columns   map[string]columnNames       `yaml:"columns"`
	Constants map[string]string            `yaml:"constants"`
	Values    map[string]map[string]string `yaml:"values"`
	Where     map[string][]string          `yaml:"where"`
	Diagnosis string                       `yaml:"diagnosis_codes"`
}

// columnNames is one column or a list of them.
type columnNames []string

// UnmarshalYAML takes a word or a list of words.
func (c *columnNames) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*c = columnNames{n.Value}
		return nil
	}
	var list []string
	err := n.Decode(&list)
	*c = list
	return err
}

func parse(text []byte) ([]*Table, error) {
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	d.KnownFields(true)
	var f fileForm
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if f.Profile == "" || len(f.Tables) == 0 {
		return nil, errors.New("it has no profile: or no tables:; name the profile and at least one table")
	}
	delimiter, ok := map[string]byte{"": 0, "auto": 0, ",": ',', ";": ';', "|": '|', "\t": '\t', "tab": '\t'}[f.Delimiter]
	if !ok {
		return nil, fmt.Errorf("delimiter %q is none of , ; | tab auto", f.Delimiter)
	}
	if !slices.Contains([]string{"", "iso", "us"}, f.Dates) {
		return nil, fmt.Errorf("dates %q is none of iso, us", f.Dates)
	}
	var tables []*Table
	for _, name := range slices.Sorted(maps.Keys(f.Tables)) {
		t := newTable(f.Profile, name, f.Tables[name])
		t.delimiter, t.usDates = delimiter, f.Dates == "us"
		if err := t.check(f.Tables); err != nil {
			return nil, fmt.Errorf("table %s: %w", name, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func newTable(profile, name string, f tableForm) *Table {
	t := &Table{Profile: profile, Name: name, File: f.File, Noun: f.Noun, Because: f.Because, Lines: f.Lines, Kind: f.Kind,
		columns: map[string][]string{}, constants: f.Constants, values: f.Values, where: map[string][]string{}, otherDx: f.Diagnosis == "other"}
	if t.File == "" {
		t.File = name + ".csv"
	}
	for _, n := range f.Needs {
		t.needs = append(t.needs, strings.ToUpper(n))
	}
	for field, names := range f.Columns {
		t.columns[field] = names
	}
	for column, taken := range f.Where {
		t.where[strings.ToUpper(column)] = taken
	}
	return t
}

// check holds a table to the vocabulary of its noun.
func (t *Table) check(all map[string]tableForm) error {
	if len(t.needs) < 2 {
		return errors.New("needs: at least two columns by which the file is known")
	}
	if t.Noun == None {
		if t.Because == "" {
			return errors.New("because: say why the file is left unread")
		}
		return nil
	}
	v, ok := vocabularies[t.Noun]
	if !ok {
		return fmt.Errorf("noun %q is none of encounter, claim, charge, name, none", t.Noun)
	}
	for _, field := range slices.Concat(slices.Sorted(maps.Keys(t.columns)), slices.Sorted(maps.Keys(t.constants)), slices.Sorted(maps.Keys(t.values))) {
		if !slices.Contains(v.fields, field) {
			return fmt.Errorf("%q is no field of the noun %s; the fields are %s", field, t.Noun, strings.Join(v.fields, ", "))
		}
		if len(t.columns[field]) > 1 && !slices.Contains(v.lists, field) {
			return fmt.Errorf("field %s takes one column, not %d", field, len(t.columns[field]))
		}
	}
	for _, i := range v.required {
		field := v.fields[i]
		if len(t.columns[field]) == 0 && t.constants[field] == "" {
			return fmt.Errorf("field %s is mapped to no column; a %s cannot be without it", field, t.Noun)
		}
	}
	if t.Lines != "" && all[t.Lines].Noun != ChargeNoun {
		return fmt.Errorf("lines: %s is no charge table of this profile", t.Lines)
	}
	if t.Lines == "" && t.Noun == ClaimNoun && len(t.columns["charge"]) == 0 {
		return errors.New("a claim table needs lines: (a charge table) or the field charge")
	}
	return nil
}
