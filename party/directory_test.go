package party

import (
	"strings"
	"testing"
	"testing/fstest"

	"revcycle/civil"
	"revcycle/claim"
)

// files builds a masters folder.
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

func load(t *testing.T, pairs ...string) (*Directory, []Problem) {
	t.Helper()
	d, problems, err := Load(files(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	return d, problems
}

func sound(t *testing.T, pairs ...string) *Directory {
	t.Helper()
	d, problems := load(t, pairs...)
	for _, p := range problems {
		t.Errorf("problem: %s", p)
	}
	return d
}

func day(s string) civil.Date {
	d, err := civil.ParseISO(s)
	if err != nil {
		panic(err)
	}
	return d
}

// A lookup that invented a payer for an unknown identifier would put money under a wrong name.
func TestAnUnmappedIdentifierComesBackAsItself(t *testing.T) {
	for name, d := range map[string]*Directory{"no masters": sound(t), "zero": {}} {
		if p, plan, ok := d.Payer("837", "60054", day("2026-01-05")); p != "60054" || plan != "" || ok {
			t.Errorf("%s: Payer = %q %q %v", name, p, plan, ok)
		}
		if id, ok := d.Facility("1234567893", "123456789", day("2026-01-05")); id != "1234567893" || ok {
			t.Errorf("%s: Facility by NPI = %q %v", name, id, ok)
		}
		if id, ok := d.Facility("", "123456789", day("2026-01-05")); id != "123456789" || ok {
			t.Errorf("%s: Facility by TIN = %q %v", name, id, ok)
		}
	}
}

func TestAPayerIsMappedBySourceAndDay(t *testing.T) {
	d := sound(t,
		"payers.csv", "payer_id,name,financial_class,type\nACME,Acme Health,COMMERCIAL,private\nMAC,Medicare,MEDICARE,public\n",
		"plans.csv", "plan_id,payer_id,name,product,financial_class,contract_id\nACME-MA,ACME,Acme Advantage,MA,MEDICARE_ADVANTAGE,C-7\n",
		// The columns stand in another order, and the identifier changes hands in July.
		"payer_ids.csv", "value,source,plan_id,payer_id,to,from\n60054,837,,ACME,2026-06-30,\n60054,837,ACME-MA,ACME,,2026-07-01\n1999999999,trn03,,MAC,,\n")
	for _, c := range []struct {
		source, value, on, payer, plan string
		mapped                         bool
	}{
		{"837", "60054", "2026-06-30", "ACME", "", true},
		{"837", " 60054", "2026-07-01", "ACME", "ACME-MA", true},
		{"835", "60054", "2026-07-01", "60054", "", false},
		{"TRN03", "1999999999", "2026-07-01", "MAC", "", true},
	} {
		p, plan, ok := d.Payer(c.source, c.value, day(c.on))
		if p != c.payer || plan != c.plan || ok != c.mapped {
			t.Errorf("%s %s on %s: got %q %q %v, want %q %q %v", c.source, c.value, c.on, p, plan, ok, c.payer, c.plan, c.mapped)
		}
	}
	if _, _, ok := d.Payer("837", "60054", 0); ok {
		t.Error("two rows that differ answered an unknown day")
	}
	if _, _, ok := d.Payer("TRN03", "1999999999", 0); !ok {
		t.Error("a lone row did not answer an unknown day")
	}
	on := day("2026-08-01")
	if got := d.FinancialClass("ACME", "ACME-MA", on); got != "MEDICARE_ADVANTAGE" {
		t.Errorf("class of the plan: %q", got)
	}
	if got := d.FinancialClass("ACME", "", on); got != "COMMERCIAL" {
		t.Errorf("class of the payer: %q", got)
	}
	if got := d.FinancialClass("nobody", "", on); got != "" {
		t.Errorf("class of nobody: %q", got)
	}
	if got := d.Contract("ACME-MA", on); got != "C-7" {
		t.Errorf("contract: %q", got)
	}
}

// One tax number over two facilities answers for neither; an NPI still does.
func TestAFacilityIsFoundByNPIAndByATaxNumberOfItsOwn(t *testing.T) {
	d := sound(t, "facilities.csv", "facility_id,tin,npi,entity,timezone\n"+
		"MAIN,12-3456789,1234567893;1245319599,E1,America/Chicago\nMAIN,12-3456789,1003000126,E1,America/Chicago\n"+
		"EAST,123456789,1013910777,E1,\nWEST,987654321,,E2,\n")
	on := day("2026-01-05")
	for _, c := range []struct {
		npi      claim.NPI
		tin, id  string
		mapped   bool
		whatItIs string
	}{
		{"1234567893", "", "MAIN", true, "first of a list"},
		{"1003000126", "", "MAIN", true, "a second row"},
		{"1013910777", "123456789", "EAST", true, "NPI before TIN"},
		{"", "98-7654321", "WEST", true, "a TIN of its own"},
		{"", "123456789", "123456789", false, "a shared TIN"},
		{"1999999992", "987654321", "WEST", true, "an unknown NPI falls back on the TIN"},
	} {
		if id, ok := d.Facility(c.npi, c.tin, on); id != c.id || ok != c.mapped {
			t.Errorf("%s: got %q %v, want %q %v", c.whatItIs, id, ok, c.id, c.mapped)
		}
	}
	f, ok := d.FacilityByID("MAIN", on)
	if want := []claim.NPI{"1003000126", "1234567893", "1245319599"}; !ok || len(f.NPIs) != 3 || f.NPIs[0] != want[0] || f.NPIs[2] != want[2] {
		t.Errorf("MAIN has %v, want %v", f.NPIs, want)
	}
}

func TestABadRowIsAProblemAndTheOthersGoOn(t *testing.T) {
	for _, c := range []struct{ name, file, text, line, want string }{
		{"unknown column", "payers.csv", "payer_id,nmae\nA,x\n", "line 1", "did you mean name?"},
		{"missing column", "payers.csv", "name\nA\n", "line 1", "column payer_id is missing"},
		{"twice", "payers.csv", "payer_id,payer_id\nA,B\n", "line 1", "stands twice"},
		{"empty key", "payers.csv", "payer_id,name\n,x\nB,y\n", "line 2", "payer_id is empty"},
		{"fields", "payers.csv", "payer_id,name\nA,x,y\n", "line 2", "3 fields where the header has 2"},
		{"date", "payers.csv", "payer_id,from\nA,1/5/2026\n", "line 2", "from is no date"},
		{"order", "payers.csv", "payer_id,from,to\nA,2026-02-01,2026-01-01\n", "line 2", "ends before it starts"},
		{"amount", "chargemaster.csv", "code,charge\nA,\"1,5\"\n", "line 2", "charge is no amount"},
		{"source", "payer_ids.csv", "source,value,payer_id\n834,x,A\n", "line 2", "none of 837, 835"},
		{"npi", "providers.csv", "provider_id,npi\nA,1234567890\n", "line 2", "check digit"},
		{"tin", "facilities.csv", "facility_id,tin\nA,1234\n", "line 2", "4 digits"},
		{"zone", "facilities.csv", "facility_id,timezone\nA,Chicago\n", "line 2", "IANA"},
		{"overlap", "payer_ids.csv", "source,value,payer_id,from,to\n837,x,A,,\n837,x,B,2026-01-01,\n", "line 3", "in line 2"},
		{"quotes", "payers.csv", "payer_id,name\nA,x\"y\nB,z\n", "line 2", "quotes"},
	} {
		_, problems := load(t, c.file, c.text)
		if len(problems) != 1 {
			t.Errorf("%s: %d problems: %v", c.name, len(problems), problems)
			continue
		}
		if got := problems[0].String(); !strings.HasPrefix(got, c.file+" "+c.line+":") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %s and %q", c.name, got, c.line, c.want)
		}
	}
	d, _ := load(t, "payers.csv", "payer_id,financial_class\n,x\nB,MEDICAID\n")
	if got := d.FinancialClass("B", "", day("2026-01-05")); got != "MEDICAID" {
		t.Errorf("the row after a bad one says %q", got)
	}
}

// Rows that contradict each other must not answer by their order in the file.
func TestOverlappingRowsThatDifferServeNothing(t *testing.T) {
	d, problems := load(t, "payer_ids.csv", "source,value,payer_id,from,to\n837,x,A,,2026-03-31\n837,x,B,2026-03-01,\n837,y,C,,\n837,y,C,,\n")
	if len(problems) != 1 {
		t.Fatalf("problems: %v", problems)
	}
	for _, on := range []string{"2026-02-01", "2026-03-15", "2026-05-01"} {
		if p, _, ok := d.Payer("837", "x", day(on)); ok {
			t.Errorf("on %s: mapped to %s", on, p)
		}
	}
	if p, _, ok := d.Payer("837", "y", day("2026-01-01")); !ok || p != "C" {
		t.Errorf("two equal rows give %q %v", p, ok)
	}
}

func TestReferencesAreHeldToTheListedPayers(t *testing.T) {
	d, problems := load(t, "payers.csv", "payer_id\nA\nB\n", "plans.csv", "plan_id,payer_id\nP,A\n",
		"payer_ids.csv", "source,value,payer_id,plan_id\n837,1,Z,\n837,2,B,P\n837,3,A,Q\n837,4,A,P\n")
	if len(problems) != 3 {
		t.Fatalf("problems: %v", problems)
	}
	for _, p := range problems {
		if !p.Kept {
			t.Errorf("not kept: %s", p)
		}
	}
	if p, _, ok := d.Payer("837", "1", day("2026-01-01")); p != "Z" || !ok {
		t.Errorf("got %q %v", p, ok)
	}
}

func TestGLFallsBackToTheRowOfAllEntities(t *testing.T) {
	d := sound(t, "gl_accounts.csv", "account,entity,gl_account\nar,,1100\nar,E2,2100\n")
	for _, c := range []struct {
		account, entity, gl string
		ok                  bool
	}{{"ar", "E1", "1100", true}, {"ar", "E2", "2100", true}, {"cash", "E1", "", false}} {
		if gl, ok := d.GL(c.account, c.entity, day("2026-01-01")); gl != c.gl || ok != c.ok {
			t.Errorf("%s %s: %q %v, want %q %v", c.account, c.entity, gl, ok, c.gl, c.ok)
		}
	}
}

// The digest dates opinions: it must move with content and with nothing else.
func TestTheDigestFollowsContentOnly(t *testing.T) {
	a := sound(t, "payers.csv", "payer_id,name\nA,x\nB,y\n")
	b := sound(t, "payers.csv", "\xef\xbb\xbfname,payer_id\r\ny,B\r\n# a remark\r\nx,A\r\n")
	c := sound(t, "payers.csv", "payer_id,name\nA,x\nB,z\n")
	if a.Digest() != b.Digest() {
		t.Error("order of rows and columns changed the digest")
	}
	if a.Digest() == c.Digest() {
		t.Error("another name left the digest as it was")
	}
}

// What init writes must load without a word.
func TestTheHeadersOfAllMastersLoad(t *testing.T) {
	var pairs []string
	for _, m := range Masters() {
		pairs = append(pairs, m.File, m.Header())
	}
	sound(t, pairs...)
}
