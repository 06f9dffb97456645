package ledger

import (
	"context"
	"iter"

	"revcycle/claim"
)

// AckRow is an acknowledgement as a row of Acks.
func AckRow(a *claim.Ack, batch int64, at claim.Sighting) Row {
	norm := ""
	if a.Kind == claim.AckClaim {
		norm = claim.NormalControl(a.Control)
	}
	return Row{ID(a.ID), Int(batch), Text(string(a.Kind)), Text(a.Sender), Text(a.Receiver), Text(a.Answers()), Text(norm), Text(string(a.Verdict)), Date(a.Date),
		Text(a.PayerControl), document(a), Digest(at.File), Int(int64(at.Set)), Int(int64(at.Ordinal))}
}

// AnsweredRow says that an acknowledgement speaks of a claim.
func AnsweredRow(a *claim.Ack, of claim.ID, batch int64) Row {
	rejected := ""
	if a.Verdict == claim.AckRejected {
		rejected = string(a.Verdict)
	}
	return Row{ID(a.ID), ID(of), Int(batch), Text(rejected)}
}

// ReadAcks gives the acknowledgements whose rows meet the conditions, in ID order.
func ReadAcks(ctx context.Context, s Store, where ...Cond) iter.Seq2[*claim.Ack, error] {
	return readDocs[claim.Ack](ctx, s, Acks, where)
}
