package extract

import (
	"revcycle/ledger"
)

// DenialRow is a row of fact_denial.
type DenialRow struct {
	DenialID string `parquet:"denial_id" doc:"our ID of the episode: claim, line, payer, category and kind"`
	ClaimID  string `parquet:"claim_id" doc:"claim"`
	LineNo   *int32 `parquet:"line_no,optional" doc:"claim line; null for the claim as a whole"`
	Common
	GroupCode      string `parquet:"group_code,optional,dict" doc:"CAS01"`
	CARC           string `parquet:"carc,optional,dict" doc:"claim adjustment reason code (CAS02 …)"`
	RARC1          string `parquet:"rarc_1,optional,dict" doc:"first remark code beside it (LQ, MOA, MIA)"`
	Category       string `parquet:"category,optional,dict" doc:"denial category: AUTHORIZATION …"`
	RootCause      string `parquet:"root_cause,optional,dict" doc:"usual cause of the code"`
	Preventable    string `parquet:"preventable,optional,dict" doc:"Y, N, P for partly"`
	Owner          string `parquet:"owner,optional,dict" doc:"desk whose work it is"`
	DeniedAmount   int64  `parquet:"denied_amount,decimal(2:18)" doc:"charge refused"`
	AtRisk         *int64 `parquet:"at_risk,optional,decimal(2:18)" doc:"what is lost if it stands; null where unknown"`
	AtRiskBasis    string `parquet:"at_risk_basis,optional,dict" doc:"expected, paid history or charge ratio"`
	FirstRemitDate *int32 `parquet:"first_remit_date,optional,date" doc:"BPR16 of the first remit that refused it"`
	DeadlineDate   *int32 `parquet:"deadline_date,optional,date" doc:"last day to appeal or correct; null where no limit is known"`
	PriorityScore  *int64 `parquet:"priority_score,optional" doc:"order of work; null where not scored"`
	Status         string `parquet:"status,optional,dict" doc:"open or closed"`
	Outcome        string `parquet:"outcome,optional,dict" doc:"how it closed"`
	Recovered      *int64 `parquet:"recovered,optional,decimal(2:18)" doc:"paid since"`
	ForetoldBy     string `parquet:"foretold_by,optional,dict" doc:"our rule that foretold it"`
	Kind           string `parquet:"kind,optional,dict" doc:"DENIAL; BUNDLING_UNPRICED and FULL_CONTRACTUAL stand outside the denial rate"`
	NextAction     string `parquet:"next_action,optional,dict" doc:"what to do first"`
	ServiceMonth   string `parquet:"service_month,optional,dict" doc:"the claim's bucket"`
}

var factDenial = define[DenialRow]("fact_denial", Snapshot, serviceMonth, "one row per denial episode", "claim_id", "denial_id")

// denialRows gives the claim's episodes in order of their IDs. Their payer is the claim's own where it
// stands at the place of the payer that refused.
func (x *claimed) denialRows(b *builder, list []coverage) []DenialRow {
	rows := make([]DenialRow, len(x.denials))
	for i := range x.denials {
		d := &x.denials[i]
		rows[i] = DenialRow{
			DenialID: d.ID.String(), ClaimID: x.claim.ID.String(), LineNo: line(int64(d.Line)), Common: x.payerOf(b, d, list).common(b.batches[d.Batch]),
			GroupCode: d.Group, CARC: d.CARC, RARC1: d.RARC, Category: d.Category, RootCause: d.RootCause, Preventable: string(d.Preventable),
			Owner: d.Owner, DeniedAmount: int64(d.Denied), AtRisk: cents(d.AtRisk), AtRiskBasis: string(d.Basis), FirstRemitDate: day(d.First),
			Status: d.Status, Outcome: d.Outcome, Recovered: some(d.Recovered), ForetoldBy: d.ForetoldBy, Kind: string(d.Kind),
			NextAction: d.NextAction, ServiceMonth: x.month,
		}
	}
	return rows
}

func (x *claimed) payerOf(b *builder, d *ledger.Denial, list []coverage) who {
	for _, v := range list {
		if v.settled != nil && v.settled.Payer == d.Payer {
			return v.who
		}
	}
	from, _ := x.claim.Service()
	return ofPayerKey(b.party, x.who, d.Payer, from)
}
