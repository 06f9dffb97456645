package ledger

import (
	"context"
	"fmt"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/denial"
	"revcycle/money"
	"revcycle/reconcile"
)

// AdjudgedRow is a remit seen alone as a row of Adjudged. reversedBy is the remit that took it back.
func AdjudgedRow(l *reconcile.Lone, reversedBy claim.ID, posts bool, batch int64) Row {
	s := &l.Judged.Split
	return Row{
		ID(l.Remit), Int(batch), ID(l.Claim), Text(string(l.State)), Text(l.RuleText), ID(l.Reverses), ID(reversedBy),
		Cents(s.Contractual), Cents(s.Denied), Cents(s.PatientShare), Cents(s.Other.Total()), Cents(s.Pending), Bool(posts),
	}
}

// SettlementRow is a settlement as a row of Settlements; key is the payer as the masters name it.
func SettlementRow(s *reconcile.Settlement, key string, batch int64) Row {
	n := &s.Net
	return Row{
		ID(s.Claim), Text(key), Int(batch), Int(int64(s.Seq)), Text(string(s.State)), Cents(n.Charge), Cents(n.Paid), Cents(n.Contractual),
		Cents(n.Denied), Cents(n.PatientShare), Cents(n.Other.Total()), Cents(s.Allowed), CentsOrNull(s.Expected), Bool(s.Underpaid),
		Bool(s.Overpaid), Bool(s.HasDenial), document(s),
	}
}

// Latest gives the rows of a table of opinions that are current: of rows whose key differs in the
// batch alone, the last. keyLen is how many columns of the key name the opinion's subject. The rows
// must be those of whole subjects.
func Latest(ctx context.Context, s Store, t *Table, where ...Cond) ([]Row, error) {
	batch := t.At("batch")
	var out []Row
	for row, err := range s.Rows(ctx, Query{Table: t, Where: where}) {
		if err != nil {
			return nil, err
		}
		row = append(Row(nil), row...)
		if n := len(out); n > 0 && sameSubject(t, batch, out[n-1], row) {
			out[n-1] = row
			continue
		}
		out = append(out, row)
	}
	return out, nil
}

func sameSubject(t *Table, batch int, a, b Row) bool {
	for i := range t.KeyLen {
		if i != batch && a[i].Compare(b[i]) != 0 {
			return false
		}
	}
	return true
}

// SameOpinion reports whether two rows of a table of opinions say the same of the same subject: all
// columns but the batch are equal.
func SameOpinion(t *Table, a, b Row) bool {
	batch := t.At("batch")
	for i := range a {
		if i != batch && a[i].Compare(b[i]) != 0 {
			return false
		}
	}
	return true
}

// SettlementOf reads a row of Settlements.
func SettlementOf(row Row) (reconcile.Settlement, error) {
	var s reconcile.Settlement
	if err := Unmarshal(row[Settlements.At("doc")].Text(), &s); err != nil {
		return s, fmt.Errorf("settlement of claim %s: %w", row[0].ID(), err)
	}
	return s, nil
}

// Denial is a denial episode with how it stands.
type Denial struct {
	denial.Episode
	Batch      int64
	First      civil.Date // the payer's first refusal
	Status     string     // open, closed
	Outcome    string     // of a closed one: bundled, overturned, taken back
	Recovered  money.Cents
	ForetoldBy string // the rule of ours that foretold it
}

// DenialRow is a denial episode as a row of Denials.
func DenialRow(d *Denial, batch int64) Row {
	return Row{
		ID(d.ID), Int(batch), ID(d.Claim), Int(int64(d.Line)), Text(d.Payer), Text(d.Category), Text(d.Group), Text(d.CARC), Text(d.RARC),
		Text(d.RootCause), Text(string(d.Preventable)), Text(d.Owner), Text(d.NextAction), Text(string(d.Kind)), Cents(d.Denied),
		CentsOrNull(d.AtRisk), Text(string(d.Basis)), Date(d.First), Text(d.Status), Text(d.Outcome), Cents(d.Recovered), Text(d.ForetoldBy),
	}
}

// DenialOf reads a row of Denials.
func DenialOf(row Row) Denial {
	return Denial{
		Batch: row[1].Int(), First: row[17].Date(), Status: row[18].Text(), Outcome: row[19].Text(), Recovered: row[20].Cents(), ForetoldBy: row[21].Text(),
		Episode: denial.Episode{
			ID: row[0].ID(), Claim: row[2].ID(), Line: int(row[3].Int()), Payer: row[4].Text(), Category: row[5].Text(), Group: row[6].Text(),
			CARC: row[7].Text(), RARC: row[8].Text(), RootCause: row[9].Text(), Preventable: denial.Preventable(row[10].Text()), Owner: row[11].Text(),
			NextAction: row[12].Text(), Kind: denial.Kind(row[13].Text()), Denied: row[14].Cents(), AtRisk: row[15].CentsPtr(), Basis: denial.Basis(row[16].Text()),
		},
	}
}

// JoinFlags gives flags with blanks between.
func JoinFlags(flags []reconcile.Flag) string {
	texts := make([]string, len(flags))
	for i, f := range flags {
		texts[i] = string(f)
	}
	return strings.Join(texts, " ")
}
