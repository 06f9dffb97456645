package pipeline

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// Why a claim is on the list of rejections.
const (
	Refused    = "refused"    // the last word on it is that it was not taken
	NoClaim    = "no claim"   // something was not taken, and no claim here is what it speaks of
	Unanswered = "unanswered" // nobody has said that it came, where its receiver says so of others
)

// unansweredAfter is how many days a claim may wait for the first word on it: two business days and a weekend.
const unansweredAfter = 4

// Rejection is a claim that the payer does not have. It is no denial: nobody has judged it, and its filing clock runs.
type Rejection struct {
	Claim    claim.ID      `json:"claim_id"`
	Control  string        `json:"patient_control_number"`
	Why      string        `json:"why"` // refused, no claim, unanswered
	Payer    string        `json:"payer_id"`
	Facility string        `json:"facility_id"`
	Charge   money.Cents   `json:"total_charge"`
	Served   civil.Date    `json:"service_to"`
	Sent     civil.Date    `json:"created"`
	Ack      claim.AckKind `json:"ack"`        // in which it was refused; "" for none
	From     string        `json:"ack_sender"` // who said so
	Date     civil.Date    `json:"ack_date"`
	Reasons  []string      `json:"reasons"`
	FileBy   civil.Date    `json:"filing_deadline"` // empty where the rule book states none
	ack      claim.ID
	Days     *int `json:"filing_days_left"`
}

// RejectionFilter narrows the list down; an empty field asks for nothing.
type RejectionFilter struct {
	Payer, Facility, Why string // compared without regard to case
}

// Rejections lists the claims that were refused before anybody judged them, and those that nobody has answered: those whose filing
// deadline comes first. A claim leaves the list when a later word says that it was taken, a payer remits on it, or a new version stands in its place.
func (env *Env) Rejections(ctx context.Context, f RejectionFilter) ([]Rejection, error) {
	refused, err := env.refused(ctx)
	if err != nil {
		return nil, err
	}
	unknown, err := env.refusedUnknown(ctx)
	if err != nil {
		return nil, err
	}
	silent, err := env.unanswered(ctx)
	if err != nil {
		return nil, err
	}
	out := []Rejection{}
	for _, r := range slices.Concat(refused, unknown, silent) {
		if fits := func(want, is string) bool { return want == "" || strings.EqualFold(want, is) }; fits(f.Payer, r.Payer) && fits(f.Facility, r.Facility) && fits(f.Why, r.Why) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Rejection) int {
		return cmp.Or(cmp.Compare(soonest(a.FileBy), soonest(b.FileBy)), cmp.Compare(b.Charge, a.Charge), a.Claim.Compare(b.Claim), cmp.Compare(a.Control, b.Control), a.ack.Compare(b.ack))
	})
	return out, nil
}

// soonest puts a day that is not known behind all others.
func soonest(d civil.Date) civil.Date {
	if !d.Known() {
		return 1 << 30
	}
	return d
}

// refused are the claims whose last acknowledgement is a refusal.
func (env *Env) refused(ctx context.Context) ([]Rejection, error) {
	q := ledger.Query{Table: ledger.Answered, Where: []ledger.Cond{{Column: "verdict", Op: ledger.NotNull}}, Only: []string{}}
	var ids []claim.ID
	for row, err := range env.Store.Rows(ctx, q) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, row[1].ID())
	}
	slices.SortFunc(ids, claim.ID.Compare)
	last, err := env.lastAcks(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	var wanted []claim.ID
	for id, a := range last {
		if a.Verdict == claim.AckRejected {
			wanted = append(wanted, id)
		}
	}
	out, err := env.waitingClaims(ctx, wanted, Refused)
	for i := range out {
		a := last[out[i].Claim]
		out[i].Ack, out[i].From, out[i].Date, out[i].Reasons = a.Kind, a.Sender, a.Date, a.Reasons()
	}
	return out, err
}

// refusedUnknown are the refusals that speak of no claim in the ledger: what was sent from elsewhere, or never came in here.
func (env *Env) refusedUnknown(ctx context.Context) ([]Rejection, error) {
	known := map[claim.ID]bool{}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Answered, Where: []ledger.Cond{{Column: "verdict", Op: ledger.NotNull}}, Only: []string{}}) {
		if err != nil {
			return nil, err
		}
		known[row[0].ID()] = true
	}
	var out []Rejection
	for a, err := range ledger.ReadAcks(ctx, env.Store, ledger.Named("verdict", string(claim.AckRejected))) {
		if err != nil {
			return nil, err
		}
		if known[a.ID] {
			continue
		}
		r := Rejection{Control: cmp.Or(a.Control, a.Answers()), Why: NoClaim, Served: a.To, Ack: a.Kind, From: a.Sender, Date: a.Date, Reasons: a.Reasons(), ack: a.ID}
		if a.Amount != nil {
			r.Charge = *a.Amount
		}
		out = append(out, r)
	}
	return out, nil
}

// rank orders the kinds of acknowledgement by how far the claim has come.
var rank = map[claim.AckKind]int{claim.AckInterchange: 1, claim.AckSet: 2, claim.AckClaim: 3}

// lastAcks gives the word that counts on each of some claims: the last one of the kind that speaks most closely of it. That an
// interchange came through says nothing of a claim in it that was refused.
func (env *Env) lastAcks(ctx context.Context, ids []claim.ID) (map[claim.ID]*claim.Ack, error) {
	said, err := env.acksOf(ctx, ids)
	out := make(map[claim.ID]*claim.Ack, len(said))
	for id, list := range said {
		out[id] = slices.MaxFunc(list, func(a, b *claim.Ack) int {
			return cmp.Or(cmp.Compare(rank[a.Kind], rank[b.Kind]), cmp.Compare(a.Date, b.Date), a.ID.Compare(b.ID))
		})
	}
	return out, err
}

// acksOf gives what was said of each of some claims, the oldest first.
func (env *Env) acksOf(ctx context.Context, ids []claim.ID) (map[claim.ID][]*claim.Ack, error) {
	of := map[claim.ID][]claim.ID{} // claims by acknowledgement
	for part := range ledger.Portions(ids) {
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Answered, Where: []ledger.Cond{ledger.OneOf("claim", part...)}, Only: []string{}}) {
			if err != nil {
				return nil, err
			}
			of[row[0].ID()] = append(of[row[0].ID()], row[1].ID())
		}
	}
	out := map[claim.ID][]*claim.Ack{}
	for part := range ledger.Portions(keysOf(of)) {
		for a, err := range ledger.ReadAcks(ctx, env.Store, ledger.OneOf("id", part...)) {
			if err != nil {
				return nil, err
			}
			for _, id := range of[a.ID] {
				out[id] = append(out[id], a)
			}
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b *claim.Ack) int {
			return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(rank[a.Kind], rank[b.Kind]), a.ID.Compare(b.ID))
		})
	}
	return out, nil
}

func keysOf(m map[claim.ID][]claim.ID) []claim.ID {
	out := make([]claim.ID, 0, len(m))
	for id := range m {
		out = append(out, id)
	}
	slices.SortFunc(out, claim.ID.Compare)
	return out
}

// waitingClaims gives those of some claims that no payer has remitted on and that no later version has taken the place of.
func (env *Env) waitingClaims(ctx context.Context, ids []claim.ID, why string) ([]Rejection, error) {
	remitted := map[claim.ID]bool{}
	for part := range ledger.Portions(ids) {
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Matches, Where: []ledger.Cond{ledger.OneOf("claim", part...)}, Only: []string{"claim"}}) {
			if err != nil {
				return nil, err
			}
			remitted[row[ledger.Matches.At("claim")].ID()] = true
		}
	}
	var some []claimRow
	var norms []string
	for part := range ledger.Portions(slices.DeleteFunc(ids, func(id claim.ID) bool { return remitted[id] })) {
		for c, err := range env.claimRows(ctx, ledger.OneOf("id", part...)) {
			if err != nil {
				return nil, err
			}
			some, norms = append(some, c), append(norms, c.norm)
		}
	}
	newest := map[string]claimRow{}
	for part := range ledger.Portions(norms) {
		for c, err := range env.claimRows(ctx, ledger.Named("control_norm", part...)) {
			if err != nil {
				return nil, err
			}
			if was, ok := newest[c.npi+"|"+c.norm]; !ok || cmp.Or(cmp.Compare(c.created, was.created), cmp.Compare(c.batch, was.batch)) > 0 {
				newest[c.npi+"|"+c.norm] = c
			}
		}
	}
	var out []Rejection
	for _, c := range some {
		if last := newest[c.npi+"|"+c.norm]; last.id == c.id || last.created == c.created && last.batch == c.batch {
			out = append(out, env.rejection(&c, why))
		}
	}
	return out, nil
}

func (env *Env) rejection(c *claimRow, why string) Rejection {
	r := Rejection{Claim: c.id, Control: c.control, Why: why, Charge: c.charge, Served: c.serviceTo, Sent: c.created, Reasons: []string{}}
	r.Payer, _, _ = env.Party.Payer("837", c.payer, c.serviceTo)
	r.Facility, _ = env.Party.Facility(claim.NPI(c.npi), "", c.serviceTo)
	if last, _, ok := env.Book.FilingDeadline(r.Payer, c.serviceTo); ok && c.serviceTo.Known() {
		left := int(last - env.Batch.AsOf)
		r.FileBy, r.Days = last, &left
	}
	return r
}

// unanswered are the claims of the last year of which nobody has said a word, though their receiver acknowledges others of the same sender.
func (env *Env) unanswered(ctx context.Context) ([]Rejection, error) {
	type way struct{ sender, receiver string }
	answering := map[way]bool{}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Acks, Only: []string{"sender", "receiver"}}) {
		if err != nil {
			return nil, err
		}
		answering[way{row[ledger.Acks.At("receiver")].Text(), row[ledger.Acks.At("sender")].Text()}] = true
	}
	if len(answering) == 0 {
		return nil, nil
	}
	sent, err := env.sentSets(ctx)
	if err != nil {
		return nil, err
	}
	type place struct {
		file claim.Digest
		set  int
	}
	expected := map[place]bool{}
	for _, list := range sent {
		for _, s := range list {
			expected[place{s.file, s.set}] = answering[way{s.sender, s.receiver}]
		}
	}
	answered := map[claim.ID]bool{}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Answered, Only: []string{}}) {
		if err != nil {
			return nil, err
		}
		answered[row[1].ID()] = true
	}
	var ids []claim.ID
	for c, err := range env.claimRows(ctx, ledger.Cond{Column: "created", Op: ledger.AtLeast, Values: []ledger.Value{ledger.Date(env.Batch.AsOf.AddDays(-365))}},
		ledger.Cond{Column: "created", Op: ledger.Below, Values: []ledger.Value{ledger.Date(env.Batch.AsOf.AddDays(-unansweredAfter))}}) {
		if err != nil {
			return nil, err
		}
		if expected[place{c.file, c.set}] && !answered[c.id] {
			ids = append(ids, c.id)
		}
	}
	return env.waitingClaims(ctx, ids, Unanswered)
}
