package book

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// conditions are judged on one claim of two lines; line fields on its first.
func TestConditions(t *testing.T) {
	amount := money.Cents(230_00)
	c := visit(t, claimText{
		Charge: &amount, Facility: "11", Group: "G7", Sex: "F", Birth: civil.Of(1960, 3, 3), Diagnoses: []string{"M545", "I10"}, References: map[string]string{"G1": "A1"},
		Lines: []proofLine{{Procedure: "99213", Modifiers: []string{"25", "GT"}, Units: whole(2), Charge: 150_00, Pointers: []uint8{2}}, {Procedure: "36415", Charge: 80_00}},
	}, "1", 0)
	codes, err := readTable("sets.csv", []byte("# kind: codes\n# release: 1\n# source: t\n# from: 2020-01-01\nset,code,to\nEM,99213,\nOLD,99213,2024-12-31\n"))
	if err != nil {
		t.Fatal(err)
	}
	k := &lookups{tables: map[string]*dataTable{"sets": codes}, sets: map[string]*dataTable{"EM": codes, "OLD": codes}, named: map[string]bool{}}
	for _, x := range []struct {
		when string
		want bool
	}{
		{`{kind: P}`, true}, {`{kind: I}`, false}, {`{kind: [I, P]}`, true}, {`{kind: {not: P}}`, false},
		{`{procedure: "99213"}`, true}, {`{procedure: 99213}`, true}, {`{procedure: ["9920*", "9921*"]}`, true}, {`{procedure: "9920*"}`, false},
		{`{procedure: "@EM"}`, true}, {`{procedure: "@OLD"}`, false}, {`{procedure: {not: "@OLD"}}`, true},
		{`{modifiers: 25}`, true}, {`{modifiers: {has_any: [59, GT]}}`, true}, {`{modifiers: {has_all: [25, GT]}}`, true}, {`{modifiers: {has_all: [25, 59]}}`, false},
		{`{modifiers: {has_none: [59, XU]}}`, true}, {`{modifiers: {not: [GT]}}`, false},
		{`{units: 2}`, true}, {`{units: {more: 2}}`, false}, {`{units: {at_least: 2}}`, true}, {`{units: {between: [1, 2]}}`, true}, {`{charge: {less: 150.01}}`, true},
		{`{claim_charge: {at_most: 229.99}}`, false}, {`{claim_charge: 230}`, true}, {`{line_count: 2, group: G7}`, true},
		{`{service_from: {before: 2025-03-04}}`, true}, {`{service_from: {after: 2025-03-03}}`, false}, {`{line_from: {between: [2025-03-01, 2025-03-03]}}`, true},
		{`{drg: {known: false}}`, true}, {`{authorization: {known: true}}`, true}, {`{admitted: {known: true}}`, false}, {`{admitted: {before: 2030-01-01}}`, false},
		{`{patient_age: {at_least: 65}}`, true}, {`{patient_age: {less: 65}}`, false}, {`{patient_sex: F}`, true},
		{`{diagnoses: "M54*"}`, true}, {`{line_diagnoses: "M54*"}`, false}, {`{line_diagnoses: I10}`, true}, {`{place: "11"}`, true},
		{`{any: [{kind: I}, {procedure: 99213}]}`, true}, {`{none: [{kind: I}, {drg: {known: true}}]}`, true}, {`{all: [{kind: P}, {kind: I}]}`, false},
		{`{any_line: {procedure: 36415}}`, true}, {`{all_lines: {charge: {more: 100}}}`, false}, {`{no_line: {procedure: 99999}}`, true}, {`{no_line: {procedure: 36415}}`, false},
		{`{any_line: {procedure: 36415, charge: {more: 100}}}`, false},
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(x.when), &doc); err != nil {
			t.Fatal(err)
		}
		got, err := compile(doc.Content[0], k, false)
		if err != nil {
			t.Errorf("%s: %v", x.when, err)
			continue
		}
		l := &c.Lines[0]
		if !got.perLine {
			l = nil
		}
		if got.holds(&c, l) != x.want {
			t.Errorf("%s: got %t, want %t", x.when, !x.want, x.want)
		}
	}
}

// Every word of the vocabulary is of a known type, has its getter, and can be asked of an empty claim.
func TestVocabularyIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for i := range Vocabulary {
		f := &Vocabulary[i]
		if seen[f.Name] || f.Element == "" || operators[f.Type] == nil || strings.ToLower(f.Name) != f.Name {
			t.Errorf("%s: stands twice, or has no element or an unknown type", f.Name)
		}
		seen[f.Name] = true
		if knownTest(f, true)(&claim.Claim{}, &claim.Line{}) && f.Type != "number" {
			t.Errorf("%s is known of an empty claim", f.Name)
		}
	}
	if len(Vocabulary) < 55 {
		t.Errorf("got %d fields, want at least 55", len(Vocabulary))
	}
}

// The reference is printed from the tables that decode; each word must be in it.
func TestReferenceNamesEveryWord(t *testing.T) {
	text := Reference()
	for _, f := range Vocabulary {
		if !strings.Contains(text, "| "+f.Name+" |") {
			t.Errorf("does not name the field %s", f.Name)
		}
	}
	for _, want := range []string{"| unit_limits | ", "table, this_claim, divide_spans", "| per_diem | ", "the claim | table, tiers, days, room |", "| pairs | "} {
		if !strings.Contains(text, want) {
			t.Errorf("does not say %q", want)
		}
	}
}
