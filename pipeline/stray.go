package pipeline

import (
	"context"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// strays tells of the remits that bear a number and stand on no claim.
func (t *teller) strays(ctx context.Context, number string) (Story, error) {
	s := Story{Control: number, Versions: []StoryVersion{}, Lines: []StoryLine{}, Opinions: []StoryOpinion{}, Remits: []StoryRemit{},
		Apart: []StoryRemit{}, Settlements: []StorySettlement{}, Awaited: []StoryAwaited{}, Denials: []DenialItem{}, Entries: []StoryEntry{}}
	where := ledger.Named("control_norm", claim.NormalControl(number))
	if id, err := claim.ParseID(number); err == nil && id.Known() {
		where = ledger.OneOf("id", id)
	}
	var err error
	s.Remits, err = t.unmatched(ctx, where)
	if err != nil {
		return s, err
	}
	if len(s.Remits) > 0 {
		s.Control = s.Remits[0].Control
	}
	return s, t.decisions(ctx, &s)
}

// unmatched tells of the remits that meet a condition and stand on no claim.
func (t *teller) unmatched(ctx context.Context, where ledger.Cond) ([]StoryRemit, error) {
	out := []StoryRemit{}
	if len(where.Values) == 0 || where.Values[0].Text() == "" && where.Column == "control_norm" {
		return out, nil
	}
	remits, err := t.askedWhere(ctx, where)
	if err != nil {
		return out, err
	}
	for i := range remits {
		a := &remits[i]
		matches, err := ledger.CurrentMatches(ctx, t.Store, []claim.ID{a.remit.ID})
		if err != nil {
			return out, err
		}
		m := matches[a.remit.ID].Is
		if m.State == reconcile.Matched || a.payment == nil {
			continue
		}
		judged, err := ledger.Latest(ctx, t.Store, ledger.Adjudged, ledger.OneOf("remit", a.remit.ID))
		if err != nil {
			return out, err
		}
		r, err := t.remit(ctx, reconcile.Adjudged{Remit: a.remit, Payment: a.payment, Match: m}, append(judged, nil)[0])
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}
