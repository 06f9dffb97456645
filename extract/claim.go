package extract

import (
	"revcycle/claim"
	"revcycle/money"
)

// ClaimRow is a row of fact_claim.
type ClaimRow struct {
	ClaimID              string `parquet:"claim_id" doc:"our ID of the claim, from its content"`
	RootClaimID          string `parquet:"root_claim_id,optional" doc:"first version of the claim"`
	ClaimVersion         *int32 `parquet:"claim_version,optional" doc:"place among the versions, from 1"`
	PatientControlNumber string `parquet:"patient_control_number,optional" doc:"CLM01; null in profile limited"`
	AccountID            string `parquet:"account_id,optional" doc:"account or visit number where it is not CLM01; null in profile limited"`
	EncounterID          string `parquet:"encounter_id,optional" doc:"visit that it bills, as the source numbers it; null in profile limited"`
	ClaimType            string `parquet:"claim_type,optional,dict" doc:"P professional, I institutional, D dental"`
	BillType             string `parquet:"bill_type,optional,dict" doc:"type of bill, four characters: CLM05-1 and CLM05-3 of institutional claims"`
	PlaceOfService       string `parquet:"place_of_service,optional,dict" doc:"CLM05-1 of professional claims"`
	FrequencyCode        string `parquet:"frequency_code,optional,dict" doc:"CLM05-3: 1 original, 7 replacement, 8 void"`
	Common
	BillingNPI        string `parquet:"billing_npi,optional,dict" doc:"2010AA NM109"`
	RenderingNPI      string `parquet:"rendering_npi,optional,dict" doc:"2310 NM1*82"`
	AttendingNPI      string `parquet:"attending_npi,optional,dict" doc:"2310 NM1*71"`
	ServiceFrom       *int32 `parquet:"service_from,optional,date" doc:"first day of service: DTP*434, else of the lines' DTP*472"`
	ServiceTo         *int32 `parquet:"service_to,optional,date" doc:"last day of service"`
	AdmitDate         *int32 `parquet:"admit_date,optional,date" doc:"DTP*435"`
	DischargeDate     *int32 `parquet:"discharge_date,optional,date" doc:"DTP*096, or the last day of a final inpatient bill"`
	FirstBillDate     *int32 `parquet:"first_bill_date,optional,date" doc:"effective date of its first bill entry (BHT04)"`
	DRGBilled         string `parquet:"drg_billed,optional,dict" doc:"HI*DR"`
	DRGPaid           string `parquet:"drg_paid,optional,dict" doc:"CLP11 of its latest remit that names one"`
	TotalCharge       int64  `parquet:"total_charge,decimal(2:18)" doc:"CLM02 of a claim that asks for payment; 0 for reports (BHT06 RP) and voids (CLM05-3 8), which are no receivables"`
	ExpectedAllowed   *int64 `parquet:"expected_allowed,optional,decimal(2:18)" doc:"allowed amount that the contract should bring; null where unpriced"`
	ExpectedPayerPaid *int64 `parquet:"expected_payer_paid,optional,decimal(2:18)" doc:"payer's part of it; null where the benefit is unknown"`
	ExpectedPatient   *int64 `parquet:"expected_patient,optional,decimal(2:18)" doc:"patient's part of it; null where the benefit is unknown"`
	UnpricedReason    string `parquet:"unpriced_reason,optional,dict" doc:"why expected_allowed is null"`
	ContractID        string `parquet:"contract_id,optional,dict" doc:"contract that priced it"`
	InsurancePaid     int64  `parquet:"insurance_paid,decimal(2:18)" doc:"posted payments of payers (CLP04)"`
	PatientPaid       int64  `parquet:"patient_paid,decimal(2:18)" doc:"posted payments of the patient"`
	Paid              int64  `parquet:"paid,decimal(2:18)" doc:"insurance_paid + patient_paid"`
	Contractual       int64  `parquet:"contractual,decimal(2:18)" doc:"posted contract allowances"`
	WrittenOff        int64  `parquet:"written_off,decimal(2:18)" doc:"posted write-offs"`
	OtherAdj          int64  `parquet:"other_adj,decimal(2:18)" doc:"all other posted adjustments; of a superseded version its whole charge"`
	Refunded          int64  `parquet:"refunded,decimal(2:18)" doc:"posted refunds"`
	InsuranceBalance  int64  `parquet:"insurance_balance,decimal(2:18)" doc:"open with payers"`
	PatientBalance    int64  `parquet:"patient_balance,decimal(2:18)" doc:"open with the patient"`
	Balance           int64  `parquet:"balance,decimal(2:18)" doc:"insurance_balance + patient_balance"`
	Denied            int64  `parquet:"denied,decimal(2:18)" doc:"memo: refused in the net of all payers' remits; part of the balance, never an addend"`
	PatientResp       int64  `parquet:"patient_resp,decimal(2:18)" doc:"memo: patient's share as the last payer has it; never an addend"`
	HasDenial         *bool  `parquet:"has_denial,optional" doc:"a payer refused something; null before any remit"`
	IsUnderpaid       *bool  `parquet:"is_underpaid,optional" doc:"a payer allowed less than expected; null before any remit"`
	IsOverpaid        *bool  `parquet:"is_overpaid,optional" doc:"a payer allowed more than expected; null before any remit"`
	ClaimState        string `parquet:"claim_state,optional,dict" doc:"RECEIVED, BILLED, ADJUDICATED, SUPERSEDED, VOID, REPORTED"`
	PaymentState      string `parquet:"payment_state,optional,dict" doc:"headline state with the current payer; null before any remit"`
	CurrentPayerSeq   *int32 `parquet:"current_payer_seq,optional" doc:"place of the payer that spoke last, 1 before any remit"`
	SubmittedCharge   int64  `parquet:"submitted_charge,decimal(2:18)" doc:"CLM02 of every claim, reports and voids too"`
	FirstRemitDate    *int32 `parquet:"first_remit_date,optional,date" doc:"BPR16 of its first remit that posts"`
	LastRemitDate     *int32 `parquet:"last_remit_date,optional,date" doc:"BPR16 of its last remit that posts"`
	FirstRemitDenied  *int64 `parquet:"first_remit_denied,optional,decimal(2:18)" doc:"refused at the first remit: the initial denial"`
	ServiceMonth      string `parquet:"service_month,optional,dict" doc:"month of service_from: the bucket; 0000-00 where unknown"`
	ControlKey        string `parquet:"patient_control_number_key,optional" doc:"pseudonym of CLM01 in profile limited"`
	AccountKey        string `parquet:"account_key,optional" doc:"pseudonym of the account in profile limited"`
	EncounterKey      string `parquet:"encounter_key,optional" doc:"pseudonym of the visit number in profile limited"`
	PatientLast       string `parquet:"patient_last_name,optional" doc:"profile full only"`
	PatientFirst      string `parquet:"patient_first_name,optional" doc:"profile full only"`
	PatientBirth      *int32 `parquet:"patient_birth_date,optional,date" doc:"profile full only"`
	MemberID          string `parquet:"member_id,optional" doc:"profile full only"`
	AssessedBatch     string `parquet:"assessed_batch_id,optional,dict" doc:"batch of the current opinion: the rows of fact_finding with this batch_id and claim_id are the current ones"`
}

var factClaim = define[ClaimRow]("fact_claim", Snapshot, serviceMonth, "one row per claim", "claim_id")

// serviceMonth and the others are the columns that name a bucket.
const (
	serviceMonth = "service_month"
	paymentMonth = "payment_month"
	postingMonth = "posting_month"
	asOfDate     = "as_of"
)

// The states of a claim in fact_claim.
const (
	stateReceived    = "RECEIVED"
	stateBilled      = "BILLED"
	stateAdjudicated = "ADJUDICATED"
	stateSuperseded  = "SUPERSEDED"
	stateVoid        = "VOID"
	stateReported    = "REPORTED"
)

// receivable reports whether a claim asks for money of its own.
func receivable(c *claim.Claim) bool { return c.Use != claim.Reporting && !c.Void() }

// state is what became of the claim.
func (x *claimed) state() string {
	switch {
	case x.claim.Use == claim.Reporting:
		return stateReported
	case x.claim.Void():
		return stateVoid
	case x.superseded:
		return stateSuperseded
	case len(x.settled) > 0:
		return stateAdjudicated
	case x.billed.Known():
		return stateBilled
	}
	return stateReceived
}

func (x *claimed) row(b *builder) ClaimRow {
	c, p := x.claim, &x.position
	from, to := c.Service()
	r := ClaimRow{
		ClaimID: c.ID.String(), RootClaimID: text(x.root), ClaimVersion: x.version, ClaimType: string(c.Kind), BillType: c.TypeOfBill(),
		FrequencyCode: c.Frequency, Common: x.who.common(x.batch), BillingNPI: string(c.Billing.NPI), RenderingNPI: npiOf(c, "82"),
		AttendingNPI: npiOf(c, "71"), ServiceFrom: day(from), ServiceTo: day(to), AdmitDate: day(c.Admitted),
		DischargeDate: day(c.Discharged), FirstBillDate: day(x.billed), DRGBilled: c.DRG, DRGPaid: x.drgPaid,
		ExpectedAllowed: cents(x.expected), UnpricedReason: x.unpriced, ContractID: x.contract,
		InsurancePaid: int64(p.Paid), Paid: int64(p.Paid), Contractual: int64(p.Contractual), OtherAdj: int64(p.Other),
		InsuranceBalance: int64(p.Payer), PatientBalance: int64(p.Patient), Balance: int64(p.Payer + p.Patient),
		ClaimState: x.state(), CurrentPayerSeq: whole(1), SubmittedCharge: int64(c.Charge), ServiceMonth: x.month,
		FirstRemitDate: day(x.firstRemit), LastRemitDate: day(x.lastRemit), FirstRemitDenied: cents(x.firstDenied),
		AssessedBatch: x.assessedIn,
	}
	if receivable(c) {
		r.TotalCharge = int64(c.Charge)
	}
	if c.Kind != claim.Institutional {
		r.PlaceOfService = c.Facility
	}
	r.PatientControlNumber, r.ControlKey = b.mask.number(kindControl, c.Control)
	r.AccountID, r.AccountKey = b.mask.number(kindAccount, c.Account)
	r.EncounterID, r.EncounterKey = b.mask.number(kindEncounter, c.Encounter)
	if b.mask.names() {
		f := c.Patient.Fields()
		r.PatientLast, r.PatientFirst, r.PatientBirth, r.MemberID = f.Last, f.First, day(f.Birth), f.MemberID
	}
	x.standing(&r)
	return r
}

// standing fills what the settlements say.
func (x *claimed) standing(r *ClaimRow) {
	if len(x.settled) == 0 {
		return
	}
	var denied money.Cents
	var refused, under, over bool
	for i := range x.settled {
		s := &x.settled[i]
		denied += s.Net.Denied
		refused, under, over = refused || s.HasDenial, under || s.Underpaid, over || s.Overpaid
	}
	last := &x.settled[len(x.settled)-1]
	r.Denied, r.PatientResp = int64(denied), int64(last.Net.PatientShare)
	r.HasDenial, r.IsUnderpaid, r.IsOverpaid = yes(refused), yes(under), yes(over)
	r.PaymentState, r.CurrentPayerSeq = string(last.State), whole(last.Seq)
}

func npiOf(c *claim.Claim, role string) string {
	p, _ := c.Provider(role)
	return string(p.NPI)
}
