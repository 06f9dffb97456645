package book

import (
	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/rules"
	"revcycle/rules/coding"
	"revcycle/rules/pricing"
)

// Field is one word of the vocabulary of conditions.
type Field struct {
	Name    string
	Line    bool   // of a line; else of the claim
	Type    string // text, set, number or date
	Element string // where it comes from
	text    func(c *claim.Claim, l *claim.Line) string
	some    func(c *claim.Claim, l *claim.Line, is func(string) bool) bool // any member passes
	number  func(c *claim.Claim, l *claim.Line) (money.Exact, bool)
	date    func(c *claim.Claim, l *claim.Line) civil.Date
}

// Vocabulary lists every field that a condition may name.
var Vocabulary = []Field{
	text("kind", "P, I or D", func(c *claim.Claim) string { return string(c.Kind) }),
	text("use", "BHT06", func(c *claim.Claim) string { return string(c.Use) }),
	text("guide", "GS08 or ST03", func(c *claim.Claim) string { return c.Guide }),
	text("facility_code", "CLM05-1", func(c *claim.Claim) string { return c.Facility }),
	text("type_of_bill", "CLM05 of an institutional claim, with a leading 0", (*claim.Claim).TypeOfBill),
	text("frequency", "CLM05-3", func(c *claim.Claim) string { return c.Frequency }),
	text("payer_id", "2010BB NM109", func(c *claim.Claim) string { return c.Payer.ID }),
	text("payer_order", "SBR01", func(c *claim.Claim) string { return c.PayerOrder }),
	text("filing_code", "SBR09", func(c *claim.Claim) string { return c.FilingCode }),
	text("group", "SBR03", func(c *claim.Claim) string { return c.Group }),
	text("relationship", "PAT01", func(c *claim.Claim) string { return c.Relationship }),
	text("submitter", "1000A NM109", func(c *claim.Claim) string { return c.SubmitterID }),
	text("billing_npi", "2010AA NM109", func(c *claim.Claim) string { return string(c.Billing.NPI) }),
	text("billing_tin", "2010AA REF*EI or SY", func(c *claim.Claim) string { return c.Billing.TaxID }),
	text("billing_taxonomy", "2000A PRV03", func(c *claim.Claim) string { return c.Billing.Taxonomy }),
	text("billing_state", "2010AA N402", func(c *claim.Claim) string { return c.Billing.State }),
	text("billing_zip", "2010AA N403", func(c *claim.Claim) string { return c.Billing.ZIP }),
	provider("rendering_npi", "82"), provider("attending_npi", "71"), provider("operating_npi", "72"),
	provider("referring_npi", "DN"), provider("supervising_npi", "DQ"), provider("service_facility_npi", "77"),
	text("admit_type", "CL101", func(c *claim.Claim) string { return c.AdmitType }),
	text("admit_source", "CL102", func(c *claim.Claim) string { return c.AdmitSource }),
	text("patient_status", "CL103", func(c *claim.Claim) string { return c.PatientStatus }),
	text("drg", "HI*DR", func(c *claim.Claim) string { return c.DRG }),
	text("patient_sex", "DMG03", func(c *claim.Claim) string { return c.Patient.Sex() }),
	text("principal_diagnosis", "HI*ABK", func(c *claim.Claim) string { return diagnosis(c, "ABK", "BK") }),
	text("admitting_diagnosis", "HI*ABJ", func(c *claim.Claim) string { return diagnosis(c, "ABJ", "BJ") }),
	text("authorization", "2300 REF*G1", func(c *claim.Claim) string { return c.Reference("G1") }),
	text("referral", "2300 REF*9F", func(c *claim.Claim) string { return c.Reference("9F") }),
	text("payer_control", "2300 REF*F8", func(c *claim.Claim) string { return c.Reference("F8") }),
	set("diagnoses", "HI, all diagnoses", func(c *claim.Claim, is func(string) bool) bool {
		for i := range c.Diagnoses {
			if is(c.Diagnoses[i].Code) {
				return true
			}
		}
		return false
	}),
	set("icd_procedures", "HI*BBR, BBQ", func(c *claim.Claim, is func(string) bool) bool {
		for i := range c.Procedures {
			if is(c.Procedures[i].Code) {
				return true
			}
		}
		return false
	}),
	billCodes("condition_codes", "BG"), billCodes("occurrence_codes", "BH"), billCodes("span_codes", "BI"), billCodes("value_codes", "BE"),
	set("references", "2300 REF01", func(c *claim.Claim, is func(string) bool) bool {
		for _, r := range c.References {
			if is(r.Qualifier) {
				return true
			}
		}
		return false
	}),
	set("other_filing_codes", "2320 SBR09", func(c *claim.Claim, is func(string) bool) bool {
		for i := range c.Other {
			if is(c.Other[i].FilingCode) {
				return true
			}
		}
		return false
	}),
	date("created", "BHT04", func(c *claim.Claim) civil.Date { return c.Created }),
	date("service_from", "DTP*434, else the first line's", func(c *claim.Claim) civil.Date { d, _ := c.Service(); return d }),
	date("service_to", "DTP*434, else the last line's", func(c *claim.Claim) civil.Date { _, d := c.Service(); return d }),
	date("admitted", "DTP*435", func(c *claim.Claim) civil.Date { return c.Admitted }),
	date("discharged", "DTP*096", func(c *claim.Claim) civil.Date { return c.Discharged }),
	count("claim_charge", "CLM02", func(c *claim.Claim) (money.Exact, bool) { return c.Charge.Exact(), true }),
	count("line_count", "lines", func(c *claim.Claim) (money.Exact, bool) { return money.Whole(int64(len(c.Lines))), true }),
	count("diagnosis_count", "HI", func(c *claim.Claim) (money.Exact, bool) { return money.Whole(int64(len(c.Diagnoses))), true }),
	count("other_payer_count", "2320", func(c *claim.Claim) (money.Exact, bool) { return money.Whole(int64(len(c.Other))), true }),
	count("days_to_filing", "BHT04 − end of service", func(c *claim.Claim) (money.Exact, bool) {
		_, to := c.Service()
		return money.Whole(int64(c.Created - to)), c.Created.Known() && to.Known()
	}),
	count("length_of_stay", "through − from, the same day 1", func(c *claim.Claim) (money.Exact, bool) {
		n, ok := pricing.Stay(c)
		return money.Whole(int64(n)), ok
	}),
	count("patient_age", "years on the first day of service", func(c *claim.Claim) (money.Exact, bool) {
		from, _ := c.Service()
		n, ok := coding.Age(c.Patient.Birth(), from)
		return money.Whole(int64(n)), ok
	}),

	lineText("procedure", "SV101-2, SV202-2, SV301-2", func(_ *claim.Claim, l *claim.Line) string { return l.Procedure.Code }),
	lineText("procedure_qualifier", "SV101-1", func(_ *claim.Claim, l *claim.Line) string { return l.Procedure.Qualifier }),
	lineText("revenue", "SV201", func(_ *claim.Claim, l *claim.Line) string { return l.Revenue }),
	lineText("place", "SV105, else CLM05-1 of a professional claim", placeOf),
	lineText("unit", "SV103, SV204", func(_ *claim.Claim, l *claim.Line) string { return l.Unit }),
	lineText("ndc", "LIN03", func(_ *claim.Claim, l *claim.Line) string { return l.NDC }),
	lineText("line_authorization", "2400 REF*G1", func(_ *claim.Claim, l *claim.Line) string {
		for _, r := range l.References {
			if r.Qualifier == "G1" {
				return r.Value
			}
		}
		return ""
	}),
	lineText("line_rendering_npi", "2420A NM109, else 2310B", lineRendering),
	{Name: "modifiers", Line: true, Type: "set", Element: "SV101-3 to -6", some: func(_ *claim.Claim, l *claim.Line, is func(string) bool) bool {
		for _, m := range l.Procedure.Modifiers {
			if m != "" && is(m) {
				return true
			}
		}
		return false
	}},
	{Name: "line_diagnoses", Line: true, Type: "set", Element: "the diagnoses that SV107 points to", some: pointed},
	{Name: "line_from", Line: true, Type: "date", Element: "DTP*472", date: func(_ *claim.Claim, l *claim.Line) civil.Date { return l.From }},
	{Name: "line_to", Line: true, Type: "date", Element: "DTP*472", date: func(_ *claim.Claim, l *claim.Line) civil.Date { return l.To }},
	lineNumber("charge", "SV102, SV203", func(l *claim.Line) money.Exact { return l.Charge.Exact() }),
	lineNumber("non_covered", "SV207", func(l *claim.Line) money.Exact { return l.NonCovered.Exact() }),
	lineNumber("units", "SV104, SV205", func(l *claim.Line) money.Exact { return l.Units }),
	lineNumber("pointer_count", "SV107", func(l *claim.Line) money.Exact { return money.Whole(int64(len(l.Pointers))) }),
}

func text(name, element string, f func(*claim.Claim) string) Field {
	return Field{Name: name, Type: "text", Element: element, text: func(c *claim.Claim, _ *claim.Line) string { return f(c) }}
}

func provider(name, role string) Field {
	return text(name, "NM1*"+role, func(c *claim.Claim) string {
		for i := range c.Providers {
			if c.Providers[i].Role == role {
				return string(c.Providers[i].NPI)
			}
		}
		return ""
	})
}

func set(name, element string, f func(*claim.Claim, func(string) bool) bool) Field {
	return Field{Name: name, Type: "set", Element: element, some: func(c *claim.Claim, _ *claim.Line, is func(string) bool) bool { return f(c, is) }}
}

func billCodes(name, qualifier string) Field {
	return set(name, "HI*"+qualifier, func(c *claim.Claim, is func(string) bool) bool {
		for i := range c.Codes {
			if c.Codes[i].Qualifier == qualifier && is(c.Codes[i].Code) {
				return true
			}
		}
		return false
	})
}

func date(name, element string, f func(*claim.Claim) civil.Date) Field {
	return Field{Name: name, Type: "date", Element: element, date: func(c *claim.Claim, _ *claim.Line) civil.Date { return f(c) }}
}

func count(name, element string, f func(*claim.Claim) (money.Exact, bool)) Field {
	return Field{Name: name, Type: "number", Element: element, number: func(c *claim.Claim, _ *claim.Line) (money.Exact, bool) { return f(c) }}
}

func lineText(name, element string, f func(*claim.Claim, *claim.Line) string) Field {
	return Field{Name: name, Line: true, Type: "text", Element: element, text: f}
}

func lineNumber(name, element string, f func(*claim.Line) money.Exact) Field {
	return Field{Name: name, Line: true, Type: "number", Element: element, number: func(_ *claim.Claim, l *claim.Line) (money.Exact, bool) { return f(l), true }}
}

func diagnosis(c *claim.Claim, qualifiers ...string) string {
	for i := range c.Diagnoses {
		for _, q := range qualifiers {
			if c.Diagnoses[i].Qualifier == q {
				return c.Diagnoses[i].Code
			}
		}
	}
	return ""
}

func placeOf(c *claim.Claim, l *claim.Line) string {
	if l.Place != "" || c.Kind == claim.Institutional {
		return l.Place
	}
	return c.Facility
}

func lineRendering(c *claim.Claim, l *claim.Line) string {
	for i := range l.Providers {
		if l.Providers[i].Role == "82" {
			return string(l.Providers[i].NPI)
		}
	}
	for i := range c.Providers {
		if c.Providers[i].Role == "82" {
			return string(c.Providers[i].NPI)
		}
	}
	return ""
}

// pointed walks the principal and other diagnoses in their order without building the list.
func pointed(c *claim.Claim, l *claim.Line, is func(string) bool) bool {
	at := 0
	for i := range c.Diagnoses {
		switch c.Diagnoses[i].Qualifier {
		case "ABK", "BK", "ABF", "BF":
		default:
			continue
		}
		at++
		for _, p := range l.Pointers {
			if int(p) == at && is(c.Diagnoses[i].Code) {
				return true
			}
		}
	}
	return false
}

// dayOf is the day on which a condition looks code sets up.
func dayOf(c *claim.Claim, l *claim.Line) civil.Date { return rules.DayOf(c, l) }
