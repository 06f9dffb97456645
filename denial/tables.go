package denial

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"revcycle/civil"
)

//go:embed tables/*.tsv
var carried embed.FS

// Codes is the code tables, loaded: what each adjustment, remark, group, claim status and provider
// adjustment code means to us. It never changes after Read, so any number of callers may share one.
type Codes struct {
	carcs      map[string]carc
	retired    map[string]retired
	rarcs      map[string]rarc
	categories map[string]Category
	groups     map[string]bool
	plbs       map[string]PLB
	statuses   map[string]Status
	refine     map[string]bool   // generic codes that a remark refines
	wholeLine  map[string]string // reductions that are a denial of this category where they take the line
	packaging  map[string]bool   // codes that say: paid inside another service
	fullCut    map[string]bool   // codes that say so only where they take the whole line
	sameClaim  map[string]bool   // codes closed by a paid sibling with the same SVC01
}

type carc struct {
	code, meaning string
	class         Class
	category      string
	rootCause     string
	preventable   Preventable
	nextAction    string
	needsRemark   bool
}

type retired struct {
	stop civil.Date
	use  []string // codes to read it as, in order; empty where it became no code
}

type rarc struct {
	code, meaning, kind, category string
}

// Category is one row of denial_categories.tsv: whose desk a denial belongs to and what is done first.
type Category struct {
	Name       string
	Stage      string // front, middle or back
	Owner      string
	Hard       bool // money is lost unless appealed; false where a correction brings it
	Counts     bool // in the initial denial rate
	AppealType string
	FirstStep  string
}

// PLB is one row of plb_map.tsv: what a provider adjustment code means and how it posts.
type PLB struct {
	Code, Meaning  string
	UsualSign      string // as the table tells it: + reduces the payment
	Treatment      string // the general ledger treatment, in words
	NeedsReference string
	AutoPost       string // yes, review, pair only
}

// Status is one row of clp02.tsv: what CLP02 says of a remit. It never says whether it is a denial.
type Status struct {
	Code, Meaning string
	CountsAs      string // adjudicated, denied, reversal, forwarded, information, pending
	Crossover     bool   // sent to the next payer
	Posts         bool   // false where the remit moves no money
}

// Default is the tables the program carries.
var Default = sync.OnceValue(Load)

// Load reads the tables the program carries. It panics where they are broken, which a test forbids.
func Load() *Codes {
	sub, err := fs.Sub(carried, "tables")
	if err != nil {
		panic(err)
	}
	c, err := Read(sub)
	if err != nil {
		panic(err)
	}
	return c
}

// Read loads the code tables of a folder: carc_map, carc_retired, carc_rules, rarc_map,
// denial_categories, group_codes, plb_map and clp02, each a .tsv with a header. The error names the
// file, the row and what was wanted.
func Read(fsys fs.FS) (*Codes, error) {
	c := &Codes{
		carcs: map[string]carc{}, retired: map[string]retired{}, rarcs: map[string]rarc{},
		categories: map[string]Category{}, groups: map[string]bool{}, plbs: map[string]PLB{}, statuses: map[string]Status{},
		refine: map[string]bool{}, wholeLine: map[string]string{}, packaging: map[string]bool{}, fullCut: map[string]bool{}, sameClaim: map[string]bool{},
	}
	for _, t := range []struct {
		file string
		add  func(row) error
	}{
		{"denial_categories", c.addCategory}, {"carc_map", c.addCARC}, {"carc_retired", c.addRetired}, {"rarc_map", c.addRARC},
		{"group_codes", func(r row) error { c.groups[r.get("code")] = true; return nil }},
		{"plb_map", c.addPLB}, {"clp02", c.addStatus}, {"carc_rules", c.addRule},
	} {
		if err := eachRow(fsys, t.file+".tsv", t.add); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Codes) addCategory(r row) error {
	name := r.get("category")
	if name == "" {
		return fmt.Errorf("want a category")
	}
	c.categories[name] = Category{
		Name: name, Stage: r.get("front_middle_back"), Owner: r.get("default_owner"), Hard: r.get("hard_or_soft_default") == "hard",
		Counts: r.get("counts_in_initial_denial_kpi") == "Y", AppealType: r.get("appeal_type"), FirstStep: r.get("first_step"),
	}
	return nil
}

func (c *Codes) addCARC(r row) error {
	x := carc{
		code: r.get("carc"), meaning: r.get("meaning"), class: Class(r.get("class")), category: r.get("denial_category"),
		rootCause: r.get("usual_root_cause"), preventable: Preventable(r.get("preventable")), nextAction: r.get("next_action"), needsRemark: r.get("rarc_required") == "Y",
	}
	if x.category == "-" {
		x.category = ""
	}
	switch x.class {
	case Denial:
		if _, ok := c.categories[x.category]; !ok {
			return fmt.Errorf("a denial needs a category of denial_categories, not %q", x.category)
		}
	case NotDenial, PatientShare, Pending:
	default:
		return fmt.Errorf("class is DENIAL, NOT_DENIAL, PATIENT_SHARE or PENDING, not %q", x.class)
	}
	c.carcs[x.code] = x
	return nil
}

func (c *Codes) addRetired(r row) error {
	x := retired{}
	if s := r.get("stop_date_va"); s != "" {
		d, err := civil.ParseISO(s)
		if err != nil {
			return err
		}
		x.stop = d
	}
	if use := r.get("use_category_of"); use != "" && use[0] != '(' {
		x.use = strings.Split(use, "/")
	}
	c.retired[r.get("carc")] = x
	return nil
}

func (c *Codes) addRARC(r row) error {
	x := rarc{r.get("rarc"), r.get("meaning"), r.get("type"), r.get("category")}
	if x.kind != "ALERT" && x.kind != "SUPPLEMENTAL" {
		return fmt.Errorf("type is ALERT or SUPPLEMENTAL, not %q", x.kind)
	}
	c.rarcs[x.code] = x
	return nil
}

func (c *Codes) addPLB(r row) error {
	c.plbs[r.get("code")] = PLB{r.get("code"), r.get("meaning"), r.get("usual_sign"), r.get("gl_treatment"), r.get("needs_reference"), r.get("auto_post")}
	return nil
}

func (c *Codes) addStatus(r row) error {
	c.statuses[r.get("code")] = Status{
		Code: r.get("code"), Meaning: r.get("meaning"), CountsAs: r.get("counts_as"),
		Crossover: r.get("next_payer") == "crossover sent", Posts: strings.HasPrefix(r.get("post"), "post"),
	}
	return nil
}

func (c *Codes) addRule(r row) error {
	code, category := r.get("carc"), r.get("category")
	if _, ok := c.carcs[code]; !ok {
		return fmt.Errorf("%q is not in carc_map", code)
	}
	if _, ok := c.categories[category]; !ok && category != "" {
		return fmt.Errorf("%q is not in denial_categories", category)
	}
	switch rule := r.get("rule"); rule {
	case "REFINE":
		c.refine[code] = true
	case "WHOLE_LINE":
		c.wholeLine[code] = category
	case "PACKAGING":
		c.packaging[code] = true
	case "PACKAGING_WHOLE":
		c.fullCut[code] = true
	case "SAME_CLAIM":
		c.sameClaim[code] = true
	default:
		return fmt.Errorf("rule is REFINE, WHOLE_LINE, PACKAGING, PACKAGING_WHOLE or SAME_CLAIM, not %q", rule)
	}
	return nil
}

// row is one line of a table with its header.
type row struct {
	header map[string]int
	cells  []string
}

func (r row) get(column string) string {
	if i, ok := r.header[column]; ok && i < len(r.cells) {
		return strings.TrimSpace(r.cells[i])
	}
	return ""
}

func eachRow(fsys fs.FS, name string, add func(row) error) error {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("denial: %w", err)
	}
	var header map[string]int
	for n, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		cells := strings.Split(line, "\t")
		if header == nil {
			header = make(map[string]int, len(cells))
			for i, h := range cells {
				header[h] = i
			}
			continue
		}
		if err := add(row{header, cells}); err != nil {
			return fmt.Errorf("denial: %s: row %d: %w", name, n+1, err)
		}
	}
	if header == nil {
		return fmt.Errorf("denial: %s is empty; want a header and rows", name)
	}
	return nil
}

// Category gives a denial category by name.
func (c *Codes) Category(name string) (Category, bool) { x, ok := c.categories[name]; return x, ok }

// PLB gives what a provider adjustment code means.
func (c *Codes) PLB(code string) (PLB, bool) { x, ok := c.plbs[code]; return x, ok }

// Status gives what a CLP02 value means.
func (c *Codes) Status(code string) (Status, bool) { x, ok := c.statuses[code]; return x, ok }

// Meaning is our own short wording of a CARC or, failing that, of a RARC; "" for neither.
func (c *Codes) Meaning(code string) string {
	if x, ok := c.carcs[code]; ok {
		return x.meaning
	}
	return c.rarcs[code].meaning
}
