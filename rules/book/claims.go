package book

import (
	"fmt"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// claimText is the small claim of a proof. What it leaves out is sound: a professional claim of one patient
// by a provider with a valid NPI, one diagnosis that every line points to, the charge the sum of its lines.
type claimText struct {
	Kind         string            `yaml:"kind"`
	Use          string            `yaml:"use"`
	Control      string            `yaml:"control"`
	Charge       *money.Cents      `yaml:"charge"`
	Facility     string            `yaml:"facility_code"`
	Frequency    string            `yaml:"frequency"`
	Created      civil.Date        `yaml:"created"`
	From         civil.Date        `yaml:"from"`
	To           civil.Date        `yaml:"to"`
	Admitted     civil.Date        `yaml:"admitted"`
	Discharged   civil.Date        `yaml:"discharged"`
	PayerOrder   string            `yaml:"payer_order"`
	FilingCode   string            `yaml:"filing_code"`
	Group        string            `yaml:"group"`
	BillingNPI   string            `yaml:"billing_npi"`
	BillingTIN   string            `yaml:"billing_tin"`
	RenderingNPI string            `yaml:"rendering_npi"`
	AttendingNPI string            `yaml:"attending_npi"`
	ReferringNPI string            `yaml:"referring_npi"`
	AdmitType    string            `yaml:"admit_type"`
	AdmitSource  string            `yaml:"admit_source"`
	Status       string            `yaml:"patient_status"`
	DRG          string            `yaml:"drg"`
	Birth        civil.Date        `yaml:"birth"`
	Sex          string            `yaml:"sex"`
	Diagnoses    []string          `yaml:"diagnoses"`
	Conditions   []string          `yaml:"condition_codes"`
	References   map[string]string `yaml:"references"`
	OtherPaid    civil.Date        `yaml:"other_payer_date"`
	Lines        []proofLine       `yaml:"lines"`
}

// proofLine is a line of a proof's claim.
type proofLine struct {
	Procedure  string            `yaml:"procedure"`
	Modifiers  []string          `yaml:"modifiers"`
	Revenue    string            `yaml:"revenue"`
	Units      *money.Exact      `yaml:"units"`
	Charge     money.Cents       `yaml:"charge"`
	Place      string            `yaml:"place"`
	From       civil.Date        `yaml:"from"`
	To         civil.Date        `yaml:"to"`
	Pointers   []uint8           `yaml:"pointers"`
	Control    string            `yaml:"control"`
	NDC        string            `yaml:"ndc"`
	References map[string]string `yaml:"references"`
}

// claim makes the claim of a proof; day is the service date where it gives none, n tells claims apart.
func (t *claimText) claim(payer string, day civil.Date, n int) (claim.Claim, error) {
	c := claim.Claim{
		ID: claim.IDOf("proof", fmt.Sprint(n)), Kind: claim.Kind(or(t.Kind, "P")), Use: claim.Use(or(t.Use, string(claim.Chargeable))),
		Control: or(t.Control, fmt.Sprint("PROOF", n)), Facility: t.Facility, Frequency: or(t.Frequency, "1"), Created: t.Created,
		PayerOrder: or(t.PayerOrder, "P"), FilingCode: t.FilingCode, Group: t.Group, Payer: claim.Payer{Qualifier: "PI", ID: payer},
		Billing:   claim.Provider{Role: "85", NPI: claim.NPI(or(t.BillingNPI, "1234567893")), TaxID: t.BillingTIN},
		Patient:   claim.NewPerson(claim.PersonFields{MemberID: "PROOF", Birth: t.Birth, Sex: t.Sex}),
		AdmitType: t.AdmitType, AdmitSource: t.AdmitSource, PatientStatus: t.Status, DRG: t.DRG,
		StatementFrom: t.From, StatementTo: t.To, Admitted: t.Admitted, Discharged: t.Discharged,
	}
	switch c.Kind {
	case claim.Professional, claim.Institutional, claim.Dental:
	default:
		return c, fmt.Errorf("kind: %q is not P, I or D", t.Kind)
	}
	if c.Facility == "" {
		c.Facility = "11"
	}
	if t.BillingNPI == "none" {
		c.Billing.NPI = ""
	}
	if !c.StatementFrom.Known() {
		c.StatementFrom = day
	}
	if !c.StatementTo.Known() {
		c.StatementTo = c.StatementFrom
	}
	if !c.Created.Known() {
		c.Created = c.StatementTo.AddDays(1 + n)
	}
	t.surround(&c)
	c.References = references(t.References)
	for i := range t.Lines {
		l, err := t.Lines[i].line(&c, i+1)
		if err != nil {
			return c, err
		}
		c.Lines = append(c.Lines, l)
	}
	c.Charge = c.LineSum()
	if t.Charge != nil {
		c.Charge = *t.Charge
	}
	return c, nil
}

// surround fills the providers, diagnoses, condition codes and the other payer.
func (t *claimText) surround(c *claim.Claim) {
	for _, p := range []struct{ role, npi string }{{"82", t.RenderingNPI}, {"71", t.AttendingNPI}, {"DN", t.ReferringNPI}} {
		if p.npi != "" {
			c.Providers = append(c.Providers, claim.Provider{Role: p.role, NPI: claim.NPI(p.npi)})
		}
	}
	codes := t.Diagnoses
	if codes == nil {
		codes = []string{"Z000"}
	}
	for i, code := range codes {
		qualifier := "ABF"
		if i == 0 {
			qualifier = "ABK"
		}
		c.Diagnoses = append(c.Diagnoses, claim.Diagnosis{Qualifier: qualifier, Code: code})
	}
	for _, code := range t.Conditions {
		c.Codes = append(c.Codes, claim.BillCode{Qualifier: "BG", Code: code})
	}
	if t.OtherPaid.Known() {
		c.Other = []claim.OtherPayer{{Order: "P", PaidDate: t.OtherPaid}}
	}
}

func (t *proofLine) line(c *claim.Claim, number int) (claim.Line, error) {
	l := claim.Line{
		Number: number, Control: t.Control, Revenue: t.Revenue, Charge: t.Charge, Unit: "UN", Units: money.Whole(1), Place: t.Place,
		Procedure: claim.Procedure{Code: t.Procedure}, Pointers: t.Pointers, From: t.From, To: t.To, NDC: t.NDC, References: references(t.References),
	}
	if t.Procedure != "" {
		l.Procedure.Qualifier = "HC"
	}
	if len(t.Modifiers) > len(l.Procedure.Modifiers) {
		return l, fmt.Errorf("line %d: has %d modifiers; there is room for 4", number, len(t.Modifiers))
	}
	copy(l.Procedure.Modifiers[:], t.Modifiers)
	if t.Units != nil {
		l.Units = *t.Units
	}
	if l.Pointers == nil && c.Kind == claim.Professional {
		l.Pointers = []uint8{1}
	}
	if !l.From.Known() && c.Kind != claim.Institutional {
		l.From = c.StatementFrom
	}
	if !l.To.Known() {
		l.To = l.From
	}
	return l, nil
}

// references lists a mapping of qualifiers in the order of their names.
func references(m map[string]string) []claim.Reference {
	var out []claim.Reference
	for _, q := range sortedKeys(m) {
		out = append(out, claim.Reference{Qualifier: q, Value: m[q]})
	}
	return out
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
