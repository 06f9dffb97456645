package extract

import (
	"cmp"
	"slices"
	"strings"

	"revcycle/denial"
	"revcycle/money"
)

// LineRow is a row of fact_service_line.
type LineRow struct {
	ClaimID           string `parquet:"claim_id" doc:"claim"`
	LineNo            int32  `parquet:"line_no" doc:"LX01"`
	LineControlNumber string `parquet:"line_control_number,optional" doc:"REF*6R; null in profile limited"`
	Common
	RevenueCode     string `parquet:"revenue_code,optional,dict" doc:"SV201, with its leading zero"`
	ProcedureCode   string `parquet:"procedure_code,optional,dict" doc:"SV101-2, SV202-2"`
	Modifier1       string `parquet:"modifier_1,optional,dict" doc:"first modifier"`
	Modifier2       string `parquet:"modifier_2,optional,dict" doc:"second modifier"`
	Modifier3       string `parquet:"modifier_3,optional,dict" doc:"third modifier"`
	Modifier4       string `parquet:"modifier_4,optional,dict" doc:"fourth modifier"`
	Units           *int64 `parquet:"units,optional,decimal(3:18)" doc:"SV104, SV205; null where none were sent"`
	UnitBasis       string `parquet:"unit_basis,optional,dict" doc:"SV103, SV204: UN, MJ, DA"`
	Charge          int64  `parquet:"charge,decimal(2:18)" doc:"SV102, SV203"`
	ServiceFrom     *int32 `parquet:"service_from,optional,date" doc:"DTP*472, first day"`
	ServiceTo       *int32 `parquet:"service_to,optional,date" doc:"DTP*472, last day"`
	ExpectedAllowed *int64 `parquet:"expected_allowed,optional,decimal(2:18)" doc:"the line's own price; null where unpriced or priced with the claim"`
	UnpricedReason  string `parquet:"unpriced_reason,optional,dict" doc:"why expected_allowed is null"`
	IsPackaged      *bool  `parquet:"is_packaged,optional" doc:"paid inside another line: expected 0.00 and that is right"`
	Allowed         *int64 `parquet:"allowed,optional,decimal(2:18)" doc:"allowed by the first payer in order that answered the line; null before any remit, as all below"`
	Paid            *int64 `parquet:"paid,optional,decimal(2:18)" doc:"paid, all payers"`
	Contractual     *int64 `parquet:"contractual,optional,decimal(2:18)" doc:"contract allowance, all payers; of a later payer only what the earlier ones left to cut"`
	Denied          *int64 `parquet:"denied,optional,decimal(2:18)" doc:"memo: refused in the net of all payers' remits; part of what is open unless a later payer took it over; never an addend"`
	PatientResp     *int64 `parquet:"patient_resp,optional,decimal(2:18)" doc:"memo: patient's share of the line as the claim's last payer has it, 0.00 where that one did not answer it; part of what is open; never an addend"`
	OtherAdj        *int64 `parquet:"other_adj,optional,decimal(2:18)" doc:"all other posted adjustments, all payers; not what OA-23 tells of earlier payers, nor refused and pending amounts. charge − paid − contractual − other_adj is what is open of the line with payers and the patient"`
	MatchRule       string `parquet:"match_rule,optional,dict" doc:"steps that matched its remit lines: L1 to L5"`
	RenderingNPI    string `parquet:"rendering_npi,optional,dict" doc:"2420A, else the claim's"`
	ServiceMonth    string `parquet:"service_month,optional,dict" doc:"the claim's bucket"`
	ControlKey      string `parquet:"line_control_number_key,optional" doc:"pseudonym of REF*6R in profile limited"`
}

var factServiceLine = define[LineRow]("fact_service_line", Snapshot, serviceMonth, "one row per claim line", "claim_id", "line_no")

// lineRows gives the claim's lines in their order; of lines that share a number the first stands.
func (x *claimed) lineRows(b *builder) []LineRow {
	rows := make([]LineRow, 0, len(x.claim.Lines))
	seen := map[int]bool{}
	for i := range x.claim.Lines {
		l := &x.claim.Lines[i]
		if seen[l.Number] {
			continue
		}
		seen[l.Number] = true
		r := LineRow{ClaimID: x.claim.ID.String(), LineNo: int32(l.Number), Common: x.who.common(x.batch), RevenueCode: l.Revenue,
			ProcedureCode: l.Procedure.Code, UnitBasis: l.Unit, Charge: int64(l.Charge), ServiceFrom: day(l.From), ServiceTo: day(l.To),
			RenderingNPI: npiOf(x.claim, "82"), ServiceMonth: x.month}
		for _, p := range l.Providers {
			if p.Role == "82" {
				r.RenderingNPI = string(p.NPI)
			}
		}
		r.LineControlNumber, r.ControlKey = b.mask.number(kindLineControl, l.Control)
		r.Modifier1, r.Modifier2, r.Modifier3, r.Modifier4 = modifiers(l.Procedure)
		if l.Unit != "" {
			r.Units = thousandths(l.Units)
		}
		x.price(&r)
		x.answer(&r)
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b LineRow) int { return cmp.Compare(a.LineNo, b.LineNo) })
	return rows
}

// price fills what we expected of the line.
func (x *claimed) price(r *LineRow) {
	if x.assessed == nil {
		return
	}
	q, ok := x.assessed.Quote(int(r.LineNo))
	switch {
	case !ok:
	case q.Priced():
		r.ExpectedAllowed, r.IsPackaged = some(q.Allowed), yes(q.Packaged)
	default:
		r.UnpricedReason = q.Unpriced
	}
}

// answer fills what the payers said of the line, in their order. What posts of it is told as the journal
// has it of the claim: the patient's share is the last payer's, and what earlier payers did counts once.
func (x *claimed) answer(r *LineRow) {
	var paid, contractual, denied, other money.Cents
	var rules []string
	for i := range x.settled {
		for _, l := range x.settled[i].Lines {
			if l.Line != int(r.LineNo) {
				continue
			}
			var patient money.Cents
			if i == len(x.settled)-1 {
				patient = l.Split.PatientShare
			}
			cut := l.Split.Contractual
			if i > 0 {
				left := money.Cents(r.Charge) - paid - contractual - other
				cut = min(cut, max(0, left-l.Split.Paid-patient))
			}
			paid, contractual, denied, other = paid+l.Split.Paid, contractual+cut, denied+l.Split.Denied, other+posted(&l.Split.Other)
			if r.Allowed == nil {
				r.Allowed = some(l.Allowed)
			}
			r.PatientResp = some(patient)
			r.Paid, r.Contractual, r.Denied, r.OtherAdj = some(paid), some(contractual), some(denied), some(other)
			for _, rule := range l.Rules {
				if rule != "" {
					rules = appendNew(rules, rule)
				}
			}
		}
	}
	r.MatchRule = strings.Join(rules, ",")
}

// posted is what of the column "other" moves money out of the payer's receivable.
func posted(o *denial.Others) money.Cents {
	var sum money.Cents
	for account, amount := range o.All() {
		if account.Posts() {
			sum += amount
		}
	}
	return sum
}

func appendNew(list []string, s string) []string {
	for _, x := range list {
		if x == s {
			return list
		}
	}
	return append(list, s)
}
