package ipps

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"revcycle/money"
	"revcycle/rules"
)

// shared finds the published data; under CI its absence is a failure.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	root := os.Getenv("REVCYCLE_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	b, err := os.ReadFile(filepath.Join(root, "data/cms/ipps-fy2021", name))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no shared data: set REVCYCLE_SHARED")
	}
	return b
}

func exact(t *testing.T, s string) money.Exact {
	t.Helper()
	x, err := money.ParseExact(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return x
}

// rows reads a table of the sample rule book.
func rows(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("../book/sample/tables", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.Comment = '#'
	all, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

// fy2021 are the rates that a new workspace holds, with two invented technologies of one and of two groups.
func fy2021(t *testing.T) *Rates {
	t.Helper()
	numbers := map[string]Number{}
	for _, row := range rows(t, "medicare-ipps-rates.csv") {
		numbers[row[0]] = Number{exact(t, row[1]), rules.Cite{Source: "FY 2021", Where: row[0]}}
	}
	r, err := NewRates(numbers, []Technology{
		{Name: "one", Groups: [][]string{{"XX00001"}}, Cap: exact(t, "1040"), Percent: exact(t, "0.65")},
		{Name: "pair", Groups: [][]string{{"XX00002"}, {"XX00003", "XX00004"}}, Cap: exact(t, "22750"), Percent: exact(t, "0.65")},
		{Name: isletTechnology, Groups: [][]string{{"3E030U1", "3E033U1"}}},
		{Name: covidTechnology, Groups: [][]string{{"XW033E5"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func drgs(t *testing.T) map[string]DRG {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(string(shared(t, "drg_weights_fy2021.csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]DRG{}
	for _, row := range all[1:] {
		out[row[0]] = DRG{Code: row[0], Weight: exact(t, row[1]), MeanStay: exact(t, row[2]), PostAcute: row[4] == "Y", Special: row[5] == "Y"}
	}
	return out
}

// published is one bill that CMS's own program priced.
type published struct {
	ID, Name             string
	Bill, Provider, Wage map[string]any
	Expected             map[string]string
}

func publishedCases(t *testing.T) []published {
	t.Helper()
	var cases []published
	d := json.NewDecoder(strings.NewReader(string(shared(t, "cases.json"))))
	d.UseNumber() // a rate read as a float would not be the rate
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}
