package extract

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"

	"revcycle/civil"
	"revcycle/money"
)

// ARRow is a row of fact_ar_snapshot.
type ARRow struct {
	AsOf    *int32 `parquet:"as_of,optional,date" doc:"business date of the snapshot: the bucket"`
	ClaimID string `parquet:"claim_id" doc:"claim"`
	Common
	ResponsibleParty string `parquet:"responsible_party,optional,dict" doc:"payer or patient: who owes more of it"`
	InsuranceBalance int64  `parquet:"insurance_balance,decimal(2:18)" doc:"open with payers"`
	PatientBalance   int64  `parquet:"patient_balance,decimal(2:18)" doc:"open with the patient"`
	Balance          int64  `parquet:"balance,decimal(2:18)" doc:"insurance_balance + patient_balance"`
	CreditBalance    int64  `parquet:"credit_balance,decimal(2:18)" doc:"what lies below zero of balance, as a positive amount"`
	AgeFromDischarge *int32 `parquet:"age_from_discharge,optional" doc:"days from discharge, else the last day of service"`
	AgeFromBill      *int32 `parquet:"age_from_bill,optional" doc:"days from the first bill date"`
	Bucket           string `parquet:"bucket,optional,dict" doc:"by age_from_discharge: 0-30, 31-60, 61-90, 91-120, 121-180, 181-365, 366+"`
	ClaimState       string `parquet:"claim_state,optional,dict" doc:"as in fact_claim"`
	PaymentState     string `parquet:"payment_state,optional,dict" doc:"as in fact_claim"`
	ServiceMonth     string `parquet:"service_month,optional,dict" doc:"the claim's bucket"`
}

var factARSnapshot = define[ARRow]("fact_ar_snapshot", Dated, asOfDate, "one row per claim with a balance, as of a date", "as_of", "service_month", "claim_id")

// claimView is what the totals of the view read of fact_claim.
type claimView struct {
	ClaimID string `parquet:"claim_id"`
	Common
	ServiceFrom      *int32 `parquet:"service_from,optional,date"`
	ServiceTo        *int32 `parquet:"service_to,optional,date"`
	DischargeDate    *int32 `parquet:"discharge_date,optional,date"`
	FirstBillDate    *int32 `parquet:"first_bill_date,optional,date"`
	TotalCharge      int64  `parquet:"total_charge,decimal(2:18)"`
	InsurancePaid    int64  `parquet:"insurance_paid,decimal(2:18)"`
	PatientPaid      int64  `parquet:"patient_paid,decimal(2:18)"`
	Contractual      int64  `parquet:"contractual,decimal(2:18)"`
	WrittenOff       int64  `parquet:"written_off,decimal(2:18)"`
	OtherAdj         int64  `parquet:"other_adj,decimal(2:18)"`
	Refunded         int64  `parquet:"refunded,decimal(2:18)"`
	InsuranceBalance int64  `parquet:"insurance_balance,decimal(2:18)"`
	PatientBalance   int64  `parquet:"patient_balance,decimal(2:18)"`
	Balance          int64  `parquet:"balance,decimal(2:18)"`
	ClaimState       string `parquet:"claim_state,optional,dict"`
	PaymentState     string `parquet:"payment_state,optional,dict"`
	FirstRemitDate   *int32 `parquet:"first_remit_date,optional,date"`
	FirstRemitDenied *int64 `parquet:"first_remit_denied,optional,decimal(2:18)"`
	ServiceMonth     string `parquet:"service_month,optional,dict"`
}

// imbalance is what the identity of CONTRACT is off by in a row of fact_claim; zero in a sound row.
func (r *claimView) imbalance() money.Cents {
	return money.Cents(r.TotalCharge - (r.InsurancePaid + r.PatientPaid + r.Contractual + r.WrittenOff + r.OtherAdj + r.InsuranceBalance + r.PatientBalance - r.Refunded))
}

// arBuckets are the upper ends of the ages of receivables.
var arBuckets = []struct {
	to   int32
	name string
}{{30, "0-30"}, {60, "31-60"}, {90, "61-90"}, {120, "91-120"}, {180, "121-180"}, {365, "181-365"}}

func arBucket(age *int32) string {
	if age == nil {
		return ""
	}
	for _, b := range arBuckets {
		if *age <= b.to {
			return b.name
		}
	}
	return "366+"
}

// aged gives the receivable of a row of fact_claim; ok is false where it has none.
func aged(r *claimView, asOf civil.Date) (ARRow, bool) {
	if r.InsuranceBalance == 0 && r.PatientBalance == 0 {
		return ARRow{}, false
	}
	from := r.DischargeDate
	if from == nil {
		from = r.ServiceTo
	}
	if from == nil {
		from = r.ServiceFrom
	}
	out := ARRow{
		AsOf: day(asOf), ClaimID: r.ClaimID, Common: r.Common, ResponsibleParty: "payer", InsuranceBalance: r.InsuranceBalance,
		PatientBalance: r.PatientBalance, Balance: r.Balance, CreditBalance: max(0, -r.Balance), AgeFromDischarge: age(from, asOf),
		AgeFromBill: age(r.FirstBillDate, asOf), ClaimState: r.ClaimState, PaymentState: r.PaymentState, ServiceMonth: r.ServiceMonth,
	}
	if r.PatientBalance > r.InsuranceBalance {
		out.ResponsibleParty = "patient"
	}
	out.Bucket = arBucket(out.AgeFromDischarge)
	return out, true
}

func age(from *int32, asOf civil.Date) *int32 {
	if from == nil || !asOf.Known() {
		return nil
	}
	n := asOf.Unix() - *from
	return &n
}

// readBlock is how many rows are read at once.
const readBlock = 1024

// readRows hands on every row of a Parquet file in its order. The struct may leave columns out, and the
// file may lack its newest ones. A damaged file is an error, also where the library panics on it.
func readRows[T any](path string, use func(*T) error) error {
	return withFile(path, func(f *parquet.File) error {
		r := parquet.NewGenericReader[T](f)
		defer r.Close()
		rows := make([]T, min(readBlock, f.NumRows()+1))
		for {
			clear(rows)
			n, err := r.Read(rows)
			for i := range rows[:n] {
				if err := use(&rows[i]); err != nil {
					return err
				}
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
}

// withFile opens a Parquet file for a while.
func withFile(path string, use func(*parquet.File) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read %s: the file is damaged: %v", path, r)
		}
	}()
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return err
	}
	f, err := parquet.OpenFile(file, st.Size())
	if err == nil {
		err = use(f)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// recount reads a file back, and gives its rows and the sum of each of its money columns, straight from
// the pages: what is compared with the manifest owes nothing to what wrote it.
func recount(path string) (rows int64, sums map[string]money.Cents, err error) {
	sums = map[string]money.Cents{}
	err = withFile(path, func(f *parquet.File) error {
		for _, group := range f.RowGroups() {
			for i, chunk := range group.ColumnChunks() {
				leaf := f.Schema().Columns()[i]
				column, _ := f.Schema().Lookup(leaf...)
				if sqlType(column.Node) != moneyType {
					continue
				}
				sum, err := sumPages(chunk)
				if err != nil {
					return fmt.Errorf("column %s: %w", leaf[0], err)
				}
				sums[leaf[0]] += sum
			}
		}
		rows = f.NumRows()
		return nil
	})
	return rows, sums, err
}

func sumPages(chunk parquet.ColumnChunk) (sum money.Cents, err error) {
	pages := chunk.Pages()
	defer pages.Close()
	values := make([]parquet.Value, 1024)
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return sum, nil
		}
		if err != nil {
			return 0, err
		}
		for r := page.Values(); ; {
			n, err := r.ReadValues(values)
			for _, v := range values[:n] {
				if !v.IsNull() {
					sum += money.Cents(v.Int64())
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return 0, err
			}
		}
		parquet.Release(page)
	}
}
