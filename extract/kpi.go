package extract

import (
	"cmp"
	"slices"

	"revcycle/civil"
	"revcycle/denial"
	"revcycle/money"
)

// KPIRow is a row of kpi_monthly.
type KPIRow struct {
	AsOf        *int32 `parquet:"as_of,optional,date" doc:"business date of the figures: the bucket"`
	KPI         string `parquet:"kpi,dict" doc:"name of the figure; DICTIONARY says what is counted"`
	FacilityID  string `parquet:"facility_id,optional,dict" doc:"facility"`
	PayerID     string `parquet:"payer_id,optional,dict" doc:"payer"`
	Month       string `parquet:"month,optional,dict" doc:"month it is told of: of the remit, the service or the as-of date, by figure"`
	Numerator   int64  `parquet:"numerator,decimal(2:18)" doc:"dollars, or a count"`
	Denominator int64  `parquet:"denominator,decimal(2:18)" doc:"dollars, or a count"`
	Value       *int64 `parquet:"value,optional,decimal(6:18)" doc:"numerator / denominator, rounded half away from zero; null where the denominator is 0. Never average it: add numerators and denominators"`
	Unit        string `parquet:"unit,dict" doc:"count or dollars: of numerator and denominator"`
}

var kpiMonthly = define[KPIRow]("kpi_monthly", Dated, asOfDate, "one row per figure, facility, payer and month", "as_of", "kpi", "facility_id", "payer_id", "month")

// KPI says what one figure counts.
type KPI struct{ Name, Numerator, Denominator, Month, Unit string }

// KPIs lists the figures of kpi_monthly.
var KPIs = []KPI{
	{agedAR, "A/R with payers and patients older than 90 days from discharge, credit balances left out", "A/R, credit balances left out", "as-of date", "dollars"},
	{denialAmount, "charge refused at the first remit", "charge of claims remitted", "first remit", "dollars"},
	{denialCount, "claims whose first remit refused something", "claims remitted", "first remit", "count"},
	{lineDenial, "claim lines with a refused amount", "claim lines that a payer answered", "service", "count"},
	{netCollection, "payments less refunds", "charge less contract allowances, of claims billed", "service", "dollars"},
	{remitDenial, "remits that paid nothing and refused something", "remits, without CLP02 22, 23, 25 and held ones", "payment", "count"},
}

const (
	agedAR        = "aged_ar_over_90_pct"
	denialAmount  = "initial_denial_rate_amount"
	denialCount   = "initial_denial_rate_count"
	lineDenial    = "line_denial_rate"
	netCollection = "net_collection_rate"
	remitDenial   = "remittance_denial_rate"
)

type kpiKey struct{ kpi, facility, payer, month string }

type ratio struct{ numerator, denominator int64 }

// kpis gathers the figures of a view.
type kpis map[kpiKey]ratio

func (k kpis) add(kpi string, c *Common, month string, numerator, denominator int64) {
	key := kpiKey{kpi, c.FacilityID, c.PayerID, month}
	r := k[key]
	k[key] = ratio{r.numerator + numerator, r.denominator + denominator}
}

// one is a count in a column of two decimals.
const one = 100

func count(yes bool) int64 {
	if yes {
		return one
	}
	return 0
}

// claim adds a row of fact_claim.
func (k kpis) claim(r *claimView, ar *ARRow, asOf civil.Date) {
	if r.FirstRemitDate != nil && r.FirstRemitDenied != nil {
		month := civil.FromUnix(*r.FirstRemitDate).Month()
		k.add(denialCount, &r.Common, month, count(*r.FirstRemitDenied > 0), one)
		k.add(denialAmount, &r.Common, month, *r.FirstRemitDenied, r.TotalCharge)
	}
	if r.TotalCharge != 0 && r.ClaimState != stateSuperseded {
		k.add(netCollection, &r.Common, r.ServiceMonth, r.InsurancePaid+r.PatientPaid-r.Refunded, r.TotalCharge-r.Contractual)
	}
	if ar != nil && ar.Balance > 0 {
		old := int64(0)
		if ar.AgeFromDischarge != nil && *ar.AgeFromDischarge > 90 {
			old = ar.Balance
		}
		k.add(agedAR, &r.Common, asOf.Month(), old, ar.Balance)
	}
}

// lineView and remitView are what the figures read of two tables.
type lineView struct {
	Common
	Paid         *int64 `parquet:"paid,optional,decimal(2:18)"`
	Denied       *int64 `parquet:"denied,optional,decimal(2:18)"`
	ServiceMonth string `parquet:"service_month,optional,dict"`
}

type remitView struct {
	Common
	CLP02        string `parquet:"clp02,optional,dict"`
	Paid         int64  `parquet:"paid,decimal(2:18)"`
	Denied       *int64 `parquet:"denied,optional,decimal(2:18)"`
	IsHeld       bool   `parquet:"is_held"`
	PaymentMonth string `parquet:"payment_month,optional,dict"`
}

func (k kpis) line(r *lineView) {
	if r.Paid != nil && r.Denied != nil {
		k.add(lineDenial, &r.Common, r.ServiceMonth, count(*r.Denied > 0), one)
	}
}

func (k kpis) remit(r *remitView) {
	if r.IsHeld || r.Denied == nil || !counted(r.CLP02) {
		return
	}
	k.add(remitDenial, &r.Common, r.PaymentMonth, count(r.Paid == 0 && *r.Denied > 0), one)
}

// counted reports whether a CLP02 stands for a decision: reversals, forwards and information do not.
func counted(clp02 string) bool {
	if clp02 == "22" || clp02 == "23" || clp02 == "25" {
		return false
	}
	s, ok := denial.Default().Status(clp02)
	return !ok || s.CountsAs != "reversal" && s.CountsAs != "forwarded" && s.CountsAs != "information"
}

// rows gives the figures in order of their keys.
func (k kpis) rows(asOf civil.Date) []KPIRow {
	units := map[string]string{}
	for _, x := range KPIs {
		units[x.Name] = x.Unit
	}
	out := make([]KPIRow, 0, len(k))
	for key, r := range k {
		out = append(out, KPIRow{AsOf: day(asOf), KPI: key.kpi, FacilityID: key.facility, PayerID: key.payer, Month: key.month,
			Numerator: r.numerator, Denominator: r.denominator, Value: quotient(r.numerator, r.denominator), Unit: units[key.kpi]})
	}
	slices.SortFunc(out, func(a, b KPIRow) int {
		return cmp.Or(cmp.Compare(a.KPI, b.KPI), cmp.Compare(a.FacilityID, b.FacilityID), cmp.Compare(a.PayerID, b.PayerID), cmp.Compare(a.Month, b.Month))
	})
	return out
}

// quotient is n/d in millionths, half away from zero; nil where it means nothing.
func quotient(n, d int64) *int64 {
	if d == 0 {
		return nil
	}
	negative := (n < 0) != (d < 0)
	q, ok := money.Whole(abs(n)).Mul(money.Whole(2_000_000)).Add(money.Whole(abs(d))).Int()
	if !ok {
		return nil
	}
	q /= 2 * abs(d)
	if negative {
		q = -q
	}
	return &q
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
