package ledger

import (
	"context"
	"iter"

	"revcycle/claim"
)

// EncounterRow is an encounter as a row of Encounters.
func EncounterRow(e *claim.Encounter, batch int64) Row {
	return Row{
		ID(e.ID), Int(batch), Text(e.Source), Text(e.Number), Text(e.Account), Text(e.Facility), Text(e.Provider), Text(e.Payer),
		Text(e.Class), Text(e.Status), Date(e.From), Date(e.To), Text(Month(e.From)), CentsOrNull(e.Cost), document(e),
	}
}

// ChargeRow is a charge as a row of Charges.
func ChargeRow(c *claim.Charge, batch int64) Row {
	return Row{
		ID(c.ID), Int(batch), Text(c.Source), Text(c.Number), Text(c.Claim), Text(c.Encounter), Text(c.Procedure.Code), Cents(c.Amount), Date(c.From),
	}
}

// RejectRow is a reject as a row of Rejects.
func RejectRow(r *claim.Reject, batch int64, at claim.Sighting, file string) Row {
	return Row{
		ID(r.ID), Int(batch), Digest(at.File), Text(file), Text(r.Unit), Int(int64(at.Set)), Text(r.Code), Text(r.Segment), Text(r.Element),
		Int(int64(r.Ordinal)), Int(r.Byte), Text(r.Message),
	}
}

// ReadEncounters gives the encounters whose rows meet the conditions, in ID order.
func ReadEncounters(ctx context.Context, s Store, where ...Cond) iter.Seq2[*claim.Encounter, error] {
	return readDocs[claim.Encounter](ctx, s, Encounters, where)
}
