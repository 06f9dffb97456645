package party

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// loader gathers rows by key until all files are read, then settles which of them serve.
type loader struct {
	facilities map[string]dated[Facility]
	byNPI      map[string]dated[string]
	byTIN      map[string][]tinRow
	providers  map[string]dated[Provider]
	payers     map[string]dated[Payer]
	plans      map[string]dated[Plan]
	crossings  map[string]dated[crossing]
	items      map[string]dated[Item]
	accounts   map[string]dated[string]
	npiLists   map[string][]npiRow // by facility: rows may differ in npi alone
	crossRows  []row
	planRows   []row
	content    []string
	problems   []Problem
}

type npiRow struct {
	span civil.Span
	npis []claim.NPI
}

func newLoader() *loader {
	return &loader{
		facilities: map[string]dated[Facility]{}, byNPI: map[string]dated[string]{}, byTIN: map[string][]tinRow{},
		providers: map[string]dated[Provider]{}, payers: map[string]dated[Payer]{}, plans: map[string]dated[Plan]{},
		crossings: map[string]dated[crossing]{}, items: map[string]dated[Item]{}, accounts: map[string]dated[string]{},
		npiLists: map[string][]npiRow{},
	}
}

var sources = []string{"837", "835", "TRN03", "ACH", "HOST"}

// take turns one row into what it says.
func (l *loader) take(r row) {
	switch r.file {
	case "facilities.csv":
		l.facility(r)
	case "providers.csv":
		p := Provider{r.get("provider_id"), l.npi(r, r.get("npi")), r.get("name"), r.get("taxonomy"), r.span}
		put(l.providers, string(p.NPI), r, p)
	case "payers.csv":
		p := Payer{r.get("payer_id"), r.get("name"), r.get("financial_class"), r.get("type"), r.span}
		put(l.payers, p.ID, r, p)
	case "plans.csv":
		p := Plan{r.get("plan_id"), r.get("payer_id"), r.get("name"), r.get("product"), r.get("financial_class"), r.get("contract_id"), r.span}
		put(l.plans, p.ID, r, p)
		l.planRows = append(l.planRows, r)
	case "payer_ids.csv":
		if !slices.Contains(sources, strings.ToUpper(r.get("source"))) {
			l.problem(r.file, r.line, "the source is none of 837, 835, TRN03, ACH, host; say where the identifier stands")
			return
		}
		put(l.crossings, crossKey(r.get("source"), r.get("value")), r, crossing{r.get("payer_id"), r.get("plan_id")})
		l.crossRows = append(l.crossRows, r)
	case "chargemaster.csv":
		charge, err := money.Parse([]byte(r.get("charge")))
		if err != nil {
			l.problem(r.file, r.line, "charge is no amount; write dollars and cents without $ or commas, such as 1234.50")
			return
		}
		put(l.items, r.get("code"), r, Item{r.get("code"), r.get("revenue_code"), r.get("hcpcs"), r.get("description"), charge, r.span})
	case "gl_accounts.csv":
		put(l.accounts, joined(r.get("account"), r.get("entity")), r, r.get("gl_account"))
	}
}

func (l *loader) facility(r row) {
	f := Facility{ID: r.get("facility_id"), Name: r.get("name"), Entity: r.get("entity"), TIN: digits(r.get("tin")),
		CCN: r.get("ccn"), Timezone: r.get("timezone"), BankAccount: r.get("bank_account"), Span: r.span}
	if f.TIN != "" && len(f.TIN) != 9 {
		l.problem(r.file, r.line, fmt.Sprintf("tin has %d digits; a tax number has nine", len(f.TIN)))
		return
	}
	if f.Timezone != "" {
		if _, err := time.LoadLocation(f.Timezone); err != nil {
			l.problem(r.file, r.line, "timezone is not known; write an IANA name such as America/Chicago")
			return
		}
	}
	var npis []claim.NPI
	for n := range strings.SplitSeq(r.get("npi"), ";") {
		if n = strings.TrimSpace(n); n != "" {
			npi := l.npi(r, n)
			npis = append(npis, npi)
			put(l.byNPI, string(npi), r, f.ID)
		}
	}
	if f.TIN != "" {
		l.byTIN[f.TIN] = append(l.byTIN[f.TIN], tinRow{r.span, f.ID})
	}
	l.npiLists[f.ID] = append(l.npiLists[f.ID], npiRow{r.span, npis})
	put(l.facilities, f.ID, r, f)
}

// npi takes an NPI as it is written. A wrong check digit is said, but a document may bear the same
// wrong number, so that the row still serves.
func (l *loader) npi(r row, text string) claim.NPI {
	if n := claim.NPI(text); !n.Valid() {
		l.remark(r, "npi does not have ten digits with a right check digit; compare it with NPPES")
	}
	return claim.NPI(text)
}

func put[T any](m map[string]dated[T], key string, r row, v T) {
	m[key] = append(m[key], span[T]{r.span, v, r.line})
}

// directory settles overlaps and references and freezes what is left.
func (l *loader) directory() *Directory {
	settle(l, "facilities.csv", "facility_id", l.facilities)
	settle(l, "facilities.csv", "npi", l.byNPI)
	settle(l, "providers.csv", "npi", l.providers)
	settle(l, "payers.csv", "payer_id", l.payers)
	settle(l, "plans.csv", "plan_id", l.plans)
	settle(l, "payer_ids.csv", "source and value", l.crossings)
	settle(l, "chargemaster.csv", "code", l.items)
	settle(l, "gl_accounts.csv", "account and entity", l.accounts)
	l.references()
	for id, ds := range l.facilities {
		for i := range ds {
			ds[i].value.NPIs = l.npisOf(id, ds[i].Span)
		}
	}
	return &Directory{l.facilities, l.byNPI, l.byTIN, l.providers, l.payers, l.plans, l.crossings, l.items, l.accounts, l.contentDigest()}
}

func (l *loader) npisOf(facility string, s civil.Span) []claim.NPI {
	var out []claim.NPI
	for _, r := range l.npiLists[facility] {
		if r.span.Overlaps(s) {
			out = append(out, r.npis...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// settle sorts the rows of each key. Rows that overlap and agree are one; rows that overlap and
// differ serve nothing and are named.
func settle[T any](l *loader, file, key string, m map[string]dated[T]) {
	for k, ds := range m {
		if len(ds) < 2 {
			continue
		}
		slices.SortFunc(ds, func(a, b span[T]) int {
			return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.line, b.line))
		})
		bad := make([]bool, len(ds))
		kept := make(dated[T], 0, len(ds))
		for i := range ds {
			for j := i + 1; j < len(ds); j++ {
				if !ds[i].Overlaps(ds[j].Span) || sameWords(ds[i].value, ds[j].value) {
					continue
				}
				bad[i], bad[j] = true, true
				l.problem(file, max(ds[i].line, ds[j].line), fmt.Sprintf(
					"%s is told twice for the same days, here and in line %d; end the earlier row, for until then neither serves", key, min(ds[i].line, ds[j].line)))
			}
		}
		for i := range ds {
			if !bad[i] && !slices.ContainsFunc(kept, func(s span[T]) bool { return s.Span == ds[i].Span && sameWords(s.value, ds[i].value) }) {
				kept = append(kept, ds[i])
			}
		}
		m[k] = kept
	}
}

// sameWords compares what two rows of a key say, whatever days they say it for.
func sameWords[T any](a, b T) bool {
	for _, v := range []*T{&a, &b} {
		if s := reflect.ValueOf(v).Elem(); s.Kind() == reflect.Struct {
			if f := s.FieldByName("Span"); f.IsValid() {
				f.SetZero()
			}
		}
	}
	return reflect.DeepEqual(a, b)
}

// references holds payer_ids and plans to the payers and plans they name, where those are listed at
// all. A row that leads to an unlisted payer still serves: the ID is what a person wrote.
func (l *loader) references() {
	for _, r := range l.planRows {
		if _, ok := l.payers[r.get("payer_id")]; !ok && len(l.payers) > 0 {
			l.remark(r, "payer_id is not in payers.csv; add it there")
		}
	}
	for _, r := range l.crossRows {
		if _, ok := l.payers[r.get("payer_id")]; !ok && len(l.payers) > 0 {
			l.remark(r, "payer_id is not in payers.csv; add it there")
		}
		plan := r.get("plan_id")
		if plan == "" || len(l.plans) == 0 {
			continue
		}
		ds, ok := l.plans[plan]
		switch {
		case !ok:
			l.remark(r, "plan_id is not in plans.csv; add it there")
		case len(ds) > 0 && ds[0].value.Payer != r.get("payer_id"):
			l.remark(r, "plan_id belongs to another payer in plans.csv; correct one of the two")
		}
	}
}
