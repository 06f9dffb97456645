package extract

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/ledger/sqlite"
	"revcycle/money"
	"revcycle/rules"
)

// The independent reader is a module of its own (extract/parquetcheck); it runs over the view of two nights here.
// EXTRACT_VIEW names the folder to leave the view in.
func TestAViewIsLeftForTheIndependentReader(t *testing.T) {
	dir := os.Getenv("EXTRACT_VIEW")
	if dir == "" {
		dir = t.TempDir()
	}
	w := night1(t, false)
	w.publish(w.env(dir))
	w.night2()
	w.publish(w.env2(dir))
}

// benchClaims is how many claims of three lines the benchmark publishes, over 24 months.
const benchClaims = 20_000

func benchStore(b *testing.B) ledger.Store {
	db, err := sqlite.Open(filepath.Join(b.TempDir(), "ledger.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	_, err = db.Do(context.Background(), ledger.Unit{Batch: 1, Stage: "bench", Key: "all"}, func(tx ledger.Tx) error {
		_, err := tx.Append(ledger.Batches, ledger.Row{ledger.Int(1), ledger.Text("2025-04-01-001"), ledger.Date(asOf1), ledger.Digest(claim.Digest{}), {}, {}, {}, {}, {}, {}})
		for i := range benchClaims {
			c := benchClaim(i)
			a := rules.Assessment{Claim: c.ID, Findings: []rules.Finding{{Rule: "R-1", Line: 1, Severity: rules.Info, Message: "seen"}}}
			for n := range c.Lines {
				a.Quotes = append(a.Quotes, rules.Quote{Line: n + 1, Allowed: 4000, Contract: "K1"})
			}
			e, _ := ledger.Bill(&c)
			for _, add := range []struct {
				t    *ledger.Table
				rows []ledger.Row
			}{{ledger.Claims, []ledger.Row{ledger.ClaimRow(&c, 1, claim.Sighting{})}}, {ledger.Assessments, []ledger.Row{ledger.AssessmentRow(&a, 1)}},
				{ledger.Findings, ledger.FindingRows(&a, 1)}, {ledger.Postings, ledger.EntryRows(&e, 1, asOf1)}} {
				_, more := tx.Append(add.t, add.rows...)
				err = errors.Join(err, more)
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func benchClaim(i int) claim.Claim {
	day := civil.Of(2023, 4, 1).AddDays(i * 7 % 730)
	n := strconv.Itoa(i)
	c := claim.Claim{ID: claim.IDOf("bench", n), Kind: claim.Professional, Use: claim.Chargeable, Control: "CTRL" + n, Charge: 30000, Facility: "11", Frequency: "1",
		PayerOrder: "P", Created: day.AddDays(3), Payer: claim.Payer{ID: "PAYER" + strconv.Itoa(i%7)}, Billing: claim.Provider{NPI: "1234567893"},
		StatementFrom: day, StatementTo: day, Patient: claim.NewPerson(claim.PersonFields{MemberID: "M" + n})}
	for l := range 3 {
		c.Lines = append(c.Lines, claim.Line{Number: l + 1, Control: n + "-" + strconv.Itoa(l), Charge: 10000, Unit: "UN", Units: money.Whole(1), From: day, To: day,
			Procedure: claim.Procedure{Qualifier: "HC", Code: "G000" + strconv.Itoa(i%9)}})
	}
	return c
}

// BenchmarkPublish publishes a first night of 20,000 claims of three lines from SQLite: claims/s, and rows/s of all tables.
func BenchmarkPublish(b *testing.B) {
	store := benchStore(b)
	var rows int64
	for b.Loop() {
		m, err := Publish(context.Background(), Env{Store: store, Dir: b.TempDir(), Batch: Batch{1, "2025-04-01-001"}, AsOf: asOf1, Profile: Operations, Workers: 2})
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range m.Files {
			rows += f.Rows
		}
	}
	b.ReportMetric(float64(benchClaims*b.N)/b.Elapsed().Seconds(), "claims/s")
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkWrite writes a million cells' worth of fact_claim alone, from rows that are made already.
func BenchmarkWrite(b *testing.B) {
	row := ClaimRow{ClaimID: claim.IDOf("x").String(), ClaimType: "P", TotalCharge: 30000, InsuranceBalance: 30000, Balance: 30000, ServiceMonth: "2025-01"}
	for b.Loop() {
		st, err := newStage(b.TempDir(), "bench", nil)
		if err != nil {
			b.Fatal(err)
		}
		s := factClaim.sink(st, "service_month=2025-01")
		for i := range 100_000 {
			row.ClaimID, row.TotalCharge = claim.IDOf(strconv.Itoa(i)).String(), int64(i)
			if err := s.add(row); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := s.close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(100_000*b.N)/b.Elapsed().Seconds(), "rows/s")
}
