package pipeline

import (
	"context"
	"fmt"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/reconcile"
)

// Unmatched is a decision about the claims on which remits shall not stand.
type Unmatched struct {
	Decision string           `json:"decision"` // unmatch, undo
	Remits   []UnmatchedRemit `json:"remits"`   // those that it was recorded for
	Already  int              `json:"already"`  // remits for which the same stood already
	Paid     money.Cents      `json:"paid"`     // Σ CLP04 of the remits
}

// UnmatchedRemit is a remit with the claim on which it shall not stand, or may stand again.
type UnmatchedRemit struct {
	Remit  claim.ID    `json:"remit_id"`
	Claim  claim.ID    `json:"claim_id"`
	Charge money.Cents `json:"charge"`
	Paid   money.Cents `json:"paid"`
}

// Unmatch records that remits shall not stand on the claim they stand on: the next batch matches them again without it. What
// names one remit or, by its ID or trace number, all remits of a payment; on, where it is not "", narrows them to those of one
// claim, by ID or control number. It gives ErrRefused where nothing fits.
func (env *Env) Unmatch(ctx context.Context, what, on, reason string) (Unmatched, error) {
	out := Unmatched{Decision: ledger.Unmatch, Remits: []UnmatchedRemit{}}
	remits, claims, err := env.remitsNamed(ctx, what, on)
	if err != nil {
		return out, err
	}
	current, err := ledger.CurrentMatches(ctx, env.Store, idsOfAsked(remits))
	if err != nil {
		return out, err
	}
	not, err := env.notOn(ctx)
	if err != nil {
		return out, err
	}
	for i := range remits {
		r := remits[i].remit
		m, ok := current[r.ID]
		if !ok || !m.Is.Claim.Known() || on != "" && !slices.Contains(claims, m.Is.Claim) {
			continue
		}
		if not[r.ID][m.Is.Claim] {
			out.Already++
			continue
		}
		out.add(r, m.Is.Claim)
	}
	if len(out.Remits)+out.Already == 0 {
		return out, refused("none of %d remits of %s stands on %s", len(remits), what, claimText(on))
	}
	return out, env.decide(ctx, "unmatch", reason, out.decisions()...)
}

// UndoUnmatch takes back what Unmatch recorded: the next batch may match the remits with those claims again.
func (env *Env) UndoUnmatch(ctx context.Context, what, on, reason string) (Unmatched, error) {
	out := Unmatched{Decision: ledger.Undo, Remits: []UnmatchedRemit{}}
	remits, claims, err := env.remitsNamed(ctx, what, on)
	if err != nil {
		return out, err
	}
	byID := map[string]*claim.Remit{}
	for i := range remits {
		byID[remits[i].remit.ID.String()] = remits[i].remit
	}
	all, err := ledger.Standing(ctx, env.Store, ledger.OfMatch, 1<<62)
	if err != nil {
		return out, err
	}
	for _, d := range all {
		r := byID[d.Subject]
		c, err := claim.ParseID(d.Object)
		if r == nil || err != nil || on != "" && !slices.Contains(claims, c) {
			continue
		}
		if d.Verdict == ledger.Undo {
			out.Already++
			continue
		}
		out.add(r, c)
	}
	if len(out.Remits)+out.Already == 0 {
		return out, refused("nobody unmatched a remit of %s from %s", what, claimText(on))
	}
	return out, env.decide(ctx, "undo unmatch", reason, out.decisions()...)
}

func claimText(on string) string {
	if on == "" {
		return "a claim"
	}
	return "claim " + on
}

func (u *Unmatched) add(r *claim.Remit, c claim.ID) {
	u.Remits = append(u.Remits, UnmatchedRemit{r.ID, c, r.Charge, r.Paid})
	u.Paid += r.Paid
}

func (u *Unmatched) decisions() []ledger.Decision {
	out := make([]ledger.Decision, len(u.Remits))
	for i, r := range u.Remits {
		out[i] = ledger.Decision{Kind: ledger.OfMatch, Verdict: u.Decision, Subject: r.Remit.String(), Object: r.Claim.String()}
	}
	return out
}

func idsOfAsked(remits []asked) []claim.ID {
	out := make([]claim.ID, len(remits))
	for i := range remits {
		out[i] = remits[i].remit.ID
	}
	return out
}

// remitsNamed finds the remits that a number names: one remit, or those of a payment. on names a claim, "" none.
func (env *Env) remitsNamed(ctx context.Context, what, on string) (remits []asked, claims []claim.ID, err error) {
	id, err := claim.ParseID(what)
	if err != nil || !id.Known() {
		payments, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Payments, Where: []ledger.Cond{ledger.Named("trace", what)}}))
		switch {
		case err != nil:
			return nil, nil, err
		case what == "" || len(payments) == 0:
			return nil, nil, refused("%q is neither the ID of a remit or payment nor a trace number (TRN02); revcycle explain shows a claim's remits", what)
		case len(payments) > 1:
			return nil, nil, refused("%d payments bear the trace number %s; name one by its ID, the first is %s", len(payments), what, payments[0])
		}
		id = payments[0]
	}
	for _, column := range []string{"id", "payment"} {
		if remits, err = env.askedWhere(ctx, ledger.OneOf(column, id)); err != nil || len(remits) > 0 {
			break
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if len(remits) == 0 {
		return nil, nil, refused("no remit and no payment has the ID %s", id)
	}
	if on == "" {
		return remits, nil, nil
	}
	if claims, err = env.claimsOf(ctx, on); err == nil && len(claims) == 0 {
		err = refused("no claim bears the number %q", on)
	}
	return remits, claims, err
}

// notOn gives, by remit, the claims on which people said before the batch at hand that it shall not stand; outside a batch all.
func (env *Env) notOn(ctx context.Context) (map[claim.ID]map[claim.ID]bool, error) {
	before := env.Batch.No
	if before == 0 {
		before = 1 << 62
	}
	all, err := ledger.Standing(ctx, env.Store, ledger.OfMatch, before)
	if err != nil {
		return nil, err
	}
	out := map[claim.ID]map[claim.ID]bool{}
	for _, d := range all {
		remit, err1 := claim.ParseID(d.Subject)
		on, err2 := claim.ParseID(d.Object)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("decision %d: it names no remit and claim", d.Seq)
		}
		if d.Verdict != ledger.Unmatch {
			continue
		}
		if out[remit] == nil {
			out[remit] = map[claim.ID]bool{}
		}
		out[remit][on] = true
	}
	return out, nil
}

// without leaves out of candidates the claims on which a remit shall not stand.
func without(candidates []reconcile.Candidate, not map[claim.ID]bool) []reconcile.Candidate {
	if len(not) == 0 {
		return candidates
	}
	return slices.DeleteFunc(slices.Clone(candidates), func(c reconcile.Candidate) bool { return not[c.Claim.ID] })
}

// accepted gives the payments that do not tie and whose claims a person released before the batch at hand began; outside a
// batch, before the last one.
func (env *Env) accepted(ctx context.Context) (map[claim.ID]bool, error) {
	before := env.Batch.No
	if before == 0 {
		last, _, err := lastBatch(ctx, env.Store)
		if err != nil {
			return nil, err
		}
		before = last.No
	}
	return ledger.Accepted(ctx, env.Store, before)
}

// decidedAbout gives the remits that people decided about since the batch before this one: those that were unmatched, and
// those whose unmatching was undone; and the payments that they released.
func (env *Env) decidedAbout(ctx context.Context) (remits, payments []claim.ID, err error) {
	for d, err := range ledger.ReadDecisions(ctx, env.Store, sinceBatch(env.Batch.No-1)) {
		if err != nil {
			return nil, nil, err
		}
		id, bad := claim.ParseID(d.Subject)
		switch {
		case d.After >= env.Batch.No || bad != nil: // the next batch's, or a unit that is no document
		case d.Kind == ledger.OfMatch:
			remits = append(remits, id)
		case d.Kind == ledger.OfQuarantine:
			payments = append(payments, id)
		}
	}
	return remits, payments, nil
}

// decidedShard gives the remits of a shard that are to be matched again because of what people decided.
func (env *Env) decidedShard(ctx context.Context, shard string) ([]claim.ID, error) {
	remits, payments, err := env.decidedAbout(ctx)
	if err != nil {
		return nil, err
	}
	var out []claim.ID
	for _, by := range []struct {
		column string
		ids    []claim.ID
	}{{"id", remits}, {"payment", payments}} {
		for part := range ledger.Portions(by.ids) {
			where, err := conds("id", shard)
			if err != nil {
				return nil, err
			}
			some, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: append(where, ledger.OneOf(by.column, part...)), Only: []string{}}))
			if err != nil {
				return nil, err
			}
			out = append(out, some...)
		}
	}
	slices.SortFunc(out, claim.ID.Compare)
	return slices.Compact(out), nil
}

// decidedRemits counts the remits that people decided about.
func (env *Env) decidedRemits(ctx context.Context) (int, error) {
	remits, payments, err := env.decidedAbout(ctx)
	if err != nil {
		return 0, err
	}
	n := len(remits)
	for part := range ledger.Portions(payments) {
		rows, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{ledger.OneOf("payment", part...)}}, nil, nil)
		if err != nil {
			return 0, err
		}
		n += int(rows[0][0].Int())
	}
	return n, nil
}

// RunDecided is Run for what people decided alone: the inbox waits for the next run.
func (env *Env) RunDecided(ctx context.Context) (Summary, error) {
	now := *env
	now.inboxLater = true
	return now.Run(ctx)
}
