package reconcile

import (
	"cmp"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"revcycle/claim"
	"revcycle/denial"
	"revcycle/money"
	"revcycle/parsers/set"
	"revcycle/parsers/x835"
	"revcycle/parsers/x837"
	"revcycle/rules"
)

// golden is the folder of the golden remits; a test that needs it is skipped where it is absent.
func golden(t *testing.T) string {
	t.Helper()
	root := os.Getenv("REVCYCLE_SHARED")
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for dir != "/" {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				break
			}
			dir = filepath.Dir(dir)
		}
		root = filepath.Join(dir, "..", "shared")
	}
	dir := filepath.Join(root, "data", "remits", "golden")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared data are not here: under CI nothing is passed over")
		}
		t.Skip("the golden remits are not here")
	}
	return dir
}

func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	header := strings.Split(lines[0], "\t")
	var out []map[string]string
	for _, l := range lines[1:] {
		r := map[string]string{}
		for i, cell := range strings.Split(l, "\t") {
			r[header[i]] = cell
		}
		out = append(out, r)
	}
	return out
}

func cents(t *testing.T, s string) money.Cents {
	t.Helper()
	if s == "" {
		return 0
	}
	c, err := money.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// items reads a file with the parser of its guide.
func items(t *testing.T, path string, read func(*os.File, int64) iter.Seq2[set.Item, error]) (out []claim.Document) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for it, err := range read(f, info.Size()) {
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, it.Document)
	}
	return out
}

func claims837(t *testing.T, path string) (out []*claim.Claim) {
	for _, d := range items(t, path, func(f *os.File, _ int64) iter.Seq2[set.Item, error] { return x837.Read(f, claim.Digest{}) }) {
		if c, ok := d.(claim.Claim); ok {
			out = append(out, &c)
		}
	}
	return out
}

// remits835 reads the remits of a file with the payments that their sets end with.
func remits835(t *testing.T, path string) (out []Adjudged) {
	payments := map[claim.ID]*claim.Payment{}
	for _, d := range items(t, path, func(f *os.File, size int64) iter.Seq2[set.Item, error] { return x835.Read(f, size, claim.Digest{}) }) {
		switch d := d.(type) {
		case claim.Remit:
			out = append(out, Adjudged{Remit: &d})
		case claim.Payment:
			payments[d.ID] = &d
		}
	}
	for i := range out {
		if out[i].Payment = payments[out[i].Remit.Payment]; out[i].Payment == nil {
			t.Fatalf("%s: a remit without its payment", path)
		}
	}
	return out
}

// house is the golden claims with what each is expected to bring.
type house struct {
	candidates  []Candidate
	named       map[string]claim.ID // by CLM01
	claims      map[claim.ID]*claim.Claim
	assessments map[claim.ID]*rules.Assessment
}

func readHouse(t *testing.T, dir string) house {
	h := house{named: map[string]claim.ID{}, claims: map[claim.ID]*claim.Claim{}, assessments: map[claim.ID]*rules.Assessment{}}
	for _, c := range append(claims837(t, filepath.Join(dir, "submitted.837p")), claims837(t, filepath.Join(dir, "submitted.837i"))...) {
		h.candidates = append(h.candidates, Candidate{Claim: c})
		h.claims[c.ID], h.named[c.Control] = c, c.ID
		h.assessments[c.ID] = &rules.Assessment{Claim: c.ID}
	}
	for _, row := range table(t, filepath.Join(dir, "claim_lines.tsv")) {
		id := h.named[row["clm01"]]
		for _, l := range h.claims[id].Lines {
			if l.Control == row["line_ctl"] && row["expected_allowed"] != "" {
				h.assessments[id].Quotes = append(h.assessments[id].Quotes, rules.Quote{Line: l.Number, Allowed: cents(t, row["expected_allowed"])})
			}
		}
	}
	inpatient := h.named["G19A"]
	h.assessments[inpatient].Quotes = []rules.Quote{{Line: 0, Allowed: 734568}}
	return h
}

// read gives the golden remits matched, in the order of the files.
func (h house) read(t *testing.T, dir string) (all []Adjudged, files map[claim.ID]string) {
	files = map[claim.ID]string{}
	paths, err := filepath.Glob(filepath.Join(dir, "*.835"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no 835 in %s: %v", dir, err)
	}
	for _, path := range paths {
		if name := filepath.Base(path); strings.HasPrefix(name, "g17b") || strings.HasPrefix(name, "g17c") {
			continue // the same payment again: told apart before any remit is read
		}
		for _, x := range remits835(t, path) {
			x.Match = Match(x.Remit, x.Payment, h.candidates)
			files[x.Remit.ID] = filepath.Base(path)
			all = append(all, x)
		}
	}
	return all, files
}

// Every remit of the golden set, seen alone, to the cent. It fails where a code changes its class, a
// state its order, or a line its match.
func TestGoldenRemitsSeenAlone(t *testing.T) {
	dir := golden(t)
	h := readHouse(t, dir)
	all, files := h.read(t, dir)
	pairs := map[claim.ID]Pair{}
	remits := map[claim.ID]*claim.Remit{}
	for _, x := range all {
		remits[x.Remit.ID] = x.Remit
	}
	for _, p := range PairReversals(all) {
		pairs[p.Reversal] = p
	}
	var got, want []string
	for _, x := range all {
		pair := pairs[x.Remit.ID]
		l := Alone(x, h.claims[x.Match.Claim], h.assessments[x.Match.Claim], pair, remits[pair.Original], Policy{Tolerance: DefaultTolerance})
		s := l.Judged.Split
		got = append(got, strings.Join([]string{
			files[x.Remit.ID], x.Remit.Control, x.Remit.Status, x.Remit.PayerControl, l.RuleText, string(l.State),
			s.Charge.String(), s.Paid.String(), s.Contractual.String(), s.Denied.String(), s.PatientShare.String(), s.Other.Total().String(),
		}, " "))
	}
	for _, row := range table(t, filepath.Join(dir, "expected_claim_remits.tsv")) {
		if !strings.HasPrefix(row["state"], "DUPLICATE_") {
			want = append(want, strings.Join([]string{
				row["file"], row["clp01"], row["clp02"], row["clp07"], row["match_rule"], row["state"],
				row["charge"], row["paid"], row["contractual"], row["denied"], row["patient_share"], row["other"],
			}, " "))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	for i := range max(len(got), len(want)) {
		g, w := at(got, i), at(want, i)
		if g != w {
			t.Errorf("got  %s\nwant %s", g, w)
		}
	}
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return "nothing"
}

// What the notes of the golden table say of claims and denials, worked out there by hand.
func TestGoldenClaimsSettled(t *testing.T) {
	dir := golden(t)
	h := readHouse(t, dir)
	all, _ := h.read(t, dir)
	for _, want := range []struct {
		control, payer string
		seq            int
		state          State
		paid, patient  money.Cents
		episodes       string
	}{
		{"G02A", "1990000111", 1, PartiallyDenied, 48000, 0, "2 AUTHORIZATION 1000.00 400.00 true false"},
		{"G03A", "1990000111", 1, FullyDenied, 0, 0, "1 MEDICAL_NECESSITY 220.00 112.00 true false"},
		{"G04A", "1990000111", 1, FullyDeniedPatient, 0, 0, "1 ELIGIBILITY 350.00 180.00 true false"},
		{"G07A", "1990000222", 1, Paid, 7840, 2000, ""},
		{"G07A", "1990000333", 2, Paid, 2000, 0, ""},
		{"G09A", "1990000111", 1, Paid, 10000, 2500, ""},
		{"G10A", "1990000111", 1, Reversed, 0, 0, ""},
		{"G13A", "1990000111", 1, Paid, 24000, 0, ""},
		{"G14A", "1990000111", 1, PartiallyDenied, 1040, 0, "2 BUNDLING 15.00 0.00 true true"},
		{"G15A", "1990000111", 1, PartiallyDenied, 9247, 0, "1 LEVEL_OF_CARE 37.53 37.53 true false"},
		{"G19A", "1990000222", 1, Paid, 555629, 167600, ""},
		{"G20A", "1990000111", 1, PartiallyDenied, 7000, 0, "3 FREQUENCY 60.00 30.00 true false"},
		{"G21A", "1990000111", 1, Underpaid, 10800, 0, ""},
	} {
		id := h.named[want.control]
		ss := Settle(h.claims[id], h.assessments[id], all, Policy{Tolerance: DefaultTolerance})
		i := slices.IndexFunc(ss, func(s Settlement) bool { return s.Payer == want.payer })
		if i < 0 {
			t.Errorf("%s: no settlement of %s among %d", want.control, want.payer, len(ss))
			continue
		}
		s := ss[i]
		if s.Seq != want.seq || s.State != want.state || s.Net.Paid != want.paid || s.Net.PatientShare != want.patient || episodesText(s.Episodes) != want.episodes {
			t.Errorf("%s: got %d %s paid %s patient %s %q, want %+v", want.control, s.Seq, s.State, s.Net.Paid, s.Net.PatientShare, episodesText(s.Episodes), want)
		}
		if off := s.Net.Imbalance(); off != 0 {
			t.Errorf("%s: the net is off by %s", want.control, off)
		}
	}
	g7 := h.named["G07A"]
	ss := Settle(h.claims[g7], h.assessments[g7], all, Policy{Tolerance: DefaultTolerance})
	if !ss[0].Crossover || ss[1].Crossover || ss[0].Allowed != 10000 || ss[1].Allowed != 10000 {
		t.Errorf("G07A: crossover %t %t allowed %s %s, want true false 100.00 100.00", ss[0].Crossover, ss[1].Crossover, ss[0].Allowed, ss[1].Allowed)
	}
}

func episodesText(es []denial.Episode) string {
	var out []string
	for _, e := range es {
		risk := "unknown"
		if e.AtRisk != nil {
			risk = e.AtRisk.String()
		}
		out = append(out, strings.Join([]string{strconv.Itoa(e.Line), e.Category, e.Denied.String(), risk, strconv.FormatBool(e.Counts), strconv.FormatBool(e.Closed)}, " "))
	}
	slices.SortFunc(out, cmp.Compare)
	return strings.Join(out, "; ")
}
