package ledger

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/reconcile"
)

// matching is the document of a match: what its row does not say.
type matching struct {
	Lines []reconcile.LineMatch
	Among []claim.ID
}

// MatchRow is a match as a row of Matches; was is the match the remit had before, nil for none.
func MatchRow(m, was *reconcile.MatchResult, batch int64) Row {
	before, retry := claim.ID{}, ""
	if was != nil && was.Claim != m.Claim {
		before = was.Claim
	}
	if m.State != reconcile.Matched && m.State != reconcile.Held {
		retry = string(m.State)
	}
	return Row{
		ID(m.Remit), Int(batch), ID(m.Claim), ID(before), Text(retry), Text(m.Rule), Text(string(m.State)), Text(JoinFlags(m.Flags)),
		document(&matching{m.Lines, m.Among}),
	}
}

func matchOf(row Row) (Dated[reconcile.MatchResult], error) {
	var doc matching
	if err := Unmarshal(row[8].Text(), &doc); err != nil {
		return Dated[reconcile.MatchResult]{}, fmt.Errorf("match of remit %s: %w", row[0].ID(), err)
	}
	m := reconcile.MatchResult{Remit: row[0].ID(), Claim: row[2].ID(), Rule: row[5].Text(), State: reconcile.MatchState(row[6].Text()),
		Lines: doc.Lines, Among: doc.Among}
	for f := range strings.FieldsSeq(row[7].Text()) {
		m.Flags = append(m.Flags, reconcile.Flag(f))
	}
	return Dated[reconcile.MatchResult]{row[1].Int(), m}, nil
}

// CurrentMatches gives the current match of each of some remits that have one.
func CurrentMatches(ctx context.Context, s Store, remits []claim.ID) (map[claim.ID]Dated[reconcile.MatchResult], error) {
	out := make(map[claim.ID]Dated[reconcile.MatchResult], len(remits))
	for ids := range Portions(remits) {
		for row, err := range s.Rows(ctx, Query{Table: Matches, Where: []Cond{OneOf("remit", ids...)}}) {
			if err != nil {
				return nil, err
			}
			d, err := matchOf(row) // rows of a remit come oldest first: the last one stays
			if err != nil {
				return nil, err
			}
			out[d.Is.Remit] = d
		}
	}
	return out, nil
}

// MatchesOn gives the current matches of the remits that stand on some claims, in the order of the remits. Conditions may
// leave out later batches.
func MatchesOn(ctx context.Context, s Store, claims []claim.ID, where ...Cond) ([]Dated[reconcile.MatchResult], error) {
	on := make(map[claim.ID]bool, len(claims))
	for _, id := range claims {
		on[id] = true
	}
	last := map[claim.ID]Dated[reconcile.MatchResult]{}
	for ids := range Portions(claims) {
		// A remit that went to another claim, or to none, says so in its next match: was.
		for _, column := range []string{"claim", "was"} {
			for row, err := range s.Rows(ctx, Query{Table: Matches, Where: append(where[:len(where):len(where)], OneOf(column, ids...))}) {
				if err != nil {
					return nil, err
				}
				id := row[0].ID()
				if d, ok := last[id]; ok && d.Batch >= row[1].Int() {
					continue
				}
				d, err := matchOf(row)
				if err != nil {
					return nil, err
				}
				last[id] = d
			}
		}
	}
	out := make([]Dated[reconcile.MatchResult], 0, len(last))
	for _, id := range slices.SortedFunc(maps.Keys(last), claim.ID.Compare) {
		if d := last[id]; on[d.Is.Claim] && d.Is.State == reconcile.Matched {
			out = append(out, d)
		}
	}
	return out, nil
}

// HeldRemit is a remit with why it may not post, "" where it may.
type HeldRemit struct {
	Remit *claim.Remit
	Held  string
	Batch int64
}

// ReadHeldRemits is ReadRemits with the reason for which a remit is held.
func ReadHeldRemits(ctx context.Context, s Store, where ...Cond) iter.Seq2[HeldRemit, error] {
	held, doc := Remits.At("held"), Remits.At("doc")
	return func(yield func(HeldRemit, error) bool) {
		for row, err := range s.Rows(ctx, Query{Table: Remits, Where: where, Only: []string{"batch", "held", "doc"}}) {
			h := HeldRemit{Remit: new(claim.Remit)}
			if err == nil {
				h.Held, h.Batch = row[held].Text(), row[1].Int()
				err = Unmarshal(row[doc].Text(), h.Remit)
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

// Accept takes away that the set of the remit does not tie; what holds the remit by itself stays.
func (h *HeldRemit) Accept() { h.Held = HeldFor(&claim.Payment{}, h.Remit) }
